#pragma once
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "ballast/math/internal/piece_curve.h"
#include "ballast/math/lot_program.h"

namespace ballast::math::internal {

/// A LotProgram that is known to be well formed, laid out for evaluation. Amounts of a column with steps are counted in
/// lots (whole multiples of its step), those of the others in the column's own unit.
struct LotModel {
  std::size_t n = 0, m = 0;
  std::vector<PieceCurve> columns, rows;
  std::vector<double> matrix, offset, hessian, step;
  std::vector<double> low, high;  ///< of a column, in lots where it has a step
  std::vector<double> grain;      ///< what a search moves a column by: a lot, or a small part of its range
  std::vector<double> tolerance;  ///< of a row's bounds: 1e-9 of its largest term
  std::vector<std::size_t> leg;   ///< of a column
  std::vector<std::vector<std::size_t>> columns_of;  ///< of a leg
  std::vector<double> leg_cost;
  std::size_t most_legs = 0;  ///< the number of legs where there is no limit
  /// Closes row `closing_row` alone, in the smallest lots of those that do: a future, to delta. n where there is none.
  std::size_t closer = 0, closing_row = 0;
  bool any_free = false;  ///< a column without steps
  bool any_hard = false;  ///< a row with a finite bound
  bool all_zero = false;  ///< doing nothing is within the bounds of the columns

  static Result<LotModel> make(const LotProgram& program);

  const double* column(std::size_t j) const { return matrix.data() + j * m; }
  bool stepped(std::size_t j) const { return step[j] > 0.0; }
  double amount(std::size_t j, double lots) const { return stepped(j) ? lots * step[j] : lots; }
  double lots(std::size_t j, double amount) const { return stepped(j) ? amount / step[j] : amount; }
};

/// A point and what it is worth, kept while one column after the other moves.
class LotPoint {
 public:
  struct Worth {
    double violation = 0.0;  ///< sum over rows of the part beyond bounds and tolerance, in units of the largest term
    double objective = 0.0;  ///< leg costs included
  };

  explicit LotPoint(const LotModel& model);

  void place(std::span<const double> lots);  ///< O(n m + n² with a Hessian)
  /// What the point is worth after column j goes to `lots`. O(m + log kinks).
  Worth after(std::size_t j, double lots) const;
  /// The same with two columns that go at once, j and k different. O(m + log kinks).
  Worth after(std::size_t j, double lots, std::size_t k, double lots_k) const;
  void move(std::size_t j, double lots);  ///< O(m + log kinks), + O(n) with a Hessian
  /// Leg limit kept after column j goes to `lots`.
  bool allowed(std::size_t j, double lots) const {
    return lots == 0.0 || used_[model_->leg[j]] > 0 || legs_ < model_->most_legs;
  }

  const Worth& worth() const { return worth_; }
  bool feasible() const { return worth_.violation == 0.0 && legs_ <= model_->most_legs; }
  std::span<const double> lots() const { return lots_; }
  std::span<const double> y() const { return y_; }
  double lots(std::size_t j) const { return lots_[j]; }
  bool uses(std::size_t leg) const { return used_[leg] > 0; }
  std::size_t legs() const { return legs_; }
  const LotModel& model() const { return *model_; }

 private:
  const LotModel* model_;
  std::vector<double> lots_, y_, hx_, row_value_;
  std::vector<int> used_;  // columns of a leg that are not 0
  std::size_t legs_ = 0;
  Worth worth_;

  double leg_change(std::size_t j, double lots) const;
  double beyond(std::size_t i, double y) const {
    const PieceCurve& row = model_->rows[i];
    const double over = std::max(row.lowest - y, y - row.highest) - model_->tolerance[i];
    return over > 0.0 ? over / (1e9 * model_->tolerance[i]) : 0.0;
  }
};

/// a is worth more than b: it keeps the rows better, or as well at a lower objective by more than rounding.
inline bool better(const LotPoint::Worth& a, const LotPoint::Worth& b) {
  if (a.violation != b.violation) return a.violation < b.violation * (1.0 - 1e-12);
  return a.objective < b.objective - 1e-13 * (std::abs(a.objective) + std::abs(b.objective));
}

}  // namespace ballast::math::internal
