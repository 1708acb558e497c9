#pragma once
#include "ballast/base/units.h"
#include "ballast/pricing/black.h"

namespace ballast::pricing {

/// A coin-settled option: payoff max(sign (S - K), 0) / S in coin, per coin of contract size. Raw partials.
struct InverseGreeks {
  Coin price;                ///< c, coin per coin
  double black_delta = 0.0;  ///< d(F c)/dF, coin: hedges the USD value
  double net_delta = 0.0;    ///< F dc/dF = black_delta - c, coin: hedges the coin value (premium-adjusted)
  double gamma = 0.0;        ///< d2(F c)/dF2, coin per USD
  double dcoin_df = 0.0;     ///< dc/dF, coin per USD
  double d2coin_df2 = 0.0;   ///< negative for deep in-the-money calls: 1 - K/S is concave
  double d3coin_df3 = 0.0;
  double vega_coin = 0.0;   ///< dc/dvol, coin per 1.00 of vol
  double theta_coin = 0.0;  ///< dc/dt, coin per year
  double vanna_coin = 0.0;  ///< d2c/dF dvol
  double volga_coin = 0.0;  ///< d2c/dvol2
  double charm = 0.0;       ///< d(dc/dF)/dt, coin per USD per year
  Usd usd_notional_hedge;   ///< inverse future, long > 0, that makes the coin P&L of one long option flat in F
};

/// Price and Greeks in coin. `coin_yield` discounts, continuous per year; 0 is the venues' mark convention.
/// Domain   as black_price, |coin_yield years| <= 300; outside: NaN in every field.
///          Without time or vol: price the intrinsic value over F, deltas steps with a half at the money, second
///          derivatives those of the payoff 1 - K/F, vega, vanna, volga and charm without their density.
/// Error    <= 3 epsilon (1 + d1^2), epsilon = 2^-52, tests/data/inverse_option_greeks.csv: relative, and where a
///          column crosses zero relative to the sum of the absolute values of its terms.
/// Source   Black's value with the coin as numeraire; A. Lucic and A. Sepp, "Valuation and hedging of cryptocurrency
///          inverse options", Quantitative Finance 24 (2024).
InverseGreeks inverse_greeks(const Vanilla& option, double coin_yield = 0.0);

/// Premium-adjusted delta from the Black delta and the coin price, both for one long coin of option.
double net_delta(double black_delta, Coin price);

/// F gamma - 2 net_delta = F^2 d2c/dF2, coin: the gamma of the coin value in log moves of F (OKX's coin gamma).
double net_gamma(Price forward, double gamma, double net_delta);

}  // namespace ballast::pricing
