#pragma once
#include "ballast/base/units.h"
#include "ballast/market/instrument.h"

namespace ballast::pricing {

/// A European option on a spot that pays a continuous yield.
struct BlackScholes {
  Price spot;          ///< > 0, USD per coin
  Price strike;        ///< > 0, USD per coin
  double rate = 0.0;   ///< of the quote currency, continuous, per year
  double yield = 0.0;  ///< of the coin, continuous, per year
  Vol vol;             ///< >= 0
  Years years;         ///< >= 0
  market::OptionType type = market::OptionType::call;
};

/// Raw partial derivatives of the price for one long unit: per 1.00 of vol and of rate, per year; every time Greek is
/// d/dt = -d/d(years), calendar time.
struct BlackScholesGreeks {
  Price price;
  double delta = 0.0;        ///< V_S
  double delta_fwd = 0.0;    ///< V_F at a fixed discount factor
  double dual_delta = 0.0;   ///< V_K
  double gamma = 0.0;        ///< V_SS
  double dual_gamma = 0.0;   ///< V_KK, the discounted density of the spot at the strike
  double cross_sk = 0.0;     ///< V_SK
  double vega = 0.0;         ///< V_vol
  double theta = 0.0;        ///< V_t
  double rho = 0.0;          ///< V_rate at fixed spot and yield
  double phi = 0.0;          ///< V_yield at fixed spot and rate
  double vanna = 0.0;        ///< V_S,vol
  double volga = 0.0;        ///< V_vol,vol
  double dual_vanna = 0.0;   ///< V_K,vol
  double charm = 0.0;        ///< V_S,t
  double veta = 0.0;         ///< V_vol,t
  double speed = 0.0;        ///< V_SSS
  double zomma = 0.0;        ///< V_SS,vol
  double color = 0.0;        ///< V_SS,t
  double ultima = 0.0;       ///< V_vol,vol,vol
  double dvanna_dvol = 0.0;  ///< V_S,vol,vol
};

/// Discounted value, USD per coin.
/// Domain   spot, strike > 0; vol, years >= 0; all finite; |rate years|, |yield years| <= 300. Outside: NaN.
///          Without time or vol (either below 1e-60): the discounted intrinsic value.
/// Error    <= 3 epsilon (1 + d1^2) relative, epsilon = 2^-52, tests/data/black_greeks.csv.
/// Source   F. Black and M. Scholes, J. Political Economy 81 (1973) 637-654; R. Merton, Bell J. Economics 4 (1973)
///          141-183. Intrinsic value plus time value through math::normalised_black.
Price black_scholes_price(const BlackScholes& option);

/// Price and Greeks to third order.
/// Domain   as black_scholes_price. Without time or vol: delta sign * e^{-yield years} in the money, half of that at
///          the money (spot at its discounted strike), 0 out of it; the carry in theta, rho, phi and charm; all other
///          Greeks 0. Never NaN inside the domain.
/// Error    <= 3 epsilon (1 + d1^2), epsilon = 2^-52, tests/data/black_greeks.csv: relative to the column, except for
///          those that cross zero, which are relative to a natural scale: vanna, dual_vanna, volga, dvanna_dvol and
///          charm, veta, zomma, color, ultima, speed, theta relative to the sum of the absolute values of their terms.
/// Source   E. G. Haug, "The Complete Guide to Option Pricing Formulas", 2nd ed. (2007), chapter 2; dvanna_dvol in the
///          form without a quotient by d2.
BlackScholesGreeks black_scholes_greeks(const BlackScholes& option);

}  // namespace ballast::pricing
