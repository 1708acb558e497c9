#include "ballast/sim/backtest.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include <doctest/doctest.h>

#include "ballast/pricing/inverse.h"
#include "ballast/sim/market_path.h"
#include "ballast/sim/modelled_chain.h"

namespace ballast {
namespace {

using namespace sim;

constexpr std::int64_t hour_ms = 3'600'000;

/// A venue without costs, so that what is left is the hedge.
VenueRules free_venue() {
  VenueRules rules{.fee_scale = 0.0};
  rules.costs.impact.reset();
  rules.funding_8h = 0.0;
  return rules;
}

/// Quotes without a spread or a limit of size.
ChainShape plain_shape() {
  return {.strikes_z = 6.0,
          .strikes = 41,
          .half_spread_vol = 0.0,
          .perpetual_half_spread_ticks = 0.0,
          .funding_8h = 0.0,
          .size_usd = 1e15};
}

Instant instant(const ChainShape& shape, Time at, double index, double vol, const RuleState& state,
                std::vector<std::string> keep = {}) {
  for (const auto& [name, holding] : state.ledger.holdings) keep.push_back(name);
  auto snapshot = modelled_chain(shape, at, index, vol, keep);
  REQUIRE(snapshot);
  return instant_of(std::move(snapshot).value(), shape.underlying, PerpetualPrice::quoted);
}

/// The last Friday of February 2026, 08:00 UTC, which is listed a month ahead.
constexpr Time expiry{1'772'179'200'000};

Run run_of(Book book, std::vector<Rule> rules, VenueRules venue = free_venue()) {
  return {
      .name = "test", .equity = 1000.0, .book = std::move(book), .venue = std::move(venue), .rules = std::move(rules)};
}

TEST_CASE("an account on a drawn path is Black's hedge in coin, step by step") {
  // One short put, hedged with its net delta: over a step the account gains -q (c1 - c0) + q D (1 - S0/S1), with c and
  // D from pricing alone. The desk trades whole lots: off by half a lot of 10 USD, 1/1,000 of a coin's 1/12,000.
  const Time start{expiry.ms - 20 * 24 * hour_ms};
  const double coins = 1000.0, vol = 0.6;
  const MarketModel model{.start = 60000.0, .start_vol = vol, .vol = {.mean = vol, .vol_of_vol = 0.0}};
  for (const auto delta : {desk::HedgedDelta::net, desk::HedgedDelta::black}) {
    Rule rule{.name = "rule", .hedges = true, .desk = {}};
    rule.desk.decide.delta = delta;
    const Run run = run_of(RecordedBook{{{start, "BTC-27FEB26-58000-P", -coins, 0.03}}}, {rule});
    RuleState state;
    MarketState market = begin(model, start);
    const auto put = [&](const MarketState& at) {
      return pricing::inverse_greeks({.forward = Price(at.index),
                                      .strike = Price(58000.0),
                                      .vol = Vol(vol),
                                      .years = years_between(at.at, expiry),
                                      .type = market::OptionType::put});
    };
    MarketState before = market;
    for (int step = 0; step < 60; ++step) {
      if (step > 0) market = next(model, 11, 3, market, 6.0 * 3600.0);
      const auto row = advance(run, rule, state,
                               instant(plain_shape(), market.at, market.index, vol, state, {"BTC-27FEB26-58000-P"}));
      if (!row) FAIL(row.error().what);
      CHECK(std::abs(row.value().gap_coin) <= 1e-12);
      CHECK(std::abs(row.value().gap_usd) <= 1e-6);
      if (step > 0) {
        const auto from = put(before), to = put(market);
        const double d = delta == desk::HedgedDelta::net ? from.net_delta : from.black_delta;
        const double hedge = coins * d * (1.0 - before.index / market.index);
        const double wanted = -coins * (to.price.value - from.price.value) + hedge;
        const double half_lot = 5.0 * std::abs(1.0 / before.index - 1.0 / market.index);
        // Quotes stand on the tick grid, so that a fill is beside the mark by up to a tick: that is in its own line.
        const double market_gain = sum(row.value().change.coin) - row.value().change.coin[slippage];
        CHECK(std::abs(market_gain - wanted) <= half_lot + 1e-9);
        CHECK(row.value().change.coin[fees] == 0.0);
        CHECK(row.value().change.coin[slippage] <= 1e-15);
        CHECK(row.value().fills <= 1);
      }
      before = market;
    }
  }
}

TEST_CASE("errors of hedging through the desk have the deviation that theory gives them") {
  // tests/data/discrete_hedge_error.csv, btc_otm_7d, 7 hedges: a call of strike 75,000 on a price of 65,000 that has no
  // drift, vol 0.65: 359.83 USD. In coin a put on the coin is K calls on 1/S of strike 1/K: with S = 75,000, K = 65,000
  // and 1/S without drift (S drifts with vol²) it is the same option. Its kurtosis is 26, so that the deviation of n
  // paths has a standard error of sqrt(25/(4n)) of itself.
  const double exact = 359.8328229 / 65000.0 * (65.0 / 75.0), vol = 0.65;
  const Time start{expiry.ms - 7 * 24 * hour_ms};
  const MarketModel model{
      .start = 75000.0, .start_vol = vol, .drift = vol * vol, .vol = {.mean = vol, .vol_of_vol = 0.0}};
  ChainShape shape = plain_shape();
  shape.days = {7};
  const Rule rule{.name = "net", .hedges = true, .desk = {}};
  const double coins = 1000.0;
  const Run run = run_of(RecordedBook{{{start, "BTC-27FEB26-65000-P", -coins, 0.001}}}, {rule}, [] {
    VenueRules v = free_venue();
    v.option_delivery = 0.0;
    return v;
  }());
  const int paths = 250;
  double squares = 0.0, total = 0.0;
  for (int path = 0; path < paths; ++path) {
    RuleState state;
    MarketState market = begin(model, start);
    double pnl = 0.0;
    for (int day = 0; day <= 7; ++day) {
      if (day > 0) market = next(model, 17, static_cast<std::uint64_t>(path), market, 24.0 * 3600.0);
      const auto row = advance(run, rule, state, instant(shape, market.at, market.index, vol, state));
      REQUIRE(row);
      // The first row has the difference between the price sold at and the mark; the delivery is the average of a line
      // between the last two days' prices, not the price at the expiry: that is in its own line.
      if (day > 0) pnl += sum(row.value().change.coin) - row.value().change.coin[settlement];
    }
    squares += pnl * pnl / (coins * coins), total += pnl / coins;
  }
  const double deviation = std::sqrt(squares / paths);
  CHECK(std::abs(deviation / exact - 1.0) <= 3.0 * std::sqrt(25.0 / (4.0 * paths)));
  CHECK(std::abs(total / paths) <= 3.0 * exact / std::sqrt(paths));
}

/// A market with everything in it: spreads, premium, jumps, vol that moves, skew.
struct Everything {
  MarketModel model{.start = 60000.0,
                    .start_vol = 0.6,
                    .vol = {.mean = 0.6, .vol_of_vol = 1.5},
                    .jumps_a_year = 50.0,
                    .jump_deviation = 0.04,
                    .premium_deviation = 0.0006};
  ChainShape shape{.skew = -0.1, .convexity = 0.03, .basis = 0.08, .half_spread_vol = 0.01, .round_vol = 1e-4};

  std::vector<Row> rows(const Run& run, const Rule& rule, int steps, RuleState& state, int first = 0) const {
    std::vector<Row> all;
    MarketState market = begin(model, Time{expiry.ms - 40 * 24 * hour_ms});
    for (int step = 0; step < steps; ++step) {
      if (step > 0) market = next(model, 23, 1, market, 4.0 * 3600.0);
      if (step < first) continue;
      ChainShape now = shape;
      now.perpetual_premium = market.premium;
      const auto row = advance(run, rule, state, instant(now, market.at, market.index, market.vol, state));
      CAPTURE(step);
      if (!row) FAIL(row.error().what);
      all.push_back(row.value());
    }
    return all;
  }
};

TEST_CASE("the account closes at every step of every book and rule, deliveries and funding included") {
  const Everything market;
  std::vector<Rule> rules(5, Rule{.name = "rule", .hedges = true, .desk = {}});
  rules[1].hedges = false;
  rules[2].desk.decide.delta = desk::HedgedDelta::black;
  rules[3].desk.decide.rebalance =
      hedge::RebalanceRule{.band = hedge::BandKind::whalley_wilmott, .aversion = 1e-4, .cost_rate = 5e-4};
  rules[4].desk.decide.numeraire = Numeraire::usd;
  int delivered = 0;
  double paid = 0.0;
  for (const Book& book :
       std::vector<Book>{StrangleBook{.coins = 5.0, .days = 7.0},
                         StrangleBook{.coins = 2.0, .days = 14.0, .roll_days = 5.0, .straddle = true},
                         MakerBook{.trades_a_day = 30.0, .coins = 2.0, .most_days = 20.0}}) {
    for (const Rule& rule : rules) {
      RuleState state;
      for (const Row& row : market.rows(run_of(book, rules, VenueRules{}), rule, 120, state)) {
        CHECK(std::abs(row.gap_coin) <= 1e-9);
        CHECK(std::abs(row.gap_usd) <= 1e-4);
        CHECK(row.quality != desk::Quality::refused);
        CHECK(row.change.coin[fees] <= 0.0);
        // A maker sells over the mark; all others pay.
        if (!std::holds_alternative<MakerBook>(book)) CHECK(row.change.coin[slippage] <= 1e-12);
        delivered += row.deliveries;
        paid += std::abs(row.change.coin[funding]);
      }
    }
  }
  CHECK(delivered > 20);
  CHECK(paid > 0.0);
}

TEST_CASE("a band trades less than a hedge at every look, and keeps the delta within it") {
  const Everything market;
  const Rule every{.name = "every", .hedges = true, .desk = {}};
  Rule band = every;
  band.desk.decide.rebalance = hedge::RebalanceRule{.band = hedge::BandKind::fixed, .width = 0.05};
  const Run run = run_of(StrangleBook{.coins = 10.0}, {every, band}, VenueRules{});
  RuleState a, b;
  const auto always = market.rows(run, every, 100, a), seldom = market.rows(run, band, 100, b);
  double often = 0.0, less = 0.0;
  int still = 0;
  for (std::size_t i = 0; i < always.size(); ++i) {
    often += always[i].turnover_usd, less += seldom[i].turnover_usd;
    CHECK(std::abs(always[i].delta_after) <= 5.0 / 50000.0 * 1.5);  // half a lot of 10 USD
    const double half_lot = 5.0 / always[i].index;
    CHECK(std::abs(seldom[i].delta_after) <= seldom[i].half_width + half_lot + 1e-12);
    if (seldom[i].half_width > 0.0 && std::abs(seldom[i].delta_before) <= seldom[i].half_width) {
      ++still;
      CHECK(seldom[i].tickets == 0);
      CHECK(seldom[i].why == "in its band");
    }
  }
  CHECK(less < 0.8 * often);
  CHECK(still > 10);
}

TEST_CASE("the adaptive rule hedges net delta until it has learned, then along what it learned, never of now") {
  const Everything market;
  Rule rule{.name = "adaptive", .hedges = true, .desk = {}};
  rule.desk.decide.dynamics = vol::smile_dynamics("adaptive").value();
  rule.desk.learn = true;
  rule.desk.moves.underlyings = {"BTC"};
  RuleState state;
  const auto rows = market.rows(run_of(StrangleBook{.coins = 5.0}, {rule}, VenueRules{}), rule, 30, state);
  for (const Row& row : rows) CHECK(row.quality != desk::Quality::refused);
  REQUIRE(state.desk.learning.learned.contains("BTC"));
  CHECK(state.desk.learning.learned.at("BTC").state.as_of < state.desk.now);
  CHECK(state.desk.learning.learned.at("BTC").steps >= 25);
}

TEST_CASE("an instant that is not after the last is refused") {
  const Everything market;
  const Rule rule{.name = "net", .hedges = true, .desk = {}};
  const Run run = run_of(StrangleBook{}, {rule});
  RuleState state;
  (void)market.rows(run, rule, 2, state);
  const auto again = advance(run, rule, state, instant(market.shape, state.marks.at, 60000.0, 0.6, state));
  REQUIRE(!again);
  CHECK(again.error().fault == Fault::bad_input);
}

}  // namespace
}  // namespace ballast
