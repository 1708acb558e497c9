#include "ballast/sim/ledger.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace ballast::sim {
namespace {

using market::Instrument;
using market::Kind;
using market::Settlement;

/// Lots come and go as doubles: what is left under this share of a lot is nothing.
constexpr double nothing_of_a_lot = 1e-6;

bool pays_at_once(const Instrument& i) { return i.kind == Kind::option || i.kind == Kind::spot; }
bool inverse_future(const Instrument& i) { return i.settlement == Settlement::inverse && !pays_at_once(i); }

}  // namespace

std::optional<Error> trade(Ledger& ledger, const Instrument& instrument, double amount, double price, double fee) {
  const bool priced = price > 0.0 || (price == 0.0 && instrument.is_option());
  if (!std::isfinite(amount) || amount == 0.0 || !std::isfinite(price) || !priced || !std::isfinite(fee)) {
    return Error{Fault::bad_input, fmt::format("{}: a trade of {} at {}, fee {}", instrument.name, amount, price, fee)};
  }
  double& cash = ledger.cash[instrument.settlement_currency];
  cash -= fee;
  Holding& held = ledger.holdings[instrument.name];
  held.amount += amount;
  if (pays_at_once(instrument)) {
    cash -= amount * price;
  } else {
    held.paid += inverse_future(instrument) ? amount / price : amount * price;
  }
  if (std::abs(held.amount) <= nothing_of_a_lot * instrument.lot) {
    if (!pays_at_once(instrument)) cash += inverse_future(instrument) ? held.paid : -held.paid;
    ledger.holdings.erase(instrument.name);
  }
  return std::nullopt;
}

double worth(const Instrument& instrument, const Holding& holding, double price) {
  if (pays_at_once(instrument)) return holding.amount * price;
  return inverse_future(instrument) ? holding.paid - holding.amount / price : holding.amount * price - holding.paid;
}

void settle(Ledger& ledger, const Instrument& instrument, double price) {
  const auto held = ledger.holdings.find(instrument.name);
  if (held == ledger.holdings.end() || pays_at_once(instrument)) return;
  ledger.cash[instrument.settlement_currency] += worth(instrument, held->second, price);
  held->second.paid = inverse_future(instrument) ? held->second.amount / price : held->second.amount * price;
}

double payoff(const Instrument& option, double delivery) {
  const double sign = option.option_type == market::OptionType::call ? 1.0 : -1.0;
  const double usd = std::max(sign * (delivery - option.strike), 0.0);
  return option.settlement == Settlement::inverse ? usd / delivery : usd;
}

double deliver(Ledger& ledger, const Instrument& instrument, double delivery, double fee) {
  const auto held = ledger.holdings.find(instrument.name);
  if (held == ledger.holdings.end()) return 0.0;
  const double price = instrument.is_option() ? payoff(instrument, delivery) : delivery;
  const double cash = worth(instrument, held->second, price) - fee;
  ledger.cash[instrument.settlement_currency] += cash;
  ledger.holdings.erase(held);
  return cash;
}

Equity equity(const Ledger& ledger, const std::string& coin,
              const std::function<std::pair<const Instrument*, double>(const std::string&)>& price_of) {
  Equity sum;
  for (const auto& [currency, cash] : ledger.cash) (currency == coin ? sum.coin : sum.quote) += cash;
  for (const auto& [name, holding] : ledger.holdings) {
    const auto [instrument, price] = price_of(name);
    (instrument->settlement_currency == coin ? sum.coin : sum.quote) += worth(*instrument, holding, price);
  }
  return sum;
}

}  // namespace ballast::sim
