#include "ballast/math/stability.h"

#include <cmath>

#include <doctest/doctest.h>

#include "ballast/base/rng.h"
#include "ballast/math/normal.h"

using namespace ballast;

namespace {

struct Sample {
  std::vector<double> y;
  std::vector<std::vector<double>> x;
};

double normal(Rng& rng) { return math::norm_quantile(rng.uniform()); }

/// y = slope x + e of n rows; from `change` on the slope is `to`. With garch the variances of x and e move together.
Sample sample(Rng& rng, int n, std::size_t regressors, bool garch, int change, double to) {
  Sample s;
  s.x.resize(regressors);
  double h = 1.0;
  for (int i = 0; i < n; ++i) {
    const double sd = garch ? std::sqrt(h) : 1.0;
    double y = 0.0, square = 0.0;
    for (std::size_t j = 0; j < regressors; ++j) {
      const double x = sd * normal(rng);
      s.x[j].push_back(x);
      y += (j == 0 && i >= change ? to : 1.0) * x;
      square = x * x;
    }
    s.y.push_back(y + 0.5 * sd * normal(rng));
    h = 0.05 + 0.1 * square + 0.85 * h;
  }
  return s;
}

int rejected(std::uint64_t seed, int trials, std::size_t regressors, bool garch) {
  Rng rng(seed);
  int count = 0;
  for (int trial = 0; trial < trials; ++trial) {
    const Sample s = sample(rng, 300, regressors, garch, 300, 1.0);
    count += math::slope_stability(s.y, s.x).value().p < 0.05 ? 1 : 0;
  }
  return count;
}

}  // namespace

TEST_CASE("the tail of a Brownian bridge's largest excursion: the published quantiles of Kolmogorov") {
  // N. Smirnov, Annals of Mathematical Statistics 19 (1948) 279-281, and every table since; the digits after the fourth
  // are those that scipy.stats.kstwobign.ppf prints.
  CHECK(std::abs(math::brownian_bridge_tail(1.2238478702170823) - 0.10) <= 1e-12);
  CHECK(std::abs(math::brownian_bridge_tail(1.3580986393225505) - 0.05) <= 1e-12);
  CHECK(std::abs(math::brownian_bridge_tail(1.6276236115189503) - 0.01) <= 1e-12);
  // Both series meet, and the ends.
  CHECK(std::abs(math::brownian_bridge_tail(std::nextafter(1.0, 0.0)) - math::brownian_bridge_tail(1.0)) <= 1e-14);
  CHECK(math::brownian_bridge_tail(0.0) == 1.0);
  CHECK(math::brownian_bridge_tail(0.1) == doctest::Approx(1.0).epsilon(1e-14));
  CHECK(std::isnan(math::brownian_bridge_tail(NAN)));
}

TEST_CASE("stability: constant slopes are rejected in about 5 % of samples") {
  // 2,000 series each: the share has a standard error of 0.5 %.
  struct Case {
    std::uint64_t seed;
    std::size_t regressors;
    bool garch;
  };
  for (const auto& [seed, regressors, garch] :
       {Case{20261103, 1, false}, Case{20261104, 1, true}, Case{20261105, 3, false}}) {
    const int count = rejected(seed, 2000, regressors, garch);
    CAPTURE(regressors);
    CAPTURE(garch);
    CAPTURE(count);
    CHECK(count >= 50);
    CHECK(count <= 120);
  }
}

TEST_CASE("stability: a planted change is found, where it is") {
  Rng rng(20261106);
  int found = 0, near = 0, which = 0;
  for (int trial = 0; trial < 200; ++trial) {
    const Sample s = sample(rng, 300, 2, false, 180, 1.3);  // 0.3 is ten standard errors of the slope
    const auto test = math::slope_stability(s.y, s.x).value();
    found += test.p < 0.05 ? 1 : 0;
    near += std::abs(static_cast<double>(test.at) - 180.0) <= 15.0 ? 1 : 0;
    which += test.regressor == 0 ? 1 : 0;
  }
  CHECK(found >= 190);
  CHECK(near >= 160);
  CHECK(which >= 195);
}

TEST_CASE("stability: units do not matter; what cannot be tested is named") {
  Rng rng(20261107);
  Sample s = sample(rng, 200, 2, false, 120, 1.2);
  const auto once = math::slope_stability(s.y, s.x).value();
  for (double& v : s.x[0]) v *= 1000.0;
  for (double& v : s.y) v *= 1e-6;
  const auto again = math::slope_stability(s.y, s.x).value();
  CHECK(again.statistic == doctest::Approx(once.statistic).epsilon(1e-9));
  CHECK(again.at == once.at);
  const auto perfect = math::slope_stability(s.x[0], {&s.x[0], 1});
  REQUIRE(perfect);
  CHECK(std::isnan(perfect.value().p));
  CHECK(!math::slope_stability(std::span(s.y).first(9), {}));
  CHECK(!math::slope_stability(s.y, {}));
}
