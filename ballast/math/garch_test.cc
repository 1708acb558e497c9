#include "ballast/math/garch.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <doctest/doctest.h>

#include "ballast/base/rng.h"
#include "ballast/math/normal.h"
#include "tests/support.h"

using namespace ballast;

namespace {

std::vector<double> series(const std::string& name) {
  std::vector<double> x;
  for (const test::Row& row : test::read_csv("tests/data/garch_data.csv")) x.push_back(row[name]);
  return x;
}

double relative(double got, double due) { return std::abs(got - due) / std::abs(due); }

}  // namespace

TEST_CASE("garch: log-likelihood and last variance of the reference table") {
  for (const test::Row& row : test::read_csv("tests/data/garch_loglik.csv")) {
    CAPTURE(row.line);
    const auto path = math::garch_path(series(row.text("series")), {row["omega"], row["alpha"], row["beta"]});
    REQUIRE(path);
    const bool given = row.text("kind") == "given";  // a maximum is printed with its parameters to five digits
    CHECK(relative(path.value().log_likelihood, row["loglik"]) <= (given ? 1e-10 : 1e-8));
    CHECK(relative(path.value().variance.back(), row["h_last"]) <= (given ? 1e-10 : 1e-6));
  }
}

TEST_CASE("garch: the fit is the table's maximum, never below it") {
  for (const test::Row& row : test::read_csv("tests/data/garch_loglik.csv")) {
    if (row.text("kind") != "mle") continue;
    CAPTURE(row.line);
    const auto fit = math::fit_garch(series(row.text("series")));
    REQUIRE(fit);
    const math::GarchFit& f = fit.value();
    CAPTURE(f.garch.omega);
    CAPTURE(f.garch.alpha);
    CAPTURE(f.garch.beta);
    CHECK(f.log_likelihood >= row["loglik"] - 1e-9);
    CHECK(f.log_likelihood - row["loglik"] <= 1e-4);
    CHECK(relative(f.garch.omega, row["omega"]) <= 1e-4);
    CHECK(relative(f.garch.alpha, row["alpha"]) <= 1e-4);
    CHECK(relative(f.garch.beta, row["beta"]) <= 1e-4);
    CHECK(f.agreeing >= 4);
    // A maximum inside: no neighbour does better.
    for (const double step : {0.99, 1.01}) {
      for (math::Garch near : {math::Garch{f.garch.omega * step, f.garch.alpha, f.garch.beta},
                               {f.garch.omega, f.garch.alpha * step, f.garch.beta},
                               {f.garch.omega, f.garch.alpha, f.garch.beta * (step < 1.0 ? step : 1.001)}}) {
        CHECK(math::garch_path(series(row.text("series")), near).value().log_likelihood < f.log_likelihood);
      }
    }
  }
}

TEST_CASE("garch: the variance after the last observation is one more step, and the unit is the series'") {
  const std::vector<double> x = series("f");
  const math::Garch g{0.1, 0.1, 0.85};
  const auto path = math::garch_path(x, g).value();
  CHECK(path.next == doctest::Approx(0.1 + 0.1 * x.back() * x.back() + 0.85 * path.variance.back()).epsilon(1e-15));
  std::vector<double> as_fraction;
  for (const double v : x) as_fraction.push_back(0.01 * v);
  const auto percent = math::fit_garch(x).value(), fraction = math::fit_garch(as_fraction).value();
  CHECK(relative(fraction.garch.omega, 1e-4 * percent.garch.omega) <= 1e-4);
  CHECK(relative(fraction.garch.beta, percent.garch.beta) <= 1e-4);
  const double units = static_cast<double>(x.size()) * std::log(100.0);
  CHECK(std::abs(fraction.log_likelihood - percent.log_likelihood - units) <= 1e-6);
}

TEST_CASE("garch: parameters of simulated series are found again") {
  Rng rng(20261101);
  double alpha = 0.0, beta = 0.0;
  constexpr int trials = 20, n = 2000;
  for (int trial = 0; trial < trials; ++trial) {
    std::vector<double> x;
    double h = 1.0;
    for (int i = 0; i < n; ++i) {
      x.push_back(std::sqrt(h) * math::norm_quantile(rng.uniform()));
      h = 0.05 + 0.1 * x.back() * x.back() + 0.85 * h;
    }
    const auto fit = math::fit_garch(x).value();
    alpha += fit.garch.alpha / trials;
    beta += fit.garch.beta / trials;
  }
  // Of one series of 2,000 the standard errors are about 0.018 and 0.03; beta is some 0.005 low.
  CHECK(std::abs(alpha - 0.1) <= 0.015);
  CHECK(std::abs(beta - 0.85) <= 0.025);
}

TEST_CASE("garch: what is not a model of a series is named") {
  const std::vector<double> x = series("s"), broken{1.0, NAN}, still(50, 0.0);
  CHECK(math::garch_path(x, {0.1, 0.5, 0.5}).error().what.find("GARCH(0.1, 0.5, 0.5)") != std::string::npos);
  CHECK(!math::garch_path(x, {0.0, 0.1, 0.5}));
  CHECK(!math::garch_path(x, {0.1, -0.1, 0.5}));
  CHECK(!math::garch_path(x, {0.1, 0.1, 0.8}, x.size() + 1));
  CHECK(math::garch_path(broken, {0.1, 0.1, 0.8}).error().what.find("observation 1 is nan") != std::string::npos);
  CHECK(!math::garch_path({}, {0.1, 0.1, 0.8}));
  CHECK(!math::fit_garch(still));
  CHECK(math::fit_garch(std::span(x).first(29)).error().what.find("29") != std::string::npos);
}
