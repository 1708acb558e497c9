#include "ballast/sim/venue.h"

#include <cmath>

#include <doctest/doctest.h>

#include "ballast/sim/modelled_chain.h"

namespace ballast {
namespace {

using market::Ticket;
using sim::Instant;
using sim::Ledger;
using sim::Venue;
using sim::VenueRules;

constexpr Time now{1'770'300'000'000};

Instant instant(double index = 60000.0, Time at = now) {
  auto snapshot = sim::modelled_chain({}, at, index, 0.6);
  REQUIRE(snapshot);
  return sim::instant_of(std::move(snapshot).value(), "BTC", sim::PerpetualPrice::quoted);
}

Ticket ticket(std::int64_t lots, double limit, Time sent = now) {
  return {.id = 1,
          .sent = sent,
          .instrument = "BTC-PERPETUAL",
          .lots = lots,
          .lot = 10.0,
          .limit_ticks = static_cast<std::int64_t>(limit / 0.5),
          .tick = 0.5,
          .why = "test"};
}

/// No model beyond the displayed size: what is filled is what the quote shows.
VenueRules shown_only() {
  VenueRules rules;
  rules.costs.impact.reset();
  return rules;
}

const market::Traded* traded(const std::vector<market::Event>& events) {
  for (const auto& e : events) {
    if (const auto* t = std::get_if<market::Traded>(&e.what)) return t;
  }
  return nullptr;
}

const market::TicketClosed& closed(const std::vector<market::Event>& events) {
  return std::get<market::TicketClosed>(events.back().what);
}

TEST_CASE("a buyer pays the ask and the taker's fee, a seller gets the bid") {
  const Instant market = instant();
  const market::Quote& quote = market.snapshot.quotes.at("BTC-PERPETUAL");
  for (const std::int64_t lots : {1000, -1000}) {
    Venue venue{.resting = {ticket(lots, lots > 0 ? 61000.0 : 59000.0)}};
    Ledger ledger;
    const auto events = sim::fill(shown_only(), venue, ledger, market);
    REQUIRE(events);
    const market::Traded* t = traded(events.value());
    REQUIRE(t != nullptr);
    CHECK(t->amount == 10.0 * static_cast<double>(lots));
    CHECK(t->price == doctest::Approx(lots > 0 ? *quote.ask : *quote.bid).epsilon(1e-14));
    // 0.05 % of 10,000 USD, in coin: deribit 1.6.
    CHECK(t->fee == doctest::Approx(0.0005 * 10000.0 / 60000.0).epsilon(1e-4));
    CHECK(t->fee > 0.0);
    CHECK(closed(events.value()).unfilled == 0.0);
    CHECK(venue.resting.empty());
    CHECK(ledger.holdings.at("BTC-PERPETUAL").amount == t->amount);
    CHECK(ledger.cash.at("BTC") == -t->fee);
  }
}

TEST_CASE("what the depth does not show stays unfilled, and so does what is beyond the limit") {
  const Instant market = instant();
  Ledger ledger;
  Venue large{.resting = {ticket(100'000, 61000.0)}};  // a million, half of it is shown
  const auto part = sim::fill(shown_only(), large, ledger, market);
  REQUIRE(part);
  CHECK(traded(part.value())->amount == 500'000.0);
  CHECK(closed(part.value()).unfilled == 500'000.0);
  CHECK(closed(part.value()).reason == "limit");
  Venue cheap{.resting = {ticket(1000, 59000.0)}};
  const auto none = sim::fill(shown_only(), cheap, ledger, market);
  REQUIRE(none);
  CHECK(traded(none.value()) == nullptr);
  CHECK(closed(none.value()).unfilled == 10'000.0);
}

TEST_CASE("a ticket takes its time, and waits so long for a quote") {
  VenueRules rules = shown_only();
  rules.latency_s = 5.0;
  Ledger ledger;
  Venue venue{.resting = {ticket(1000, 61000.0)}};
  const auto at = [](double seconds) { return Time{now.ms + static_cast<std::int64_t>(1000.0 * seconds)}; };
  CHECK(sim::fill(rules, venue, ledger, instant(60000.0, at(4.0))).value().empty());
  CHECK(venue.resting.size() == 1);
  Instant silent = instant(60000.0, at(6.0));
  silent.snapshot.quotes.erase("BTC-PERPETUAL");
  CHECK(sim::fill(rules, venue, ledger, silent).value().empty());
  Instant late = instant(60000.0, at(66.0));
  late.snapshot.quotes.erase("BTC-PERPETUAL");
  const auto events = sim::fill(rules, venue, ledger, late);
  REQUIRE(events);
  CHECK(closed(events.value()).reason == "no quote");
  CHECK(closed(events.value()).unfilled == 10'000.0);
  // With a quote again it is filled at the price of then, not of when it was sent.
  Venue again{.resting = {ticket(1000, 63000.0)}};
  const auto filled = sim::fill(rules, again, ledger, instant(61000.0, at(10.0)));
  CHECK(traded(filled.value())->price > 60900.0);
}

TEST_CASE("funding is income to shorts while the rate is positive, and a cost to longs") {
  const market::Instrument perpetual = instant().snapshot.instruments.at("BTC-PERPETUAL");
  const Time later{now.ms + 4 * 3'600'000};
  for (const double coins : {2.0, -2.0}) {
    for (const double rate : {0.0001, -0.0001}) {
      Ledger ledger;
      const auto event = sim::fund(ledger, perpetual, coins, rate, 60000.0, now, later);
      REQUIRE(event);
      // Half of eight hours: deribit 1.7, longs pay where f > 0.
      CHECK(std::get<market::Funded>(event->what).cash == doctest::Approx(-rate * coins * 0.5).epsilon(1e-15));
      CHECK(ledger.cash.at("BTC") == std::get<market::Funded>(event->what).cash);
    }
  }
}

TEST_CASE("the funding rate is the venue's formula on the recorded samples") {
  // Recorded, deribit 1.7: premium outside and inside the dead zone.
  struct Sample {
    double mark, index, rate, error;
  };
  for (const Sample& s : {Sample{76756.11, 76735.99, 1.22e-05, 5e-8}, Sample{76756.66, 76736.38, 1.428e-05, 5e-9},
                          Sample{92281.78, 92263.55, 0.0, 1e-18}}) {
    market::Quote quote;
    quote.mark = s.mark, quote.index = s.index;
    CHECK(std::abs(*sim::funding_rate({}, quote) - s.rate) <= s.error);
    quote.mark = 2.0 * s.index - s.mark;  // mirrored
    CHECK(std::abs(*sim::funding_rate({}, quote) + s.rate) <= s.error);
    quote.funding_8h = 3e-4;
    CHECK(*sim::funding_rate({}, quote) == 3e-4);
  }
  market::Quote apart;
  apart.mark = 60000.0;
  CHECK(!sim::funding_rate({}, apart));
  CHECK(*sim::funding_rate({.funding_8h = 1e-4}, apart) == 1e-4);
  apart.index = 50000.0;
  CHECK(*sim::funding_rate({}, apart) == 0.005);  // the venue's cap
}

TEST_CASE("delivery costs its rate, capped at an eighth of the payoff") {
  const Instant market = instant();
  const VenueRules rules;
  market::Instrument call;
  for (const auto& [name, i] : market.snapshot.instruments) {
    if (i.is_option() && i.option_type == market::OptionType::call) call = i;
  }
  call.strike = 50000.0;
  CHECK(sim::delivery_fee(rules, call, -3.0, 100000.0) == doctest::Approx(3.0 * 0.00015).epsilon(1e-14));
  call.strike = 99990.0;  // pays 0.0001 coin
  CHECK(sim::delivery_fee(rules, call, 3.0, 100000.0) == doctest::Approx(3.0 * 0.125 * 0.0001).epsilon(1e-12));
  call.strike = 100001.0;
  CHECK(sim::delivery_fee(rules, call, 3.0, 100000.0) == 0.0);
}

}  // namespace
}  // namespace ballast
