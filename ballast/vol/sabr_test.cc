#include "ballast/vol/sabr.h"

#include <algorithm>
#include <cmath>

#include <doctest/doctest.h>

#include "ballast/math/elementary.h"
#include "tests/jet.h"
#include "tests/support.h"
#include "tests/table_error.h"

using namespace ballast;
using vol::Sabr;
using vol::SmilePoint;

namespace {

Sabr sabr(const test::Row& row) {
  return {.alpha = row["alpha"],
          .beta = row["beta"],
          .rho = row["rho"],
          .nu = row["nu"],
          .forward = Price(row["F"]),
          .years = Years(row["T"])};
}

using Jet = test::Jet<long double>;

/// Obloj's vol as the paper prints it, in long double; k is no 0 and beta no 1.
Jet textbook_vol(const Sabr& s, Jet k) {
  const long double b = 1.0L - s.beta, f = s.forward.value, nu = s.nu, rho = s.rho, alpha = s.alpha;
  const Jet strike = Jet(f) * exp(k), fb = Jet(std::pow(f, b)), kb = fb * exp(Jet(b) * k);
  const Jet z = Jet(nu / alpha) * (fb - kb) / Jet(b);
  const Jet root = sqrt(Jet(1) - Jet(2 * rho) * z + z * z);
  const Jet chi = log((root + z - Jet(rho)) / Jet(1 - rho));
  const Jet q = exp(Jet(b / 2) * (log(Jet(f)) + log(strike)));
  const Jet time = Jet(b * b * alpha * alpha / 24) / (q * q) + Jet(rho * s.beta * nu * alpha / 4) / q +
                   Jet((2 - 3 * rho * rho) * nu * nu / 24);
  return -Jet(nu) * k / chi * (Jet(1) + time * Jet(s.years.value));
}

const Sabr btc = {
    .alpha = 147.9, .beta = 0.5, .rho = 0.12, .nu = 1.9, .forward = Price(65000.0), .years = Years(0.0822)};

}  // namespace

TEST_CASE("SABR: the vols and slopes of the reference table") {
  test::TableError error;
  for (const test::Row& row : test::read_csv("tests/data/sabr_vols_deltas.csv")) {
    const Sabr s = sabr(row);
    const Price strike(row["K"]);
    const std::string at = row.text("set") + " " + row.text("K");
    const auto relative = [&](const char* column, double got) {
      error.add(column, got, row[column], std::abs(row[column]), at);
    };
    relative("vol_hagan", vol::hagan_vol(s, strike).value);
    relative("vol_obloj", vol::obloj_vol(s, strike).value);
    relative("vol_normal", vol::hagan_normal_vol(s, strike));
    const vol::HaganSlopes slopes = vol::hagan_slopes(s, strike);
    error.add("dvol_dF", slopes.to_forward, row["dvol_dF"], row["vol_hagan"] / row["F"], at);
    relative("dvol_dalpha", slopes.to_alpha);
  }
  MESSAGE("sabr_vols_deltas.csv", error.text());
  CHECK(error.worst() <= 45.0);  // 1e-14
}

TEST_CASE("SABR: a smile point's derivatives are those of the textbook's formula") {
  double worst = 0.0;
  for (const double beta : {0.0, 0.3, 0.5, 0.999}) {
    for (const double rho : {-0.95, -0.3, 0.0, 0.6, 0.95}) {
      for (const double nu : {0.2, 1.9}) {
        Sabr s = btc;
        s.beta = beta;
        s.rho = rho;
        s.nu = nu;
        s.alpha = 0.6 * std::pow(65000.0, 1.0 - beta);
        for (const double k : {-1.5, -0.4, -0.09, -0.02, 0.02, 0.09, 0.4, 1.5}) {
          CAPTURE(beta);
          CAPTURE(rho);
          CAPTURE(nu);
          CAPTURE(k);
          const Jet vol = textbook_vol(s, Jet::variable(k, 0));
          const Jet w = vol * vol * Jet(s.years.value);
          const SmilePoint p = vol::at(s, k);
          // What the textbook's own cancellation leaves in 64 bits: 1e-19 over k³ in the second derivative.
          const double scale = static_cast<double>(w.partial(0, 0, 0)), grain = 1e-12 + 1e-17 / (k * k * k * k * nu);
          const double off0 = std::abs(p.total_variance - static_cast<double>(w.partial(0, 0, 0))) / scale;
          const double off1 = std::abs(p.slope - static_cast<double>(w.partial(1, 0, 0))) / scale;
          const double off2 = std::abs(p.curvature - static_cast<double>(w.partial(2, 0, 0))) / scale;
          CHECK(off0 <= 1e-14);
          CHECK(off1 <= grain);
          CHECK(off2 <= 30.0 * grain);
          worst = std::max({worst, off0, off1, off2});
        }
      }
    }
  }
  MESSAGE("derivatives: worst ", worst, " of w, most of it the long double of the truth");
}

TEST_CASE("SABR: nothing happens at the money and at beta = 1") {
  // Across the money, and across the switches from series to closed forms, w is as smooth as its derivatives say: the
  // step's Taylor remainder is of third order in it.
  Sabr s = btc;
  for (const double beta : {0.0, 0.5, 1.0 - 1e-12, 1.0}) {
    s.beta = beta;
    s.alpha = 0.58 * std::pow(65000.0, 1.0 - beta);
    for (const double k : {-1.0, -0.5, -0.1, -0.0763, -1e-9, 0.0, 1e-9, 0.0763, 0.0767, 0.1, 0.5, 1.0}) {
      CAPTURE(beta);
      CAPTURE(k);
      const double h = 1e-4;
      const SmilePoint p = vol::at(s, k), up = vol::at(s, k + h), down = vol::at(s, k - h);
      CHECK(std::abs((up.total_variance - down.total_variance) / (2.0 * h) - p.slope) <= 2e-8);
      CHECK(std::abs((up.slope - down.slope) / (2.0 * h) - p.curvature) <= 3e-7);
      CHECK(vol::vol_of(p, s.years).value ==
            doctest::Approx(vol::obloj_vol(s, Price(65000.0 * std::exp(k))).value).epsilon(1e-13));
    }
  }
  s.beta = 1.0;
  s.alpha = 0.58;
  const SmilePoint at_one = vol::at(s, 0.3);
  s.beta = 1.0 - 1e-13;
  CHECK(vol::at(s, 0.3).curvature == doctest::Approx(at_one.curvature).epsilon(1e-11));
}

TEST_CASE("SABR: the gradient of a fit") {
  for (const double k : {-1.2, -0.3, -1e-6, 0.0, 1e-6, 0.05, 0.7}) {
    CAPTURE(k);
    const vol::SabrGradient g = vol::gradient(btc, k);
    const auto bumped = [&](double da, double drho, double dnu) {
      Sabr s = btc;
      s.alpha *= std::exp(da);
      s.rho += drho;
      s.nu += dnu;
      return vol::gradient(s, k).vol;
    };
    const double h = 1e-5;
    CHECK(std::abs((bumped(h, 0, 0) - bumped(-h, 0, 0)) / (2 * h) - g.to_log_alpha) <= 1e-9);
    CHECK(std::abs((bumped(0, h, 0) - bumped(0, -h, 0)) / (2 * h) - g.to_rho) <= 1e-9);
    CHECK(std::abs((bumped(0, 0, h) - bumped(0, 0, -h)) / (2 * h) - g.to_nu) <= 1e-9);
  }
}

TEST_CASE("SABR: alpha from the vol at the money, the smallest root") {
  for (const test::Row& row : test::read_csv("tests/data/sabr_vols_deltas.csv")) {
    CAPTURE(row.line);
    const Sabr s = sabr(row);
    const Vol atm = vol::hagan_vol(s, s.forward);
    CHECK(std::abs(vol::alpha_at_the_money(s, atm) / s.alpha - 1.0) <= 1e-13);
  }
  // rho = -0.9, nu = 2, two years, beta = 0.5: the cubic has three positive roots or one; at beta = 1 two or none.
  Sabr s = {.alpha = 0.0, .beta = 1.0, .rho = -0.9, .nu = 2.0, .forward = Price(1.0), .years = Years(2.0)};
  const double peak = 0.5 * (1.0 + (2.0 - 3.0 * 0.81) * 4.0 * 2.0 / 24.0) / (0.25 * 0.9 * 2.0 * 2.0);
  s.alpha = vol::alpha_at_the_money(s, Vol(0.2));
  CHECK(s.alpha > 0.0);
  CHECK(s.alpha < peak);  // of the two roots the one before the turn
  CHECK(vol::hagan_vol(s, Price(1.0)).value == doctest::Approx(0.2).epsilon(1e-14));
  CHECK(std::isnan(vol::alpha_at_the_money(s, Vol(0.9))));  // over what any alpha gives
  s.beta = 0.5;
  s.alpha = vol::alpha_at_the_money(s, Vol(3.0));  // behind the dip
  CHECK(vol::hagan_vol(s, Price(1.0)).value == doctest::Approx(3.0).epsilon(1e-13));
  CHECK(std::isnan(vol::alpha_at_the_money(s, Vol(0.0))));
  CHECK(std::isnan(vol::alpha_at_the_money(s, Vol(NAN))));
}

TEST_CASE("SABR: outside the domain there is no number") {
  const auto spoiled = [](auto spoil) {
    Sabr s = btc;
    spoil(s);
    CHECK(std::isnan(vol::hagan_vol(s, Price(60000.0)).value));
    CHECK(std::isnan(vol::obloj_vol(s, Price(60000.0)).value));
    CHECK(std::isnan(vol::hagan_normal_vol(s, Price(60000.0))));
    CHECK(std::isnan(vol::hagan_slopes(s, Price(60000.0)).to_forward));
    CHECK(std::isnan(vol::at(s, -0.1).curvature));
    CHECK(std::isnan(vol::gradient(s, -0.1).to_rho));
  };
  spoiled([](Sabr& s) { s.alpha = 0.0; });
  spoiled([](Sabr& s) { s.alpha = NAN; });
  spoiled([](Sabr& s) { s.beta = 1.1; });
  spoiled([](Sabr& s) { s.rho = -1.0; });
  spoiled([](Sabr& s) { s.nu = -0.1; });
  spoiled([](Sabr& s) { s.forward = Price(-1.0); });
  spoiled([](Sabr& s) { s.years = Years(-0.1); });
  spoiled([](Sabr& s) {  // the correction in time is negative
    s.rho = 0.95;
    s.nu = 12.0;
    s.years = Years(2.0);
    s.beta = 0.0;
    s.alpha = 65000.0 * 0.3;
  });
  CHECK(std::isnan(vol::at(btc, INFINITY).total_variance));
  CHECK(std::isnan(vol::hagan_vol(btc, Price(0.0)).value));
}
