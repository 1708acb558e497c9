#pragma once
#include <span>
#include <vector>

#include "ballast/base/result.h"

namespace ballast::hedge {

/// Sizes that leave the least weighed exposure.
struct LeastSquares {
  std::vector<double> sizes;     ///< units of each instrument, signed: buy > 0
  std::vector<double> residual;  ///< exposure + sensitivities · sizes, each factor in its own unit
  std::size_t rank = 0;          ///< of the weighed system with the ridge; below the count of instruments the answer is
                                 ///< one of many, and `sizes` the one of least norm
  double condition = 1.0;        ///< of its independent part, columns scaled to length 1
};

/// Minimises  sum_i weights[i] (exposure[i] + sum_j sensitivities[j·m + i] sizes[j])² + sum_j ridge[j] sizes[j]²  for m
/// factors and n instruments. With as many independent instruments as weighed factors the residual is 0 and this is the
/// exact hedge; with fewer it is the best; with instruments that depend on one another to 1e-12 (after scaling columns
/// to length 1) the sizes of least norm (in those scaled units) are given, and `rank` says so.
/// Shapes   exposure and weights m, ridge n or empty (none), sensitivities m x n, column after column.
/// Faults   bad_input: shapes, numbers that are not finite, a weight or ridge below 0, an instrument without any
///          weighed sensitivity and without a ridge.
/// Error    1e-9 relative on tests/data/hedge_lsq.csv; exact hedges leave 1e-10 of the largest term.
/// Cost     O(n² (m + n)). By a complete orthogonal decomposition of the stacked matrix, never the normal equations.
/// Source   docs/sources.md: hedge ratio 2, 3; G. H. Golub, C. F. Van Loan, "Matrix Computations", 4th ed., 5.5.
Result<LeastSquares> least_squares(std::span<const double> exposure, std::span<const double> sensitivities,
                                   std::span<const double> weights, std::span<const double> ridge = {});

}  // namespace ballast::hedge
