#include "ballast/math/simplex_search.h"

#include <cmath>

#include <doctest/doctest.h>

using ballast::math::simplex_search;

TEST_CASE("simplex search: Rosenbrock's valley and a minimum beside what is not finite") {
  const auto valley = simplex_search(
      [](std::span<const double> x) { return 100.0 * std::pow(x[1] - x[0] * x[0], 2) + std::pow(1.0 - x[0], 2); },
      {-1.2, 1.0});
  CHECK(valley.converged);
  CHECK(std::abs(valley.at[0] - 1.0) <= 1e-5);
  CHECK(std::abs(valley.at[1] - 1.0) <= 1e-5);
  const auto beside = simplex_search([](std::span<const double> x) { return x[0] - std::log(x[0]); }, {0.1});
  CHECK(std::abs(beside.at[0] - 1.0) <= 1e-5);
  CHECK(beside.value == doctest::Approx(1.0).epsilon(1e-12));
}

TEST_CASE("simplex search: no place to start from, and a bound that is said") {
  CHECK(std::isnan(simplex_search([](std::span<const double>) { return 1.0; }, {}).value));
  CHECK(std::isnan(simplex_search([](std::span<const double> x) { return std::log(x[0]); }, {-1.0}).value));
  const auto cut = simplex_search([](std::span<const double> x) { return x[0] * x[0] + x[1] * x[1]; }, {3.0, 4.0},
                                  {.most_evaluations = 5, .restarts = 0});
  CHECK(!cut.converged);
  CHECK(cut.value < 25.0);
}
