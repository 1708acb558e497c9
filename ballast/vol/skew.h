#pragma once
#include <functional>

#include "ballast/base/units.h"
#include "ballast/market/instrument.h"
#include "ballast/vol/smile.h"
#include "ballast/vol/surface.h"

namespace ballast::vol {

/// A smile at one expiry: its point at log-moneyness k = ln(strike/forward).
using Smile = std::function<SmilePoint(double)>;

/// The smile of a slice, and of a surface at any time to expiry. They refer to their argument, which must outlive them.
Smile smile_of(const Slice& slice);
Smile smile_of(const Surface& surface, Years years);

/// The forward of a tenor: linear in its logarithm over time between the listed expiries, outside them that of the
/// nearest. Domain   years > 0 and at least one slice, else NaN.
Price forward_at(const Surface& surface, Years years);

/// What "25 delta" means on a smile. Spot deltas differ by the coin's yield and are not offered here.
enum class SmileDelta {
  forward,          ///< |delta| = N(+-d1): the Black delta
  premium_adjusted  ///< |delta| = (K/F) N(+-d2): the Black delta less the price in coin, what an inverse option has
};
const char* name(SmileDelta delta);  ///< "forward" or "premium-adjusted"

/// The one in which the venue's options of that settlement are hedged: inverse premium-adjusted, linear forward.
SmileDelta natural_delta(market::Settlement settlement);

enum class SmileOutcome {
  ok,
  no_solution,  ///< no strike has this delta; a variance swap: the integral does not exist
  bad_input,    ///< outside the domain, or the smile has no positive variance where it was asked
  limit         ///< a bound on iterations, evaluations or |k| was reached
};
const char* name(SmileOutcome outcome);

/// A strike solved on a smile, and the smile's vol there.
struct SmileStrike {
  SmileOutcome outcome = SmileOutcome::bad_input;
  Price strike;                ///< NaN unless ok
  double log_moneyness = 0.0;  ///< NaN unless ok
  Vol vol;                     ///< NaN unless ok
  int iterations = 0;          ///< smile points asked, [0, 600]
};

/// The strike whose |delta| at the smile's own vol is `abs_delta`. On a smile without butterfly arbitrage d1 and d2
/// fall with the strike, so it is the only one, save for the premium-adjusted call: its delta rises and then falls, and
/// the root above the maximum is returned, the out-of-the-money one. On other smiles it is the first one met on the way
/// from the money.
/// Domain   forward, years, abs_delta > 0; forward deltas < 1 (else no_solution).
/// Error    vol within 1e-13, strike within 2e-13 relative, tests/data/rr_bf.csv; the delta within 1e-13 relative; near
/// the maximum of a
///          premium-adjusted call the problem itself loses half of the digits.
/// Cost     a bracket by doubling within |k| <= 64, then Newton kept inside it: some ten smile points; about 150 where
///          the largest delta of a premium-adjusted call has to be found first.
/// Source   D. Reiswich and U. Wystup, "FX volatility smile construction", Wilmott 60 (2012) 58-69; monotone d1 and
///          d2: M. Fukasawa, "The normalizing transformation of the implied volatility smile", Mathematical Finance 22
///          (2012) 753-762.
SmileStrike strike_at_delta(const Smile& smile, Price forward, Years years, market::OptionType type, double abs_delta,
                            SmileDelta delta);

/// The strike at which call and put deltas cancel on the smile: d1 = 0, premium-adjusted d2 = 0. Domain, error and cost
/// as strike_at_delta().
SmileStrike straddle_strike(const Smile& smile, Price forward, Years years, SmileDelta delta);

/// Both wings at one |delta|. A NaN stands where a wing or the straddle has no strike.
struct Wings {
  double abs_delta = 0.25;
  SmileStrike call, put;
  double risk_reversal = 0.0;  ///< vol of the call less vol of the put
  double butterfly = 0.0;  ///< mean of the two less the straddle's vol: the smile butterfly, not the broker's market
                           ///< strangle
};

/// What a skew trader reads off one smile. Vols a year.
struct SkewMetrics {
  SmileDelta delta = SmileDelta::forward;
  Price forward;
  Years years;
  Vol atm_vol;             ///< at the forward, k = 0
  double slope = 0.0;      ///< d vol / d k at the forward
  double curvature = 0.0;  ///< d² vol / d k² at the forward
  SmileStrike straddle;    ///< delta-neutral
  Wings wings25, wings10;
};

/// Domain   forward, years > 0; where the smile has no answer the field is NaN.
SkewMetrics skew_metrics(const Smile& smile, Price forward, Years years, SmileDelta delta);

}  // namespace ballast::vol
