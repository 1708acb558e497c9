// The worst error of the implied vol columns against 113-bit arithmetic (libquadmath), in units of their bound
// 4 (1 + |b/(s b')|) epsilon: out-of-the-money prices rounded to doubles, of stdev 1e-5 to 6, at the money, out to 37
// stdev and to K/F of 1e-6 and 1e6; from a cold start and from a vol 1e-5 away. Half a minute.
//
//   implied_accuracy [ROWS=2000000] [--separate]
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <quadmath.h>

#include "ballast/math/arithmetic.h"
#include "ballast/pricing/implied_columns.h"

namespace {

using namespace ballast::pricing;
using Quad = __float128;

constexpr double epsilon = std::numeric_limits<double>::epsilon();

struct Rows {
  std::vector<double> forward, strike, price, years, sign, guess, vol;
  std::vector<ImpliedOutcome> outcome;
  std::vector<Quad> exact, bound;
};

Quad normal(Quad x) { return erfcq(-x / M_SQRT2q) / 2; }

/// Adds one row, or nothing where the draw has no price that a double can tell from its bounds.
void draw(std::mt19937_64& rng, Rows& rows) {
  const auto uniform = [&](double a, double b) { return std::uniform_real_distribution<double>(a, b)(rng); };
  const double f = 100.0, s = std::exp(uniform(std::log(1e-5), std::log(6.0))), kind = uniform(0.0, 1.0);
  const double d = kind < 0.5 ? uniform(-6.0, 6.0) : uniform(-37.0, 37.0);
  double k = kind < 0.85 ? f * std::exp(d * s) : f * std::exp(uniform(-13.8, 13.8));
  if (kind > 0.8 && kind < 0.85) k = f;
  const Quad x = logq(Quad(f) / k), stdev = s;
  if (!(k >= 1e-6 * f && k <= 1e6 * f) || fabsq(x) > 37 * stdev) return;
  const Quad d1 = x / stdev + stdev / 2, d2 = d1 - stdev, sign = k >= f ? 1 : -1;
  const Quad value = sign * (f * normal(sign * d1) - k * normal(sign * d2));
  const Quad vega = f * expq(-d1 * d1 / 2) / sqrtq(2 * M_PIq);
  const double price = static_cast<double>(value);
  const Quad condition = value / (stdev * vega);
  if (!(price > 0.0 && price < std::min(f, k)) || !(condition < 1e6)) return;
  rows.forward.push_back(f), rows.strike.push_back(k), rows.price.push_back(price), rows.years.push_back(1.0);
  rows.sign.push_back(static_cast<double>(sign));
  rows.guess.push_back(s * (1.0 + uniform(-1e-5, 1e-5)));
  // What the rounding of the price makes of the stdev, to first order: the second is below 1e-30.
  rows.exact.push_back(stdev + (price - value) / vega);
  rows.bound.push_back(4 * (1 + condition) * epsilon);
}

}  // namespace

int main(int count, char** words) {
  std::size_t wanted = 2'000'000;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    char* end = nullptr;
    const unsigned long long number = std::strtoull(words[i], &end, 10);
    if (word == "--separate" && ballast::math::use_separate_arithmetic()) continue;
    if (*end != '\0' || number == 0) {
      fmt::print(stderr, "usage: implied_accuracy [ROWS=2000000] [--separate]\n");
      return word == "--help" ? 0 : 2;
    }
    wanted = number;
  }
  fmt::print("{}, {} arithmetic\n", ballast::math::instruction_set(), name(ballast::math::arithmetic()));
  std::mt19937_64 rng(20261125);
  Rows rows;
  while (rows.price.size() < wanted) draw(rng, rows);
  rows.vol.resize(wanted);
  rows.outcome.resize(wanted);
  bool held = true;
  for (const bool warm : {false, true}) {
    const QuoteColumns quotes{rows.forward, rows.strike, rows.price, rows.years, rows.sign};
    warm ? implied_vol(quotes, rows.guess, rows.vol, rows.outcome) : implied_vol(quotes, rows.vol, rows.outcome);
    double worst = 0.0;
    std::size_t at = 0, failed = 0;
    for (std::size_t i = 0; i < wanted; ++i) {
      const double error = rows.outcome[i] == ImpliedOutcome::ok
                               ? static_cast<double>(fabsq(rows.vol[i] / rows.exact[i] - 1) / rows.bound[i])
                               : std::numeric_limits<double>::infinity();
      failed += rows.outcome[i] != ImpliedOutcome::ok;
      if (!(error <= worst)) worst = error, at = i;
    }
    fmt::print("{}: {} rows, {} without a vol, worst {:.3f} of the bound at strike {:.17g}, price {:.17g}\n",
               warm ? "warm" : "cold", wanted, failed, worst, rows.strike[at], rows.price[at]);
    held = held && failed == 0 && worst <= 1.0;
  }
  return held ? 0 : 1;
}
