#include "ballast/app/frontier_page.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ballast/app/data_page.h"
#include "ballast/app/decision_json.h"
#include "ballast/app/optimum_report.h"

namespace ballast::app {
namespace {

using nlohmann::ordered_json;

ordered_json point_json(double aversion, const hedge::Plan& plan) {
  const hedge::Optimum& o = *plan.optimum;
  ordered_json legs = ordered_json::array();
  for (const hedge::Leg& leg : plan.legs) {
    legs.push_back({{"instrument", leg.instrument.name},
                    {"side", name(leg.side)},
                    {"amount", leg.amount},
                    {"unit", market::name(leg.instrument.size_unit())}});
  }
  return {{"aversion", aversion},         {"risk_usd", o.risk_after}, {"cost_usd", o.cost()},
          {"penalties_usd", o.penalties}, {"proved", o.proved},       {"delta", plan.residual.delta},
          {"legs", std::move(legs)},      {"words", leg_words(plan)}};
}

}  // namespace

ordered_json frontier_json(const desk::Decision& decision, const std::vector<hedge::FrontierPoint>& points) {
  const hedge::Plan& own = decision.plans.front();
  ordered_json list = ordered_json::array();
  for (const hedge::FrontierPoint& point : points) list.push_back(point_json(point.aversion, point.plan));
  return {{"as_of", to_string(decision.as_of)},
          {"quality", desk::name(decision.quality)},
          {"reasons", decision.reasons},
          {"underlying", own.underlying},
          {"numeraire", name(own.numeraire)},
          {"risk_before_usd", own.optimum->risk_before},
          {"chosen", point_json(own.optimum->aversion, own)},
          {"points", std::move(list)}};
}

std::string frontier_page(const ordered_json& data) {
  return data_page(page_frontier_html, page_frontier_css, page_frontier_js,
                   fmt::format("{} hedge frontier, {}", data.value("underlying", ""), data.value("as_of", "")), data);
}

}  // namespace ballast::app
