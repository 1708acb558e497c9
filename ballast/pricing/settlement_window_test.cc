#include "ballast/pricing/settlement_window.h"

#include <cmath>
#include <limits>

#include <doctest/doctest.h>

using namespace ballast;
using namespace ballast::pricing;

TEST_CASE("Deribit's example of the delta decay: halfway, delta 1, mark 0.3 gives 0.35") {
  const Time expiry = parse_time("2026-06-26T08:00:00Z").value(), as_of = parse_time("2026-06-26T07:45:00Z").value();
  const double elapsed = settlement_elapsed(as_of, expiry);
  CHECK(elapsed == 0.5);
  CHECK(decayed_delta(1.0, elapsed) == 0.5);
  CHECK(decayed_net_delta(1.0, Coin(0.3), elapsed) == doctest::Approx(0.35).epsilon(1e-15));
}

TEST_CASE("the settlement window opens 30 minutes before the expiry and closes at it") {
  const Time expiry = parse_time("2026-06-26T08:00:00Z").value();
  const auto elapsed = [&](const char* at) { return settlement_elapsed(parse_time(at).value(), expiry); };
  CHECK(elapsed("2026-03-01T00:00:00Z") == 0.0);
  CHECK(elapsed("2026-06-26T07:29:59.999Z") == 0.0);
  CHECK(elapsed("2026-06-26T07:30:00Z") == 0.0);
  CHECK(elapsed("2026-06-26T07:33:00Z") == doctest::Approx(0.1).epsilon(1e-14));
  CHECK(elapsed("2026-06-26T07:57:00Z") == doctest::Approx(0.9).epsilon(1e-14));
  CHECK(elapsed("2026-06-26T08:00:00Z") == 1.0);
  CHECK(elapsed("2026-06-26T09:00:00Z") == 1.0);
  double last = 0.0;
  for (std::int64_t ms = expiry.ms - 1'900'000; ms <= expiry.ms + 1000; ms += 250) {
    const double now = settlement_elapsed(Time{ms}, expiry);
    CHECK(now >= last);
    last = now;
  }
}

TEST_CASE("a future decays with its expiry and a perpetual never does") {
  const Time expiry = parse_time("2026-06-26T08:00:00Z").value();
  // A dated future of 0.75 coin, 7.5 minutes before the end
  CHECK(decayed_delta(0.75, settlement_elapsed(Time{expiry.ms - 450'000}, expiry)) == 0.1875);
  CHECK(decayed_delta(0.75, settlement_elapsed(expiry, expiry)) == 0.0);
  CHECK(settlement_elapsed(expiry, never) == 0.0);
  CHECK(settlement_elapsed(never, never) == 0.0);
  CHECK(decayed_delta(-3.0, settlement_elapsed(expiry, never)) == -3.0);
}

TEST_CASE("decay outside its domain is NaN") {
  for (const double bad : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    CHECK(std::isnan(decayed_delta(1.0, bad)));
    CHECK(std::isnan(decayed_net_delta(1.0, Coin(0.1), bad)));
  }
}
