#include "ballast/model/square_root.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/support.h"

namespace ballast::model {

TEST_CASE("moments of the square-root variance agree with the reference table") {
  for (const test::Row& row : test::read_csv("tests/data/cir_moments.csv")) {
    CAPTURE(row.line);
    const Heston model{.v0 = row["v0"], .kappa = row["kappa"], .theta = row["theta"], .xi = row["eps"]};
    const SquareRootMoments m = square_root_moments(model, row["T"]);
    CHECK(std::abs(m.mean / row["mean_v"] - 1.0) <= 1e-12);
    CHECK(std::abs(m.variance / row["var_v"] - 1.0) <= 1e-12);
    CHECK(std::abs(m.integral_mean / row["mean_int"] - 1.0) <= 1e-12);
    CHECK(std::abs(m.integral_variance / row["var_int"] - 1.0) <= 1e-12);
  }
}

// Moments of the integral are integrals of moments: the mean of v, and 2 Cov(v(s), v(t)) = 2 Var v(s) e^{-kappa (t-s)}.
TEST_CASE("moments of the integral agree with quadrature of the moments, at any pull") {
  constexpr int n = 400;  // of Simpson's rule
  for (const double kappa : {0.0, 1e-6, 0.01, 0.5, 0.99, 1.01, 3.0, 30.0})
    for (const double v0 : {0.0, 0.3}) {
      CAPTURE(kappa);
      const Heston model{.v0 = v0, .kappa = kappa, .theta = 0.2, .xi = 0.7};
      const double years = 1.0;
      double mean = 0.0, variance = 0.0;
      for (int i = 0; i <= n; ++i) {
        const double s = years * i / n, weight = (i == 0 || i == n ? 1.0 : i % 2 == 1 ? 4.0 : 2.0) * years / n / 3.0;
        const SquareRootMoments at = square_root_moments(model, s);
        const double left = years - s, reach = kappa == 0.0 ? left : -std::expm1(-kappa * left) / kappa;
        mean += weight * at.mean;
        variance += weight * 2.0 * at.variance * reach;
      }
      const SquareRootMoments m = square_root_moments(model, years);
      const double bound = 1e-12 + 3e-10 * std::pow(kappa, 4) / 180.0;  // Simpson's own error
      CHECK(std::abs(m.integral_mean - mean) <= bound * m.integral_mean);
      CHECK(std::abs(m.integral_variance - variance) <= 16.0 * bound * m.integral_variance);
    }
}

TEST_CASE("moments outside their domain are NaN") {
  CHECK(std::isnan(square_root_moments({.v0 = -0.1, .kappa = 1.0, .theta = 0.1, .xi = 0.5}, 1.0).mean));
  CHECK(std::isnan(square_root_moments({.v0 = 0.1, .kappa = 1.0, .theta = 0.1, .xi = 0.5}, -1.0).variance));
}

}  // namespace ballast::model
