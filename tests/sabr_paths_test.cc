#include "ballast/model/sabr.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "ballast/math/normalised_black.h"
#include "ballast/model/conditional_price.h"
#include "ballast/vol/sabr.h"

namespace ballast::model {
namespace {

double obloj(const Sabr& m, double k, double years) {
  const vol::Sabr slice{
      .alpha = m.alpha, .beta = m.beta, .rho = m.rho, .nu = m.nu, .forward = Price(1.0), .years = Years(years)};
  return vol::obloj_vol(slice, Price(std::exp(k))).value;
}
double vega(double k, double stdev, double years) {
  const double d1 = -k / stdev + 0.5 * stdev;
  return std::exp(-0.5 * d1 * d1) * 0.3989422804014327 * std::sqrt(years);
}

}  // namespace

TEST_CASE("lognormal SABR at a week's expiry is Obloj's expansion") {
  const Sabr model{.alpha = 0.6, .beta = 1.0, .rho = -0.3, .nu = 2.0};
  const double years = 7.0 / 365.0, date[] = {years}, strikes[] = {-0.12, -0.05, 0.0, 0.05, 0.12};
  const auto plan = SabrPaths::prepare(model, date, {.seed = 12, .antithetic = true}).value();
  const auto calls = conditional_calls(
      [&](std::uint64_t first, std::span<double> x, std::span<double> v) { plan.condition(first, x, v); }, strikes,
      16'384, true);
  for (std::size_t i = 0; i < std::size(strikes); ++i) {
    CAPTURE(strikes[i]);
    const double truth = obloj(model, strikes[i], years), stdev = truth * std::sqrt(years);
    const double call = std::max(1.0 - std::exp(strikes[i]), 0.0) +
                        std::exp(0.5 * strikes[i]) * math::normalised_black(strikes[i], stdev);
    const double per_vol = vega(strikes[i], stdev, years);
    const double off = (calls[i].mean - call) / per_vol, error = calls[i].error / per_vol;
    MESSAGE("k " << strikes[i] << ": vol off by " << 1e4 * off << " +- " << 1e4 * error << " bp of " << truth);
    // The expansion leaves terms of second order in nu² T, (nu² T)² = 0.006 of a vol, with small factors.
    CHECK(std::abs(off) <= 3.0 * error + 1e-3 * truth);
    CHECK(error <= 2e-3 * truth);
  }
}

TEST_CASE("SABR with beta 1/2 keeps the forward and prices at the expansion") {
  const Sabr model{.alpha = 0.5, .beta = 0.5, .rho = -0.4, .nu = 1.2};
  const std::vector<double> years = {0.02, 0.04};
  constexpr std::size_t paths = 40'000;
  const auto plan = SabrPaths::prepare(model, years, {.seed = 3, .antithetic = true}).value();
  std::vector<double> x(2 * paths), v(2 * paths), price(paths), call(paths);
  plan.fill(0, paths, x, v);
  for (std::size_t t = 0; t < 2; ++t) {
    for (std::size_t i = 0; i < paths; ++i) price[i] = std::exp(x[t * paths + i]);
    const Estimate forward = estimate(sample_moments(price, {}, true));
    CHECK(std::abs(forward.mean - 1.0) <= 3.0 * forward.error);
    for (const double k : {-0.1, 0.0, 0.1}) {
      CAPTURE(k);
      const double stdev = obloj(model, k, years[t]) * std::sqrt(years[t]), strike = std::exp(k);
      for (std::size_t i = 0; i < paths; ++i) call[i] = std::max(price[i] - strike, 0.0);
      const Estimate mine = controlled(sample_moments(call, price, true), 1.0);
      const double truth = std::max(1.0 - strike, 0.0) + std::exp(0.5 * k) * math::normalised_black(k, stdev);
      CHECK(std::abs(mine.mean - truth) <= 3.0 * mine.error + 5e-4 * vega(k, stdev, years[t]));
    }
  }
}

TEST_CASE("the vol of SABR is a martingale, and an absorbed path stays") {
  const Sabr wild{.alpha = 1.5, .beta = 0.3, .rho = 0.0, .nu = 1.0};
  const std::vector<double> years = {0.5, 1.0};
  constexpr std::size_t paths = 4'096;
  const auto plan = SabrPaths::prepare(wild, years, {.seed = 6}).value();
  std::vector<double> x(2 * paths), v(2 * paths);
  plan.fill(0, paths, x, v);
  std::size_t absorbed = 0;
  for (std::size_t i = 0; i < paths; ++i) {
    if (x[i] > -6.9) continue;
    ++absorbed;
    CHECK(x[paths + i] == x[i]);
    CHECK(v[paths + i] == 0.0);
  }
  CHECK(absorbed > 100);
  const Sabr lognormal{.alpha = 0.5, .beta = 1.0, .rho = 0.0, .nu = 1.0};
  SabrPaths::prepare(lognormal, years, {.seed = 6}).value().fill(0, paths, x, v);
  std::vector<double> alpha(paths);
  for (std::size_t i = 0; i < paths; ++i) alpha[i] = std::sqrt(v[paths + i]);
  const Estimate mean = estimate(sample_moments(alpha, {}, false));
  CHECK(std::abs(mean.mean - 0.5) <= 3.0 * mean.error);
}

TEST_CASE("a SABR path's bits depend on seed and number alone, and faults name their number") {
  const Sabr model{.alpha = 0.5, .beta = 0.7, .rho = -0.4, .nu = 1.2};
  const std::vector<double> years = {0.01, 0.02};
  for (const DrawSource source : {DrawSource::philox, DrawSource::sobol}) {
    const auto plan = SabrPaths::prepare(model, years, {.source = source, .seed = 5}).value();
    std::vector<double> whole(2 * 200), part(2 * 37);
    plan.fill(1001, 200, whole, {});
    plan.fill(1114, 37, part, {});
    for (std::size_t t = 0; t < 2; ++t)
      for (std::size_t i = 0; i < 37; ++i) CHECK(part[t * 37 + i] == whole[t * 200 + 113 + i]);
  }
  const auto wrong = SabrPaths::prepare({.alpha = 0.5, .beta = 1.2}, years, {});
  REQUIRE(!wrong);
  CHECK(wrong.error().what.find("beta is 1.2") != std::string::npos);
}

}  // namespace ballast::model
