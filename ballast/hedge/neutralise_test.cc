#include "ballast/hedge/neutralise.h"

#include <cmath>
#include <limits>
#include <random>

#include <doctest/doctest.h>

using namespace ballast;
using hedge::Greeks;
using hedge::Target;

namespace {
constexpr Target all[] = {Target::delta, Target::gamma, Target::vega};
}

TEST_CASE(
    "the textbook case: gamma -5000, vega -8000") {  // Hull, Options, Futures and Other Derivatives, Greek letters
  const Greeks units[] = {{0.6, 0.5, 2.0}, {0.5, 0.8, 1.2}, {1.0, 0.0, 0.0}};
  const auto neutral = hedge::neutralise({0.0, -5000.0, -8000.0}, units, all);
  REQUIRE(neutral);
  CHECK(neutral.value().sizes[0] == doctest::Approx(400.0).epsilon(1e-12));
  CHECK(neutral.value().sizes[1] == doctest::Approx(6000.0).epsilon(1e-12));
  CHECK(neutral.value().sizes[2] == doctest::Approx(-3240.0).epsilon(1e-12));
}

TEST_CASE("random systems leave nothing, whatever the units") {
  std::mt19937_64 random(20260401);
  std::uniform_real_distribution<double> u(-1.0, 1.0), exponent(-6.0, 6.0);
  for (int trial = 0; trial < 2000; ++trial) {
    const double gamma_unit = std::pow(10.0, exponent(random)), vega_unit = std::pow(10.0, exponent(random));
    Greeks units[3];
    for (Greeks& g : units) g = {u(random), u(random) * gamma_unit, u(random) * vega_unit};
    const Greeks book{100 * u(random), 100 * u(random) * gamma_unit, 100 * u(random) * vega_unit};
    const auto neutral = hedge::neutralise(book, units, all);
    REQUIRE(neutral);
    Greeks left = book;
    double gross = 0.0;
    for (int j = 0; j < 3; ++j) {
      left.add(neutral.value().sizes[static_cast<std::size_t>(j)], units[j]);
      gross = std::max(gross, std::abs(neutral.value().sizes[static_cast<std::size_t>(j)]));
    }
    CHECK(std::abs(left.delta) <= 1e-12 * (gross + 100));
    CHECK(std::abs(left.gamma) <= 1e-12 * (gross + 100) * gamma_unit);
    CHECK(std::abs(left.vega) <= 1e-12 * (gross + 100) * vega_unit);
  }
}

TEST_CASE("what cannot be reached is said in words") {
  const auto why = [](const Greeks& book, std::vector<Greeks> units, std::vector<Target> targets) {
    const auto neutral = hedge::neutralise(book, units, targets);
    REQUIRE_FALSE(neutral);
    return neutral.error();
  };
  const Greeks book{1.0, 2.0, 3.0};
  Error e = why(book, {{0.5, 2.0, 0.0}, {1.0, 4.0, 0.0}}, {Target::delta, Target::gamma});
  CHECK(e.fault == Fault::no_solution);
  CHECK(e.what.find("multiples of each other") != std::string::npos);
  e = why(book, {{1.0, 0.0, 0.0}, {1.0, 0.0, 0.0}}, {Target::delta, Target::gamma});
  CHECK(e.fault == Fault::no_solution);
  CHECK(e.what.find("has any gamma") != std::string::npos);
  e = why(book, {{1.0, 1.0, 0.0}, {0.0, 0.0, 1.0}}, {Target::delta, Target::gamma});
  CHECK(e.what.find("moves none") != std::string::npos);
  e = why(book, {{1.0, 0.0, 0.0}}, {Target::delta, Target::gamma});
  CHECK(e.what.find("1 hedge instrument for the targets delta, gamma") != std::string::npos);
  CHECK(why(book, {}, {}).fault == Fault::bad_input);
  CHECK(why(book, {{1, 0, 0}, {0, 1, 0}}, {Target::delta, Target::delta}).fault == Fault::bad_input);
  CHECK(why({std::numeric_limits<double>::quiet_NaN(), 0, 0}, {{1, 0, 0}}, {Target::delta}).fault == Fault::bad_input);
  CHECK(why(book, {{std::numeric_limits<double>::infinity(), 0, 0}}, {Target::delta}).fault == Fault::bad_input);
}

TEST_CASE("more instruments than targets, or multiples that reach them, share the hedge in the smallest sizes") {
  // Two of the same future: half each. A third twice as large moves twice as much: the same effect, half the size.
  const Greeks book{-12.0, 0.0, 0.0};
  const Greeks futures[] = {{1.0, 0.0, 0.0}, {1.0, 0.0, 0.0}, {2.0, 0.0, 0.0}};
  const Target delta[] = {Target::delta};
  const auto shared = hedge::neutralise(book, futures, delta);
  REQUIRE(shared);
  CHECK(shared.value().least_norm);
  CHECK(shared.value().sizes[0] == doctest::Approx(4.0).epsilon(1e-12));
  CHECK(shared.value().sizes[1] == doctest::Approx(4.0).epsilon(1e-12));
  CHECK(shared.value().sizes[2] == doctest::Approx(2.0).epsilon(1e-12));
  // Gamma is twice delta in both and in the book: one is as good as the other.
  const Target two[] = {Target::delta, Target::gamma};
  const Greeks alike[] = {{0.5, 1.0, 0.0}, {1.0, 2.0, 0.0}};
  const auto reached = hedge::neutralise({1.0, 2.0, 3.0}, alike, two);
  REQUIRE(reached);
  CHECK(reached.value().least_norm);
  CHECK(0.5 * reached.value().sizes[0] + reached.value().sizes[1] == doctest::Approx(-1.0).epsilon(1e-12));
  CHECK_FALSE(hedge::neutralise(book, {futures, 1}, delta).value().least_norm);
}
