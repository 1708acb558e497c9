#include "ballast/math/normal.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "tests/support.h"
#include "tests/table_error.h"

using namespace ballast::math;
using ballast::test::TableError;

namespace {
constexpr double subnormal_step = std::numeric_limits<double>::denorm_min();
constexpr double epsilon = std::numeric_limits<double>::epsilon();
}  // namespace

TEST_CASE("the normal distribution agrees with the reference table") {
  TableError error;
  for (const auto& row : ballast::test::read_csv("tests/data/normal_distribution.csv")) {
    const double x = row["x"];
    const auto add = [&](const char* column, double got, double reference) {
      error.add(column, got, reference, std::abs(reference), "x = " + row.text("x"), 2.0 * subnormal_step);
    };
    add("N", norm_cdf(x), row["N"]);
    add("N_minus_x", norm_cdf(-x), row["N_minus_x"]);
    add("phi", norm_pdf(x), row["phi"]);
    add("log_N", log_norm_cdf(x), row["log_N"]);
    add("N_over_phi", mills(-x), row["N_over_phi"]);
  }
  MESSAGE("normal_distribution.csv", error.text());
  CHECK(error.worst("N") <= 2.0);
  CHECK(error.worst("N_minus_x") <= 2.0);
  CHECK(error.worst("phi") <= 2.0);
  CHECK(error.worst("log_N") <= 2.0);
  CHECK(error.worst("N_over_phi") <= 2.0);
}

TEST_CASE("the Mills ratio and its slope agree with their table") {
  TableError error;
  for (const auto& row : ballast::test::read_csv("tests/data/mills.csv")) {
    error.add("mills", mills(row["x"]), row["mills"], row["mills"], "x = " + row.text("x"));
    error.add("slope", mills_slope(row["x"]), row["slope"], row["slope"], "x = " + row.text("x"));
  }
  MESSAGE("mills.csv", error.text());
  CHECK(error.worst("mills") <= 2.0);
  CHECK(error.worst("slope") <= 2.0);
}

TEST_CASE("the quantile reads the table backwards") {
  double worst = 0.0, worst_tiny = 0.0;
  for (const auto& row : ballast::test::read_csv("tests/data/normal_distribution.csv")) {
    const double x = row["x"], p = row["N"];
    if (p == 1.0) continue;  // x = 8.5: 1 is the nearest binary64
    CAPTURE(x);
    // Half an ulp of p, as a change of x: that much of x is not in p.
    const double lost = (std::nextafter(p, 2.0) - p) / row["phi"] * 0.5;
    const double off = std::max(std::abs(norm_quantile(p) - x) - lost, 0.0);
    double& most = p < 1e-280 ? worst_tiny : worst;
    if (x != 0.0) most = std::max(most, off / (std::abs(x) * epsilon));
    if (x == 0.0) CHECK(norm_quantile(p) == 0.0);
  }
  MESSAGE("quantile, beyond half an ulp of p: ", worst, " eps; p below 1e-280: ", worst_tiny, " eps");
  CHECK(worst <= 2.0);
  CHECK(worst_tiny <= 2.0);
}

TEST_CASE("the quantile undoes the distribution") {
  for (double x = -37.0; x < 5.0; x += 0.01) {
    CAPTURE(x);
    const double p = norm_cdf(x);
    const double lost = (std::nextafter(p, 2.0) - p) / norm_pdf(x);
    CHECK(std::abs(norm_quantile(p) - x) <= 4.0 * lost + 4.0 * epsilon * std::abs(x));
  }
}

TEST_CASE("the normal functions at the edges of their domains") {
  const double infinity = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(norm_cdf(-infinity) == 0.0);
  CHECK(norm_cdf(infinity) == 1.0);
  CHECK(norm_cdf(0.0) == 0.5);
  CHECK(norm_cdf(-40.0) == 0.0);
  CHECK(norm_pdf(infinity) == 0.0);
  CHECK(norm_pdf(-infinity) == 0.0);
  CHECK(log_norm_cdf(infinity) == 0.0);
  CHECK(log_norm_cdf(-infinity) == -infinity);
  CHECK(std::isfinite(log_norm_cdf(-1e150)));
  CHECK(mills(infinity) == 0.0);
  CHECK(mills(-60.0) == infinity);
  CHECK(norm_quantile(0.0) == -infinity);
  CHECK(norm_quantile(1.0) == infinity);
  CHECK(norm_quantile(0.5) == 0.0);
  for (const double p : {-1e-300, 1.0000001, nan, infinity}) CHECK(std::isnan(norm_quantile(p)));
  for (const double x : {-1e-300, nan}) CHECK(std::isnan(mills_slope(x)));
  CHECK(std::isnan(norm_cdf(nan)));
  CHECK(std::isnan(norm_pdf(nan)));
  CHECK(std::isnan(log_norm_cdf(nan)));
  CHECK(std::isnan(mills(nan)));
}

TEST_CASE("log_norm_cdf has no step where its formula changes") {
  for (const double x : {-37.0, 0.0}) {
    CAPTURE(x);
    const double below = log_norm_cdf(std::nextafter(x, -100.0)), above = log_norm_cdf(std::nextafter(x, 100.0));
    CHECK(std::abs(above - below) <= 8.0 * epsilon * std::abs(above));
  }
}
