#include "ballast/vol/surface.h"

#include <cmath>

#include <doctest/doctest.h>

using namespace ballast;
using namespace ballast::vol;

namespace {

Surface two_slices() {
  Surface surface{.index = "btc_usd"};
  for (const double years : {0.1, 0.4}) {
    const double theta = 0.3 * years;
    surface.slices.push_back({.expiry = Time{static_cast<std::int64_t>(years * 1e12)},
                              .years = Years(years),
                              .forward = Price(1e5),
                              .shape = Essvi{.theta = theta, .rho = -0.2, .psi = 0.8 * std::sqrt(theta)}});
  }
  return surface;
}

}  // namespace

TEST_CASE("time between expiries is linear in total variance and keeps its order") {
  const Surface surface = two_slices();
  for (const double k : {-1.2, -0.3, 0.0, 0.4, 1.5}) {
    CAPTURE(k);
    const double near = at(surface.slices[0].shape, k).total_variance,
                 far = at(surface.slices[1].shape, k).total_variance;
    CHECK(at(surface, k, Years(0.1)).total_variance == doctest::Approx(near).epsilon(1e-14));
    CHECK(at(surface, k, Years(0.4)).total_variance == doctest::Approx(far).epsilon(1e-14));
    CHECK(at(surface, k, Years(0.2)).total_variance == doctest::Approx(near + (far - near) / 3.0).epsilon(1e-14));
    CHECK(at(surface, k, Years(0.05)).total_variance == doctest::Approx(0.5 * near).epsilon(1e-14));  // to 0 with time
    CHECK(at(surface, k, Years(0.7)).total_variance ==
          doctest::Approx(far + (far - near)).epsilon(1e-14));  // forward variance goes on
    double before = 0.0;
    for (int i = 1; i <= 80; ++i) {
      const double w = at(surface, k, Years(0.01 * i)).total_variance;
      CHECK(w > before);
      before = w;
    }
  }
  CHECK(std::isnan(at(surface, 0.0, Years(0.0)).total_variance));
  CHECK(std::isnan(at(Surface{}, 0.0, Years(1.0)).total_variance));
  CHECK(slice_of(surface, surface.slices[1].expiry) == &surface.slices[1]);
  CHECK(slice_of(surface, Time{1}) == nullptr);
}

TEST_CASE("between expiries, before and after them the derivatives are the differences") {
  const Surface surface = two_slices();
  constexpr double h = 1e-5;
  for (const double years : {0.03, 0.1, 0.17, 0.4, 0.9}) {
    for (const double k : {-1.2, -0.31, 0.002, 0.17, 1.4}) {
      CAPTURE(years);
      CAPTURE(k);
      const SmilePoint low = at(surface, k - h, Years(years)), here = at(surface, k, Years(years)),
                       high = at(surface, k + h, Years(years));
      const double slope = (high.total_variance - low.total_variance) / (2.0 * h),
                   curvature = (high.slope - low.slope) / (2.0 * h);
      CHECK(std::abs(here.slope - slope) <= 1e-8);
      CHECK(std::abs(here.curvature - curvature) <= 1e-6 * (1.0 + std::abs(curvature)));
    }
  }
}

TEST_CASE("one expiry alone keeps its own vol at every time") {
  Surface surface = two_slices();
  surface.slices.pop_back();
  for (const double k : {-0.8, 0.0, 0.6}) {
    const double vol = vol_of(at(surface.slices[0].shape, k), Years(0.1)).value;
    for (const double years : {0.001, 0.1, 0.35, 2.0})
      CHECK(vol_of(at(surface, k, Years(years)), Years(years)).value == doctest::Approx(vol).epsilon(1e-14));
  }
}

TEST_CASE("the spline's derivatives are its differences, and its wings are straight") {
  const VarianceSpline spline{.backbone = {.a = 0.01, .b = 0.2, .rho = -0.3, .m = 0.02, .sigma = 0.15},
                              .scale = 0.2,
                              .first = -1.2,
                              .step = 0.35,
                              .terms = {2e-3, -1e-3, 5e-4, 1e-3, -2e-3, 1e-3, 3e-3, -1e-3}};
  constexpr double h = 1e-5;
  for (int i = -60; i <= 60; ++i) {
    const double k = 0.021 * i + 0.0003;
    CAPTURE(k);
    const SmilePoint low = at(spline, k - h), here = at(spline, k), high = at(spline, k + h);
    CHECK(here.slope == doctest::Approx((high.total_variance - low.total_variance) / (2.0 * h)).epsilon(1e-6));
    CHECK(here.curvature == doctest::Approx((high.slope - low.slope) / (2.0 * h)).epsilon(1e-4));
  }
  for (const double k : {-3.0, 3.0}) {  // over two steps beyond the last bump
    CHECK(at(spline, k).total_variance == at(spline.backbone, k).total_variance);
    CHECK(at(spline, k).slope == at(spline.backbone, k).slope);
  }
  for (const double k : {-50.0, 50.0}) {  // straight, and below Lee's slope of 2
    CHECK(std::abs(at(spline, k).curvature) < 1e-6);
    CHECK(std::abs(at(spline, k).slope) <= steepest_wing(spline.backbone));
    CHECK(std::abs(at(spline, k).slope) < 2.0);
  }
}
