#include "ballast/desk/smile_moves.h"

#include <doctest/doctest.h>

#include "tests/worked_example.h"

using namespace ballast;
using desk::MovePrices;
using desk::ObservedChain;

namespace {

constexpr std::int64_t hour_ms = 3'600'000;
const Time start{1'767'225'600'000};
const Time expiry{start.ms + 30 * 24 * hour_ms};

ObservedChain chain_at(double hours, double forward, double mark) {
  ObservedChain chain;
  chain.as_of = Time{start.ms + static_cast<std::int64_t>(hours * static_cast<double>(hour_ms))};
  chain.forwards[expiry] = forward;
  chain.options["C"] = {.mark = mark,
                        .mid = mark + 0.001,
                        .half_spread = 0.001,
                        .black_delta = 0.5,
                        .vega_coin = 0.1,
                        .vol = Vol(0.6),
                        .moneyness = 0.1,
                        .years = years_between(chain.as_of, expiry),
                        .expiry = expiry,
                        .chosen = true,
                        .clean = true};
  return chain;
}

}  // namespace

TEST_CASE("smile moves: steps of 4 to 9 hours, forwards in time") {
  const ObservedChain from = chain_at(0.0, 60000.0, 0.05);
  for (const double hours : {4.0, 6.0, 9.0}) CHECK(desk::is_step(from, chain_at(hours, 60000.0, 0.05), {}));
  for (const double hours : {-6.0, 0.0, 3.99, 9.01})
    CHECK_FALSE(desk::is_step(from, chain_at(hours, 60000.0, 0.05), {}));
}

TEST_CASE("smile moves: one option hedged with its net delta, in coin") {
  const ObservedChain from = chain_at(0.0, 60000.0, 0.05);
  ObservedChain to = chain_at(6.0, 75000.0, 0.20);
  const auto moves = desk::smile_moves(from, to, MovePrices::marks);
  REQUIRE(moves.size() == 1);
  CHECK(moves[0].net_delta == 0.45);                                  // 0.5 less the premium
  CHECK(moves[0].hedge_gain == doctest::Approx(0.2).epsilon(1e-15));  // 1 - 60/75
  CHECK(moves[0].change == doctest::Approx(0.15).epsilon(1e-15));
  CHECK(desk::smile_moves(from, to, MovePrices::mids)[0].net_delta == doctest::Approx(0.449).epsilon(1e-15));
  to.options["C"].clean = false;  // a mid that is not believed at the end takes no part; a mark does
  CHECK(desk::smile_moves(from, to, MovePrices::mids).empty());
  CHECK(desk::smile_moves(from, to, MovePrices::raw_mids).size() == 1);
  CHECK(desk::smile_moves(from, to, MovePrices::marks).size() == 1);
  to.options.clear();
  CHECK(desk::smile_moves(from, to, MovePrices::marks).empty());
}

TEST_CASE("smile moves: time does not go back") {
  market::Snapshot s = test::worked_market();
  desk::Learning learning;
  CHECK_FALSE(desk::learn(learning, s, {}, {}));
  CHECK(learning.as_of == s.as_of);
  CHECK(learning.learned.empty());
  const auto again = desk::learn(learning, s, {}, {});
  REQUIRE(again);
  CHECK(again->fault == Fault::bad_input);
}
