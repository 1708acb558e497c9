#pragma once
#include <span>
#include <vector>

#include "ballast/math/internal/lot_bound.h"
#include "ballast/math/internal/lot_model.h"

namespace ballast::math::internal {

/// The program without steps over a part of the search. A leg that is still open is paid in proportion to how far its
/// columns go, its cost over their bounds, which is never more than the cost; for that its columns are split into what
/// is bought and what is sold.
class LotRelaxation {
 public:
  /// `leg_prices`: legs will be given a price of their own (the multiplier of the limit on legs) on top of their cost.
  static Result<LotRelaxation> make(const LotProgram& program, const LotModel& model, bool leg_prices);

  PiecewiseStatus solve(const LotNode& node, double leg_price);
  std::span<const double> amounts() const { return amounts_; }  ///< of the columns, within the node's bounds
  std::span<const double> lots() const { return lots_; }        ///< the same in lots, not whole
  std::span<const double> row_prices() const { return solver_.row_prices(); }

 private:
  struct Part {
    std::size_t column;
    double sign;  // 0: the whole of it
    double low, high;
  };
  LotRelaxation(const LotModel& model, std::vector<Part> parts, PiecewiseSolver solver);

  const LotModel* model_;
  std::vector<Part> parts_;
  PiecewiseSolver solver_;
  std::vector<double> amounts_, lots_, tilt_, share_;
};

}  // namespace ballast::math::internal
