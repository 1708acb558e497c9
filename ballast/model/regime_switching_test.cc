#include "ballast/model/regime_switching.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "ballast/math/normalised_black.h"
#include "ballast/model/conditional_price.h"

namespace ballast::model {
namespace {

using Complex = std::complex<double>;
const RegimeSwitching two{.vol = {0.4, 1.1}, .rate = {0.0, 4.0, 9.0, 0.0}, .start = 0};
const RegimeSwitching three{.vol = {0.3, 0.7, 1.5}, .rate = {0.0, 6.0, 1.0, 5.0, 0.0, 3.0, 2.0, 20.0, 0.0}, .start = 1};

// e^M of two rows by its eigenvalues: exp(m) (cosh(s) + (M - m) sinh(s)/s), m the mean of the diagonal.
Complex two_regimes(const RegimeSwitching& r, double t, Complex u) {
  const Complex c = -0.5 * (u * u + Complex(0.0, 1.0) * u);
  const Complex a = (-r.rate[1] + c * r.vol[0] * r.vol[0]) * t, d = (-r.rate[2] + c * r.vol[1] * r.vol[1]) * t;
  const double b = r.rate[1] * t, e = r.rate[2] * t;
  const Complex m = 0.5 * (a + d), s = std::sqrt(0.25 * (a - d) * (a - d) + b * e);
  return std::exp(m) * (std::cosh(s) + (a - m + b) * std::sinh(s) / s);
}

// A. Lewis (2001): the call from the transform on the contour Im u = -1/2, by the trapezoidal rule.
double lewis(const RegimeSwitching& r, double t, double k) {
  const double step = 0.08;
  double sum = 0.0;
  for (int j = 0; j < 4000; ++j) {
    const double u = step * j;
    const Complex phi = characteristic(r, t, {u, -0.5});
    sum += (j == 0 ? 0.5 : 1.0) * (std::exp(Complex(0.0, -u * k)) * phi).real() / (u * u + 0.25);
    if (std::abs(phi) < 1e-18) break;
  }
  return 1.0 - std::exp(0.5 * k) / std::numbers::pi * step * sum;
}

}  // namespace

TEST_CASE("the transform of regimes is the exponential of two by eigenvalues, and a martingale's") {
  for (const Complex u : {Complex(0.7, 0.0), Complex(5.0, -0.5), Complex(20.0, -0.5), Complex(0.0, -0.7)}) {
    const Complex truth = two_regimes(two, 0.3, u);
    CHECK(std::abs(characteristic(two, 0.3, u) - truth) <= 1e-13);
  }
  for (const auto& model : {two, three}) {
    CHECK(std::abs(characteristic(model, 0.7, 0.0) - 1.0) <= 1e-13);
    CHECK(std::abs(characteristic(model, 0.7, {0.0, -1.0}) - 1.0) <= 1e-13);
  }
  // Without switches it is Black's.
  const RegimeSwitching still{.vol = {0.5, 2.0}, .rate = {0.0, 0.0, 0.0, 0.0}};
  CHECK(std::abs(lewis(still, 0.4, 0.1) - std::exp(0.05) * math::normalised_black(0.1, 0.5 * std::sqrt(0.4))) <= 1e-13);
}

TEST_CASE("prices over simulated chains are those of the transform") {
  const double date[] = {0.25}, strikes[] = {-0.4, -0.1, 0.0, 0.1, 0.4};
  for (const auto& model : {two, three}) {
    const auto plan = RegimeSwitchingPaths::prepare(model, date, {.seed = 31}).value();
    const auto calls = conditional_calls(
        [&](std::uint64_t first, std::span<double> x, std::span<double> v) { plan.condition(first, x, v); }, strikes,
        40'000, false);
    for (std::size_t i = 0; i < std::size(strikes); ++i) {
      CAPTURE(strikes[i]);
      const double truth = lewis(model, 0.25, strikes[i]);
      CHECK(std::abs(calls[i].mean - truth) <= 3.0 * calls[i].error);
      CHECK(calls[i].error <= 0.005 * truth + 1e-4);
    }
  }
}

TEST_CASE("regime paths keep the forward, and dates between change no law") {
  const std::vector<double> years = {0.01, 0.1, 0.11, 0.5};
  constexpr std::size_t paths = 20'000;
  const auto plan = RegimeSwitchingPaths::prepare(two, years, {.seed = 4, .antithetic = true}).value();
  std::vector<double> x(4 * paths), v(4 * paths), price(paths), bad(paths);
  plan.fill(0, paths, x, v);
  for (std::size_t t = 0; t < 4; ++t) {
    CAPTURE(years[t]);
    for (std::size_t i = 0; i < paths; ++i) {
      price[i] = std::exp(x[t * paths + i]);
      bad[i] = v[t * paths + i] > 0.5 ? 1.0 : 0.0;
    }
    const Estimate forward = estimate(sample_moments(price, {}, true));
    CHECK(std::abs(forward.mean - 1.0) <= 3.0 * forward.error);
    // The chance of the second regime: 4/13 (1 - e^{-13 t}). A pair shares its chain.
    const Estimate share = estimate(sample_moments(bad, {}, true));
    CHECK(std::abs(share.mean - 4.0 / 13.0 * (1.0 - std::exp(-13.0 * years[t]))) <= 3.0 * share.error);
    for (std::size_t i = 0; i < paths; ++i) price[i] = std::max(price[i] - 1.0, 0.0);
    const Estimate call = estimate(sample_moments(price, {}, true));
    CHECK(std::abs(call.mean - lewis(two, years[t], 0.0)) <= 3.0 * call.error);
  }
  std::vector<double> part(4 * 37);
  plan.fill(1113, 37, part, {});
  for (std::size_t t = 0; t < 4; ++t)
    for (std::size_t i = 0; i < 37; ++i) CHECK(part[t * 37 + i] == x[t * paths + 1113 + i]);
}

TEST_CASE("regimes that cannot be are refused") {
  const double date[] = {1.0};
  const auto refused = [&](RegimeSwitching model, Fault fault, const char* word) {
    const auto plan = RegimeSwitchingPaths::prepare(model, date, {});
    REQUIRE(!plan);
    CHECK(plan.error().fault == fault);
    CHECK(plan.error().what.find(word) != std::string::npos);
  };
  RegimeSwitching model = two;
  model.rate[1] = -1.0;
  refused(model, Fault::bad_input, "from 0 to 1 is -1");
  model = two, model.rate.pop_back();
  refused(model, Fault::bad_input, "3 rates");
  model = two, model.start = 2;
  refused(model, Fault::bad_input, "start is 2");
  model = two, model.vol[1] = 11.0;
  refused(model, Fault::bad_input, "vol 1 is 11");
  refused({}, Fault::bad_input, "0 regimes");
}

}  // namespace ballast::model
