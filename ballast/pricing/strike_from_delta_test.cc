#include "ballast/pricing/strike_from_delta.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <utility>

#include <doctest/doctest.h>

#include "ballast/pricing/inverse.h"
#include "tests/support.h"
#include "tests/table_error.h"

using namespace ballast;
using namespace ballast::pricing;
using market::OptionType;

TEST_CASE("strike_from_delta agrees with the reference table in four conventions") {
  test::TableError error;
  const std::pair<const char*, DeltaConvention> conventions[] = {
      {"K_fwd", DeltaConvention::forward},
      {"K_spot", DeltaConvention::spot},
      {"K_fwd_pa", DeltaConvention::forward_premium_adjusted},
      {"K_spot_pa", DeltaConvention::spot_premium_adjusted}};
  int without = 0, most = 0;
  for (const auto& row : test::read_csv("tests/data/strike_from_delta.csv")) {
    const std::string at = row.text("case") + row.text("type") + " " + row.text("abs_delta");
    CAPTURE(at);
    const Price forward(row["S"] * std::exp((row["r"] - row["q"]) * row["T"]));
    error.add("F", forward.value, row["F"], row["F"], at);
    for (const auto& [column, convention] : conventions) {
      CAPTURE(std::string(column));
      const StrikeAnswer got = strike_from_delta({.forward = forward,
                                                  .vol = Vol(row["sigma"]),
                                                  .years = Years(row["T"]),
                                                  .yield = row["q"],
                                                  .abs_delta = row["abs_delta"],
                                                  .type = row.text("type") == "C" ? OptionType::call : OptionType::put,
                                                  .convention = convention});
      most = std::max(most, got.iterations);
      if (!row.has(column)) {
        CHECK(got.outcome == StrikeOutcome::no_solution);
        CHECK(std::isnan(got.strike.value));
        ++without;
        continue;
      }
      CHECK(got.outcome == StrikeOutcome::ok);
      error.add(column, got.strike.value, row[column], row[column], at);
    }
    error.add("K_dns", delta_neutral_strike(forward, Vol(row["sigma"]), Years(row["T"]), false).value, row["K_dns"],
              row["K_dns"], at);
    error.add("K_dns_pa", delta_neutral_strike(forward, Vol(row["sigma"]), Years(row["T"]), true).value,
              row["K_dns_pa"], row["K_dns_pa"], at);
  }
  CHECK(without == 4);
  MESSAGE("strike_from_delta.csv, at most ", most, " iterations", error.text());
  CHECK(error.worst("K_dns") <= 2.0);
  CHECK(error.worst("K_dns_pa") <= 2.0);
  CHECK(error.worst() <= 3.0);
}

TEST_CASE("the strike has the delta that was asked for, out of the money") {
  std::mt19937_64 rng(20260407);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  int solved = 0, most = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Vol vol(0.05 + 2.0 * unit(rng));
    const Years years(std::exp(-8.0 + 9.0 * unit(rng)));
    const double yield = 0.2 * unit(rng) - 0.1, delta = std::pow(10.0, -4.0 * unit(rng));
    const auto type = i % 2 == 0 ? OptionType::call : OptionType::put;
    const auto convention = static_cast<DeltaConvention>((i / 2) % 4);
    const StrikeAnswer got = strike_from_delta({Price(65000), vol, years, yield, delta, type, convention});
    CAPTURE(i);
    REQUIRE(got.outcome != StrikeOutcome::bad_input);
    most = std::max(most, got.iterations);
    if (got.outcome == StrikeOutcome::no_solution) {
      CHECK(
          (type == OptionType::call || convention == DeltaConvention::forward || convention == DeltaConvention::spot));
      continue;
    }
    ++solved;
    const bool spot = convention == DeltaConvention::spot || convention == DeltaConvention::spot_premium_adjusted;
    const Vanilla o{.forward = Price(65000), .strike = got.strike, .vol = vol, .years = years, .type = type};
    const auto g = inverse_greeks(o, spot ? yield : 0.0);
    const bool adjusted =
        convention == DeltaConvention::forward_premium_adjusted || convention == DeltaConvention::spot_premium_adjusted;
    CHECK(std::abs(adjusted ? g.net_delta : g.black_delta) == doctest::Approx(delta).epsilon(1e-12));
    // On the falling branch: a higher strike has a smaller adjusted call delta.
    if (adjusted && type == OptionType::call) {
      Vanilla higher = o;
      higher.strike = Price(o.strike.value * 1.001);
      CHECK(inverse_greeks(higher, spot ? yield : 0.0).net_delta <= g.net_delta * (1.0 + 1e-12));
    }
  }
  CHECK(solved > 15'000);
  MESSAGE("strike from delta: ", solved, " solved, at most ", most, " iterations");
  CHECK(most <= 100);
}

TEST_CASE("a straddle at the neutral strike has no delta") {
  Vanilla o{.forward = Price(65000), .strike = {}, .vol = Vol(0.8), .years = Years(0.7), .type = OptionType::call};
  for (const bool adjusted : {false, true}) {
    o.strike = delta_neutral_strike(o.forward, o.vol, o.years, adjusted);
    Vanilla put = o;
    put.type = OptionType::put;
    const auto c = inverse_greeks(o), p = inverse_greeks(put);
    CHECK(std::abs(adjusted ? c.net_delta + p.net_delta : c.black_delta + p.black_delta) <= 1e-15);
  }
}

TEST_CASE("no strike, and no question") {
  DeltaTarget t{.forward = Price(65000), .vol = Vol(0.6), .years = Years(0.25), .yield = 0.0, .abs_delta = 0.25};
  for (const double none : {1.0, 1.5}) {
    t.abs_delta = none;
    t.convention = DeltaConvention::forward;
    CHECK(strike_from_delta(t).outcome == StrikeOutcome::no_solution);
    t.convention = DeltaConvention::forward_premium_adjusted;
    CHECK(strike_from_delta(t).outcome == StrikeOutcome::no_solution);
  }
  t.type = OptionType::put;  // an adjusted put delta may exceed 1
  CHECK(strike_from_delta(t).outcome == StrikeOutcome::ok);
  for (const double bad :
       {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    for (int which = 0; which < 4; ++which) {
      DeltaTarget b = t;
      if (which == 0) b.forward = Price(bad);
      if (which == 1) b.vol = Vol(bad);
      if (which == 2) b.years = Years(bad);
      if (which == 3) b.abs_delta = bad;
      CHECK(strike_from_delta(b).outcome == StrikeOutcome::bad_input);
      CHECK(std::isnan(strike_from_delta(b).strike.value));
    }
  }
  CHECK(std::isnan(delta_neutral_strike(Price(-1), Vol(1), Years(1), false).value));
}
