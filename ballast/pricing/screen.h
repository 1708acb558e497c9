#pragma once
#include "ballast/base/units.h"
#include "ballast/pricing/black.h"

namespace ballast::pricing {

/// The five Greeks as Deribit's ticker shows them, for one long coin of option. For comparison with the venue only:
/// everything else here computes with raw partials.
struct ScreenGreeks {
  double delta = 0.0;  ///< coin, Black, not premium-adjusted
  double gamma = 0.0;  ///< coin per USD
  double vega = 0.0;   ///< USD per vol point (0.01 of vol)
  double theta = 0.0;  ///< USD per day, or to the expiry where less is left; never more than the option is worth
  double rho = 0.0;    ///< USD per 1 % of rate
};

/// From Greeks of one long option with `left` to its expiry. Theta is that of a day, or of what is left of the last
/// day, and in magnitude at most the remaining value of the option. Source   Deribit, "Greeks", and recorded chains of
/// 2020 and 2026: under a day the ratio of the venue's theta to a day's
///          Black theta is the number of days left (tests/venue_greeks_test.cc); recorded tickers for the cap
///          (screen_test.cc).
ScreenGreeks screen_greeks(const BlackGreeks& greeks, Years left);

/// Domain and limits as black_greeks.
/// Error    within the venue's own rounding: delta 1e-5, gamma 1e-5, vega 5e-5, theta 3e-3, rho 1e-5.
ScreenGreeks screen_greeks(const Vanilla& option);

}  // namespace ballast::pricing
