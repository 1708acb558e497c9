#include "ballast/risk/var_backtest.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ballast/math/normal.h"
#include "ballast/risk/value_at_risk.h"

using namespace ballast;

namespace {

// P. Jorion, "Value at Risk", 3rd ed. (2007), table 6-2, after Kupiec (1995): exceptions that do not reject at the 5 %
// level, strictly between the two numbers. "N < 7" is what the table prints for 252 days at 99 %; it passes over no
// exception at all, whose ratio is 5.07.
struct Region {
  double alpha;
  std::size_t days, above, below;
};
constexpr Region regions[] = {
    {0.99, 252, 0, 7},    {0.99, 510, 1, 11},    {0.99, 1000, 4, 17},  {0.975, 252, 2, 12},
    {0.975, 510, 6, 21},  {0.975, 1000, 15, 36}, {0.95, 252, 6, 20},   {0.95, 510, 16, 36},
    {0.95, 1000, 37, 65}, {0.925, 252, 11, 28},  {0.925, 510, 27, 51}, {0.925, 1000, 59, 92},
};

std::vector<double> losses_of(const std::vector<int>& hits) {
  std::vector<double> losses;
  for (const int hit : hits) losses.push_back(hit == 1 ? 2.0 : 0.5);
  return losses;
}

double uniform(std::mt19937_64& random) { return (static_cast<double>(random() >> 11) + 0.5) * 0x1p-53; }

}  // namespace

TEST_CASE("kupiec: the published regions in which a count of exceptions does not reject") {
  for (const Region& r : regions) {
    CAPTURE(r.alpha);
    CAPTURE(r.days);
    for (std::size_t x = 0; x <= r.days / 5; ++x) {
      CAPTURE(x);
      const bool kept = x > r.above && x < r.below;
      // The table's ratio is compared with 3.84.
      CHECK((risk::kupiec(r.days, x, r.alpha).statistic < 3.84) == kept);
      CHECK((risk::kupiec(r.days, x, r.alpha).p > 0.05) == kept);
    }
  }
}

TEST_CASE("kupiec: no exception at all, the exact count, and what is no count") {
  CHECK(risk::kupiec(250, 0, 0.99).statistic == doctest::Approx(-500.0 * std::log(0.99)).epsilon(1e-13));
  CHECK(risk::kupiec(4, 4, 0.75).statistic == doctest::Approx(8.0 * std::log(4.0)).epsilon(1e-13));
  CHECK(risk::kupiec(100, 5, 0.95).statistic <= 1e-13);
  CHECK(risk::kupiec(100, 5, 0.95).p >= 1.0 - 1e-6);
  CHECK(std::isnan(risk::kupiec(0, 0, 0.9).p));
  CHECK(std::isnan(risk::kupiec(5, 6, 0.9).p));
  CHECK(std::isnan(risk::kupiec(5, 1, 1.0).statistic));
}

TEST_CASE("independence: ten days by hand") {
  // Pairs: none then none 4, none then one 2, one then none 1, one then one 2; 4 of 9 are exceptions.
  const std::vector<double> losses = losses_of({0, 0, 0, 1, 1, 1, 0, 0, 0, 1}), var(10, 1.0);
  const auto found = risk::backtest_var(losses, var, 0.75);
  REQUIRE(found);
  const auto& t = found.value();
  CHECK(t.exceptions == 4);
  const double apart =
      4.0 * std::log(4.0 / 6.0) + 2.0 * std::log(2.0 / 6.0) + std::log(1.0 / 3.0) + 2.0 * std::log(2.0 / 3.0);
  const double together = 5.0 * std::log(5.0 / 9.0) + 4.0 * std::log(4.0 / 9.0);
  CHECK(t.independence.statistic == doctest::Approx(2.0 * (apart - together)).epsilon(1e-12));
  CHECK(t.coverage.statistic == risk::kupiec(10, 4, 0.75).statistic);
  CHECK(t.both.statistic == t.coverage.statistic + t.independence.statistic);
  CHECK(t.both.p == doctest::Approx(std::exp(-0.5 * t.both.statistic)).epsilon(1e-14));
  // One degree: the square of a normal.
  CHECK(t.independence.p == doctest::Approx(2.0 * math::norm_cdf(-std::sqrt(t.independence.statistic))).epsilon(1e-13));
  // A loss of the VaR itself is none.
  CHECK(risk::backtest_var(var, var, 0.75).value().exceptions == 0);
  CHECK(risk::backtest_var(var, var, 0.75).value().independence.p == 1.0);
}

TEST_CASE("exceptions that come alone pass, exceptions in runs do not") {
  // 1,000 days at 90 %: of independent ones some 5 % reject; with a chance of 1/2 after an exception nearly all do.
  std::mt19937_64 random(20261202);
  int coverage = 0, independence = 0, both = 0, runs = 0;
  const std::vector<double> var(1000, 1.0);
  for (int trial = 0; trial < 1000; ++trial) {
    std::vector<int> alone, clustered{0};
    for (int i = 0; i < 1000; ++i) alone.push_back(uniform(random) < 0.1 ? 1 : 0);
    while (clustered.size() < 1000) clustered.push_back(uniform(random) < (clustered.back() == 1 ? 0.5 : 1.0 / 18.0));
    const auto fair = risk::backtest_var(losses_of(alone), var, 0.9).value();
    coverage += fair.coverage.p < 0.05, independence += fair.independence.p < 0.05, both += fair.both.p < 0.05;
    runs += risk::backtest_var(losses_of(clustered), var, 0.9).value().independence.p < 0.05;
  }
  for (const int rejected : {coverage, independence, both}) {
    CHECK(rejected >= 29);  // 3 standard errors of 0.7 %
    CHECK(rejected <= 71);
  }
  CHECK(runs >= 990);
}

TEST_CASE("shortfall: 0 for forecasts that are right, 1 where the tail loses twice as much") {
  // By hand: two exceptions of 3 and 5 with shortfalls of 2 and 4 in four days at 50 %.
  const std::vector<double> losses{0.0, 3.0, 1.0, 5.0}, var{1.0, 1.0, 1.0, 3.0}, shortfall{2.0, 2.0, 2.0, 4.0};
  CHECK(risk::shortfall_backtest(losses, var, shortfall, 0.5).value() ==
        doctest::Approx(2.75 / 2.0 - 1.0).epsilon(1e-14));
  std::mt19937_64 random(20261203);
  const auto tail = risk::normal_tail(0.975, 1.0);
  constexpr std::size_t n = 200'000;
  const std::vector<double> v(n, tail.value_at_risk), e(n, tail.expected_shortfall),
      twice(n, 0.5 * tail.expected_shortfall);
  std::vector<double> normal;
  for (std::size_t i = 0; i < n; ++i) normal.push_back(math::norm_quantile(uniform(random)));
  // 5,000 exceptions: a standard error of 1.5 %.
  CHECK(std::abs(risk::shortfall_backtest(normal, v, e, 0.975).value()) <= 0.06);
  CHECK(std::abs(risk::shortfall_backtest(normal, v, twice, 0.975).value() - 1.0) <= 0.12);
}

TEST_CASE("drawdown: the deepest fall in the order of time") {
  const std::vector<double> levels{1.0, 4.0, 3.0, 5.0, 2.5, 4.5, 2.0, 6.0, 4.0};
  const auto found = risk::max_drawdown(levels);
  CHECK(found.depth == 3.0);
  CHECK(found.peak == 3);
  CHECK(found.trough == 6);
  CHECK(risk::max_drawdown(std::vector{1.0, 2.0, 2.0}).depth == 0.0);
  CHECK(risk::max_drawdown({}).depth == 0.0);
  CHECK(risk::max_drawdown(std::vector{-1.0, -3.0}).depth == 2.0);
  CHECK(std::isnan(risk::max_drawdown(std::vector<double>{1.0, NAN, 2.0}).depth));
  // Against every pair.
  std::mt19937_64 random(20261204);
  for (int trial = 0; trial < 100; ++trial) {
    std::vector<double> walk{0.0};
    for (int i = 0; i < 60; ++i) walk.push_back(walk.back() + uniform(random) - 0.5);
    double worst = 0.0;
    for (std::size_t i = 0; i < walk.size(); ++i)
      for (std::size_t j = i; j < walk.size(); ++j) worst = std::max(worst, walk[i] - walk[j]);
    CHECK(risk::max_drawdown(walk).depth == worst);
  }
}

TEST_CASE("backtests name what they cannot use") {
  const std::vector<double> two{1.0, 2.0}, three{1.0, 2.0, 3.0}, broken{1.0, NAN}, nought{1.0, 0.0};
  CHECK(risk::backtest_var(two, three, 0.9).error().what.find("2 losses and 3 VaRs") != std::string::npos);
  CHECK(risk::backtest_var(broken, two, 0.9).error().what.find("instant 1: loss nan") != std::string::npos);
  CHECK(risk::backtest_var(two, two, 1.0).error().what.find("alpha 1") != std::string::npos);
  CHECK_FALSE(risk::backtest_var({}, {}, 0.9));
  CHECK(risk::shortfall_backtest(two, two, nought, 0.9).error().what.find("shortfall 0") != std::string::npos);
  CHECK_FALSE(risk::shortfall_backtest(two, two, three, 0.9));
}
