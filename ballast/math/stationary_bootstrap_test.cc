#include "ballast/math/stationary_bootstrap.h"

#include <cmath>
#include <vector>

#include <doctest/doctest.h>

using namespace ballast;

TEST_CASE("stationary bootstrap: blocks of the mean that is asked for, every row as likely as any other") {
  Rng rng(20261108);
  constexpr std::size_t n = 50;
  std::vector<std::size_t> rows(n), count(n);
  constexpr int trials = 20'000;
  int blocks = 0;
  for (int trial = 0; trial < trials; ++trial) {
    math::stationary_bootstrap(rng, 5.0, rows);
    for (std::size_t i = 0; i < n; ++i) {
      REQUIRE(rows[i] < n);
      ++count[rows[i]];
      blocks += i > 0 && rows[i] != (rows[i - 1] + 1) % n ? 1 : 0;
    }
  }
  // A new block is drawn before a row with chance 1/5 and looks like one unless it goes on by chance, 1/50.
  const double due = trials * 49.0 * 0.2 * 0.98;
  CHECK(std::abs(blocks - due) <= 4.0 * std::sqrt(due));
  // A row's count: trials of a sum with mean 1 and, blocks of five correlating neighbours' draws, variance below 10.
  for (const std::size_t c : count) CHECK(std::abs(static_cast<double>(c) - trials) <= 4.0 * std::sqrt(10.0 * trials));
}

TEST_CASE("stationary bootstrap: the variance of a resampled mean is that of a series with memory") {
  // AR(1) with 0.5: the long-run variance is 4 times that of its noise, 3 times its own variance. For a mean block of b
  // the bootstrap's expectation is sum over lags of (1 - l/n)(1 - 1/b)^l gamma_l (Politis and Romano, lemma 1).
  Rng rng(20261109);
  constexpr std::size_t n = 400;
  std::vector<double> x(n);
  double last = 0.0;
  for (double& v : x) v = last = 0.5 * last + (rng.uniform() - 0.5);
  double mean = 0.0;
  for (const double v : x) mean += v / n;
  const double block = 20.0;
  double due = 0.0;
  for (std::size_t l = 0; l < n; ++l) {
    double circular = 0.0;
    for (std::size_t i = 0; i < n; ++i) circular += (x[i] - mean) * (x[(i + l) % n] - mean) / n;
    const double k = static_cast<double>(l);
    due += (l == 0 ? 1.0 : 2.0) * (1.0 - k / n) * std::pow(1.0 - 1.0 / block, k) * circular / n;
  }
  std::vector<std::size_t> rows(n);
  double squares = 0.0;
  constexpr int trials = 20'000;
  for (int trial = 0; trial < trials; ++trial) {
    math::stationary_bootstrap(rng, block, rows);
    double sum = 0.0;
    for (const std::size_t r : rows) sum += x[r] / n;
    squares += (sum - mean) * (sum - mean) / trials;
  }
  CHECK(std::abs(squares / due - 1.0) <= 4.0 * std::sqrt(2.0 / trials));
}
