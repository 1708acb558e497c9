#include "ballast/app/optimum_report.h"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ballast/app/output.h"
#include "ballast/app/problem_units.h"
#include "ballast/base/text.h"
#include "ballast/market/instrument.h"

namespace ballast::app {
namespace {

using hedge::Optimum;
using nlohmann::ordered_json;

ordered_json finite(double value) { return std::isfinite(value) ? ordered_json(value) : ordered_json(); }
ordered_json finite(const std::optional<double>& value) { return value ? finite(*value) : ordered_json(); }

/// How far the objective may be from the best, of the objective; NaN without a bound.
double gap(const Optimum& o) {
  const double apart = o.objective - o.bound;
  if (!std::isfinite(apart)) return NAN;
  return apart == 0.0 ? 0.0 : apart / std::abs(o.objective);
}

Cell bound_cell(double value) {
  if (std::isfinite(value)) return value;
  return std::string(value > 0.0 ? "inf" : "-inf");
}

std::string held_table(const char* title, const std::vector<hedge::Held>& list) {
  Table table{{{title}, {"before", -6}, {"after", -6}, {"lowest", -6}, {"highest", -6}, {"USD a unit", -4}}, {}};
  for (const hedge::Held& raw : list) {
    const hedge::Held h = on_screen(raw);
    table.rows.push_back({h.what, h.before, h.after, bound_cell(h.lowest), bound_cell(h.highest),
                          std::isfinite(h.price) ? Cell(h.price) : Cell()});
  }
  return render(table, Format::table);
}

ordered_json held_json(const std::vector<hedge::Held>& list) {
  ordered_json out = ordered_json::array();
  for (const hedge::Held& raw : list) {
    const hedge::Held h = on_screen(raw);
    out.push_back({{"what", h.what},
                   {"before", finite(h.before)},
                   {"after", finite(h.after)},
                   {"lowest", finite(h.lowest)},
                   {"highest", finite(h.highest)},
                   {"price_usd", finite(h.price)}});
  }
  return out;
}

std::string usd(double value) { return grouped(value, 2); }

std::string cost_line(const Optimum& o) {
  std::string out = fmt::format("cost {} USD = spread {} + impact {} + fee {}", usd(o.cost()), usd(o.spread),
                                usd(o.impact), usd(o.fee));
  // A carry below 0 is earned.
  if (o.carry != 0.0) out += fmt::format(" {} carry {}", o.carry < 0.0 ? "-" : "+", usd(std::abs(o.carry)));
  if (o.leg_costs != 0.0) out += fmt::format(" + legs {}", usd(o.leg_costs));
  if (o.penalties != 0.0) out += fmt::format("; penalties {}", usd(o.penalties));
  return out + "\n";
}

std::string alternative_line(const Optimum& o) {
  if (!o.next_best) return "";
  std::string trades;
  for (const auto& [instrument, amount] : o.next_best->trades) {
    trades += fmt::format("{}{} {} {}", trades.empty() ? "" : ", ", amount > 0.0 ? "buy" : "sell",
                          shortest(std::abs(amount)), instrument);
  }
  return fmt::format("next best, without {}: {} USD more: {}\n", o.next_best->without,
                     usd(o.next_best->objective - o.objective), trades.empty() ? "no trade" : trades);
}

}  // namespace

hedge::Held on_screen(hedge::Held held) {
  if (!held.greek) return held;
  const double unit = of_screen(*held.greek);
  held.before /= unit, held.after /= unit, held.lowest /= unit, held.highest /= unit;
  held.price *= unit;
  return held;
}

std::vector<std::string> leg_words(const hedge::Plan& plan) {
  std::vector<std::string> out;
  for (const hedge::Leg& leg : plan.legs) {
    const bool usd_sized = leg.instrument.size_unit() == market::SizeUnit::usd;
    out.push_back(fmt::format("{} {} {} {}", leg.side == hedge::Side::buy ? "BUY" : "SELL", shortest(leg.amount),
                              usd_sized ? "USD" : leg.instrument.underlying, leg.instrument.name));
  }
  return out;
}

std::string optimum_text(const hedge::Plan& plan) {
  const Optimum& o = *plan.optimum;
  std::string out;
  if (!o.goals.empty()) out += held_table("goal", o.goals);
  if (!o.limits.empty()) out += held_table("limit", o.limits);
  out += cost_line(o);
  out +=
      fmt::format("risk {} USD, before {} (one deviation over the horizon)\n", usd(o.risk_after), usd(o.risk_before));
  if (o.tail_after && o.tail_before) {
    out += fmt::format("tail loss {} USD, before {}\n", usd(*o.tail_after), usd(*o.tail_before));
  }
  out += fmt::format("objective {} USD; ", usd(o.objective));
  out += std::isfinite(o.bound)
             ? fmt::format("no whole lots are below {} ({}, {:.2g} % apart, {} nodes)", usd(o.bound),
                           o.proved ? "proved within the gap" : "the gap is not closed", 100.0 * gap(o), o.nodes)
             : fmt::format("without a bound ({} nodes)", o.nodes);
  out += std::isfinite(o.do_nothing) ? fmt::format("; to do nothing is {}\n", usd(o.do_nothing))
                                     : std::string("; to do nothing breaks a must\n");
  return out + alternative_line(o);
}

ordered_json optimum_json(const hedge::Plan& plan) {
  const Optimum& o = *plan.optimum;
  ordered_json next;
  if (o.next_best) {
    ordered_json trades = ordered_json::array();
    for (const auto& [instrument, amount] : o.next_best->trades) {
      trades.push_back({{"instrument", instrument}, {"amount", amount}});
    }
    next = {{"without", o.next_best->without},
            {"objective_usd", finite(o.next_best->objective)},
            {"more_usd", finite(o.next_best->objective - o.objective)},
            {"trades", std::move(trades)}};
  }
  return {{"goals", held_json(o.goals)},
          {"limits", held_json(o.limits)},
          {"cost",
           {{"spread_usd", o.spread},
            {"impact_usd", o.impact},
            {"fee_usd", o.fee},
            {"carry_usd", o.carry},
            {"leg_costs_usd", o.leg_costs},
            {"total_usd", o.cost()}}},
          {"penalties_usd", finite(o.penalties)},
          {"risk_usd", {{"before", finite(o.risk_before)}, {"after", finite(o.risk_after)}}},
          {"tail_usd", {{"before", finite(o.tail_before)}, {"after", finite(o.tail_after)}}},
          {"aversion", o.aversion},
          {"objective_usd", finite(o.objective)},
          {"bound_usd", finite(o.bound)},
          {"gap", finite(gap(o))},
          {"proved", o.proved},
          {"do_nothing_usd", finite(o.do_nothing)},
          {"nodes", o.nodes},
          {"relaxed", {{"infeasibility", finite(o.infeasibility)}, {"stationarity", finite(o.stationarity)}}},
          {"next_best", std::move(next)}};
}

}  // namespace ballast::app
