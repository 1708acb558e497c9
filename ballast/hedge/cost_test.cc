#include "ballast/hedge/cost.h"

#include <cmath>
#include <functional>

#include <doctest/doctest.h>

#include "tests/worked_example.h"

using namespace ballast;
using market::Quote;

namespace {

hedge::Cost cost_of(const char* name, double amount, const std::function<void(Quote&)>& change = [](Quote&) {}) {
  market::Snapshot s = test::worked_market();
  change(s.quotes.at(name));
  const auto unit = risk::value(s.instruments.at(name), s, vol::quoted(s));
  REQUIRE(unit);
  return hedge::taker_cost(s.instruments.at(name), &s.quotes.at(name), unit.value(), amount);
}

}  // namespace

TEST_CASE("option fees and their cap") {  // deribit reference 1.6: 0.0003 a coin, at most 12.5 % of the price: 0.0001
                                          // -> 0.0000125
  CHECK(cost_of(test::worked_call, 2.0).fee.value == doctest::Approx(2 * 0.0003 * 60000).epsilon(1e-12));
  const auto cheap = cost_of(test::worked_call, 1.0, [](Quote& q) {
    q.bid.reset();
    q.ask.reset();
    q.mark = 0.0001;
    q.mark_vol.reset();
  });
  CHECK(cheap.fee.value == doctest::Approx(0.0000125 * 60000).epsilon(1e-12));
  CHECK_FALSE(cheap.spread);
}

TEST_CASE("inverse futures pay the rate on their USD notional") {  // reference 1.6: 10,000 USD at 0.05 % is 5 USD
  const auto cost = cost_of("BTC-PERPETUAL", -10000.0);
  CHECK(cost.fee.value == doctest::Approx(5.0).epsilon(1e-14));
  // sold at 59,999.5: short 10,000/59,999.5 coins instead of 10,000/60,000, and the difference is worth 60,000 a coin
  CHECK(cost.spread->value == doctest::Approx((10000 / 59999.5 - 10000 / 60000.0) * 60000).epsilon(1e-10));
  CHECK(*cost.average_price == 59999.5);
}

TEST_CASE("the order book is walked, and what it does not show is said") {
  const auto book = [](Quote& q) { q.asks = {{60000.5, 1000.0}, {60010.0, 2000.0}}; };
  auto cost = cost_of("BTC-PERPETUAL", 2000.0, book);
  // 1,000 USD at each level buy 1000/60000.5 + 1000/60010 coins: the harmonic mean
  CHECK(*cost.average_price == doctest::Approx(2000.0 / (1000.0 / 60000.5 + 1000.0 / 60010.0)).epsilon(1e-14));
  CHECK(cost.walked);
  CHECK(cost.beyond_depth == 0.0);
  cost = cost_of("BTC-PERPETUAL", 5000.0, book);
  CHECK(cost.beyond_depth == 2000.0);
  // a sale has no bids in this book: the best bid is all there is
  CHECK_FALSE(cost_of("BTC-PERPETUAL", -5000.0, book).walked);
}

TEST_CASE("an option's spread is paid in coin") {
  CHECK(cost_of(test::worked_call, -3.0).spread->value == doctest::Approx(3 * 0.00025 * 60000).epsilon(1e-9));
}
