#include "ballast/pricing/internal/search_space.h"

#include <algorithm>
#include <cmath>

#include "ballast/math/elementary.h"

namespace ballast::pricing::internal {

using model::model_of, model::most_parameters;
namespace {

// The ranges hold what any chain of liquid options has shown, with room: vols of 3 to 300 %, mean reversion between ten
// years and a few days, jumps of the log-price up to 60 %. Scales are the spread of the fits of the recorded days.
constexpr Coordinate variance{true, 1e-3, 9.0, 0.36, 0.5}, kappa{true, 0.1, 100.0, 3.0, 1.0},
    xi{true, 0.05, 30.0, 1.5, 0.7}, rho{false, -0.98, 0.98, -0.1, 0.3}, vol{true, 0.03, 3.0, 0.6, 0.5};
constexpr Coordinate jump_rate{true, 0.02, 200.0, 3.0, 1.0}, jump_mean{false, -0.6, 0.6, -0.03, 0.1},
    jump_deviation{true, 0.005, 0.8, 0.08, 0.7};
constexpr Coordinate variance_jump{true, 0.001, 9.0, 0.2, 1.0}, jump_slope{false, -3.0, 3.0, 0.0, 0.3};

std::vector<Coordinate> coordinates_of(std::string_view model) {
  if (model == "black") return {vol};
  if (model == "merton") return {vol, jump_rate, jump_mean, jump_deviation};
  if (model == "kou")
    return {
        vol, jump_rate, {false, 0.01, 0.99, 0.45, 0.2}, {true, 1.5, 500.0, 15.0, 0.7}, {true, 0.5, 500.0, 12.0, 0.7}};
  if (model == "heston") return {variance, kappa, variance, xi, rho};
  if (model == "bates") return {variance, kappa, variance, xi, rho, jump_rate, jump_mean, jump_deviation};
  if (model == "svcj")
    return {variance, kappa, variance, xi, rho, jump_rate, jump_mean, jump_deviation, variance_jump, jump_slope};
  if (model == "variance-gamma") return {vol, {true, 0.0005, 20.0, 0.05, 1.0}, {false, -5.0, 5.0, -0.2, 0.5}};
  if (model == "nig")
    return {{true, 1.0, 1e3, 10.0, 1.0}, {false, -50.0, 50.0, -1.0, 3.0}, {true, 1e-3, 1e3, 3.0, 1.0}};
  if (model == "cgmy")
    return {{true, 1e-4, 500.0, 1.0, 1.0},
            {true, 0.1, 300.0, 8.0, 1.0},
            {true, 1.1, 300.0, 9.0, 1.0},
            {false, -1.0, 1.95, 0.7, 0.5}};
  if (model == "rough-heston") return {variance, kappa, variance, xi, rho, {true, 0.02, 0.5, 0.15, 0.7}};
  return {};
}

double held(double x, double lowest, double highest) { return std::min(std::max(x, lowest), highest); }

/// The number-th point of Halton's sequence in a base, in (0, 1).
double halton(std::size_t number, std::size_t base) {
  double share = 1.0, sum = 0.0;
  for (; number > 0; number /= base) {
    share /= static_cast<double>(base);
    sum += share * static_cast<double>(number % base);
  }
  return sum;
}

constexpr std::size_t primes[most_parameters] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29};
constexpr std::size_t at_xi = 3, at_kappa = 1, at_theta = 2;

}  // namespace

SearchSpace::SearchSpace(std::string_view model, const ChainLevel& level, bool feller)
    : model_(model), coordinates_(coordinates_of(model)) {
  const double first = level.first_variance, last = level.last_variance, mean = 0.5 * (first + last);
  const auto usual = [&](std::size_t i, double value) {
    coordinates_[i].usual = held(value, coordinates_[i].lowest, coordinates_[i].highest);
  };
  if (model == "heston" || model == "bates" || model == "svcj" || model == "rough-heston") {
    usual(0, first), usual(at_theta, last);
    feller_ = feller;
  } else if (model == "nig") {
    usual(2, 10.0 * mean);  // the variance is delta/alpha for a small beta
  } else if (model == "cgmy") {
    usual(0, 8.0 * mean);
  } else if (!coordinates_.empty()) {
    usual(0, std::sqrt(mean));
  }
}

double SearchSpace::lowest(std::size_t i) const {
  if (feller_ && i == at_xi) return -20.0;
  return coordinates_[i].logarithm ? math::log(coordinates_[i].lowest) : coordinates_[i].lowest;
}
double SearchSpace::highest(std::size_t i) const {
  if (feller_ && i == at_xi) return 0.0;
  return coordinates_[i].logarithm ? math::log(coordinates_[i].highest) : coordinates_[i].highest;
}

std::vector<double> SearchSpace::point_of(std::span<const double> values) const {
  std::vector<double> point(size());
  for (std::size_t i = 0; i < size(); ++i) {
    const double value = held(values[i], coordinates_[i].lowest, coordinates_[i].highest);
    point[i] = coordinates_[i].logarithm ? math::log(value) : value;
  }
  if (feller_) point[at_xi] = 2.0 * point[at_xi] - math::log(2.0) - point[at_kappa] - point[at_theta];
  for (std::size_t i = 0; i < size(); ++i) point[i] = held(point[i], lowest(i), highest(i));
  return point;
}

std::vector<double> SearchSpace::values_of(std::span<const double> point) const {
  std::vector<double> values(size());
  for (std::size_t i = 0; i < size(); ++i) {
    double x = point[i];
    if (feller_ && i == at_xi) x = 0.5 * (x + math::log(2.0) + point[at_kappa] + point[at_theta]);
    values[i] = coordinates_[i].logarithm ? math::exp(x) : x;
  }
  return values;
}

std::optional<TransformModel> SearchSpace::model_at(std::span<const double> point) const {
  auto model = model_of(model_, values_of(point));
  if (!model) return std::nullopt;
  return model.value();
}

std::vector<double> SearchSpace::jacobian(std::span<const double> point) const {
  const std::vector<double> values = values_of(point);
  std::vector<double> slope(size() * size(), 0.0);
  for (std::size_t i = 0; i < size(); ++i) slope[i * size() + i] = coordinates_[i].logarithm ? values[i] : 1.0;
  if (feller_) {
    for (const std::size_t j : {at_xi, at_kappa, at_theta}) slope[at_xi * size() + j] = 0.5 * values[at_xi];
  }
  return slope;
}

std::vector<double> SearchSpace::usual() const {
  std::vector<double> values(size());
  for (std::size_t i = 0; i < size(); ++i) values[i] = coordinates_[i].usual;
  return point_of(values);
}

std::vector<double> SearchSpace::start(std::size_t number) const {
  std::vector<double> point = usual();
  for (std::size_t i = 0; number > 0 && i < size(); ++i)
    point[i] = held(point[i] + 4.0 * (halton(number, primes[i]) - 0.5) * coordinates_[i].scale, lowest(i), highest(i));
  if (number > 0 && (model_ == "merton" || model_ == "bates" || model_ == "svcj")) {
    // Jumps serve a smile in two ways, some large ones in ten years or one of a few percent every other day: their
    // rate goes through both, their size along with it, such that their variance stays where it is.
    const std::size_t rate = model_ == "merton" ? 1 : 5, mean = rate + 1, deviation = rate + 2;
    const double by = 8.0 * (halton(number, primes[rate]) - 0.5);
    const auto around = [&](std::size_t i) { return halton(number, primes[i]) - 0.5; };
    point[rate] = held(math::log(coordinates_[rate].usual) + by, lowest(rate), highest(rate));
    point[deviation] = held(math::log(coordinates_[deviation].usual) - 0.5 * by + around(deviation), lowest(deviation),
                            highest(deviation));
    point[mean] = held((3.0 * around(mean) - 0.3) * math::exp(point[deviation]), lowest(mean), highest(mean));
  }
  return point;
}

}  // namespace ballast::pricing::internal
