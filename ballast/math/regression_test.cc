#include "ballast/math/regression.h"

#include <cmath>
#include <random>

#include <doctest/doctest.h>

#include "ballast/math/normal.h"

using namespace ballast;
using math::regress;

namespace {

// F. J. Anscombe, The American Statistician 27 (1973) 17-21, first of the four sets.
const std::vector<double> anscombe_x{10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5};
const std::vector<double> anscombe_y{8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68};

double uniform(std::mt19937_64& random) { return (static_cast<double>(random() >> 11) + 0.5) * 0x1p-53; }
double normal(std::mt19937_64& random) { return math::norm_quantile(uniform(random)); }

}  // namespace

TEST_CASE("Anscombe's first set gives the line and the errors that are printed everywhere") {
  const std::vector<std::vector<double>> x{anscombe_x};
  const auto fit = regress(anscombe_y, x);
  REQUIRE(fit);
  // Sxx = 110, Sxy = 55.01, mean x = 9, mean y = 82.51/11: the coefficients are exact fractions.
  CHECK(std::abs(fit.value().coefficient[1] - 55.01 / 110.0) <= 1e-14);
  CHECK(std::abs(fit.value().coefficient[0] - (82.51 / 11.0 - 9.0 * 55.01 / 110.0)) <= 1e-13);
  CHECK(std::abs(fit.value().error[0] - 1.1247) <= 5e-5);  // as R's summary(lm(y1 ~ x1, anscombe)) prints them
  CHECK(std::abs(fit.value().error[1] - 0.1179) <= 5e-5);
  CHECK(std::abs(fit.value().t[0] - 2.667) <= 5e-4);
  CHECK(std::abs(fit.value().t[1] - 4.241) <= 5e-4);
}

TEST_CASE("the mean of four numbers, its errors by hand") {
  // Around 4: -3 -2 0 5. Squares 38, lag-one products 6, lag-two products -10 (0·-3 + 5·-2).
  const std::vector<double> y{1, 2, 4, 9};
  const auto at_lag = [&](int lag) { return regress(y, {}, {}, {.lag = lag}).value(); };
  CHECK(std::abs(at_lag(0).coefficient[0] - 4.0) <= 1e-15);
  CHECK(std::abs(at_lag(0).error[0] - std::sqrt(38.0 / 3.0 / 4.0)) <= 1e-15);
  CHECK(std::abs(at_lag(0).hac_error[0] - std::sqrt(38.0 / 16.0)) <= 1e-15);
  CHECK(std::abs(at_lag(1).hac_error[0] - std::sqrt((38.0 + 2.0 * 0.5 * 6.0) / 16.0)) <= 1e-15);
  CHECK(std::abs(at_lag(2).hac_error[0] - std::sqrt((38.0 + 2.0 * (2.0 / 3.0 * 6.0 - 1.0 / 3.0 * 10.0)) / 16.0)) <=
        1e-15);
  CHECK(std::abs(at_lag(1).hac_t[0] - 4.0 / std::sqrt(44.0 / 16.0)) <= 1e-14);
  CHECK(std::abs(at_lag(0).sum_of_squares - 38.0) <= 1e-13);
}

TEST_CASE("a line through the origin, its White error by hand") {
  // x 1 2 3, y 2 3 7: slope 29/14; residuals -1/14, -16/14, 11/14 (28-29, 42-58, 98-87).
  const std::vector<std::vector<double>> x{{1, 2, 3}};
  const std::vector<double> y{2, 3, 7};
  const auto fit = regress(y, x, {}, {.intercept = false, .lag = 0});
  REQUIRE(fit);
  CHECK(std::abs(fit.value().coefficient[0] - 29.0 / 14.0) <= 1e-15);
  CHECK(std::abs(fit.value().error[0] - std::sqrt((1 + 256 + 121) / 196.0 / 2.0 / 14.0)) <= 1e-15);
  CHECK(std::abs(fit.value().hac_error[0] - std::sqrt((1.0 + 4.0 * 256.0 + 9.0 * 121.0) / 196.0) / 14.0) <= 1e-15);
}

TEST_CASE("a weight of 3 is the row three times, a weight of 0 none") {
  const std::vector<std::vector<double>> x{{1, 2, 4, 7, 11}, {3, 1, 4, 1, 5}};
  const std::vector<double> y{2, 7, 1, 8, 2}, weight{3, 1, 0, 1, 2};
  std::vector<std::vector<double>> rows(2);
  std::vector<double> target;
  for (std::size_t i = 0; i < y.size(); ++i) {
    for (int n = 0; n < static_cast<int>(weight[i]); ++n) {
      target.push_back(y[i]);
      rows[0].push_back(x[0][i]);
      rows[1].push_back(x[1][i]);
    }
  }
  const auto weighted = regress(y, x, weight).value(), repeated = regress(target, rows).value();
  for (std::size_t j = 0; j < 3; ++j)
    CHECK(std::abs(weighted.coefficient[j] - repeated.coefficient[j]) <= 1e-12 * std::abs(repeated.coefficient[j]));
  CHECK(std::abs(weighted.sum_of_squares - repeated.sum_of_squares) <= 1e-12);
  // Four rows count, not seven: the classical variance has 4 - 3 degrees.
  CHECK(std::abs(weighted.error[0] / repeated.error[0] - std::sqrt(4.0)) <= 1e-12);
}

TEST_CASE("units and scales change what they should and nothing else") {
  std::mt19937_64 random(20260801);
  std::vector<std::vector<double>> x(2), scaled(2);
  std::vector<double> y, moved, weight, heavier;
  for (int i = 0; i < 200; ++i) {
    for (std::size_t j = 0; j < 2; ++j) x[j].push_back(normal(random));
    y.push_back(1.0 + 2.0 * x[0].back() - x[1].back() + normal(random));
    weight.push_back(uniform(random));
    scaled[0].push_back(1e-6 * x[0].back());
    scaled[1].push_back(1e9 * x[1].back());
    moved.push_back(y.back() + 5.0 * x[0].back());
    heavier.push_back(1e8 * weight.back());
  }
  const auto base = regress(y, x, weight).value(), units = regress(y, scaled, weight).value();
  const auto more = regress(moved, x, weight).value(), heavy = regress(y, x, heavier).value();
  CHECK(base.lag == 4);  // 0.75 · 200^(1/3) = 4.39
  const double unit[] = {1.0, 1e-6, 1e9}, added[] = {0.0, 5.0, 0.0};
  for (std::size_t j = 0; j < 3; ++j) {
    CHECK(std::abs(units.coefficient[j] * unit[j] / base.coefficient[j] - 1.0) <= 1e-12);
    CHECK(std::abs(units.hac_error[j] * unit[j] / base.hac_error[j] - 1.0) <= 1e-12);
    CHECK(std::abs(more.coefficient[j] - base.coefficient[j] - added[j]) <= 1e-12);
    CHECK(std::abs(more.error[j] / base.error[j] - 1.0) <= 1e-12);
    CHECK(std::abs(heavy.error[j] / base.error[j] - 1.0) <= 1e-12);
    CHECK(std::abs(heavy.hac_error[j] / base.hac_error[j] - 1.0) <= 1e-12);
  }
}

TEST_CASE("the HAC error is that of a correlated series, the classical one is not") {
  // An AR(1) of 0.5: the mean of 2,000 has standard deviation 2 / sqrt(2,000) where the classical error is half of
  // sqrt(4/3) too small. 400 series.
  std::mt19937_64 random(20260802);
  double square = 0.0, hac = 0.0, classical = 0.0;
  for (int trial = 0; trial < 400; ++trial) {
    std::vector<double> y{normal(random) / std::sqrt(0.75)};
    while (y.size() < 2000) y.push_back(0.5 * y.back() + normal(random));
    const auto fit = regress(y, {}).value();
    square += fit.coefficient[0] * fit.coefficient[0] / 400.0;
    hac += fit.hac_error[0] * fit.hac_error[0] / 400.0;
    classical += fit.error[0] * fit.error[0] / 400.0;
  }
  const double truth = 4.0 / 2000.0;
  CHECK(std::abs(square / truth - 1.0) <= 0.15);
  // At lag 9 the kernel sees 1 + 2 sum of (1 - l/10) 0.5^l = 2.600 of 3.
  CHECK(std::abs(hac / truth - 2.600 / 3.0) <= 0.03);
  CHECK(std::abs(classical / truth - 1.0 / 3.0) <= 0.02);
}

TEST_CASE("the HAC covariance has its errors on the diagonal and turns with the regressors") {
  // y on (u, v) and on (u + v, v) is one fit: b' = (b_u, b_v - b_u), so that its covariance follows from the first.
  std::vector<double> y, u, v, sum;
  for (int i = 0; i < 60; ++i) {
    u.push_back(std::sin(1.7 * i));
    v.push_back(std::cos(0.9 * i * i) + 0.2 * i);
    sum.push_back(u.back() + v.back());
    y.push_back(0.5 * u.back() - 0.3 * v.back() + std::sin(5.1 * i) * (1.0 + 0.02 * i));
  }
  const auto a = regress(y, std::vector<std::vector<double>>{u, v}).value();
  const auto b = regress(y, std::vector<std::vector<double>>{sum, v}).value();
  REQUIRE(a.hac_covariance.size() == 9);
  for (std::size_t j = 0; j < 3; ++j)
    CHECK(a.hac_covariance[4 * j] == doctest::Approx(a.hac_error[j] * a.hac_error[j]).epsilon(1e-12));
  const auto at = [](const math::Regression& r, std::size_t i, std::size_t j) { return r.hac_covariance[3 * i + j]; };
  CHECK(at(a, 1, 2) == doctest::Approx(at(a, 2, 1)).epsilon(1e-12));
  CHECK(at(b, 1, 2) == doctest::Approx(at(a, 1, 2) - at(a, 1, 1)).epsilon(1e-9));
  CHECK(at(b, 2, 2) == doctest::Approx(at(a, 2, 2) + at(a, 1, 1) - 2.0 * at(a, 1, 2)).epsilon(1e-9));
}

TEST_CASE("the lag rule is exact where the cube root is") {
  CHECK(math::newey_west_lag(0) == 0);
  CHECK(math::newey_west_lag(2) == 0);
  CHECK(math::newey_west_lag(3) == 1);  // 0.75 · 1.442
  CHECK(math::newey_west_lag(63) == 2);
  CHECK(math::newey_west_lag(64) == 3);
  CHECK(math::newey_west_lag(511) == 5);
  CHECK(math::newey_west_lag(512) == 6);
}

TEST_CASE("what cannot be regressed is named") {
  const std::vector<double> y{1, 2, 3, 4};
  const std::vector<std::vector<double>> good{{1, 2, 3, 5}}, shorter{{1, 2, 3}}, broken{{1, 2, NAN, 4}},
      twice{{1, 2, 3, 5}, {2, 4, 6, 10}}, zero{{0, 0, 0, 0}};
  const auto what = [](const Result<math::Regression>& r) { return r ? std::string() : r.error().what; };
  CHECK(what(regress(y, shorter)).find("3 rows") != std::string::npos);
  CHECK(what(regress(y, broken)).find("row 2: regressor 0 is nan") != std::string::npos);
  CHECK(what(regress(std::vector<double>{1, INFINITY, 3, 4}, good)).find("row 1: y is inf") != std::string::npos);
  CHECK(what(regress(y, good, std::vector<double>{1, 1, -2, 1})).find("weight is -2") != std::string::npos);
  CHECK(what(regress(y, good, std::vector<double>{1, 1})).find("2 weights for 4") != std::string::npos);
  CHECK(what(regress(y, good, std::vector<double>{1, 1, 0, 0})).find("2 observations of weight > 0 for 2") !=
        std::string::npos);
  CHECK(what(regress(y, good, {}, {.lag = 4})).find("lag 4") != std::string::npos);
  CHECK(what(regress(y, {}, {}, {.intercept = false})).find("regressors") != std::string::npos);
  REQUIRE_FALSE(regress(y, twice));
  CHECK(regress(y, twice).error().fault == Fault::no_solution);
  CHECK(regress(y, zero).error().fault == Fault::no_solution);
}
