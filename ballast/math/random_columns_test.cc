#include "ballast/math/random_columns.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "ballast/base/philox.h"
#include "ballast/math/normal.h"

namespace ballast::math {

TEST_CASE("uniforms in lanes are the bits of the scalar generator") {
  constexpr std::uint64_t seed = 0x0123456789abcdef, first = 0xfffffff0;  // the path's second word changes on the way
  std::vector<double> u(150);
  for (const std::uint64_t step : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{7}, std::uint64_t{0x9fffffffe}}) {
    uniform_draws(seed, first, step, u);
    for (std::size_t i = 0; i < u.size(); ++i) {
      const PhiloxBlock block = philox(philox_counter(first + i, step / 2), philox_key(seed));
      const std::size_t word = step % 2 == 0 ? 0 : 2;
      CHECK(u[i] == philox_uniform(block[word], block[word + 1]));
    }
  }
}

TEST_CASE("normals are the quantiles of their uniforms") {
  std::vector<double> u(20'000), z(20'000);
  double worst = 0.0;
  for (std::uint64_t step = 0; step < 10; ++step) {
    uniform_draws(7, 0, step, u);
    normal_draws(7, 0, step, z);
    for (std::size_t i = 0; i < u.size(); ++i)
      worst = std::max(worst, std::abs(z[i] - norm_quantile(u[i])) / (1.0 + std::abs(z[i])));
  }
  CHECK(worst <= 1e-15);
}

TEST_CASE("a draw does not depend on its place in the column") {
  std::vector<double> whole(300), part(101);
  normal_draws(3, 1000, 5, whole);
  normal_draws(3, 1099, 5, part);
  for (std::size_t i = 0; i < part.size(); ++i) CHECK(part[i] == whole[99 + i]);
}

TEST_CASE("normals have the moments of a normal") {
  constexpr std::size_t paths = 50'000, steps = 8;
  std::vector<double> z(paths), before(paths, 0.0);
  double m1 = 0.0, m2 = 0.0, m3 = 0.0, m4 = 0.0, lag = 0.0;
  for (std::uint64_t step = 0; step < steps; ++step) {
    normal_draws(20261130, 0, step, z);
    for (std::size_t i = 0; i < paths; ++i) {
      const double x = z[i], square = x * x;
      m1 += x, m2 += square, m3 += x * square, m4 += square * square, lag += x * before[i];
    }
    before = z;
  }
  // Variances of x, x², x³, x⁴ of a normal: 1, 2, 15, 96; four standard errors.
  const double n = paths * steps, root = std::sqrt(n);
  CHECK(std::abs(m1) <= 4.0 * root);
  CHECK(std::abs(m2 - n) <= 4.0 * root * std::sqrt(2.0));
  CHECK(std::abs(m3) <= 4.0 * root * std::sqrt(15.0));
  CHECK(std::abs(m4 - 3.0 * n) <= 4.0 * root * std::sqrt(96.0));
  CHECK(std::abs(lag) <= 4.0 * root);
}

}  // namespace ballast::math
