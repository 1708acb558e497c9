#include "ballast/risk/value_at_risk.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "ballast/math/elementary.h"
#include "ballast/math/normal.h"
#include "ballast/math/student_t.h"

namespace ballast::risk {
namespace {

constexpr double sum_tolerance = 1e-9;  // probabilities from a file with nine digits or more
constexpr TailRisk no_risk{NAN, NAN};

// The indices of the losses, the worst first; empty outside the domain.
std::vector<std::size_t> worst_first(std::span<const double> losses, std::span<const double> probabilities,
                                     double alpha) {
  std::vector<std::size_t> order;
  if (!(alpha >= 0.0 && alpha < 1.0) || bad_probabilities(probabilities, losses.size())) return order;
  if (!std::all_of(losses.begin(), losses.end(), [](double v) { return std::isfinite(v); })) return order;
  order.resize(losses.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return losses[a] > losses[b]; });
  return order;
}

double probability(std::span<const double> probabilities, std::size_t scenarios, std::size_t s) {
  return probabilities.empty() ? 1.0 / static_cast<double>(scenarios) : probabilities[s];
}

bool is_domain(double alpha, double stdev, double mean) {
  return alpha > 0.0 && alpha < 1.0 && stdev >= 0.0 && std::isfinite(stdev) && std::isfinite(mean);
}

}  // namespace

std::optional<std::string> bad_probabilities(std::span<const double> p, std::size_t scenarios) {
  if (p.empty()) return std::nullopt;
  if (p.size() != scenarios) return fmt::format("{} probabilities for {} scenarios", p.size(), scenarios);
  double sum = 0.0;
  for (std::size_t s = 0; s < p.size(); ++s) {
    if (!(p[s] >= 0.0)) return fmt::format("scenario {}: probability {}", s, p[s]);
    sum += p[s];
  }
  if (!(std::abs(sum - 1.0) <= sum_tolerance)) return fmt::format("probabilities that sum to {}", sum);
  return std::nullopt;
}

double value_at_risk(std::span<const double> losses, std::span<const double> probabilities, double alpha) {
  const auto order = worst_first(losses, probabilities, alpha);
  if (order.empty()) return NAN;
  // P(loss <= x) >= alpha says that at most 1 - alpha lies above x.
  double above = 0.0;
  std::size_t at = 0;
  for (; at + 1 < order.size(); ++at) {
    above += probability(probabilities, losses.size(), order[at]);
    if (above > 1.0 - alpha + 1e-12) break;
  }
  return losses[order[at]];
}

double expected_shortfall(std::span<const double> losses, std::span<const double> probabilities, double alpha) {
  const auto order = worst_first(losses, probabilities, alpha);
  if (order.empty()) return NAN;
  // What the probabilities miss of 1, the last loss makes up.
  double left = 1.0 - alpha, sum = 0.0;
  for (std::size_t k = 0; k < order.size() && left > 0.0; ++k) {
    const double p = k + 1 == order.size() ? left : std::min(left, probability(probabilities, losses.size(), order[k]));
    sum += p * losses[order[k]];
    left -= p;
  }
  return sum / (1.0 - alpha);
}

TailRisk normal_tail(double alpha, double stdev, double mean) {
  if (!is_domain(alpha, stdev, mean)) return no_risk;
  const double z = math::norm_quantile(alpha);
  return {stdev * z - mean, stdev * math::norm_pdf(z) / (1.0 - alpha) - mean};
}

TailRisk student_tail_risk(double alpha, double freedom, double stdev, double mean) {
  if (!is_domain(alpha, stdev, mean) || !(freedom > 2.0 && freedom <= 1e6)) return no_risk;
  const double t = math::student_quantile(alpha, freedom), scale = stdev * std::sqrt((freedom - 2.0) / freedom);
  const double beyond = math::student_pdf(t, freedom) * (freedom + t * t) / ((1.0 - alpha) * (freedom - 1.0));
  return {scale * t - mean, scale * beyond - mean};
}

TailRisk lognormal_tail(double alpha, double stdev, double drift) {
  if (!is_domain(alpha, stdev, drift)) return no_risk;
  // The loss exceeds 1 - e^(drift - stdev z) with 1 - alpha = N(-z). ES = 1 - e^(drift + stdev^2/2) N(-z - stdev) /
  // N(-z); the quotient is 1 less the mass between, which keeps the digits of a small stdev.
  const double z = math::norm_quantile(alpha), tail = 1.0 - alpha;
  const double far = math::norm_cdf(-z - stdev) / tail, growth = math::expm1(drift + 0.5 * stdev * stdev);
  return {-math::expm1(drift - stdev * z), (1.0 - far) - growth * far};
}

}  // namespace ballast::risk
