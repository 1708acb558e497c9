#include "ballast/math/forecast_comparison.h"

#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "ballast/math/normal.h"
#include "ballast/math/regression.h"

namespace ballast::math {

Result<Comparison> compare_losses(std::span<const double> first, std::span<const double> second,
                                  const ComparisonRules& rules) {
  if (first.size() != second.size() || first.size() < 2) {
    return Error{Fault::bad_input, fmt::format("losses of {} and {} instants: two of each, and of the same, are needed",
                                               first.size(), second.size())};
  }
  std::vector<double> difference;
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (!std::isfinite(first[i]) || !std::isfinite(second[i]))
      return Error{Fault::bad_input, fmt::format("instant {}: losses {} and {}", i, first[i], second[i])};
    difference.push_back(first[i] - second[i]);
  }
  if (rules.horizon < 1 || static_cast<std::size_t>(rules.horizon) >= first.size())
    return Error{Fault::bad_input, fmt::format("horizon {} for {} instants", rules.horizon, first.size())};
  // The mean of a series and its HAC error are a regression on the intercept alone.
  const auto fit = regress(difference, {}, {}, {.intercept = true, .lag = rules.lag});
  if (!fit) return fit.error();
  Comparison found{.mean = fit.value().coefficient[0],
                   .statistic = fit.value().hac_t[0],
                   .observations = first.size(),
                   .lag = fit.value().lag};
  if (rules.small_sample) {
    const double n = static_cast<double>(first.size()), h = rules.horizon;
    found.statistic *= std::sqrt((n + 1.0 - 2.0 * h + h * (h - 1.0) / n) / n);
  }
  found.p = erfc(std::abs(found.statistic) / 1.41421356237309504880);
  return found;
}

}  // namespace ballast::math
