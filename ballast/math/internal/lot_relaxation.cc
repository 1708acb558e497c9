#include "ballast/math/internal/lot_relaxation.h"

#include <algorithm>

namespace ballast::math::internal {

Result<LotRelaxation> LotRelaxation::make(const LotProgram& program, const LotModel& model, bool leg_prices) {
  std::vector<Part> parts;
  for (std::size_t j = 0; j < model.n; ++j) {
    const double low = model.amount(j, model.low[j]), high = model.amount(j, model.high[j]);
    if ((leg_prices || model.leg_cost[model.leg[j]] > 0.0) && low <= 0.0 && high >= 0.0) {
      if (high > 0.0) parts.push_back({j, 1.0, 0.0, high});
      if (low < 0.0) parts.push_back({j, -1.0, low, 0.0});
      if (low == high) parts.push_back({j, 0.0, 0.0, 0.0});
    } else {
      parts.push_back({j, 0.0, low, high});
    }
  }
  PiecewiseProgram split{.rows = program.program.rows, .offset = program.program.offset};
  for (const Part& part : parts) {
    split.columns.push_back(program.program.columns[part.column]);
    split.columns.back().lowest = part.low, split.columns.back().highest = part.high;
    split.matrix.insert(split.matrix.end(), model.column(part.column), model.column(part.column) + model.m);
    if (model.hessian.empty()) continue;
    for (const Part& other : parts) split.hessian.push_back(model.hessian[part.column * model.n + other.column]);
  }
  auto solver = PiecewiseSolver::make(split);
  if (!solver) return solver.error();
  return LotRelaxation(model, std::move(parts), std::move(solver).value());
}

LotRelaxation::LotRelaxation(const LotModel& model, std::vector<Part> parts, PiecewiseSolver solver)
    : model_(&model),
      parts_(std::move(parts)),
      solver_(std::move(solver)),
      amounts_(model.n),
      lots_(model.n),
      tilt_(parts_.size()),
      share_(model.columns_of.size()) {}

PiecewiseStatus LotRelaxation::solve(const LotNode& node, double leg_price) {
  const LotModel& p = *model_;
  // Each of several columns answers for its share: used / bound <= 1 for each, so their mean is no more than the leg.
  for (std::size_t l = 0; l < share_.size(); ++l) {
    share_[l] = 0.0;
    const double price = p.leg_cost[l] + leg_price;
    if (price == 0.0 || node.legs[l] != LegState::open) continue;
    std::size_t movable = 0;
    for (const std::size_t j : p.columns_of[l]) movable += node.box.low[j] < node.box.high[j] ? 1 : 0;
    if (movable > 0) share_[l] = price / static_cast<double>(movable);
  }
  for (std::size_t k = 0; k < parts_.size(); ++k) {
    Part& part = parts_[k];
    const std::size_t j = part.column;
    double low = p.amount(j, node.box.low[j]), high = p.amount(j, node.box.high[j]);
    if (part.sign > 0.0) low = std::max(low, 0.0), high = std::max(high, 0.0);
    if (part.sign < 0.0) low = std::min(low, 0.0), high = std::min(high, 0.0);
    if (low != part.low || high != part.high) solver_.set_bounds(k, part.low = low, part.high = high);
    const double far = part.sign > 0.0 ? high : part.sign < 0.0 ? low : 0.0;
    tilt_[k] = far != 0.0 ? share_[p.leg[j]] / far : 0.0;
  }
  solver_.set_tilt(tilt_);
  // A solve takes about as many steps as there are parts and rows; one that comes round gives prices all the same.
  const PiecewiseStatus status = solver_.solve(10 * static_cast<int>(parts_.size() + p.m));
  std::fill(amounts_.begin(), amounts_.end(), 0.0);
  const auto x = solver_.x();
  for (std::size_t k = 0; k < parts_.size(); ++k) amounts_[parts_[k].column] += x[k];
  for (std::size_t j = 0; j < p.n; ++j) {
    lots_[j] = std::clamp(p.lots(j, amounts_[j]), node.box.low[j], node.box.high[j]);
    amounts_[j] = p.amount(j, lots_[j]);
  }
  return status;
}

}  // namespace ballast::math::internal
