#include "ballast/hedge/cost.h"

#include <algorithm>
#include <cmath>

namespace ballast::hedge {
namespace {

using market::Instrument;
using market::Level;
using market::Settlement;
using market::SizeUnit;

struct Walk {
  double average_price;
  double beyond;
};

/// The average price of `amount` > 0 through `levels`. An inverse future's amount is USD: what adds up is coin, so its
/// average is harmonic.
Walk walk(const std::vector<Level>& levels, double amount, bool usd_sized) {
  double left = amount, sum = 0.0, last = 0.0;
  for (const Level& level : levels) {
    const double taken = std::min(left, level.amount);
    sum += usd_sized ? taken / level.price : taken * level.price;
    last = level.price;
    left -= taken;
    if (left <= 0.0) break;
  }
  const double beyond = std::max(left, 0.0);
  sum += usd_sized ? beyond / last : beyond * last;
  return {usd_sized ? amount / sum : sum / amount, beyond};
}

double fee_usd(const Instrument& instrument, const risk::Valuation& unit, double size, double price) {
  const double index = unit.index.value, rate = instrument.fees.taker;
  if (!instrument.is_option()) {
    const double notional_usd = instrument.size_unit() == SizeUnit::usd ? size : size * price;
    return rate * notional_usd;
  }
  const bool inverse = instrument.settlement == Settlement::inverse;
  const double uncapped = inverse ? rate : rate * index;
  const double per_coin = instrument.fees.cap > 0.0 ? std::min(uncapped, instrument.fees.cap * price) : uncapped;
  return per_coin * size * (inverse ? index : 1.0);
}

}  // namespace

Cost taker_cost(const Instrument& instrument, const market::Quote* quote, const risk::Valuation& unit, double amount) {
  Cost cost;
  const double size = std::abs(amount);
  const bool buy = amount > 0.0, usd_sized = instrument.size_unit() == SizeUnit::usd;
  if (size > 0.0 && quote != nullptr && quote->bid && quote->ask) {
    const double mid = 0.5 * (*quote->bid + *quote->ask);
    const std::vector<Level>& levels = buy ? quote->asks : quote->bids;
    double average = buy ? *quote->ask : *quote->bid;
    if (!levels.empty()) {
      const Walk walked = walk(levels, size, usd_sized);
      average = walked.average_price;
      cost.beyond_depth = walked.beyond;
      cost.walked = true;
    } else if (const auto shown = buy ? quote->ask_amount : quote->bid_amount; shown) {
      cost.beyond_depth = std::max(size - *shown, 0.0);
    }
    cost.average_price = average;
    const double per_unit = std::abs(average - mid);
    if (usd_sized) {
      cost.spread = Usd(size * per_unit / mid);  // coin lost size·|1/mid - 1/average| at the average price
    } else {
      const bool in_coin = instrument.is_option() && instrument.settlement == Settlement::inverse;
      cost.spread = Usd(size * per_unit * (in_coin ? unit.index.value : 1.0));
    }
  }
  cost.fee = Usd(fee_usd(instrument, unit, size, cost.average_price.value_or(unit.price)));
  return cost;
}

}  // namespace ballast::hedge
