#include "ballast/math/normalised_black.h"
#include "ballast/math/elementary.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include <doctest/doctest.h>

#include "tests/support.h"
#include "tests/table_error.h"

using namespace ballast::math;
using ballast::test::TableError;

namespace {
constexpr double epsilon = std::numeric_limits<double>::epsilon();
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
}  // namespace

TEST_CASE("normalised_black agrees with its table") {
  TableError error;
  for (const auto& row : ballast::test::read_csv("tests/data/normalised_black.csv")) {
    const double b = row["b"];
    if (b < 1e-290) continue;
    const std::string at = "x = " + row.text("x") + ", s = " + row.text("s");
    error.add("b", normalised_black(row["x"], row["s"]), b, b, at);
    CHECK(normalised_black(-row["x"], row["s"]) == normalised_black(row["x"], row["s"]));
  }
  MESSAGE("normalised_black.csv", error.text());
  CHECK(error.worst() <= 5.0);
}

TEST_CASE("implied stdev meets the tolerance of every hard case") {
  double worst = 0.0, worst_eps = 0.0;
  std::string at;
  int most = 0;
  for (const auto& row : ballast::test::read_csv("tests/data/implied_vol_hard.csv")) {
    CAPTURE(row.text("case"));
    const auto got = implied_stdev_of_price(row["F"], row["K"], row["price"], row.text("type") == "C");
    REQUIRE(got.outcome == ImpliedOutcome::ok);
    const double vol = got.stdev / std::sqrt(row["T"]);
    const double error = std::abs(vol / row["sigma_exact"] - 1.0);
    const double tolerance = std::max(4.0 * epsilon, 3.0 * row["half_ulp_rel"]);
    CHECK(error <= tolerance);
    if (error / tolerance > worst) worst = error / tolerance, at = row.text("case");
    worst_eps = std::max(worst_eps, error / epsilon);
    most = std::max(most, got.iterations);
  }
  MESSAGE("implied_vol_hard.csv: worst ", worst, " of its tolerance at ", at, "; worst ", worst_eps, " eps; at most ",
          most, " iterations");
  CHECK(most <= 5);
}

TEST_CASE("implied stdev undoes normalised_black over the whole domain") {
  std::mt19937_64 rng(20260401);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  int most = 0;
  double worst = 0.0;
  for (int i = 0; i < 200'000; ++i) {
    const double s = std::pow(10.0, -7.0 + 8.5 * unit(rng));
    const double h = i % 7 == 0 ? 0.0 : std::pow(10.0, -8.0 + 9.5 * unit(rng));
    const double x = (i % 2 == 0 ? -h : h) * s;
    if (std::abs(x) > 700.0) continue;
    const double beta = normalised_black(x, s);
    const double bound = std::exp(-0.5 * std::abs(x));
    if (!(beta > 1e-300) || beta >= bound * (1.0 - 4.0 * epsilon)) continue;
    const auto got = implied_stdev(x, beta);
    CAPTURE(x);
    CAPTURE(s);
    REQUIRE(got.outcome == ImpliedOutcome::ok);
    most = std::max(most, got.iterations);
    // An error of 4 epsilon of the bound in beta, seen through vega, and 8 epsilon of s.
    const double d = std::abs(x) / s, vega = std::exp(-0.5 * (d * d + 0.25 * s * s)) * 0.3989422804014327;
    const double allowed = 16.0 * epsilon * s + 16.0 * epsilon * beta / vega;
    worst = std::max(worst, std::abs(got.stdev - s) / allowed);
    CHECK(std::abs(got.stdev - s) <= allowed);
  }
  MESSAGE("round trip: at most ", most, " iterations, worst ", worst, " of the bound");
  CHECK(most <= 16);
}

TEST_CASE("implied stdev has a typed outcome for every price") {
  const auto outcome = [](double f, double k, double price, bool call) {
    return implied_stdev_of_price(f, k, price, call).outcome;
  };
  CHECK(outcome(100, 90, 9.99, true) == ImpliedOutcome::below_intrinsic);
  CHECK(outcome(100, 90, 10.0, true) == ImpliedOutcome::at_intrinsic);
  CHECK(implied_stdev_of_price(100, 90, 10.0, true).stdev == 0.0);
  CHECK(outcome(100, 90, 0.0, false) == ImpliedOutcome::at_intrinsic);
  CHECK(outcome(100, 90, -1e-9, false) == ImpliedOutcome::below_intrinsic);
  CHECK(outcome(100, 90, 100.0, true) == ImpliedOutcome::above_bound);
  CHECK(outcome(100, 90, 90.0, false) == ImpliedOutcome::above_bound);
  CHECK(outcome(100, 110, 250.0, true) == ImpliedOutcome::above_bound);
  CHECK(outcome(100, 110, 111.0, false) == ImpliedOutcome::above_bound);
  for (const double bad : {0.0, -1.0, not_a_number, infinity}) {
    CHECK(outcome(bad, 100, 1.0, true) == ImpliedOutcome::not_finite);
    CHECK(outcome(100, bad, 1.0, true) == ImpliedOutcome::not_finite);
  }
  CHECK(outcome(100, 100, not_a_number, true) == ImpliedOutcome::not_finite);
  CHECK(outcome(100, 100, infinity, true) == ImpliedOutcome::not_finite);
  CHECK(implied_stdev(not_a_number, 0.1).outcome == ImpliedOutcome::not_finite);
  CHECK(std::isnan(implied_stdev_of_price(100, 90, 9.99, true).stdev));
}

TEST_CASE("implied stdev ends for every representable price") {
  std::mt19937_64 rng(7);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  int most = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double strike = 65000.0 * std::exp(12.0 * (unit(rng) - 0.5) * (i % 3 == 0 ? 1e-6 : 1.0));
    const double cap = std::min(65000.0, strike);
    const double price = cap * std::pow(10.0, -300.0 * std::pow(unit(rng), 4.0));
    const auto got = implied_stdev_of_price(65000.0, strike, price * (1.0 - 1e-15 * unit(rng)), strike >= 65000.0);
    CAPTURE(strike);
    CAPTURE(price);
    CHECK((got.outcome == ImpliedOutcome::ok || got.outcome == ImpliedOutcome::above_bound));
    most = std::max(most, got.iterations);
  }
  MESSAGE("any price: at most ", most, " iterations");
  CHECK(most <= 16);
}

TEST_CASE("normalised_black at the edges of its domain") {
  CHECK(normalised_black(0.3, 0.0) == 0.0);
  CHECK(normalised_black(0.3, infinity) == doctest::Approx(std::exp(-0.15)).epsilon(1e-15));
  CHECK(normalised_black(-2.0, 500.0) == doctest::Approx(std::exp(-1.0)).epsilon(1e-15));
  CHECK(normalised_black(1.0, 1e-300) == 0.0);
  CHECK(normalised_black(0.0, 1e-300) == doctest::Approx(0.3989422804014327e-300).epsilon(1e-15));
  CHECK(std::isnan(normalised_black(not_a_number, 1.0)));
  CHECK(std::isnan(normalised_black(0.0, -1.0)));
  CHECK(std::isnan(normalised_black(0.0, not_a_number)));
  CHECK(log_ratio(100.0, 100.0) == 0.0);
  CHECK(log_ratio(1e300, 1e-300) == doctest::Approx(600.0 * std::log(10.0)).epsilon(1e-15));
  for (const double bad : {0.0, -1.0, not_a_number, infinity}) {
    CHECK(std::isnan(log_ratio(bad, 1.0)));
    CHECK(std::isnan(log_ratio(1.0, bad)));
  }
}

TEST_CASE("log_ratio keeps its digits near 1 and far from it") {
  std::mt19937_64 rng(20260412);
  std::uniform_real_distribution<double> unit(-1.0, 1.0);
  double worst = 0.0;
  for (int i = 0; i < 50'000; ++i) {
    const double b = 65000.0 * (1.5 + unit(rng)), a = b * (1.0 + 0.99 * std::pow(unit(rng), i % 2 == 0 ? 1 : 15));
    if (a == b) continue;
    const long double gap = static_cast<long double>(a) - static_cast<long double>(b);
    const double expected = static_cast<double>(std::log1p(gap / static_cast<long double>(b)));
    worst = std::max(worst, std::abs(log_ratio(a, b) / expected - 1.0) / epsilon);
  }
  MESSAGE("log_ratio: worst ", worst, " eps");
  CHECK(worst <= 2.0);
}
