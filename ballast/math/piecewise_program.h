#pragma once
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "ballast/base/result.h"

namespace ballast::math {

/// A convex function of one variable, made of straight pieces and one parabola, on the interval between its bounds:
///   f(x) = value + slope-integral from 0 to x + curvature/2 x²
/// Ladders of an order book, a penalty |x|, a band that costs nothing inside, a hard limit: all are of this form.
struct PiecewiseConvex {
  double lowest = 0.0, highest = 0.0;  ///< bounds; those of a column must be finite, those of a row may be ±infinity
  std::vector<double> kinks;           ///< ascending; where the slope changes. May lie outside the bounds
  std::vector<double> slopes = {0.0};  ///< kinks.size() + 1, not falling; slopes[i] left of kinks[i]
  double curvature = 0.0;              ///< >= 0

  double value(double x) const;  ///< 0 at x = 0; the bounds are not looked at
};

/// minimise  sum_j columns[j](x_j) + sum_i rows[i](y_i) + x'Hx/2   with  y = A x + offset
/// n columns, m rows. An exact target is a row with lowest = highest; a penalty is a row with kinks or curvature; the
/// variance of factor exposures is rows with curvature; a ladder is a column with kinks.
struct PiecewiseProgram {
  std::vector<PiecewiseConvex> columns;  ///< n
  std::vector<PiecewiseConvex> rows;     ///< m
  std::vector<double> matrix;            ///< A, m x n, column after column: A(i,j) = matrix[j*m + i]
  std::vector<double> offset;            ///< m
  std::vector<double> hessian;           ///< H, n x n, symmetric, not negative definite anywhere; empty: none

  std::size_t n() const { return columns.size(); }
  std::size_t m() const { return rows.size(); }
};

enum class PiecewiseStatus {
  optimal,
  infeasible,  ///< the bounds of rows cannot all be kept; x is a point of least (scaled) sum of violations
  limit        ///< iterations ran out; x is the best so far, not a solution
};

/// How far a point is from being a solution, found from the program alone, apart from the solver.
struct PiecewiseCheck {
  double objective = 0.0;
  double infeasibility = 0.0;  ///< largest violation of a bound, relative to the scale of its row or column
  double stationarity = 0.0;   ///< largest wrong-signed one-sided derivative, relative to the scale of its terms
};

/// Solves one program many times: bounds, offsets and linear terms may change between solves, and the next solve goes
/// on from the last one's basis. Nothing is allocated after construction (kinks and sizes stay).
class PiecewiseSolver {
 public:
  /// Faults bad_input: a shape that does not fit, a number that is not finite where it must be, falling slopes, kinks
  /// out of order, crossed bounds, a negative curvature. Named by column or row.
  static Result<PiecewiseSolver> make(const PiecewiseProgram& program);
  PiecewiseSolver(PiecewiseSolver&&) noexcept;
  PiecewiseSolver& operator=(PiecewiseSolver&&) noexcept;
  PiecewiseSolver(const PiecewiseSolver&);
  PiecewiseSolver& operator=(const PiecewiseSolver&);
  ~PiecewiseSolver();

  void set_offset(std::span<const double> offset);                      ///< m, finite
  void set_bounds(std::size_t column, double lowest, double highest);   ///< finite, lowest <= highest
  void set_row_bounds(std::size_t row, double lowest, double highest);  ///< lowest <= highest, may be infinite
  void set_tilt(std::span<const double> tilt);  ///< n, finite: a linear cost on top of the columns' slopes

  PiecewiseStatus solve(int iterations = 100'000);

  std::span<const double> x() const;           ///< n
  std::span<const double> y() const;           ///< m
  double objective() const;                    ///< of the program with its present bounds, offset and tilt
  std::span<const double> row_prices() const;  ///< m: derivative of the least objective by the row's offset
  std::span<const double> reduced_costs()
      const;               ///< n: derivative of the smooth part and rows by x_j, the column's own pieces left out
  int iterations() const;  ///< of the last solve

 private:
  struct State;
  explicit PiecewiseSolver(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Why a program is none: the fault that PiecewiseSolver::make gives.
std::optional<Error> misshapen(const PiecewiseProgram& program);

/// `row_prices` as the solver gives them. O(n m + n²).
PiecewiseCheck check(const PiecewiseProgram& program, std::span<const double> x, std::span<const double> row_prices);

}  // namespace ballast::math
