#include "ballast/curve/parity.h"

#include <cmath>
#include <map>
#include <random>
#include <string>

#include <doctest/doctest.h>

#include "ballast/curve/forward.h"
#include "ballast/math/elementary.h"
#include "tests/support.h"

using namespace ballast;
using curve::ParityQuote;
using curve::ParityRules;
using market::Settlement;

namespace {

constexpr Settlement both[] = {Settlement::linear, Settlement::inverse};

double fair(double strike, double forward, double discount, Settlement settlement) {
  return discount * (settlement == Settlement::inverse ? 1.0 - strike / forward : forward - strike);
}

/// Strikes 70 % .. 130 % of a forward, quoted around parity; a straddle of 30 days at 60 %.
std::vector<ParityQuote> chain(double forward, double discount, Settlement settlement, double half_width) {
  const double unit = settlement == Settlement::inverse ? 1.0 : forward;
  std::vector<ParityQuote> quotes;
  for (int i = -6; i <= 6; ++i) {
    const double k = forward * (1.0 + 0.05 * i), y = fair(k, forward, discount, settlement), h = half_width * unit;
    quotes.push_back({k, y - h, y + h, 0.1373 * unit});
  }
  return quotes;
}

/// The quotes of the table with one half width for all, so that its plain least squares is ours.
std::map<int, std::vector<ParityQuote>> table_chains() {
  std::map<int, std::vector<ParityQuote>> chains;
  for (const test::Row& row : test::read_csv("tests/data/vol_index_chain.csv")) {
    const double y = row["call"] - row["put"];
    chains[static_cast<int>(row["days"])].push_back({row["K"], y - 1e-4, y + 1e-4});
  }
  return chains;
}

}  // namespace

TEST_CASE("forward and discount of the volatility-index chains are those of the table") {
  const auto chains = table_chains();
  double worst_f = 0.0, worst_d = 0.0, worst_at_the_money = 0.0;
  int rows = 0;
  for (const test::Row& row : test::read_csv("tests/data/vol_index_result.csv")) {
    if (!row.has("F_regression")) continue;
    const auto& quotes = chains.at(static_cast<int>(row["days"]));
    const auto fit = curve::fit_parity(quotes, Settlement::linear);
    REQUIRE(fit);
    REQUIRE(fit.value().discount_estimate);
    CHECK(fit.value().discount == *fit.value().discount_estimate);  // significant by far
    CHECK(fit.value().clipped == 0);
    worst_f = std::max(worst_f, std::abs(fit.value().forward.value / row["F_regression"] - 1.0));
    worst_d = std::max(worst_d, std::abs(fit.value().discount / row["D_regression"] - 1.0));
    const double f = curve::parity_at_the_money(quotes, Settlement::linear, math::exp(-0.03 * row["T"]));
    worst_at_the_money = std::max(worst_at_the_money, std::abs(f / row["F_parity"] - 1.0));

    // The same from marks: D is found there too.
    std::vector<curve::ParityPair> marks;
    for (const ParityQuote& q : quotes) marks.push_back({q.strike, q.mid(), 1.0});
    const auto forward = curve::parity_forward(marks, Settlement::linear);
    REQUIRE(forward);
    CHECK(std::abs(forward.value().discount - row["D_regression"]) <= 2e-9);
    CHECK(std::abs(forward.value().price.value / row["F_regression"] - 1.0) <= 2e-9);
    ++rows;
  }
  CHECK(rows == 2);
  MESSAGE("relative errors: F ", worst_f, ", D ", worst_d, ", F at the money ", worst_at_the_money);
  CHECK(worst_f <= 1e-10);
  CHECK(worst_d <= 1e-10);
  CHECK(worst_at_the_money <= 1e-10);
}

TEST_CASE("exact parity gives forward and discount back, coin- and dollar-settled") {
  for (const Settlement settlement : both) {
    for (const double f : {60000.0, 3123.45, 0.52}) {
      for (const double d : {0.93, 0.998, 1.0, 1.02}) {
        CAPTURE(f);
        CAPTURE(d);
        const auto fit = curve::fit_parity(chain(f, d, settlement, 1e-6), settlement);
        REQUIRE(fit);
        CHECK(std::abs(fit.value().forward.value / f - 1.0) <= 1e-13);
        CHECK(std::abs(*fit.value().discount_estimate - d) <= 1e-13);
        CHECK(fit.value().discount == (d == 1.0 ? 1.0 : *fit.value().discount_estimate));
        CHECK(fit.value().clipped == 0);
        CHECK(fit.value().interval.low <= f);
        CHECK(fit.value().interval.high >= f);
        CHECK_FALSE(fit.value().interval.empty());
      }
    }
  }
}

TEST_CASE("a discount within the noise of the quotes is not used") {
  for (const Settlement settlement : both) {
    const auto fit = curve::fit_parity(chain(60000.0, 0.998, settlement, 0.005), settlement);
    REQUIRE(fit);
    CHECK(fit.value().discount == 1.0);
    CHECK(std::abs(*fit.value().discount_estimate - 0.998) <= 1e-12);
    CHECK(*fit.value().discount_error > 0.002 / 3.0);
    const auto two = curve::fit_parity(std::vector{ParityQuote{1.0, -0.01, 0.01}, ParityQuote{1.1, -0.11, -0.09}},
                                       Settlement::linear);
    REQUIRE(two);
    CHECK_FALSE(two.value().discount_estimate);  // two points leave nothing to judge a line by
  }
}

TEST_CASE("the standard error of the discount is the scatter of its estimates") {
  // 2,000 chains with normal errors of one half width each: the estimates scatter as the formula says, and a true
  // discount of 1 is taken for another one about 3 times in 1,000.
  std::mt19937_64 random(19680101);
  std::normal_distribution<double> noise;
  for (const Settlement settlement : both) {
    double sum = 0.0, squares = 0.0, said = 0.0;
    int used = 0;
    for (int trial = 0; trial < 2000; ++trial) {
      auto quotes = chain(60000.0, 1.0, settlement, 1e-4);
      for (ParityQuote& q : quotes) {
        const double e = noise(random) * q.half_width();
        q.low += e, q.high += e;
      }
      const auto fit = curve::fit_parity(quotes, settlement, {.clip = 1e9});
      REQUIRE(fit);
      const double off = *fit.value().discount_estimate - 1.0;
      sum += off, squares += off * off, said += *fit.value().discount_error;
      used += fit.value().discount != 1.0 ? 1 : 0;
    }
    const double scatter = std::sqrt(squares / 2000 - sum * sum / 4e6);
    MESSAGE("scatter ", scatter, ", said ", said / 2000, ", used ", used, " of 2000");
    CHECK(said / 2000 >= scatter);  // never too sure: a half width counts in full where residuals are small
    CHECK(said / 2000 <= 1.25 * scatter);
    CHECK(used <= 20);
  }
}

TEST_CASE("only strikes near the money take part, at least three") {
  auto quotes = chain(60000.0, 1.0, Settlement::linear, 1e-4);
  const auto fit = curve::fit_parity(quotes, Settlement::linear);
  REQUIRE(fit);
  CHECK(fit.value().pairs == 10);  // stdev 0.172: 0.8 .. 1.25 of F is within 1.5 of it
  CHECK(fit.value().far == 3);
  for (ParityQuote& q : quotes) q.straddle /= 1000.0;
  CHECK(curve::fit_parity(quotes, Settlement::linear).value().pairs == 3);
  for (ParityQuote& q : quotes) q.straddle = 0.0;
  CHECK(curve::fit_parity(quotes, Settlement::linear).value().pairs == 13);
}

TEST_CASE("a stale strike is cut to three half widths and empties the interval") {
  for (const Settlement settlement : both) {
    auto quotes = chain(60000.0, 1.0, settlement, 1e-4);
    const double off = 0.01 * (settlement == Settlement::inverse ? 1.0 : 60000.0), stale_strike = quotes[7].strike;
    quotes[7].low += off, quotes[7].high += off;  // one of ten near the money, a hundred half widths away
    const auto fit = curve::fit_parity(quotes, settlement);
    REQUIRE(fit);
    CHECK(fit.value().clipped == 1);
    CHECK(fit.value().discount == 1.0);
    CHECK(std::abs(fit.value().forward.value / 60000.0 - 1.0) <= 3e-4 / 10 * 1.3);  // its share of three half widths
    CHECK(fit.value().interval.empty());
    const auto violations = curve::parity_violations(quotes, settlement, Price(60000.0));
    REQUIRE(violations.size() == 1);
    CHECK(violations[0].strike == stale_strike);
    CHECK(std::abs(violations[0].beyond / (0.99 * off) - 1.0) <= 1e-12);  // sells for more than parity: > 0
    // The other way round it can be bought for less.
    quotes[7].low -= 2.0 * off, quotes[7].high -= 2.0 * off;
    CHECK(curve::parity_violations(quotes, settlement, Price(60000.0)).at(0).beyond < 0.0);
    quotes.erase(quotes.begin() + 7);
    CHECK_FALSE(curve::fit_parity(quotes, settlement).value().interval.empty());
    CHECK(curve::parity_violations(quotes, settlement, Price(60000.0)).empty());
  }
}

TEST_CASE("the interval is where no strike is violated, and only there") {
  std::mt19937_64 random(20260205);
  std::uniform_real_distribution<double> between(-1.0, 1.0);
  for (const Settlement settlement : both) {
    for (int trial = 0; trial < 300; ++trial) {
      const double d = trial % 2 ? 1.0 : 0.985;
      auto quotes = chain(60000.0, d, settlement, 2e-3);
      for (ParityQuote& q : quotes) {
        const double e = 0.6 * between(random) * q.half_width();
        q.low += e, q.high += e;
      }
      const curve::ForwardInterval i = curve::consistent_forwards(quotes, settlement, d);
      REQUIRE_FALSE(i.empty());
      const auto violated = [&](double f) { return curve::parity_violations(quotes, settlement, Price(f), d).size(); };
      const double step = 1e-9 * 60000.0;
      CHECK(violated(i.low + step) == 0);
      CHECK(violated(i.high - step) == 0);
      CHECK(violated(i.low - step) >= 1);
      CHECK(violated(i.high + step) >= 1);
    }
  }
}

TEST_CASE("what parity cannot use is counted or named") {
  CHECK(curve::fit_parity({}, Settlement::linear).error().fault == Fault::missing_data);
  CHECK(std::isnan(curve::parity_at_the_money({}, Settlement::linear)));
  // Call - put of a whole coin, a crossed pair, no number: none has a forward.
  const std::vector<ParityQuote> bad = {
      {60000.0, 1.1, 1.2}, {60000.0, 0.2, 0.1}, {60000.0, NAN, 0.1}, {-1.0, 0.1, 0.2}};
  CHECK(curve::fit_parity(bad, Settlement::inverse).error().fault == Fault::missing_data);
  auto quotes = chain(60000.0, 1.0, Settlement::inverse, 1e-4);
  quotes.insert(quotes.end(), bad.begin(), bad.end());
  const auto fit = curve::fit_parity(quotes, Settlement::inverse);
  REQUIRE(fit);
  CHECK(fit.value().invalid == 4);
  CHECK(fit.value().pairs == 10);
  // Call - put > D: no forward is high enough. Call ask - put bid >= D bounds it on one side only.
  CHECK(curve::consistent_forwards(std::vector{ParityQuote{100.0, 1.0, 1.5}}, Settlement::inverse).empty());
  const auto open = curve::consistent_forwards(std::vector{ParityQuote{100.0, 0.5, 1.5}}, Settlement::inverse);
  CHECK(open.low == 200.0);
  CHECK(std::isinf(open.high));
  CHECK(curve::parity_violations(quotes, Settlement::inverse, Price(NAN)).empty());
  CHECK(curve::fit_parity(std::vector<ParityQuote>(1001, {1.0, 0.0, 0.1}), Settlement::linear).error().fault ==
        Fault::limit);
  // The same strike three times: a forward, but no line.
  const auto same = curve::fit_parity(std::vector<ParityQuote>(3, {100.0, 0.9, 1.1}), Settlement::linear);
  REQUIRE(same);
  CHECK(same.value().discount == 1.0);
  CHECK(same.value().forward.value == 101.0);
}
