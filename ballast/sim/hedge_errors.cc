#include "ballast/sim/hedge_errors.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "ballast/base/text.h"
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
                                    std::span<const risk::Regime> regime) {
  std::vector<RegimeErrors> list;
  for (const risk::Regime r : {risk::Regime::crash, risk::Regime::rally, risk::Regime::calm}) {
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

std::optional<Error> bad(std::span<const RuleErrors> rules, std::span<const risk::Regime> regime,
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

std::optional<Error> compare(std::span<const RuleErrors> rules, const Squares& squares, std::size_t base,
                             const ErrorRules& settings, Rng& rng, ErrorTable& table) {
  // What was tried is the rules that hedge; a book left alone is no candidate, and takes the same draws by itself.
  std::vector<std::size_t> tried, alone;
  for (std::size_t k = 0; k < rules.size(); ++k) {
    if (k != base) (rules[k].hedges ? tried : alone).push_back(k);
  }
  const Rng draws = rng;
  for (const auto* family : {&tried, &alone}) {
    Squares losses;
    for (const std::size_t k : *family) losses.push_back(squares[k]);
    if (losses.empty()) continue;
    rng = draws;
    const auto found = math::compare_rules(squares[base], losses, rng, settings.comparison);
    if (!found) return found.error();
    for (std::size_t j = 0; j < family->size(); ++j) {
      const math::RuleVerdict& v = found.value().rules[j];
      AgainstBase& against = table.rules[(*family)[j]].against_base.emplace();
      against = {.mean_difference = v.mean,
                 .statistic = v.diebold_mariano.statistic,
                 .p = v.diebold_mariano.p,
                 .ratio = 1.0 - v.reduction,
                 .ratio_low = 1.0 - v.reduction_interval.high,
                 .ratio_high = 1.0 - v.reduction_interval.low};
      if (family == &tried) against.p_deflated = v.adjusted_p;
    }
  }
  return std::nullopt;
}

}  // namespace

Result<ErrorTable> compare_errors(std::span<const RuleErrors> rules, std::span<const risk::Regime> regime,
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
  constexpr std::size_t least = 10;  // steps that compare_rules() asks for
  if (rules.size() > 1 && rules.front().pnl.size() >= least) {
    const Squares squares = squares_of(rules);
    if (const auto error = compare(rules, squares, base, settings, rng, table)) return *error;
  }
  return table;
}

}  // namespace ballast::sim
