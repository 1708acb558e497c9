#include "ballast/math/sums.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <random>
#include <vector>

#include <doctest/doctest.h>

using namespace ballast::math;

TEST_CASE("100,000 legs that cancel are summed as if exactly") {
  std::mt19937_64 rng(20261125);
  std::uniform_real_distribution<double> unit(-1.0, 1.0);
  for (const double left : {0.0, 1e-9, 3.25, -1e-17, 5e3}) {
    std::vector<double> quantity, delta;
    for (int i = 0; i < 49'999; ++i) {
      const double q = 1e4 * unit(rng), d = unit(rng);
      quantity.push_back(q), delta.push_back(d);
      quantity.push_back(-q), delta.push_back(d);  // the exact products cancel to nothing
    }
    quantity.push_back(left), delta.push_back(0.7);
    // The same order for both columns.
    std::vector<std::size_t> order(quantity.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), rng);
    std::vector<double> q, d, terms;
    for (const std::size_t i : order) q.push_back(quantity[i]), d.push_back(delta[i]), terms.push_back(quantity[i]);
    const double expected = left * 0.7;
    CAPTURE(left);
    // n 2^-104 of the gross, and one ulp of what is left.
    const double gross = 1e5 * 0x1p-104 * 2.5e8, ulp = 0x1p-52 * std::abs(expected);
    CHECK(std::abs(dot(q, d) - expected) <= ulp + gross);
    CHECK(std::abs(sum(terms) - left) <= 0x1p-52 * std::abs(left) + 1e5 * 0x1p-104 * 5e8);
    double plain = 0.0;
    for (std::size_t i = 0; i < q.size(); ++i) plain += q[i] * d[i];
    if (left != 0.0 && left < 1.0) CHECK(std::abs(plain - expected) > 1e-12);  // what a plain sum makes of it
  }
}

TEST_CASE("sums of every length agree with a sum in 64-bit mantissas") {
  std::mt19937_64 rng(9);
  std::uniform_real_distribution<double> unit(-1.0, 1.0);
  std::vector<double> a, b;
  for (int i = 0; i < 300; ++i) {
    a.push_back(unit(rng)), b.push_back(unit(rng));
    long double exact = 0.0L, exact_dot = 0.0L;
    for (std::size_t j = 0; j < a.size(); ++j) {
      exact += a[j];
      exact_dot += static_cast<long double>(a[j]) * b[j];
    }
    CHECK(std::abs(sum(a) - static_cast<double>(exact)) <= 2e-16 * std::abs(sum(a)) + 1e-17);
    CHECK(std::abs(dot(a, b) - static_cast<double>(exact_dot)) <= 2e-16 * std::abs(dot(a, b)) + 1e-17);
  }
  CHECK(sum({}) == 0.0);
  a[77] = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(sum(a)));
  CHECK(std::isnan(dot(b, a)));
}
