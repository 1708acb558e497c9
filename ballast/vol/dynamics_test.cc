#include "ballast/vol/dynamics.h"

#include <cmath>

#include <doctest/doctest.h>

using namespace ballast;
using vol::SmileDynamics;
using vol::SmileRule;

namespace {

const vol::Svi btc = {.a = 0.0085, .b = 0.085, .rho = -0.12, .m = 0.015, .sigma = 0.16};
const Price forward(65000.0);
const Years years(0.0822);

}  // namespace

TEST_CASE("dynamics: words and their names") {
  for (const char* word : {"sticky-strike", "sticky-moneyness", "local-vol", "ssr=1.4", "ssr=-0.5", "adaptive"}) {
    CAPTURE(word);
    const auto dynamics = vol::smile_dynamics(word);
    REQUIRE(dynamics);
    CHECK(vol::name(dynamics.value()) == word);
  }
  CHECK(vol::smile_dynamics("net").value().rule == SmileRule::sticky_strike);
  for (const char* word : {"", "sticky", "ssr=", "ssr=x", "ssr=nan", "ssr=11", "SSR=1", "by-tenor"}) {
    CAPTURE(word);
    const auto refused = vol::smile_dynamics(word);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().fault == Fault::bad_input);
    CHECK(refused.error().what.find("'" + std::string(word) + "'") != std::string::npos);
  }
}

TEST_CASE("dynamics: the vol at the money moves by R times the skew") {
  // The definition of R, on a moved smile: sigma_atm(F e^x) = vol at strike F e^x, by the move of that strike.
  for (const double stickiness : {-0.5, 0.0, 1.0, 1.4, 2.0}) {
    const SmileDynamics dynamics{.rule = SmileRule::skew_stickiness, .stickiness = stickiness};
    const double skew = vol::vol_slope(vol::at(btc, 0.0), years), x = 1e-5;
    const auto moved = [&](double by) {  // the strike that is at the money afterwards, to first order in its move
      const vol::SmilePoint p = vol::at(btc, by);
      return vol::vol_of(p, years).value +
             vol::vol_move(dynamics, p, forward, years, 0.0).to_forward * forward.value * by;
    };
    CHECK(std::abs((moved(x) - moved(-x)) / (2.0 * x) - stickiness * skew) <= 1e-8);
  }
}

TEST_CASE("dynamics: of tenors, linear between and flat beyond") {
  SmileDynamics d{
      .rule = SmileRule::by_tenor, .stickiness = 1.0, .tenors = {{Years(0.1), 0.8, 0.02}, {Years(0.3), 1.6, 0.0}}};
  CHECK(vol::rule_at(d, Years(0.05)).stickiness == 0.8);
  CHECK(vol::rule_at(d, Years(0.1)).stickiness == 0.8);
  CHECK(vol::rule_at(d, Years(0.2)).stickiness == doctest::Approx(1.2));
  CHECK(vol::rule_at(d, Years(0.2)).atm_slope == doctest::Approx(0.01));
  CHECK(vol::rule_at(d, Years(1.0)).stickiness == 1.6);
  // A measured slope with R = 0: a smile that goes with the forward and lifts.
  d.tenors = {{Years(1.0), 0.0, 0.3}};
  const vol::SmilePoint p = vol::at(btc, 0.2);
  const double alone = vol::vol_move({.rule = SmileRule::sticky_moneyness}, p, forward, years, 0.0).to_forward;
  CHECK(vol::vol_move(d, p, forward, years, 0.0).to_forward ==
        doctest::Approx(alone + 0.3 / forward.value).epsilon(1e-14));
  d.tenors = {{Years(0.3), 1.0, 0.0}, {Years(0.1), 1.0, 0.0}};
  CHECK(std::isnan(vol::vol_move(d, p, forward, years, 0.0).to_forward));
  d.tenors.clear();
  CHECK(std::isnan(vol::rule_at(d, years).stickiness));
}

TEST_CASE("dynamics: outside the domain there is no number") {
  const SmileDynamics d{.rule = SmileRule::sticky_local_vol};
  CHECK(std::isnan(vol::vol_move(d, {}, forward, years, 0.0).to_forward));
  CHECK(std::isnan(vol::vol_move(d, vol::at(btc, 0.0), Price(0.0), years, 0.0).to_forward_twice));
  CHECK(std::isnan(vol::vol_move(d, vol::at(btc, 0.0), forward, Years(0.0), 0.0).to_time));
  CHECK(std::isnan(vol::variance_slope({}, 0.0, years)));
}

TEST_CASE("dynamics: the variance that passing time takes away") {
  vol::Surface surface;
  surface.slices.push_back(
      {.years = Years(0.1), .forward = forward, .shape = vol::Essvi{0.02, -0.1, 0.1}, .health = {}});
  surface.slices.push_back(
      {.years = Years(0.3), .forward = forward, .shape = vol::Essvi{0.08, 0.0, 0.2}, .health = {}});
  for (const double t : {0.05, 0.1, 0.2, 0.3, 0.5}) {
    CAPTURE(t);
    const double h = 1e-6, k = 0.1;
    const double now = vol::at(surface, k, Years(t)).total_variance;
    const double later = vol::at(surface, k, Years(t - h)).total_variance;
    CHECK(std::abs((now - later) / h - vol::variance_slope(surface, k, Years(t))) <= 1e-9);
  }
}
