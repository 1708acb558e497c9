#include "ballast/risk/exposure.h"

#include <cmath>
#include <type_traits>

#include <doctest/doctest.h>

#include "tests/worked_example.h"

using namespace ballast;
using market::SizeUnit;
using risk::Exposure;
using test::position;

namespace {

Result<std::vector<Exposure>> exposure_of(std::vector<market::Position> positions,
                                          market::Snapshot s = test::worked_market()) {
  return risk::exposure({.positions = std::move(positions), .accounts = {}}, s, vol::quoted(s));
}

/// `A + B` compiles.
template <class A, class B>
concept adds = requires(A a, B b) { a + b; };

}  // namespace

TEST_CASE("numeraires do not add") {
  static_assert(adds<risk::InCoin::Delta, risk::InCoin::Delta>);
  static_assert(!adds<risk::InCoin::Delta, risk::InUsd::Delta>);
  static_assert(!adds<risk::InCoin::Vega, risk::InUsd::Vega>);
  static_assert(!adds<Coin, Usd>);
  static_assert(!std::is_convertible_v<risk::InCoin::Delta, risk::InUsd::Delta>);
}

TEST_CASE("100 calls of the worked example") {  // deribit reference 3.4
  const auto list = exposure_of({position(test::worked_call, 100.0)});
  REQUIRE(list);
  const Exposure& e = list.value().at(0);
  CHECK(e.underlying == "BTC");
  CHECK(std::abs(e.total.black_delta.value - 35.2226) < 5e-5);
  CHECK(std::abs(e.total.net_delta.value - 31.4928) < 1e-4);
  CHECK(e.coin_delta().value().value == e.total.net_delta.value);
  CHECK(std::abs(e.total.gamma - 100 * 3.59708e-5) < 1e-7);
  CHECK(std::abs(e.total.vega.value / 100 - 6386.0) < 0.5);
  CHECK(std::abs(e.total.theta.value / 365 + 6386.0) < 0.5);
  CHECK(std::abs(e.total.options_value.value - 3.72978) < 1e-9);
}

TEST_CASE("a put's net delta is larger than its Black delta") {  // deribit reference 3.4, further points
  const auto list = exposure_of({position(test::worked_put, 1.0)});
  REQUIRE(list);
  CHECK(std::abs(list.value()[0].total.black_delta.value + 0.465730) < 1e-6);
  CHECK(std::abs(list.value()[0].total.net_delta.value + 0.534270) < 1e-6);
}

TEST_CASE("the USD point counts the equity and is unknown without it") {  // deribit reference 3.4, USD frame
  const market::Snapshot s = test::worked_market();
  market::Portfolio book{.positions = {position(test::worked_call, 10.0)}, .accounts = {}};
  auto unknown = risk::exposure(book, s, vol::quoted(s));
  REQUIRE(unknown);
  const auto refused = unknown.value()[0].usd_delta();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().fault == Fault::missing_data);

  book.accounts["BTC"] = {.currency = "BTC", .equity = 10.0};
  const auto known = risk::exposure(book, s, vol::quoted(s));
  REQUIRE(known);
  CHECK(std::abs(known.value()[0].usd_delta().value().value - 13.14928) < 1e-5);
}

TEST_CASE("inverse futures count USD amount over their own price, like the venue's size_currency") {
  market::Snapshot s = test::worked_market();
  s.quotes.at("BTC-PERPETUAL").mark = 7476.65;  // deribit reference 2.1: size 50 at mark 7476.65 is 0.006687487 BTC
  s.quotes.at("BTC-PERPETUAL").bid.reset();
  const auto list = exposure_of({position("BTC-PERPETUAL", 50.0, SizeUnit::usd)}, s);
  REQUIRE(list);
  CHECK(std::abs(list.value()[0].total.net_delta.value - 0.006687487) < 5e-10);
  const auto contracts = exposure_of({position("BTC-PERPETUAL", 5.0, SizeUnit::contracts)}, s);
  CHECK(contracts.value()[0].total.net_delta.value == list.value()[0].total.net_delta.value);
}

TEST_CASE("a linear perpetual counted in coin is Q - U/S") {  // deribit reference 3.2
  market::Snapshot s = test::worked_market();
  market::Instrument linear = s.instruments.at("BTC-PERPETUAL");
  linear.name = "BTC_USDC-PERPETUAL";
  linear.settlement = market::Settlement::linear;
  linear.settlement_currency = "USDC";
  linear.index = "btc_usdc";
  linear.contract_size = linear.lot = 0.001;
  s.instruments[linear.name] = linear;
  s.quotes[linear.name] = {.instrument = linear.name, .sent = s.as_of, .mark = 60000.0};
  auto p = position(linear.name, 2.0);
  const auto no_price = exposure_of({p}, s);  // its profit is not known, so neither is its coin delta; in USD it is Q
  REQUIRE(no_price);
  CHECK_FALSE(no_price.value()[0].coin_delta());
  CHECK(no_price.value()[0].usd_delta().value().value == 2.0);
  p.average_price = 54000.0;  // U = 2 * 6,000 USDC = 0.2 coin
  const auto list = exposure_of({p}, s);
  REQUIRE(list);
  CHECK(list.value()[0].coin_delta().value().value == doctest::Approx(1.8).epsilon(1e-14));
  CHECK(list.value()[0].usd_delta().value().value == 2.0);
}

TEST_CASE("exposure is linear: negation, splitting and order change nothing but the sign") {
  const auto both = exposure_of({position(test::worked_call, 3.0), position(test::worked_put, -2.0),
                                 position("BTC-31JAN26", -120000, SizeUnit::usd)});
  const auto swapped = exposure_of({position("BTC-31JAN26", 120000, SizeUnit::usd), position(test::worked_put, 2.0),
                                    position(test::worked_call, -3.0)});
  REQUIRE(both);
  REQUIRE(swapped);
  const risk::Totals& a = both.value()[0].total;
  const risk::Totals& b = swapped.value()[0].total;
  CHECK(std::abs(a.net_delta.value + b.net_delta.value) < 1e-14);
  CHECK(std::abs(a.coin.gamma.value + b.coin.gamma.value) < 1e-12);
  CHECK(std::abs(a.usd.vega.value + b.usd.vega.value) < 1e-9);
  double by_expiry = 0.0;
  for (const auto& [expiry, totals] : both.value()[0].by_expiry) by_expiry += totals.net_delta.value;
  CHECK(std::abs(by_expiry - a.net_delta.value) < 1e-14);
}

TEST_CASE("the settlement window takes the delta down in a line") {  // deribit reference 1.4: 30 minutes before 08:00
  market::Snapshot s = test::worked_market();
  const double full = exposure_of({position("BTC-31JAN26", 60000, SizeUnit::usd)}, s).value()[0].total.net_delta.value;
  s.as_of = Time{s.instruments.at("BTC-31JAN26").expiry.ms - 15 * 60'000};
  for (auto& [name, quote] : s.quotes) quote.sent = s.as_of;
  for (auto& [name, index] : s.indices) index.sent = s.as_of;
  CHECK(full == 1.0);
  CHECK(exposure_of({position("BTC-31JAN26", 60000, SizeUnit::usd)}, s).value()[0].total.net_delta.value ==
        doctest::Approx(0.5));
  CHECK(exposure_of({position("BTC-PERPETUAL", 60000, SizeUnit::usd)}, s).value()[0].total.net_delta.value == 1.0);
}

TEST_CASE("what cannot be trusted is refused by name") {
  const auto check = [](std::vector<market::Position> positions, const market::Snapshot& s, const char* word) {
    const auto list = exposure_of(std::move(positions), s);
    REQUIRE_FALSE(list);
    CAPTURE(list.error().what);
    CHECK(list.error().what.find(word) != std::string::npos);
  };
  market::Snapshot s = test::worked_market();
  check({position(test::worked_call, 1.0, SizeUnit::usd)}, s, "sized in coin");
  check({position("BTC-PERPETUAL", 1.0, SizeUnit::coin)}, s, "sized in usd");
  check({position(test::worked_call, 1.0), position(test::worked_call, 2.0)}, s, "twice");
  check({position("BTC-NO", 1.0)}, s, "unknown instrument");
  s.indices.clear();
  check({position(test::worked_call, 1.0)}, s, "index");
  s = test::worked_market();
  s.quotes.erase(test::worked_call);
  check({position(test::worked_call, 1.0)}, s, "no quote");
  s.as_of = s.instruments.at(test::worked_call).expiry;
  check({position(test::worked_call, 1.0)}, s, "expired");
}

TEST_CASE("a linear option counted in coin loses its profit, not its premium") {
  market::Snapshot s = test::worked_market();
  market::Instrument linear = s.instruments.at(test::worked_call);
  linear.name = "BTC_USDC-31JAN26-65000-C";
  linear.settlement = market::Settlement::linear;
  linear.settlement_currency = "USDC";
  linear.index = "btc_usdc";
  s.instruments[linear.name] = linear;
  s.quotes[linear.name] = {
      .instrument = linear.name, .sent = s.as_of, .mark = 2237.868, .mark_vol = Vol(0.6), .underlying_price = 60000.0};
  auto p = position(linear.name, 10.0);
  CHECK_FALSE(exposure_of({p}, s).value()[0].coin_delta());  // its profit is not known
  p.average_price = 2237.868;  // just bought: what the plan that bought it counted, 10 Black deltas (reference 3.4)
  CHECK(std::abs(exposure_of({p}, s).value()[0].coin_delta().value().value - 3.52226) < 1e-5);
  p.average_price = 1637.868;  // 600 USDC a coin in profit: 10 * 600 / 60,000 = 0.1 coin
  CHECK(std::abs(exposure_of({p}, s).value()[0].coin_delta().value().value - 3.42226) < 1e-5);
  CHECK(std::abs(exposure_of({p}, s).value()[0].usd_delta().value().value - 3.52226) < 1e-5);
}

TEST_CASE("spot and the equity of the same coin do not count twice") {
  market::Snapshot s = test::worked_market();
  market::Instrument spot{.name = "BTC_USDC", .underlying = "BTC", .settlement_currency = "USDC", .index = "btc_usdc"};
  spot.kind = market::Kind::spot;
  spot.settlement = market::Settlement::linear;
  s.instruments[spot.name] = spot;
  s.quotes[spot.name] = {.instrument = spot.name, .sent = s.as_of, .mark = 60000.0};
  market::Portfolio book{.positions = {position("BTC_USDC", 10.0)}, .accounts = {}};
  CHECK(risk::exposure(book, s, vol::quoted(s)).value()[0].usd_delta().value().value == 10.0);
  book.accounts["BTC"] = {.currency = "BTC", .equity = 10.0};
  CHECK(risk::exposure(book, s, vol::quoted(s)).value()[0].usd_delta().error().what.find("twice") != std::string::npos);
}

TEST_CASE("contracts of a size that nobody stated are refused") {
  market::Instrument i;
  i.name = "AVAX_USDC-31JAN26-30-C";
  i.settlement = market::Settlement::linear;
  CHECK_FALSE(market::amount_of(i, 10.0, SizeUnit::contracts));
  CHECK(market::amount_of(i, 10.0, SizeUnit::coin).value() == 10.0);
  i.from_venue = true;
  i.contract_size = 100.0;
  CHECK(market::amount_of(i, 10.0, SizeUnit::contracts).value() == 1000.0);
}
