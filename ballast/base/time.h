#pragma once
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "ballast/base/result.h"
#include "ballast/base/units.h"

namespace ballast {

/// An instant: milliseconds since 1970-01-01 UTC. There is no local time anywhere in Ballast and no current time.
struct Time {
  std::int64_t ms = 0;
  friend constexpr auto operator<=>(Time, Time) = default;
};

/// A perpetual never expires. The value is Deribit's own sentinel, the year 3000.
inline constexpr Time never{32503708800000};

/// Seconds from a to b, negative when b is earlier.
constexpr double seconds_between(Time a, Time b) { return static_cast<double>(b.ms - a.ms) / 1000.0; }

/// Years from now to expiry, ACT/365F: seconds / 31 536 000. Negative after the expiry.
constexpr Years years_between(Time now, Time expiry) {
  return Years(static_cast<double>(expiry.ms - now.ms) / 31'536'000'000.0);
}

struct Date {
  int year = 1970;
  int month = 1;  ///< 1 .. 12
  int day = 1;    ///< 1 .. 31
};

/// The instant of a UTC civil date and time of day. Fault bad_input when the date does not exist.
Result<Time> instant(Date date, int hour, int minute = 0, int second = 0, int millisecond = 0);

Date date_of(Time t);

/// Reads `2026-02-05T21:29:37.885165+00:00`, `2026-02-05T21:29:37Z`, `2026-02-05 21:29`, `20260205T212937Z`,
/// `2026-02-05` or epoch milliseconds (12 or 13 digits). Without an offset it is UTC. Digits beyond the
/// millisecond are cut. Fault bad_input names the text.
Result<Time> parse_time(std::string_view text);

/// `2026-02-05T21:29:37.885Z`; without the fraction when it is zero.
std::string to_string(Time t);

}  // namespace ballast
