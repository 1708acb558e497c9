#pragma once
#include "ballast/base/units.h"
#include "ballast/market/instrument.h"

namespace ballast::pricing {

/// What "25 delta" means. Spot deltas carry e^{-yield years}; premium-adjusted ones are the Black delta minus the
/// price in coin, (K/F) N(sign d2).
enum class DeltaConvention { forward, spot, forward_premium_adjusted, spot_premium_adjusted };

struct DeltaTarget {
  Price forward;           ///< > 0, USD per coin
  Vol vol;                 ///< > 0, flat
  Years years;             ///< > 0
  double yield = 0.0;      ///< of the coin, continuous per year; spot conventions only
  double abs_delta = 0.0;  ///< > 0, |delta|: the sign is the type's
  market::OptionType type = market::OptionType::call;
  DeltaConvention convention = DeltaConvention::forward;
};

enum class StrikeOutcome {
  ok,
  no_solution,  ///< no strike has this delta: 1 or more unadjusted, or above the maximum of an adjusted call
  bad_input     ///< outside the domain
};

struct StrikeAnswer {
  StrikeOutcome outcome = StrikeOutcome::bad_input;
  Price strike;        ///< NaN unless ok
  int iterations = 0;  ///< [0, 200]
};

/// The strike of a delta. The premium-adjusted call delta rises and then falls with the strike: the root above its
/// maximum is returned, the out-of-the-money one.
/// Domain   as the fields; other inputs: bad_input.
/// Error    <= 3 epsilon relative, epsilon = 2^-52, tests/data/strike_from_delta.csv; near the maximum of an adjusted
///          call the problem itself loses half of the digits.
/// Cost     one quantile, or Newton on the logarithm of the delta as a concave function of d2, monotone from the left;
///          <= 200 steps.
/// Source   D. Reiswich and U. Wystup, "FX volatility smile construction", Wilmott 60 (2012) 58-69.
StrikeAnswer strike_from_delta(const DeltaTarget& target);

/// The strike at which call and put deltas cancel: F e^{s^2/2}, premium-adjusted F e^{-s^2/2}, s = vol sqrt(years).
/// Domain   forward > 0; vol, years >= 0; all finite. Outside: NaN.
/// Error    <= 2 epsilon (1 + s^2) relative. Source as strike_from_delta.
Price delta_neutral_strike(Price forward, Vol vol, Years years, bool premium_adjusted);

}  // namespace ballast::pricing
