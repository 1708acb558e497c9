#include "ballast/model/local_vol.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "ballast/math/normalised_black.h"
#include "ballast/model/estimate.h"
#include "ballast/model/paths.h"
#include "ballast/vol/ssvi.h"
#include "tests/support.h"

namespace ballast::model {
namespace {

// The surface SSVI with theta = s0² t, by code that its own table holds.
LocalVol ssvi(double s0, const vol::PowerLawSsvi& surface) {
  return {.surface = [s0, surface](double years, double k) {
    const double theta = s0 * s0 * years;
    const vol::SmilePoint p = vol::at(surface.slice(theta), k);
    return VariancePoint{p.total_variance, p.slope, p.curvature, surface.theta_slope(theta, k) * s0 * s0};
  }};
}
const LocalVol btc = ssvi(0.6, {.rho = -0.1, .eta = 0.9, .gamma = 0.45});

}  // namespace

TEST_CASE("Dupire's local vol agrees with the table") {
  for (const test::Row& row : test::read_csv("tests/data/ssvi_dupire.csv")) {
    CAPTURE(row.line);
    const LocalVol model = ssvi(row["s0"], {.rho = row["rho"], .eta = row["eta"], .gamma = row["gamma"]});
    const double local = std::sqrt(dupire_variance(row["k"], model.surface(row["t"], row["k"])));
    CHECK(std::abs(local / row["local_vol"] - 1.0) <= 1e-10);
  }
  CHECK(std::isnan(dupire_variance(0.0, {.w = 0.04, .rise = -0.01})));
  CHECK(std::isnan(dupire_variance(0.0, {.w = 0.04, .curvature = -4.0, .rise = 0.04})));
}

TEST_CASE("local-vol paths price the vanillas of their surface") {
  // Black's paths on the same normals at the vol of each strike are the control: what is left is a twentieth of the
  // error.
  constexpr std::size_t paths = 16'384;
  const Draws draws{.seed = 21, .antithetic = true};
  for (const double years : {0.02, 0.25}) {
    CAPTURE(years);
    const double date[] = {years};
    const auto plan = LocalVolPaths::prepare(btc, date, draws).value();
    CHECK(plan.floored() == 0.0);
    std::vector<double> x(paths), grid;
    plan.fill(0, paths, x, {});
    const int steps = std::max(50, static_cast<int>(std::ceil(years * 365.0 * (1.0 - 1e-9))));
    for (int i = 1; i <= steps; ++i) grid.push_back(years * i / steps);
    std::vector<double> price(paths), control(paths), black(paths * grid.size());
    for (std::size_t i = 0; i < paths; ++i) price[i] = std::exp(x[i]), control[i] = 0.0;
    const Estimate forward = estimate(sample_moments(price, {}, true));
    CHECK(std::abs(forward.mean - 1.0) <= 3.0 * forward.error);
    for (const double deviations : {-1.5, -0.5, 0.0, 0.5, 1.5}) {
      const double k = deviations * 0.6 * std::sqrt(years), strike = std::exp(k);
      const double stdev = std::sqrt(btc.surface(years, k).w), vol = stdev / std::sqrt(years);
      PathPlan::prepare(BlackScholes{vol}, grid, draws).value().fill(0, paths, black, {});
      const std::span<const double> last(black.data() + paths * (grid.size() - 1), paths);
      const double sign = k > 0.0 ? 1.0 : -1.0;
      for (std::size_t i = 0; i < paths; ++i) {
        price[i] = std::max(sign * (std::exp(x[i]) - strike), 0.0);
        control[i] = std::max(sign * (std::exp(last[i]) - strike), 0.0);
      }
      const double truth = std::exp(0.5 * k) * math::normalised_black(k, stdev);
      const Estimate mine = controlled(sample_moments(price, control, true), truth);
      const double d1 = -k / stdev + 0.5 * stdev;
      const double vega = std::exp(-0.5 * d1 * d1) * 0.3989422804014327 * std::sqrt(years);
      const double off = (mine.mean - truth) / vega, error = mine.error / vega;
      MESSAGE(years << " years, k " << k << ": vol off by " << 1e4 * off << " +- " << 1e4 * error << " bp");
      CHECK(std::abs(off) <= 5e-4 + 3.0 * error);
      CHECK(error <= 40e-4);  // else the test says little; 10^6 paths are tools/path_check's
    }
  }
}

TEST_CASE("a flat surface gives Black's paths") {
  const LocalVol flat{.surface = [](double years, double) { return VariancePoint{0.25 * years, 0.0, 0.0, 0.25}; }};
  const std::vector<double> years = {0.002, 0.004, 0.006};
  const Draws draws{.seed = 2};
  const auto plan = LocalVolPaths::prepare(flat, std::vector<double>{0.002}, draws).value();
  std::vector<double> x(100), v(100), grid;
  plan.fill(17, 100, x, v);
  for (int i = 1; i <= 50; ++i) grid.push_back(0.002 * i / 50);
  std::vector<double> black(50 * 100);
  PathPlan::prepare(BlackScholes{0.5}, grid, draws).value().fill(17, 100, black, {});
  for (std::size_t i = 0; i < 100; ++i) {
    CHECK(std::abs(x[i] - black[49 * 100 + i]) <= 1e-14);
    CHECK(std::abs(v[i] - 0.25) <= 1e-15);
  }
}

TEST_CASE("a local-vol path's bits depend on seed and number alone") {
  const std::vector<double> years = {0.01, 0.02, 0.05};
  for (const DrawSource source : {DrawSource::philox, DrawSource::sobol}) {
    const auto plan = LocalVolPaths::prepare(btc, years, {.source = source, .seed = 5, .antithetic = true}).value();
    std::vector<double> whole(3 * 200), part(3 * 37), v(600), w(111);
    plan.fill(1001, 200, whole, v);
    plan.fill(1114, 37, part, w);
    for (std::size_t t = 0; t < 3; ++t)
      for (std::size_t i = 0; i < 37; ++i) {
        CHECK(part[t * 37 + i] == whole[t * 200 + 113 + i]);
        CHECK(w[t * 37 + i] == v[t * 200 + 113 + i]);
      }
  }
}

TEST_CASE("floor and cap are counted, and a surface without numbers is refused") {
  LocalVol model{.surface = [](double years, double k) {
    return VariancePoint{0.04 * years + 0.1 * k * k * years, 0.2 * k * years, 0.2 * years, k < 0.0 ? -0.1 : 0.04};
  }};
  const double date[] = {0.1};
  const auto plan = LocalVolPaths::prepare(model, date, {}).value();
  CHECK(plan.floored() > 0.2);
  CHECK(plan.floored() < 0.8);
  CHECK(plan.capped() == 0.0);
  model.surface = [](double, double) { return VariancePoint{NAN, 0.0, 0.0, 0.0}; };
  const auto none = LocalVolPaths::prepare(model, date, {});
  REQUIRE(!none);
  CHECK(none.error().what.find("nan") != std::string::npos);
  CHECK(!LocalVolPaths::prepare({}, date, {}));
  CHECK(!LocalVolPaths::prepare({.surface = btc.surface, .floor = 2.0, .cap = 1.0}, date, {}));
}

}  // namespace ballast::model
