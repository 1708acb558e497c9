#include <array>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "ballast/app/decision_json.h"
#include "ballast/app/optimum_report.h"
#include "ballast/app/output.h"
#include "ballast/base/text.h"

namespace ballast::app {
namespace {

using desk::Decision;
using risk::Exposure;
using risk::PositionRisk;

std::string indented(const std::string& text, const std::string& by = "  ") {
  std::string out = by;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if (text[i] == '\n' && i + 1 < text.size()) out += by;
  }
  return out;
}

std::string expiry_text(Time expiry) { return expiry == never ? "perpetual, spot" : to_string(expiry).substr(0, 10); }

std::vector<Cell> totals_row(const std::string& label, const risk::Totals& t) {
  return {label, t.black_delta.value, t.net_delta.value, t.gamma, t.vega.value / 100.0, t.theta.value / 365.0};
}

std::string exposure_text(const Exposure& e) {
  Table table{{{"expiry"},
               {"black_delta", 4},
               {"net_delta", 4},
               {"gamma_per_usd", -3},
               {"vega_usd_per_point", 2},
               {"theta_usd_per_day", 2}},
              {}};
  for (const auto& [expiry, totals] : e.by_expiry) table.rows.push_back(totals_row(expiry_text(expiry), totals));
  table.rows.push_back(totals_row("all", e.total));
  return indented(render(table, Format::table));
}

/// What the smile dynamics add to the net delta above, and how much hangs on R.
std::string smile_text(const Exposure& e) {
  if (!e.dynamics) return "";
  return fmt::format("  smile {}: delta {:+.6f} {} on top of net delta = {:+.6f}; one more of R: {:+.6f} {}\n",
                     vol::name(*e.dynamics), e.total.smile_delta.value, e.underlying,
                     e.total.net_delta.value + e.total.smile_delta.value, e.total.delta_by_stickiness.value,
                     e.underlying);
}

/// What the adaptive rule says of each tenor; empty under other dynamics.
std::string adaptive_text(const std::string& underlying, const vol::SmileDynamics& dynamics) {
  const auto found = dynamics.learned.find(underlying);
  if (dynamics.rule != vol::SmileRule::adaptive || found == dynamics.learned.end()) return "";
  const vol::Learned& learned = found->second;
  std::string out =
      fmt::format("  {} learned from {} steps to {}\n", underlying, learned.steps, to_string(learned.state.as_of));
  for (std::size_t i = 0; i < vol::tenors; ++i) {
    const vol::AdaptiveView seen = vol::view(learned.state, i, learned.rules);
    const std::string t = std::isfinite(seen.t) ? fmt::format("{:.2f}", seen.t) : std::string("none");
    out += fmt::format("  {:>16}: adaptive: {} (t {}, {:.1f} instants)", tenor_name(i),
                       vol::verdict(seen, learned.rules), t, seen.instants);
    if (seen.scale > 0.0) {
      out += fmt::format(": dln vol/dln F = {:.4f} ({:+.4f} {:+.4f} z)", seen.scale, seen.level, seen.tilt);
    }
    out += "\n";
  }
  return out;
}

std::string cost_text(const hedge::Cost& cost) {
  if (!cost.spread) return fmt::format("fee {} USD, spread not known", grouped(cost.fee.value, 2));
  const std::string impact =
      cost.impact.value > 0.0 ? fmt::format(" + impact {}", grouped(cost.impact.value, 2)) : std::string();
  return fmt::format("{} USD = {} {}{} + fee {}", grouped(cost.total()->value, 2), cost.walked ? "book" : "half spread",
                     grouped(cost.spread->value, 2), impact, grouped(cost.fee.value, 2));
}

std::string unit_text(const market::Instrument& instrument) {
  return instrument.size_unit() == market::SizeUnit::usd ? "USD" : instrument.underlying;
}

std::string leg_text(const hedge::Leg& leg) {
  return fmt::format("  {} {} {} {}  at {} ({}), {} contracts, {:+.6f} {}\n      ratio {:.6f} {} of it; cost {}\n",
                     leg.side == hedge::Side::buy ? "BUY " : "SELL", shortest(leg.amount), unit_text(leg.instrument),
                     leg.instrument.name, shortest(leg.unit.price), risk::name(leg.unit.price_source),
                     shortest(leg.contracts), leg.coins.value, leg.instrument.underlying, leg.ratio,
                     leg.instrument.underlying, cost_text(leg.cost));
}

std::string plan_text(const Exposure& e, const hedge::Plan& plan, const std::optional<risk::Smiles>& smiles) {
  std::string out =
      fmt::format("\n{}  index {}  {}\n\n", e.underlying, grouped(e.index.value, 2), convention(plan, smiles));
  out += exposure_text(e) + "\n";
  out += smile_text(e);
  if (e.dynamics) out += adaptive_text(e.underlying, *e.dynamics);
  if (plan.numeraire == Numeraire::usd) {
    out += fmt::format("  equity {} {}\n",
                       e.equity ? grouped(e.equity->value, 6) : std::string("0 (nothing settles in the coin)"),
                       e.equity ? e.underlying : std::string());
  }
  out += fmt::format("  to neutralise: delta {:+.6f} {}", plan.before.delta, e.underlying);
  for (const hedge::Target target : plan.targets) {
    if (target == hedge::Target::delta) continue;
    const double scale = target == hedge::Target::vega ? 0.01 : 1.0;
    out += fmt::format(", {} {:+.6g}{}", hedge::name(target), plan.before.of(target) * scale,
                       target == hedge::Target::vega ? " a point" : "");
  }
  out += "\n\n";
  for (const hedge::Leg& leg : plan.legs) out += leg_text(leg);
  if (plan.legs.empty()) {
    out += plan.optimum ? "  nothing to trade: no trade is worth its cost\n"
                        : "  nothing to trade: the book is within half a lot of neutral\n";
  }
  out += fmt::format("  residual delta {:+.8f} {}", plan.residual.delta, e.underlying);
  if (plan.half_lot_delta > 0.0) out += fmt::format(" (half a lot is {:.8f})", plan.half_lot_delta);
  for (const hedge::Target target : plan.targets) {
    if (target == hedge::Target::delta) continue;
    const double scale = target == hedge::Target::vega ? 0.01 : 1.0;
    out += fmt::format(", {} {:+.6g}", hedge::name(target), plan.residual.of(target) * scale);
  }
  out += "\n";
  return plan.optimum ? out + "\n" + indented(optimum_text(plan)) : out;
}

std::string dropped_text(const Decision& decision) {
  std::map<std::string, std::size_t> count;
  for (const market::Dropped& d : decision.dropped) ++count[d.reason];
  std::string out = fmt::format("{} quotes used, {} dropped", decision.quotes, decision.dropped.size());
  const char* sep = ": ";
  for (const auto& [reason, n] : count) {
    out += fmt::format("{}{} {}", sep, n, reason);
    sep = ", ";
  }
  return out + "\n";
}

/// Counted in coin, what lies in USDC loses against the coin: the step from a linear position's delta to its share.
std::string usdc_line(const PositionRisk& p, Numeraire numeraire) {
  if (numeraire != Numeraire::coin || p.instrument.settlement != market::Settlement::linear || !p.coin_delta) return "";
  const double delta = p.coins.value * p.unit.hedge_delta();
  return fmt::format("      less its worth in USDC, as coin: {:+.8f} less {:+.8f} = {:+.8f} coin\n", delta,
                     delta - p.coin_delta->value, p.coin_delta->value);
}

std::string position_lines(const PositionRisk& p, Numeraire numeraire) {
  const risk::Valuation& u = p.unit;
  std::string out =
      fmt::format("  {}: {} {}", p.instrument.name, shortest(p.position.quantity), market::name(p.position.unit));
  if (!p.instrument.is_option()) {
    out += fmt::format(" at {} ({})", shortest(u.price), risk::name(u.price_source));
    if (p.instrument.size_unit() == market::SizeUnit::usd) {
      out += fmt::format("\n      coins = USD amount / price = {} / {} = {:.8f}", shortest(p.amount), shortest(u.price),
                         p.coins.value);
    }
    if (u.still_exposed < 1.0) out += fmt::format("\n      settlement window: {:.4f} still exposed", u.still_exposed);
    return out + fmt::format("\n      delta = {:.8f}\n", p.coins.value * u.net_delta) + usdc_line(p, numeraire);
  }
  const double f = u.forward.value, k = p.instrument.strike, stdev = u.vol.value * std::sqrt(u.years.value);
  out += fmt::format("\n      forward {:.4f}, strike {}, vol {:.4f}, {:.8f} years; price {} ({})", f, shortest(k),
                     u.vol.value, u.years.value, shortest(u.price), risk::name(u.price_source));
  out += fmt::format(
      "\n      d1 = ln(F/K)/stdev + stdev/2 = {:.8f}; Black delta = {} = {:.8f}", std::log(f / k) / stdev + 0.5 * stdev,
      p.instrument.option_type == market::OptionType::call ? "N(d1)" : "-N(-d1)", u.black_delta / u.still_exposed);
  if (u.still_exposed < 1.0)
    out += fmt::format("\n      settlement window: times {:.4f} still exposed", u.still_exposed);
  if (p.instrument.settlement == market::Settlement::inverse) {
    out += fmt::format("\n      net delta = Black delta - premium = {:.8f} - {:.8f} = {:.8f} a coin",
                       u.black_delta / u.still_exposed, u.price, u.net_delta / u.still_exposed);
  }
  if (u.smile) {
    const risk::SmileRisk& s = *u.smile;
    out += fmt::format("\n      smile: fitted vol {:.4f}, slope dvol/dk {:+.6f}, curvature {:+.6f}, {}", s.fitted.value,
                       s.slope, s.curvature,
                       std::isfinite(s.stickiness) ? "R = " + shortest(s.stickiness)
                                                   : fmt::format("dln vol/dln F = {:+.6f}", s.response));
    out += fmt::format("\n      delta along it = {:.8f} {:+.8f} (vega dvol/dF) = {:.8f}; gamma {:.6g} {:+.6g} per USD",
                       u.net_delta, s.delta, u.hedge_delta(), u.gamma, s.gamma);
  }
  out += fmt::format("\n      {} x {:.8f} = {:+.8f} coin", shortest(p.coins.value), u.hedge_delta(),
                     p.coins.value * u.hedge_delta());
  return out + "\n" + usdc_line(p, numeraire);
}

std::string leg_derivation(const hedge::Leg& leg, const hedge::Plan& plan) {
  std::string out = fmt::format("  {}: delta {:.8f} a coin", leg.instrument.name, leg.per_coin.delta);
  for (const hedge::Target target : plan.targets) {
    if (target != hedge::Target::delta) out += fmt::format(", {} {:.6g}", hedge::name(target), leg.per_coin.of(target));
  }
  if (plan.optimum) {
    out += fmt::format("\n      from the problem without whole lots: ratio {:.8f}", leg.ratio);
  } else if (plan.targets.size() == 1 && plan.targets[0] == hedge::Target::delta) {
    out += fmt::format("\n      ratio = position delta / hedge delta = {:.8f} / {:.8f} = {:.8f}", plan.before.delta,
                       leg.per_coin.delta, leg.ratio);
  } else {
    out += fmt::format("\n      from the exact solve of {} targets: ratio {:.8f} (condition number {:.3g})",
                       plan.targets.size(), leg.ratio, plan.condition);
  }
  if (leg.instrument.size_unit() == market::SizeUnit::usd) {
    out += fmt::format("\n      amount = -ratio x price = {:.8f} x {} = {:.4f} USD", -leg.ratio,
                       shortest(leg.unit.price), leg.exact_amount);
  }
  if (std::abs(leg.sized_amount - leg.exact_amount) > 1e-9 * std::abs(leg.exact_amount)) {
    out += fmt::format("\n      it closes the delta that the other legs' rounding left: {:.4f} becomes {:.4f} {}",
                       leg.exact_amount, leg.sized_amount, unit_text(leg.instrument));
  }
  const double signed_amount = leg.side == hedge::Side::buy ? leg.amount : -leg.amount;
  out +=
      fmt::format("\n      {:.6f} in lots of {} = {:+} lots, {:+} {} = {:+.8f} coin, delta {:+.8f}\n", leg.sized_amount,
                  shortest(leg.instrument.lot), leg.side == hedge::Side::buy ? leg.lots : -leg.lots, signed_amount,
                  unit_text(leg.instrument), leg.coins.value, leg.coins.value * leg.per_coin.delta);
  return out;
}

std::string vega_lines(const risk::VegaBuckets& vega) {
  if (vega.by_expiry.empty()) return "  no options\n";
  Table table{{{"expiry"},
               {"put_wing", 2},
               {"put", 2},
               {"atm", 2},
               {"call", 2},
               {"call_wing", 2},
               {"all", 2},
               {"weight", 4},
               {"weighted", 2}},
              {}};
  const auto row = [&](const std::string& label, const std::array<Usd, risk::delta_buckets>& cells, Usd total) {
    std::vector<Cell> out = {label};
    for (const Usd cell : cells) out.emplace_back(cell.value / 100.0);
    out.emplace_back(total.value / 100.0);
    return out;
  };
  for (const auto& [expiry, r] : vega.by_expiry) {
    table.rows.push_back(row(expiry_text(expiry), r.vega, r.total));
    table.rows.back().insert(table.rows.back().end(), {Cell(r.weight), Cell(r.weight * r.total.value / 100.0)});
  }
  table.rows.push_back(row("all", vega.by_delta, vega.total));
  table.rows.back().insert(table.rows.back().end(), {Cell(), Cell(vega.weighted.value / 100.0)});
  return fmt::format("  wings to 10, shoulders to 35 delta; weight = sqrt({} days / days to expiry)\n",
                     shortest(vega.reference_days)) +
         indented(render(table, Format::table));
}

std::string smile_lines(const Decision& decision) {
  if (!decision.smiles) return "";
  const vol::SmileDynamics& dynamics = decision.smiles->dynamics;
  const bool adaptive = dynamics.rule == vol::SmileRule::adaptive, model = dynamics.rule == vol::SmileRule::model;
  std::string out =
      fmt::format("\nsmiles, {}: dvol/dF = {}\n", vol::name(dynamics),
                  model      ? "(minimum-variance delta - N(d1)) / vega of the model"
                  : adaptive ? "vol scale (level + tilt z) / F, z = ln(K/F) / (vol at the money sqrt(years))"
                             : "(R - 1) slope / F");
  for (const auto& [underlying, learned] : dynamics.learned) out += adaptive_text(underlying, dynamics);
  for (const auto& [index, fitted] : decision.smiles->models) {
    out += fmt::format("  {} {}:", index, model::name(fitted));
    const auto numbers = model::parameters(model::name(fitted));
    const std::vector<double> values = model::values(fitted);
    for (std::size_t i = 0; i < values.size(); ++i) out += fmt::format(" {} {:.4g}", numbers[i].name, values[i]);
    out += "\n";
  }
  for (const auto& [index, surface] : decision.smiles->surfaces) {
    for (const vol::Slice& slice : surface.slices) {
      const vol::SmilePoint atm = vol::at(slice.shape, 0.0);
      out += fmt::format(
          "  {} {}: at the money {:.4f}, skew {:+.4f}, {}{} quotes, rmse {:.5f}, worst {:.5f}\n", index,
          to_string(slice.expiry).substr(0, 10), vol::vol_of(atm, slice.years).value, vol::vol_slope(atm, slice.years),
          adaptive || model ? "" : "R = " + shortest(vol::rule_at(dynamics, slice.years).stickiness) + "; ",
          slice.health.quotes, slice.health.rmse, slice.health.worst);
    }
  }
  return out;
}

std::string forward_lines(const Decision& decision) {
  std::string out;
  for (const auto& [key, f] : decision.surface.forwards) {
    out += fmt::format("  {} {}: {:.4f} from {} ({} pairs, {} set aside, spread {:.4f} USD)\n", key.index,
                       to_string(key.expiry).substr(0, 10), f.price.value, curve::name(f.source), f.pairs, f.outliers,
                       f.spread);
  }
  return out;
}

}  // namespace

std::string decision_table(const Decision& decision) {
  std::string out =
      fmt::format("Hedge as of {}  quality {}\n", to_string(decision.as_of), desk::name(decision.quality));
  for (const std::string& reason : decision.reasons) out += "  ! " + reason + "\n";
  for (std::size_t i = 0; i < decision.plans.size(); ++i)
    out += plan_text(decision.exposures[i], decision.plans[i], decision.smiles);
  std::map<std::string, std::size_t> sources;
  for (const auto& [key, f] : decision.surface.forwards) ++sources[curve::name(f.source)];
  out += "\nforwards:";
  for (const auto& [source, n] : sources) out += fmt::format(" {} from {};", n, source);
  out.back() = '\n';
  out += dropped_text(decision);
  for (const std::string& note : decision.notes) out += "note: " + note + "\n";
  return out;
}

std::string explanation(const Decision& decision) {
  std::string out = "\nHow the numbers come about\n\nforwards\n" + forward_lines(decision);
  out += smile_lines(decision);
  for (std::size_t i = 0; i < decision.plans.size(); ++i) {
    const Exposure& e = decision.exposures[i];
    const hedge::Plan& plan = decision.plans[i];
    out += fmt::format("\n{} positions\n", e.underlying);
    for (const PositionRisk& p : e.positions) out += position_lines(p, plan.numeraire);
    out += fmt::format("  sum: net delta {:+.8f} {}\n", e.total.net_delta.value, e.underlying);
    const std::string smile = e.dynamics ? fmt::format(" {:+.8f}", e.total.smile_delta.value) : "";
    if (e.dynamics) {
      out +=
          fmt::format("       smile {} adds {:+.8f} {}, and one more of R would add {:+.8f}\n", vol::name(*e.dynamics),
                      e.total.smile_delta.value, e.underlying, e.total.delta_by_stickiness.value);
    }
    if (plan.numeraire == Numeraire::usd && e.equity) {
      out +=
          fmt::format("  distance from USD-neutral = equity + net delta{} = {:.8f} {:+.8f}{} = {:+.8f}\n",
                      e.dynamics ? " + smile" : "", e.equity->value, e.total.net_delta.value, smile, plan.before.delta);
    } else {
      out += fmt::format("  distance from {}-neutral = {:+.8f}\n", name(plan.numeraire), plan.before.delta);
    }
    out +=
        fmt::format("\n{} vega by expiry and delta, USD per vol point\n", e.underlying) + vega_lines(decision.vega[i]);
    out += fmt::format("\n{} hedge\n", e.underlying);
    for (const hedge::Leg& leg : plan.legs) out += leg_derivation(leg, plan);
    out += fmt::format("  residual = {:+.8f}", plan.before.delta);
    for (const hedge::Leg& leg : plan.legs) out += fmt::format(" {:+.8f}", leg.coins.value * leg.per_coin.delta);
    out += fmt::format(" = {:+.8f} {}\n", plan.residual.delta, e.underlying);
  }
  return out;
}

}  // namespace ballast::app
