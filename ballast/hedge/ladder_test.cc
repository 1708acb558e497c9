#include "ballast/hedge/ladder.h"

#include <cmath>
#include <functional>
#include <random>

#include <doctest/doctest.h>

#include "ballast/hedge/cost.h"
#include "tests/worked_example.h"

using namespace ballast;
using namespace ballast::hedge;
using market::Level;
using market::Quote;

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
const CostRules shown_only{.future_collar = infinite, .option_collar = infinite, .impact = std::nullopt};

struct Case {
  market::Instrument instrument;
  Quote quote;
  risk::Valuation unit;

  Result<CostCurve> curve(const CostRules& rules) const { return cost_curve(instrument, &quote, unit, rules); }
};

Case of(const char* name, const std::function<void(Quote&)>& change = [](Quote&) {}) {
  market::Snapshot s = test::worked_market();
  const auto unit = risk::value(s.instruments.at(name), s, vol::quoted(s));
  REQUIRE(unit);
  change(s.quotes.at(name));
  return {s.instruments.at(name), s.quotes.at(name), unit.value()};
}

/// A future or a pair sized in coin, quoted around 60,000.
Case linear(std::vector<Level> bids, std::vector<Level> asks, double taker = 0.0005) {
  Case c = of("BTC-PERPETUAL");
  c.instrument.settlement = market::Settlement::linear;
  c.instrument.fees.taker = taker;
  if (!bids.empty()) c.quote.bid = bids[0].price;
  if (!asks.empty()) c.quote.ask = asks[0].price;
  c.quote.bids = std::move(bids);
  c.quote.asks = std::move(asks);
  return c;
}

void check_shape(const CostCurve& curve) {
  for (const auto* side : {&curve.buy, &curve.sell}) {
    for (std::size_t i = 0; i < side->size(); ++i) {
      CHECK((*side)[i].amount > 0.0);
      CHECK(std::isfinite((*side)[i].per_unit));
      if (i > 0) CHECK((*side)[i].per_unit >= (*side)[i - 1].per_unit);
    }
  }
}

}  // namespace

TEST_CASE("a book in coin costs what its levels say") {
  // By hand. The middle is 60,000. Two coins at 60,001 and one at 60,010 cost 2·1 + 1·10 = 12 over it, and 0.05 % of
  // the 180,012 paid is 90.006. Sold: 1·1 + 2·20 = 41 under it, 0.05 % of 59,999 + 2·59,980 = 179,959 is 89.9795.
  const auto c = linear({{59999, 1}, {59980, 5}}, {{60001, 2}, {60010, 4}});
  const auto curve = c.curve(shown_only);
  REQUIRE(curve);
  check_shape(curve.value());
  CHECK(cost(curve.value(), 3.0) == doctest::Approx(12 + 90.006).epsilon(1e-14));
  CHECK(cost(curve.value(), -3.0) == doctest::Approx(41 + 89.9795).epsilon(1e-14));
  CHECK(cost(curve.value(), 0.0) == 0.0);
  CHECK(std::isnan(cost(curve.value(), NAN)));
  const Fill f = fill(curve.value(), 3.0);
  CHECK(f.complete);
  CHECK(f.average_price == doctest::Approx(180'012.0 / 3.0).epsilon(1e-15));
  CHECK(f.marginal_price == 60010.0);
  CHECK(f.spread.value == doctest::Approx(12.0).epsilon(1e-14));
  CHECK(f.fee.value == doctest::Approx(90.006).epsilon(1e-14));
  CHECK(f.impact.value == 0.0);
  CHECK(f.as_of == c.quote.sent);
}

TEST_CASE("a curve ends where its book does, and says so") {
  const auto curve = linear({{59999, 1}, {59980, 5}}, {{60001, 2}, {60010, 4}}).curve(shown_only).value();
  CHECK(curve.most_buy() == 6.0);
  CHECK(curve.shown_sell == 6.0);
  CHECK(curve.buy_end == CurveEnd::depth);
  CHECK(std::isfinite(cost(curve, 6.0)));
  CHECK(cost(curve, 6.0000001) == infinite);
  const Fill f = fill(curve, -8.0);
  CHECK_FALSE(f.complete);
  CHECK(f.filled == -6.0);
  CHECK(f.asked == -8.0);
  CHECK(f.cost().value == doctest::Approx(cost(curve, -6.0)).epsilon(1e-14));
}

TEST_CASE("what an inverse future loses is coin, worth the middle") {
  // Buying 1,000 USD at 60,000.5 and 2,000 at 60,010 leaves the coins short by what the middle, 60,000, would have had.
  const auto c = of("BTC-PERPETUAL", [](Quote& q) {
    q.asks = {{60000.5, 1000.0}, {60010.0, 2000.0}};
    q.bids = {{59999.5, 1000.0}, {59900.0, 5000.0}};
  });
  const auto curve = c.curve(shown_only).value();
  check_shape(curve);
  const long double bought = 3000.0L / 60000.0L - (1000.0L / 60000.5L + 2000.0L / 60010.0L);
  CHECK(fill(curve, 3000.0).spread.value == doctest::Approx(static_cast<double>(bought * 60000.0L)).epsilon(1e-12));
  CHECK(fill(curve, 3000.0).fee.value == doctest::Approx(1.5).epsilon(1e-15));
  const long double sold = 1000.0L / 59999.5L + 2000.0L / 59900.0L - 3000.0L / 60000.0L;
  CHECK(fill(curve, -3000.0).spread.value == doctest::Approx(static_cast<double>(sold * 60000.0L)).epsilon(1e-12));
}

TEST_CASE("an option's fee is capped level by level") {
  // Deribit 1.6: 0.0003 coin, at most 12.5 % of the price. At 0.0020 the cap binds (0.00025), at 0.0028 it does not.
  Case c = of(test::worked_call, [](Quote& q) {
    q.bid = 0.0018;
    q.ask = 0.0020;
    q.asks = {{0.0020, 1.0}, {0.0028, 1.0}};
    q.bids = {{0.0018, 1.0}};
  });
  const auto curve = c.curve(shown_only).value();
  CHECK(fill(curve, 2.0).fee.value == doctest::Approx((0.00025 + 0.0003) * 60000).epsilon(1e-12));
  CHECK(fill(curve, 2.0).spread.value == doctest::Approx((0.0001 + 0.0009) * 60000).epsilon(1e-12));
  CHECK(fill(curve, -1.0).fee.value == doctest::Approx(0.125 * 0.0018 * 60000).epsilon(1e-12));
  // linear: min(0.03 % of the index, 12.5 % of the price), in USD as it stands
  c.instrument.settlement = market::Settlement::linear;
  for (Level& level : c.quote.asks) level.price *= 60000;
  for (Level& level : c.quote.bids) level.price *= 60000;
  c.quote.bid = *c.quote.bid * 60000;
  c.quote.ask = *c.quote.ask * 60000;
  CHECK(fill(c.curve(shown_only).value(), 2.0).fee.value == doctest::Approx(15.0 + 18.0).epsilon(1e-12));
}

TEST_CASE("believed, share and collar take away depth") {
  const auto c = linear({{59999, 1}, {59980, 5}}, {{60001, 2}, {60010, 4}, {60590, 4}, {60700, 10}});
  CostRules rules = shown_only;
  rules.believed = 0.5;
  CHECK(c.curve(rules).value().most_buy() == 10.0);
  rules = shown_only;
  rules.future_collar = 0.01;  // the reference is the valuation's 60,000: up to 60,600
  CHECK(c.curve(rules).value().most_buy() == 10.0);
  CHECK(c.curve(rules).value().buy_end == CurveEnd::collar);
  CHECK(c.curve(rules).value().sell_end == CurveEnd::depth);
  rules.share = 0.25;  // of 10 coins: 2 at the first level, half a coin at the second
  const auto curve = c.curve(rules).value();
  CHECK(curve.most_buy() == 2.5);
  CHECK(curve.buy_end == CurveEnd::share);
  CHECK(curve.buy[1].amount == 0.5);
  // Three ticks stay within the collar of an option that is cheap.
  Case cheap = of(test::worked_call, [](Quote& q) {
    q.bid = 0.0004;
    q.ask = 0.0006;
    q.asks = {{0.0006, 1.0}, {0.0008, 1.0}, {0.0009, 1.0}};
    q.bids = {{0.0004, 1.0}};
  });
  cheap.unit.price = 0.0005;
  rules = shown_only;
  rules.option_collar = 0.10;
  CHECK(cheap.curve(rules).value().most_buy() == 2.0);
}

TEST_CASE("beyond the shown depth the square-root law holds") {
  for (const int pieces : {1, 2, 3, 8, 16, 64}) {
    CAPTURE(pieces);
    for (const bool inverse : {false, true}) {
      Case c = linear({{59999, 1}}, {{60001, 2}});
      c.instrument.settlement = inverse ? market::Settlement::inverse : market::Settlement::linear;
      c.instrument.fees.taker = 0.0;
      CostRules rules;
      rules.impact->pieces = pieces;
      rules.impact->vol = Vol(0.955);  // 5 % a day
      rules.impact->daily_volume = 10'000.0;
      const auto curve = c.curve(rules).value();
      check_shape(curve);
      CHECK(curve.shown_buy == 2.0);
      CHECK(curve.buy_end == CurveEnd::collar);
      // The model by itself: marginal cost half + 1.5 Y sigma sqrt(x/V) from the shown depth on.
      const long double unit = inverse ? 1.0L : 60000.0L, half = inverse ? 1.0L / 60001.0L : 1.0L;
      const long double k = 0.955L / std::sqrt(365.0L) * unit / 100.0L;
      const double end = curve.most_buy();
      const double growth = std::log(end / 2.0) / pieces;
      for (int i = 1; i <= 1000; ++i) {
        const double x = 2.0 + (end - 2.0) * i / 1000.0;
        const long double root = std::sqrt(static_cast<long double>(x)), from = std::sqrt(2.0L);
        const long double model = half * x + k * (root * root * root - from * from * from);
        const double ours = cost(curve, std::min(x, end));
        CHECK(ours >= static_cast<double>(model * (1.0L - 1e-12L)));
        if (growth <= 1.0) CHECK(ours <= static_cast<double>(model + 0.1L * growth * growth * k * root * root * root));
      }
    }
  }
}

TEST_CASE("a last level that is dearer than the model holds until the model is dearer") {
  Case c = linear({{59999, 1}}, {{60001, 2}, {60100, 1}}, 0.0);
  CostRules rules;
  rules.impact->vol = Vol(0.955);
  rules.impact->daily_volume = 10'000.0;
  const auto curve = c.curve(rules).value();
  check_shape(curve);
  // half + 1.5 k sqrt(x) = 100 at x = (99/(1.5 k))²
  const double k = 0.955 / std::sqrt(365.0) * 60000.0 / 100.0;
  const double meet = std::pow(99.0 / (1.5 * k), 2.0);
  CHECK(curve.buy[2].per_unit == doctest::Approx(100.0).epsilon(1e-14));
  CHECK(curve.buy[2].amount == doctest::Approx(meet - 3.0).epsilon(1e-12));
  CHECK(curve.buy[2].impact == 0.0);
  CHECK(curve.buy[3].impact > 0.0);
}

TEST_CASE("the model's reach: participation, collar, and what is assumed") {
  Case c = linear({}, {}, 0.0);
  c.quote.bid = 59999.5;
  c.quote.ask = 60000.5;
  CostRules rules = uncollared();
  auto curve = c.curve(rules).value();
  CHECK(curve.buy_end == CurveEnd::participation);
  CHECK(curve.most_buy() == doctest::Approx(380e6 / 60000).epsilon(1e-12));
  CHECK(curve.buy[0].amount == doctest::Approx(74'000.0 / 60000).epsilon(1e-12));
  CHECK(curve.shown_buy == 0.0);
  CHECK_FALSE(curve.size_buy);
  c.quote.open_interest = 1000.0;
  CHECK(c.curve(rules).value().most_sell() == doctest::Approx(370.0).epsilon(1e-12));
  c.quote.open_interest = 0.01;  // hardly traded: what is assumed at the best price is all there is
  CHECK(c.curve(rules).value().most_sell() == doctest::Approx(74'000.0 / 60000).epsilon(1e-12));
  c.quote.open_interest = 1000.0;
  c.quote.bid_amount = c.quote.ask_amount = 3.0;
  curve = c.curve(rules).value();
  CHECK(curve.shown_buy == 3.0);
  CHECK_FALSE(curve.book_buy);
  rules.impact.reset();
  CHECK(c.curve(rules).value().most_buy() == 3.0);
  rules = CostRules{};
  CHECK(c.curve(rules).value().buy_end == CurveEnd::collar);
  CHECK(c.curve(rules).value().buy.back().price <= 60600.0);
  CHECK(c.curve(rules).value().sell.back().price >= 59400.0);
  // A share of a depth that nobody shows is nothing.
  c.quote.bid_amount = c.quote.ask_amount = std::nullopt;
  rules.share = 0.25;
  CHECK(c.curve(rules).value().buy.empty());
}

TEST_CASE("an option's impact is its vega's and its delta's") {
  // Ten coins where 80,000/60,000 are taken to stand at the best price, 0.62 million/60,000 to trade in a day.
  const Case c = of(test::worked_call);
  CostRules rules = uncollared();
  rules.impact->daily_volume = 100.0;
  const auto curve = c.curve(rules).value();
  check_shape(curve);
  // F = 60,000, K = 65,000, 30 days, 60 %: d1 = -0.37932, N(d1) = 0.35222, n(d1) = 0.37125 (normal tables)
  const double years = 30.0 / 365.0, vega = 60000 * 0.37125 * std::sqrt(years);
  const double by_vega = vega * 0.058 * 0.6 / std::sqrt(100.0);
  const double by_delta = 0.35222 * 60000 * 0.6 / std::sqrt(365.0) * std::sqrt(0.35222 / (380e6 / 60000));
  const double model = (by_vega + by_delta) * (std::pow(10.0, 1.5) - std::pow(80.0 / 60, 1.5));
  const double impact = fill(curve, 10.0).impact.value;
  CHECK(impact >= model * 0.9999);
  CHECK(impact <= model + 0.1 * std::pow(std::log(75.0) / 16, 2.0) * (by_vega + by_delta) * std::pow(10.0, 1.5));
  CHECK(curve.most_buy() == doctest::Approx(100.0).epsilon(1e-12));
  // open interest counts where it says more than what is assumed
  Case held = c;
  rules.impact->daily_volume.reset();
  CHECK(held.curve(rules).value().most_buy() == doctest::Approx(0.62e6 / 60000).epsilon(1e-12));
  held.quote.open_interest = 10.0;
  CHECK(held.curve(rules).value().most_buy() == doctest::Approx(0.62e6 / 60000).epsilon(1e-12));
  held.quote.open_interest = 1000.0;
  CHECK(held.curve(rules).value().most_buy() == doctest::Approx(65.0).epsilon(1e-12));
}

TEST_CASE("no curve without a market that can be believed") {
  const auto fault = [](const Case& c, const CostRules& rules = shown_only) {
    const auto curve = c.curve(rules);
    REQUIRE_FALSE(curve);
    MESSAGE(curve.error().what);
    return curve.error().fault;
  };
  CHECK(cost_curve(of("BTC-PERPETUAL").instrument, nullptr, {}).error().fault == Fault::missing_data);
  CHECK(fault(of("BTC-PERPETUAL", [](Quote& q) { q.bid.reset(); })) == Fault::missing_data);
  CHECK(fault(linear({{60001, 1}}, {{60001, 1}})) == Fault::not_believable);
  CHECK(fault(linear({{60002, 1}}, {{60001, 1}})) == Fault::not_believable);
  CHECK(fault(linear({{59999, 1}}, {{60001, 1}, {60001, 1}})) == Fault::not_believable);
  CHECK(fault(linear({{59999, 1}}, {{60001, 1}, {60000.5, 1}})) == Fault::not_believable);
  CHECK(fault(linear({{59999, 0}}, {{60001, 1}})) == Fault::not_believable);
  CHECK(fault(linear({{59999, NAN}}, {{60001, 1}})) == Fault::not_believable);
  CHECK(fault(linear({{59999, 1}}, {{60001, 1}}, -0.0005)) == Fault::not_believable);
  CHECK(fault(linear({{59999, 1}}, {{60001, 1}}, 30.0)) == Fault::not_believable);
  Case option = of(test::worked_call);
  option.unit.vol = Vol(NAN);
  CHECK(fault(option, CostRules{}) == Fault::missing_data);
  const auto bad = [&](const std::function<void(CostRules&)>& change) {
    CostRules rules;
    change(rules);
    return fault(of("BTC-PERPETUAL"), rules) == Fault::bad_input;
  };
  CHECK(bad([](CostRules& r) { r.believed = 0.0; }));
  CHECK(bad([](CostRules& r) { r.share = 1.5; }));
  CHECK(bad([](CostRules& r) { r.future_collar = NAN; }));
  CHECK(bad([](CostRules& r) { r.option_collar = 0.0; }));
  CHECK(bad([](CostRules& r) { r.impact->factor = -1.0; }));
  CHECK(bad([](CostRules& r) { r.impact->vol = Vol(infinite); }));
  CHECK(bad([](CostRules& r) { r.impact->daily_volume = 0.0; }));
  CHECK(bad([](CostRules& r) { r.impact->vol_move = NAN; }));
  CHECK(bad([](CostRules& r) { r.impact->participation = 2.0; }));
  CHECK(bad([](CostRules& r) { r.impact->pieces = 0; }));
  CHECK(bad([](CostRules& r) { r.impact->option.best_usd = 0.0; }));
}

TEST_CASE("the cost of random books is the sum over their levels, and convex") {
  std::mt19937_64 random(20261125);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  for (int round = 0; round < 300; ++round) {
    std::vector<Level> bids, asks;
    double bid = 60000.0 - unit(random), ask = 60000.0 + unit(random);
    for (int i = 0; i < 20; ++i) {
      bids.push_back({bid -= 0.1 + 10.0 * unit(random), 0.001 + unit(random)});
      asks.push_back({ask += 0.1 + 10.0 * unit(random), 0.001 + unit(random)});
    }
    Case c = linear(bids, asks, 0.001 * unit(random));
    c.instrument.settlement = round % 2 == 0 ? market::Settlement::inverse : market::Settlement::linear;
    const auto curve = c.curve(shown_only).value();
    check_shape(curve);
    const long double mid = 0.5L * (bids[0].price + asks[0].price), rate = c.instrument.fees.taker;
    double before = 0.0, slope = -infinite;
    const double step = std::min(curve.most_buy(), curve.most_sell()) / 40.0;
    for (int j = -40; j <= 40; ++j) {
      const double x = j * step;
      long double left = std::abs(static_cast<long double>(x)), lost = 0.0L;
      for (const Level& level : j > 0 ? asks : bids) {
        const long double taken = std::min(left, static_cast<long double>(level.amount)), p = level.price;
        const long double sign = j > 0 ? 1.0L : -1.0L;
        lost += c.instrument.settlement == market::Settlement::inverse
                    ? sign * (taken / mid - taken / p) * mid + rate * taken
                    : sign * taken * (p - mid) + rate * taken * p;
        left -= taken;
      }
      const double ours = cost(curve, std::clamp(x, -curve.most_sell(), curve.most_buy()));
      CHECK(ours == doctest::Approx(static_cast<double>(lost)).epsilon(1e-11));
      if (j > -40) {
        CHECK(ours - before >= slope - 1e-9);
        slope = ours - before;
      }
      before = ours;
    }
  }
}
