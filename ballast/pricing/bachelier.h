#pragma once
#include "ballast/base/units.h"
#include "ballast/market/instrument.h"

namespace ballast::pricing {

/// A European option in the normal model: forward and strike may be negative (spreads, basis, funding rates).
struct Bachelier {
  double forward = 0.0;     ///< finite, in the unit of the price
  double strike = 0.0;      ///< finite
  double rate = 0.0;        ///< continuous, per year
  double normal_vol = 0.0;  ///< >= 0, price unit per square root of a year
  Years years;              ///< >= 0
  market::OptionType type = market::OptionType::call;
};

/// Raw partials at a fixed rate; time Greeks are d/dt per year, rho at a fixed forward.
struct BachelierGreeks {
  double price = 0.0, delta = 0.0, dual_delta = 0.0, gamma = 0.0, vega = 0.0, theta = 0.0, rho = 0.0, vanna = 0.0,
         volga = 0.0, charm = 0.0, veta = 0.0, speed = 0.0, zomma = 0.0, color = 0.0, ultima = 0.0;
};

/// Domain   forward, strike finite; normal_vol, years >= 0 and finite; |rate years| <= 300. Outside: NaN.
///          Without time or vol (either below 1e-60): intrinsic value, delta a step with a half at the money, carry.
/// Error    <= 2 epsilon (1 + d^2), epsilon = 2^-52, tests/data/bachelier_greeks.csv: relative, and where a column
///          crosses zero relative to the sum of the absolute values of its terms.
/// Source   L. Bachelier, "Theorie de la speculation" (1900). Time value as stdev phi(d) (1 - |d| R(|d|)) with the
///          Mills ratio R, whose difference is math::mills_slope.
BachelierGreeks bachelier_greeks(const Bachelier& option);

}  // namespace ballast::pricing
