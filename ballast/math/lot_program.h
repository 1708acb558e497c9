#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "ballast/math/piecewise_program.h"

namespace ballast::math {

/// A piecewise program whose columns move in whole steps, with a price for being used at all.
struct LotProgram {
  PiecewiseProgram program;
  std::vector<double> step;      ///< n: x_j is a whole multiple of it; 0 = any number
  std::vector<int> leg;          ///< n: columns of one number are one leg (an instrument split in parts)
  std::vector<double> leg_cost;  ///< one a leg, >= 0: paid once when one of its columns is not 0
  int most_legs = 0;             ///< how many legs may be used; 0 = no limit
};

struct LotRules {
  double gap = 1e-3;           ///< stop when objective - bound <= gap |objective|, > 0
  double absolute_gap = 1e-9;  ///< or this, in the objective's unit
  int nodes = 20'000;          ///< of branch and bound
};

struct LotSolution {
  std::vector<double> x;  ///< whole steps exactly: multiples as hedge::amount_of_lots would have them is the caller's
  double objective = 0.0;
  double bound = 0.0;  ///< no feasible x has a lower objective
  int nodes = 0;
  bool proved = false;  ///< the gap was reached; else the node limit was

  double gap() const;  ///< (objective - bound) / |objective|; 0 where both are equal
};

}  // namespace ballast::math
