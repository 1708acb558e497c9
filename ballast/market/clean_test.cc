#include "ballast/market/clean.h"

#include <functional>

#include <doctest/doctest.h>

#include "tests/worked_example.h"

using namespace ballast;
using market::Quote;
using market::Snapshot;

TEST_CASE("a clean market stays whole") {
  const Snapshot s = market::clean(test::worked_market(), {});
  CHECK(s.dropped.empty());
  CHECK(s.quotes.size() == 4);
  CHECK(s.indices.size() == 1);
}

TEST_CASE("every rule drops its quote with its reason and nothing else") {
  struct Case {
    const char* reason;
    std::function<void(Quote&, Snapshot&)> spoil;
  };
  const Case cases[] = {
      {"crossed", [](Quote& q, Snapshot&) { q.bid = 0.038; }},
      {"crossed", [](Quote& q, Snapshot&) { q.bid = q.ask; }},
      {"off_tick", [](Quote& q, Snapshot&) { q.ask = 0.0376; }},
      {"mark_off_mid", [](Quote& q, Snapshot&) { q.mark = 0.05; }},
      {"vol_out_of_range", [](Quote& q, Snapshot&) { q.mark_vol = Vol(60.0); }},  // percent taken for a fraction
      {"vol_out_of_range", [](Quote& q, Snapshot&) { q.mark_vol = Vol(0.006); }},
      {"price_above_bound",
       [](Quote& q, Snapshot&) { q = Quote{.sent = q.sent, .mark = 2237.0}; }},  // USD taken for coin
      {"stale", [](Quote& q, Snapshot&) { q.sent.ms -= 30'001; }},
      {"from_the_future", [](Quote& q, Snapshot&) { q.sent.ms += 1'001; }},
      {"not_open", [](Quote& q, Snapshot&) { q.open = false; }},
      {"expired", [](Quote&, Snapshot& s) { s.instruments.at(test::worked_call).expiry = s.as_of; }},
      {"unknown_instrument", [](Quote&, Snapshot& s) { s.instruments.erase(test::worked_call); }},
  };
  for (const Case& c : cases) {
    CAPTURE(c.reason);
    Snapshot s = test::worked_market();
    c.spoil(s.quotes.at(test::worked_call), s);
    const Snapshot cleaned = market::clean(std::move(s), {});
    REQUIRE(cleaned.dropped.size() == 1);
    CHECK(cleaned.dropped[0].instrument == test::worked_call);
    CHECK(cleaned.dropped[0].reason == c.reason);
    CHECK_FALSE(cleaned.quotes.contains(test::worked_call));
    CHECK(cleaned.quotes.size() == 3);
  }
}

TEST_CASE("an absent side is no fault") {
  Snapshot s = test::worked_market();
  s.quotes.at(test::worked_call).bid.reset();
  CHECK(market::clean(s, {}).dropped.empty());
}

TEST_CASE("an old index is no index") {
  Snapshot s = test::worked_market();
  s.indices.at("BTC").sent.ms -= 10'001;
  const Snapshot cleaned = market::clean(std::move(s), {});
  CHECK(cleaned.indices.empty());
  REQUIRE(cleaned.dropped.size() == 1);
  CHECK(cleaned.dropped[0].reason == "stale_index");
}

TEST_CASE("what is just inside a limit stays") {
  Snapshot s = test::worked_market();
  s.quotes.at(test::worked_call).sent.ms -= 30'000;
  s.quotes.at(test::worked_put).sent.ms += 1'000;
  s.quotes.at("BTC-PERPETUAL").sent.ms -= 5'000;
  s.indices.at("BTC").sent.ms -= 10'000;
  CHECK(market::clean(s, {}).dropped.empty());
  s.quotes.at("BTC-PERPETUAL").mark_sent = Time{s.as_of.ms - 5'001};
  CHECK(market::clean(s, {}).dropped.at(0).reason == "stale");
}

TEST_CASE("an index from the future is no index") {
  Snapshot s = test::worked_market();
  s.indices.at("BTC").sent.ms += 1'001;
  const Snapshot cleaned = market::clean(std::move(s), {});
  CHECK(cleaned.indices.empty());
  CHECK(cleaned.dropped.at(0).reason == "index_from_the_future");
}
