#include "ballast/sim/venue.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "ballast/risk/exposure.h"

namespace ballast::sim {
namespace {

using market::Event;
using market::Instrument;
using market::Ticket;

// Deribit's formula since 2019: docs/sources.md, deribit 1.7.
constexpr double dead_zone = 0.00025, most_funding = 0.005;
constexpr double funding_interval_s = 8.0 * 3600.0;

struct Found {
  hedge::CostCurve curve;
  double index = 0.0;
};

Result<Found> curve_of(const VenueRules& rules, const Instrument& instrument, const Instant& now) {
  const auto quote = now.snapshot.quotes.find(instrument.name);
  const auto unit = risk::value(instrument, now.snapshot, now.chain);
  if (!unit) return unit.error();
  auto curve = hedge::cost_curve(instrument, quote == now.snapshot.quotes.end() ? nullptr : &quote->second,
                                 unit.value(), rules.costs);
  if (!curve) return curve.error();
  return Found{std::move(curve).value(), unit.value().index.value};
}

/// How much of a signed amount the curve gives at no worse than the limit, in whole lots.
double within(const hedge::CostCurve& curve, const Instrument& instrument, double amount, double limit) {
  const bool buys = amount > 0.0;
  double room = 0.0;
  for (const hedge::CostPiece& piece : buys ? curve.buy : curve.sell) {
    if (buys ? piece.price > limit : piece.price < limit) break;
    room += piece.amount;
  }
  if (room >= std::abs(amount)) return amount;
  const double lots = std::floor(room / instrument.lot + 1e-9);
  return std::copysign(lots * instrument.lot, amount);
}

}  // namespace

Result<std::vector<Event>> fill(const VenueRules& rules, Venue& venue, Ledger& ledger, const Instant& now) {
  std::vector<Event> events;
  const Time at = now.snapshot.as_of;
  std::vector<Ticket> left;
  for (const Ticket& ticket : venue.resting) {
    const double age = seconds_between(ticket.sent, at);
    if (age < rules.latency_s) {
      left.push_back(ticket);
      continue;
    }
    const auto close = [&](double unfilled, const char* reason) {
      events.push_back({at, market::TicketClosed{.ticket = ticket.id, .unfilled = unfilled, .reason = reason}});
    };
    const auto listed = now.snapshot.instruments.find(ticket.instrument);
    if (listed == now.snapshot.instruments.end() || listed->second.expiry <= at) {
      close(ticket.amount(), "expired");
      continue;
    }
    const Instrument& instrument = listed->second;
    const auto found = curve_of(rules, instrument, now);
    if (!found) {
      if (age < rules.latency_s + rules.patience_s) {
        left.push_back(ticket);
      } else {
        close(ticket.amount(), "no quote");
      }
      continue;
    }
    const double amount = within(found.value().curve, instrument, ticket.amount(), ticket.limit());
    const hedge::Fill done = hedge::fill(found.value().curve, amount);
    if (amount == 0.0 || !done.average_price) {
      close(ticket.amount(), "limit");
      continue;
    }
    // The fee of the curve is in USD: what settles in the coin pays it in coin, at the index.
    const double in_coin = instrument.settlement_currency == instrument.underlying ? found.value().index : 1.0;
    const double fee = rules.fee_scale * done.fee.value / in_coin;
    if (auto fault = trade(ledger, instrument, done.filled, *done.average_price, fee)) return *fault;
    events.push_back({at, market::Traded{.instrument = instrument.name,
                                         .amount = done.filled,
                                         .price = *done.average_price,
                                         .fee = fee,
                                         .ticket = ticket.id}});
    const double unfilled = ticket.amount() - done.filled;
    close(unfilled, unfilled == 0.0 ? "filled" : amount != ticket.amount() ? "limit" : "depth");
  }
  venue.resting = std::move(left);
  return events;
}

std::optional<double> funding_rate(const VenueRules& rules, const market::Quote& perpetual) {
  if (perpetual.funding_8h) return perpetual.funding_8h;
  if (rules.funding_8h) return rules.funding_8h;
  if (!perpetual.mark || !perpetual.index) return std::nullopt;
  const double premium = (*perpetual.mark - *perpetual.index) / *perpetual.index;
  const double rate = std::max(dead_zone, premium) + std::min(-dead_zone, premium);
  return std::clamp(rate, -most_funding, most_funding);
}

std::optional<Event> fund(Ledger& ledger, const Instrument& perpetual, double coins, double rate_8h, double price,
                          Time from, Time to) {
  const bool in_coin = perpetual.settlement_currency == perpetual.underlying;
  const double cash = -rate_8h * coins * (in_coin ? 1.0 : price) * seconds_between(from, to) / funding_interval_s;
  if (cash == 0.0) return std::nullopt;
  ledger.cash[perpetual.settlement_currency] += cash;
  return Event{to, market::Funded{.instrument = perpetual.name, .cash = cash}};
}

double delivery_fee(const VenueRules& rules, const Instrument& instrument, double amount, double delivery) {
  const bool in_coin = instrument.settlement_currency == instrument.underlying;
  const double size = std::abs(amount);
  if (!instrument.is_option()) {
    const double coins = instrument.size_unit() == market::SizeUnit::usd ? size / delivery : size;
    return rules.fee_scale * rules.future_delivery * coins * (in_coin ? 1.0 : delivery);
  }
  const double rate = rules.option_delivery * (in_coin ? 1.0 : delivery);
  return rules.fee_scale * size * std::min(rate, rules.delivery_cap * payoff(instrument, delivery));
}

}  // namespace ballast::sim
