#include "ballast/desk/decide.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "ballast/pricing/black.h"
#include "ballast/pricing/calibration.h"

namespace ballast::desk {
namespace {

using hedge::Leg;
using hedge::Plan;
using hedge::Target;
using market::Instrument;
using risk::Exposure;

// Soft limits of docs/safety.md, sanity ranges: beyond them an answer is DEGRADED.
constexpr double widest_spread = 0.05;    // of mid, hedge instrument
constexpr double loosest_forward = 1e-3;  // of the forward: how far apart the strikes' own forwards may lie
constexpr int fewest_pairs = 3;           // fewer strikes cannot outvote a wrong one
constexpr Vol lowest_vol{0.05}, highest_vol{3.0};
constexpr double farthest_fit = 0.03;  // vol: a smile that misses an option's quote by more has a doubtful slope there

// A forward or a future this far from the index is not believed: 10 % (docs/safety.md), and as much again as a carry of
// 30 % a year explains, which is beyond any basis in the recorded chains.
constexpr double farthest_from_index = 0.10, largest_carry = 0.30;
constexpr double doubtful_from_index = 0.03;  // perpetuals and spot
// Of the adaptive rule: it was chosen on steps of six hours, and after two days a quarter of its record (half-life 5
// days) has faded without a witness.
constexpr double oldest_learning_days = 2.0;

void degrade(Decision& decision, std::string reason) {
  if (decision.quality == Quality::ok) decision.quality = Quality::degraded;
  if (std::find(decision.reasons.begin(), decision.reasons.end(), reason) == decision.reasons.end()) {
    decision.reasons.push_back(std::move(reason));
  }
}

Decision refuse(Decision decision, const std::string& reason) {
  decision.quality = Quality::refused;
  decision.reasons = {reason};
  decision.calls.clear();
  decision.plans.clear();
  return decision;
}

void judge_index(Decision& decision, const Instrument& instrument, const risk::Valuation& unit) {
  const double off = unit.forward / unit.index - 1.0;
  if (instrument.expiry != never || std::abs(off) <= doubtful_from_index) return;  // a dated forward may carry more
  degrade(decision,
          fmt::format("{} is {:+.1f} % from the index {:.2f}", instrument.name, 100.0 * off, unit.index.value));
}

void judge_price(Decision& decision, const Instrument& instrument, const risk::Valuation& unit) {
  if (unit.price_source == risk::PriceSource::index) {
    degrade(decision, fmt::format("{} has no quote: sized at the index {}", instrument.name, unit.price));
  } else if (unit.price_source == risk::PriceSource::parity_forward) {
    degrade(decision, fmt::format("{} has no quote: sized at the parity forward {:.2f}", instrument.name, unit.price));
  }
}

std::optional<std::string> off_index(const Instrument& instrument, const risk::Valuation& unit) {
  const double off = unit.forward / unit.index - 1.0;
  if (std::abs(off) <= farthest_from_index + largest_carry * unit.years.value) return std::nullopt;
  return fmt::format("{}: its {} {:.2f} is {:+.1f} % from the index {:.2f}", instrument.name,
                     instrument.is_option() ? "forward" : "price", unit.forward.value, 100.0 * off, unit.index.value);
}

void judge_age(Decision& decision, const market::Snapshot& market, const market::CleaningRules& rules,
               const Instrument& instrument) {
  const auto quote = market.quotes.find(instrument.name);
  if (quote == market.quotes.end()) return;
  const double age = seconds_between(quote->second.oldest(), market.as_of);
  const double soft = (instrument.is_option() ? rules.option : rules.hedge).soft_s;
  if (age > soft) degrade(decision, fmt::format("{} is {:.3f} s old, soft limit {} s", instrument.name, age, soft));
}

void judge_underlying(Decision& decision, const Exposure& exposure, const market::CleaningRules& rules,
                      Numeraire numeraire, const market::Portfolio& portfolio) {
  const market::Index& index = decision.market.indices.at(exposure.underlying);
  const double age = seconds_between(index.sent, decision.as_of);
  if (age > rules.index.soft_s) {
    degrade(decision, fmt::format("the index of {} is {:.3f} s old, soft limit {} s", exposure.underlying, age,
                                  rules.index.soft_s));
  }
  if (numeraire == Numeraire::coin && portfolio.accounts.contains("USDC")) {
    degrade(decision, fmt::format("{}: the USDC account is not counted, and in coin its cash loses as the coin rises",
                                  exposure.underlying));
  }
}

void judge_option(Decision& decision, const Instrument& instrument, const risk::Valuation& unit,
                  const vol::QuotedChain& surface) {
  if (!instrument.is_option()) return;
  if (unit.still_exposed < 1.0) {
    degrade(decision, fmt::format("{} is in its settlement window: the running average is not used", instrument.name));
  }
  if (unit.vol < lowest_vol || unit.vol > highest_vol) {
    degrade(decision, fmt::format("{} has a vol of {:.4f}, outside {} to {}", instrument.name, unit.vol.value,
                                  lowest_vol.value, highest_vol.value));
  }
  if (unit.smile && std::abs(unit.smile->fitted.value - unit.vol.value) > farthest_fit) {
    degrade(decision, fmt::format("the fitted smile has {} at {:.4f}, its quote at {:.4f}: its slope is doubtful",
                                  instrument.name, unit.smile->fitted.value, unit.vol.value));
  }
  const curve::Forward& forward = surface.forwards.at({instrument.index, instrument.expiry});
  if (forward.source == curve::ForwardSource::venue_underlying) {
    degrade(decision, fmt::format("forward of {} {} is the venue's own underlying: no parity pair and no listed future",
                                  instrument.index, to_string(instrument.expiry)));
  }
  const bool parity =
      forward.source == curve::ForwardSource::parity_of_marks || forward.source == curve::ForwardSource::parity_of_mids;
  if (parity && (forward.pairs < fewest_pairs || 2 * forward.outliers > forward.pairs)) {
    degrade(decision, fmt::format("the forward of {} {} rests on {} pairs, {} set aside", instrument.index,
                                  to_string(instrument.expiry), forward.pairs, forward.outliers));
  }
  if (forward.discount != 1.0) {
    degrade(decision, fmt::format("calls less puts of {} {} are discounted by {:.6f}: pricing does not discount",
                                  instrument.index, to_string(instrument.expiry), forward.discount));
  }
  if (forward.listed && std::abs(*forward.listed / forward.price - 1.0) > loosest_forward) {
    degrade(decision, fmt::format("the parity forward of {} {} is {:.2f}, its listed future {:.2f}", instrument.index,
                                  to_string(instrument.expiry), forward.price.value, forward.listed->value));
  }
  if (forward.spread > loosest_forward * forward.price.value) {
    degrade(decision, fmt::format("strikes of {} {} disagree on the forward by {:.2f} USD", instrument.index,
                                  to_string(instrument.expiry), forward.spread));
  }
}

/// What keeps the adaptive rule from being used on an underlying at all.
std::optional<std::string> unfit(const vol::Learned& learned, const std::string& underlying, Time as_of) {
  if (!(learned.state.as_of < as_of)) {
    return fmt::format("the adaptive rule has learned of {} to {}, not before {}", underlying,
                       to_string(learned.state.as_of), to_string(as_of));
  }
  const double days = seconds_between(learned.state.as_of, as_of) / 86400.0;
  if (days <= oldest_learning_days) return std::nullopt;
  return fmt::format("the adaptive rule has learned of {} to {}, {:.1f} days before {}: at most {:g} are allowed",
                     underlying, to_string(learned.state.as_of), days, to_string(as_of), oldest_learning_days);
}

/// The rule's verdict on an underlying: it may have learned too little to be judged, or not be worth using now.
void judge_learned(Decision& decision, const vol::Learned& learned, const std::string& underlying) {
  const vol::AdaptiveView seen = vol::view(learned.state, 0, learned.rules);  // the record is of all tenors
  if (!(seen.instants >= learned.rules.least_instants)) {
    degrade(decision, fmt::format("adaptive: {} has a record of {:.1f} instants from {} steps, {:g} are due: net delta",
                                  underlying, seen.instants, learned.steps, learned.rules.least_instants));
  } else if (!(seen.t >= learned.rules.significance)) {
    decision.notes.push_back(fmt::format("adaptive: {} not significant, net delta: t {:.2f} of {:g}, {:.1f} instants",
                                         underlying, seen.t, learned.rules.significance, seen.instants));
  }
}

void judge_leg(Decision& decision, const Leg& leg, const market::Snapshot& market) {
  const auto found = market.quotes.find(leg.instrument.name);
  if (found == market.quotes.end()) return;
  const market::Quote& quote = found->second;
  if (!quote.bid || !quote.ask) {
    degrade(decision,
            fmt::format("{} is not quoted on both sides: the cost of its spread is unknown", leg.instrument.name));
  } else if (*quote.ask - *quote.bid > widest_spread * 0.5 * (*quote.ask + *quote.bid)) {
    degrade(decision, fmt::format("{} has a spread over 5 % of its price: bid {} ask {}", leg.instrument.name,
                                  *quote.bid, *quote.ask));
  }
  if (leg.cost.beyond_depth > 0.0) {
    degrade(decision, fmt::format("{}: the order book shows {:.6g} less than the {} {} to trade", leg.instrument.name,
                                  leg.cost.beyond_depth, leg.amount, market::name(leg.instrument.size_unit())));
  }
  if (leg.cost.beyond_curve > 0.0) {
    degrade(decision, fmt::format("{}: the last {:.6g} of the {} {} to trade lie beyond what the impact model is "
                                  "believed for: their cost is a lower bound",
                                  leg.instrument.name, leg.cost.beyond_curve, leg.amount,
                                  market::name(leg.instrument.size_unit())));
  }
}

bool near(double a, double b, double size) { return std::abs(a - b) <= 1e-9 * size + 1e-9; }

/// What an optimised plan says of itself against its legs: costs, objective, and the goals that its Greeks answer.
std::optional<std::string> fails_optimum(const Plan& plan, const hedge::Problem& problem, const hedge::Greeks& before,
                                         const hedge::Greeks& left) {
  const hedge::Optimum& o = *plan.optimum;
  double spread = 0.0, impact = 0.0, fee = 0.0, gross = 0.0;
  for (const Leg& leg : plan.legs) {
    if (!leg.cost.spread) return leg.instrument.name + ": traded without a two-sided quote";
    spread += leg.cost.spread->value, impact += leg.cost.impact.value, fee += leg.cost.fee.value;
    gross += std::abs(leg.cost.spread->value) + std::abs(leg.cost.impact.value) + std::abs(leg.cost.fee.value);
  }
  if (!near(spread, o.spread, gross) || !near(impact, o.impact, gross) || !near(fee, o.fee, gross)) {
    return fmt::format("{}: costs of {} USD add up to {}", plan.underlying, o.spread + o.impact + o.fee,
                       spread + impact + fee);
  }
  if (problem.limits.most_legs > 0 && plan.legs.size() > static_cast<std::size_t>(problem.limits.most_legs)) {
    return fmt::format("{}: {} legs where {} are allowed", plan.underlying, plan.legs.size(), problem.limits.most_legs);
  }
  const double risk = 0.5 * o.aversion * o.risk_after * o.risk_after;
  const double tail = problem.tail && o.tail_after ? problem.tail->weight * *o.tail_after : 0.0;
  const double objective = spread + impact + fee + o.carry + o.leg_costs + o.penalties + risk + tail;
  const double size = gross + std::abs(o.carry) + o.leg_costs + o.penalties + risk + std::abs(tail);
  // Costs of legs are counted level by level, the objective on the curve: apart by the rounding of both.
  if (!(std::abs(objective - o.objective) <= 1e-6 * size + 1e-6)) {
    return fmt::format("{}: an objective of {} USD adds up to {}", plan.underlying, o.objective, objective);
  }
  if (!(o.objective <= o.do_nothing + 1e-6 * size + 1e-6)) {
    return fmt::format("{}: {} USD is worse than to do nothing, {}", plan.underlying, o.objective, o.do_nothing);
  }
  if (o.goals.size() != problem.goals.size()) return plan.underlying + ": not every goal is answered";
  for (std::size_t g = 0; g < problem.goals.size(); ++g) {
    const hedge::Goal& goal = problem.goals[g];
    const std::string word = hedge::name(goal.greek);
    if (goal.from_days || goal.to_days) continue;  // of some expiries: the optimiser's own check has counted them
    for (const Target target : {Target::delta, Target::gamma, Target::vega}) {
      if (word != hedge::name(target)) continue;
      const double after = left.of(target), width = std::abs(before.of(target)) + std::abs(after - before.of(target));
      if (!(std::abs(o.goals[g].after - after) <= 1e-9 * width + 1e-12)) {
        return fmt::format("{}: {} of {} adds up to {}", plan.underlying, word, o.goals[g].after, after);
      }
      // A range holds as it stands; a point in whole lots only to half a lot, which the optimiser's own check knows.
      const bool must = !goal.penalty && goal.priority == 0 && goal.lowest < goal.highest;
      if (must && !(after >= goal.lowest - 1e-6 * width && after <= goal.highest + 1e-6 * width)) {
        return fmt::format("{}: {} would be {}, outside {} to {}", plan.underlying, word, after, goal.lowest,
                           goal.highest);
      }
    }
  }
  return std::nullopt;
}

/// Adds the legs up again, apart from the solver: what it says must be so before anybody trades on it.
std::optional<std::string> fails_check(const Plan& plan, const Exposure& exposure, const Config& config) {
  const auto before = hedge::distance(exposure, plan.numeraire);
  if (!before) return before.error().what;
  hedge::Greeks left = before.value();
  for (const Leg& leg : plan.legs) {
    const double per_coin = leg.instrument.size_unit() == market::SizeUnit::usd ? leg.unit.price : 1.0;
    const double coins =
        (leg.side == hedge::Side::buy ? 1.0 : -1.0) * static_cast<double>(leg.lots) * leg.instrument.lot / per_coin;
    left.add(coins, hedge::per_coin(leg.unit, plan.numeraire));
    if (!std::isfinite(leg.cost.fee.value) || !std::isfinite(leg.ratio)) return leg.instrument.name + ": not finite";
  }
  const double gross = std::abs(plan.before.delta) + std::abs(left.delta - plan.before.delta);
  const double rounding = 1e-9 * gross + 1e-15;  // P6: cancellation error bound
  if (!(std::abs(left.delta - plan.residual.delta) <= rounding)) {
    return fmt::format("{}: residual delta {} adds up to {}", plan.underlying, plan.residual.delta, left.delta);
  }
  for (const Target target : {Target::gamma, Target::vega}) {
    const double scale = std::abs(before.value().of(target)) + std::abs(left.of(target) - before.value().of(target));
    if (!(std::abs(left.of(target) - plan.residual.of(target)) <= 1e-9 * scale + 1e-15)) {
      return fmt::format("{}: residual {} {} adds up to {}", plan.underlying, hedge::name(target),
                         plan.residual.of(target), left.of(target));
    }
  }
  if (plan.optimum && config.problem) return fails_optimum(plan, *config.problem, before.value(), left);
  const bool wants_delta = std::find(plan.targets.begin(), plan.targets.end(), Target::delta) != plan.targets.end();
  if (!wants_delta) return std::nullopt;
  if (!(std::abs(left.delta - plan.aim) <= plan.half_lot_delta + rounding)) {
    return fmt::format("{}: residual delta {} is over half a lot, {}, from {}", plan.underlying, left.delta,
                       plan.half_lot_delta, plan.aim);
  }
  if (plan.targets.size() == 1 &&
      !(std::abs(left.delta - plan.aim) <= std::abs(plan.before.delta - plan.aim) + rounding)) {
    return fmt::format("{}: residual delta {} is larger than before, {}", plan.underlying, left.delta,
                       plan.before.delta);
  }
  return std::nullopt;
}

/// Gamma or vega made flat by options moves the delta, and nobody asked for it to be closed.
void judge_open_delta(Decision& decision, const Plan& plan) {
  if (plan.optimum && plan.optimum->aversion > 0.0) return;  // weighed against its cost
  if (plan.aim != 0.0) return;                               // asked for
  const bool closed = std::find(plan.targets.begin(), plan.targets.end(), Target::delta) != plan.targets.end();
  if (closed || std::abs(plan.residual.delta) <= std::abs(plan.before.delta)) return;
  degrade(decision,
          fmt::format("{}: the hedge takes the delta from {:+.4f} to {:+.4f}; add delta to the targets to close it",
                      plan.underlying, plan.before.delta, plan.residual.delta));
}

Numeraire numeraire_of(const Config& config, const Exposure& exposure) {
  return config.numeraire.value_or(exposure.coin_settled ? Numeraire::coin : Numeraire::usd);
}

std::vector<std::string> instruments_for(const Config& config, const Exposure& exposure,
                                         const market::Snapshot& market) {
  std::vector<std::string> chosen;
  for (const std::string& instrument : config.with) {
    const auto found = market.instruments.find(instrument);
    if (found != market.instruments.end() && found->second.underlying == exposure.underlying)
      chosen.push_back(instrument);
  }
  if (chosen.empty()) chosen.push_back(default_hedge(exposure));
  return chosen;
}

/// What the bands look at; options empty: none left.
hedge::HedgedBook hedged_book(const Exposure& exposure, double distance, const Memory& memory, Time as_of) {
  hedge::HedgedBook book{
      .delta = Coin(distance), .gamma = exposure.total.gamma + exposure.total.smile_gamma, .price = exposure.index};
  double weight = 0.0, vol = 0.0, years = 0.0;
  for (const risk::PositionRisk& p : exposure.positions) {
    if (!p.instrument.is_option()) continue;
    book.options += Coin(std::abs(p.amount));
    const double gamma = std::abs(p.amount * p.unit.gamma);
    weight += gamma, vol += gamma * p.unit.vol.value, years += gamma * p.unit.years.value;
  }
  if (weight > 0.0) book.vol = Vol(vol / weight), book.years = Years(years / weight);
  const auto anchor = memory.anchors.find(exposure.underlying);
  if (anchor != memory.anchors.end()) {
    book.since_trade = years_between(anchor->second.at, as_of);
    book.price_at_trade = Price(anchor->second.price);
  }
  return book;
}

/// By how much the options' delta at `ratio` times their vols is more than at their vols.
double delta_at(const Exposure& exposure, double ratio) {
  double more = 0.0;
  for (const risk::PositionRisk& p : exposure.positions) {
    if (!p.instrument.is_option() || ratio == 1.0) continue;
    const pricing::Vanilla option{.forward = p.unit.forward,
                                  .strike = Price(p.instrument.strike),
                                  .vol = p.unit.vol,
                                  .years = p.unit.years,
                                  .type = p.instrument.option_type};
    pricing::Vanilla other = option;
    other.vol = Vol(ratio * option.vol.value);
    more += p.amount * p.unit.still_exposed * (pricing::black_delta(other) - pricing::black_delta(option));
  }
  return more;
}

Result<Call> call_of(const Config& config, const Exposure& exposure, const Memory& memory, Time as_of) {
  const auto before = hedge::distance(exposure, numeraire_of(config, exposure));
  if (!before) return before.error();
  Call call{.underlying = exposure.underlying};
  if (config.delta == HedgedDelta::black) {
    call.neutral = (exposure.total.net_delta - exposure.total.black_delta + exposure.total.smile_delta).value;
  }
  call.distance = before.value().delta - call.neutral;
  hedge::HedgedBook book = hedged_book(exposure, call.distance, memory, as_of);
  if (!config.rebalance || !(book.options.value > 0.0)) {
    call.aim = call.neutral;
    return call;
  }
  if (!(book.vol.value > 0.0)) {
    return Error{Fault::no_solution, fmt::format("{}: a book without gamma has no band", exposure.underlying)};
  }
  const Vol at = hedge::hedge_vol(*config.rebalance, book);
  call.neutral -= delta_at(exposure, at / book.vol);
  call.distance = before.value().delta - call.neutral;
  book.delta = Coin(call.distance);
  call.half_width = hedge::half_width(*config.rebalance, book).value;
  const auto wanted = hedge::wanted(*config.rebalance, book);
  if (wanted) call.aim = call.neutral + wanted->value;
  if (!std::isfinite(call.half_width) || !std::isfinite(call.aim.value_or(0.0))) {
    return Error{Fault::no_solution, fmt::format("{}: no band for a gamma of {} at a vol of {} over {} years",
                                                 exposure.underlying, book.gamma, book.vol.value, book.years.value)};
  }
  return call;
}

Result<Plan> plan_for(const Config& config, const Exposure& exposure, const Decision& decision, const Call& call) {
  const risk::Smiles* smiles = decision.smiles ? &*decision.smiles : nullptr;
  const Numeraire numeraire = numeraire_of(config, exposure);
  if (!call.aim) {
    const auto before = hedge::distance(exposure, numeraire);
    if (!before) return before.error();
    return Plan{.underlying = exposure.underlying,
                .numeraire = numeraire,
                .targets = config.targets,
                .before = before.value(),
                .residual = before.value(),
                .legs = {},
                .aim = before.value().delta};
  }
  if (config.problem) {
    return hedge::optimise(exposure, decision.market, decision.surface, *config.problem, numeraire, smiles);
  }
  return hedge::solve(exposure, decision.market, decision.surface,
                      {.instruments = instruments_for(config, exposure, decision.market),
                       .targets = config.targets,
                       .numeraire = numeraire,
                       .delta = *call.aim},
                      smiles);
}

void note_defaults(Decision& decision) {
  std::size_t assumed = 0;
  for (const auto& [name, quote] : decision.market.quotes)
    assumed += decision.market.instruments.at(name).from_venue ? 0 : 1;
  if (assumed == 0) return;
  decision.notes.push_back(
      fmt::format("no instrument list for {} of {} instruments: sizes, ticks and fees are Deribit's documented "
                  "defaults",
                  assumed, decision.quotes));
}

/// A stochastic model of all the expiries that the smiles are fitted to.
Result<model::TransformModel> fit_model(const std::string& name, const std::vector<vol::SliceQuotes>& slices,
                                        const std::vector<double>* before) {
  std::vector<pricing::ExpiryVols> chain;
  for (const vol::SliceQuotes& slice : slices) chain.push_back(pricing::expiry_vols(slice));
  std::optional<model::TransformModel> warm;
  if (before != nullptr) {
    if (const auto last = model::model_of(name, *before)) warm = last.value();
  }
  auto fitted = pricing::calibrate(name, chain, {}, warm ? &*warm : nullptr);
  if (!fitted) return fitted.error();
  return fitted.value().model;
}

/// The smiles of every index that an option of the book or of the hedge is on.
risk::Smiles fit_smiles(const Config& config, const vol::SmileDynamics& dynamics, const market::Snapshot& market,
                        const vol::QuotedChain& chain, const market::Portfolio& portfolio, const Memory& memory) {
  std::set<std::string> indices;
  const auto need = [&](const std::string& instrument) {
    const auto found = market.instruments.find(instrument);
    if (found != market.instruments.end() && found->second.is_option()) indices.insert(found->second.index);
  };
  for (const market::Position& position : portfolio.positions) need(position.instrument);
  for (const std::string& instrument : config.with) need(instrument);
  if (config.problem) {
    for (const hedge::Candidate& candidate : config.problem->candidates) need(candidate.instrument);
  }
  risk::Smiles smiles{.dynamics = dynamics, .surfaces = {}, .unfitted = {}};
  for (const std::string& index : indices) {
    const vol::SmileQuotes quotes = vol::smile_quotes(market, chain, index, config.smile_quotes);
    vol::Surface surface;
    surface.index = index;
    if (!quotes.slices.empty()) {
      const auto last = memory.surfaces.find(index);
      auto fitted = vol::fit(quotes.slices, config.smile_fit, last == memory.surfaces.end() ? nullptr : &last->second);
      if (!fitted) {
        smiles.unfitted.emplace(index, fitted.error());
        continue;
      }
      surface = std::move(fitted).value();
    }
    surface.as_of = market.as_of;
    if (dynamics.rule == vol::SmileRule::model && !quotes.slices.empty()) {
      const auto last = memory.models.find(index);
      auto fitted = fit_model(dynamics.model, quotes.slices, last == memory.models.end() ? nullptr : &last->second);
      if (!fitted) {
        smiles.unfitted.emplace(index, fitted.error());
        continue;
      }
      smiles.models.emplace(index, std::move(fitted).value());
    }
    // Why an expiry has no slice: an option on it is refused with these words.
    surface.dropped.insert(surface.dropped.end(), quotes.dropped.begin(), quotes.dropped.end());
    smiles.surfaces.emplace(index, std::move(surface));
  }
  return smiles;
}

}  // namespace

const char* name(Quality quality) {
  switch (quality) {
    case Quality::ok: return "OK";
    case Quality::degraded: return "DEGRADED";
    case Quality::refused: return "REFUSED";
  }
  return "";
}

std::string default_hedge(const Exposure& exposure) {
  return exposure.underlying + (exposure.coin_settled ? "-PERPETUAL" : "_USDC-PERPETUAL");
}

Decision decide(const Config& config, market::Snapshot market, const market::Portfolio& portfolio,
                const Memory& memory) {
  Decision decision;
  decision.as_of = market.as_of;
  decision.market = market::clean(std::move(market), config.cleaning);
  decision.surface = vol::quoted(decision.market);
  decision.quotes = decision.market.quotes.size();
  decision.dropped = decision.market.dropped;
  decision.dropped.insert(decision.dropped.end(), decision.surface.dropped.begin(), decision.surface.dropped.end());
  note_defaults(decision);

  if (config.rebalance) {
    if (const auto rule = hedge::checked(*config.rebalance); !rule)
      return refuse(std::move(decision), rule.error().what);
  }
  if (decision.quotes == 0 && decision.dropped.empty()) return refuse(std::move(decision), "the market has no quotes");
  if (portfolio.positions.empty()) return refuse(std::move(decision), "the book has no positions");
  for (const std::string& instrument : config.with) {
    if (!decision.market.instruments.contains(instrument)) {
      return refuse(std::move(decision), fmt::format("{}: unknown hedge instrument", instrument));
    }
  }
  if (config.dynamics) {
    decision.smiles = fit_smiles(config, *config.dynamics, decision.market, decision.surface, portfolio, memory);
  }
  const risk::Smiles* smiles = decision.smiles ? &*decision.smiles : nullptr;
  auto exposures = risk::exposure(portfolio, decision.market, decision.surface, smiles);
  if (!exposures) return refuse(std::move(decision), exposures.error().what);
  decision.exposures = std::move(exposures).value();
  for (const std::string& instrument : config.with) {
    const std::string& underlying = decision.market.instruments.at(instrument).underlying;
    const bool needed = std::any_of(decision.exposures.begin(), decision.exposures.end(),
                                    [&](const Exposure& e) { return e.underlying == underlying; });
    if (!needed)
      return refuse(std::move(decision), fmt::format("{}: the book has nothing on {}", instrument, underlying));
  }
  if (config.problem && decision.exposures.size() > 1) {
    return refuse(std::move(decision),
                  fmt::format("the book is on {} underlyings: a problem is of one", decision.exposures.size()));
  }

  for (const Exposure& exposure : decision.exposures) {
    auto vega = risk::vega_buckets(exposure, config.vega_reference_days);
    if (!vega) return refuse(std::move(decision), vega.error().what);
    decision.vega.push_back(std::move(vega).value());
    auto call = call_of(config, exposure, memory, decision.as_of);
    if (!call) return refuse(std::move(decision), call.error().what);
    decision.calls.push_back(std::move(call).value());
    auto plan = plan_for(config, exposure, decision, decision.calls.back());
    if (!plan) return refuse(std::move(decision), plan.error().what);
    if (const auto fault = fails_check(plan.value(), exposure, config))
      return refuse(std::move(decision), "the plan fails its check: " + *fault);
    judge_underlying(decision, exposure, config.cleaning, plan.value().numeraire, portfolio);
    if (smiles != nullptr) {
      const auto learned = smiles->dynamics.learned.find(exposure.underlying);
      if (learned != smiles->dynamics.learned.end()) {
        if (const auto fault = unfit(learned->second, exposure.underlying, decision.as_of))
          return refuse(std::move(decision), *fault);
        judge_learned(decision, learned->second, exposure.underlying);
      }
    }
    for (const risk::PositionRisk& p : exposure.positions) {
      if (const auto fault = off_index(p.instrument, p.unit)) return refuse(std::move(decision), *fault);
      judge_price(decision, p.instrument, p.unit);
      judge_index(decision, p.instrument, p.unit);
      judge_option(decision, p.instrument, p.unit, decision.surface);
      judge_age(decision, decision.market, config.cleaning, p.instrument);
    }
    for (const Leg& leg : plan.value().legs) {
      if (const auto fault = off_index(leg.instrument, leg.unit)) return refuse(std::move(decision), *fault);
      judge_price(decision, leg.instrument, leg.unit);
      judge_index(decision, leg.instrument, leg.unit);
      judge_option(decision, leg.instrument, leg.unit, decision.surface);
      judge_age(decision, decision.market, config.cleaning, leg.instrument);
      judge_leg(decision, leg, decision.market);
    }
    if (plan.value().least_norm) {
      decision.notes.push_back(
          fmt::format("{}: the instruments can share the hedge in many ways: the smallest sizes", exposure.underlying));
    }
    judge_open_delta(decision, plan.value());
    decision.plans.push_back(std::move(plan).value());
  }
  return decision;
}

Result<std::vector<hedge::FrontierPoint>> frontier(const Config& config, const Decision& decision, int points,
                                                   const std::function<void(int)>& told) {
  if (!config.problem) return Error{Fault::bad_input, "a frontier is of a problem, and there is none"};
  assert(decision.quality != Quality::refused && decision.exposures.size() == 1);
  const Exposure& exposure = decision.exposures.front();
  auto found =
      hedge::frontier(exposure, decision.market, decision.surface, *config.problem, numeraire_of(config, exposure),
                      points, decision.smiles ? &*decision.smiles : nullptr, told);
  if (!found) return found;
  for (const hedge::FrontierPoint& point : found.value()) {
    if (const auto fault = fails_check(point.plan, exposure, config)) {
      return Error{Fault::no_solution,
                   fmt::format("the plan at an aversion of {} fails its check: {}", point.aversion, *fault)};
    }
  }
  return found;
}

}  // namespace ballast::desk
