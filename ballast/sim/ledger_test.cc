#include "ballast/sim/ledger.h"

#include <cmath>
#include <limits>
#include <utility>

#include <doctest/doctest.h>

#include "ballast/base/rng.h"

namespace ballast {
namespace {

using market::Instrument;
using sim::Ledger;

Instrument inverse_future(const char* name = "BTC-PERPETUAL", Time expiry = never) {
  return {.name = name,
          .underlying = "BTC",
          .settlement_currency = "BTC",
          .index = "btc_usd",
          .kind = expiry == never ? market::Kind::perpetual : market::Kind::future,
          .expiry = expiry,
          .contract_size = 10.0,
          .lot = 10.0,
          .ticks = {.tick = 0.5}};
}

Instrument inverse_option(market::OptionType type, double strike) {
  return {.name = "BTC-OPTION",
          .underlying = "BTC",
          .settlement_currency = "BTC",
          .index = "btc_usd",
          .kind = market::Kind::option,
          .option_type = type,
          .strike = strike,
          .expiry = Time{1'800'000'000'000},
          .lot = 0.1,
          .ticks = {.tick = 0.0001}};
}

sim::Equity worth_of(const Ledger& ledger, const Instrument& instrument, double price) {
  return sim::equity(ledger, "BTC", [&](const std::string&) { return std::pair{&instrument, price}; });
}

// Venue examples, recomputed there: docs/sources.md, deribit 2.1.
TEST_CASE("profits of inverse futures are the venue's examples") {
  struct Example {
    double size, entry, price, coin, error;
  };
  for (const Example& e :
       {Example{50.0, 7440.18, 7476.65, 3.278e-05, 5e-9}, Example{185160.0, 15000.0, 17391.0, 1.69711, 5e-6},
        Example{-120.0, 2559.92, 2613.27, -0.000957063, 5e-10}, Example{1000.0, 600.0, 700.0, 0.238095, 5e-7}}) {
    CAPTURE(e.size);
    Ledger ledger;
    const Instrument future = inverse_future();
    REQUIRE(!sim::trade(ledger, future, e.size, e.entry, 0.0));
    // The venue printed its prices to a cent, and the profit of what it had.
    const double error = e.error + std::abs(e.size) * 0.005 * (1.0 / (e.entry * e.entry) + 1.0 / (e.price * e.price));
    CHECK(std::abs(worth_of(ledger, future, e.price).coin - e.coin) <= error);
    // Closed there, the same becomes cash.
    REQUIRE(!sim::trade(ledger, future, -e.size, e.price, 0.0));
    CHECK(ledger.holdings.empty());
    CHECK(std::abs(ledger.cash.at("BTC") - e.coin) <= error);
  }
}

TEST_CASE("1,000 USD from 600 to 700 are 166.67 USD at the end") {
  Ledger ledger;
  const Instrument future = inverse_future();
  REQUIRE(!sim::trade(ledger, future, 1000.0, 600.0, 0.0));
  CHECK(worth_of(ledger, future, 700.0).in_usd(700.0) == doctest::Approx(1000.0 / 600.0 * 100.0).epsilon(1e-12));
}

TEST_CASE("a linear swap that was opened and closed is what another venue recorded") {
  // OKX, ETH-USDT-SWAP, closed in January 2025: 0.1 contracts of 0.1 coin, 3226.93 to 3224.8, fees 0.04516211 in all:
  // pnl -0.0213, realised -0.06646211 (recorded positions-history; docs/sources.md, okx).
  Ledger ledger;
  market::Instrument swap = inverse_future("ETH-USDT-SWAP");
  swap.underlying = "ETH", swap.settlement_currency = "USDT", swap.settlement = market::Settlement::linear;
  swap.contract_size = 0.1, swap.lot = 0.001;
  const double coins = 0.1 * swap.contract_size;
  REQUIRE(!sim::trade(ledger, swap, coins, 3226.93, 0.5 * 0.04516211));
  CHECK(sim::worth(swap, ledger.holdings.at(swap.name), 3224.8) == doctest::Approx(-0.0213).epsilon(1e-10));
  REQUIRE(!sim::trade(ledger, swap, -coins, 3224.8, 0.5 * 0.04516211));
  CHECK(ledger.holdings.empty());
  CHECK(ledger.cash.at("USDT") == doctest::Approx(-0.06646211).epsilon(1e-10));
}

TEST_CASE("contracts of another size are their coins and their dollars") {
  // OKX: inverse future pos · 100 USD · (1/avgPx - 1/markPx) coin; option pos · 1 · 0.01 · (markPx - avgPx) coin.
  Ledger ledger;
  const Instrument future = inverse_future(), option = inverse_option(market::OptionType::put, 70000.0);
  REQUIRE(!sim::trade(ledger, future, -25.0 * 100.0, 62000.0, 0.0));
  CHECK(worth_of(ledger, future, 60000.0).coin ==
        doctest::Approx(2500.0 * (1.0 / 60000.0 - 1.0 / 62000.0)).epsilon(1e-12));
  Ledger options;
  REQUIRE(!sim::trade(options, option, 300.0 * 0.01, 0.0325, 0.0));
  CHECK(worth_of(options, option, 0.0300).coin == doctest::Approx(300.0 * 0.01 * (0.0300 - 0.0325)).epsilon(1e-12));
}

TEST_CASE("an option's premium is cash, and its profit what the venue says") {
  // ETH-29DEC23-1500-P and the like: docs/sources.md, deribit 2.1: size · (mark · index - average in USD).
  Ledger ledger;
  const Instrument option = inverse_option(market::OptionType::call, 2100.0);
  const double sold_at = 67.90573 / 1850.0;  // coin, at an index of 1,850
  REQUIRE(!sim::trade(ledger, option, -1.0, sold_at, 0.0003));
  CHECK(ledger.cash.at("BTC") == doctest::Approx(sold_at - 0.0003).epsilon(1e-15));
  const sim::Equity now = worth_of(ledger, option, 0.017497423);
  CHECK(now.coin == doctest::Approx(sold_at - 0.0003 - 0.017497423).epsilon(1e-14));
  // In USD with the premium turned into USD when it was received, the venue has +34.968581 at an index of 1,882.4.
  CHECK(67.90573 - 0.017497423 * 1882.4 == doctest::Approx(34.968581).epsilon(1e-7));
}

TEST_CASE("calls and puts pay what the venue's examples pay") {
  const Instrument call = inverse_option(market::OptionType::call, 100000.0);
  CHECK(sim::payoff(call, 125000.0) == doctest::Approx(0.2).epsilon(1e-15));  // 25,000 USD: deribit 1.4
  CHECK(sim::payoff(call, 99999.0) == 0.0);
  const Instrument put = inverse_option(market::OptionType::put, 100000.0);
  CHECK(sim::payoff(put, 40000.0) == doctest::Approx(1.5).epsilon(1e-15));  // over one coin
  Instrument linear = put;
  linear.settlement = market::Settlement::linear;
  CHECK(sim::payoff(linear, 40000.0) == 60000.0);
}

TEST_CASE("delivery leaves the payoff less its fee") {
  Ledger ledger;
  const Instrument call = inverse_option(market::OptionType::call, 100000.0);
  REQUIRE(!sim::trade(ledger, call, -2.0, 0.1, 0.0));
  CHECK(sim::deliver(ledger, call, 125000.0, 0.0003) == doctest::Approx(-0.4003).epsilon(1e-14));
  CHECK(ledger.cash.at("BTC") == doctest::Approx(0.2 - 0.4003).epsilon(1e-14));
  CHECK(ledger.holdings.empty());
  CHECK(sim::deliver(ledger, call, 125000.0, 0.0) == 0.0);  // once
}

TEST_CASE("settlement turns a future's profit into cash and leaves its equity") {
  Rng rng(20261130);
  for (int run = 0; run < 200; ++run) {
    Ledger ledger;
    const Instrument future = inverse_future();
    double cash = 0.0;  // every trade against the last price, in coin: the account without averages
    double price = 60000.0, held = 0.0;
    for (int i = 0; i < 40; ++i) {
      const double next = price * (0.98 + 0.04 * rng.uniform());
      cash += held * (1.0 / price - 1.0 / next);
      price = next;
      const double amount = 10.0 * static_cast<double>(1 + rng.below(5000)) * (rng.uniform() < 0.5 ? 1.0 : -1.0);
      REQUIRE(!sim::trade(ledger, future, amount, price, 0.0));
      held += amount;
      if (rng.uniform() < 0.2) {
        const double before = worth_of(ledger, future, price).coin;
        sim::settle(ledger, future, price);
        CHECK(std::abs(worth_of(ledger, future, price).coin - before) <= 1e-13);
        const auto still = ledger.holdings.find(future.name);
        if (still != ledger.holdings.end()) CHECK(std::abs(sim::worth(future, still->second, price)) <= 1e-15);
      }
    }
    CHECK(std::abs(worth_of(ledger, future, price).coin - cash) <= 1e-12);
  }
}

TEST_CASE("a trade that is none is refused, with its numbers") {
  Ledger ledger;
  const Instrument future = inverse_future();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const auto& [amount, price, fee] :
       {std::array{0.0, 60000.0, 0.0}, std::array{nan, 60000.0, 0.0}, std::array{10.0, 0.0, 0.0},
        std::array{10.0, -1.0, 0.0}, std::array{10.0, nan, 0.0}, std::array{10.0, 60000.0, nan}}) {
    const auto fault = sim::trade(ledger, future, amount, price, fee);
    REQUIRE(fault);
    CHECK(fault->fault == Fault::bad_input);
    CHECK(fault->what.find("BTC-PERPETUAL") != std::string::npos);
  }
  CHECK(ledger == Ledger{});
  CHECK(!sim::trade(ledger, inverse_option(market::OptionType::call, 1e5), 1.0, 0.0, 0.0));  // given away
}

}  // namespace
}  // namespace ballast
