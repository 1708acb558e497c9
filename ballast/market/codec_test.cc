#include "ballast/market/codec.h"

#include <doctest/doctest.h>

#include "tests/codec_laws.h"

using namespace ballast;

namespace {

const auto written = [](const auto& x) { return encoded(x); };
template <class T>
Result<T> read_back(std::string_view bytes) {
  return decoded<T>(bytes);
}

}  // namespace

TEST_CASE("events, tickets and portfolios come back bit for bit") {
  test::check_round_trip<market::Event>(11, 2000, written, read_back<market::Event>);
  test::check_round_trip<market::Ticket>(12, 500, written, read_back<market::Ticket>);
  test::check_round_trip<market::Portfolio>(13, 300, written, read_back<market::Portfolio>);
}

TEST_CASE("no bytes of events, tickets and portfolios are misread") {
  test::check_hostile<market::Event>(21, 60, written, read_back<market::Event>);
  test::check_hostile<market::Ticket>(22, 60, written, read_back<market::Ticket>);
  test::check_hostile<market::Portfolio>(23, 20, written, read_back<market::Portfolio>);
}

TEST_CASE("every alternative of an event keeps its index and what it holds") {
  Rng rng(5);
  std::vector<bool> seen(std::variant_size_v<decltype(market::Event::what)>);
  for (int i = 0; i < 300; ++i) {
    const auto event = test::random_value<market::Event>(rng);
    const auto back = decoded<market::Event>(encoded(event));
    REQUIRE(back);
    CHECK(back.value().at == event.at);
    CHECK(back.value().what.index() == event.what.index());
    seen[event.what.index()] = true;
  }
  CHECK(seen == std::vector<bool>(seen.size(), true));
}

TEST_CASE("a quote is read into the members that it was written from") {
  const market::Quote quote{.instrument = "BTC-25DEC26-100000-C",
                            .sent = Time{1},
                            .bid = 0.01,
                            .ask = 0.02,
                            .bid_amount = 3.0,
                            .ask_amount = 4.0,
                            .mark = 0.05,
                            .mark_vol = Vol(0.6),
                            .index = 7.0,
                            .underlying_price = 8.0,
                            .underlying_index = "SYN.BTC-25DEC26",
                            .greeks = market::VenueGreeks{.delta = 0.9, .gamma = 1.0, .theta = -2.0},
                            .open_interest = 10.0,
                            .min_price = 11.0,
                            .max_price = 12.0,
                            .funding_8h = 13.0,
                            .mark_sent = Time{14},
                            .open = true,
                            .bids = {{15.0, 16.0}},
                            .asks = {{17.0, 18.0}, {19.0, 20.0}}};
  const market::Quote q = decoded<market::Quote>(encoded(quote)).value();
  CHECK(q.instrument == quote.instrument);
  CHECK(q.sent == Time{1});
  CHECK(q.bid == 0.01);
  CHECK(q.ask == 0.02);
  CHECK(q.bid_amount == 3.0);
  CHECK(q.ask_amount == 4.0);
  CHECK(q.mark == 0.05);
  CHECK(q.mark_vol == Vol(0.6));
  CHECK(q.index == 7.0);
  CHECK(q.underlying_price == 8.0);
  CHECK(q.underlying_index == "SYN.BTC-25DEC26");
  REQUIRE(q.greeks);
  CHECK(q.greeks->delta == 0.9);
  CHECK(q.greeks->gamma == 1.0);
  CHECK_FALSE(q.greeks->vega);
  CHECK(q.greeks->theta == -2.0);
  CHECK_FALSE(q.greeks->rho);
  CHECK(q.open_interest == 10.0);
  CHECK(q.min_price == 11.0);
  CHECK(q.max_price == 12.0);
  CHECK(q.funding_8h == 13.0);
  CHECK(q.mark_sent == Time{14});
  CHECK(q.open == true);
  REQUIRE(q.bids.size() == 1);
  CHECK(q.bids[0].amount == 16.0);
  REQUIRE(q.asks.size() == 2);
  CHECK(q.asks[1].price == 19.0);
}

TEST_CASE("a ticket has the bytes of its members, one after the other") {
  const market::Ticket ticket{.id = 7,
                              .sent = Time{1'700'000'000'000},
                              .instrument = "X",
                              .lots = -2,
                              .lot = 1.0,
                              .limit_ticks = 3,
                              .tick = 0.5,
                              .why = ""};
  const std::string bytes(
      "\x07\0\0\0\0\0\0\0"
      "\x00\x68\xe5\xcf\x8b\x01\0\0"
      "\x01\0\0\0\0\0\0\0X"
      "\xfe\xff\xff\xff\xff\xff\xff\xff"
      "\0\0\0\0\0\0\xf0\x3f"
      "\x03\0\0\0\0\0\0\0"
      "\0\0\0\0\0\0\xe0\x3f"
      "\0\0\0\0\0\0\0\0",
      65);
  CHECK(encoded(ticket) == bytes);
  CHECK(decoded<market::Ticket>(bytes).value() == ticket);
}
