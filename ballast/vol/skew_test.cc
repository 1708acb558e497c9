#include "ballast/vol/skew.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <string>

#include <doctest/doctest.h>

#include "tests/support.h"

using namespace ballast;
using namespace ballast::vol;
using market::OptionType;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

struct Named {
  Svi svi;
  Years years;
};

std::map<std::string, Named> slices() {
  std::map<std::string, Named> out;
  for (const test::Row& row : test::read_csv("tests/data/svi_slices.csv")) {
    out[row.text("set")] = {{.a = row["a"], .b = row["b"], .rho = row["rho"], .m = row["m"], .sigma = row["sigma"]},
                            Years(row["t"])};
  }
  return out;
}

Smile smile_of_svi(const Svi& svi) {
  return [svi](double k) { return at(svi, k); };
}

Smile flat(double total_variance) {
  return [total_variance](double) { return SmilePoint{total_variance, 0.0, 0.0}; };
}

double textbook_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

/// |delta| of an option from the textbook, with the C library.
double textbook_delta(double k, double w, OptionType type, SmileDelta delta) {
  const double s = std::sqrt(w), sign = type == OptionType::call ? 1.0 : -1.0;
  const double d1 = -k / s + 0.5 * s;
  return delta == SmileDelta::forward ? textbook_cdf(sign * d1) : std::exp(k) * textbook_cdf(sign * (d1 - s));
}

/// Slices without butterfly arbitrage, from calm to wild; a wing near 2 needs strikes beyond |k| = 64.
Svi random_slice(std::mt19937_64& random) {
  const auto uniform = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  for (;;) {
    const double scale = uniform(0.003, 0.3);  // of w
    const Svi svi{.a = scale * uniform(0.1, 0.8),
                  .b = scale * uniform(0.5, 4.0),
                  .rho = uniform(-0.7, 0.7),
                  .m = uniform(-0.1, 0.1),
                  .sigma = uniform(0.05, 0.4)};
    double least = 1.0;
    for (double k = -2.0; k <= 2.0; k += 0.02) least = std::min(least, butterfly(k, at(svi, k)));
    if (least >= 0.0 && steepest_wing(svi) < 1.0) return svi;
  }
}

}  // namespace

TEST_CASE("the metrics of a smile agree with the reference table in both deltas") {
  const auto named = slices();
  // The table does not say the forward of a set: it follows from its straddle, K = F e^k with k = +-w/2.
  const std::map<std::string, double> forwards = {{"btc_30d", 65000.0}, {"btc_7d", 65000.0}, {"equity_1m", 4000.0}};
  double worst_vol = 0.0, worst_strike = 0.0, worst_shape = 0.0;
  std::string where;
  for (const test::Row& row : test::read_csv("tests/data/rr_bf.csv")) {
    const std::string& set = row.text("set");
    const SmileDelta delta =
        row.text("delta_type") == "unadjusted" ? SmileDelta::forward : SmileDelta::premium_adjusted;
    const Smile smile = smile_of_svi(named.at(set).svi);
    const SkewMetrics m = skew_metrics(smile, Price(forwards.at(set)), named.at(set).years, delta);
    CHECK(m.delta == delta);
    const auto vol = [&](double got, const char* column) {
      const double error = std::abs(got - row[column]);
      if (!(error <= worst_vol)) worst_vol = error, where = set + " " + column;
    };
    const auto strike = [&](const SmileStrike& got, const char* column) {
      CHECK(got.outcome == SmileOutcome::ok);
      worst_strike = std::fmax(worst_strike, std::abs(got.strike.value / row[column] - 1.0));
    };
    vol(m.atm_vol.value, "atmf_vol");
    vol(m.straddle.vol.value, "atm_dns_vol");
    vol(m.wings25.call.vol.value, "vol25c");
    vol(m.wings25.put.vol.value, "vol25p");
    vol(m.wings25.risk_reversal, "RR25");
    vol(m.wings25.butterfly, "BF25");
    vol(m.wings10.call.vol.value, "vol10c");
    vol(m.wings10.put.vol.value, "vol10p");
    vol(m.wings10.risk_reversal, "RR10");
    vol(m.wings10.butterfly, "BF10");
    strike(m.straddle, "K_dns");
    strike(m.wings25.call, "K25c");
    strike(m.wings25.put, "K25p");
    strike(m.wings10.call, "K10c");
    strike(m.wings10.put, "K10p");
  }
  for (const test::Row& row : test::read_csv("tests/data/svi_slices.csv")) {
    const Named& slice = named.at(row.text("set"));
    const SkewMetrics m = skew_metrics(smile_of_svi(slice.svi), Price(1.0), slice.years, SmileDelta::forward);
    for (const auto& [got, column] :
         {std::pair(m.atm_vol.value, "atm_vol"), std::pair(m.slope, "atm_skew"), std::pair(m.curvature, "atm_curv")})
      worst_shape = std::fmax(worst_shape, std::abs(got / row[column] - 1.0));
  }
  MESSAGE("worst vol ", worst_vol, " at ", where, ", strike ", worst_strike, " relative, slope and curvature ",
          worst_shape, " relative");
  CHECK(worst_vol <= 1e-13);
  CHECK(worst_strike <= 2e-13);  // the table prints 14 digits
  CHECK(worst_shape <= 1e-12);
}

TEST_CASE("a strike has the delta it was asked for, on random smiles without arbitrage") {
  std::mt19937_64 random(20260701);
  double worst = 0.0;
  int none = 0, most = 0;
  for (int i = 0; i < 3000; ++i) {
    const Svi svi = random_slice(random);
    const Smile smile = smile_of_svi(svi);
    const double target = std::uniform_real_distribution<double>(0.01, 0.7)(random);
    for (const SmileDelta delta : {SmileDelta::forward, SmileDelta::premium_adjusted}) {
      for (const OptionType type : {OptionType::call, OptionType::put}) {
        const SmileStrike got = strike_at_delta(smile, Price(100.0), Years(0.1), type, target, delta);
        most = std::max(most, got.iterations);
        const auto delta_at = [&](double k) { return textbook_delta(k, at(svi, k).total_variance, type, delta); };
        if (got.outcome != SmileOutcome::ok) {
          // Only the premium-adjusted call may have none, and then no strike of a fine grid has it either.
          ++none;
          REQUIRE(got.outcome == SmileOutcome::no_solution);
          REQUIRE(delta == SmileDelta::premium_adjusted);
          REQUIRE(type == OptionType::call);
          CHECK(std::isnan(got.strike.value));
          double largest = 0.0;
          for (double k = -3.0; k <= 3.0; k += 0.001) largest = std::max(largest, delta_at(k));
          CHECK(largest <= target + 1e-12);
          continue;
        }
        CHECK(got.strike.value == doctest::Approx(100.0 * std::exp(got.log_moneyness)).epsilon(1e-14));
        worst = std::max(worst, std::abs(delta_at(got.log_moneyness) / target - 1.0));
        // Out of the money the delta falls: the other root of a premium-adjusted call would show it rising.
        const double step = type == OptionType::call ? 1e-4 : -1e-4;
        CHECK(delta_at(got.log_moneyness + step) < target);
      }
    }
  }
  MESSAGE("worst ", worst, " relative of the delta, ", none, " without a strike, at most ", most, " smile points");
  CHECK(worst <= 1e-13);
  CHECK(none > 10);
  CHECK(most <= 250);  // walks, Newton and, for the top of an adjusted call, halvings
}

TEST_CASE("the straddle's call and put deltas cancel") {
  std::mt19937_64 random(20260702);
  for (int i = 0; i < 1000; ++i) {
    const Svi svi = random_slice(random);
    for (const SmileDelta delta : {SmileDelta::forward, SmileDelta::premium_adjusted}) {
      const SmileStrike got = straddle_strike(smile_of_svi(svi), Price(1.0), Years(0.1), delta);
      REQUIRE(got.outcome == SmileOutcome::ok);
      const double k = got.log_moneyness, w = at(svi, k).total_variance;
      CHECK(std::abs(textbook_delta(k, w, OptionType::call, delta) - textbook_delta(k, w, OptionType::put, delta)) <=
            1e-14);
    }
  }
}

TEST_CASE("a smile or a delta without an answer has a named outcome") {
  const auto call = [](const Smile& smile, double delta, SmileDelta convention) {
    return strike_at_delta(smile, Price(100.0), Years(1.0), OptionType::call, delta, convention);
  };
  const Smile ten_percent = flat(0.01), wild = flat(4.0);
  CHECK(call(ten_percent, 1.0, SmileDelta::forward).outcome == SmileOutcome::no_solution);
  CHECK(call(wild, 0.25, SmileDelta::premium_adjusted).outcome == SmileOutcome::no_solution);
  CHECK(call(wild, 0.05, SmileDelta::premium_adjusted).outcome == SmileOutcome::ok);
  for (const double bad : {0.0, -0.25, not_a_number, std::numeric_limits<double>::infinity()}) {
    const SmileStrike got = call(ten_percent, bad, SmileDelta::forward);
    CHECK(got.outcome == SmileOutcome::bad_input);
    CHECK(std::isnan(got.strike.value));
    CHECK(std::isnan(got.vol.value));
  }
  const Smile hole = [](double k) { return SmilePoint{0.01 - k, -1.0, 0.0}; };  // no variance above k = 0.01
  CHECK(call(hole, 0.10, SmileDelta::forward).outcome == SmileOutcome::bad_input);
  CHECK(call(flat(not_a_number), 0.25, SmileDelta::premium_adjusted).outcome == SmileOutcome::bad_input);
  CHECK(call(flat(0.0), 0.25, SmileDelta::premium_adjusted).outcome == SmileOutcome::bad_input);
  CHECK(straddle_strike(flat(0.01), Price(-1.0), Years(1.0), SmileDelta::forward).outcome == SmileOutcome::bad_input);
  // A wing so steep that d1 never falls to the target.
  const Smile steep = [](double k) { return SmilePoint{0.04 + 3.0 * std::abs(k), k < 0.0 ? -3.0 : 3.0, 0.0}; };
  CHECK(call(steep, 0.10, SmileDelta::forward).outcome == SmileOutcome::no_solution);
  const SkewMetrics none = skew_metrics(flat(not_a_number), Price(1.0), Years(1.0), SmileDelta::forward);
  for (const double field : {none.atm_vol.value, none.slope, none.wings25.risk_reversal, none.wings10.butterfly})
    CHECK(std::isnan(field));
}

TEST_CASE("a tenor's forward lies between those of its expiries") {
  Surface surface;
  surface.slices = {{.years = Years(0.1), .forward = Price(100.0), .shape = Svi{.a = 0.01}},
                    {.years = Years(0.3), .forward = Price(121.0), .shape = Svi{.a = 0.05}}};
  CHECK(forward_at(surface, Years(0.2)).value == doctest::Approx(110.0).epsilon(1e-14));
  CHECK(forward_at(surface, Years(0.1)).value == 100.0);
  CHECK(forward_at(surface, Years(0.05)).value == 100.0);
  CHECK(forward_at(surface, Years(2.0)).value == 121.0);
  CHECK(std::isnan(forward_at(surface, Years(0.0)).value));
  CHECK(std::isnan(forward_at({}, Years(0.1)).value));
  CHECK(smile_of(surface, Years(0.2))(0.0).total_variance == doctest::Approx(0.03));
}
