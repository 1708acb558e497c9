#pragma once
#include <span>

/// Closed-form prices and Greeks of whole chains: one row an option, one column a quantity.
///
/// Shapes   all columns have one length, any length; a call with two lengths stops the program. An output may not
///          overlap an input or another output.
/// Domain   forward, spot, strike in [1e-60, 1e60]; vol, years in [0, 1e60], where less than 1e-60 is 0: no time
///          value, delta a step with a half at the money, no other Greek but carry; normal vol likewise; rate and yield
///          within 1e100, rate years and yield years within 300 of 0; sign +1 (call) or -1 (put). A row outside has NaN
///          in every output, and its neighbours do not notice.
/// Error    |error| <= 8 epsilon (1 + d1^2) scale, epsilon = 2^-52, measured by tools/kernel_accuracy on rows of every
///          kind; on tests/data/black_greeks.csv, inverse_option_greeks.csv and bachelier_greeks.csv 3, in the class
///          without a fused multiply-add 5. The scale is
///          the value itself, or the sum of the absolute values of its terms where the terms can cancel. For
///          black_scholes the bracket is 1 + d1^2 + (1 + |d1|) |r - q| T/s: ln(S/K) and (r - q) T can cancel in d1. A
///          discount factor has what rate years and yield years lose in rounding on top, half an epsilon times each. A
///          Greek below 1e-300 may come out as 0, and so may every one made of phi(d1) where |d1| > 37.6; one past the
///          largest number is infinite, and so is ultima where vega/vol^2 is.
/// Bits     a row's results depend on its own inputs alone: see math/columns.h.
/// Cost     no allocation, no branch on the data: docs/performance.md has the figures.
/// Source   as the scalar functions black_scholes_greeks, inverse_greeks and bachelier_greeks, which are the plain
///          reference. Both N(d1) and N(d2) come from one exponential: F phi(d1) = K phi(d2), N(-d) = phi(d) R(d) with
///          the Mills ratio R, and the time value is a difference of two R.
namespace ballast::pricing {

using Column = std::span<const double>;
using Output = std::span<double>;

/// Undiscounted options on their own forward: what the venues' marks are.
struct ForwardColumns {
  Column forward;  ///< USD per coin
  Column strike;   ///< USD per coin
  Column vol;      ///< per square root of a year, 0.60 is 60 %
  Column years;    ///< to expiry
  Column sign;     ///< +1 call, -1 put
};

/// Discounted options on a spot that pays a continuous yield.
struct SpotColumns {
  Column spot, strike;  ///< USD per coin
  Column vol, years;    ///< as in ForwardColumns
  Column rate, yield;   ///< continuous, per year: of the quote currency, of the coin
  Column sign;
};

/// Options in the normal model, discounted: forward and strike may be negative. Magnitudes up to 1e60.
struct NormalColumns {
  Column forward, strike;    ///< in the unit of the price
  Column normal_vol, years;  ///< price unit per square root of a year
  Column rate;
  Column sign;
};

/// A price and its derivatives to second order, raw partials for one long unit; see each function for "by what".
struct GreekColumns {
  Output price, delta, gamma, vega, theta, rho, vanna, volga, charm;
};

/// The rest of the set to third order.
struct ThirdOrderColumns {
  Output veta, speed, zomma, color, ultima;
};

/// Black's undiscounted value in USD and its derivatives by the forward, the vol and calendar time, as BlackGreeks has
/// them: theta is -d/d(years); rho is the venue's, sign K years N(sign d2). These are also the USD Greeks of a
/// coin-settled option.
void black(const ForwardColumns& options, Output price);
void black(const ForwardColumns& options, const GreekColumns& greeks);
void black(const ForwardColumns& options, const GreekColumns& greeks, const ThirdOrderColumns& third);

/// The value of a coin-settled option in coin, c = V/F, and its derivatives by the forward, the vol and calendar time:
/// delta is dc/dF, gamma d2c/dF2, speed d3c/dF3. The net (premium-adjusted) delta is F delta, the Black delta
/// F delta + c. rho is by the coin's own yield at 0: -years c.
void inverse(const ForwardColumns& options, Output price);
void inverse(const ForwardColumns& options, const GreekColumns& greeks);
void inverse(const ForwardColumns& options, const GreekColumns& greeks, const ThirdOrderColumns& third);

/// Black-Scholes: derivatives by the spot, as BlackScholesGreeks; rho is at a fixed spot and yield.
void black_scholes(const SpotColumns& options, Output price);
void black_scholes(const SpotColumns& options, const GreekColumns& greeks);
void black_scholes(const SpotColumns& options, const GreekColumns& greeks, const ThirdOrderColumns& third);

/// Bachelier: derivatives by the forward, as BachelierGreeks; rho is at a fixed forward, -years V.
void bachelier(const NormalColumns& options, const GreekColumns& greeks, const ThirdOrderColumns& third);

}  // namespace ballast::pricing
