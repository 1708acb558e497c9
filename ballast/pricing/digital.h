#pragma once
#include "ballast/pricing/black_scholes.h"

namespace ballast::pricing {

/// Pays 1 USD when the option ends in the money. Raw partials of the value in USD.
struct CashDigital {
  double price = 0.0, delta = 0.0, gamma = 0.0, vega = 0.0, theta = 0.0;
};

/// Delivers 1 coin when the option ends in the money. Raw partials of the value in USD.
struct AssetDigital {
  double price = 0.0, delta = 0.0, gamma = 0.0, vega = 0.0;
};

/// Under one vol. With a smile a cash digital is the slope of the option price in the strike: take it from the surface.
/// Domain   as black_scholes_price; outside: NaN. Without time or vol: the discounted step, a half at the money.
/// Error    <= 2 epsilon (1 + d1^2), epsilon = 2^-52, tests/data/digital_greeks.csv: relative; gamma, vega and theta
///          relative to the sum of the absolute values of their terms.
/// Source   E. G. Haug, "The Complete Guide to Option Pricing Formulas", 2nd ed. (2007), section 4.19 (M. Rubinstein
///          and E. Reiner, "Unscrambling the binary code", Risk 4 (1991)).
CashDigital cash_digital(const BlackScholes& option);
AssetDigital asset_digital(const BlackScholes& option);

}  // namespace ballast::pricing
