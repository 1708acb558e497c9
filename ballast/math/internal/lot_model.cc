#include "ballast/math/internal/lot_model.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace ballast::math::internal {
namespace {

constexpr double countable = 0x1p53;  // lots that a double still counts one by one

std::optional<Error> fault(const LotProgram& p) {
  const std::size_t n = p.program.n();
  if (auto error = misshapen(p.program)) return error;
  if (p.step.size() != n || p.leg.size() != n) {
    return Error{Fault::bad_input,
                 fmt::format("{} steps and {} legs named for {} columns", p.step.size(), p.leg.size(), n)};
  }
  if (p.most_legs < 0) return Error{Fault::bad_input, fmt::format("a limit of {} legs", p.most_legs)};
  for (std::size_t l = 0; l < p.leg_cost.size(); ++l) {
    if (!(p.leg_cost[l] >= 0.0 && std::isfinite(p.leg_cost[l])))
      return Error{Fault::bad_input, fmt::format("leg {}: a cost of {}", l, p.leg_cost[l])};
  }
  for (std::size_t j = 0; j < n; ++j) {
    const PiecewiseConvex& f = p.program.columns[j];
    if (!(p.step[j] >= 0.0 && std::isfinite(p.step[j])))
      return Error{Fault::bad_input, fmt::format("column {}: a step of {}", j, p.step[j])};
    if (p.step[j] > 0.0 && !(std::max(std::abs(f.lowest), std::abs(f.highest)) / p.step[j] < countable)) {
      return Error{Fault::bad_input, fmt::format("column {}: bounds {} and {} are too many steps of {}", j, f.lowest,
                                                 f.highest, p.step[j])};
    }
    if (p.leg[j] < 0 || static_cast<std::size_t>(p.leg[j]) >= p.leg_cost.size()) {
      return Error{Fault::bad_input, fmt::format("column {}: leg {} of {}", j, p.leg[j], p.leg_cost.size())};
    }
  }
  return std::nullopt;
}

// A bound that is a whole number of steps up to rounding counts as that number.
double least_lots(double bound, double step) {
  const double near = std::round(bound / step);
  return std::abs(near - bound / step) <= 1e-12 * std::abs(near) ? near : std::ceil(bound / step);
}

}  // namespace

Result<LotModel> LotModel::make(const LotProgram& p) {
  if (auto error = fault(p)) return *error;
  LotModel model;
  model.n = p.program.n(), model.m = p.program.m();
  for (const PiecewiseConvex& f : p.program.columns) model.columns.emplace_back(f);
  for (const PiecewiseConvex& f : p.program.rows) model.rows.emplace_back(f);
  model.matrix = p.program.matrix, model.offset = p.program.offset, model.hessian = p.program.hessian;
  model.step = p.step, model.leg_cost = p.leg_cost;
  model.columns_of.resize(p.leg_cost.size());
  model.most_legs = p.most_legs > 0 ? static_cast<std::size_t>(p.most_legs) : p.leg_cost.size();
  model.all_zero = true;
  for (std::size_t j = 0; j < model.n; ++j) {
    const PiecewiseConvex& f = p.program.columns[j];
    const double step = p.step[j];
    const double low = step > 0.0 ? least_lots(f.lowest, step) : f.lowest;
    const double high = step > 0.0 ? -least_lots(-f.highest, step) : f.highest;
    if (low > high) {
      return Error{Fault::no_solution,
                   fmt::format("column {}: no multiple of {} between {} and {}", j, step, f.lowest, f.highest)};
    }
    model.low.push_back(low), model.high.push_back(high);
    model.grain.push_back(step > 0.0 ? 1.0 : (high - low) * 0x1p-20);
    model.any_free |= step == 0.0 && low < high;
    model.all_zero &= low <= 0.0 && high >= 0.0;
    model.leg.push_back(static_cast<std::size_t>(p.leg[j]));
    model.columns_of[model.leg[j]].push_back(j);
  }
  for (std::size_t i = 0; i < model.m; ++i) {
    double largest = std::abs(model.offset[i]);
    for (std::size_t j = 0; j < model.n; ++j) {
      const PiecewiseConvex& f = p.program.columns[j];
      largest = std::max(largest, std::abs(model.column(j)[i]) * std::max(std::abs(f.lowest), std::abs(f.highest)));
    }
    model.any_hard |= std::isfinite(model.rows[i].lowest) || std::isfinite(model.rows[i].highest);
    model.tolerance.push_back(largest > 0.0 ? 1e-9 * largest : 1e-300);
  }
  double smallest = HUGE_VAL;
  model.closer = model.n;
  for (std::size_t j = 0; j < model.n; ++j) {
    std::size_t rows = 0, row = 0;
    for (std::size_t i = 0; i < model.m; ++i)
      if (model.column(j)[i] != 0.0) ++rows, row = i;
    // Of several rows that can be closed the first such column's; of its columns the one of the smallest lots.
    if (rows != 1 || (model.closer < model.n && row != model.closing_row)) continue;
    const double effect = std::abs(model.column(j)[row]) * model.amount(j, model.grain[j]);
    if (!(effect < smallest)) continue;
    smallest = effect, model.closer = j, model.closing_row = row;
  }
  return model;
}

LotPoint::LotPoint(const LotModel& model)
    : model_(&model),
      lots_(model.n),
      y_(model.m),
      hx_(model.hessian.empty() ? 0 : model.n),
      row_value_(model.m),
      used_(model.columns_of.size()) {
  place(std::vector<double>(model.n));
}

void LotPoint::place(std::span<const double> lots) {
  const LotModel& p = *model_;
  std::copy(lots.begin(), lots.end(), lots_.begin());
  std::copy(p.offset.begin(), p.offset.end(), y_.begin());
  std::fill(hx_.begin(), hx_.end(), 0.0);
  std::fill(used_.begin(), used_.end(), 0);
  worth_ = {}, legs_ = 0;
  for (std::size_t j = 0; j < p.n; ++j) {
    const double x = p.amount(j, lots[j]);
    if (x == 0.0) continue;
    worth_.objective += p.columns[j].value(x);
    if (used_[p.leg[j]]++ == 0) ++legs_, worth_.objective += p.leg_cost[p.leg[j]];
    for (std::size_t i = 0; i < p.m; ++i) y_[i] += p.column(j)[i] * x;
    for (std::size_t k = 0; k < hx_.size(); ++k) hx_[k] += p.hessian[j * p.n + k] * x;
  }
  for (std::size_t j = 0; j < hx_.size(); ++j) worth_.objective += 0.5 * p.amount(j, lots[j]) * hx_[j];
  for (std::size_t i = 0; i < p.m; ++i) {
    worth_.objective += row_value_[i] = p.rows[i].value(y_[i]);
    worth_.violation += beyond(i, y_[i]);
  }
}

LotPoint::Worth LotPoint::after(std::size_t j, double lots) const {
  const LotModel& p = *model_;
  const double from = p.amount(j, lots_[j]), to = p.amount(j, lots), by = to - from;
  double objective = p.columns[j].value(to) - p.columns[j].value(from), violation = 0.0;
  // Through pointers: this is where a search spends its time.
  const double *a = p.column(j), *y = y_.data(), *was = row_value_.data();
  const PieceCurve* row = p.rows.data();
  for (std::size_t i = 0; i < p.m; ++i) objective += row[i].value(y[i] + a[i] * by) - was[i];
  if (p.any_hard) {
    for (std::size_t i = 0; i < p.m; ++i) violation += beyond(i, y[i] + a[i] * by);
  }
  if (!hx_.empty()) objective += by * (hx_[j] + 0.5 * p.hessian[j * p.n + j] * by);
  objective += leg_change(j, lots);
  return {violation, worth_.objective + objective};
}

LotPoint::Worth LotPoint::after(std::size_t j, double lots, std::size_t k, double lots_k) const {
  const LotModel& p = *model_;
  const double from_j = p.amount(j, lots_[j]), to_j = p.amount(j, lots), by_j = to_j - from_j;
  const double from_k = p.amount(k, lots_[k]), to_k = p.amount(k, lots_k), by_k = to_k - from_k;
  double objective =
      p.columns[j].value(to_j) - p.columns[j].value(from_j) + p.columns[k].value(to_k) - p.columns[k].value(from_k);
  double violation = 0.0;
  const double *a = p.column(j), *b = p.column(k), *y = y_.data(), *was = row_value_.data();
  const PieceCurve* row = p.rows.data();
  for (std::size_t i = 0; i < p.m; ++i) objective += row[i].value(y[i] + a[i] * by_j + b[i] * by_k) - was[i];
  if (p.any_hard) {
    for (std::size_t i = 0; i < p.m; ++i) violation += beyond(i, y[i] + a[i] * by_j + b[i] * by_k);
  }
  if (!hx_.empty()) {
    objective += by_j * (hx_[j] + 0.5 * p.hessian[j * p.n + j] * by_j + p.hessian[j * p.n + k] * by_k);
    objective += by_k * (hx_[k] + 0.5 * p.hessian[k * p.n + k] * by_k);
  }
  // Two columns of one leg are counted as if alone: then the price of a leg may be off, and better() is asked again.
  return {violation, worth_.objective + objective + leg_change(j, lots) + leg_change(k, lots_k)};
}

double LotPoint::leg_change(std::size_t j, double lots) const {
  const std::size_t leg = model_->leg[j];
  if (lots_[j] == 0.0 && lots != 0.0 && used_[leg] == 0) return model_->leg_cost[leg];
  if (lots_[j] != 0.0 && lots == 0.0 && used_[leg] == 1) return -model_->leg_cost[leg];
  return 0.0;
}

void LotPoint::move(std::size_t j, double lots) {
  const LotModel& p = *model_;
  worth_ = after(j, lots);
  const double by = p.amount(j, lots) - p.amount(j, lots_[j]);
  for (std::size_t i = 0; i < p.m; ++i) {
    y_[i] += p.column(j)[i] * by;
    row_value_[i] = p.rows[i].value(y_[i]);
  }
  for (std::size_t k = 0; k < hx_.size(); ++k) hx_[k] += p.hessian[j * p.n + k] * by;
  const std::size_t leg = p.leg[j];
  if (lots_[j] == 0.0 && lots != 0.0 && used_[leg]++ == 0) ++legs_;
  if (lots_[j] != 0.0 && lots == 0.0 && --used_[leg] == 0) --legs_;
  lots_[j] = lots;
}

}  // namespace ballast::math::internal
