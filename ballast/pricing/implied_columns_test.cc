#include "ballast/pricing/implied_columns.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ballast/math/arithmetic.h"
#include "tests/support.h"

using namespace ballast;
using namespace ballast::pricing;

namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

struct Quotes {
  std::vector<double> forward, strike, price, years, sign, guess, vol;
  std::vector<ImpliedOutcome> outcome;

  void add(double f, double k, double p, double t, double w, double g = not_a_number) {
    forward.push_back(f), strike.push_back(k), price.push_back(p), years.push_back(t), sign.push_back(w);
    guess.push_back(g);
  }
  std::size_t size() const { return forward.size(); }
  QuoteColumns columns() const { return {forward, strike, price, years, sign}; }
  void cold() { prepare(), implied_vol(columns(), vol, outcome); }
  void warm() { prepare(), implied_vol(columns(), guess, vol, outcome); }

 private:
  void prepare() { vol.assign(size(), -7.0), outcome.assign(size(), ImpliedOutcome::limit); }
};

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

}  // namespace

TEST_CASE("implied vols of the hard table are as accurate as their prices allow, cold and warm") {
  const auto rows = test::read_csv("tests/data/implied_vol_hard.csv");
  Quotes quotes;
  for (const auto& row : rows)
    quotes.add(row["F"], row["K"], row["price"], row["T"], row.text("type") == "C" ? 1.0 : -1.0,
               row["sigma_exact"] * 1.00001);
  for (const bool warm : {false, true}) {
    warm ? quotes.warm() : quotes.cold();
    double worst = 0.0;
    std::string at;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      CAPTURE(rows[i].text("case"));
      REQUIRE(quotes.outcome[i] == ImpliedOutcome::ok);
      // b/(s b') is the change of s by one of b, relative: half_ulp_rel is half an ulp's share of it, at least 2^-54.
      const double condition = rows[i]["half_ulp_rel"] / (0.25 * epsilon);
      const double tolerance = std::max(4.0 * epsilon, 3.0 * rows[i]["half_ulp_rel"]);
      const double error = std::abs(quotes.vol[i] / rows[i]["sigma_exact"] - 1.0);
      if (math::arithmetic() == math::Arithmetic::fused) CHECK(error <= tolerance);  // the table's own
      CHECK(error <= 4.0 * (1.0 + condition) * epsilon);
      if (error / tolerance > worst) worst = error / tolerance, at = rows[i].text("case");
    }
    MESSAGE("implied_vol_hard.csv by columns, ", warm ? "warm" : "cold", ": worst ", worst, " of its tolerance at ",
            at);
  }
}

TEST_CASE("implied vols undo the price columns, from any start") {
  std::mt19937_64 rng(20261125);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  Quotes quotes;
  std::vector<double> vols, d1s;
  for (int i = 0; i < 60'000; ++i) {
    const double stdev = std::exp(-12.0 + 14.0 * unit(rng)), years = std::exp(-6.0 + 7.0 * unit(rng));
    double x = i % 5 == 0 ? 27.0 * (unit(rng) - 0.5) : stdev * (20.0 * unit(rng) - 10.0);
    if (i % 17 == 0) x = 0.0;
    if (std::abs(x) > std::min(13.8, 30.0 * stdev)) x = stdev;
    const double k = 100.0 * std::exp(x), vol = stdev / std::sqrt(years), wrong = std::exp(8.0 * unit(rng) - 4.0);
    quotes.add(100.0, k, 0.0, years, k > 100.0 ? 1.0 : -1.0, i % 3 ? vol * wrong : vol);
    vols.push_back(vol);
  }
  black(ForwardColumns{quotes.forward, quotes.strike, vols, quotes.years, quotes.sign}, quotes.price);
  double worst = 0.0;
  int counted = 0;
  for (const bool warm : {false, true}) {
    warm ? quotes.warm() : quotes.cold();
    for (std::size_t i = 0; i < quotes.size(); ++i) {
      const double f = 100.0, k = quotes.strike[i], bound = std::min(f, k), price = quotes.price[i];
      if (!(price > 0.0 && price < bound)) continue;
      CAPTURE(i);
      REQUIRE(quotes.outcome[i] == ImpliedOutcome::ok);
      const double s = vols[i] * std::sqrt(quotes.years[i]), x = std::log(f / k), d1 = x / s + 0.5 * s;
      const double vega = f * 0.3989422804014327 * std::exp(-0.5 * d1 * d1);
      if (!(vega > 1e-290)) continue;
      // The kernels' own bounds: 4 epsilon (1 + d1^2) of the price, seen through vega, and that of the implied vol.
      const double condition = price / (s * vega);
      const double allowed = epsilon * (4.0 * (1.0 + d1 * d1) * condition + 4.0 * (1.0 + condition));
      worst = std::max(worst, std::abs(quotes.vol[i] / vols[i] - 1.0) / allowed);
      ++counted;
    }
  }
  MESSAGE("round trip of ", counted, ": worst ", worst, " of the bound");
  CHECK(counted > 100'000);
  CHECK(worst <= 1.0);
}

TEST_CASE("a price without a vol says why, and its neighbours do not notice") {
  const double up = std::nextafter(10.0, 20.0);
  struct Case {
    double f, k, p, t, w;
    ImpliedOutcome outcome;
  };
  const std::vector<Case> cases = {
      {100.0, 110.0, -1e-300, 1.0, 1.0, ImpliedOutcome::below_intrinsic},
      {110.0, 100.0, std::nextafter(10.0, 0.0), 1.0, 1.0, ImpliedOutcome::below_intrinsic},
      {110.0, 100.0, 10.0, 1.0, 1.0, ImpliedOutcome::at_intrinsic},
      {110.0, 100.0, up, 1.0, 1.0, ImpliedOutcome::ok},
      {100.0, 110.0, 0.0, 1.0, 1.0, ImpliedOutcome::at_intrinsic},
      {100.0, 110.0, 5e-324, 1.0, 1.0, ImpliedOutcome::ok},
      {100.0, 100.0, 1e-300, 1.0, 1.0, ImpliedOutcome::ok},
      {100.0, 110.0, 100.0, 1.0, 1.0, ImpliedOutcome::above_bound},
      {100.0, 110.0, std::nextafter(100.0, 0.0), 1.0, 1.0, ImpliedOutcome::ok},
      {100.0, 110.0, 110.0, 1.0, -1.0, ImpliedOutcome::above_bound},
      {100.0, 110.0, infinity, 1.0, 1.0, ImpliedOutcome::not_finite},
      {100.0, 110.0, not_a_number, 1.0, 1.0, ImpliedOutcome::not_finite},
      {0.0, 110.0, 1.0, 1.0, 1.0, ImpliedOutcome::not_finite},
      {100.0, -1.0, 1.0, 1.0, 1.0, ImpliedOutcome::not_finite},
      {100.0, 110.0, 1.0, 0.0, 1.0, ImpliedOutcome::not_finite},
      {100.0, 110.0, 1.0, 1.0, 0.0, ImpliedOutcome::not_finite},
      {not_a_number, 110.0, 1.0, 1.0, 1.0, ImpliedOutcome::not_finite},
      {100.0, infinity, 1.0, 1.0, 1.0, ImpliedOutcome::not_finite},
      {1e-60, 1e60, 1e-61, 1.0, 1.0, ImpliedOutcome::ok},
      {1e60, 1e60, 1e-200, 1e-6, -1.0, ImpliedOutcome::ok},
  };
  Quotes quotes;
  for (int copies = 0; copies < 7; ++copies)
    for (const Case& c : cases) {
      quotes.add(c.f, c.k, c.p, c.t, c.w);
      quotes.add(100.0, 105.0, 6.0, 0.5, 1.0);
    }
  for (const bool warm : {false, true}) {
    warm ? quotes.warm() : quotes.cold();
    for (std::size_t i = 0; i < quotes.size(); ++i) {
      CAPTURE(i / 2 % cases.size());
      if (i % 2) {
        CHECK(quotes.outcome[i] == ImpliedOutcome::ok);
        CHECK(same_bits(quotes.vol[i], quotes.vol[1]));
        continue;
      }
      const Case& c = cases[i / 2 % cases.size()];
      CHECK(quotes.outcome[i] == c.outcome);
      if (c.outcome == ImpliedOutcome::ok)
        CHECK(quotes.vol[i] > 0.0);
      else if (c.outcome == ImpliedOutcome::at_intrinsic)
        CHECK(quotes.vol[i] == 0.0);
      else
        CHECK(std::isnan(quotes.vol[i]));
    }
  }
}

TEST_CASE("an implied vol's bits depend on nothing but its row, and one row is the same kernel") {
  std::mt19937_64 rng(7);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  Quotes all;
  for (int i = 0; i < 150; ++i)
    all.add(100.0, 60.0 + 80.0 * unit(rng), 40.0 * unit(rng) * unit(rng), 0.1 + unit(rng), i % 2 ? 1.0 : -1.0,
            i % 4 ? unit(rng) : not_a_number);
  for (const bool warm : {false, true}) {
    warm ? all.warm() : all.cold();
    for (const std::size_t from : {0u, 1u, 5u, 64u})
      for (const std::size_t n : {1u, 3u, 8u, 13u, 70u}) {
        Quotes part;
        for (std::size_t i = from; i < from + n; ++i)
          part.add(all.forward[i], all.strike[i], all.price[i], all.years[i], all.sign[i], all.guess[i]);
        warm ? part.warm() : part.cold();
        for (std::size_t i = 0; i < n; ++i) {
          CHECK(part.outcome[i] == all.outcome[from + i]);
          CHECK((same_bits(part.vol[i], all.vol[from + i]) || std::isnan(part.vol[i])));
        }
      }
  }
  all.cold();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const ImpliedVol one = implied_vol(all.forward[i], all.strike[i], all.price[i], all.years[i], all.sign[i]);
    CHECK(one.outcome == all.outcome[i]);
    CHECK((same_bits(one.vol, all.vol[i]) || std::isnan(one.vol)));
  }
}

TEST_CASE("a guess from nowhere costs steps, not the answer") {
  Quotes quotes;
  for (const double guess : {1e-60, 1.58484e-12, 1e-6, 1e3, 1e60}) {
    quotes.add(33.5136, 32.9116, 0.452217, 0.00495224, -1.0, guess);
    quotes.add(399.967, 1.62244e7, 108.454, 13.5614, 1.0, guess);
  }
  // The rational step vanished at its first point, which passed for the answer.
  quotes.add(0x1.b697bc2485daep+18, 0x1.b697bc2485dbp+18, 0x1.2c69b5a8709b3p+16, 0x1.6a99b96be0927p-11, -1.0, 2.21294);
  quotes.cold();
  const auto cold = quotes.vol;
  quotes.warm();
  for (std::size_t i = 0; i < quotes.size(); ++i) {
    CAPTURE(i);
    CHECK(quotes.outcome[i] == ImpliedOutcome::ok);
    CHECK(std::abs(quotes.vol[i] / cold[i] - 1.0) <= 1e-13);
  }
}

TEST_CASE("prices that parity has rounded to both ends of their range still have a vol") {
  Quotes quotes;
  quotes.add(0x1.2204180d4edep+36, 0x1.c0b33a8d9c28p-16, 0x1.2204180d4eddfp+36, 0x1.3e75ed1de2c26p-133, 1.0);
  quotes.add(0x1.af72e9ff7b55ap-199, 0x1.0d113ea42ddcap-147, 0x1.0d113ea42ddc9p-147, 0x1.7bcc513a7a869p-58, -1.0);
  quotes.cold();
  for (std::size_t i = 0; i < quotes.size(); ++i) {
    CHECK(quotes.outcome[i] == ImpliedOutcome::ok);
    CHECK(quotes.vol[i] > 0.0);
  }
}

TEST_CASE("a finite price has an outcome, however large") {
  Quotes quotes;
  const double most = std::numeric_limits<double>::max();
  for (const double sign : {1.0, -1.0})
    quotes.add(100.0, 90.0, most, 1.0, sign), quotes.add(100.0, 90.0, -most, 1.0, sign);
  quotes.cold();
  for (std::size_t i = 0; i < quotes.size(); ++i)
    CHECK(quotes.outcome[i] == (quotes.price[i] > 0.0 ? ImpliedOutcome::above_bound : ImpliedOutcome::below_intrinsic));
}
