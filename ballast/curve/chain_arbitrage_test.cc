#include "ballast/curve/chain_arbitrage.h"

#include <algorithm>
#include <cmath>
#include <random>

#include <doctest/doctest.h>

#include "tests/worked_example.h"

using namespace ballast;
using curve::ArbitrageKind;
using curve::ChainArbitrage;
using curve::StrikeQuote;
using market::OptionType;

namespace {

/// Every vertical, cap and butterfly of the chain, tried one by one: the best profit of each kind for each bid.
double best(const std::vector<StrikeQuote>& quotes, OptionType type, double unit, ArbitrageKind kind, double sold) {
  double most = 0.0;
  const double sign = type == OptionType::call ? 1.0 : -1.0;
  for (const StrikeQuote& body : quotes) {
    if (body.strike != sold || !body.bid) continue;
    for (const StrikeQuote& a : quotes) {
      if (!a.ask) continue;
      const double apart = sign * (a.strike - body.strike);
      if (kind == ArbitrageKind::vertical && apart < 0.0) most = std::max(most, *body.bid - *a.ask);
      if (kind == ArbitrageKind::vertical_cap && apart > 0.0) most = std::max(most, *body.bid - *a.ask - unit * apart);
      if (kind != ArbitrageKind::butterfly || apart >= 0.0) continue;
      for (const StrikeQuote& b : quotes) {
        const double over = sign * (b.strike - body.strike);
        if (!b.ask || over <= 0.0) continue;
        most = std::max(most, *body.bid - (over * *a.ask - apart * *b.ask) / (over - apart));
      }
    }
  }
  return most;
}

}  // namespace

TEST_CASE("the three arbitrages, one each, with their sizes") {
  const std::vector<StrikeQuote> calls = {{90.0, 12.0, 13.0}, {100.0, 6.0, 7.0}, {110.0, 3.0, 3.5}};
  CHECK(curve::chain_arbitrage(calls, OptionType::call, 1.0).empty());
  auto quotes = calls;
  quotes[2].bid = 7.5, quotes[2].ask = 8.0;  // the 110 call sells for more than the 100 call costs
  auto found = curve::chain_arbitrage(quotes, OptionType::call, 1.0);
  REQUIRE(found.size() == 1);
  CHECK(found[0].kind == ArbitrageKind::vertical);
  CHECK(found[0].buy == std::vector{100.0});
  CHECK(found[0].sell == 110.0);
  CHECK(found[0].profit == 0.5);
  quotes = calls;
  quotes[0].bid = 18.0, quotes[0].ask = 19.0;  // sold at 18 against 7: 11 for at most 10, or 9.8 of today's money
  found = curve::chain_arbitrage(quotes, OptionType::call, 0.98);
  REQUIRE(found.size() == 1);
  CHECK(found[0].kind == ArbitrageKind::vertical_cap);
  CHECK(found[0].profit == doctest::Approx(1.2).epsilon(1e-14));
  quotes = calls;
  quotes[1].bid = 8.75, quotes[1].ask = 9.0;  // between wings that cost (13 + 3.5)/2
  found = curve::chain_arbitrage(quotes, OptionType::call, 1.0);
  REQUIRE(found.size() == 1);
  CHECK(found[0].kind == ArbitrageKind::butterfly);
  CHECK(found[0].buy == std::vector{90.0, 110.0});
  CHECK(found[0].sell == 100.0);
  CHECK(found[0].profit == 0.5);
  // Puts are the mirror image: the 90 put may not sell for more than the 100 put costs.
  const std::vector<StrikeQuote> puts = {{90.0, 7.5, 8.0}, {100.0, 6.0, 7.0}, {110.0, 12.0, 13.0}};
  found = curve::chain_arbitrage(puts, OptionType::put, 1.0);
  REQUIRE(found.size() == 1);
  CHECK(found[0].kind == ArbitrageKind::vertical);
  CHECK(found[0].buy == std::vector{100.0});
  CHECK(found[0].sell == 90.0);
}

TEST_CASE("the best of each kind is found for every bid: all combinations tried") {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> uniform;
  int arbitrages = 0;
  for (int trial = 0; trial < 2000; ++trial) {
    const OptionType type = trial % 2 ? OptionType::put : OptionType::call;
    const double unit = trial % 3 ? 1.0 : 1.0 / 100.0, sign = type == OptionType::call ? 1.0 : -1.0;
    std::vector<StrikeQuote> quotes;
    for (int i = 0; i < 9; ++i) {
      const double k = 60.0 + 10.0 * i + uniform(random);
      const double x = sign * (k - 100.0), value = unit * (std::sqrt(x * x + 400.0) - x) / 2.0;
      const double mid = value * (1.0 + 0.5 * (uniform(random) - 0.5)), half = 0.1 * uniform(random) * value;
      StrikeQuote q{k, mid - half, mid + half};
      if (uniform(random) < 0.1) q.bid.reset();
      if (uniform(random) < 0.1) q.ask.reset();
      quotes.push_back(q);
    }
    std::shuffle(quotes.begin(), quotes.end(), random);
    const auto found = curve::chain_arbitrage(quotes, type, unit);
    for (const StrikeQuote& q : quotes) {
      for (const auto kind : {ArbitrageKind::vertical, ArbitrageKind::vertical_cap, ArbitrageKind::butterfly}) {
        const double most = best(quotes, type, unit, kind, q.strike);
        const auto hit = std::find_if(found.begin(), found.end(),
                                      [&](const ChainArbitrage& a) { return a.kind == kind && a.sell == q.strike; });
        CHECK(std::abs((hit == found.end() ? 0.0 : hit->profit) - most) <= 1e-12 * unit * 100.0);
        arbitrages += hit == found.end() ? 0 : 1;
      }
    }
  }
  MESSAGE(arbitrages, " arbitrages in 2,000 random chains");
  CHECK(arbitrages > 1000);
}

TEST_CASE("no quote, no unit, no arbitrage") {
  CHECK(curve::chain_arbitrage({}, OptionType::call, 1.0).empty());
  const std::vector<StrikeQuote> quotes = {{100.0, 1.0, 2.0}, {110.0, 3.0, 4.0}};
  CHECK(curve::chain_arbitrage(quotes, OptionType::call, 1.0).size() == 1);
  for (const double unit : {0.0, -1.0, double(NAN), double(INFINITY)})
    CHECK(curve::chain_arbitrage(quotes, OptionType::call, unit).empty());
  const std::vector<StrikeQuote> bad = {{-100.0, 1.0, 2.0}, {110.0, NAN, 4.0}, {120.0, 3.0, std::nullopt}};
  CHECK(curve::chain_arbitrage(bad, OptionType::call, 1.0).empty());
}

TEST_CASE("the arbitrages of a snapshot are counted in the options' unit") {
  market::Snapshot s = test::worked_market();
  CHECK(curve::chain_arbitrages(s, curve::diagnose(s)).empty());
  market::Instrument other = s.instruments.at(test::worked_call);
  other.name = "BTC-31JAN26-64000-C";
  other.strike = 64000.0;
  s.instruments[other.name] = other;
  // 1,000 dollars of strike are 0.016667 coin at F = 60,000: a spread of 0.055 - 0.0375 is worth 0.000833 too much.
  s.quotes[other.name] = {.instrument = other.name, .sent = s.as_of, .bid = 0.055, .ask = 0.056};
  const auto found = curve::chain_arbitrages(s, curve::diagnose(s));
  REQUIRE(found.size() == 1);
  REQUIRE(found.begin()->second.size() == 1);
  CHECK(found.begin()->second[0].kind == ArbitrageKind::vertical_cap);
  CHECK(found.begin()->second[0].profit == doctest::Approx(0.0175 - 1000.0 / 60000.0).epsilon(1e-12));
}
