#include "ballast/math/forecast_comparison.h"

#include <cmath>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include "ballast/math/normal.h"

using namespace ballast;
using math::compare_losses;

namespace {

double normal(std::mt19937_64& random) {
  return math::norm_quantile((static_cast<double>(random() >> 11) + 0.5) * 0x1p-53);
}

}  // namespace

TEST_CASE("the statistic of four instants by hand, positive where the second loses less") {
  // Differences 1 2 4 9: mean 4, around it -3 -2 0 5, squares 38, lag-one products 6.
  const std::vector<double> first{3, 4, 5, 10}, second{2, 2, 1, 1};
  const auto plain = compare_losses(first, second, {.lag = 1});
  REQUIRE(plain);
  CHECK(std::abs(plain.value().mean - 4.0) <= 1e-15);
  CHECK(std::abs(plain.value().statistic - 4.0 / std::sqrt(44.0 / 16.0)) <= 1e-14);
  CHECK(std::abs(plain.value().p - 2.0 * math::norm_cdf(-4.0 / std::sqrt(2.75))) <= 1e-15);
  const auto other = compare_losses(second, first, {.lag = 1});
  CHECK(std::abs(other.value().statistic + plain.value().statistic) <= 1e-14);
  CHECK(other.value().p == doctest::Approx(plain.value().p).epsilon(1e-12));
  // Harvey, Leybourne and Newbold with n = 4, h = 2: (4 + 1 - 4 + 2/4) / 4 = 0.375.
  const auto small = compare_losses(first, second, {.lag = 1, .horizon = 2, .small_sample = true});
  CHECK(std::abs(small.value().statistic - plain.value().statistic * std::sqrt(0.375)) <= 1e-14);
}

TEST_CASE("equally good forecasts are told apart in 5 % of samples") {
  // Two forecasts of one series with errors that share half their variance: 2,000 series of 300 instants. The share
  // has a standard error of 0.5 %.
  std::mt19937_64 random(20260803);
  int rejected = 0, rejected_above = 0;
  for (int trial = 0; trial < 2000; ++trial) {
    std::vector<double> first, second;
    for (int i = 0; i < 300; ++i) {
      const double common = normal(random), a = common + normal(random), b = common + normal(random);
      first.push_back(a * a);
      second.push_back(b * b);
    }
    const auto found = compare_losses(first, second, {.small_sample = true}).value();
    rejected += found.p < 0.05 ? 1 : 0;
    rejected_above += found.p < 0.05 && found.statistic > 0.0 ? 1 : 0;
  }
  CHECK(rejected >= 80);
  CHECK(rejected <= 120);
  CHECK(std::abs(rejected_above - 0.5 * rejected) <= 20);
}

TEST_CASE("a better forecast is found") {
  std::mt19937_64 random(20260804);
  std::vector<double> worse, better;
  for (int i = 0; i < 300; ++i) {
    const double e = normal(random);
    better.push_back(e * e);
    const double a = e + 0.7 * normal(random);
    worse.push_back(a * a);
  }
  const auto found = compare_losses(worse, better);
  CHECK(found.value().statistic > 3.0);
  CHECK(found.value().p < 0.003);
}

TEST_CASE("no difference is no statistic; what is not a pair of series is named") {
  const std::vector<double> a{1, 2, 3, 4}, broken{1, NAN, 3, 4};
  const auto same = compare_losses(a, a);
  REQUIRE(same);
  CHECK(same.value().mean == 0.0);
  CHECK(std::isnan(same.value().statistic));
  CHECK(std::isnan(same.value().p));
  CHECK(compare_losses(a, broken).error().what.find("instant 1: losses 2 and nan") != std::string::npos);
  CHECK_FALSE(compare_losses(a, std::vector<double>{1, 2}));
  CHECK_FALSE(compare_losses(std::vector<double>{1}, std::vector<double>{2}));
  CHECK(compare_losses(a, a, {.horizon = 0}).error().what.find("horizon 0") != std::string::npos);
  CHECK(compare_losses(a, a, {.lag = 9}).error().what.find("lag 9") != std::string::npos);
}
