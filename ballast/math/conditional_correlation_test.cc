#include "ballast/math/conditional_correlation.h"

#include <cmath>
#include <map>
#include <string>

#include <doctest/doctest.h>

#include "ballast/base/rng.h"
#include "ballast/math/normal.h"
#include "tests/support.h"

using namespace ballast;

namespace {

std::vector<std::vector<double>> pair() {
  std::vector<std::vector<double>> x(2);
  for (const test::Row& row : test::read_csv("tests/data/garch_data.csv")) {
    x[0].push_back(row["s"]);
    x[1].push_back(row["f"]);
  }
  return x;
}

const std::vector<math::Garch> table_garch{{0.1, 0.1, 0.85}, {0.1, 0.1, 0.85}};

std::map<std::string, double> results() {
  std::map<std::string, double> due;
  for (const test::Row& row : test::read_csv("tests/data/hedge_timeseries_results.csv"))
    due[row.text("stat")] = row["value"];
  return due;
}

}  // namespace

TEST_CASE("conditional covariance: constant and dynamic correlation of the reference table") {
  auto due = results();
  const auto constant = math::conditional_covariance(pair(), {.garch = table_garch}).value();
  CHECK(std::abs(constant.average[1] - due.at("ccc_corr")) <= 1e-10);
  const auto& last = constant.covariance.back();
  CHECK(std::abs(last[1] / last[3] - due.at("ccc_ratio_last")) <= 1e-10);
  const auto dynamic =
      math::conditional_covariance(pair(), {.dynamic = true, .garch = table_garch, .dcc = math::Dcc{0.03, 0.95}})
          .value();
  const auto& now = dynamic.covariance.back();
  CHECK(std::abs(now[1] / std::sqrt(now[0] * now[3]) - due.at("dcc_corr_last")) <= 1e-10);
  CHECK(std::abs(now[1] / now[3] - due.at("dcc_ratio_last")) <= 1e-10);
  CHECK(now[1] == now[2]);
}

TEST_CASE("conditional covariance: moving correlations of a simulated pair are found again") {
  // Correlation between 0 and 0.9 by a DCC with unit variances.
  Rng rng(20261102);
  std::vector<std::vector<double>> x(2);
  double q11 = 1.0, q12 = 0.5, q22 = 1.0;
  for (int t = 0; t < 3000; ++t) {
    const double rho = q12 / std::sqrt(q11 * q22), u = math::norm_quantile(rng.uniform());
    const double v = rho * u + std::sqrt(1.0 - rho * rho) * math::norm_quantile(rng.uniform());
    x[0].push_back(u);
    x[1].push_back(v);
    q11 = 0.05 + 0.05 * u * u + 0.9 * q11;
    q12 = 0.05 * 0.5 + 0.05 * u * v + 0.9 * q12;
    q22 = 0.05 + 0.05 * v * v + 0.9 * q22;
  }
  const std::vector<math::Garch> flat{{0.999999, 1e-7, 1e-7}, {0.999999, 1e-7, 1e-7}};
  const auto fit = math::conditional_covariance(x, {.dynamic = true, .garch = flat}).value();
  CHECK(std::abs(fit.dcc.a - 0.05) <= 0.02);
  CHECK(std::abs(fit.dcc.b - 0.9) <= 0.05);
  CHECK(std::abs(fit.average[1] - 0.5) <= 0.05);
}

TEST_CASE("conditional covariance: what comes later changes nothing before") {
  auto x = pair();
  const auto whole = math::conditional_covariance(x, {.dynamic = true, .sample = 200}).value();
  x[0].resize(300);
  x[1].resize(300);
  x[0][299] = 5.0;
  const auto part = math::conditional_covariance(x, {.dynamic = true, .sample = 200}).value();
  for (std::size_t t = 0; t < 300; ++t) CHECK(whole.covariance[t] == part.covariance[t]);
  CHECK(whole.covariance[300] != part.next);
}

TEST_CASE("conditional covariance: three series, symmetric and positive; faults by name") {
  auto x = pair();
  x.emplace_back();
  for (std::size_t t = 0; t < x[0].size(); ++t) x[2].push_back(0.5 * x[0][t] + std::sin(static_cast<double>(t * t)));
  const auto found = math::conditional_covariance(x, {.dynamic = true}).value();
  REQUIRE(found.next.size() == 9);
  CHECK(found.next[1] == doctest::Approx(found.next[3]).epsilon(1e-14));
  CHECK(found.next[5] == doctest::Approx(found.next[7]).epsilon(1e-14));
  auto twice = pair();
  twice[1] = twice[0];
  CHECK(math::conditional_covariance(twice, {.garch = table_garch}).error().fault == Fault::no_solution);
  CHECK(!math::conditional_covariance(std::span(x).first(1)));
  CHECK(math::conditional_covariance(pair(), {.dynamic = true, .dcc = math::Dcc{0.5, 0.5}})
            .error()
            .what.find("DCC(0.5") != std::string::npos);
  x[1].pop_back();
  CHECK(math::conditional_covariance(x).error().what.find("series 1 has 399") != std::string::npos);
}
