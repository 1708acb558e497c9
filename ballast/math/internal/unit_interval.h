#pragma once
#include "ballast/math/elementary.h"

/// The line onto an interval and back, for searches without bounds. The logistic function, held off both ends so that
/// a parameter on the bound stays a valid one.
namespace ballast::math {

inline constexpr double unit_interval_margin = 1e-6;

inline double unit_interval(double x) {
  return unit_interval_margin + (1.0 - 2.0 * unit_interval_margin) / (1.0 + exp(-x));
}

inline double from_unit_interval(double p) { return log(p / (1.0 - p)); }

}  // namespace ballast::math
