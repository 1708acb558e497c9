#include "ballast/app/decision_json.h"
#include "ballast/app/optimum_report.h"
#include "ballast/math/arithmetic.h"

#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ballast::app {
namespace {

using desk::Decision;
using nlohmann::ordered_json;
using risk::Exposure;

// Screen units: vega for one vol point, theta for one day.
constexpr double per_point = 1.0 / 100.0, per_day = 1.0 / 365.0;

/// The book in one numeraire: delta in coin, the rest in the numeraire's money, in screen units.
template <class InNumeraire>
ordered_json frame_json(const InNumeraire& in) {
  return {{"delta", in.delta.value},
          {"gamma", in.gamma.value},
          {"vega", in.vega.value * per_point},
          {"theta", in.theta.value * per_day}};
}

ordered_json totals_json(const risk::Totals& t, bool coin_known) {
  ordered_json j = {
      {"black_delta", t.black_delta.value}, {"net_delta", t.net_delta.value},   {"gamma", t.gamma},
      {"vega", t.vega.value * per_point},   {"theta", t.theta.value * per_day}, {"in_coin", frame_json(t.coin)},
      {"in_usd", frame_json(t.usd)}};
  if (!coin_known) j["in_coin"]["delta"] = nullptr;
  return j;
}

/// What the smile dynamics add; null without them.
ordered_json smile_json(const risk::Totals& t, bool asked) {
  if (!asked) return nullptr;
  return {{"delta", t.smile_delta.value},
          {"gamma", t.smile_gamma},
          {"theta", t.smile_theta.value * per_day},
          {"delta_by_stickiness", t.delta_by_stickiness.value}};
}

template <class Vegas>
ordered_json buckets_json(const Vegas& vega) {
  ordered_json j = ordered_json::object();
  for (std::size_t i = 0; i < risk::delta_buckets; ++i)
    j[risk::name(static_cast<risk::DeltaBucket>(i))] = vega[i].value * per_point;
  return j;
}

ordered_json vega_json(const risk::VegaBuckets& vega) {
  ordered_json j = buckets_json(vega.by_delta);
  j["total"] = vega.total.value * per_point;
  j["weighted"] = vega.weighted.value * per_point;
  j["reference_days"] = vega.reference_days;
  j["by_expiry"] = ordered_json::object();
  for (const auto& [expiry, row] : vega.by_expiry) {
    ordered_json r = buckets_json(row.vega);
    r["total"] = row.total.value * per_point;
    r["weight"] = row.weight;
    j["by_expiry"][to_string(expiry)] = std::move(r);
  }
  return j;
}

ordered_json smiles_json(const std::optional<risk::Smiles>& smiles) {
  ordered_json list = ordered_json::array();
  if (!smiles) return list;
  for (const auto& [index, surface] : smiles->surfaces) {
    for (const vol::Slice& slice : surface.slices) {
      const vol::SmilePoint atm = vol::at(slice.shape, 0.0);
      list.push_back({{"index", index},
                      {"expiry", to_string(slice.expiry)},
                      {"forward", slice.forward.value},
                      {"atm_vol", vol::vol_of(atm, slice.years).value},
                      {"skew", vol::vol_slope(atm, slice.years)},
                      {"stickiness", vol::rule_at(smiles->dynamics, slice.years).stickiness},
                      {"quotes", slice.health.quotes},
                      {"rmse", slice.health.rmse},
                      {"worst", slice.health.worst}});
    }
  }
  return list;
}

/// The numbers of the fitted model, by index; null under other dynamics.
ordered_json models_json(const std::optional<risk::Smiles>& smiles) {
  if (!smiles || smiles->dynamics.rule != vol::SmileRule::model) return nullptr;
  ordered_json all = ordered_json::object();
  for (const auto& [index, fitted] : smiles->models) {
    ordered_json& one = all[index] = {{"model", model::name(fitted)}};
    const auto numbers = model::parameters(model::name(fitted));
    const std::vector<double> values = model::values(fitted);
    for (std::size_t i = 0; i < values.size(); ++i) one[std::string(numbers[i].name)] = values[i];
  }
  return all;
}

/// What the adaptive rule has learned and says, by underlying; null under other dynamics.
ordered_json adaptive_json(const std::optional<risk::Smiles>& smiles) {
  if (!smiles || smiles->dynamics.rule != vol::SmileRule::adaptive) return nullptr;
  ordered_json all = ordered_json::object();
  for (const auto& [underlying, learned] : smiles->dynamics.learned) {
    ordered_json tenors = ordered_json::array();
    for (std::size_t i = 0; i < vol::tenors; ++i) {
      const vol::AdaptiveView seen = vol::view(learned.state, i, learned.rules);
      tenors.push_back({{"tenor", tenor_name(i)},
                        {"verdict", vol::verdict(seen, learned.rules)},
                        {"level", seen.level},
                        {"tilt", seen.tilt},
                        {"scale", seen.scale},
                        {"t", seen.t},
                        {"instants", seen.instants}});
    }
    all[underlying] = {
        {"learned_to", to_string(learned.state.as_of)}, {"steps", learned.steps}, {"tenors", std::move(tenors)}};
  }
  return all;
}

ordered_json frame_units_json(const std::string& coin, const std::string& money) {
  return {{"delta", coin},
          {"gamma", money + " per squared relative move"},
          {"vega", money + " per vol point"},
          {"theta", money + " per day"}};
}

ordered_json units_json(const std::string& coin) {
  return {{"black_delta", coin},
          {"net_delta", coin},
          {"usd_delta", coin},
          {"gamma", coin + " per USD"},
          {"vega", "USD per vol point"},
          {"theta", "USD per day"},
          {"equity", coin},
          {"options_value", coin},
          {"smile",
           {{"delta", coin},
            {"gamma", coin + " per USD"},
            {"theta", "USD per day"},
            {"delta_by_stickiness", coin + " per unit of R"}}},
          {"vega_buckets", "USD per vol point"},
          {"in_coin", frame_units_json(coin, coin)},
          {"in_usd", frame_units_json(coin, "USD")}};
}

ordered_json exposure_json(const Exposure& e, Numeraire numeraire, const risk::VegaBuckets& vega) {
  ordered_json j = totals_json(e.total, !e.coin_unknown);
  const auto usd = e.usd_delta();
  j["usd_delta"] = usd ? ordered_json(usd.value().value) : ordered_json();
  j["equity"] = e.equity ? ordered_json(e.equity->value) : ordered_json();
  j["options_value"] = e.total.options_value.value;
  j["smile"] = smile_json(e.total, e.dynamics.has_value());
  j["vega_buckets"] = vega_json(vega);
  j["index"] = e.index.value;
  j["numeraire"] = name(numeraire);
  j["units"] = units_json(e.underlying);
  ordered_json by_expiry = ordered_json::object();
  for (const auto& [expiry, totals] : e.by_expiry) {
    ordered_json& row = by_expiry[expiry == never ? "none" : to_string(expiry)];
    row = totals_json(totals, !e.coin_unknown);
    row["smile"] = smile_json(totals, e.dynamics.has_value());
  }
  j["by_expiry"] = std::move(by_expiry);
  return j;
}

ordered_json cost_json(const hedge::Cost& cost) {
  return {{"spread_usd", cost.spread ? ordered_json(cost.spread->value) : ordered_json()},
          {"impact_usd", cost.spread ? ordered_json(cost.impact.value) : ordered_json()},
          {"fee_usd", cost.fee.value},
          {"total_usd", cost.total() ? ordered_json(cost.total()->value) : ordered_json()},
          {"average_price", cost.average_price ? ordered_json(*cost.average_price) : ordered_json()},
          {"walked_book", cost.walked},
          {"beyond_depth", cost.beyond_depth},
          {"beyond_curve", cost.beyond_curve}};
}

ordered_json leg_json(const hedge::Leg& leg, const hedge::Plan& plan, const std::optional<risk::Smiles>& smiles) {
  return {{"instrument", leg.instrument.name},
          {"underlying", leg.instrument.underlying},
          {"side", name(leg.side)},
          {"amount", leg.amount},
          {"unit", market::name(leg.instrument.size_unit())},
          {"contracts", leg.contracts},
          {"lots", leg.lots},
          {"price", leg.unit.price},
          {"price_source", risk::name(leg.unit.price_source)},
          {"ratio", leg.ratio},
          {"ratio_unit", leg.instrument.underlying},
          {"convention", convention(plan, smiles)},
          {"residual_delta", plan.residual.delta},
          {"cost", cost_json(leg.cost)}};
}

ordered_json residual_json(const hedge::Plan& plan) {
  ordered_json units = frame_units_json(plan.underlying, plan.numeraire == Numeraire::coin ? plan.underlying : "USD");
  units.erase("theta");  // no target
  return {{"delta", plan.residual.delta},
          {"half_lot_delta", plan.half_lot_delta},
          {"gamma", plan.residual.gamma},
          {"vega", plan.residual.vega * per_point},
          {"units", std::move(units)}};
}

ordered_json forwards_json(const vol::QuotedChain& surface) {
  ordered_json list = ordered_json::array();
  for (const auto& [key, f] : surface.forwards) {
    list.push_back({{"index", key.index},
                    {"expiry", to_string(key.expiry)},
                    {"forward", f.price.value},
                    {"source", curve::name(f.source)},
                    {"pairs", f.pairs},
                    {"outliers", f.outliers},
                    {"spread_usd", f.spread}});
  }
  return list;
}

}  // namespace

const char* name(Numeraire numeraire) { return numeraire == Numeraire::coin ? "coin" : "usd"; }
const char* name(hedge::Side side) { return side == hedge::Side::buy ? "buy" : "sell"; }

std::string tenor_name(std::size_t tenor) {
  const auto& edges = vol::tenor_edges_days;
  if (tenor == 0) return fmt::format("below {:g} days", edges.front());
  if (tenor >= edges.size()) return fmt::format("{:g} days and more", edges.back());
  return fmt::format("{:g} to {:g} days", edges.at(tenor - 1), edges.at(tenor));
}

std::string convention(const hedge::Plan& plan, const std::optional<risk::Smiles>& smiles) {
  const std::string fixed = plan.numeraire == Numeraire::coin
                                ? "coin-neutral: net delta (Black delta - premium/forward)"
                                : "usd-neutral: equity + net delta";
  return smiles ? fixed + " + vega dvol/dF, " + vol::name(smiles->dynamics) : fixed;
}

std::string decision_json(const Decision& decision, bool one_line) {
  ordered_json j = {{"as_of", to_string(decision.as_of)},
                    {"quality", desk::name(decision.quality)},
                    {"arithmetic", math::name(math::arithmetic())},
                    {"dynamics", decision.smiles ? vol::name(decision.smiles->dynamics) : "net"},
                    {"reasons", decision.reasons},
                    {"notes", decision.notes}};
  j["exposure"] = ordered_json::object();
  j["legs"] = ordered_json::array();
  j["residual"] = ordered_json::object();
  j["optimum"] = ordered_json::object();
  for (std::size_t i = 0; i < decision.plans.size(); ++i) {
    const Exposure& e = decision.exposures[i];
    const hedge::Plan& plan = decision.plans[i];
    j["exposure"][e.underlying] = exposure_json(e, plan.numeraire, decision.vega[i]);
    for (const hedge::Leg& leg : plan.legs) j["legs"].push_back(leg_json(leg, plan, decision.smiles));
    j["residual"][e.underlying] = residual_json(plan);
    if (plan.optimum) j["optimum"][e.underlying] = optimum_json(plan);
  }
  j["dropped"] = ordered_json::array();
  for (const market::Dropped& d : decision.dropped) {
    j["dropped"].push_back({{"instrument", d.instrument}, {"reason", d.reason}, {"detail", d.detail}});
  }
  j["forwards"] = forwards_json(decision.surface);
  j["smiles"] = smiles_json(decision.smiles);
  j["adaptive"] = adaptive_json(decision.smiles);
  j["models"] = models_json(decision.smiles);
  return j.dump(one_line ? -1 : 2) + "\n";
}

}  // namespace ballast::app
