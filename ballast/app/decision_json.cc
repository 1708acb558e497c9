#include "ballast/app/decision_json.h"
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
          {"in_coin", frame_units_json(coin, coin)},
          {"in_usd", frame_units_json(coin, "USD")}};
}

ordered_json exposure_json(const Exposure& e, Numeraire numeraire) {
  ordered_json j = totals_json(e.total, !e.coin_unknown);
  const auto usd = e.usd_delta();
  j["usd_delta"] = usd ? ordered_json(usd.value().value) : ordered_json();
  j["equity"] = e.equity ? ordered_json(e.equity->value) : ordered_json();
  j["options_value"] = e.total.options_value.value;
  j["index"] = e.index.value;
  j["numeraire"] = name(numeraire);
  j["units"] = units_json(e.underlying);
  ordered_json by_expiry = ordered_json::object();
  for (const auto& [expiry, totals] : e.by_expiry)
    by_expiry[expiry == never ? "none" : to_string(expiry)] = totals_json(totals, !e.coin_unknown);
  j["by_expiry"] = std::move(by_expiry);
  return j;
}

ordered_json cost_json(const hedge::Cost& cost) {
  return {{"spread_usd", cost.spread ? ordered_json(cost.spread->value) : ordered_json()},
          {"fee_usd", cost.fee.value},
          {"total_usd", cost.spread ? ordered_json(cost.spread->value + cost.fee.value) : ordered_json()},
          {"average_price", cost.average_price ? ordered_json(*cost.average_price) : ordered_json()},
          {"walked_book", cost.walked},
          {"beyond_depth", cost.beyond_depth}};
}

ordered_json leg_json(const hedge::Leg& leg, const hedge::Plan& plan) {
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
          {"convention", convention(plan)},
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

std::string convention(const hedge::Plan& plan) {
  return plan.numeraire == Numeraire::coin ? "coin-neutral: net delta (Black delta - premium/forward)"
                                           : "usd-neutral: equity + net delta";
}

std::string decision_json(const Decision& decision, bool one_line) {
  ordered_json j = {{"as_of", to_string(decision.as_of)},
                    {"quality", desk::name(decision.quality)},
                    {"arithmetic", math::name(math::arithmetic())},
                    {"reasons", decision.reasons},
                    {"notes", decision.notes}};
  j["exposure"] = ordered_json::object();
  j["legs"] = ordered_json::array();
  j["residual"] = ordered_json::object();
  for (std::size_t i = 0; i < decision.plans.size(); ++i) {
    const Exposure& e = decision.exposures[i];
    const hedge::Plan& plan = decision.plans[i];
    j["exposure"][e.underlying] = exposure_json(e, plan.numeraire);
    for (const hedge::Leg& leg : plan.legs) j["legs"].push_back(leg_json(leg, plan));
    j["residual"][e.underlying] = residual_json(plan);
  }
  j["dropped"] = ordered_json::array();
  for (const market::Dropped& d : decision.dropped) {
    j["dropped"].push_back({{"instrument", d.instrument}, {"reason", d.reason}, {"detail", d.detail}});
  }
  j["forwards"] = forwards_json(decision.surface);
  return j.dump(one_line ? -1 : 2) + "\n";
}

}  // namespace ballast::app
