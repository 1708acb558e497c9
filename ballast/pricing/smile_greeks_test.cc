#include "ballast/pricing/smile_greeks.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <doctest/doctest.h>

#include "ballast/vol/svi.h"
#include "tests/support.h"
#include "tests/table_error.h"
#include "tests/worked_example.h"

using namespace ballast;
using market::OptionType;
using pricing::SmileGreeks;
using pricing::Vanilla;
using vol::SmileDynamics;
using vol::SmileRule;

namespace {

SmileDynamics ssr(double stickiness) { return {.rule = SmileRule::skew_stickiness, .stickiness = stickiness}; }

vol::Svi svi(const test::Row& row) {
  return {.a = row["a"], .b = row["b"], .rho = row["rho"], .m = row["m"], .sigma = row["sigma"]};
}

OptionType type_of(const test::Row& row) { return row.text("type") == "C" ? OptionType::call : OptionType::put; }

}  // namespace

TEST_CASE("smile deltas: the reference table, on the SVI slices it was made with") {
  std::map<std::string, vol::Svi> slices;
  for (const test::Row& row : test::read_csv("tests/data/svi_slices.csv")) slices[row.text("set")] = svi(row);
  double worst = 0.0;
  for (const test::Row& row : test::read_csv("tests/data/smile_deltas.csv")) {
    CAPTURE(row.line);
    const Price f(row["F"]), k(row["K"]);
    const Years t(row["T"]);
    const vol::SmilePoint p = vol::at(slices.at(row.text("set")), std::log(k / f));
    CHECK(std::abs(vol::vol_of(p, t).value - row["vol"]) <= 1e-13);
    CHECK(std::abs(vol::vol_slope(p, t) - row["dvol_dk"]) <= 1e-12);
    const Vanilla option{f, k, vol::vol_of(p, t), t, type_of(row)};
    const auto agrees = [&](const SmileDynamics& dynamics, const char* delta, const char* net) {
      const SmileGreeks g = pricing::smile_greeks(option, vol::vol_move(dynamics, p, f, t, 0.0));
      for (const double off : {std::abs(g.delta - row[delta]), std::abs(g.net_delta - row[net])}) {
        CHECK(off <= 1e-12);
        worst = std::max(worst, off);
      }
    };
    agrees({.rule = SmileRule::sticky_moneyness}, "delta_R0", "net_R0");
    agrees({.rule = SmileRule::sticky_strike}, "delta_R1", "net_R1");
    agrees(ssr(1.5), "delta_R1p5", "net_R1p5");
    agrees({.rule = SmileRule::sticky_local_vol}, "delta_R2", "net_R2");
  }
  MESSAGE("worst " << worst);
}

TEST_CASE("smile deltas: CEV, where the exact local-vol delta is known") {
  double worst = 0.0, tree = 0.0;
  for (const test::Row& row : test::read_csv("tests/data/cev_local_vol_delta.csv")) {
    CAPTURE(row.line);
    const Vanilla option{Price(row["F"]), Price(row["K"]), Vol(row["implied_vol"]), Years(row["T"]), OptionType::call};
    CHECK(std::abs(pricing::black_price(option).value - row["call"]) <= 1e-9);
    const double variance = row["implied_vol"] * row["implied_vol"] * row["T"];
    const vol::SmilePoint p{variance, 2.0 * row["implied_vol"] * row["T"] * row["dvol_dlnK"], 0.0};
    const auto delta = [&](SmileRule rule) {
      return pricing::smile_greeks(option, vol::vol_move({.rule = rule}, p, option.forward, option.years, 0.0)).delta;
    };
    const double off = std::max({std::abs(delta(SmileRule::sticky_strike) - row["delta_black"]),
                                 std::abs(delta(SmileRule::sticky_moneyness) - row["delta_sticky_moneyness"]),
                                 std::abs(delta(SmileRule::sticky_local_vol) - row["delta_tree"])});
    CHECK(off <= 1e-10);
    worst = std::max(worst, off);
    tree = std::max(tree, std::abs(delta(SmileRule::sticky_local_vol) - row["exact_delta"]));
  }
  CHECK(tree <= 2e-3);  // what dynamics.h says of the first order
  MESSAGE("worst " << worst << ", R = 2 against the exact delta " << tree);
}

TEST_CASE("smile Greeks: every one is what pricing again on the moved smile gives") {
  // The smile is moved as the header says, s(k + (R - 1) x) + b x, and the option priced on it: no Greek enters.
  const vol::Svi smile = {.a = 0.0085, .b = 0.085, .rho = -0.12, .m = 0.015, .sigma = 0.16};
  const double f0 = 65000.0, t0 = 0.0821917808219178;
  double worst_delta = 0.0, worst_gamma = 0.0, worst_vanna = 0.0;
  for (const double stickiness : {-0.5, 0.0, 1.0, 1.4, 2.0}) {
    for (const double slope : {0.0, -0.4}) {
      const SmileDynamics dynamics{
          .rule = SmileRule::by_tenor, .stickiness = 1.0, .tenors = {{Years(t0), stickiness, slope}}};
      for (const double strike : {45500.0, 58000.0, 65000.0, 71000.0, 91000.0}) {
        for (const OptionType type : {OptionType::call, OptionType::put}) {
          CAPTURE(stickiness);
          CAPTURE(slope);
          CAPTURE(strike);
          const double k = std::log(strike / f0);
          const auto price = [&](double f, double lift) {
            const double x = std::log(f / f0);
            const Vol vol(vol::vol_of(vol::at(smile, k + (stickiness - 1.0) * x), Years(t0)).value + slope * x + lift);
            return pricing::black_price({Price(f), Price(strike), vol, Years(t0), type}).value;
          };
          const vol::SmilePoint p = vol::at(smile, k);
          const Vanilla option{Price(f0), Price(strike), vol::vol_of(p, Years(t0)), Years(t0), type};
          const SmileGreeks g = pricing::smile_greeks(option, vol::vol_move(dynamics, p, Price(f0), Years(t0), 0.0));
          const double h = 40.0;  // Richardson: differences of h and 2h leave h⁴
          const auto first = [&](auto of, double step) { return (of(step) - of(-step)) / (2.0 * step); };
          const auto second = [&](auto of, double step) {
            return (of(step) - 2.0 * of(0.0) + of(-step)) / (step * step);
          };
          const auto richardson = [&](auto difference, auto of, double step) {
            return (4.0 * difference(of, step) - difference(of, 2.0 * step)) / 3.0;
          };
          const auto usd = [&](double df) { return price(f0 + df, 0.0); };
          const auto coin = [&](double df) { return price(f0 + df, 0.0) / (f0 + df); };
          const double delta = richardson(first, usd, h), net = f0 * richardson(first, coin, h);
          const double gamma = richardson(second, usd, 4.0 * h),
                       net_gamma = f0 * f0 * richardson(second, coin, 4.0 * h);
          const auto vega = [&](double df) { return (price(f0 + df, 1e-4) - price(f0 + df, -1e-4)) / 2e-4; };
          const double vanna = richardson(first, vega, 2.0 * h);
          CHECK(std::abs(g.delta - delta) <= 3e-10);
          CHECK(std::abs(g.net_delta - net) <= 3e-10);
          CHECK(std::abs(g.gamma - gamma) * f0 <= 1e-6);
          CHECK(std::abs(g.net_gamma - net_gamma) <= 1e-6);
          CHECK(std::abs(g.vega - vega(0.0)) <= 1e-6 * f0);
          CHECK(std::abs(g.vanna - vanna) <= 3e-8);
          worst_delta = std::max(worst_delta, std::abs(g.delta - delta));
          worst_gamma = std::max(worst_gamma, std::abs(g.gamma - gamma) * f0);
          worst_vanna = std::max(worst_vanna, std::abs(g.vanna - vanna));
        }
      }
    }
  }
  MESSAGE("worst delta " << worst_delta << ", F gamma " << worst_gamma << ", vanna " << worst_vanna);
}

TEST_CASE("smile theta: a strike keeps its vol, or the surface stays where it is in moneyness and time to expiry") {
  vol::Surface surface;
  const Price f(65000.0);
  surface.slices.push_back({.years = Years(0.05), .forward = f, .shape = vol::Essvi{0.012, -0.1, 0.10}, .health = {}});
  surface.slices.push_back({.years = Years(0.25), .forward = f, .shape = vol::Essvi{0.09, -0.05, 0.25}, .health = {}});
  for (const double t : {0.04, 0.12, 0.25}) {
    for (const double strike : {50000.0, 65000.0, 80000.0}) {
      CAPTURE(t);
      CAPTURE(strike);
      const double k = std::log(strike / f.value), h = 1e-5;
      const vol::SmilePoint p = vol::at(surface, k, Years(t));
      const double slope = vol::variance_slope(surface, k, Years(t));
      const auto price = [&](Vol vol, double years) {
        return pricing::black_price({f, Price(strike), vol, Years(years), OptionType::put}).value;
      };
      const auto theta = [&](SmileRule rule) {
        return pricing::smile_greeks({f, Price(strike), vol::vol_of(p, Years(t)), Years(t), OptionType::put},
                                     vol::vol_move({.rule = rule}, p, f, Years(t), slope))
            .theta;
      };
      const auto rolled = [&](double years) {
        return price(vol::vol_of(vol::at(surface, k, Years(years)), Years(years)), years);
      };
      const auto kept = [&](double years) { return price(vol::vol_of(p, Years(t)), years); };
      // One-sided, because time only passes: (-3 V(0) + 4 V(h) - V(2h)) / 2h.
      const auto passing = [&](auto value) {
        return (-3.0 * value(t) + 4.0 * value(t - h) - value(t - 2.0 * h)) / (2.0 * h);
      };
      CHECK(theta(SmileRule::sticky_moneyness) == doctest::Approx(passing(rolled)).epsilon(1e-6));
      CHECK(theta(SmileRule::sticky_strike) == doctest::Approx(passing(kept)).epsilon(1e-6));
      CHECK(theta(SmileRule::sticky_local_vol) == theta(SmileRule::sticky_strike));
    }
  }
}

TEST_CASE("SABR: Hagan's and Bartlett's hedges, the reference table") {
  double worst_delta = 0.0;
  for (const test::Row& row : test::read_csv("tests/data/sabr_vols_deltas.csv")) {
    CAPTURE(row.line);
    const vol::Sabr s{.alpha = row["alpha"],
                      .beta = row["beta"],
                      .rho = row["rho"],
                      .nu = row["nu"],
                      .forward = Price(row["F"]),
                      .years = Years(row["T"])};
    const pricing::SabrGreeks g = pricing::sabr_greeks(s, Price(row["K"]), OptionType::call);
    CHECK(g.price.value == doctest::Approx(row["call_hagan"]).epsilon(1e-11));
    for (const double off :
         {std::abs(g.hagan_delta - row["delta_hagan"]), std::abs(g.bartlett_delta - row["delta_bartlett"])}) {
      CHECK(off <= 1e-11);
      worst_delta = std::max(worst_delta, off);
    }
    const double scale = row["vega_black"] * row["dvol_dalpha"];
    CHECK(std::abs(g.hagan_vega - row["vega_hagan"]) <= 1e-11 * scale);
    CHECK(std::abs(g.bartlett_vega - row["vega_bartlett"]) <= 1e-11 * scale);
  }
  MESSAGE("worst delta " << worst_delta);
}

TEST_CASE("SABR: Bartlett's delta hardly knows beta, Hagan's does") {
  // The same smile at two betas: rho takes up the backbone's part of the skew.
  const vol::Sabr one{
      .alpha = 0.58, .beta = 1.0, .rho = -0.3, .nu = 1.5, .forward = Price(65000.0), .years = Years(0.08)};
  vol::Sabr half = one;
  half.beta = 0.5;
  const double rho_nu = one.rho * one.nu + 0.5 * 0.58;  // (rho nu - (1 - beta) a)/2 is the skew
  const double nu2 =
      one.nu * one.nu + 1.5 * (rho_nu * rho_nu - one.rho * one.rho * one.nu * one.nu) - 0.75 * 0.25 * 0.58 * 0.58;
  half.nu = std::sqrt(nu2);
  half.rho = rho_nu / half.nu;
  half.alpha = vol::alpha_at_the_money(half, vol::hagan_vol(one, one.forward));
  const Price strike(65000.0);
  const auto a = pricing::sabr_greeks(one, strike, OptionType::call),
             b = pricing::sabr_greeks(half, strike, OptionType::call);
  CHECK(std::abs(a.hagan_delta - b.hagan_delta) >= 0.02);
  CHECK(std::abs(a.bartlett_delta - b.bartlett_delta) <= 0.05 * std::abs(a.hagan_delta - b.hagan_delta));
}

TEST_CASE("adaptive Greeks: what pricing again gives when every vol answers to the forward as the rule says") {
  // dln sigma / dx = response at the moneyness of the moved forward, integrated by Simpson's rule, which is exact for
  // it; no Greek and no closed form enters.
  const vol::Svi smile = {.a = 0.0085, .b = 0.085, .rho = -0.12, .m = 0.015, .sigma = 0.16};
  const double f0 = 65000.0, stdev = std::sqrt(vol::at(smile, 0.0).total_variance);
  const Years t(0.0821917808219178);
  const vol::Learned learned = test::learned_example(-1.2, -0.4, 0.1, 40, Time{1'767'225'600'000});
  const auto answer = [&](double z) { return vol::response(learned.state, t, z, learned.rules).value; };
  REQUIRE(answer(0.0) < -0.5);
  REQUIRE(answer(1.0) < answer(0.0) - 0.1);
  for (const double strike : {45500.0, 58000.0, 65000.0, 71000.0, 91000.0}) {
    CAPTURE(strike);
    const double k = std::log(strike / f0), now = vol::vol_of(vol::at(smile, k), t).value;
    const auto price = [&](double f, double lift) {
      const double x = std::log(f / f0);
      const double moved =
          x / 6.0 * (answer(k / stdev) + 4.0 * answer((k - 0.5 * x) / stdev) + answer((k - x) / stdev));
      return pricing::black_price({Price(f), Price(strike), Vol(now * std::exp(moved) + lift), t, OptionType::put})
          .value;
    };
    const vol::VolMove move = vol::adaptive_move(learned, Vol(now), k, stdev * stdev, Price(f0), t);
    const SmileGreeks g = pricing::smile_greeks({Price(f0), Price(strike), Vol(now), t, OptionType::put}, move);
    const auto first = [&](auto of, double h) {
      return (4.0 * (of(h) - of(-h)) / (2.0 * h) - (of(2.0 * h) - of(-2.0 * h)) / (4.0 * h)) / 3.0;
    };
    const auto usd = [&](double df) { return price(f0 + df, 0.0); };
    const auto coin = [&](double df) { return price(f0 + df, 0.0) / (f0 + df); };
    const auto delta = [&](double df) { return first([&](double by) { return price(f0 + df + by, 0.0); }, 40.0); };
    const auto vega = [&](double df) { return (price(f0 + df, 1e-4) - price(f0 + df, -1e-4)) / 2e-4; };
    CHECK(std::abs(g.delta - first(usd, 40.0)) <= 3e-10);
    CHECK(std::abs(g.net_delta - f0 * first(coin, 40.0)) <= 3e-10);
    CHECK(std::abs(g.gamma - first(delta, 80.0)) * f0 <= 1e-6);
    CHECK(std::abs(g.vanna - first(vega, 80.0)) <= 3e-8);
  }
  // Where moneyness is held the tilt no longer bends the smile; outside the domain there is no number.
  const double far = 3.5 * stdev, held = answer(3.0);
  const vol::VolMove move = vol::adaptive_move(learned, Vol(0.6), far, stdev * stdev, Price(f0), t);
  CHECK(move.to_forward * f0 == doctest::Approx(0.6 * held).epsilon(1e-14));
  CHECK(move.to_forward_twice * f0 * f0 == doctest::Approx(0.6 * held * (held - 1.0)).epsilon(1e-13));
  CHECK(std::isnan(vol::adaptive_move(learned, Vol(0.0), 0.0, 0.03, Price(f0), t).to_forward));
  CHECK(std::isnan(vol::adaptive_move(learned, Vol(0.6), 0.0, 0.03, Price(f0), Years(0.0)).to_forward));
  const vol::SmileDynamics adaptive{.rule = SmileRule::adaptive, .learned = {{"BTC", learned}}};
  CHECK(std::isnan(vol::vol_move(adaptive, vol::at(smile, 0.0), Price(f0), t, 0.0).to_forward));
}
