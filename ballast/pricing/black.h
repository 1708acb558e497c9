#pragma once
#include "ballast/base/units.h"
#include "ballast/market/instrument.h"

namespace ballast::pricing {

/// A European option on a forward, undiscounted: what the venues' marks are.
struct Vanilla {
  Price forward;  ///< > 0, USD per coin, to the option's own expiry
  Price strike;   ///< > 0, USD per coin
  Vol vol;        ///< >= 0
  Years years;    ///< >= 0, to expiry
  market::OptionType type = market::OptionType::call;
};

/// Raw partial derivatives for one long unit of the underlying at zero rate.
struct BlackGreeks {
  Price price;         ///< USD per coin
  double delta = 0.0;  ///< dV/dF, coin
  double gamma = 0.0;  ///< d2V/dF2, coin per USD
  double vega = 0.0;   ///< dV/dvol, USD per 1.00 of vol
  double theta = 0.0;  ///< dV/dt, USD per year
  /// The venue's rho, sign K years N(sign d2): USD per 1.00 of rate at a fixed spot. It is not the derivative of the
  /// undiscounted price, which does not know a rate, nor Black's own -years V at a fixed forward.
  double rho = 0.0;
  double vanna = 0.0;  ///< d2V/dF dvol, coin per 1.00 of vol
  double volga = 0.0;  ///< d2V/dvol2, USD per 1.00 of vol squared
  double charm = 0.0;  ///< d delta/dt, coin per year
};

/// Undiscounted Black value, USD per coin.
/// Domain   forward, strike > 0; vol, years >= 0; all finite. Outside: NaN. Without time or vol: intrinsic value.
///          A negative time is outside: an option after its expiry is worth its settlement, which is not in here.
/// Error    <= 3 epsilon (1 + d1^2) relative, epsilon = 2^-52: it is black_scholes_price at rate = yield = 0.
/// Source   F. Black, "The pricing of commodity contracts", J. Financial Economics 3 (1976) 167-179.
Price black_price(const Vanilla& option);

/// Forward delta sign N(sign d1), coin per coin, not premium-adjusted.
/// Domain   as black_price. Without time or vol: sign in the money, sign/2 at the money, 0 out of the money.
/// Error    <= 3 epsilon (1 + d1^2) relative.
double black_delta(const Vanilla& option);

/// Price and Greeks by the arithmetic of black_scholes_greeks at rate = yield = 0, which states limits and errors.
BlackGreeks black_greeks(const Vanilla& option);

}  // namespace ballast::pricing
