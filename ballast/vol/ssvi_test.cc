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

TEST_CASE("a flat slice has a raw form") {
  const Svi flat = raw(Essvi{.theta = 0.04, .rho = -0.5, .psi = 0.0});
  for (const double k : {-1.0, 0.0, 2.0}) {
    const SmilePoint p = at(flat, k);
    CHECK(p.total_variance == doctest::Approx(0.04).epsilon(1e-15));
    CHECK(p.slope == 0.0);
    CHECK(p.curvature == 0.0);
  }
}

TEST_CASE("the raw form of a slice is the slice") {
  std::mt19937_64 random(5);
  for (int i = 0; i < 200; ++i) {
    const auto uniform = [&](double low, double high) {
      return std::uniform_real_distribution<double>(low, high)(random);
    };
    const double theta = std::exp(uniform(-8.0, 0.0)), rho = uniform(-0.95, 0.95);
    const Essvi slice{.theta = theta, .rho = rho, .psi = uniform(0.01, 1.0) * largest_psi(theta, rho)};
    for (const double z : {-8.0, -1.0, 0.0, 0.3, 5.0}) {
      const double k = z * std::sqrt(theta);
      const SmilePoint a = at(slice, k), b = at(raw(slice), k);
      CHECK(b.total_variance == doctest::Approx(a.total_variance).epsilon(1e-9));
      CHECK(std::abs(b.slope - a.slope) <= 1e-9 * slice.psi);
      CHECK(b.curvature == doctest::Approx(a.curvature).epsilon(1e-9));
    }
  }
}

TEST_CASE("the largest psi is free of butterflies, and of the size that a grid lets pass") {
  const auto least_g = [](const Essvi& slice) {
    double least = 1e300;
    for (int j = -500; j <= 500; ++j) {
      const double k = 40.0 * std::sqrt(slice.theta) * std::sinh(7.0 * j / 500.0) / std::sinh(7.0);
      least = std::min(least, butterfly(k, at(slice, k)));
    }
    return least;
  };
  double least_room = 1e300, most_room = 0.0;
  for (const double theta : {1e-4, 1e-3, 1e-2, 0.1, 0.5, 1.0, 3.0, 8.0}) {
    for (const double rho : {-0.9, -0.6, -0.3, 0.0, 0.4, 0.8}) {
      CAPTURE(theta);
      CAPTURE(rho);
      const double bound = largest_psi(theta, rho), lee = 4.0 / (1.0 + std::abs(rho));
      CHECK(bound <= lee);
      CHECK(least_g({.theta = theta, .rho = rho, .psi = bound}) >= -1e-12);
      if (bound == lee) continue;  // the wing is at Lee's bound: no more is possible
      double low = bound, high = lee;
      if (least_g({.theta = theta, .rho = rho, .psi = high}) >= 0.0) low = high;
      for (int i = 0; i < 40 && low < high; ++i) {
        const double middle = 0.5 * (low + high);
        (least_g({.theta = theta, .rho = rho, .psi = middle}) >= 0.0 ? low : high) = middle;
      }
      least_room = std::min(least_room, low / bound), most_room = std::max(most_room, low / bound);
    }
  }
  MESSAGE("a grid lets pass between " << least_room << " and " << most_room << " times the theorem's psi");
  CHECK(least_room >= 1.0);
  // The theorem's second condition suffices and is not needed: short slices without skew bear 2.22 times its psi.
  CHECK(most_room <= 2.3);
}
