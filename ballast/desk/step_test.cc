#include "ballast/desk/step.h"

#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "ballast/desk/state_bytes.h"
#include "ballast/market/deribit/name.h"
#include "ballast/pricing/inverse.h"

namespace ballast {
namespace {

using desk::Answer;
using desk::State;
using desk::StepConfig;
using market::Event;
using market::Ticket;

constexpr Time now{1'770'300'000'000};
constexpr Time later{now.ms + 60'000};
const std::string call = "BTC-27FEB26-65000-C", perpetual = "BTC-PERPETUAL";

/// Marks of one vol at one forward, as the venue has them: every call has its put.
market::Snapshot chain(double index, double vol, Time at = now) {
  market::Snapshot s;
  s.as_of = at;
  s.indices["BTC"] = {index, at};
  for (const double strike : {55000.0, 60000.0, 65000.0, 70000.0}) {
    for (const char* type : {"C", "P"}) {
      auto instrument =
          market::deribit::parse_name("BTC-27FEB26-" + std::to_string(static_cast<int>(strike)) + "-" + type);
      REQUIRE(instrument);
      const market::Instrument& i = instrument.value();
      market::Quote q;
      q.instrument = i.name, q.sent = at, q.mark_vol = Vol(vol), q.index = index, q.underlying_price = index;
      q.mark = pricing::inverse_greeks({.forward = Price(index),
                                        .strike = Price(strike),
                                        .vol = Vol(vol),
                                        .years = years_between(at, i.expiry),
                                        .type = i.option_type})
                   .price.value;
      s.quotes.emplace(i.name, q);
      s.instruments.emplace(i.name, i);
    }
  }
  const auto future = market::deribit::parse_name(perpetual);
  REQUIRE(future);
  market::Quote q;
  q.instrument = perpetual, q.sent = at, q.mark = index, q.bid = index - 0.5, q.ask = index + 0.5, q.index = index;
  s.quotes.emplace(perpetual, q);
  s.instruments.emplace(perpetual, future.value());
  return s;
}

struct Stepped {
  std::optional<Error> fault;
  std::vector<Ticket> tickets;
  std::vector<Answer> answers;
};

Stepped step(const StepConfig& config, State& state, const std::vector<Event>& events) {
  Stepped out;
  out.fault = desk::step(config, state, events, out.tickets, out.answers);
  return out;
}

/// A desk that has bought `coins` of the call.
State bought(double coins, double index = 60000.0) {
  State state;
  const auto done = step({}, state,
                         {{now, market::ChainSeen{chain(index, 0.6)}},
                          {now, market::Traded{.instrument = call, .amount = coins, .price = 0.03}}});
  REQUIRE(!done.fault);
  REQUIRE(done.tickets.empty());
  return state;
}

TEST_CASE("step: a bought call is hedged by its net delta at the mark, in whole lots of 10 USD") {
  const double coins = 100.0, index = 60000.0;
  const auto greeks =
      pricing::inverse_greeks({.forward = Price(index),
                               .strike = Price(65000.0),
                               .vol = Vol(0.6),
                               .years = years_between(now, market::deribit::parse_name(call).value().expiry),
                               .type = market::OptionType::call});
  for (const auto delta : {desk::HedgedDelta::net, desk::HedgedDelta::black}) {
    State state = bought(coins);
    StepConfig config;
    config.decide.delta = delta;
    const Stepped done = step(config, state, {{now, market::HedgeDue{}}});
    REQUIRE(!done.fault);
    REQUIRE(done.tickets.size() == 1);
    const Ticket& t = done.tickets.front();
    // N = -q (Black delta - premium) P: docs/sources.md, deribit 3.2. Plain Black delta leaves the premium out.
    const double d = delta == desk::HedgedDelta::net ? greeks.black_delta - greeks.price.value : greeks.black_delta;
    CHECK(t.instrument == perpetual);
    CHECK(std::abs(t.amount() + coins * d * index) <= 5.0);
    CHECK(t.id == 1);
    CHECK(t.sent == now);
    // The worst price is 1 % below the mark, on the grid.
    CHECK(t.limit() == doctest::Approx(0.99 * index).epsilon(1e-12));
    CHECK(t.tick == 0.5);
    REQUIRE(done.answers.size() == 1);
    CHECK(done.answers[0].before == doctest::Approx(coins * d).epsilon(1e-9));
    CHECK(std::abs(done.answers[0].after) <= 5.0 / index);
    CHECK(done.answers[0].why == "1 ticket");
  }
}

TEST_CASE("step: while a ticket works none follows it; when it is filled there is nothing left to do") {
  State state = bought(100.0);
  const Stepped first = step({}, state, {{now, market::HedgeDue{}}});
  REQUIRE(first.tickets.size() == 1);
  const Stepped waiting = step({}, state, {{later, market::HedgeDue{}}});
  CHECK(waiting.tickets.empty());
  CHECK(waiting.answers[0].why == "waits for ticket 1");
  const double amount = first.tickets[0].amount();
  const Stepped half = step(
      {}, state,
      {{later, market::ChainSeen{chain(60000.0, 0.6, later)}},
       {later,
        market::Traded{.instrument = perpetual, .amount = 0.5 * amount, .price = 60000.0, .fee = 0.0, .ticket = 1}},
       {later, market::TicketClosed{.ticket = 1, .unfilled = 0.5 * amount, .reason = "depth"}},
       {later, market::HedgeDue{}}});
  REQUIRE(half.tickets.size() == 1);  // for what was not filled
  CHECK(half.tickets[0].id == 2);
  CHECK(half.tickets[0].amount() == doctest::Approx(0.5 * amount).epsilon(0.001));
  const Stepped rest = step(
      {}, state,
      {{later,
        market::Traded{
            .instrument = perpetual, .amount = half.tickets[0].amount(), .price = 60000.0, .fee = 0.0, .ticket = 2}},
       {later, market::TicketClosed{.ticket = 2, .unfilled = 0.0, .reason = "filled"}},
       {later, market::HedgeDue{}}});
  CHECK(rest.tickets.empty());
  CHECK(rest.answers[0].why == "less than half a lot");
}

TEST_CASE("step: positions are the sums of their trades, inverse futures by the harmonic mean") {
  State state = bought(1.0);
  const auto trade = [](double amount, double price) {
    return Event{now, market::Traded{.instrument = perpetual, .amount = amount, .price = price}};
  };
  REQUIRE(!step({}, state, {trade(10'000.0, 50'000.0), trade(30'000.0, 60'000.0)}).fault);
  REQUIRE(state.portfolio.positions.size() == 2);
  CHECK(state.portfolio.positions[1].quantity == 40'000.0);
  CHECK(*state.portfolio.positions[1].average_price ==
        doctest::Approx(40'000.0 / (10'000.0 / 50'000.0 + 0.5)).epsilon(1e-14));
  REQUIRE(!step({}, state, {trade(-10'000.0, 70'000.0)}).fault);  // less of it has the same average
  CHECK(*state.portfolio.positions[1].average_price == doctest::Approx(40'000.0 / 0.7).epsilon(1e-14));
  REQUIRE(!step({}, state, {trade(-60'000.0, 65'000.0)}).fault);  // turned over: what is short was sold at 65,000
  CHECK(state.portfolio.positions[1].quantity == -30'000.0);
  CHECK(*state.portfolio.positions[1].average_price == 65'000.0);
  REQUIRE(!step({}, state, {trade(30'000.0, 65'000.0)}).fault);
  CHECK(state.portfolio.positions.size() == 1);
}

TEST_CASE("step: an event that cannot be is refused, and the state is what it was before it") {
  State state = bought(1.0);
  const std::string before = desk::bytes_of(state);
  const std::vector<std::pair<Event, std::string>> wrong = {
      {{Time{now.ms - 1}, market::HedgeDue{}}, "an event of"},
      {{later, market::Traded{.instrument = "BTC-27FEB26-1-C", .amount = 1.0, .price = 0.1}}, "BTC-27FEB26-1-C"},
      {{later, market::Traded{.instrument = call, .amount = 0.0, .price = 0.1}}, call},
      {{later, market::Traded{.instrument = call, .amount = NAN, .price = 0.1}}, call},
      {{later, market::TicketClosed{.ticket = 9}}, "ticket 9"},
      {{later, market::Delivered{.instrument = perpetual, .price = 6e4, .amount = 1.0}}, perpetual},
      {{later, market::Delivered{.instrument = call, .price = 6e4, .amount = 2.0}}, "2 are delivered, 1 are held"},
      {{later, market::QuoteSeen{{.instrument = "BTC-1JAN30"}}}, "BTC-1JAN30"}};
  for (const auto& [event, words] : wrong) {
    const Stepped done = step({}, state, {event});
    REQUIRE(done.fault);
    CHECK(done.fault->fault == Fault::bad_input);
    CHECK(done.fault->what.find(words) != std::string::npos);
    CHECK(desk::bytes_of(state) == before);
  }
}

TEST_CASE("step: a delivery takes the position out, and a book without positions has nothing to hedge") {
  State state = bought(3.0);
  const Time expiry = market::deribit::parse_name(call).value().expiry;
  const Stepped done = step({}, state,
                            {{expiry, market::Delivered{.instrument = call, .price = 7e4, .amount = 3.0, .cash = 0.2}},
                             {expiry, market::HedgeDue{}}});
  REQUIRE(!done.fault);
  CHECK(done.tickets.empty());
  CHECK(done.answers[0].why == "the book has no positions");
  CHECK(state.portfolio.positions.empty());
}

TEST_CASE("step: hedges that are left without options are closed") {
  State state = bought(3.0);
  const Time expiry = market::deribit::parse_name(call).value().expiry;
  auto after = chain(60000.0, 0.6, expiry);
  for (auto& [name, quote] : std::map<std::string, market::Quote>(after.quotes)) {
    if (name != perpetual) after.quotes.erase(name), after.instruments.erase(name);
  }
  StepConfig config;
  config.decide.rebalance = hedge::RebalanceRule{.band = hedge::BandKind::fixed, .width = 0.5};
  const Stepped done = step(config, state,
                            {{later, market::Traded{.instrument = perpetual, .amount = -60'000.0, .price = 60'000.0}},
                             {expiry, market::Delivered{.instrument = call, .price = 6e4, .amount = 3.0}},
                             {expiry, market::ChainSeen{after}},
                             {expiry, market::HedgeDue{}}});
  REQUIRE(!done.fault);
  REQUIRE(done.tickets.size() == 1);
  CHECK(done.tickets[0].amount() == 60'000.0);
}

TEST_CASE("step: inside its band a book is left alone, outside it goes to the edge") {
  State state = bought(100.0);
  StepConfig config;
  config.decide.rebalance = hedge::RebalanceRule{.band = hedge::BandKind::fixed, .width = 0.1};  // 10 coins
  const Stepped out = step(config, state, {{now, market::HedgeDue{}}});
  REQUIRE(out.tickets.size() == 1);
  CHECK(out.answers[0].half_width == doctest::Approx(10.0).epsilon(1e-12));
  CHECK(out.answers[0].after == doctest::Approx(10.0).epsilon(1e-4));
  REQUIRE(!step(config, state,
                {{now, market::Traded{.instrument = perpetual,
                                      .amount = out.tickets[0].amount() - 60'000.0,
                                      .price = 60'000.0,
                                      .fee = 0.0,
                                      .ticket = 1}},
                 {now, market::TicketClosed{.ticket = 1}}})
               .fault);
  const Stepped in = step(config, state, {{now, market::HedgeDue{}}});
  CHECK(in.tickets.empty());
  CHECK(in.answers[0].why == "in its band");
  CHECK(in.answers[0].before == doctest::Approx(9.0).epsilon(1e-3));
}

TEST_CASE("step: on a market that is old or gone the answer is a refusal, and no ticket") {
  State state = bought(100.0);
  const Stepped old = step({}, state, {{Time{now.ms + 3'600'000}, market::HedgeDue{}}});
  REQUIRE(!old.fault);
  CHECK(old.tickets.empty());
  CHECK(old.answers[0].quality == desk::Quality::refused);
  CHECK(!old.answers[0].reasons.empty());
  CHECK(state.refusals == 1);
}

TEST_CASE("step: the same state and events give the same tickets, and a saved state goes on as the one it was") {
  State a = bought(100.0);
  auto restored = desk::state_of(desk::bytes_of(a));
  REQUIRE(restored);
  State b = std::move(restored).value();
  const std::vector<Event> events{{later, market::ChainSeen{chain(61000.0, 0.62, later)}}, {later, market::HedgeDue{}}};
  CHECK(step({}, a, events).tickets == step({}, b, events).tickets);
  CHECK(desk::bytes_of(a) == desk::bytes_of(b));
}

}  // namespace
}  // namespace ballast
