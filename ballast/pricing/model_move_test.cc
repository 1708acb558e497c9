#include "ballast/pricing/model_move.h"

#include <cmath>

#include <doctest/doctest.h>

#include "ballast/math/normalised_black.h"
#include "ballast/model/transform.h"

namespace ballast {
namespace {

const model::TransformModel heston = model::Heston{.v0 = 0.36, .kappa = 3.0, .theta = 0.42, .xi = 1.6, .rho = -0.15};

double implied(const model::Heston& m, double forward, double strike, double years) {
  double price = 0.0;
  const double sign = strike >= forward ? 1.0 : -1.0;
  model::TransformColumns columns;
  columns.price = std::span(&price, 1);
  const auto done = model::transform(
      m,
      {.forward = Price(forward), .years = Years(years), .strike = std::span(&strike, 1), .sign = std::span(&sign, 1)},
      columns);
  REQUIRE(bool(done));
  return math::implied_stdev(std::log(forward / strike), price / std::sqrt(forward * strike)).stdev / std::sqrt(years);
}

}  // namespace

TEST_CASE("Black and Scholes expect no move of the vol") {
  const auto move = pricing::model_move(model::BlackScholes{0.6}, Price(60'000.0), Price(70'000.0), Years(0.25));
  REQUIRE(bool(move));
  CHECK(std::abs(move.value().to_forward * 60'000.0) < 1e-10);
}

// What the model does when the price moves: the variance goes along by rho xi per unit of ln F, as its own regression
// has it. Priced again there, without any of the transform's Greeks.
TEST_CASE("Heston's move of the vol is that of the price and the variance moved together") {
  const model::Heston m = std::get<model::Heston>(heston);
  for (const double strike : {48'000.0, 60'000.0, 75'000.0}) {
    const double h = 1e-4, years = 0.25;
    model::Heston up = m, down = m;
    up.v0 += m.rho * m.xi * h, down.v0 -= m.rho * m.xi * h;
    const double f_up = 60'000.0 * std::exp(h), f_down = 60'000.0 * std::exp(-h);
    const double expected = (implied(up, f_up, strike, years) - implied(down, f_down, strike, years)) / (f_up - f_down);
    const auto move = pricing::model_move(heston, Price(60'000.0), Price(strike), Years(years));
    REQUIRE(bool(move));
    CHECK(move.value().to_forward == doctest::Approx(expected).epsilon(1e-6));
  }
}

TEST_CASE("the second derivative is that of the first along the forward") {
  const double h = 30.0;
  for (const double strike : {50'000.0, 66'000.0}) {
    const auto at = [&](double forward) {
      return pricing::model_move(heston, Price(forward), Price(strike), Years(0.25)).value();
    };
    const double expected = (at(60'000.0 + h).to_forward - at(60'000.0 - h).to_forward) / (2.0 * h);
    CHECK(at(60'000.0).to_forward_twice == doctest::Approx(expected).epsilon(1e-3));
  }
}

TEST_CASE("a worthless option has no vol to move, and jumps without a variance no such delta") {
  const auto far = pricing::model_move(heston, Price(60'000.0), Price(6e7), Years(0.003));
  REQUIRE(bool(far));
  CHECK(far.value().to_forward == 0.0);
  // E[J²] is infinite from up_rate 2 down.
  const auto heavy =
      pricing::model_move(model::Kou{0.5, 2.0, 0.5, 1.5, 5.0}, Price(60'000.0), Price(60'000.0), Years(0.1));
  REQUIRE_FALSE(bool(heavy));
  CHECK(heavy.error().fault == Fault::no_solution);
}

}  // namespace ballast
