#include "ballast/math/sobol.h"

#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <string>

#include "tests/support.h"

namespace ballast::math {

TEST_CASE("Sobol points agree with the reference table exactly") {
  const Sobol sobol(8);
  for (const test::Row& row : test::read_csv("tests/data/sobol_joe_kuo.csv"))
    for (std::size_t d = 0; d < 8; ++d) {
      CAPTURE(row.line);
      const auto index = static_cast<std::uint64_t>(row["i"]);
      CHECK(std::ldexp(static_cast<double>(sobol.point(index, d)), -32) == row["d" + std::to_string(d + 1)]);
    }
}

TEST_CASE("in every dimension any 256 points from a multiple of 256 on stand one in each cell") {
  const Sobol sobol(Sobol::most_dimensions);
  for (std::size_t d = 0; d < sobol.dimensions(); ++d)
    for (const std::uint64_t start : {std::uint64_t{0}, std::uint64_t{256 * 12'345}}) {
      std::set<std::uint32_t> cells;
      for (std::uint64_t i = start; i < start + 256; ++i) cells.insert(sobol.point(i, d) >> 24);
      REQUIRE(cells.size() == 256);
    }
}

TEST_CASE("a point on its own is the point that the walk comes to") {
  const Sobol sobol(20);
  for (std::size_t d = 0; d < 20; ++d) {
    std::uint32_t x = 0;
    for (std::uint64_t i = 0; i < 4096; ++i) {
      REQUIRE(sobol.point(i, d) == x);
      std::size_t bit = 0;  // the lowest bit of i that is 0
      while (i >> bit & 1) ++bit;
      x ^= sobol.directions(d)[bit];
    }
  }
}

TEST_CASE("a shifted coordinate is never 0 or 1, and a shift of nothing is the middle of its cell") {
  for (const std::uint32_t x : {0u, 1u, 0x80000000u, 0xffffffffu})
    for (const std::uint64_t shift : {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{0x123456789abcdef0}}) {
      const double u = shifted_uniform(x, shift);
      CHECK(u > 0.0);
      CHECK(u < 1.0);
    }
  CHECK(shifted_uniform(0x80000000u, 0) == 0.5 + 0x1p-53);
  CHECK(shifted_uniform(0, std::uint64_t{1} << 63) == 0.5 + 0x1p-53);
}

}  // namespace ballast::math
