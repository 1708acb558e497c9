#include "ballast/base/time.h"

#include <doctest/doctest.h>

using namespace ballast;

TEST_CASE("parse_time reads every form of the same instant") {
  // 1770326977885 ms: `date -u -d 2026-02-05T21:29:37.885Z +%s%3N`
  for (const char* text : {"2026-02-05T21:29:37.885165+00:00", "2026-02-05T21:29:37.885Z", "2026-02-05 21:29:37.885",
                           "2026-02-05T22:29:37.885+01:00", "1770326977885"}) {
    CAPTURE(text);
    REQUIRE(parse_time(text));
    CHECK(parse_time(text).value().ms == 1770326977885);
  }
  CHECK(parse_time("20260205T212937Z").value().ms == 1770326977000);
  CHECK(parse_time("2026-02-05").value().ms == 1770249600000);
  CHECK(parse_time("20260205").value().ms == 1770249600000);
  CHECK(parse_time("2024-02-29T00:00Z").value().ms == 1709164800000);
}

TEST_CASE("parse_time refuses what is not a time and names it") {
  for (const char* text : {"", "now", "2026-13-01", "2026-02-29", "2026-02-05T25:00", "2026-02-05T21:29:37x",
                           "1770326977", "2026-2-5", "2026-02-05T21", "2026-02-05T21:29:37.", "-770326977885"}) {
    CAPTURE(text);
    const auto t = parse_time(text);
    REQUIRE_FALSE(t);
    CHECK(t.error().what.find(text) != std::string::npos);
  }
}

TEST_CASE("to_string and parse_time are inverse") {
  for (const std::int64_t ms : {0LL, 1770326977885LL, 32503708800000LL, 1709164800001LL}) {
    CHECK(parse_time(to_string(Time{ms})).value().ms == ms);
  }
}

TEST_CASE("a year has 365 days of 86,400 seconds") {
  CHECK(years_between(parse_time("2027-01-01").value(), parse_time("2028-01-01").value()).value == 1.0);
  CHECK(years_between(parse_time("2024-01-01").value(), parse_time("2025-01-01").value()).value == 366.0 / 365.0);
}
