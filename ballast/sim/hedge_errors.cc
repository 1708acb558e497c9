#include "ballast/sim/hedge_errors.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include "ballast/base/text.h"
#include "ballast/math/elementary.h"
#include "ballast/math/forecast_comparison.h"
#include "ballast/math/stationary_bootstrap.h"
#include "ballast/risk/value_at_risk.h"

namespace ballast::sim {
namespace {

double sum_of_squares(std::span<const double> pnl) {
  double ss = 0.0;
  for (const double x : pnl) ss += x * x;
  return ss;
}

ErrorFigures figures(std::span<const double> pnl, std::optional<std::span<const double>> unhedged, double alpha) {
  const double n = static_cast<double>(pnl.size()), ss = sum_of_squares(pnl);
  ErrorFigures f{.rmse = std::sqrt(ss / n)};
  if (unhedged) {
    if (const double ss0 = sum_of_squares(*unhedged); ss0 > 0.0) {
      f.rmse_reduction = 1.0 - std::sqrt(ss / ss0);
      f.variance_reduction = 1.0 - ss / ss0;
    }
  }
  for (const double x : pnl) f.mean += x / n;
  double spread = 0.0;
  for (const double x : pnl) spread += (x - f.mean) * (x - f.mean);
  f.std = std::sqrt(spread / (n - 1.0));
  f.worst = *std::min_element(pnl.begin(), pnl.end());
  std::vector<double> losses;
  for (const double x : pnl) losses.push_back(-x);
  f.es95 = risk::expected_shortfall(losses, {}, alpha);
  return f;
}

std::vector<RegimeErrors> by_regime(std::span<const double> pnl, std::optional<std::span<const double>> unhedged,
                                    std::span<const Regime> regime) {
  std::vector<RegimeErrors> list;
  for (const Regime r : {Regime::crash, Regime::rally, Regime::calm}) {
    RegimeErrors e{.regime = r};
    double ss = 0.0, ss0 = 0.0;
    for (std::size_t t = 0; t < pnl.size(); ++t) {
      if (regime[t] != r) continue;
      ++e.steps;
      ss += pnl[t] * pnl[t];
      if (unhedged) ss0 += (*unhedged)[t] * (*unhedged)[t];
    }
    if (e.steps > 0) e.rmse = std::sqrt(ss / static_cast<double>(e.steps));
    if (ss0 > 0.0) e.rmse_reduction = 1.0 - std::sqrt(ss / ss0);
    list.push_back(e);
  }
  return list;
}

std::optional<Error> bad(std::span<const RuleErrors> rules, std::span<const Regime> regime,
                         const ErrorRules& settings) {
  const auto bad_input = [](std::string what) { return Error{Fault::bad_input, std::move(what)}; };
  if (rules.empty()) return bad_input("no rules to compare");
  std::set<std::string> names;
  for (const RuleErrors& rule : rules) {
    const std::string place = "rule " + quoted(rule.name);
    if (!names.insert(rule.name).second) return bad_input("two rules are named " + quoted(rule.name));
    if (rule.pnl.size() < 2 || rule.pnl.size() != rules.front().pnl.size()) {
      return bad_input(fmt::format("{}: {} steps, {} of rule {}; the same and at least 2 are needed", place,
                                   rule.pnl.size(), rules.front().pnl.size(), quoted(rules.front().name)));
    }
    for (std::size_t t = 0; t < rule.pnl.size(); ++t) {
      if (!std::isfinite(rule.pnl[t])) return bad_input(fmt::format("{}: step {} gains {}", place, t, rule.pnl[t]));
    }
    if (rule.unhedged && *rule.unhedged >= rules.size())
      return bad_input(fmt::format("{}: series {} of {}", place, *rule.unhedged, rules.size()));
  }
  if (regime.size() != rules.front().pnl.size())
    return bad_input(fmt::format("regimes of {} steps, {} steps", regime.size(), rules.front().pnl.size()));
  if (!(settings.alpha >= 0.0 && settings.alpha < 1.0)) return bad_input(fmt::format("alpha {}", settings.alpha));
  if (settings.resamples < 1) return bad_input(fmt::format("{} resamples", settings.resamples));
  if (settings.mean_block && !(*settings.mean_block >= 1.0))
    return bad_input(fmt::format("mean block {}", *settings.mean_block));
  if (!(settings.confidence > 0.0 && settings.confidence < 1.0))
    return bad_input(fmt::format("confidence {}", settings.confidence));
  return std::nullopt;
}

Result<std::size_t> base_of(std::span<const RuleErrors> rules, const std::optional<std::string>& base) {
  for (std::size_t k = 0; k < rules.size(); ++k) {
    if (base ? rules[k].name == *base : rules[k].hedges) return k;
  }
  if (!base) return std::size_t{0};
  std::vector<std::string> names;
  for (const RuleErrors& rule : rules) names.push_back(rule.name);
  const std::string near = nearest(*base, names);
  std::string all;
  for (const std::string& one : names) all += (all.empty() ? "" : ", ") + quoted(one);
  return Error{Fault::bad_input, "no rule " + quoted(*base) +
                                     (near.empty() ? "; there are " + all : "; did you mean " + quoted(near) + "?")};
}

/// The squared P&L of each rule at each step: its losses.
using Squares = std::vector<std::vector<double>>;

Squares squares_of(std::span<const RuleErrors> rules) {
  Squares squares;
  for (const RuleErrors& rule : rules) {
    auto& list = squares.emplace_back();
    for (const double x : rule.pnl) list.push_back(x * x);
  }
  return squares;
}

/// Mean losses of every rule in every resample: one draw of the steps serves all rules, so that what they have in
/// common stays in common.
std::vector<std::vector<double>> resampled_means(const Squares& squares, const ErrorRules& settings, Rng& rng) {
  const std::size_t n = squares.front().size();
  std::vector<std::vector<double>> means(squares.size());
  std::vector<std::size_t> steps(n);
  for (int b = 0; b < settings.resamples; ++b) {
    math::stationary_bootstrap(rng, settings.mean_block.value_or(math::mean_block(n)), steps);
    for (std::size_t k = 0; k < squares.size(); ++k) {
      double sum = 0.0;
      for (const std::size_t t : steps) sum += squares[k][t];
      means[k].push_back(sum / static_cast<double>(n));
    }
  }
  return means;
}

/// Between the order statistics, linearly.
double quantile(const std::vector<double>& sorted, double p) {
  const double at = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

/// Step-down p-values of a family: the k-th largest |t| against the largest resampled |t| of all that are not larger.
/// Shapes   resampled: [test][resample], centred and over the same standard errors as t. Source  Romano and Wolf.
std::vector<double> deflated(const std::vector<double>& t, const std::vector<std::vector<double>>& resampled) {
  std::vector<std::size_t> order(t.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return std::abs(t[a]) > std::abs(t[b]); });
  std::vector<double> p(t.size());
  if (t.empty()) return p;
  std::vector<double> largest(resampled.front().size(), 0.0);
  std::vector<double> plain(t.size());
  for (std::size_t j = order.size(); j-- > 0;) {
    std::size_t beyond = 1;
    for (std::size_t b = 0; b < largest.size(); ++b) {
      largest[b] = std::max(largest[b], std::abs(resampled[order[j]][b]));
      beyond += largest[b] >= std::abs(t[order[j]]);
    }
    plain[j] = static_cast<double>(beyond) / static_cast<double>(largest.size() + 1);
  }
  double floor = 0.0;
  for (std::size_t j = 0; j < order.size(); ++j) p[order[j]] = floor = std::max(floor, plain[j]);
  return p;
}

std::optional<Error> compare(std::span<const RuleErrors> rules, const Squares& squares, std::size_t base,
                             const ErrorRules& settings, Rng& rng, ErrorTable& table) {
  const auto means = resampled_means(squares, settings, rng);
  const double n = static_cast<double>(squares.front().size());
  const double base_loss = sum_of_squares(rules[base].pnl) / n;
  std::vector<std::size_t> family;
  std::vector<double> t;
  std::vector<std::vector<double>> resampled;
  for (std::size_t k = 0; k < rules.size(); ++k) {
    if (k == base) continue;
    const auto found = math::compare_losses(squares[base], squares[k]);
    if (!found) return in("rule " + quoted(rules[k].name), found.error());
    const math::Comparison& c = found.value();
    AgainstBase against{.mean_difference = c.mean, .statistic = c.statistic, .p = c.p};
    std::vector<double> ratios;
    for (std::size_t b = 0; b < means[k].size(); ++b) ratios.push_back(means[k][b] / means[base][b]);
    against.ratio = sum_of_squares(rules[k].pnl) / n / base_loss;
    against.ratio_low = against.ratio_high = NAN;
    if (std::all_of(ratios.begin(), ratios.end(), [](double x) { return std::isfinite(x); })) {
      std::sort(ratios.begin(), ratios.end());
      against.ratio_low = quantile(ratios, 0.5 - 0.5 * settings.confidence);
      against.ratio_high = quantile(ratios, 0.5 + 0.5 * settings.confidence);
    }
    table.rules[k].against_base = against;
    if (!rules[k].hedges || !(std::isfinite(c.statistic) && c.statistic != 0.0)) continue;
    const double error = c.mean / c.statistic;
    family.push_back(k);
    t.push_back(c.statistic);
    auto& draws = resampled.emplace_back();
    for (std::size_t b = 0; b < means[k].size(); ++b) draws.push_back((means[base][b] - means[k][b] - c.mean) / error);
  }
  const std::vector<double> p = deflated(t, resampled);
  for (std::size_t j = 0; j < family.size(); ++j) table.rules[family[j]].against_base->p_deflated = p[j];
  return std::nullopt;
}

}  // namespace

const char* name(Regime regime) {
  switch (regime) {
    case Regime::crash: return "crash";
    case Regime::rally: return "rally";
    case Regime::calm: return "calm";
  }
  return "";
}

std::vector<Regime> step_regimes(std::span<const Time> time, std::span<const double> index, double share) {
  assert(time.size() == index.size() && !index.empty() && share > 0.0 && share < 0.5);
  const std::size_t steps = index.size() - 1;
  std::vector<double> moves;
  for (std::size_t t = 0; t < steps; ++t)
    moves.push_back(math::log_ratio(index[t + 1], index[t]) / std::sqrt(seconds_between(time[t], time[t + 1])));
  std::vector<Regime> regime(steps, Regime::calm);
  const auto each = static_cast<std::size_t>(share * static_cast<double>(steps));
  if (each == 0) return regime;
  std::vector<double> sorted = moves;
  std::sort(sorted.begin(), sorted.end());
  const double low = sorted[each - 1], high = sorted[steps - each];
  for (std::size_t t = 0; t < steps; ++t) {
    if (moves[t] <= low && moves[t] < 0.0) regime[t] = Regime::crash;
    if (moves[t] >= high && moves[t] > 0.0) regime[t] = Regime::rally;
  }
  return regime;
}

Result<ErrorTable> compare_errors(std::span<const RuleErrors> rules, std::span<const Regime> regime,
                                  const ErrorRules& settings, Rng& rng) {
  if (const auto error = bad(rules, regime, settings)) return *error;
  const auto found = base_of(rules, settings.base);
  if (!found) return found.error();
  const std::size_t base = found.value();
  ErrorTable table{.base = rules[base].name};
  for (const RuleErrors& rule : rules) {
    std::optional<std::span<const double>> unhedged;
    if (rule.unhedged) unhedged = rules[*rule.unhedged].pnl;
    table.rules.push_back(figures(rule.pnl, unhedged, settings.alpha));
    table.rules.back().regimes = by_regime(rule.pnl, unhedged, regime);
  }
  if (rules.size() > 1) {
    const Squares squares = squares_of(rules);
    if (const auto error = compare(rules, squares, base, settings, rng, table)) return *error;
  }
  return table;
}

}  // namespace ballast::sim
