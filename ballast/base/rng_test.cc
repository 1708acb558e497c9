#include "ballast/base/rng.h"

#include <array>
#include <cmath>

#include <doctest/doctest.h>

using ballast::Rng;

TEST_CASE("rng: the published first numbers of seed 1234567") {
  // Printed by implementations in a dozen languages at rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64.
  constexpr std::array<std::uint64_t, 5> due{6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                             4593380528125082431u, 16408922859458223821u};
  Rng rng(1234567);
  for (const std::uint64_t bits : due) CHECK(rng.bits() == bits);
}

TEST_CASE("rng: uniform keeps off its ends, has its moments, and counts evenly") {
  Rng rng(20261125);
  constexpr int n = 100'000;
  double sum = 0.0, squares = 0.0;
  std::array<int, 7> cells{};
  for (int i = 0; i < n; ++i) {
    const double u = rng.uniform();
    REQUIRE((u > 0.0 && u < 1.0));
    sum += u;
    squares += u * u;
    ++cells[rng.below(7)];
  }
  // Four standard errors: sqrt(1/12/n), sqrt(4/45/n) and that of a binomial count.
  CHECK(std::abs(sum / n - 0.5) <= 4.0 * std::sqrt(1.0 / 12.0 / n));
  CHECK(std::abs(squares / n - 1.0 / 3.0) <= 4.0 * std::sqrt(4.0 / 45.0 / n));
  for (const int count : cells) CHECK(std::abs(count - n / 7.0) <= 4.0 * std::sqrt(n * 6.0 / 49.0));
}
