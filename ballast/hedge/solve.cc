#include "ballast/hedge/solve.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ballast/hedge/internal/leg.h"
#include "ballast/hedge/lots.h"

namespace ballast::hedge {
namespace {

using market::Instrument;
using market::Snapshot;

/// Under this delta an option is no delta hedge: its size would explode and its delta is mostly quote noise.
constexpr double least_hedge_delta = 0.05;  // docs/safety.md P4

struct Candidate {
  Instrument instrument;
  risk::Valuation unit;
  Greeks per_coin;
  double amount_per_coin;  ///< venue's size unit in one coin
};

Result<Candidate> candidate(const std::string& instrument_name, const risk::Exposure& exposure,
                            const Snapshot& snapshot, const vol::QuotedChain& surface, Numeraire numeraire,
                            const risk::Smiles* smiles) {
  const auto found = snapshot.instruments.find(instrument_name);
  if (found == snapshot.instruments.end()) {
    return Error{Fault::bad_input, fmt::format("{}: unknown hedge instrument", instrument_name)};
  }
  const Instrument& instrument = found->second;
  if (instrument.underlying != exposure.underlying) {
    return Error{Fault::bad_input, fmt::format("{}: is on {}, the exposure is on {}", instrument_name,
                                               instrument.underlying, exposure.underlying)};
  }
  const auto unit = risk::value(instrument, snapshot, surface, smiles);
  if (!unit) return in("hedge instrument", unit.error());
  const double per_coin_amount = instrument.size_unit() == market::SizeUnit::usd ? unit.value().price : 1.0;
  return Candidate{instrument, unit.value(), per_coin(unit.value(), numeraire), per_coin_amount};
}

bool has_delta(const Candidate& c) { return std::abs(c.per_coin.delta) >= least_hedge_delta; }

/// Coin of delta in one lot.
double lot_delta(const Candidate& c) { return std::abs(c.per_coin.delta) * c.instrument.lot / c.amount_per_coin; }

/// The delta is closed last, with an instrument that has delta, if possible nothing but delta, and in the finest lots.
bool closes_worse(const Candidate& a, const Candidate& b) {
  if (has_delta(a) != has_delta(b)) return !has_delta(a);
  if (a.instrument.is_option() != b.instrument.is_option()) return a.instrument.is_option();
  return lot_delta(a) > lot_delta(b);
}

Error with_names(Error error, const std::vector<Candidate>& candidates) {
  std::vector<std::string> shown;
  for (const Candidate& c : candidates) {
    shown.push_back(fmt::format("{} (delta {:.4g}, gamma {:.4g}, vega {:.4g} a coin)", c.instrument.name,
                                c.per_coin.delta, c.per_coin.gamma, c.per_coin.vega));
  }
  return in(fmt::format("{}", fmt::join(shown, " and ")), std::move(error));
}

}  // namespace

Result<Greeks> distance(const risk::Exposure& exposure, Numeraire numeraire) {
  if (numeraire == Numeraire::coin) {
    const auto delta = exposure.coin_delta();
    if (!delta) return delta.error();
    const risk::InCoin& c = exposure.total.coin;
    return Greeks{delta.value().value, c.gamma.value, c.vega.value};
  }
  const auto delta = exposure.usd_delta();
  if (!delta) return delta.error();
  const risk::InUsd& u = exposure.total.usd;
  return Greeks{delta.value().value, u.gamma.value, u.vega.value};
}

Greeks per_coin(const risk::Valuation& unit, Numeraire numeraire) {
  const double f = unit.forward.value;
  if (numeraire == Numeraire::coin) return {unit.hedge_delta(), unit.hedge_gamma() * f, unit.vega / f};
  return {unit.hedge_delta(), unit.hedge_gamma() * f * f, unit.vega};
}

Leg leg_of(const Instrument& instrument, const risk::Valuation& unit, Numeraire numeraire, double exact_coins,
           std::int64_t lots, const market::Quote* quote, const CostRules& costs) {
  const double amount = amount_of_lots(instrument, lots);
  const double amount_per_coin = instrument.size_unit() == market::SizeUnit::usd ? unit.price : 1.0;
  Leg leg;
  leg.instrument = instrument;
  leg.side = lots >= 0 ? Side::buy : Side::sell;
  leg.lots = std::abs(lots);
  leg.amount = std::abs(amount);
  const double contracts = leg.amount / instrument.contract_size;
  const double whole = std::nearbyint(contracts);  // 0.3 / 0.1 is 3 contracts, which the division misses
  leg.contracts = std::abs(contracts - whole) <= 1e-9 * whole ? whole : contracts;
  leg.exact_amount = leg.sized_amount = exact_coins * amount_per_coin;
  leg.coins = Coin(amount / amount_per_coin);
  leg.unit = unit;
  leg.per_coin = per_coin(unit, numeraire);
  leg.ratio = -exact_coins;
  leg.cost = taker_cost(instrument, quote, unit, amount, costs);
  return leg;
}

Result<Plan> solve(const risk::Exposure& exposure, const Snapshot& snapshot, const vol::QuotedChain& surface,
                   const Choice& choice, const risk::Smiles* smiles) {
  if (std::set<std::string>(choice.instruments.begin(), choice.instruments.end()).size() != choice.instruments.size()) {
    return Error{Fault::bad_input, "a hedge instrument is named twice"};
  }
  const auto before = distance(exposure, choice.numeraire);
  if (!before) return before.error();
  std::vector<Candidate> candidates;
  std::vector<Greeks> units;
  for (const std::string& instrument_name : choice.instruments) {
    auto c = candidate(instrument_name, exposure, snapshot, surface, choice.numeraire, smiles);
    if (!c) return c.error();
    candidates.push_back(std::move(c).value());
    units.push_back(candidates.back().per_coin);
  }
  const bool wants_delta =
      std::find(choice.targets.begin(), choice.targets.end(), Target::delta) != choice.targets.end();
  const bool closable = std::any_of(candidates.begin(), candidates.end(), has_delta);
  if (wants_delta && !closable && !candidates.empty()) {
    return Error{Fault::missing_data,
                 fmt::format("hedge instrument: {}: its delta {:.4g} is under {}, too small to hedge with",
                             candidates[0].instrument.name, units[0].delta, least_hedge_delta)};
  }
  if (!std::isfinite(choice.delta))
    return Error{Fault::bad_input, fmt::format("a delta of {} is no aim", choice.delta)};
  Greeks off = before.value();
  off.delta -= choice.delta;
  const auto neutral = neutralise(off, units, choice.targets);
  if (!neutral) return with_names(neutral.error(), candidates);
  const std::vector<double>& coins = neutral.value().sizes;

  Plan plan{.underlying = exposure.underlying,
            .numeraire = choice.numeraire,
            .targets = choice.targets,
            .before = before.value(),
            .residual = before.value(),
            .legs = {},
            .aim = choice.delta,
            .condition = neutral.value().condition,
            .least_norm = neutral.value().least_norm};
  // Coarse lots first; what their rounding leaves of the delta the closing instrument takes up.
  std::vector<std::size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const bool worse = closes_worse(candidates[a], candidates[b]), better = closes_worse(candidates[b], candidates[a]);
    return worse != better ? worse : a < b;
  });
  std::vector<Leg> legs(candidates.size());
  for (const std::size_t j : order) {
    const Candidate& c = candidates[j];
    double size = coins[j];
    if (j == order.back() && wants_delta) {
      size = (choice.delta - plan.residual.delta) / c.per_coin.delta;
      plan.half_lot_delta = 0.5 * lot_delta(c);
    }
    const auto lots = lots_of(c.instrument, size * c.amount_per_coin);
    if (!lots) return lots.error();
    const double sized = size * c.amount_per_coin;
    const auto quote = snapshot.quotes.find(c.instrument.name);
    legs[j] = leg_of(c.instrument, c.unit, choice.numeraire, coins[j], lots.value(),
                     quote == snapshot.quotes.end() ? nullptr : &quote->second);
    legs[j].sized_amount = sized;
    plan.residual.add(legs[j].coins.value, c.per_coin);
  }
  for (Leg& leg : legs) {
    if (leg.lots != 0) plan.legs.push_back(std::move(leg));
  }
  return plan;
}

}  // namespace ballast::hedge
