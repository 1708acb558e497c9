#include "ballast/model/gbm.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "ballast/math/random_columns.h"

namespace ballast::model {

TEST_CASE("the price of a path without drift is a martingale, and with drift grows by it") {
  for (const double drift : {0.0, 0.4}) {
    const Gbm model{.drift = drift, .vol = Vol(0.8)};
    constexpr std::size_t paths = 60'000;
    constexpr int steps = 7;
    const GbmStep step = gbm_step(model, Years(0.5 / steps));
    std::vector<double> log_price(paths, 0.0);
    for (int i = 0; i < steps; ++i) advance(step, 11, 0, static_cast<std::uint64_t>(i), log_price);
    double sum = 0.0, square = 0.0;
    for (const double x : log_price) {
      const double price = std::exp(x);
      sum += price;
      square += price * price;
    }
    const double mean = sum / paths, error = std::sqrt((square / paths - mean * mean) / paths);
    CHECK(std::abs(mean - std::exp(0.5 * drift)) <= 3.0 * error);
    // The second moment is e^{2 drift t + vol² t}; its own fourth moment bounds the error.
    CHECK(std::abs(square / paths / std::exp(drift + 0.32) - 1.0) <=
          3.0 * std::sqrt((std::exp(4.0 * 0.32) - 1.0) / paths));
  }
}

TEST_CASE("a path's bits depend on seed, path and step alone") {
  const GbmStep step = gbm_step({.vol = Vol(0.5)}, Years(0.01));
  std::vector<double> whole(200, 0.25), part(37, 0.25);
  advance(step, 5, 100, 3, whole);
  advance(step, 5, 213, 3, part);
  for (std::size_t i = 0; i < part.size(); ++i) CHECK(part[i] == whole[113 + i]);
  std::vector<double> z(200);
  math::normal_draws(5, 100, 3, z);
  for (std::size_t i = 0; i < z.size(); ++i) CHECK(std::abs(whole[i] - (0.25 - 0.00125 + 0.05 * z[i])) <= 4e-16);
}

TEST_CASE("a step outside its domain is NaN") {
  CHECK(std::isnan(gbm_step({.vol = Vol(-0.1)}, Years(1.0)).stdev));
  CHECK(std::isnan(gbm_step({.vol = Vol(0.1)}, Years(-1.0)).stdev));
  CHECK(std::isnan(gbm_step({.drift = NAN, .vol = Vol(0.1)}, Years(1.0)).drift));
  CHECK(gbm_step({.drift = 0.3}, Years(2.0)).drift == 0.6);
}

}  // namespace ballast::model
