#include "ballast/model/qe_step.h"

#include <doctest/doctest.h>

#include <cmath>

#include "ballast/math/normal.h"
#include "tests/support.h"

namespace ballast::model {

TEST_CASE("the quadratic-exponential step agrees with the reference table in both branches") {
  const auto near = [](double value, double wanted) { return std::abs(value - wanted) <= 1e-12 * std::abs(wanted); };
  for (const test::Row& row : test::read_csv("tests/data/qe_step.csv")) {
    CAPTURE(row.line);
    const Heston model{
        .v0 = row["v"], .kappa = row["kappa"], .theta = row["theta"], .xi = row["eps"], .rho = row["rho"]};
    const QeStep step = qe_step(model, row["dt"]);
    CHECK(near(step.k0, row["K0"]));
    CHECK(near(step.k1, row["K1"]));
    CHECK(near(step.k2, row["K2"]));
    CHECK(near(step.k3, row["K3"]));
    CHECK(near(step.k3, row["K4"]));
    const QeMove move = qe_move(step, row["v"], row["u"]);
    CHECK(near(move.mean, row["m"]));
    CHECK(near(move.variance, row["s2"]));
    CHECK(near(move.psi, row["psi"]));
    CHECK(move.quadratic == (row.text("branch") == "Q"));
    CHECK(near(move.first, row["p1"]));
    CHECK(near(move.second, row["p2"]));
    CHECK(near(move.next, row["v_next"]));
    CHECK(near(move.corrected, row["K0_mart"]));
  }
}

// E[S'/S | v] by the trapezoidal rule over the normal of the variance, which the uniform comes from: what the
// correction is for. The exponential branch jumps at u = p, so its rule is split there.
TEST_CASE("the corrected step is a martingale in both branches") {
  for (const double v : {0.0, 0.001, 0.05, 0.6})
    for (const double rho : {-0.9, 0.4}) {
      const Heston model{.kappa = 2.0, .theta = 0.1, .xi = 1.2, .rho = rho};
      const QeStep step = qe_step(model, 0.05);
      const auto growth = [&](double u) {
        const QeMove move = qe_move(step, v, u);
        return std::exp(move.corrected + step.k1 * v + step.k2 * move.next + 0.5 * step.k3 * (v + move.next));
      };
      CAPTURE(v);
      CAPTURE(rho);
      const QeMove at = qe_move(step, v, 0.5);
      double mean = at.quadratic ? 0.0 : at.first * growth(0.0);
      constexpr int n = 40'000;
      for (int i = 0; i < n; ++i) {
        if (at.quadratic) {
          const double z = -8.0 + 16.0 * (i + 0.5) / n;
          mean += growth(math::norm_cdf(z)) * math::norm_pdf(z) * 16.0 / n;
        } else {
          // v' = x, exponential: x = y/beta, weight (1 - p) e^-y, on the rule's middles up to y = 60.
          const double y = 60.0 * (i + 0.5) / n, u = 1.0 - (1.0 - at.first) * std::exp(-y);
          if (u < 1.0) mean += growth(u) * (1.0 - at.first) * std::exp(-y) * 60.0 / n;
        }
      }
      CHECK(std::abs(mean - 1.0) <= (at.quadratic ? 1e-11 : 1e-6));
    }
}

TEST_CASE("a correction that does not exist is said not to") {
  // Steps of years, rho > 0 and a strong pull: E[e^{A v'}] is infinite. Found by a search; both branches.
  const Heston quadratic{.kappa = 228.8, .theta = 5.594, .xi = 39.48, .rho = 0.984};
  CHECK(qe_move(qe_step(quadratic, 9.84), 6.13, 0.5).quadratic);
  CHECK(std::isnan(qe_move(qe_step(quadratic, 9.84), 6.13, 0.5).corrected));
  const Heston exponential{.kappa = 130.8, .theta = 0.06153, .xi = 46.57, .rho = 0.9196};
  CHECK_FALSE(qe_move(qe_step(exponential, 9.577), 0.0, 0.5).quadratic);
  CHECK(std::isnan(qe_move(qe_step(exponential, 9.577), 0.0, 0.5).corrected));
}

}  // namespace ballast::model
