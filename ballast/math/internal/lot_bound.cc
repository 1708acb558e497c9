#include "ballast/math/internal/lot_bound.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ballast::math::internal {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

}  // namespace

void LotNode::put_in(const LotModel& model, std::size_t leg) {
  if (legs[leg] == LegState::out) empty = true;
  if (legs[leg] != LegState::open) return;
  legs[leg] = LegState::in;
  if (++legs_in > model.most_legs) empty = true;
  if (legs_in != model.most_legs) return;
  for (std::size_t l = 0; l < legs.size(); ++l) {
    if (legs[l] == LegState::open) put_out(model, l);
  }
}

void LotNode::put_out(const LotModel& model, std::size_t leg) {
  if (legs[leg] == LegState::in) empty = true;
  legs[leg] = LegState::out;
  for (const std::size_t j : model.columns_of[leg]) narrow(j, 0.0, 0.0);
}

void LotNode::narrow(std::size_t column, double low, double high) {
  box.low[column] = std::max(box.low[column], low), box.high[column] = std::min(box.high[column], high);
  if (box.low[column] > box.high[column]) empty = true, box.high[column] = box.low[column];
}

LotBound::LotBound(const LotModel& model)
    : model_(&model),
      prices_(model.m),
      rates_(model.n),
      size_(model.n),
      place_(model.n),
      least_(model.n),
      hx_(model.n),
      leg_least_(model.columns_of.size()),
      leg_worth_(model.columns_of.size()),
      selected_(model.columns_of.size()) {}

double LotBound::evaluate(const LotNode& node, std::span<const double> prices, std::span<const double> x) {
  const LotModel& p = *model_;
  double sum = 0.0, size = 0.0;  // size: of all terms, for the margin
  const auto add = [&](double term) { sum += term, size += std::abs(term); };
  for (std::size_t i = 0; i < p.m; ++i) {
    const PieceCurve& row = p.rows[i];
    // A price beyond the slopes of an unbounded row would say minus infinity; the nearest one does not.
    double price = std::isfinite(prices[i]) ? prices[i] : 0.0;
    if (!(row.curvature > 0.0)) {
      if (row.lowest == -INFINITY) price = std::max(price, row.first_slope());
      if (row.highest == INFINITY) price = std::min(price, row.last_slope());
    }
    prices_[i] = price;
    const double low = row.lowest - p.tolerance[i], high = row.highest + p.tolerance[i];
    const double y = row.least(-price, low, high);
    add(row.value(y));
    add(-price * y);
    add(price * p.offset[i]);
  }
  for (std::size_t j = 0; j < p.n; ++j) {
    const double* a = p.column(j);
    double rate = 0.0, of = 0.0;
    for (std::size_t i = 0; i < p.m; ++i) rate += a[i] * prices_[i], of += std::abs(a[i] * prices_[i]);
    if (!p.hessian.empty()) {
      double tangent = 0.0;
      for (std::size_t k = 0; k < p.n; ++k) {
        tangent += p.hessian[j * p.n + k] * x[k], of += std::abs(p.hessian[j * p.n + k] * x[k]);
      }
      rate += tangent;
      add(-0.5 * x[j] * tangent);
      size += of * std::abs(x[j]);
    }
    rates_[j] = rate, size_[j] = of;
    const double low = node.box.low[j], high = node.box.high[j];
    const auto worth = [&](double lots) {
      const double amount = p.amount(j, lots);
      return p.columns[j].value(amount) + rate * amount;
    };
    double lots = p.lots(j, p.columns[j].least(rate, p.amount(j, low), p.amount(j, high)));
    if (p.stepped(j)) {
      const double below = std::clamp(std::floor(lots), low, high), above = std::clamp(below + 1.0, low, high);
      lots = worth(above) < worth(below) ? above : below;
    } else {
      lots = std::clamp(lots, low, high);
    }
    place_[j] = lots, least_[j] = worth(lots);
    const double far = p.amount(j, std::max(std::abs(low), std::abs(high)));
    size += of * far + std::abs(p.columns[j].value(p.amount(j, lots)));
  }
  // Legs: those that are in pay; of the others the most helpful, as many as there is room for.
  std::size_t room = p.most_legs - std::min(node.legs_in, p.most_legs);
  chosen_.clear();
  for (std::size_t l = 0; l < p.columns_of.size(); ++l) {
    double least = 0.0;
    bool forced = node.legs[l] == LegState::in;
    for (const std::size_t j : p.columns_of[l]) {
      least += least_[j];
      forced |= node.box.low[j] > 0.0 || node.box.high[j] < 0.0;
    }
    leg_least_[l] = least, leg_worth_[l] = p.leg_cost[l] + least, selected_[l] = 1;
    if (node.legs[l] == LegState::out) continue;
    if (forced) {
      add(leg_worth_[l]);
      if (node.legs[l] != LegState::in && room > 0) --room;
      continue;
    }
    selected_[l] = 0;
    if (leg_worth_[l] < 0.0) chosen_.push_back(l);
  }
  marginal_ = next_ = 0.0;
  if (chosen_.size() > room) {
    std::nth_element(chosen_.begin(), chosen_.begin() + static_cast<std::ptrdiff_t>(room), chosen_.end(),
                     [&](std::size_t a, std::size_t b) {
                       return leg_worth_[a] != leg_worth_[b] ? leg_worth_[a] < leg_worth_[b] : a < b;
                     });
    next_ = leg_worth_[chosen_[room]];
    chosen_.resize(room);
    if (room > 0) marginal_ = -INFINITY;
    for (const std::size_t l : chosen_) marginal_ = std::max(marginal_, leg_worth_[l]);
  }
  for (const std::size_t l : chosen_) add(leg_worth_[l]), selected_[l] = 1;
  // Each sum has at most n + m + 4 terms; every term carries a few roundings of its own.
  const double margin = 2.0 * static_cast<double>(p.n + p.m + 8) * epsilon * size;
  return bound_ = sum - margin;
}

bool LotBound::infeasible(const LotNode& node, std::span<const double> prices) {
  const LotModel& p = *model_;
  double sum = 0.0, size = 0.0;
  for (std::size_t i = 0; i < p.m; ++i) {
    const double price = prices[i];
    if (!std::isfinite(price)) return false;
    if (price == 0.0) continue;
    const PieceCurve& row = p.rows[i];
    double y = price > 0.0 ? row.highest + p.tolerance[i] : row.lowest - p.tolerance[i];
    if (std::isinf(y)) return false;
    sum += price * (p.offset[i] - y);
    size += std::abs(price * p.offset[i]) + std::abs(price * y);
  }
  for (std::size_t j = 0; j < p.n; ++j) {
    double rate = 0.0, of = 0.0;
    for (std::size_t i = 0; i < p.m; ++i)
      rate += p.column(j)[i] * prices[i], of += std::abs(p.column(j)[i] * prices[i]);
    const double low = p.amount(j, node.box.low[j]), high = p.amount(j, node.box.high[j]);
    sum += std::min(rate * low, rate * high);
    size += of * std::max(std::abs(low), std::abs(high));
  }
  return sum > 2.0 * static_cast<double>(p.n + p.m + 8) * epsilon * size;
}

bool LotBound::tighten(LotNode& node, double cutoff) const {
  const LotModel& p = *model_;
  const double slack = cutoff - bound_;
  if (!std::isfinite(slack)) return false;
  bool changed = false;
  for (std::size_t l = 0; l < p.columns_of.size() && !node.empty; ++l) {
    if (node.legs[l] == LegState::out) continue;
    // What the leg may be worth when it is used, and whether it may stay unused: then the next one takes its room.
    const double level = slack + (selected_[l] ? leg_worth_[l] : marginal_);
    const bool may_rest = node.legs[l] == LegState::open && level >= next_;
    if (!selected_[l] && leg_worth_[l] > level) {
      node.put_out(p, l);
      changed = true;
      continue;
    }
    for (const std::size_t j : p.columns_of[l]) {
      double& low = node.box.low[j];
      double& high = node.box.high[j];
      if (low == high) continue;
      // `place_` is the least over whole lots; the least of all is beside it.
      const double from = p.columns[j].least(rates_[j], p.amount(j, low), p.amount(j, high));
      auto [first, last] =
          p.columns[j].below(level - (leg_worth_[l] - least_[j]), rates_[j], from, p.amount(j, low), p.amount(j, high));
      double new_low = p.lots(j, first), new_high = p.lots(j, last);
      if (p.stepped(j)) {
        new_low = std::ceil(new_low - 1e-9 * std::max(1.0, std::abs(new_low)));
        new_high = std::floor(new_high + 1e-9 * std::max(1.0, std::abs(new_high)));
      } else {
        const double wide = 1e-9 * (high - low);
        new_low -= wide, new_high += wide;
      }
      if (may_rest && low <= 0.0 && high >= 0.0) new_low = std::min(new_low, 0.0), new_high = std::max(new_high, 0.0);
      if (new_low > low) low = new_low, changed = true;
      if (new_high < high) high = new_high, changed = true;
      if (low > high) {
        node.empty = true;
        high = low;
        return true;
      }
    }
  }
  return changed;
}

double LotBound::excess(std::size_t j, double lots) const {
  const LotModel& p = *model_;
  const double amount = p.amount(j, lots);
  return p.columns[j].value(amount) + rates_[j] * amount - least_[j];
}

}  // namespace ballast::math::internal
