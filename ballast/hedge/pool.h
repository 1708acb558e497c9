#pragma once
#include <vector>

#include "ballast/hedge/ladder.h"

namespace ballast::hedge {

// Concentrated liquidity as in Uniswap v3: within a price interval a pool of liquidity L holds L/sqrt(P) of token 0 and
// L·sqrt(P) of token 1, P being token 1 per token 0. On chain these are 256-bit integers that round in the pool's
// favour; here they are doubles, so that an answer may be some units in the 16th digit off the chain's. Source
// docs/sources.md: concentrated liquidity.

/// sqrt(1.0001^tick), for |tick| <= 887,272; else NaN.
double tick_sqrt_price(int tick);
/// The greatest tick whose price is not above sqrt_price²; a price within rounding of a tick may come out one lower.
int tick_of_sqrt_price(double sqrt_price);

/// Token 0 and token 1 that liquidity holds between two square roots of prices, in any order. >= 0.
/// Error   4 ulp, as far as the difference of the roots is that of the true ones.
double amount0(double liquidity, double sqrt_a, double sqrt_b);
double amount1(double liquidity, double sqrt_a, double sqrt_b);

enum class PoolToken { token0, token1 };

/// The root of the price after `amount` > 0, net of the fee, went into the pool, or (`from_output`) came out of it. NaN
/// when there is not so much to come out.
double sqrt_price_from_input(double sqrt_price, double liquidity, double amount, PoolToken in);
double sqrt_price_from_output(double sqrt_price, double liquidity, double amount, PoolToken out);

/// One step of a swap inside an interval of one liquidity.
struct SwapStep {
  double sqrt_price = 0.0;  ///< after it
  double in = 0.0;          ///< net of the fee
  double out = 0.0;
  double fee = 0.0;  ///< of the input token, on top of `in`
  bool reached = false;
};

/// Towards `target` with `in` > 0 of the input token, fee included; token 1 goes in where the price rises. `fee` in [0,
/// 1) of the gross input. Error  8 ulp where the target is not reached: no difference of roots is taken.
SwapStep swap_in(double sqrt_price, double target, double liquidity, double in, double fee);
/// The same for `out` > 0 of the output token wanted.
SwapStep swap_out(double sqrt_price, double target, double liquidity, double out, double fee);

/// A stretch of one liquidity, in the square root of USD per coin.
struct PoolSegment {
  double lower = 0.0, upper = 0.0;  ///< 0 < lower < upper
  double liquidity = 0.0;           ///< >= 0, sqrt(coin · USD)
};

/// A pool of a coin against a dollar token that counts as USD.
struct Pool {
  std::vector<PoolSegment> segments;  ///< rising, each beginning where the last one ends
  double sqrt_price = 0.0;            ///< within the segments
  double fee = 0.0;                   ///< [0, 1): of the input
  Time as_of;                         ///< of the block
};

/// The state of a pool contract, as read from the chain.
struct PoolState {
  struct Tick {
    int tick = 0;
    double liquidity_net = 0.0;  ///< added when the price crosses upward
  };
  double sqrt_price_x96 = 0.0;  ///< > 0
  double liquidity = 0.0;       ///< >= 0, at the price
  std::vector<Tick> ticks;      ///< initialised ones, rising; those around the price that one cares for
  int fee = 0;                  ///< hundredths of a basis point: 3000 is 0.30 %
  int decimals0 = 0, decimals1 = 0;
  PoolToken coin = PoolToken::token0;  ///< the other one is the dollar
  Time as_of;
};

/// The pool between the first and the last tick given, in coins and dollars.
/// Faults  bad_input: a state out of range, fewer than two ticks, ticks out of order or not around the price, liquidity
///         that would be negative by more than rounding.
Result<Pool> pool(const PoolState& state);

struct PoolRules {
  double collar = 0.01;    ///< > 0, farthest price from the pool's, as a fraction; may be infinite
  double width = 0.0005;   ///< (0, 0.1]: of a slice in ln P
  int most_slices = 5000;  ///< a side, at least 1
};

/// Segments cut into slices of at most `width` in ln P, exact where a slice ends; inside of one the straight line is
/// above the pool's own cost by at most width/7 of the slice's notional. The fee, paid on top of what goes in, is in
/// the pieces: a coin bought at the mean price p of its slice costs (p - P) + p·fee/(1 - fee), a coin sold (P - p) +
/// p·fee. Faults  bad_input: segments that are not as they should be, or a rule; limit: over most_slices.
Result<CostCurve> pool_curve(const Pool& pool, const PoolRules& rules = {});

/// The same in closed form: what the pool gives for a signed amount of coins (> 0 buys; sold ones include the fee).
/// Nothing filled where the pool is not as it should be or the amount is not finite.
Fill fill(const Pool& pool, double coins);

/// What providing liquidity between two prices is worth and carries, in the quote currency at price P.
struct LiquidityPosition {
  double liquidity = 0.0;           ///< >= 0
  double lower = 0.0, upper = 0.0;  ///< prices, 0 < lower < upper
};
struct LiquidityExposure {
  double coins = 0.0;  ///< held, and the delta: coin per coin
  double money = 0.0;  ///< quote currency held
  double value = 0.0;  ///< coins · P + money
  double gamma = 0.0;  ///< coin per unit of price, <= 0; 0 outside of the range
};
/// Domain  price > 0; NaN outside.
LiquidityExposure exposure(const LiquidityPosition& position, double price);

}  // namespace ballast::hedge
