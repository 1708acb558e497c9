#include "ballast/hedge/pool.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <utility>

#include <doctest/doctest.h>

using namespace ballast;
using namespace ballast::hedge;

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
const double x96 = std::ldexp(1.0, 96);

/// Within `bound` of the reference integer, which is rounded to a double by the compiler.
bool near(double ours, double reference, double bound = 1e-14) {
  return std::abs(ours - reference) <= bound * std::abs(reference);
}

Pool random_pool(std::mt19937_64& random) {
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  Pool pool{.sqrt_price = 240.0 + 10.0 * unit(random), .fee = unit(random) < 0.2 ? 0.0 : 0.01 * unit(random)};
  double root = pool.sqrt_price * 0.96;
  while (root < pool.sqrt_price * 1.04) {
    const double next = root * (1.0 + 0.02 * unit(random) + 1e-5);
    pool.segments.push_back({root, next, unit(random) < 0.15 ? 0.0 : 1e4 * unit(random)});
    root = next;
  }
  return pool;
}

/// The gross dollars of buying `coins`, or the dollars that selling them gives, by Simpson's rule over the price: an
/// independent way, dy = P dx with dx = L d(1/sqrt P).
long double by_quadrature(const Pool& pool, bool buy, double end_root) {
  long double money = 0.0L;
  for (const PoolSegment& s : pool.segments) {
    const double low = std::max(s.lower, buy ? pool.sqrt_price : end_root);
    const double high = std::min(s.upper, buy ? end_root : pool.sqrt_price);
    if (!(low < high)) continue;
    constexpr int n = 200;
    for (int i = 0; i <= n; ++i) {
      const long double root = low + (static_cast<long double>(high) - low) * i / n;
      const long double weight = (i == 0 || i == n) ? 1.0L : (i % 2 == 1 ? 4.0L : 2.0L);
      const long double price = root * root, coins_per_root = s.liquidity / (root * root);
      money += weight * price * coins_per_root * (static_cast<long double>(high) - low) / n / 3.0L;
    }
  }
  return money;
}

}  // namespace

TEST_CASE("the worked swap of the reference") {  // dex-liquidity 1.4, first row
  const double liquidity = 1517882343751509868544.0, root = 5602277097478614198912276234240.0 / x96;
  const SwapStep step = swap_in(root, root * 2.0, liquidity, 42e18, 0.0);
  CHECK(near(step.sqrt_price * x96, 5604469350942327889444743441197.0));
  CHECK(near(step.out, 8396714242162445.0));
  CHECK(step.in == 42e18);
  CHECK(tick_of_sqrt_price(step.sqrt_price) == 85184);
  CHECK(std::abs(step.sqrt_price * step.sqrt_price - 5003.9139) < 5e-5);
  // The range 4545 to 5500 of that book. It gives "about" 0.998976618347425408, from doubles; the integers of the swap
  // above give 0.998976618347425233 in 50-digit arithmetic.
  CHECK(near(amount0(liquidity, root, std::sqrt(5500.0)), 998976618347425233.0));
  CHECK(near(amount0(liquidity, root, std::sqrt(5500.0)), 998976618347425408.0, 2e-13));
  CHECK(near(amount1(liquidity, root, std::sqrt(4545.0)), 5000e18));
}

TEST_CASE("the unit tests of the reference contracts") {  // dex-liquidity 1.4
  CHECK(near(sqrt_price_from_input(1.0, 1e18, 1e17, PoolToken::token1) * x96, 87150978765690771352898345369.0));
  CHECK(near(sqrt_price_from_input(1.0, 1e18, 1e17, PoolToken::token0) * x96, 72025602285694852357767227579.0));
  CHECK(near(sqrt_price_from_output(1.0, 1e18, 1e17, PoolToken::token1) * x96, 71305346262837903834189555302.0));
  CHECK(near(sqrt_price_from_output(1.0, 1e18, 1e17, PoolToken::token0) * x96, 88031291682515930659493278152.0));
  CHECK(near(amount0(1e18, 1.0, std::sqrt(1.21)), 90909090909090910.0));
  CHECK(near(amount1(1e18, 1.0, std::sqrt(1.21)), 1e17));
  // The target is reached: what counts is the difference of two roots, of which the double has 14 digits less one.
  SwapStep step = swap_in(1.0, std::sqrt(1.01), 2e18, 1e18, 600e-6);
  CHECK(step.reached);
  CHECK(near(step.in, 9975124224178055.0, 5e-14));
  CHECK(near(step.fee, 5988667735148.0, 2e-13));  // the chain rounds it up to a whole unit: 1.7e-13 of it
  CHECK(near(step.out, 9925619580021728.0, 5e-14));
  step = swap_in(1.0, std::sqrt(10.0), 2e18, 1e18, 600e-6);
  CHECK_FALSE(step.reached);
  CHECK(near(step.in, 999400000000000000.0));
  CHECK(near(step.fee, 600000000000000.0));
  CHECK(near(step.out, 666399946655997866.0));
  step = swap_out(1.0, 10.0, 2e18, 1e18, 600e-6);
  CHECK_FALSE(step.reached);
  CHECK(near(step.in, 2e18));
  CHECK(near(step.fee, 1200720432259356.0));
  CHECK(step.out == 1e18);
  CHECK(std::isnan(sqrt_price_from_output(1.0, 1e18, 1e18, PoolToken::token0)));
  CHECK(std::isnan(sqrt_price_from_output(1.0, 1e18, 2e18, PoolToken::token1)));
  CHECK(std::isnan(sqrt_price_from_input(1.0, 0.0, 1.0, PoolToken::token0)));
  CHECK(std::isnan(sqrt_price_from_input(1.0, 1e18, NAN, PoolToken::token0)));
}

TEST_CASE("ticks and their prices") {  // 60-digit arithmetic
  CHECK(near(tick_sqrt_price(84222), 67.41647734512031705708621, 5e-16));
  CHECK(near(tick_sqrt_price(86129), 74.16072459095084704576439, 5e-16));
  CHECK(near(tick_sqrt_price(1), 1.000049998750062496094023, 5e-16));
  CHECK(near(tick_sqrt_price(-1), 0.9999500037496875273412893, 5e-16));
  CHECK(near(tick_sqrt_price(887272), 18446050711097703529.77634, 5e-16));
  CHECK(near(tick_sqrt_price(-887272) * x96, 4295128739.0, 1e-9));  // MIN_SQRT_RATIO, a whole number
  CHECK(near(tick_sqrt_price(887272) * x96, 1461446703485210103287273052203988822378723970342.0, 1e-12));
  CHECK(tick_sqrt_price(0) == 1.0);
  CHECK(std::isnan(tick_sqrt_price(887273)));
  for (int tick = -887272; tick < 887272; tick += 997) {
    CHECK(tick_of_sqrt_price(tick_sqrt_price(tick) * (1.0 + 1e-9)) == tick);
    CHECK(tick_of_sqrt_price(tick_sqrt_price(tick) * (1.0 - 1e-9)) == tick - (tick > -887272 ? 1 : 0));
  }
}

TEST_CASE("a pool in coins and dollars, whichever token is which") {
  // The worked pool again: 18 decimals each, price 5,000, between ticks 84,222 and 86,129.
  PoolState state{.sqrt_price_x96 = 5602277097478614198912276234240.0,
                  .liquidity = 1517882343751509868544.0,
                  .ticks = {{84222, 1517882343751509868544.0}, {86129, -1517882343751509868544.0}},
                  .decimals0 = 18,
                  .decimals1 = 18};
  const Pool eth = pool(state).value();
  const Fill bought = fill(eth, 8396714242162445e-18);
  CHECK(bought.complete);
  CHECK(near(*bought.average_price, 42.0 / 8396714242162445e-18));
  // Dollars as token 0 with 6 decimals: the same market seen through the reciprocal.
  PoolState other{.sqrt_price_x96 = x96 * 1e6 / std::sqrt(5000.0),
                  .liquidity = 1517.882343751509868544 * 1e12,
                  .ticks = {{-86129 + 276324, 1517882343751509.0}, {-84222 + 276324, -1517882343751509.0}},
                  .decimals0 = 6,
                  .decimals1 = 18,
                  .coin = PoolToken::token1};
  const Pool turned = pool(other).value();
  CHECK(near(turned.sqrt_price, eth.sqrt_price));
  CHECK(near(turned.segments[0].liquidity, eth.segments[0].liquidity));
  for (const double coins : {0.01, 0.9, -0.02, -1.0}) {
    CHECK(near(*fill(turned, coins).average_price, *fill(eth, coins).average_price));
  }
  // Two liquidities: crossing a tick upward adds its net.
  state.ticks = {{84222, 5.0e20}, {86000, -4.0e20}, {86129, -1.11788e21}};
  const Pool two = pool(state).value();
  REQUIRE(two.segments.size() == 2);
  CHECK(near(two.segments[1].liquidity, 1117.882343751509868544));
  CHECK(near(two.segments[0].liquidity, 1517.882343751509868544));
  const auto fault = [&](auto change) {
    PoolState bad = state;
    change(bad);
    const auto made = pool(bad);
    return !made && made.error().fault == Fault::bad_input;
  };
  CHECK(fault([](PoolState& s) { s.sqrt_price_x96 = 0.0; }));
  CHECK(fault([](PoolState& s) { s.liquidity = NAN; }));
  CHECK(fault([](PoolState& s) { s.fee = 1'000'000; }));
  CHECK(fault([](PoolState& s) { s.decimals0 = -1; }));
  CHECK(fault([](PoolState& s) { s.ticks.resize(1); }));
  CHECK(fault([](PoolState& s) { std::swap(s.ticks[0], s.ticks[1]); }));
  CHECK(fault([](PoolState& s) {
    s.ticks[0].tick = 86000 - 1;
    s.ticks[1].tick = 86050;
  }));
  CHECK(fault([](PoolState& s) { s.ticks[1].liquidity_net = -2e21; }));
  CHECK(fault([](PoolState& s) { s.ticks[2].tick = 900'000; }));
}

TEST_CASE("a pool's fill is the integral of its price, fee on top of what goes in") {
  std::mt19937_64 random(20261125);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  for (int round = 0; round < 300; ++round) {
    const Pool pool = random_pool(random);
    const bool buy = round % 2 == 0;
    const double end = pool.sqrt_price * (buy ? 1.0 + 0.03 * unit(random) : 1.0 - 0.03 * unit(random));
    double coins = 0.0;
    for (const PoolSegment& s : pool.segments) {
      const double low = std::max(s.lower, buy ? pool.sqrt_price : end);
      const double high = std::min(s.upper, buy ? end : pool.sqrt_price);
      if (low < high) coins += s.liquidity * (1.0 / low - 1.0 / high);
    }
    if (coins <= 0.0) continue;
    const long double net = by_quadrature(pool, buy, end),
                      mid = pool.sqrt_price * static_cast<long double>(pool.sqrt_price);
    // Bought: net/(1 - fee) dollars go in. Sold: coins/(1 - fee) go in and net dollars come out.
    const long double gross = coins / (1.0L - pool.fee);
    const long double want = buy ? net / (1.0L - pool.fee) - coins * mid : gross * mid - net;
    const Fill f = fill(pool, buy ? coins : -static_cast<double>(gross));
    CHECK(near(f.filled, buy ? coins : -static_cast<double>(gross)));  // the last bit may be beyond the pool
    CHECK(f.cost().value == doctest::Approx(static_cast<double>(want)).epsilon(1e-9));
    if (pool.fee == 0.0) CHECK(f.fee.value == 0.0);
  }
}

TEST_CASE("the curve of a pool is its fill, in slices") {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  for (int round = 0; round < 100; ++round) {
    const Pool pool = random_pool(random);
    for (const double width : {0.0005, 0.01, 0.1}) {
      const CostCurve curve = pool_curve(pool, {.collar = infinite, .width = width}).value();
      for (const bool buy : {true, false}) {
        const double sign = buy ? 1.0 : -1.0;
        double sum = 0.0, last = -infinite;
        for (const CostPiece& piece : buy ? curve.buy : curve.sell) {
          CHECK(piece.per_unit >= last - 1e-9);
          last = piece.per_unit;
          // at the end of a slice exactly, inside of it above by at most width/7 of what the slice is worth
          const double part = unit(random), inside = sum + part * piece.amount;
          const double exact = fill(pool, sign * inside).cost().value, line = cost(curve, sign * inside);
          CHECK(line >= exact - 1e-9 * (1.0 + std::abs(exact)));
          CHECK(line <= exact + width / 7.0 * piece.amount * piece.price + 1e-9);
          sum += piece.amount;
          CHECK(std::abs(cost(curve, sign * sum) - fill(pool, sign * sum).cost().value) <=
                1e-8 * (1.0 + std::abs(exact)));
        }
        CHECK((buy ? curve.most_buy() : curve.most_sell()) == sum);
      }
    }
    const CostCurve near_by = pool_curve(pool).value();
    CHECK(near_by.buy_end == CurveEnd::collar);
    for (const CostPiece& piece : near_by.buy) CHECK(piece.price <= near_by.mid * 1.01);
    for (const CostPiece& piece : near_by.sell) CHECK(piece.price >= near_by.mid * 0.99);
    CHECK(pool_curve(pool, {.collar = infinite}).value().sell_end == CurveEnd::depth);
  }
}

TEST_CASE("a small trade moves a pool by 2 Q sqrt(P)/L and pays the fee both ways") {  // dex-liquidity 1.3
  const Pool pool{.segments = {{50.0, 100.0, 1e6}}, .sqrt_price = 70.0, .fee = 0.003};
  const double coins = 1.0, mid = 4900.0;
  CHECK(*fill(pool, coins).marginal_price / mid - 1.0 == doctest::Approx(2 * coins * 70.0 / 1e6).epsilon(1e-3));
  CHECK(fill(pool, coins).cost().value == doctest::Approx(mid * (0.003 + 70.0 / 1e6)).epsilon(0.01));
  CHECK(fill(pool, -coins).cost().value == doctest::Approx(mid * (0.003 + 70.0 / 1e6)).epsilon(0.01));
  const Fill all = fill(pool, 1e9);
  CHECK_FALSE(all.complete);
  CHECK(all.filled == doctest::Approx(1e6 * (1.0 / 70.0 - 1.0 / 100.0)).epsilon(1e-14));
}

TEST_CASE("no curve of a pool that cannot be") {
  const Pool good{.segments = {{50.0, 70.0, 1e6}, {70.0, 90.0, 1e6}}, .sqrt_price = 70.0, .fee = 0.003};
  REQUIRE(pool_curve(good));
  const auto fault = [&](auto change, const PoolRules& rules = {}) {
    Pool bad = good;
    change(bad);
    const auto curve = pool_curve(bad, rules);
    if (!curve && curve.error().fault == Fault::bad_input) CHECK(fill(bad, 1.0).filled == doctest::Approx(0.0));
    return curve ? Fault::unavailable : curve.error().fault;
  };
  CHECK(fault([](Pool& p) { p.segments.clear(); }) == Fault::bad_input);
  CHECK(fault([](Pool& p) { p.segments[1].lower = 71.0; }) == Fault::bad_input);
  CHECK(fault([](Pool& p) { p.segments[1].liquidity = -1.0; }) == Fault::bad_input);
  CHECK(fault([](Pool& p) { p.sqrt_price = 91.0; }) == Fault::bad_input);
  CHECK(fault([](Pool& p) { p.sqrt_price = NAN; }) == Fault::bad_input);
  CHECK(fault([](Pool& p) { p.fee = 1.0; }) == Fault::bad_input);
  CHECK(fault([](Pool&) {}, {.collar = infinite, .width = 1e-6}) == Fault::limit);
  CHECK(pool_curve(good, {.collar = -1.0}).error().fault == Fault::bad_input);
  CHECK(pool_curve(good, {.width = 0.0}).error().fault == Fault::bad_input);
}

TEST_CASE("providing liquidity: delta and gamma are the value's derivatives") {  // dex-liquidity 1.5
  const LiquidityPosition lp{.liquidity = 1500.0, .lower = 4545.0, .upper = 5500.0};
  for (const double p : {3000.0, 4500.0, 4600.0, 5000.0, 5400.0, 5600.0, 9000.0}) {
    CAPTURE(p);
    const LiquidityExposure e = exposure(lp, p);
    const auto value = [&](double price) { return exposure(lp, price).value; };
    CHECK(e.coins == doctest::Approx((value(p + 0.05) - value(p - 0.05)) / 0.1).epsilon(1e-8));
    const double h = 0.5, up = value(p + h), down = value(p - h);
    CHECK(std::abs(e.gamma - (up - 2 * e.value + down) / (h * h)) <= 1e-6 * 1500.0 / (p * std::sqrt(p)) + 1e-9);
    CHECK(e.gamma <= 0.0);
  }
  CHECK(exposure(lp, 4000.0).money == 0.0);
  CHECK(exposure(lp, 6000.0).coins == 0.0);
  CHECK(std::isnan(exposure(lp, 0.0).value));
  CHECK(std::isnan(exposure({1.0, 2.0, 2.0}, 1.0).gamma));
}
