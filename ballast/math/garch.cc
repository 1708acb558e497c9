#include "ballast/math/garch.h"

#include <array>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "ballast/math/elementary.h"
#include "ballast/math/internal/unit_interval.h"
#include "ballast/math/simplex_search.h"

namespace ballast::math {
namespace {

constexpr double log_two_pi = 1.83787706640934548356;
constexpr std::size_t least_observations = 30;

double mean_square(std::span<const double> x) {
  double sum = 0.0;
  for (const double v : x) sum += v * v;
  return sum / static_cast<double>(x.size());
}

/// Of observations that are known to be good; the path is written where there is one.
double log_likelihood(std::span<const double> x, const Garch& g, double first, std::vector<double>* path) {
  double h = first, sum = 0.0;
  for (const double v : x) {
    if (path) path->push_back(h);
    sum += log_two_pi + log(h) + v * v / h;
    h = g.omega + g.alpha * v * v + g.beta * h;
  }
  if (path) path->push_back(h);
  return -0.5 * sum;
}

std::optional<Error> fault(std::span<const double> x) {
  if (x.empty()) return Error{Fault::bad_input, "a variance model of no observations"};
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x[i])) return Error{Fault::bad_input, fmt::format("observation {} is {}", i, x[i])};
  }
  return std::nullopt;
}

/// From the search's coordinates: the long-run variance over the sample's, persistence and the share of alpha in it.
Garch garch_at(std::span<const double> at, double level) {
  const double persistence = unit_interval(at[1]), share = unit_interval(at[2]);
  return {.omega = level * exp(at[0]) * (1.0 - persistence),
          .alpha = persistence * share,
          .beta = persistence * (1.0 - share)};
}

}  // namespace

Result<GarchPath> garch_path(std::span<const double> x, const Garch& garch, std::optional<std::size_t> sample) {
  if (auto error = fault(x)) return *error;
  if (!(garch.omega > 0.0 && garch.alpha >= 0.0 && garch.beta >= 0.0 && garch.alpha + garch.beta < 1.0 &&
        std::isfinite(garch.omega))) {
    return Error{Fault::bad_input,
                 fmt::format("GARCH({}, {}, {}): omega > 0, alpha and beta >= 0 and their sum below 1 are due",
                             garch.omega, garch.alpha, garch.beta)};
  }
  const std::size_t counted = sample.value_or(x.size());
  if (counted == 0 || counted > x.size())
    return Error{Fault::bad_input, fmt::format("a sample of {} in {} observations", counted, x.size())};
  const double first = mean_square(x.first(counted));
  if (!(first > 0.0)) return Error{Fault::bad_input, fmt::format("the {} observations are all 0", counted)};
  GarchPath path;
  path.variance.reserve(x.size() + 1);
  path.log_likelihood = log_likelihood(x, garch, first, &path.variance);
  path.next = path.variance.back();
  path.variance.pop_back();
  return path;
}

Result<GarchFit> fit_garch(std::span<const double> x) {
  if (auto error = fault(x)) return *error;
  if (x.size() < least_observations) {
    return Error{Fault::bad_input,
                 fmt::format("{} observations for a GARCH(1,1), {} are needed", x.size(), least_observations)};
  }
  const double level = mean_square(x);
  if (!(level > 0.0)) return Error{Fault::bad_input, fmt::format("the {} observations are all 0", x.size())};
  const auto loss = [&](std::span<const double> at) { return -log_likelihood(x, garch_at(at, level), level, nullptr); };
  // Persistence and the share of alpha that daily to hourly returns are found at, and both extremes of each.
  constexpr std::array<std::pair<double, double>, garch_starts> starts{
      {{0.95, 0.1}, {0.98, 0.05}, {0.9, 0.3}, {0.7, 0.15}, {0.4, 0.5}, {0.995, 0.2}}};
  GarchFit best{.log_likelihood = -INFINITY};
  std::array<double, garch_starts> ends{};
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const SimplexFound found =
        simplex_search(loss, {0.0, from_unit_interval(starts[i].first), from_unit_interval(starts[i].second)});
    ends[i] = -found.value;
    if (-found.value > best.log_likelihood) best = {.garch = garch_at(found.at, level), .log_likelihood = -found.value};
  }
  if (!std::isfinite(best.log_likelihood))
    return Error{Fault::no_solution, fmt::format("no GARCH(1,1) fits the {} observations", x.size())};
  for (const double end : ends) best.agreeing += end >= best.log_likelihood - 1e-6 ? 1 : 0;
  return best;
}

}  // namespace ballast::math
