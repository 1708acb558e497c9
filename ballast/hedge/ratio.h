#pragma once
#include "ballast/base/result.h"
#include "ballast/base/units.h"

namespace ballast::hedge {

/// Units of the hedge instrument that carry the position's delta: position delta / delta of one unit. The trade that
/// neutralises is its negative. Both deltas in coin, in the same convention.
/// Fault bad_input when a delta is not finite or the unit's delta is zero (or so small that the ratio overflows).
inline Result<double> ratio(Coin position_delta, Coin hedge_delta) {
  const double ratio = position_delta / hedge_delta;
  if (!(ratio - ratio == 0.0)) {  // NaN and infinity fail the same test
    return Error{Fault::bad_input, "no ratio of position delta " + std::to_string(position_delta.value) +
                                       " to hedge delta " + std::to_string(hedge_delta.value)};
  }
  return ratio;
}

}  // namespace ballast::hedge
