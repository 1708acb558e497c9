#include "ballast/model/monte_carlo_greeks.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "ballast/model/transform.h"
#include "tests/path_sets.h"
#include "tests/support.h"

namespace ballast::model {
namespace {

const Heston btc{.v0 = 0.36, .kappa = 3.0, .theta = 0.42, .xi = 1.0, .rho = -0.3};
const NormalJumps jumps{.rate = 4.0, .mean = -0.05, .deviation = 0.1};

void check_within(const Estimate& e, double wanted) {
  CAPTURE(e.mean);
  CAPTURE(e.error);
  CHECK(e.error > 0.0);
  CHECK(std::abs(e.mean - wanted) <= 3.0 * e.error);
}

// What the transform says of one option, undiscounted.
struct Exact {
  double price, delta, gamma, v0_slope;
};
Exact exact(const TransformModel& model, double years, const SimulatedOption& option) {
  const std::vector<double> strike = {option.strike.value}, sign = {option.sign};
  std::vector<double> price(1), delta(1), gamma(1), gradient(values(model).size());
  REQUIRE(transform(model, {option.forward, Years(years), strike, sign},
                    {.price = price, .delta = delta, .gamma = gamma, .gradient = gradient}));
  return {price[0], delta[0], gamma[0], gradient[0]};  // v0 is the first parameter of all three
}

void check_against_transform(const PathModel& paths, const TransformModel& model, bool with_gamma) {
  const double years = 0.25;
  std::vector<SimulatedOption> options;
  for (const double strike : {85.0, 100.0, 120.0})
    options.push_back({.forward = Price(100.0), .strike = Price(strike), .sign = strike < 100.0 ? -1.0 : 1.0});
  const auto plan =
      GreekPlan::prepare(paths, test::equal_steps(years, 24), options, {.seed = 11, .antithetic = true}).value();
  const GreekMoments all = plan.run(40'000);
  for (std::size_t i = 0; i < options.size(); ++i) {
    CAPTURE(options[i].strike.value);
    const Exact wanted = exact(model, years, options[i]);
    check_within(all.controlled(i, Estimator::price), wanted.price);
    check_within(all.controlled(i, Estimator::delta_pathwise), wanted.delta);
    check_within(all.controlled(i, Estimator::v0_slope), wanted.v0_slope);
    // The common numbers make it small: payoffs of independent paths differ by tens of slopes, these by 2.
    CHECK(all.controlled(i, Estimator::v0_slope).error <= 0.05 * wanted.v0_slope);
    CHECK(std::isnan(all.plain(i, Estimator::vega_pathwise).mean));
    if (!with_gamma) {
      CHECK(std::isnan(all.plain(i, Estimator::gamma_mixed).mean));
      CHECK(std::isnan(all.plain(i, Estimator::delta_likelihood_ratio).error));
      continue;
    }
    check_within(all.plain(i, Estimator::delta_likelihood_ratio), wanted.delta);
    check_within(all.plain(i, Estimator::gamma_likelihood_ratio), wanted.gamma);
    check_within(all.plain(i, Estimator::gamma_mixed), wanted.gamma);
    CHECK(all.plain(i, Estimator::gamma_mixed).error <= 0.5 * all.plain(i, Estimator::gamma_likelihood_ratio).error);
    check_within(all.controlled(i, Estimator::price_conditional), wanted.price);
    check_within(all.controlled(i, Estimator::delta_conditional), wanted.delta);
    check_within(all.controlled(i, Estimator::gamma_conditional), wanted.gamma);
    // What Z added is gone (law of total variance), most of it for the gamma.
    CHECK(all.plain(i, Estimator::price_conditional).error < all.plain(i, Estimator::price).error);
    CHECK(all.plain(i, Estimator::delta_conditional).error < all.plain(i, Estimator::delta_pathwise).error);
    CHECK(all.plain(i, Estimator::gamma_conditional).error <= 0.5 * all.plain(i, Estimator::gamma_mixed).error);
  }
}

// A row of mc_estimator_std.csv: USD of today per spot there, undiscounted per forward here; with F = S e^(rT), D F =
// S.
struct EstimatorRow {
  SimulatedOption call;
  double vol, years;
  Estimator which;
  double unit;  // its numbers from ours
};
EstimatorRow estimator_row(const test::Row& row) {
  static const std::map<std::string, Estimator> names = {
      {"price", Estimator::price},
      {"delta_pathwise", Estimator::delta_pathwise},
      {"delta_LR", Estimator::delta_likelihood_ratio},
      {"vega_pathwise", Estimator::vega_pathwise},
      {"vega_LR", Estimator::vega_likelihood_ratio},
      {"gamma_LR", Estimator::gamma_likelihood_ratio},
      {"gamma_PW_LR", Estimator::gamma_mixed},
  };
  const double growth = std::exp(row["r"] * row["T"]);
  const Estimator which = names.at(row.text("estimator"));
  const bool delta = which == Estimator::delta_pathwise || which == Estimator::delta_likelihood_ratio;
  const bool gamma = which == Estimator::gamma_mixed || which == Estimator::gamma_likelihood_ratio;
  return {{.forward = Price(row["S"] * growth), .strike = Price(row["K"])},
          row["sigma"],
          row["T"],
          which,
          delta   ? 1.0
          : gamma ? growth
                  : 1.0 / growth};
}

// Mean, deviation and the variance left by the control S/F of a path's values, over its normal alone: Gauss's three
// points on 500 cells each side of the strike. The mass beyond 12 is below 1e-32.
struct Integral {
  double mean, deviation, left;
};
std::array<Integral, estimators> over_the_normal(const SimulatedOption& option, double mean_ratio, double s, double vol,
                                                 double years) {
  const double kink = std::log(option.strike.value / option.forward.value / mean_ratio) / s + 0.5 * s;
  std::array<double, estimators> first{}, second{}, with_control{};
  double control_control = -mean_ratio * mean_ratio;
  const auto side = [&](double from, double to) {
    constexpr int cells = 500;
    const double half = 0.5 * (to - from) / cells;
    for (int cell = 0; cell < cells; ++cell)
      for (const int point : {-1, 0, 1}) {
        const double z = from + half * (2.0 * cell + 1.0 + point * std::sqrt(0.6));
        const double weight = half * (point == 0 ? 8.0 : 5.0) / 9.0 * std::exp(-0.5 * z * z) / std::sqrt(2.0 * M_PI);
        const double ratio = mean_ratio * std::exp(s * (z - 0.5 * s));
        const auto y = path_values(option, {.ratio = ratio,
                                            .normal = z,
                                            .stdev = s,
                                            .mean_ratio = mean_ratio,
                                            .ratio_up = NAN,
                                            .ratio_down = NAN,
                                            .vol = vol,
                                            .years = years,
                                            .v0_change = NAN});
        control_control += weight * ratio * ratio;
        for (std::size_t e = 0; e < estimators; ++e) {
          first[e] += weight * y[e];
          second[e] += weight * y[e] * y[e];
          with_control[e] += weight * y[e] * ratio;
        }
      }
  };
  side(-12.0, kink);
  side(kink, 12.0);
  std::array<Integral, estimators> all;
  for (std::size_t e = 0; e < estimators; ++e) {
    const double variance = second[e] - first[e] * first[e], covariance = with_control[e] - first[e] * mean_ratio;
    all[e] = {first[e], std::sqrt(variance), 1.0 - covariance * covariance / (variance * control_control)};
  }
  return all;
}

}  // namespace

TEST_CASE("every estimator of a Black call integrates to the reference's mean and deviation") {
  std::size_t rows = 0;
  for (const test::Row& row : test::read_csv("tests/data/mc_estimator_std.csv")) {
    CAPTURE(row.line);
    const auto [call, vol, years, which, unit] = estimator_row(row);
    const auto all = over_the_normal(call, 1.0, vol * std::sqrt(years), vol, years);
    const Integral& one = all[static_cast<std::size_t>(which)];
    CHECK(std::abs(unit * one.mean / row["mean"] - 1.0) <= 1e-9);
    CHECK(std::abs(unit * one.deviation / row["std"] - 1.0) <= 1e-9);
    if (row.has("cv_ratio")) CHECK(std::abs(one.left / row["cv_ratio"] - 1.0) <= 1e-9);
    ++rows;
  }
  CHECK(rows == 21);
}

TEST_CASE("conditional estimators are the means of the others over the normal") {
  for (const double sign : {1.0, -1.0})
    for (const bool coin : {false, true})
      for (const double mean_ratio : {0.8, 1.0, 1.3})
        for (const double s : {0.05, 0.4}) {
          CAPTURE(sign);
          CAPTURE(coin);
          CAPTURE(mean_ratio);
          CAPTURE(s);
          const SimulatedOption option{
              .forward = Price(100.0), .strike = Price(103.0 * mean_ratio), .sign = sign, .coin_settled = coin};
          const auto all = over_the_normal(option, mean_ratio, s, NAN, NAN);
          const auto mean = [&](Estimator e) { return all[static_cast<std::size_t>(e)].mean; };
          const auto same = [&](Estimator e, Estimator conditional) {
            CHECK(std::abs(mean(e) / mean(conditional) - 1.0) <= 1e-9);
          };
          same(Estimator::price, Estimator::price_conditional);
          same(Estimator::delta_pathwise, Estimator::delta_conditional);
          same(Estimator::delta_likelihood_ratio, Estimator::delta_conditional);
          same(Estimator::gamma_likelihood_ratio, Estimator::gamma_conditional);
          same(Estimator::gamma_mixed, Estimator::gamma_conditional);
        }
}

TEST_CASE("drawn paths of a Black call have the mean and the deviation of the exact integral") {
  constexpr std::size_t paths = 60'000;
  std::map<std::string, GreekMoments> runs;
  std::size_t rows = 0;
  for (const test::Row& row : test::read_csv("tests/data/mc_estimator_std.csv")) {
    CAPTURE(row.line);
    const auto [call, vol, years, which, unit] = estimator_row(row);
    GreekMoments& run = runs[row.text("case")];
    if (run.moments.empty())
      run = GreekPlan::prepare(BlackScholes{vol}, {&years, 1}, {&call, 1}, {.seed = 5}).value().run(paths);
    const Estimate plain = run.plain(0, which), better = run.controlled(0, which);
    CHECK(std::abs(unit * plain.mean - row["mean"]) <= 3.0 * unit * plain.error);
    CHECK(std::abs(unit * better.mean - row["mean"]) <= 3.0 * unit * better.error);
    // Three sampling errors of a standard deviation, 1 % where the tails of Z^4 weigh.
    CHECK(std::abs(unit * plain.error * std::sqrt(double{paths}) / row["std"] - 1.0) <= 0.03);
    if (row.has("cv_ratio"))
      CHECK(std::abs(better.error * better.error / (plain.error * plain.error) / row["cv_ratio"] - 1.0) <= 0.1);
    ++rows;
  }
  CHECK(rows == 21);
}

TEST_CASE("antithetic pairs are one sample, and help where the estimator is monotone in the normal") {
  const std::vector<SimulatedOption> put = {{.forward = Price(100.0), .strike = Price(105.0), .sign = -1.0}};
  const std::vector<double> expiry = {0.5};
  const auto run = [&](bool antithetic) {
    return GreekPlan::prepare(BlackScholes{0.6}, expiry, put, {.seed = 3, .antithetic = antithetic})
        .value()
        .run(40'000);
  };
  const GreekMoments single = run(false), pairs = run(true);
  CHECK(single.plain(0, Estimator::price).samples == 40'000);
  CHECK(pairs.plain(0, Estimator::price).samples == 20'000);
  CHECK(pairs.plain(0, Estimator::price).error < 0.9 * single.plain(0, Estimator::price).error);
  const Exact wanted = exact(BlackScholes{0.6}, 0.5, put[0]);  // its first parameter is the vol
  for (const GreekMoments& all : {single, pairs}) {
    check_within(all.controlled(0, Estimator::price), wanted.price);
    for (const auto e : {Estimator::delta_pathwise, Estimator::delta_likelihood_ratio})
      check_within(all.plain(0, e), wanted.delta);
    for (const auto e : {Estimator::gamma_mixed, Estimator::gamma_likelihood_ratio})
      check_within(all.plain(0, e), wanted.gamma);
    for (const auto e : {Estimator::vega_pathwise, Estimator::vega_likelihood_ratio})
      check_within(all.plain(0, e), wanted.v0_slope);
  }
}

TEST_CASE("coin-settled options have the Greeks of the inverse reference") {
  std::size_t rows = 0;
  for (const test::Row& row : test::read_csv("tests/data/inverse_option_greeks.csv")) {
    if (row["y"] != 0.0 || row["sigma"] * std::sqrt(row["T"]) > 0.6 || std::abs(row["d1"]) > 2.0) continue;
    CAPTURE(row.line);
    const std::vector<SimulatedOption> option = {{.forward = Price(row["F"]),
                                                  .strike = Price(row["K"]),
                                                  .sign = row.text("type") == "C" ? 1.0 : -1.0,
                                                  .coin_settled = true}};
    const std::vector<double> expiry = {row["T"]};
    const GreekMoments all =
        GreekPlan::prepare(BlackScholes{row["sigma"]}, expiry, option, {.seed = 7}).value().run(40'000);
    check_within(all.controlled(0, Estimator::price), row["price_coin"]);
    for (const auto e : {Estimator::delta_pathwise, Estimator::delta_likelihood_ratio})
      check_within(all.plain(0, e), row["dcoin_dF"]);
    for (const auto e : {Estimator::gamma_mixed, Estimator::gamma_likelihood_ratio})
      check_within(all.plain(0, e), row["d2coin_dF2"]);
    for (const auto e : {Estimator::vega_pathwise, Estimator::vega_likelihood_ratio})
      check_within(all.plain(0, e), row["vega_coin"]);
    ++rows;
  }
  CHECK(rows >= 4);
}

TEST_CASE("Greeks of Heston's paths agree with the transform") { check_against_transform(btc, btc, true); }
TEST_CASE("Greeks of Bates's paths agree with the transform") {
  check_against_transform(Bates{btc, jumps}, Bates{btc, jumps}, true);
}
TEST_CASE("Greeks of double-jump paths agree with the transform, but for those that need a normal") {
  const Svcj model{btc, jumps, 0.1, -0.1};
  check_against_transform(model, model, false);
}

TEST_CASE("blocks in any order, joined in theirs, have the bits of one run") {
  const std::vector<SimulatedOption> options = {{.forward = Price(100.0), .strike = Price(110.0)},
                                                {.forward = Price(100.0), .strike = Price(95.0), .sign = -1.0}};
  const auto plan =
      GreekPlan::prepare(Bates{btc, jumps}, test::equal_steps(0.1, 3), options, {.seed = 2, .antithetic = true})
          .value();
  const GreekMoments whole = plan.run(3 * GreekPlan::block_paths + 100);
  std::vector<GreekMoments> blocks(4);
  for (const std::size_t i : {3, 1, 0, 2}) blocks[i] = i == 3 ? plan.block(3, 100) : plan.block(i);
  GreekMoments all;
  for (const GreekMoments& one : blocks) all = joined(all, one);
  REQUIRE(all.moments.size() == 2 * estimators);
  for (std::size_t i = 0; i < all.moments.size(); ++i) {
    CHECK(all.moments[i].samples == whole.moments[i].samples);
    CHECK(all.moments[i].value == whole.moments[i].value);
    CHECK(all.moments[i].value_value == whole.moments[i].value_value);
    CHECK(all.moments[i].value_control == whole.moments[i].value_control);
  }
}

TEST_CASE("where the variance says all of the price there is no score") {
  Heston model = btc;
  model.rho = -1.0;
  const std::vector<SimulatedOption> call = {{.forward = Price(100.0), .strike = Price(100.0)}};
  const GreekMoments all = GreekPlan::prepare(model, test::equal_steps(0.1, 4), call, {}).value().run(1000);
  CHECK(std::isnan(all.plain(0, Estimator::gamma_mixed).mean));
  CHECK(all.plain(0, Estimator::delta_pathwise).error > 0.0);
}

TEST_CASE("a plan of Greeks says what it cannot be made of") {
  const std::vector<double> grid = {0.1};
  const std::vector<SimulatedOption> call = {{.forward = Price(100.0), .strike = Price(100.0)}};
  const auto refusal = [&](const PathModel& model, std::vector<SimulatedOption> options) {
    const auto plan = GreekPlan::prepare(model, grid, options, {});
    REQUIRE(!plan);
    CHECK(plan.error().fault == Fault::bad_input);
    return plan.error().what;
  };
  const auto with = [&](double forward, double strike, double sign) {
    return std::vector<SimulatedOption>{{.forward = Price(forward), .strike = Price(strike), .sign = sign}};
  };
  CHECK(refusal(Merton{0.5, jumps}, call).find("merton") != std::string::npos);
  CHECK(refusal(btc, {}).find("no option") != std::string::npos);
  CHECK(refusal(btc, with(-7.0, 100.0, 1.0)).find("-7") != std::string::npos);
  CHECK(refusal(btc, with(100.0, NAN, 1.0)).find("strike") != std::string::npos);
  CHECK(refusal(btc, with(100.0, 100.0, 2.0)).find("sign 2") != std::string::npos);
  CHECK(refusal(Heston{.v0 = 0.0, .kappa = 1.0, .theta = 0.3, .xi = 1.0}, call).find("v0") != std::string::npos);
  CHECK(refusal(Heston{.v0 = 24.0, .kappa = 1.0, .theta = 0.3, .xi = 1.0}, call).find("v0") != std::string::npos);
  CHECK(name(Estimator::v0_slope) == "v0_slope");
}

}  // namespace ballast::model
