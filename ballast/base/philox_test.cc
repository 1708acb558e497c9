#include "ballast/base/philox.h"

#include <doctest/doctest.h>

#include <cmath>

namespace ballast {

TEST_CASE("philox gives the known answers of Random123") {
  // Random123's kat_vectors, philox4x32 with 10 rounds.
  CHECK(philox({0, 0, 0, 0}, {0, 0}) == PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
        PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("philox's uniforms stay off both ends and in the middle of their cells") {
  CHECK(philox_uniform(0, 0) == 0x1p-53);
  CHECK(philox_uniform(0xffffffff, 0xffffffff) == 1.0 - 0x1p-53);
  CHECK(philox_uniform(0, 0x80000000) == 0.5 + 0x1p-53);
  CHECK(philox_uniform(0xfff, 0) == 0x1p-53);  // the lowest 12 bits are cut
}

TEST_CASE("neighbouring paths and steps share nothing that a mean, a variance or a correlation would show") {
  const auto u = [](std::uint64_t path, std::uint64_t step) {
    const PhiloxBlock block = philox(philox_counter(path, step), philox_key(20261101));
    return philox_uniform(block[0], block[1]) - 0.5;
  };
  constexpr int n = 300;
  double sum = 0.0, square = 0.0, next_path = 0.0, next_step = 0.0;
  for (std::uint64_t path = 0; path < n; ++path)
    for (std::uint64_t step = 0; step < n; ++step) {
      const double here = u(path, step);
      sum += here;
      square += here * here;
      next_path += here * u(path + 1, step);
      next_step += here * u(path, step + 1);
    }
  // Uniform on [-1/2, 1/2]: variance 1/12, fourth moment 1/80; four standard errors of n² draws.
  CHECK(std::abs(sum) <= 4.0 * n * std::sqrt(1.0 / 12.0));
  CHECK(std::abs(square - n * n / 12.0) <= 4.0 * n * std::sqrt(1.0 / 80.0 - 1.0 / 144.0));
  CHECK(std::abs(next_path) <= 4.0 * n / 12.0);
  CHECK(std::abs(next_step) <= 4.0 * n / 12.0);
}

}  // namespace ballast
