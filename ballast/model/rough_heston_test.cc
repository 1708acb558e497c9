#include "ballast/model/rough_heston.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <vector>

#include "ballast/model/transform.h"
#include "tests/model_tables.h"
#include "tests/support.h"

using namespace ballast;

namespace {

const model::RoughHeston sample{{.v0 = 0.36, .kappa = 3.0, .theta = 0.42, .xi = 0.9, .rho = -0.3}, 0.12};

double call(const model::TransformModel& model, double forward, double years, double strike) {
  std::vector<double> strikes = {strike}, sign = {1.0}, price(1);
  REQUIRE(model::transform(model, {Price(forward), Years(years), strikes, sign}, {.price = price}));
  return price[0];
}

}  // namespace

TEST_CASE("rough Heston agrees with the reference prices within ten of their errors") {
  for (const test::Row& row : test::read_csv("tests/data/rough_heston_prices.csv")) {
    CAPTURE(row.line);
    const double growth = std::exp(row["r"] * row["T"]);
    const double price = call(test::model_of("rough-heston", row), row["S"] * growth, row["T"], row["K"]) / growth;
    CHECK(std::abs(price - row["call"]) <= 10.0 * row["err"]);
  }
}

TEST_CASE("the rational approximation agrees with its table to 1e-11, and the scheme with another one's") {
  for (const test::Row& row : test::read_csv("tests/data/rough_heston_pade.csv")) {
    CAPTURE(row.line);
    const model::RoughHeston m{{.v0 = 0.04, .xi = row["nu"], .rho = row["rho"]}, row["H"]};
    const std::complex<double> s(-row["a_im"], row["a_re"]);
    const auto h33 = model::rough_riccati_rational(m, s, Years(row["t"]));
    const std::complex<double> theirs(row["h33_re"], row["h33_im"]), adams(row["adams_re"], row["adams_im"]);
    CHECK(std::abs(h33 - theirs) <= 1e-11 * std::max(1.0, std::abs(theirs)));
    const auto h = model::rough_riccati(m, s, Years(row["t"]));
    CHECK(std::abs(h - adams) <= 1e-6 * std::max(1.0, std::abs(adams)));
  }
}

TEST_CASE("a fractional relaxation is the Mittag-Leffler function") {
  // With s (1 - s) = 2, kappa = 1 and next to no xi the equation is D^alpha h = -1 - h: h = E_alpha(-t^alpha) - 1.
  const std::complex<double> s(0.5, std::sqrt(7.0) / 2.0);
  for (const double hurst : {0.05, 0.2, 0.4}) {
    const double alpha = hurst + 0.5, years = 1.3, z = -std::pow(years, alpha);
    double expected = 0.0;
    for (int k = 1; k < 60; ++k) expected += std::pow(z, k) / std::tgamma(alpha * k + 1.0);
    const auto h = model::rough_riccati({{.v0 = 0.04, .kappa = 1.0, .xi = 1e-4}, hurst}, s, Years(years));
    CHECK(std::abs(h - expected) <= 1e-6);
  }
}

TEST_CASE("a hurst of a half is Heston, and hurst comes to it without a jump") {
  model::RoughHeston rough = sample;
  rough.hurst = 0.5;
  model::RoughHeston near = sample;
  near.hurst = 0.4999999;
  for (const double strike : {45e3, 64e3, 90e3}) {
    const double heston = call(sample.heston, 64.5e3, 0.3, strike);
    CHECK(call(rough, 64.5e3, 0.3, strike) == heston);
    CHECK(std::abs(call(near, 64.5e3, 0.3, strike) - heston) <= 1e-6 * 64.5e3);
  }
}

TEST_CASE("rough Heston's slopes are those of its price") {
  const std::vector<double> strike = {50e3, 64e3, 80e3}, sign = {1.0, 1.0, 1.0};
  std::vector<double> price(3), theta(3), gradient(18);
  REQUIRE(model::transform(sample, {Price(64.5e3), Years(0.2), strike, sign},
                           {.price = price, .theta = theta, .gradient = gradient}));
  const std::vector<double> numbers = model::values(sample);
  const auto at = [&](const model::TransformModel& m, double years, double k) { return call(m, 64.5e3, years, k); };
  for (std::size_t o = 0; o < 3; ++o) {
    const double h = 1e-3, years = 0.2;
    const double slope = (8.0 * (at(sample, years + h, strike[o]) - at(sample, years - h, strike[o])) -
                          (at(sample, years + 2.0 * h, strike[o]) - at(sample, years - 2.0 * h, strike[o]))) /
                         (12.0 * h);
    CHECK(std::abs(theta[o] + slope) <= 1e-6 * 64.5e3);
    for (std::size_t p = 0; p < 6; ++p) {
      CAPTURE(p);
      const auto moved = [&](double by) {
        std::vector<double> v = numbers;
        v[p] += by * 2e-3 * std::max(std::abs(v[p]), 0.05);
        return at(model::model_of("rough-heston", v).value(), years, strike[o]);
      };
      const double expected = (8.0 * (moved(1.0) - moved(-1.0)) - (moved(2.0) - moved(-2.0))) /
                              (12.0 * 2e-3 * std::max(std::abs(numbers[p]), 0.05));
      CHECK(std::abs(gradient[p * 3 + o] - expected) <= 1e-6 * 64.5e3);
    }
  }
}

TEST_CASE("rough Heston's first cumulants are those of its variance") {
  const auto c = model::cumulants(sample, Years(0.2));
  CHECK(std::abs(model::characteristic_function(sample, {0.0, -1.0}, Years(0.2)) - 1.0) <= 1e-12);
  // E[e^X] = 1: -c1 is half the expected variance, between v0 and theta; rough variance reverts faster at first.
  CHECK(-2.0 * c[0] > 0.36 * 0.2);
  CHECK(-2.0 * c[0] < 0.42 * 0.2);
  CHECK(c[1] > 0.0);
  CHECK(c[2] < 0.0);
  CHECK(std::isnan(model::rough_riccati({sample.heston, 0.6}, 0.5, Years(1.0)).real()));
  CHECK(std::isnan(model::rough_riccati_rational(sample, 0.5, Years(1.0)).real()));
}
