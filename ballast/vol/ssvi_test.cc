#include "ballast/vol/ssvi.h"

#include <algorithm>
#include <cmath>
#include <random>

#include <doctest/doctest.h>

#include "tests/support.h"

using namespace ballast;
using namespace ballast::vol;

TEST_CASE("the SSVI surface and its local vols agree with the table") {
  double worst = 0.0;
  for (const test::Row& row : test::read_csv("tests/data/ssvi_dupire.csv")) {
    CAPTURE(row.line);
    const PowerLawSsvi surface{.rho = row["rho"], .eta = row["eta"], .gamma = row["gamma"]};
    const double s0 = row["s0"], theta = s0 * s0 * row["t"], k = row["k"];
    const Essvi slice = surface.slice(theta);
    const SmilePoint p = at(slice, k);
    const double rise = surface.theta_slope(theta, k) * s0 * s0, g = butterfly(k, p);
    const auto near = [&](double value, const char* column) {
      const double error = std::abs(value / row[column] - 1.0);
      worst = std::max(worst, error);
      CHECK_MESSAGE(error <= 1e-10, std::string(column));
    };
    near(theta, "theta"), near(slice.psi / theta, "phi"), near(p.total_variance, "w");
    near(vol_of(p, Years(row["t"])).value, "implied_vol"), near(rise, "dw_dt"), near(g, "g");
    near(std::sqrt(rise / g), "local_vol");
    near(slice.psi * (1.0 + std::abs(slice.rho)), "bf1");
    near(slice.psi * slice.psi / theta * (1.0 + std::abs(slice.rho)), "bf2");
    CHECK(butterfly_free(slice) == (row["bf1"] <= 4.0 && row["bf2"] <= 4.0));
  }
  MESSAGE("worst error: " << worst);
}

TEST_CASE("what the theorem says of two slices is what a grid shows") {
  std::mt19937_64 random(20261125);
  const auto uniform = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  int free = 0, crossing = 0, unknown = 0;
  for (int i = 0; i < 4000; ++i) {
    const double theta = std::exp(uniform(-8.0, 0.0)), rho = uniform(-0.9, 0.9);
    const Essvi near{.theta = theta, .rho = rho, .psi = uniform(0.05, 1.0) * largest_psi(theta, rho)};
    const double later = theta * std::exp(uniform(-0.3, 1.5)),
                 turned = std::clamp(rho + uniform(-0.3, 0.3), -0.95, 0.95);
    const Essvi far{.theta = later, .rho = turned, .psi = uniform(0.05, 1.0) * largest_psi(later, turned)};
    double least = 1e300, g = 1e300;
    for (int j = -400; j <= 400; ++j) {
      const double k = 30.0 * std::sqrt(later) * std::sinh(6.0 * j / 400.0) / std::sinh(6.0) * 40.0;
      const SmilePoint a = at(near, k), b = at(far, k);
      least = std::min(least, (b.total_variance - a.total_variance) / b.total_variance);
      g = std::min(g, butterfly(k, b));
    }
    CHECK(g >= -1e-12);
    for (const double k : {-1e6, 0.0, 1e6}) {  // a wing that just crosses does so far out
      const double a = at(near, k).total_variance, b = at(far, k).total_variance;
      least = std::min(least, (b - a) / b);
    }
    const CalendarVerdict verdict = calendar(near, far);
    if (verdict == CalendarVerdict::free) {
      ++free;
      CHECK(least >= -1e-12);
    } else if (verdict == CalendarVerdict::crossing) {
      ++crossing;
      CHECK(least < 0.0);
    } else {
      ++unknown;
    }
  }
  CHECK(free > 200);
  CHECK(crossing > 200);
  CHECK(unknown > 50);
}

TEST_CASE("a slice without skew and curvature is flat") {
  const SmilePoint p = at(Essvi{.theta = 0.04, .rho = -0.5, .psi = 0.0}, 0.7);
  CHECK(p.total_variance == doctest::Approx(0.04).epsilon(1e-15));
  CHECK(p.slope == 0.0);
  CHECK(p.curvature == 0.0);
}
