#pragma once
#include <span>

#include "ballast/math/piecewise_program.h"

namespace ballast::math {

/// A number that no feasible point of the program is below, from any row prices and any point x: the better they are,
/// the nearer it is to the least objective, and with those of a solution it is the least objective. It believes no
/// solver: whoever gives prices, the bound holds. A price that no slope of an unbounded row has is moved to the
/// nearest.
///   sum_j min (f_j(t) + (A'prices + Hx)_j t) + sum_i min (g_i(t) - price_i t) + prices'offset - x'Hx/2
/// Shapes   x: n, read only where there is a Hessian; row_prices: m, finite.
/// Error    rounding: 1e-15 (n + m) times the largest term. Cost O(n m + n² + kinks).
/// Source   the Lagrangian of y = A x + offset; R. T. Rockafellar, "Convex Analysis" (1970), section 28. x'Hx/2 is
///          replaced by its tangent at x, which is below it.
double dual_bound(const PiecewiseProgram& program, std::span<const double> x, std::span<const double> row_prices);

}  // namespace ballast::math
