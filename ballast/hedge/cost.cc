#include "ballast/hedge/cost.h"

#include <algorithm>
#include <cmath>

namespace ballast::hedge {

CostRules uncollared() {
  CostRules rules;
  rules.future_collar = rules.option_collar = std::numeric_limits<double>::infinity();
  return rules;
}

Cost taker_cost(const market::Instrument& instrument, const market::Quote* quote, const risk::Valuation& unit,
                double amount, const CostRules& rules) {
  Cost cost;
  const double size = std::abs(amount);
  const bool buy = amount > 0.0;
  if (!(size > 0.0)) return cost;
  const auto curve = cost_curve(instrument, quote, unit, rules);
  const auto pieces = !curve || buy ? &CostCurve::buy : &CostCurve::sell;
  if (!curve || (curve.value().*pieces).empty()) {
    cost.fee = Usd(size * taker_fee(instrument, unit.index, unit.price));
    return cost;
  }
  const CostCurve& c = curve.value();
  const Fill f = fill(c, amount);
  const CostPiece& last = (c.*pieces).back();
  const double filled = std::abs(f.filled), beyond = size - filled;
  cost.spread = f.spread + Usd(beyond * (last.per_unit - last.impact - last.fee));
  cost.impact = f.impact + Usd(beyond * last.impact);
  cost.fee = f.fee + Usd(beyond * last.fee);
  cost.average_price = f.average_price;
  if (beyond > 0.0) {
    const bool usd_sized = c.unit == market::SizeUnit::usd;
    const double average = *f.average_price;
    cost.average_price =
        usd_sized ? size / (filled / average + beyond / last.price) : (filled * average + beyond * last.price) / size;
  }
  cost.walked = buy ? c.book_buy : c.book_sell;
  if (buy ? c.size_buy : c.size_sell) cost.beyond_depth = size - f.shown;
  cost.beyond_curve = beyond;
  return cost;
}

}  // namespace ballast::hedge
