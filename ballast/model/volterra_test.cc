#include "ballast/model/volterra.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tests/support.h"

namespace ballast::model {

TEST_CASE("covariances of the Volterra process agree with the table") {
  double worst = 0.0;
  for (const test::Row& row : test::read_csv("tests/data/volterra_cov.csv")) {
    CAPTURE(row.line);
    const double h = row["H"], u = row["u"], v = row["v"];
    const double own = volterra_covariance(h, u, v), driver = volterra_driver_covariance(h, u, v);
    worst = std::max({worst, std::abs(own / row["cov_WtWt"] - 1.0), std::abs(driver / row["cov_W_Wt"] - 1.0)});
    CHECK(std::abs(own - row["cov_WtWt"]) <= 1e-12 * row["cov_WtWt"]);
    CHECK(std::abs(driver - row["cov_W_Wt"]) <= 1e-12 * row["cov_W_Wt"]);
    CHECK(volterra_covariance(h, v, u) == own);
  }
  MESSAGE("worst error: " << worst);
}

TEST_CASE("both forms of the covariance meet, and its ends are known") {
  for (const double h : {0.01, 0.05, 0.1, 0.3, 0.49, 0.499999}) {
    CAPTURE(h);
    CHECK(std::abs(volterra_covariance(h, 2.0, 2.0) - std::exp(2.0 * h * std::log(2.0))) <= 1e-13);
    CHECK(volterra_covariance(h, 0.0, 1.0) == 0.0);
    // The covariance is smooth across the change of form at u/v = 1/2: what a step of 2^-40 moves it by is the slope's.
    const double below = volterra_covariance(h, 0.5, 1.0), above = volterra_covariance(h, 0.5 + 0x1p-40, 1.0);
    CHECK(std::abs(above - below) <= 1e-13 + 2.0 * 0x1p-40);
    // Cov(W(u), Y(v)) for u >= v is the whole integral of the kernel.
    CHECK(volterra_driver_covariance(h, 3.0, 2.0) == volterra_driver_covariance(h, 2.0, 2.0));
  }
  CHECK(std::abs(volterra_covariance(0.499999999, 0.3, 0.7) - 0.3) <= 1e-8);
  CHECK(std::isnan(volterra_covariance(0.6, 1.0, 1.0)));
  CHECK(std::isnan(volterra_covariance(0.1, -1.0, 1.0)));
}

TEST_CASE("the hybrid scheme agrees with the table") {
  for (const test::Row& row : test::read_csv("tests/data/hybrid_scheme.csv")) {
    CAPTURE(row.line);
    const double h = row["alpha"] + 0.5, n = row["n"], k = row["k"];
    const NewestCell cell = newest_cell(h, 1.0 / n);
    const auto near = [](double value, double truth) { CHECK(std::abs(value / truth - 1.0) <= 1e-12); };
    near(cell.var_step, row["var1"]), near(cell.covariance, row["cov12"]), near(cell.var_kernel, row["var2"]);
    if (k < 2.0) continue;
    near(kernel_mean(h, (k - 1.0) / n, k / n), row["weight"]);
    near(optimal_point(h, static_cast<std::size_t>(k)), row["b_star"]);
  }
  // The first cell's mean is its covariance over its length.
  CHECK(std::abs(kernel_mean(0.1, 0.0, 0.01) - newest_cell(0.1, 0.01).covariance / 0.01) <= 1e-12);
}

}  // namespace ballast::model
