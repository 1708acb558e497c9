#include "ballast/math/rule_comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "ballast/math/regression.h"
#include "ballast/math/stationary_bootstrap.h"

namespace ballast::math {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::optional<Error> fault(std::span<const double> base, std::span<const std::vector<double>> rules,
                           const RuleComparisonOptions& options) {
  const auto bad = [](std::string what) { return Error{Fault::bad_input, std::move(what)}; };
  const std::size_t n = base.size();
  if (rules.empty()) return bad("no rule to compare");
  if (n < 10) return bad(fmt::format("{} instants: at least 10 are needed", n));
  for (std::size_t k = 0; k < rules.size(); ++k) {
    if (rules[k].size() != n) return bad(fmt::format("rule {}: {} losses for {} instants", k, rules[k].size(), n));
    for (std::size_t i = 0; i < n; ++i)
      if (!std::isfinite(rules[k][i])) return bad(fmt::format("rule {}, instant {}: loss {}", k, i, rules[k][i]));
  }
  for (std::size_t i = 0; i < n; ++i)
    if (!std::isfinite(base[i])) return bad(fmt::format("base, instant {}: loss {}", i, base[i]));
  if (options.draws < 19 || options.draws > 100'000) return bad(fmt::format("{} draws", options.draws));
  if (options.block && !(*options.block >= 1.0 && *options.block <= static_cast<double>(n)))
    return bad(fmt::format("a mean block of {} for {} instants", *options.block, n));
  if (options.lag && !(*options.lag >= 0 && static_cast<std::size_t>(*options.lag) < n))
    return bad(fmt::format("lag {} for {} instants", *options.lag, n));
  if (!(options.level > 0.0 && options.level < 1.0)) return bad(fmt::format("a level of {}", options.level));
  return std::nullopt;
}

double mean_of(std::span<const double> x) {
  return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}

/// Newey and West's standard error of the mean. The Bartlett kernel's sum of autocovariances is a mean of squares of
/// window sums, so it takes one pass whatever the lag, and is never negative.
double error_of_mean(std::span<const double> x, double mean, int lag) {
  const std::size_t n = x.size(), window = static_cast<std::size_t>(lag) + 1;
  double sum = 0.0, squares = 0.0;  // windows begin before the first instant and end after the last
  for (std::size_t i = 0; i < window; ++i) sum += x[i] - mean, squares += sum * sum;
  for (std::size_t i = window; i < n; ++i) sum += x[i] - x[i - window], squares += sum * sum;
  for (std::size_t i = n - window; i + 1 < n; ++i) sum -= x[i] - mean, squares += sum * sum;
  return std::sqrt(squares / static_cast<double>(window)) / static_cast<double>(n);
}

/// A difference over its error: 0 where nothing differs, infinite where it is no chance.
double ratio(double difference, double error) {
  if (difference == 0.0) return 0.0;
  return error > 0.0 ? difference / error : std::copysign(infinity, difference);
}

/// The share of draws that reach the statistic, the sample itself among them.
double share(std::size_t reached, int draws) { return (1.0 + static_cast<double>(reached)) / (1.0 + draws); }

/// value -+ q error, q the level's quantile of |draws|.
Interval interval(double value, double error, std::vector<double> draws, double level) {
  for (double& t : draws) t = std::abs(t);
  const double count = static_cast<double>(draws.size());
  const auto at = static_cast<std::size_t>(std::clamp(std::ceil(level * (count + 1.0)), 1.0, count)) - 1;
  std::nth_element(draws.begin(), draws.begin() + static_cast<std::ptrdiff_t>(at), draws.end());
  const double reach = error > 0.0 ? draws[at] * error : 0.0;
  return {value - reach, value + reach};
}

/// Statistics around their means, draw after draw of one rule.
struct Draws {
  std::vector<double> mean, t, reduction_t;
};

}  // namespace

Result<RuleComparison> compare_rules(std::span<const double> base, std::span<const std::vector<double>> rules, Rng& rng,
                                     const RuleComparisonOptions& options) {
  if (auto error = fault(base, rules, options)) return *error;
  const std::size_t n = base.size(), count = rules.size();
  RuleComparison found{.block = options.block.value_or(mean_block(n)),
                       .lag = options.lag.value_or(newey_west_lag(n)),
                       .draws = options.draws};
  const double base_mean = mean_of(base);
  const bool reducible = base_mean > 0.0;

  std::vector<double> work(n);
  // A reduction R = 1 - rule / base moves with the mean of difference - R base, over the base's.
  const auto reduction_error = [&](std::span<const double> difference, std::span<const double> losses, double reduction,
                                   double losses_mean) {
    for (std::size_t i = 0; i < n; ++i) work[i] = difference[i] - reduction * losses[i];
    return error_of_mean(work, 0.0, found.lag) / losses_mean;
  };

  std::vector<std::vector<double>> differences;
  std::vector<double> reduction_errors;
  for (const auto& rule : rules) {
    auto compared = compare_losses(base, rule);
    if (!compared) return compared.error();
    auto& difference = differences.emplace_back(n);
    for (std::size_t i = 0; i < n; ++i) difference[i] = base[i] - rule[i];
    RuleVerdict verdict{.diebold_mariano = compared.value(), .mean = mean_of(difference)};
    verdict.error = error_of_mean(difference, verdict.mean, found.lag);
    // A constant difference is its mean but for rounding, which is no error to divide by.
    if (verdict.error <= 1e-14 * std::abs(verdict.mean)) verdict.error = 0.0;
    verdict.statistic = ratio(verdict.mean, verdict.error);
    verdict.reduction = reducible ? verdict.mean / base_mean : NAN;
    reduction_errors.push_back(reducible ? reduction_error(difference, base, verdict.reduction, base_mean) : NAN);
    if (verdict.mean > (found.rules.empty() ? -infinity : found.rules[found.best].mean))
      found.best = found.rules.size();
    found.rules.push_back(verdict);
  }

  // All rules see the same rows of a draw: what they have in common stays so.
  std::vector<Draws> draws(count);
  std::vector<std::size_t> rows(n);
  std::vector<double> again(n), base_again(n);
  for (int b = 0; b < options.draws; ++b) {
    stationary_bootstrap(rng, found.block, rows);
    for (std::size_t i = 0; i < n; ++i) base_again[i] = base[rows[i]];
    const double base_again_mean = mean_of(base_again);
    for (std::size_t k = 0; k < count; ++k) {
      const RuleVerdict& verdict = found.rules[k];
      double sum = 0.0;
      for (std::size_t i = 0; i < n; ++i) sum += again[i] = differences[k][rows[i]];
      const double mean = sum / static_cast<double>(n), off = verdict.error > 0.0 ? mean - verdict.mean : 0.0;
      draws[k].mean.push_back(off);
      draws[k].t.push_back(ratio(off, error_of_mean(again, mean, found.lag)));
      if (!reducible) continue;
      // A draw without a loss of the base has no ratio: it counts as far out.
      const double r = base_again_mean > 0.0 ? mean / base_again_mean : infinity;
      draws[k].reduction_t.push_back(
          std::isinf(r) ? infinity
                        : ratio(r - verdict.reduction, reduction_error(again, base_again, r, base_again_mean)));
    }
  }

  const auto size = [&](double t) { return options.two_sided ? std::abs(t) : t; };
  for (std::size_t k = 0; k < count; ++k) {
    RuleVerdict& verdict = found.rules[k];
    std::size_t reached = 0;
    for (const double t : draws[k].t) reached += size(t) >= size(verdict.statistic) ? 1 : 0;
    verdict.p = share(reached, options.draws);
    verdict.mean_interval = interval(verdict.mean, verdict.error, draws[k].t, options.level);
    verdict.reduction_interval =
        reducible ? interval(verdict.reduction, reduction_errors[k], draws[k].reduction_t, options.level)
                  : Interval{NAN, NAN};
  }

  // Step down: the largest statistic against the largest of all, the next against the largest of those that are left.
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return size(found.rules[a].statistic) > size(found.rules[b].statistic);
  });
  std::vector<double> largest(static_cast<std::size_t>(options.draws), -infinity);
  std::vector<double> own(count);
  for (std::size_t place = count; place-- > 0;) {
    const std::size_t k = order[place];
    std::size_t reached = 0;
    for (std::size_t b = 0; b < largest.size(); ++b) {
      largest[b] = std::max(largest[b], size(draws[k].t[b]));
      reached += largest[b] >= size(found.rules[k].statistic) ? 1 : 0;
    }
    own[k] = share(reached, options.draws);
  }
  double least = 0.0;
  for (const std::size_t k : order) found.rules[k].adjusted_p = least = std::max(least, own[k]);

  std::size_t reached = 0;
  for (std::size_t b = 0; b < largest.size(); ++b) {
    double most = -infinity;
    for (const Draws& d : draws) most = std::max(most, d.mean[b]);
    reached += most >= found.rules[found.best].mean ? 1 : 0;
  }
  found.reality_check_p = share(reached, options.draws);
  return found;
}

}  // namespace ballast::math
