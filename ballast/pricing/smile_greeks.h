#pragma once
#include "ballast/pricing/black.h"
#include "ballast/vol/dynamics.h"
#include "ballast/vol/sabr.h"

namespace ballast::pricing {

/// The Greeks of one long option when its vol moves with the forward and with time as named dynamics say.
struct SmileGreeks {
  double delta = 0.0;      ///< dV/dF along the dynamics, coin: hedges the USD value
  double net_delta = 0.0;  ///< F dc/dF with c = V/F, coin: hedges the coin value of an inverse option
  double gamma = 0.0;      ///< d delta/dF, coin per USD
  double net_gamma = 0.0;  ///< F² d²c/dF² = F gamma - 2 net_delta, coin
  double vega = 0.0;       ///< dV/dvol, USD per 1.00 of vol: the smile lifted in parallel, Black's
  double vanna = 0.0;      ///< d vega/dF = d delta/dvol, coin per 1.00 of vol
  double theta = 0.0;      ///< dV/dt, USD per year
};

/// V(F, t) = Black(F, sigma(F, t), t), differentiated by the chain rule; s_F, s_FF and s_t from vol_move():
///
///     delta = D + vega s_F
///     gamma = G + 2 vanna s_F + volga s_F² + vega s_FF
///     vanna = vanna + volga s_F        (a parallel lift leaves s_F as it is)
///     theta = theta + vega s_t
///
/// with Black's Greeks on the right. net_delta = delta - V/F: the smile adds vega s_F to either delta.
/// Domain   as black_price; a move of NaN gives NaN.
/// Error    1e-12 coin of the deltas, tests/data/smile_deltas.csv; gamma, vanna and theta by pricing again on a moved
///          SVI smile.
/// Source   the chain rule; ballast/vol/dynamics.h for the move.
SmileGreeks smile_greeks(const Vanilla& option, const vol::VolMove& move);

/// The SABR model's own hedges of an option on its forward and expiry, priced at Hagan's lognormal vol.
struct SabrGreeks {
  Price price;                  ///< USD per coin
  double hagan_delta = 0.0;     ///< coin: forward moved, alpha kept
  double bartlett_delta = 0.0;  ///< coin: alpha moves along by rho nu / forward^beta per USD, its mean
  double hagan_vega = 0.0;      ///< USD per unit of alpha: forward kept
  double bartlett_vega = 0.0;   ///< USD per unit of alpha: forward moves along by rho forward^beta / nu, its mean
};

/// Domain   as vol::Sabr, nu > 0 for bartlett_vega; outside: NaN.
/// Error    1e-8 of the deltas, tests/data/sabr_vols_deltas.csv.
/// Source   Hagan et al. (2002); B. Bartlett, "Hedging under SABR model", Wilmott (July 2006) 2-4.
SabrGreeks sabr_greeks(const vol::Sabr& sabr, Price strike, market::OptionType type);

}  // namespace ballast::pricing
