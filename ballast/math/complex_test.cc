#include "ballast/math/complex.h"

#include <cmath>
#include <initializer_list>
#include <limits>

#include <doctest/doctest.h>

#include "ballast/base/rng.h"

using namespace ballast;

// The C library is the other side: it rounds all three within one unit in the last place.
TEST_CASE("sine and cosine agree with the C library to 2^-52 up to a million") {
  Rng rng(20261201);
  for (const double range : {1e-8, 1.0, 10.0, 1e3, 1e6}) {
    for (int i = 0; i < 20'000; ++i) {
      const double x = (2.0 * rng.uniform() - 1.0) * range;
      const auto both = math::sine_cosine(x);
      CAPTURE(x);
      REQUIRE(std::abs(both.sine - std::sin(x)) <= 0x1p-52);
      REQUIRE(std::abs(both.cosine - std::cos(x)) <= 0x1p-52);
    }
  }
  CHECK(math::sine_cosine(-0.0).cosine == 1.0);
  CHECK(std::isnan(math::sine_cosine(std::numeric_limits<double>::infinity()).sine));
}

TEST_CASE("the angle agrees with the C library in every octant and on the axes") {
  Rng rng(20261202);
  for (int i = 0; i < 50'000; ++i) {
    const double scale = std::exp(20.0 * (rng.uniform() - 0.5));
    const double y = (2.0 * rng.uniform() - 1.0) * scale, x = 2.0 * rng.uniform() - 1.0;
    CAPTURE(x);
    CAPTURE(y);
    REQUIRE(std::abs(math::angle(y, x) - std::atan2(y, x)) <= 3 * 0x1p-52);
  }
  for (const double y : {0.0, 1.0, -1.0})
    for (const double x : {0.0, 1.0, -1.0}) CHECK(std::abs(math::angle(y, x) - std::atan2(y, x)) <= 0x1p-52);
}
