#pragma once
#include "ballast/base/time.h"
#include "ballast/base/units.h"

namespace ballast::pricing {

/// Deribit's delivery price is the time-weighted average of the index over this window before the expiry.
/// Source   Deribit, "Settlement": 07:30 to 08:00 UTC.
inline constexpr double settlement_window_s = 1800.0;

/// The part of the settlement window that has passed, [0, 1]: 0 up to 30 minutes before the expiry, 1 at and after it.
/// It is also the part of the delivery price that is already fixed. Options and dated futures have an expiry;
/// `never` has no window and gives 0.
double settlement_elapsed(Time as_of, Time expiry);

/// The delta that the rest of the average still exposes: delta (1 - elapsed), for an option's Black delta or a
/// future's size in coin.
/// Domain   elapsed in [0, 1], else NaN.
/// Source   Deribit, "Delta decay": linear in the last 30 minutes. Exact for a deep in-the-money option or a future;
///          at the money near the expiry it is the venue's convention.
double decayed_delta(double delta, double elapsed);

/// The venue's net transaction delta in the window, (delta - mark) (1 - elapsed), coin per coin.
/// Domain   elapsed in [0, 1], else NaN.
double decayed_net_delta(double black_delta, Coin mark, double elapsed);

}  // namespace ballast::pricing
