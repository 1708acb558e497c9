#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/base/time.h"

namespace ballast::risk {

/// What the market did over a step, against what it had been doing.
enum class Regime {
  unknown,  ///< not enough past to say what is usual, or the move's end lies beyond the series
  crash,    ///< fell by `threshold` usual moves or more
  calm,
  rally  ///< rose by as much
};
std::string_view name(Regime regime);  ///< "unknown", "crash", "calm", "rally"

struct RegimeRules {
  /// The move goes from an instant to the first one at least so far behind it: 0 the next step, 86'400'000 a day.
  std::int64_t horizon_ms = 0;
  /// Steps of the trailing vol, >= 2. 30: a month of days.
  std::size_t trailing = 30;
  /// Of the move over its usual size, > 0. At 2 a normal market has 2.3 % crashes and as many rallies; Bitcoin's days
  /// of 2017 to 2023 had 2.9 % and 3.3 % with a past of 30 days (regimes_test.cc).
  double threshold = 2.0;
};

/// The regime of each instant: the index's logarithmic move over the step or horizon that begins there, over its
/// trailing vol times the root of the time it took. The vol knows nothing of the move: it is the root of the sum of
/// squared moves over the sum of the times of the `trailing` steps that end at the instant, no mean taken off; a gap
/// in the series counts with its length.
/// The labels are for judging a record afterwards: a label uses the move itself, so no hedge may look at it.
/// Shapes   a regime an instant; the first `trailing` and the ones without an end are unknown.
/// Faults   bad_input: lengths that differ, times that do not rise, a price that is not > 0 and finite, a horizon < 0,
///          trailing < 2, threshold not > 0. A past without any move is calm where nothing moves on, else the move's
///          side.
/// Cost     O(n trailing).
Result<std::vector<Regime>> regimes(std::span<const Time> times, std::span<const double> prices,
                                    const RegimeRules& rules = {});

}  // namespace ballast::risk
