#include "ballast/pricing/surface_local_vol.h"

#include <doctest/doctest.h>

#include <cmath>

#include "ballast/vol/ssvi.h"

namespace ballast::pricing {

TEST_CASE("the local vol of a surface has the slopes of its total variance") {
  vol::Surface surface{.index = "btc_usd"};
  for (const double years : {0.05, 0.2, 0.6})
    surface.slices.push_back({.years = Years(years),
                              .forward = Price(50'000.0),
                              .shape = vol::PowerLawSsvi{.rho = -0.1, .eta = 0.9, .gamma = 0.45}.slice(0.36 * years)});
  const auto model = local_vol(surface);
  REQUIRE(model);
  // Central differences of vol::at, away from the expiries, where the rise jumps.
  for (const double years : {0.03, 0.1, 0.4, 0.9})
    for (const double k : {-0.3, 0.0, 0.2}) {
      CAPTURE(years);
      CAPTURE(k);
      const auto w = [&](double t, double at) { return vol::at(surface, at, Years(t)).total_variance; };
      const model::VariancePoint p = model.value().surface(years, k);
      const double h = 1e-4;
      CHECK(std::abs(p.w - w(years, k)) <= 1e-15);
      CHECK(std::abs(p.rise - (w(years + h, k) - w(years - h, k)) / (2.0 * h)) <= 1e-9);
      CHECK(std::abs(p.slope - (w(years, k + h) - w(years, k - h)) / (2.0 * h)) <= 1e-6);
      CHECK(std::abs(p.curvature - (w(years, k + h) - 2.0 * w(years, k) + w(years, k - h)) / (h * h)) <= 1e-4);
      CHECK(model::dupire_variance(k, p) > 0.0);
    }
  CHECK(!local_vol({}));
}

}  // namespace ballast::pricing
