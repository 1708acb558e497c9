#include "ballast/pricing/black.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include "ballast/math/normalised_black.h"
#include "ballast/pricing/black_scholes.h"
#include "tests/support.h"

using namespace ballast;
using namespace ballast::pricing;
using market::OptionType;

namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

Vanilla random_vanilla(std::mt19937_64& rng) {
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  Vanilla o{.forward = Price(std::exp(11.5 * unit(rng))),
            .strike = {},
            .vol = Vol(0.05 + 2.0 * unit(rng)),
            .years = Years(std::exp(-10.0 + 11.0 * unit(rng))),
            .type = unit(rng) < 0.5 ? OptionType::call : OptionType::put};
  const double stdev = o.vol.value * std::sqrt(o.years.value);
  o.strike = Price(o.forward.value * std::exp(stdev * (8.0 * unit(rng) - 4.0)));
  return o;
}

}  // namespace

TEST_CASE("black_greeks is the table where the table has no rates") {
  int rows = 0;
  for (const auto& row : test::read_csv("tests/data/black_greeks.csv")) {
    if (row["r"] != 0.0 || row["q"] != 0.0) continue;
    ++rows;
    CAPTURE(row.text("case"));
    const Vanilla o{.forward = Price(row["S"]),
                    .strike = Price(row["K"]),
                    .vol = Vol(row["sigma"]),
                    .years = Years(row["T"]),
                    .type = row.text("type") == "C" ? OptionType::call : OptionType::put};
    const BlackGreeks g = black_greeks(o);
    const double d1 = row["d1"], d2 = row["d2"], loose = 3.0 * epsilon * (1.0 + d1 * d1);
    const auto close = [&](double got, const char* column, double natural = 0.0) {
      CAPTURE(std::string(column));
      const double reference = std::strtod(row.text(column).c_str(), nullptr);
      CHECK(std::abs(got - reference) <= loose * std::max(std::abs(reference), natural) + 1e-300);
    };
    const double years = row["T"], vol = row["sigma"], root = std::sqrt(years);
    const double vega = std::strtod(row.text("vega").c_str(), nullptr), density = vega / (row["S"] * root);
    close(g.price.value, "price");
    close(g.delta, "delta");
    close(g.gamma, "gamma");
    close(g.vega, "vega");
    close(g.theta, "theta");
    close(g.rho, "rho");
    close(g.vanna, "vanna", density / vol);
    close(g.volga, "volga", vega / vol);
    close(g.charm, "charm", 0.5 * density * (std::abs(d1) + std::abs(d2)) / years);
    CHECK(black_price(o) == g.price);
    CHECK(black_delta(o) == g.delta);
  }
  CHECK(rows >= 40);
}

TEST_CASE("black: parity, bounds, signs and the diffusion equation") {
  std::mt19937_64 rng(20260410);
  for (int i = 0; i < 20'000; ++i) {
    Vanilla call = random_vanilla(rng);
    call.type = OptionType::call;
    Vanilla put = call;
    put.type = OptionType::put;
    const BlackGreeks c = black_greeks(call), p = black_greeks(put);
    const double f = call.forward.value, k = call.strike.value, big = std::max(f, k);
    CHECK(std::abs(c.price.value - p.price.value - (f - k)) <= 4.0 * epsilon * big);
    CHECK(std::abs(c.delta - p.delta - 1.0) <= 4.0 * epsilon);
    CHECK(std::abs(c.rho - p.rho - k * call.years.value) <= 4.0 * epsilon * k * call.years.value);
    CHECK(c.gamma == p.gamma);
    CHECK(c.vega == p.vega);
    CHECK(c.theta == p.theta);
    CHECK(c.delta >= 0.0);
    CHECK(p.delta <= 0.0);
    CHECK(c.rho >= 0.0);
    CHECK(p.rho <= 0.0);
    CHECK(c.vega >= 0.0);
    CHECK(c.theta <= 0.0);
    const double vol = call.vol.value;
    CHECK(c.theta == doctest::Approx(-0.5 * vol * vol * f * f * c.gamma).epsilon(1e-13));
    CHECK(c.vega == doctest::Approx(vol * call.years.value * f * f * c.gamma).epsilon(1e-13));
    // Calendar theta is -(vol / 2 years) vega: the price depends on vol sqrt(years) only.
    CHECK(c.theta * call.years.value == doctest::Approx(-0.5 * vol * c.vega).epsilon(1e-13));
  }
}

TEST_CASE("the stdev implied by a price gives the price back") {
  std::mt19937_64 rng(20260411);
  double worst = 0.0;
  for (int i = 0; i < 50'000; ++i) {
    const Vanilla o = random_vanilla(rng);
    const Price price = black_price(o);
    const auto implied =
        math::implied_stdev_of_price(o.forward.value, o.strike.value, price.value, o.type == OptionType::call);
    if (implied.outcome == math::ImpliedOutcome::at_intrinsic) continue;
    CAPTURE(i);
    REQUIRE(implied.outcome == math::ImpliedOutcome::ok);
    Vanilla again = o;
    again.vol = Vol(implied.stdev);
    again.years = Years(1.0);
    const double d1 = std::log(o.forward / o.strike) / implied.stdev;
    const double off = std::abs(black_price(again).value / price.value - 1.0) / epsilon / (1.0 + d1 * d1);
    worst = std::max(worst, off);
    CHECK(off <= 5.0);  // two evaluations of b, each good to 5 epsilon, and the rounding of the stdev
  }
  MESSAGE("price -> stdev -> price: worst ", worst, " eps of (1 + d1^2)");
}

TEST_CASE("black: limits and domain") {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  Vanilla o{.forward = Price(65000), .strike = Price(60000), .vol = Vol(0.6), .years = Years(0)};
  CHECK(black_price(o).value == 5000.0);
  CHECK(black_delta(o) == 1.0);
  o.type = OptionType::put;
  CHECK(black_price(o).value == 0.0);
  CHECK(black_delta(o) == 0.0);
  o.strike = o.forward;
  CHECK(black_delta(o) == -0.5);
  CHECK(black_greeks(o).gamma == 0.0);
  CHECK(black_greeks(o).theta == 0.0);
  for (const double bad : {-1e-9, nan, infinity}) {
    for (int which = 0; which < 4; ++which) {
      Vanilla b = o;
      if (which == 0) b.forward = Price(bad);
      if (which == 1) b.strike = Price(bad);
      if (which == 2) b.vol = Vol(bad);
      if (which == 3) b.years = Years(bad);
      CHECK(std::isnan(black_price(b).value));
      CHECK(std::isnan(black_delta(b)));
      const auto g = black_greeks(b);
      for (const double field : {g.price.value, g.delta, g.gamma, g.vega, g.theta, g.rho, g.vanna, g.volga, g.charm})
        CHECK(std::isnan(field));
    }
  }
  // A strike of nearly nothing is the coin; one of nearly everything is nothing.
  CHECK(black_price({.forward = Price(100), .strike = Price(1e-9), .vol = Vol(0.6), .years = Years(1)}).value ==
        doctest::Approx(100.0).epsilon(1e-10));
  CHECK(black_price({.forward = Price(100), .strike = Price(1e200), .vol = Vol(0.6), .years = Years(1)}).value == 0.0);
}
