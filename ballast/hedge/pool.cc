#include "ballast/hedge/pool.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "ballast/base/text.h"
#include "ballast/math/elementary.h"

namespace ballast::hedge {
namespace {

constexpr int most_tick = 887'272;
constexpr double infinite = std::numeric_limits<double>::infinity();
const double nan = std::numeric_limits<double>::quiet_NaN();

bool fits(double sqrt_price, double liquidity, double amount) {
  return sqrt_price > 0.0 && liquidity > 0.0 && amount >= 0.0 && std::isfinite(sqrt_price + liquidity + amount);
}

/// The step to a root that is given: the difference of the roots is all there is to go by.
SwapStep to_target(double sqrt_price, double target, double liquidity, double fee) {
  const double a0 = amount0(liquidity, sqrt_price, target), a1 = amount1(liquidity, sqrt_price, target);
  const bool up = target > sqrt_price;
  SwapStep step{.sqrt_price = target, .in = up ? a1 : a0, .out = up ? a0 : a1, .reached = true};
  step.fee = step.in * fee / (1.0 - fee);
  return step;
}

/// The roots at which a segment is left and the ones beyond, in the direction of the trade.
struct Stretch {
  double from, to, liquidity;
};

/// Stretches of liquidity from the price on, up to `limit`.
std::vector<Stretch> stretches(const Pool& pool, bool buy, double limit) {
  std::vector<Stretch> out;
  const auto add = [&](const PoolSegment& s) {
    if (buy) {
      const double from = std::max(s.lower, pool.sqrt_price), to = std::min(s.upper, limit);
      if (from < to && s.liquidity > 0.0) out.push_back({from, to, s.liquidity});
    } else {
      const double from = std::min(s.upper, pool.sqrt_price), to = std::max(s.lower, limit);
      if (from > to && s.liquidity > 0.0) out.push_back({from, to, s.liquidity});
    }
  };
  if (buy)
    std::for_each(pool.segments.begin(), pool.segments.end(), add);
  else
    std::for_each(pool.segments.rbegin(), pool.segments.rend(), add);
  return out;
}

std::optional<Error> fault_of(const Pool& pool) {
  const auto bad = [](const std::string& what) { return Error{Fault::bad_input, "pool: " + what}; };
  if (pool.segments.empty()) return bad("no segment");
  double last = 0.0;
  for (const PoolSegment& s : pool.segments) {
    const bool joined = last == 0.0 || s.lower == last;
    if (!(joined && s.lower > 0.0 && s.upper > s.lower && std::isfinite(s.upper) && s.liquidity >= 0.0 &&
          std::isfinite(s.liquidity))) {
      return bad(fmt::format("a segment of liquidity {} from {} to {} after {}", shortest(s.liquidity),
                             shortest(s.lower), shortest(s.upper), shortest(last)));
    }
    last = s.upper;
  }
  if (!(pool.sqrt_price >= pool.segments.front().lower && pool.sqrt_price <= last)) {
    return bad(fmt::format("the root of its price, {}, is not within {} to {}", shortest(pool.sqrt_price),
                           shortest(pool.segments.front().lower), shortest(last)));
  }
  if (!(pool.fee >= 0.0 && pool.fee < 1.0)) return bad(fmt::format("a fee of {}", shortest(pool.fee)));
  return std::nullopt;
}

/// USD of the fee on a coin that changes hands at p.
double fee_per_coin(double price, double fee, bool buy) { return buy ? price * fee / (1.0 - fee) : price * fee; }

Result<std::vector<CostPiece>> slices(const Pool& pool, bool buy, const PoolRules& rules, CurveEnd& end) {
  const double mid = pool.sqrt_price * pool.sqrt_price;
  const double limit = buy ? std::sqrt(mid * (1.0 + rules.collar)) : std::sqrt(mid * std::max(1.0 - rules.collar, 0.0));
  const double last = buy ? pool.segments.back().upper : pool.segments.front().lower;
  end = (buy ? limit < last : limit > last) ? CurveEnd::collar : CurveEnd::depth;
  std::vector<CostPiece> out;
  for (const Stretch& s : stretches(pool, buy, limit)) {
    const double width = 2.0 * std::abs(math::log_ratio(s.to, s.from));
    const double wanted = std::ceil(width / rules.width);
    if (!(wanted + static_cast<double>(out.size()) <= rules.most_slices)) {
      return Error{Fault::limit, fmt::format("pool: over {} slices on a side", rules.most_slices)};
    }
    const int n = std::max(static_cast<int>(wanted), 1);
    double from = s.from;
    for (int i = 1; i <= n; ++i) {
      const double to = i == n ? s.to : s.from * math::exp(math::log_ratio(s.to, s.from) * i / n);
      // A coin of a whole slice changes hands at the geometric mean of its ends.
      const double price = from * to, coins = amount0(s.liquidity, from, to);
      const double fee = fee_per_coin(price, pool.fee, buy);
      const double spread = std::max(buy ? price - mid : mid - price, 0.0);
      if (coins > 0.0) out.push_back({buy ? coins : coins / (1.0 - pool.fee), spread + fee, price, fee, 0.0});
      from = to;
    }
  }
  return out;
}

/// 10^(n/2).
double root_of_ten(int n) {
  double power = (n & 1) != 0 ? std::sqrt(10.0) : 1.0;
  for (int i = std::abs(n) / 2; i > 0; --i) power *= 10.0;
  return n < 0 ? 1.0 / power : power;
}

double total(const std::vector<CostPiece>& pieces) {
  double sum = 0.0;
  for (const CostPiece& piece : pieces) sum += piece.amount;
  return sum;
}

}  // namespace

double tick_sqrt_price(int tick) {
  if (tick < -most_tick || tick > most_tick) return nan;
  // ln(1.0001)/2 in two parts, the first of 32 bits, so that its product with a tick is exact (60-digit arithmetic).
  constexpr double high = 3518261298.0 / 70368744177664.0, low = 1.0658145735523681e-14;
  return math::exp(tick * high) * (1.0 + tick * low);
}

int tick_of_sqrt_price(double sqrt_price) {
  if (!(sqrt_price > 0.0)) return -most_tick;
  int low = -most_tick, high = most_tick;
  while (low < high) {
    const int middle = low + (high - low + 1) / 2;
    if (tick_sqrt_price(middle) <= sqrt_price)
      low = middle;
    else
      high = middle - 1;
  }
  return low;
}

double amount0(double liquidity, double sqrt_a, double sqrt_b) {
  return liquidity * (std::abs(sqrt_b - sqrt_a) / sqrt_a) / sqrt_b;
}

double amount1(double liquidity, double sqrt_a, double sqrt_b) { return liquidity * std::abs(sqrt_b - sqrt_a); }

double sqrt_price_from_input(double sqrt_price, double liquidity, double amount, PoolToken in) {
  if (!fits(sqrt_price, liquidity, amount)) return nan;
  if (in == PoolToken::token1) return sqrt_price + amount / liquidity;
  return sqrt_price / (1.0 + amount / liquidity * sqrt_price);
}

double sqrt_price_from_output(double sqrt_price, double liquidity, double amount, PoolToken out) {
  if (!fits(sqrt_price, liquidity, amount)) return nan;
  const double used = out == PoolToken::token1 ? amount / liquidity / sqrt_price : amount / liquidity * sqrt_price;
  if (!(used < 1.0)) return nan;
  return out == PoolToken::token1 ? sqrt_price * (1.0 - used) : sqrt_price / (1.0 - used);
}

SwapStep swap_in(double sqrt_price, double target, double liquidity, double in, double fee) {
  const SwapStep whole = to_target(sqrt_price, target, liquidity, fee);
  if (in >= whole.in + whole.fee) return whole;
  const bool up = target > sqrt_price;
  SwapStep step{.fee = in * fee};
  step.in = in - step.fee;
  step.sqrt_price = sqrt_price_from_input(sqrt_price, liquidity, step.in, up ? PoolToken::token1 : PoolToken::token0);
  // Out of the amount in, at the geometric mean price.
  step.out = up ? step.in / sqrt_price / step.sqrt_price : step.in * sqrt_price * step.sqrt_price;
  return step;
}

SwapStep swap_out(double sqrt_price, double target, double liquidity, double out, double fee) {
  const SwapStep whole = to_target(sqrt_price, target, liquidity, fee);
  if (out >= whole.out) return whole;
  const bool up = target > sqrt_price;
  SwapStep step{.out = out};
  step.sqrt_price = sqrt_price_from_output(sqrt_price, liquidity, out, up ? PoolToken::token0 : PoolToken::token1);
  step.in = up ? out * sqrt_price * step.sqrt_price : out / sqrt_price / step.sqrt_price;
  step.fee = step.in * fee / (1.0 - fee);
  return step;
}

Result<Pool> pool(const PoolState& state) {
  const auto bad = [](const std::string& what) { return Error{Fault::bad_input, "pool: " + what}; };
  if (!(state.sqrt_price_x96 > 0.0 && std::isfinite(state.sqrt_price_x96))) {
    return bad("sqrtPriceX96 is " + shortest(state.sqrt_price_x96));
  }
  if (!(state.liquidity >= 0.0 && std::isfinite(state.liquidity))) {
    return bad("liquidity is " + shortest(state.liquidity));
  }
  if (state.fee < 0 || state.fee >= 1'000'000) return bad(fmt::format("a fee of {} hundredths of a bp", state.fee));
  for (const int d : {state.decimals0, state.decimals1}) {
    if (d < 0 || d > 36) return bad(fmt::format("{} decimals", d));
  }
  const double root = std::ldexp(state.sqrt_price_x96, -96);
  if (state.ticks.size() < 2) return bad("the liquidity between two initialised ticks is the least there is");
  std::size_t above = 0;  // the first tick over the price
  for (std::size_t i = 0; i < state.ticks.size(); ++i) {
    const PoolState::Tick& t = state.ticks[i];
    if (std::abs(t.tick) > most_tick || (i > 0 && t.tick <= state.ticks[i - 1].tick)) {
      return bad(fmt::format("tick {} is out of order or range", t.tick));
    }
    if (!std::isfinite(t.liquidity_net)) return bad(fmt::format("tick {} adds {}", t.tick, shortest(t.liquidity_net)));
    if (tick_sqrt_price(t.tick) <= root) above = i + 1;
  }
  if (above == 0 || above == state.ticks.size()) {
    return bad(fmt::format("its price is at tick {}, not between {} and {}", tick_of_sqrt_price(root),
                           state.ticks.front().tick, state.ticks.back().tick));
  }
  // In whole tokens P grows by 10^(d0 - d1), and liquidity, a geometric mean of both, shrinks by 10^((d0 + d1)/2).
  const double scale = root_of_ten(state.decimals0 - state.decimals1);
  const double shrink = root_of_ten(-(state.decimals0 + state.decimals1));
  std::vector<double> liquidity(state.ticks.size() - 1);
  liquidity[above - 1] = state.liquidity;
  for (std::size_t i = above; i < liquidity.size(); ++i) liquidity[i] = liquidity[i - 1] + state.ticks[i].liquidity_net;
  for (std::size_t i = above - 1; i > 0; --i) liquidity[i - 1] = liquidity[i] - state.ticks[i].liquidity_net;
  double most = state.liquidity;
  for (const double l : liquidity) most = std::max(most, l);
  Pool pool{.segments = {}, .sqrt_price = root * scale, .fee = state.fee / 1e6, .as_of = state.as_of};
  for (std::size_t i = 0; i < liquidity.size(); ++i) {
    if (liquidity[i] < -1e-12 * most) {
      return bad(fmt::format("liquidity {} over tick {}", shortest(liquidity[i]), state.ticks[i].tick));
    }
    pool.segments.push_back({tick_sqrt_price(state.ticks[i].tick) * scale,
                             tick_sqrt_price(state.ticks[i + 1].tick) * scale, std::max(liquidity[i], 0.0) * shrink});
  }
  if (state.coin == PoolToken::token1) {  // dollars per coin is the reciprocal; liquidity is the same either way
    std::reverse(pool.segments.begin(), pool.segments.end());
    for (PoolSegment& s : pool.segments) s = {1.0 / s.upper, 1.0 / s.lower, s.liquidity};
    pool.sqrt_price = 1.0 / pool.sqrt_price;
  }
  return pool;
}

Result<CostCurve> pool_curve(const Pool& pool, const PoolRules& rules) {
  if (auto fault = fault_of(pool)) return *fault;
  if (!(rules.collar > 0.0)) return Error{Fault::bad_input, "pool rules: collar is " + shortest(rules.collar)};
  if (!(rules.width > 0.0 && rules.width <= 0.1)) {
    return Error{Fault::bad_input, "pool rules: width is " + shortest(rules.width)};
  }
  CostCurve curve{.size_buy = true,
                  .size_sell = true,
                  .book_buy = true,
                  .book_sell = true,
                  .mid = pool.sqrt_price * pool.sqrt_price,
                  .as_of = pool.as_of};
  auto buy = slices(pool, true, rules, curve.buy_end);
  if (!buy) return buy.error();
  auto sell = slices(pool, false, rules, curve.sell_end);
  if (!sell) return sell.error();
  curve.buy = std::move(buy).value();
  curve.sell = std::move(sell).value();
  curve.shown_buy = total(curve.buy);
  curve.shown_sell = total(curve.sell);
  return curve;
}

Fill fill(const Pool& pool, double coins) {
  Fill f{.asked = coins, .as_of = pool.as_of};
  if (!std::isfinite(coins) || fault_of(pool)) return f;
  const bool buy = coins > 0.0;
  double left = std::abs(coins), traded = 0.0, money = 0.0, fee = 0.0, root = pool.sqrt_price;
  for (const Stretch& s : stretches(pool, buy, buy ? infinite : 0.0)) {
    if (!(left > 0.0)) break;
    const SwapStep step =
        buy ? swap_out(s.from, s.to, s.liquidity, left, pool.fee) : swap_in(s.from, s.to, s.liquidity, left, pool.fee);
    const double here = step.reached ? (buy ? step.out : step.in + step.fee) : left;
    traded += here;
    left -= here;
    money += buy ? step.in : step.out;
    // A fee in coin is worth what the coins beside it fetch.
    fee += buy ? step.fee : step.fee * (step.out / step.in);
    root = step.sqrt_price;
    if (!step.reached) left = 0.0;
  }
  f.complete = left == 0.0;
  if (!(traded > 0.0)) return f;
  const double mid = pool.sqrt_price * pool.sqrt_price;
  f.filled = f.complete ? coins : (buy ? traded : -traded);
  const double size = std::abs(f.filled);
  f.fee = Usd(fee);
  // Net of the fee: what is paid for the coins, or what they fetch and the fee's coins would have fetched.
  f.average_price = buy ? money / size : (money + fee) / size;
  f.marginal_price = root * root;
  f.spread = Usd(buy ? money - size * mid : size * mid - (money + fee));
  f.shown = size;
  return f;
}

LiquidityExposure exposure(const LiquidityPosition& position, double price) {
  const double l = position.liquidity;
  if (!(price > 0.0 && std::isfinite(price) && l >= 0.0 && position.lower > 0.0 && position.upper > position.lower)) {
    return {nan, nan, nan, nan};
  }
  const double a = std::sqrt(position.lower), b = std::sqrt(position.upper), root = std::sqrt(price);
  const double inside = std::clamp(root, a, b);
  LiquidityExposure e{.coins = amount0(l, inside, b), .money = amount1(l, a, inside)};
  e.value = e.coins * price + e.money;
  if (price > position.lower && price < position.upper) e.gamma = -0.5 * l / (price * root);
  return e;
}

}  // namespace ballast::hedge
