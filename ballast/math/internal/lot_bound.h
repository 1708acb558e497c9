#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "ballast/math/internal/lot_model.h"
#include "ballast/math/internal/lot_moves.h"

namespace ballast::math::internal {

enum class LegState : std::int8_t { open, in, out };

/// A part of the search: what each column may be and which legs are settled. A leg that is `in` is used and pays its
/// price.
struct LotNode {
  LotBox box;
  std::vector<LegState> legs;
  std::size_t legs_in = 0;
  bool empty = false;  ///< no point in it

  void put_in(const LotModel& model, std::size_t leg);
  void put_out(const LotModel& model, std::size_t leg);
  void narrow(std::size_t column, double low, double high);
};

/// The lower bound of Lagrange: for any prices of the rows the least of each row and of each column by itself, over
/// whole lots and with no more legs than allowed. True whatever the prices are worth: the solver that found them is
/// not believed, only used. Rounding is taken off with a margin.
class LotBound {
 public:
  explicit LotBound(const LotModel& model);

  /// No point of `node` that keeps the rows (to their tolerance) has a lower objective than what is returned. `x` is
  /// where the Hessian's tangent is taken, amounts; any will do.
  double evaluate(const LotNode& node, std::span<const double> prices, std::span<const double> x);
  /// The prices prove that no point of `node` keeps the rows' bounds.
  bool infeasible(const LotNode& node, std::span<const double> prices);
  /// Takes out of `node` what cannot be below `cutoff`, by the last evaluate(); true where something went.
  bool tighten(LotNode& node, double cutoff) const;
  /// What column j at `lots` costs more than where the last evaluate() put it.
  double excess(std::size_t j, double lots) const;
  double place(std::size_t j) const { return place_[j]; }  ///< where it put it, lots

 private:
  const LotModel* model_;
  std::vector<double> prices_, rates_, size_, place_, least_, hx_;  // by row, then by column
  std::vector<double> leg_least_, leg_worth_;
  std::vector<std::size_t> chosen_;
  std::vector<char> selected_;
  double bound_ = 0.0;
  double marginal_ = 0.0, next_ = 0.0;  // the worth of the last leg there is room for, and of the first there is not
};

}  // namespace ballast::math::internal
