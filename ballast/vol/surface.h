#pragma once
#include <string>
#include <variant>
#include <vector>

#include "ballast/curve/forward.h"
#include "ballast/market/snapshot.h"
#include "ballast/vol/sabr.h"
#include "ballast/vol/spline.h"
#include "ballast/vol/ssvi.h"
#include "ballast/vol/svi.h"

namespace ballast::vol {

/// The form of one expiry's smile. Every form answers at(shape, k).
using Shape = std::variant<Svi, Essvi, VarianceSpline, Sabr>;
SmilePoint at(const Shape& shape, double k);

/// How good the fit of one expiry is.
struct SliceHealth {
  int quotes = 0;      ///< used
  int dropped = 0;     ///< set aside, each with a reason in Surface::dropped
  double rmse = 0.0;   ///< of vol, over the quotes used
  double worst = 0.0;  ///< largest |vol error| of them
  double within_spread =
      0.0;  ///< share of the two-sided quotes whose bid-ask vols hold the model's, [0, 1]; NaN without
  double least_butterfly = 0.0;  ///< min g over |k| <= 1.5: free of butterfly arbitrage when >= 0
  double calendar_margin = 0.0;  ///< min over |k| <= 1.5 of w less the previous expiry's w; the first: less 0
  int iterations = 0;
  bool repaired = false;  ///< the fit broke a no-arbitrage condition and was moved to where it holds
};

/// The smile of one expiry.
struct Slice {
  Time expiry;
  Years years;  ///< > 0 from the surface's as_of
  Price forward;
  Shape shape;
  SliceHealth health;
};

/// The fitted surface of one index ("btc_usd"): slices by rising expiry.
struct Surface {
  std::string index;
  Time as_of;
  std::vector<Slice> slices;
  std::vector<market::Dropped> dropped;
};

/// The smile at log-moneyness k (on the forward of that expiry) and time to expiry `years`.
/// Between expiries w is linear in time at constant k, which keeps the calendar order; before the first w falls to 0
/// in proportion to time; after the last the forward variance of the last interval goes on (of one slice alone: its
/// own vol). Derivatives likewise.
/// Domain   years > 0 and at least one slice, else NaN.
SmilePoint at(const Surface& surface, double k, Years years);

/// The slice of an expiry, or null.
const Slice* slice_of(const Surface& surface, Time expiry);

}  // namespace ballast::vol
