#include "ballast/hedge/cost.h"

#include <cmath>
#include <functional>

#include <doctest/doctest.h>

#include "tests/worked_example.h"

using namespace ballast;
using namespace ballast::hedge;
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

TEST_CASE("what not even the model reaches is counted at the last price") {
  market::Snapshot s = test::worked_market();
  Quote& q = s.quotes.at("BTC-PERPETUAL");
  q.asks = {{60000.5, 1000.0}, {60010.0, 2000.0}};
  const auto unit = risk::value(s.instruments.at("BTC-PERPETUAL"), s, vol::quoted(s));
  CostRules rules = uncollared();
  rules.impact.reset();
  const Cost cost = taker_cost(s.instruments.at("BTC-PERPETUAL"), &q, unit.value(), 5000.0, rules);
  CHECK(cost.beyond_curve == 2000.0);
  CHECK(cost.beyond_depth == 2000.0);
  const double coins = 1000.0 / 60000.5 + 4000.0 / 60010.0;
  CHECK(*cost.average_price == doctest::Approx(5000.0 / coins).epsilon(1e-14));
  CHECK(cost.spread->value == doctest::Approx((5000.0 / 60000.0 - coins) * 60000.0).epsilon(1e-10));
  CHECK(cost.fee.value == doctest::Approx(2.5).epsilon(1e-14));
  CHECK(cost.impact.value == 0.0);
  // with a model, at its last piece: here the day's million is bought and a million more
  rules = uncollared();
  rules.impact->daily_volume = 1e6;
  const auto curve = cost_curve(s.instruments.at("BTC-PERPETUAL"), &q, unit.value(), rules).value();
  const Cost modelled = taker_cost(s.instruments.at("BTC-PERPETUAL"), &q, unit.value(), 2e6, rules);
  CHECK(modelled.beyond_curve == doctest::Approx(1e6).epsilon(1e-9));
  const double beyond = 1e6 * curve.buy.back().impact;
  CHECK(beyond > 0.0);
  CHECK(modelled.impact.value == doctest::Approx(fill(curve, 2e6).impact.value + beyond).epsilon(1e-9));
}

TEST_CASE("beyond the best size the law of the square root is added to the half spread") {
  // 100,000 USD, half a dollar from 60,000, of which 74,000 are taken to stand there; 80 % vol, 380 million a day. The
  // model of the whole is 0.8/sqrt(365) · 1.5 · sqrt(x/380e6) more a dollar from there on.
  const auto cost = cost_of("BTC-PERPETUAL", 100'000.0);
  const double k = 0.8 / std::sqrt(365.0) / std::sqrt(380e6);
  const double impact = k * (std::pow(1e5, 1.5) - std::pow(7.4e4, 1.5));
  CHECK(cost.spread->value == doctest::Approx(100'000 * 0.5 / 60000.5).epsilon(1e-10));
  CHECK(cost.impact.value >= impact);
  // in 16 pieces that grow by one factor up to 380 million: at most 0.1 ln² of the factor over it
  CHECK(cost.impact.value <= impact + 0.1 * std::pow(std::log(380e6 / 7.4e4) / 16, 2.0) * k * std::pow(1e5, 1.5));
  CHECK(cost.beyond_depth == 0.0);  // no size was displayed that it could be beyond
}
