#include "ballast/model/rough_bergomi.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "ballast/math/normalised_black.h"
#include "ballast/model/conditional_price.h"
#include "ballast/model/volterra.h"
#include "tests/support.h"

namespace ballast::model {
namespace {

std::vector<double> even_grid(double last, int n) {
  std::vector<double> years;
  for (int i = 1; i <= n; ++i) years.push_back(last * i / n);
  return years;
}
const RoughBergomi btc{.variance = ForwardVariance::flat(0.36), .eta = 1.6, .rho = -0.2, .hurst = 0.1};

struct Mean {
  double mean, error;
};
Mean mean_of(std::span<const double> x, auto f) {
  double sum = 0.0, square = 0.0;
  for (const double v : x) sum += f(v), square += f(v) * f(v);
  const double n = static_cast<double>(x.size());
  return {sum / n, std::sqrt((square / n - sum * sum / n / n) / (n - 1.0))};
}

}  // namespace

TEST_CASE("rough Bergomi calls agree with the Cholesky simulation") {
  // Rows of one set and expiry follow one another: their strikes are priced on the same paths.
  const auto rows = test::read_csv("tests/data/rough_bergomi_mc.csv");
  constexpr std::size_t paths = 6000;
  std::vector<double> strikes;
  for (std::size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
    const test::Row& row = rows[begin];
    strikes.clear();
    for (; end < rows.size() && rows[end]["T"] == row["T"] && rows[end].text("set") == row.text("set"); ++end)
      strikes.push_back(rows[end]["log_strike"]);
    const RoughBergomi model{
        .variance = ForwardVariance::flat(row["xi"]), .eta = row["eta"], .rho = row["rho"], .hurst = row["H"]};
    const auto plan = RoughBergomiPaths::prepare(model, even_grid(row["T"], 100), {.seed = 7, .antithetic = true});
    const auto prices = conditional_calls(
        [&](std::uint64_t first, std::span<double> x, std::span<double> v) { plan.value().condition(first, x, v); },
        strikes, paths, true);
    for (std::size_t i = begin; i < end; ++i) {
      CAPTURE(rows[i].line);
      const Estimate& mine = prices[i - begin];
      const double stdev = rows[i]["implied_vol"] * std::sqrt(row["T"]);
      // The drift from 200 steps to 400 in price, by vega.
      const double x = -rows[i]["log_strike"], d1 = x / stdev + 0.5 * stdev;
      const double vega = std::exp(-0.5 * d1 * d1) * 0.3989422804014327 * std::sqrt(row["T"]);
      const double drift = vega * std::abs(rows[i]["implied_vol_n200"] - rows[i]["implied_vol"]);
      const double error = std::hypot(mine.error, rows[i]["call_se"]);
      CAPTURE(mine.mean);
      CAPTURE(error);
      CAPTURE(drift);
      CHECK(std::abs(mine.mean - rows[i]["call"]) <= 3.0 * error + drift);
    }
  }
}

TEST_CASE("the scheme keeps the forward and the forward variance") {
  const RoughBergomi model{.variance = {{0.0, 0.05, 0.2}, {0.2, 0.5, 0.3}}, .eta = 1.2, .rho = -0.4, .hurst = 0.1};
  const std::vector<double> uneven = {0.01, 0.05, 0.06, 0.1};
  for (const auto& years : {even_grid(0.1, 50), uneven}) {
    constexpr std::size_t paths = 10'000;
    const auto plan = RoughBergomiPaths::prepare(model, years, {.seed = 3}).value();
    std::vector<double> x(paths * years.size()), v(x.size());
    plan.fill(0, paths, x, v);
    for (std::size_t t = years.size() / 2 - 1; t < years.size(); t += years.size() / 2) {
      CAPTURE(years[t]);
      const Mean price = mean_of({x.data() + t * paths, paths}, [](double a) { return std::exp(a); });
      CHECK(std::abs(price.mean - 1.0) <= 3.0 * price.error);
      const Mean variance = mean_of({v.data() + t * paths, paths}, [](double a) { return a; });
      CHECK(std::abs(variance.mean - at(model.variance, years[t])) <= 3.0 * variance.error);
    }
  }
}

TEST_CASE("the variance's driver has the covariance of the Volterra process") {
  // ln V at two dates, less its mean, is eta Y: its covariance against the closed form, within errors and the scheme's
  // 1 %.
  const auto years = even_grid(0.5, 120);
  constexpr std::size_t paths = 8'000, early = 47, late = 119;
  const RoughBergomi model{.variance = ForwardVariance::flat(0.3), .eta = 1.0, .rho = 0.0, .hurst = 0.1};
  const auto plan = RoughBergomiPaths::prepare(model, years, {.seed = 9, .antithetic = true}).value();
  std::vector<double> x(paths * years.size()), v(x.size());
  plan.fill(0, paths, x, v);
  const auto y = [&](std::size_t t, std::size_t i) { return std::log(v[t * paths + i] / 0.3); };
  for (const std::size_t s : {early, late}) {
    double mean_s = 0.0, mean_l = 0.0, product = 0.0;
    for (std::size_t i = 0; i < paths; ++i) mean_s += y(s, i), mean_l += y(late, i), product += y(s, i) * y(late, i);
    const double covariance = product / paths - mean_s * mean_l / paths / paths;
    const double truth = volterra_covariance(0.1, years[s], years[late]);
    const double spread = volterra_covariance(0.1, years[s], years[s]) * volterra_covariance(0.1, 0.5, 0.5);
    CHECK(std::abs(covariance - truth) <= 3.0 * std::sqrt((spread + truth * truth) / paths * 2.0) + 0.01 * truth);
  }
}

TEST_CASE("with hurst 1/2 and eta 0 every path is Black's, and conditional prices too") {
  const RoughBergomi model{.variance = ForwardVariance::flat(0.25), .eta = 0.0, .rho = 0.0, .hurst = 0.5};
  const auto plan = RoughBergomiPaths::prepare(model, even_grid(0.5, 10), {}).value();
  const double strike[] = {0.1};
  const auto price = conditional_calls(
      [&](std::uint64_t first, std::span<double> x, std::span<double> v) { plan.condition(first, x, v); }, strike, 64,
      false);
  const double black = std::exp(0.05) * math::normalised_black(-0.1, 0.5 * std::sqrt(0.5));
  CHECK(std::abs(price[0].mean - black) <= 1e-14);
  CHECK(price[0].error <= 1e-8);  // what the rounding of the squares leaves
}

TEST_CASE("a rough path's bits depend on seed and number alone, and antithetic paths are opposite") {
  const auto years = even_grid(0.1, 101);
  for (const bool antithetic : {false, true}) {
    const auto plan = RoughBergomiPaths::prepare(btc, years, {.seed = 5, .antithetic = antithetic}).value();
    std::vector<double> whole(years.size() * 200), part(years.size() * 37), v(whole.size()), w(part.size());
    plan.fill(1000, 200, whole, v);
    plan.fill(1113, 37, part, w);
    bool same = true;
    for (std::size_t t = 0; t < years.size(); ++t)
      for (std::size_t i = 0; i < 37; ++i)
        same = same && part[t * 37 + i] == whole[t * 200 + 113 + i] && w[t * 37 + i] == v[t * 200 + 113 + i];
    CHECK(same);
    if (!antithetic) continue;
    // ln V - its mean is eta Y, odd in the normals: what it is at two partners cancels.
    const double drift = std::log(v[0] / 0.36) + std::log(v[1] / 0.36);
    for (std::size_t i = 2; i < 200; i += 2)
      CHECK(std::abs(std::log(v[i] / 0.36) + std::log(v[i + 1] / 0.36) - drift) <= 1e-13);
  }
}

TEST_CASE("what rough Bergomi cannot walk is refused") {
  const auto refused = [](RoughBergomi model, std::vector<double> years, Fault fault, const char* word) {
    const auto plan = RoughBergomiPaths::prepare(model, years, {});
    REQUIRE(!plan);
    CHECK(plan.error().fault == fault);
    CHECK(plan.error().what.find(word) != std::string::npos);
  };
  RoughBergomi model = btc;
  model.hurst = 0.6;
  refused(model, {1.0}, Fault::bad_input, "0.6");
  model = btc, model.rho = -1.5;
  refused(model, {1.0}, Fault::bad_input, "-1.5");
  model = btc, model.variance.variance[0] = 30.0;
  refused(model, {1.0}, Fault::bad_input, "30");
  refused(btc, {1.0, 0.5}, Fault::bad_input, "0.5");
  refused(btc, {}, Fault::bad_input, "no time");
  refused(btc, {100.0}, Fault::limit, "steps");
}

}  // namespace ballast::model
