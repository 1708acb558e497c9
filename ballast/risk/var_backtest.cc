#include "ballast/risk/var_backtest.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "ballast/math/elementary.h"
#include "ballast/math/normal.h"

namespace ballast::risk {
namespace {

/// `count` times ln(chance), 0 where nothing was counted.
double log_likelihood(std::size_t count, double chance) {
  return count == 0 ? 0.0 : static_cast<double>(count) * math::log(chance);
}

/// The log-likelihood of `hits` of hits + misses at a chance.
double log_likelihood(std::size_t misses, std::size_t hits, double chance) {
  return (misses == 0 ? 0.0 : static_cast<double>(misses) * math::log1p(-chance)) + log_likelihood(hits, chance);
}

double share(std::size_t misses, std::size_t hits) {
  return misses + hits == 0 ? 0.0 : static_cast<double>(hits) / static_cast<double>(misses + hits);
}

/// P(chi-squared of one degree > x).
LikelihoodRatio one_degree(double statistic) {
  const double x = std::max(statistic, 0.0);  // rounding alone makes it negative
  return {x, math::erfc(std::sqrt(0.5 * x))};
}

std::optional<Error> fault(std::span<const double> losses, std::span<const double> var, double alpha) {
  if (losses.size() != var.size() || losses.size() < 2) {
    return Error{Fault::bad_input,
                 fmt::format("{} losses and {} VaRs: two of each, and as many, are needed", losses.size(), var.size())};
  }
  if (!(alpha > 0.0 && alpha < 1.0)) return Error{Fault::bad_input, fmt::format("alpha {} is not in (0, 1)", alpha)};
  for (std::size_t i = 0; i < losses.size(); ++i) {
    if (!std::isfinite(losses[i]) || !std::isfinite(var[i]))
      return Error{Fault::bad_input, fmt::format("instant {}: loss {}, VaR {}", i, losses[i], var[i])};
  }
  return std::nullopt;
}

}  // namespace

LikelihoodRatio kupiec(std::size_t observations, std::size_t exceptions, double alpha) {
  if (observations == 0 || exceptions > observations || !(alpha > 0.0 && alpha < 1.0)) return {NAN, NAN};
  const std::size_t misses = observations - exceptions;
  return one_degree(2.0 * (log_likelihood(misses, exceptions, share(misses, exceptions)) -
                           log_likelihood(misses, exceptions, 1.0 - alpha)));
}

Result<VarBacktest> backtest_var(std::span<const double> losses, std::span<const double> value_at_risk, double alpha) {
  if (auto error = fault(losses, value_at_risk, alpha)) return *error;
  VarBacktest found{.observations = losses.size()};
  std::size_t pairs[2][2] = {};  // [exception before][exception now]
  bool before = false;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    const bool now = losses[i] > value_at_risk[i];
    found.exceptions += now ? 1 : 0;
    if (i > 0) ++pairs[before ? 1 : 0][now ? 1 : 0];
    before = now;
  }
  found.coverage = kupiec(found.observations, found.exceptions, alpha);
  const std::size_t misses = pairs[0][0] + pairs[1][0], hits = pairs[0][1] + pairs[1][1];
  double ratio = -log_likelihood(misses, hits, share(misses, hits));
  for (const auto& after : pairs) ratio += log_likelihood(after[0], after[1], share(after[0], after[1]));
  found.independence = one_degree(2.0 * ratio);
  found.both.statistic = found.coverage.statistic + found.independence.statistic;
  found.both.p = math::exp(-0.5 * found.both.statistic);  // two degrees: exponential
  return found;
}

Result<double> shortfall_backtest(std::span<const double> losses, std::span<const double> value_at_risk,
                                  std::span<const double> expected_shortfall, double alpha) {
  if (auto error = fault(losses, value_at_risk, alpha)) return *error;
  if (expected_shortfall.size() != losses.size()) {
    return Error{Fault::bad_input,
                 fmt::format("{} expected shortfalls for {} losses", expected_shortfall.size(), losses.size())};
  }
  double sum = 0.0;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    if (!(expected_shortfall[i] > 0.0 && std::isfinite(expected_shortfall[i])))
      return Error{Fault::bad_input, fmt::format("instant {}: expected shortfall {}", i, expected_shortfall[i])};
    if (losses[i] > value_at_risk[i]) sum += losses[i] / expected_shortfall[i];
  }
  return sum / (static_cast<double>(losses.size()) * (1.0 - alpha)) - 1.0;
}

Drawdown max_drawdown(std::span<const double> levels) {
  Drawdown deepest;
  std::size_t peak = 0;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (std::isnan(levels[i])) return {.depth = NAN};
    if (levels[i] > levels[peak]) peak = i;
    if (levels[peak] - levels[i] > deepest.depth)
      deepest = {.depth = levels[peak] - levels[i], .peak = peak, .trough = i};
  }
  return deepest;
}

}  // namespace ballast::risk
