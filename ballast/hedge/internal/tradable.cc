#include "ballast/hedge/internal/tradable.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "ballast/pricing/black.h"
#include "ballast/risk/scenarios.h"

namespace ballast::hedge {
namespace {

using market::Instrument;
using risk::Valuation;

constexpr double seconds_a_day = 86400.0, days_a_year = 365.0;
constexpr double least_days = 1.0;  // a vol's daily move is not believed to grow without end towards expiry

double coins_of_amount(const Instrument& instrument, const Valuation& unit, double amount) {
  return instrument.size_unit() == market::SizeUnit::usd ? amount / unit.price : amount;
}

/// USD a year that one coin long pays.
double carry_of(const Instrument& instrument, const Valuation& unit, const market::Snapshot& snapshot,
                const Problem& problem) {
  if (instrument.is_option() || instrument.kind == market::Kind::spot) return 0.0;  // theta is a goal, not a cost
  if (instrument.kind == market::Kind::perpetual) {
    const auto given = problem.funding.find(instrument.name);
    if (given != problem.funding.end()) return given->second * unit.price;
    const auto quote = snapshot.quotes.find(instrument.name);
    if (quote == snapshot.quotes.end() || !quote->second.funding_8h) return 0.0;
    return *quote->second.funding_8h * 3.0 * days_a_year * unit.price;
  }
  return unit.years.value > 0.0 ? (unit.price - unit.index.value) / unit.years.value
                                : 0.0;  // the basis goes to nothing
}

Error bad(const std::string& what, const char* name, double value) {
  return Error{Fault::bad_input, fmt::format("{}: {} of {}", what, name, value)};
}

}  // namespace

const char* name(Greek greek) {
  switch (greek) {
    case Greek::delta: return "delta";
    case Greek::gamma: return "gamma";
    case Greek::vega: return "vega";
    case Greek::theta: return "theta";
    case Greek::vanna: return "vanna";
    case Greek::volga: return "volga";
  }
  return "";
}

std::string Goal::text() const {
  if (!from_days && !to_days) return name(greek);
  if (!to_days) return fmt::format("{} from {} days", name(greek), *from_days);
  return fmt::format("{} {} to {} days", name(greek), from_days.value_or(0.0), *to_days);
}

double per_coin(Greek greek, const Instrument& instrument, const Valuation& unit, Numeraire numeraire) {
  const double f = unit.forward.value, money = numeraire == Numeraire::coin ? 1.0 / f : 1.0;
  const Greeks common = per_coin(unit, numeraire);
  switch (greek) {
    case Greek::delta: return common.delta;
    case Greek::gamma: return common.gamma;
    case Greek::vega: return common.vega;
    case Greek::theta: return unit.hedge_theta() * money;
    case Greek::vanna:
    case Greek::volga: break;
  }
  if (!instrument.is_option()) return 0.0;
  const pricing::BlackGreeks g = pricing::black_greeks({.forward = unit.forward,
                                                        .strike = Price(instrument.strike),
                                                        .vol = unit.vol,
                                                        .years = unit.years,
                                                        .type = instrument.option_type});
  if (greek == Greek::volga) return g.volga * unit.still_exposed * money;
  // The delta that a hedge counts is the net one: Black delta less premium over forward.
  const double premium = instrument.settlement == market::Settlement::inverse ? unit.vega / f : 0.0;
  return g.vanna * unit.still_exposed - premium;
}

bool counts(const Goal& goal, const Instrument& instrument, Time as_of) {
  if (!goal.from_days && !goal.to_days) return true;
  if (instrument.expiry == never) return false;
  const double days = seconds_between(as_of, instrument.expiry) / seconds_a_day;
  return days >= goal.from_days.value_or(0.0) && (!goal.to_days || days < *goal.to_days);
}

Result<double> before(const Goal& goal, const risk::Exposure& exposure, Numeraire numeraire, Time as_of) {
  const bool whole = !goal.from_days && !goal.to_days;
  if (whole && (goal.greek == Greek::delta || goal.greek == Greek::gamma || goal.greek == Greek::vega)) {
    const auto all = distance(exposure, numeraire);
    if (!all) return all.error();
    const Greeks& g = all.value();
    return goal.greek == Greek::delta ? g.delta : goal.greek == Greek::gamma ? g.gamma : g.vega;
  }
  double sum = 0.0;
  for (const risk::PositionRisk& p : exposure.positions) {
    if (counts(goal, p.instrument, as_of)) sum += p.coins.value * per_coin(goal.greek, p.instrument, p.unit, numeraire);
  }
  return sum;
}

Risks risks_of(const Instrument& instrument, const Valuation& unit, const RiskRules& rules, Vol vol) {
  const double f = unit.forward.value, years = rules.horizon_days / days_a_year;
  const double move = vol.value * std::sqrt(years);
  double vols = 0.0;
  if (instrument.is_option()) {
    const double days = std::max(unit.years.value * days_a_year, least_days);
    vols = unit.vega * unit.vol.value * rules.vol_move * std::sqrt(30.0 / days) * std::sqrt(rules.horizon_days);
  }
  return {unit.hedge_delta() * f * move + rules.correlation * vols,
          std::sqrt(1.0 - rules.correlation * rules.correlation) * vols,
          unit.hedge_gamma() * f * f * move * move / std::sqrt(2.0)};
}

Vol risk_vol(const RiskRules& rules, const market::Snapshot& snapshot, const vol::QuotedChain& surface,
             const std::string& underlying) {
  if (rules.vol) return *rules.vol;
  double nearest = std::numeric_limits<double>::infinity();
  Vol found = ImpactRules{}.vol;
  for (const auto& [option, quoted] : surface.options) {
    const Instrument& instrument = snapshot.instruments.at(option);
    if (instrument.underlying != underlying) continue;
    const double far = std::abs(std::log(instrument.strike / quoted.forward.value)) +
                       std::abs(std::log(quoted.years.value * days_a_year / 30.0));
    if (far < nearest) nearest = far, found = quoted.vol;
  }
  return found;
}

std::pair<double, double> standard_margin(const Instrument& instrument, const Valuation& unit, double rate) {
  if (instrument.kind == market::Kind::spot) return {0.0, 0.0};
  const double u = unit.index.value;
  if (!instrument.is_option()) return {rate * unit.price, rate * unit.price};
  const bool call = instrument.option_type == market::OptionType::call;
  const double mark = instrument.settlement == market::Settlement::inverse ? unit.price : unit.price / u;
  const double out = std::max(call ? instrument.strike - u : u - instrument.strike, 0.0) / u;
  const double initial = std::max(0.15 - out, 0.10) + mark;
  const double maintenance = std::max(0.075, 0.075 * mark) + mark;
  return {0.0, u * (call ? initial : std::max(initial, maintenance))};
}

Result<std::vector<double>> tail_pnl(const risk::Exposure& exposure, const TailRules& tail) {
  auto profit = risk::scenario_profit(exposure, tail.scenarios);
  if (!profit) return profit.error();
  std::vector<double> usd = std::move(profit.value().profit);
  // What the basis adds on top. An inverse future gains coin, q (1 - p/p') of them, and p' = p · factor · (1 + basis).
  double inverse = 0.0, linear = 0.0;  // coin; USD
  for (const risk::PositionRisk& p : exposure.positions) {
    if (p.instrument.kind != market::Kind::future && p.instrument.kind != market::Kind::perpetual) continue;
    const double coins = p.coins.value * p.unit.still_exposed;
    if (p.instrument.settlement == market::Settlement::inverse) {
      inverse += coins;
    } else {
      linear += coins * p.unit.price;
    }
  }
  for (std::size_t s = 0; s < usd.size(); ++s) {
    const double factor = tail.scenarios[s].price_factor;
    if (profit.value().numeraire == Numeraire::coin) usd[s] *= exposure.index.value * factor;
    if (tail.basis.empty()) continue;
    const double basis = tail.basis[s];
    usd[s] += inverse * exposure.index.value * basis / (1.0 + basis) + linear * factor * basis;
  }
  return usd;
}

Result<std::vector<Tradable>> tradables(const risk::Exposure& exposure, const market::Snapshot& snapshot,
                                        const vol::QuotedChain& surface, const Problem& problem, Numeraire numeraire,
                                        const risk::Smiles* smiles) {
  const Vol vol = risk_vol(problem.risk, snapshot, surface, exposure.underlying);
  std::vector<Tradable> found;
  std::set<std::string> names;
  for (const Candidate& c : problem.candidates) {
    const auto at = snapshot.instruments.find(c.instrument);
    if (at == snapshot.instruments.end()) {
      return Error{Fault::bad_input, fmt::format("{}: unknown hedge instrument", c.instrument)};
    }
    Tradable t;
    t.instrument = at->second;
    if (t.instrument.underlying != exposure.underlying) {
      return Error{Fault::bad_input, fmt::format("{}: is on {}, the exposure is on {}", c.instrument,
                                                 t.instrument.underlying, exposure.underlying)};
    }
    if (!names.insert(c.instrument).second) {
      return Error{Fault::bad_input, fmt::format("{}: is a candidate twice", c.instrument)};
    }
    const auto unit = risk::value(t.instrument, snapshot, surface, smiles);
    if (!unit) return in("hedge instrument", unit.error());
    t.unit = unit.value();
    const auto quote = snapshot.quotes.find(c.instrument);
    auto curve =
        cost_curve(t.instrument, quote == snapshot.quotes.end() ? nullptr : &quote->second, t.unit, problem.costs);
    if (!curve) return in(c.instrument, curve.error());
    t.curve = std::move(curve).value();
    t.coins = coins_of_amount(t.instrument, t.unit, t.instrument.lot);
    for (const risk::PositionRisk& p : exposure.positions) {
      if (p.instrument.name == c.instrument) t.position += p.amount / t.instrument.lot;
    }
    for (const auto& [what, value] : {std::pair{"most_buy", c.most_buy}, std::pair{"most_sell", c.most_sell}}) {
      if (value && !(*value >= 0.0)) return bad(c.instrument, what, *value);
    }
    const double nudge = 1e-9;  // lots: a limit of 0.3 in lots of 0.1 is three
    double high = std::min(t.curve.most_buy(), c.most_buy.value_or(t.curve.most_buy())) / t.instrument.lot;
    double low = -std::min(t.curve.most_sell(), c.most_sell.value_or(t.curve.most_sell())) / t.instrument.lot;
    if (c.highest_position) high = std::min(high, *c.highest_position / t.instrument.lot - t.position);
    if (c.lowest_position) low = std::max(low, *c.lowest_position / t.instrument.lot - t.position);
    if (c.closing_only) {
      high = std::min(high, std::max(-t.position, 0.0));
      low = std::max(low, std::min(-t.position, 0.0));
    }
    t.highest = std::floor(high + nudge), t.lowest = std::ceil(low - nudge);
    if (!(t.lowest <= t.highest)) {
      return Error{Fault::no_solution,
                   fmt::format("{}: its limits leave no whole lots: from {:.6g} to {:.6g}", c.instrument, low, high)};
    }
    t.carry = carry_of(t.instrument, t.unit, snapshot, problem) * t.coins * problem.carry_days / days_a_year;
    t.notional = t.coins * (t.instrument.is_option() ? t.unit.forward.value : t.unit.price);
    const auto [margin_long, margin_short] = standard_margin(t.instrument, t.unit, problem.limits.futures_margin);
    t.margin_long = margin_long * t.coins, t.margin_short = margin_short * t.coins;
    for (const Goal& goal : problem.goals) {
      t.goals.push_back(counts(goal, t.instrument, snapshot.as_of)
                            ? t.coins * per_coin(goal.greek, t.instrument, t.unit, numeraire)
                            : 0.0);
    }
    t.risks.add(t.coins, risks_of(t.instrument, t.unit, problem.risk, vol));
    if (problem.tail) {
      risk::Exposure one{.underlying = exposure.underlying, .index = exposure.index, .total = {}, .by_expiry = {}};
      one.coin_settled = exposure.coin_settled;
      risk::PositionRisk p;
      p.instrument = t.instrument, p.unit = t.unit, p.coins = Coin(t.coins);
      one.positions = {p};
      auto pnl = tail_pnl(one, *problem.tail);
      if (!pnl) return pnl.error();
      t.pnl = std::move(pnl).value();
    }
    found.push_back(std::move(t));
  }
  return found;
}

}  // namespace ballast::hedge
