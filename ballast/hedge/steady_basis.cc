#include "ballast/hedge/steady_basis.h"

#include <cmath>

#include <fmt/format.h>

#include "ballast/math/elementary.h"

namespace ballast::hedge {
namespace {

/// The legs of each kind for one expiry; empty: not to be had.
std::array<std::vector<BasisLeg>, basis_hedges> stand_ins(const FuturePrices& now, Time expiry,
                                                          const std::set<Time>& usable) {
  std::array<std::vector<BasisLeg>, basis_hedges> legs;
  const auto at = [&](BasisHedge kind) -> std::vector<BasisLeg>& { return legs[static_cast<std::size_t>(kind)]; };
  if (now.perpetual) at(BasisHedge::perpetual) = {{std::nullopt, 1.0}};
  std::optional<Time> earlier, later;
  for (const Time t : usable) {
    if (!now.forwards.contains(t) || t == expiry) continue;
    if (t < expiry) earlier = t;
    if (expiry < t && !later) later = t;
  }
  if (earlier) at(BasisHedge::earlier) = {{earlier, 1.0}};
  if (later) at(BasisHedge::later) = {{later, 1.0}};
  if (earlier && later) {
    const double weight = seconds_between(*earlier, expiry) / seconds_between(*earlier, *later);
    at(BasisHedge::both) = {{earlier, 1.0 - weight}, {later, weight}};
  }
  return legs;
}

std::size_t tenor_at(Time now, Time expiry) { return vol::tenor_of(years_between(now, expiry)); }

std::optional<Error> fault(const FuturePrices& prices) {
  for (const auto& [expiry, forward] : prices.forwards) {
    if (!(forward > 0.0 && std::isfinite(forward)))
      return Error{Fault::bad_input, fmt::format("the forward of {} is {}", to_string(expiry), forward)};
  }
  if (prices.perpetual && !(*prices.perpetual > 0.0 && std::isfinite(*prices.perpetual)))
    return Error{Fault::bad_input, fmt::format("the perpetual is at {}", *prices.perpetual)};
  return std::nullopt;
}

}  // namespace

Result<SteadyBasisState> update(const SteadyBasisState& state, const FuturePrices& from, const FuturePrices& to,
                                const SteadyBasisRules& rules) {
  if (!(rules.memory_days > 0.0 && rules.dated_bp > 0.0 && rules.perpetual_bp > 0.0)) {
    return Error{Fault::bad_input, fmt::format("rules of the basis: {} days, {} bp, {} bp", rules.memory_days,
                                               rules.dated_bp, rules.perpetual_bp)};
  }
  if (!(to.as_of > from.as_of) || to.as_of < state.as_of) {
    return Error{Fault::bad_input, fmt::format("prices from {} to {} after {}", to_string(from.as_of),
                                               to_string(to.as_of), to_string(state.as_of))};
  }
  if (auto error = fault(from)) return *error;
  if (auto error = fault(to)) return *error;
  SteadyBasisState next = state;
  next.as_of = to.as_of;
  const double days = seconds_between(state.as_of.ms == 0 ? from.as_of : state.as_of, to.as_of) / 86400.0;
  const double fading = math::exp(-0.69314718055994530942 * days / rules.memory_days);
  for (auto& kind : next.record) {
    for (BasisRecord& r : kind) r.squares *= fading, r.count *= fading;
  }
  for (const auto& [expiry, forward] : from.forwards) {
    const auto later = to.forwards.find(expiry);
    if (later == to.forwards.end() || !(expiry > from.as_of)) continue;
    const double own = 1.0 - forward / later->second;
    const auto legs = stand_ins(from, expiry, from.listed);
    for (std::size_t kind = 0; kind < basis_hedges; ++kind) {
      const double move = legs[kind].empty() ? NAN : own - gain(legs[kind], from, to);
      if (!std::isfinite(move)) continue;  // a future that expired in between, a perpetual without a price
      BasisRecord& r = next.record[kind][tenor_at(from.as_of, expiry)];
      r.squares += move * move;
      r.count += 1.0;
    }
  }
  return next;
}

std::optional<BasisChoice> choose(const SteadyBasisState& state, const FuturePrices& now, Time expiry,
                                  const SteadyBasisRules& rules, const std::set<Time>* usable) {
  const std::set<Time>& futures = usable ? *usable : now.listed;
  if (futures.contains(expiry) && now.forwards.contains(expiry))
    return BasisChoice{.matching = true, .legs = {{expiry, 1.0}}};
  if (!(expiry > now.as_of)) return std::nullopt;
  const auto legs = stand_ins(now, expiry, futures);
  std::optional<BasisChoice> best;
  for (std::size_t kind = 0; kind < basis_hedges; ++kind) {
    if (legs[kind].empty()) continue;
    const auto named = static_cast<BasisHedge>(kind);
    const BasisRecord& r = state.record[kind][tenor_at(now.as_of, expiry)];
    const double guess = named == BasisHedge::perpetual ? rules.perpetual_bp : rules.dated_bp;
    const double typical = std::sqrt((1e8 * r.squares + guess * guess) / (r.count + 1.0));
    if (!best || typical < best->typical_bp) best = {.kind = named, .legs = legs[kind], .typical_bp = typical};
  }
  return best;
}

double gain(const std::vector<BasisLeg>& legs, const FuturePrices& from, const FuturePrices& to) {
  double sum = 0.0;
  for (const BasisLeg& leg : legs) {
    const auto price = [&](const FuturePrices& p) {
      if (!leg.expiry) return p.perpetual.value_or(NAN);
      const auto forward = p.forwards.find(*leg.expiry);
      return forward == p.forwards.end() ? NAN : forward->second;
    };
    sum += leg.weight * (1.0 - price(from) / price(to));
  }
  return sum;
}

}  // namespace ballast::hedge
