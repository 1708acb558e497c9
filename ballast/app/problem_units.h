#pragma once
#include "ballast/hedge/problem.h"

namespace ballast::app {

/// How many of the library's units one unit of a screen is: vega per vol point is 100 per 1.00 of vol, theta per day is
/// 365 per year; the others are the same on both sides.
inline double of_screen(hedge::Greek greek) {
  switch (greek) {
    case hedge::Greek::vega: return 100.0;
    case hedge::Greek::theta: return 365.0;
    default: return 1.0;
  }
}

/// A goal as a screen has it becomes one of the library: bounds times of_screen(), the penalty over it.
inline hedge::Goal from_screen(hedge::Goal goal) {
  const double unit = of_screen(goal.greek);
  goal.lowest *= unit, goal.highest *= unit;
  if (goal.penalty) *goal.penalty /= unit;
  return goal;
}

}  // namespace ballast::app
