#pragma once
#include <functional>
#include <span>
#include <vector>

namespace ballast::math {

struct SimplexRules {
  double step = 0.5;            ///< edge of the first simplex, the same in every coordinate, > 0
  double tolerance = 1e-12;     ///< ends when the values of the simplex differ by less, relative to 1 + |value|
  double size = 1e-7;           ///< and its corners lie within this of the best one
  int most_evaluations = 4000;  ///< of one descent; there are `restarts` more from where the last one ended
  int restarts = 2;             ///< a simplex can collapse early: each restart opens it again
};

struct SimplexFound {
  std::vector<double> at;
  double value = 0.0;
  bool converged = false;  ///< false: the last descent ran out of evaluations
};

/// Where `f` is least, near `start`, without derivatives: for a handful of coordinates and functions that are cheap.
/// A point where f is not finite is worse than every other. Bounds are the caller's: map the line onto the interval.
/// Domain   start not empty, f(start) finite; else `value` is NaN.
/// Error    a coordinate to about sqrt(tolerance / curvature) in a smooth minimum.
/// Source   J. A. Nelder and R. Mead, Computer J. 7 (1965) 308-313, coefficients 1, 2, 1/2, 1/2; restarts: C. T.
/// Kelley,
///          SIAM J. Optimization 10 (1999) 43-55.
SimplexFound simplex_search(const std::function<double(std::span<const double>)>& f, std::vector<double> start,
                            const SimplexRules& rules = {});

}  // namespace ballast::math
