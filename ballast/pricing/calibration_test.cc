#include "ballast/pricing/calibration.h"

#include <cmath>
#include <initializer_list>
#include <limits>

#include <doctest/doctest.h>

#include "ballast/base/rng.h"
#include "ballast/model/transform.h"
#include "ballast/pricing/implied_columns.h"

namespace ballast::pricing {
namespace {

/// The chain that a model quotes without error.
std::vector<ExpiryVols> quoted_by(const TransformModel& model, std::initializer_list<double> days, int strikes = 11) {
  std::vector<ExpiryVols> chain;
  for (const double d : days) {
    ExpiryVols expiry{.forward = Price(60'000.0), .years = Years(d / 365.0), .strike = {}, .vol = {}, .weight = {}};
    std::vector<double> sign;
    for (int i = 0; i < strikes; ++i) {
      const double z = -2.0 + 4.0 * i / (strikes - 1);
      expiry.strike.push_back(60'000.0 * std::exp(z * 0.6 * std::sqrt(d / 365.0)));
      sign.push_back(z >= 0.0 ? 1.0 : -1.0);
    }
    std::vector<double> price(sign.size());
    model::TransformColumns columns;
    columns.price = price;
    const auto done = model::transform(
        model, {.forward = expiry.forward, .years = expiry.years, .strike = expiry.strike, .sign = sign}, columns);
    REQUIRE(bool(done));
    for (std::size_t i = 0; i < sign.size(); ++i) {
      const ImpliedVol implied = implied_vol(60'000.0, expiry.strike[i], price[i], d / 365.0, sign[i]);
      REQUIRE(implied.outcome == ImpliedOutcome::ok);
      expiry.vol.push_back(implied.vol);
      expiry.weight.push_back(1.0);
    }
    chain.push_back(std::move(expiry));
  }
  return chain;
}

const TransformModel heston = model::Heston{.v0 = 0.30, .kappa = 4.0, .theta = 0.42, .xi = 2.1, .rho = -0.35};

}  // namespace

TEST_CASE("a chain that a model quotes gives the model back") {
  const TransformModel models[] = {model::BlackScholes{0.57},
                                   model::Merton{0.45, {.rate = 5.0, .mean = -0.05, .deviation = 0.09}},
                                   model::Kou{0.45, 8.0, 0.4, 16.0, 11.0},
                                   heston,
                                   model::Bates{{.v0 = 0.25, .kappa = 5.0, .theta = 0.3, .xi = 1.5, .rho = -0.3},
                                                {.rate = 3.0, .mean = -0.06, .deviation = 0.1}},
                                   model::VarianceGamma{0.6, 0.06, -0.3},
                                   model::Nig{9.0, -1.5, 3.2},
                                   model::Cgmy{1.2, 7.0, 9.0, 0.6}};
  for (const TransformModel& model : models) {
    CAPTURE(std::string(name(model)));
    CalibrationRules rules;
    rules.prior_vol = 1e-7;
    const auto fitted = calibrate(name(model), quoted_by(model, {7, 30, 90, 180}), rules);
    REQUIRE(bool(fitted));
    CHECK(fitted.value().converged);
    CHECK(fitted.value().rmse_vol < 1e-6);
    const std::vector<double> truth = values(model);
    for (std::size_t i = 0; i < truth.size(); ++i) {
      CAPTURE(i);
      CHECK(fitted.value().parameters[i].value == doctest::Approx(truth[i]).epsilon(2e-3));
    }
  }
}

// Ten numbers of which some pairs hardly differ in their smiles: the smile comes back, the numbers need not.
TEST_CASE("the double-jump model's own chain is met within a thousandth of a vol point") {
  const TransformModel svcj = model::Svcj{{.v0 = 0.25, .kappa = 6.0, .theta = 0.2, .xi = 1.2, .rho = -0.3},
                                          {.rate = 2.5, .mean = -0.05, .deviation = 0.1},
                                          0.4,
                                          -0.1};
  CalibrationRules rules;
  rules.prior_vol = 1e-6;
  const auto fitted = calibrate("svcj", quoted_by(svcj, {7, 30, 90, 180}), rules);
  REQUIRE(bool(fitted));
  CHECK(fitted.value().rmse_vol < 1e-5);
}

TEST_CASE("the errors that are reported are those of the vols and prices") {
  std::vector<ExpiryVols> chain = quoted_by(heston, {7, 30, 90});
  Rng rng(20261203);
  for (ExpiryVols& expiry : chain)
    for (double& vol : expiry.vol) vol += 0.02 * (rng.uniform() - 0.5);
  const auto fitted = calibrate("heston", chain, {});
  REQUIRE(bool(fitted));
  double squares = 0.0, count = 0.0;
  for (std::size_t e = 0; e < chain.size(); ++e)
    for (std::size_t i = 0; i < chain[e].vol.size(); ++i, count += 1.0)
      squares += std::pow(fitted.value().vol[e][i] - chain[e].vol[i], 2.0);
  CHECK(fitted.value().rmse_vol == doctest::Approx(std::sqrt(squares / count)).epsilon(1e-5));
  // A uniform error of ±1 point: deviation 1/sqrt(3) points; five numbers take up some of it.
  CHECK(fitted.value().rmse_vol < 0.01 / std::sqrt(3.0) * 1.2);
  // The errors of the numbers cover the truth, roughly: within five of them.
  const std::vector<double> truth = model::values(heston);
  for (std::size_t i = 0; i < truth.size(); ++i)
    CHECK(std::abs(fitted.value().parameters[i].value - truth[i]) < 5.0 * fitted.value().parameters[i].standard_error);
}

TEST_CASE("a warm fit starts where the last one ended and is drawn to it") {
  const std::vector<ExpiryVols> chain = quoted_by(heston, {7, 30, 90});
  const auto cold = calibrate("heston", chain, {});
  REQUIRE(bool(cold));
  const auto warm = calibrate("heston", chain, {}, &cold.value().model);
  REQUIRE(bool(warm));
  // It searches no start.
  CHECK(warm.value().rough_evaluations == 0);
  CHECK(warm.value().evaluations < cold.value().evaluations + cold.value().rough_evaluations);
  // All prior and no data: nothing moves.
  CalibrationRules stiff;
  stiff.prior_vol = 1.0;
  const TransformModel elsewhere = model::Heston{.v0 = 0.5, .kappa = 2.0, .theta = 0.5, .xi = 1.0, .rho = 0.1};
  const auto held = calibrate("heston", chain, stiff, &elsewhere);
  REQUIRE(bool(held));
  const std::vector<double> before = model::values(elsewhere);
  for (std::size_t i = 0; i < before.size(); ++i)
    CHECK(held.value().parameters[i].value == doctest::Approx(before[i]).epsilon(0.05));
}

TEST_CASE("Feller's condition is reported, and forced where it is asked for") {
  const std::vector<ExpiryVols> chain = quoted_by(heston, {7, 30, 90});
  const auto free = calibrate("heston", chain, {});
  REQUIRE(bool(free));
  CHECK(free.value().feller < 1.0);  // 2 · 4 · 0.42 / 2.1² = 0.76
  CalibrationRules rules;
  rules.feller = true;
  const auto forced = calibrate("heston", chain, rules);
  REQUIRE(bool(forced));
  CHECK(forced.value().feller >= 1.0 - 1e-9);
  CHECK(forced.value().rmse_vol > free.value().rmse_vol);
}

TEST_CASE("hopeless chains and bad rules are refused by name") {
  std::vector<ExpiryVols> chain = quoted_by(heston, {30});
  const auto refused = [&](const char* words, const CalibrationRules& rules = {}) {
    const auto fitted = calibrate("heston", chain, rules);
    REQUIRE_FALSE(bool(fitted));
    CAPTURE(fitted.error().what);
    CHECK(fitted.error().what.find(words) != std::string::npos);
  };
  const std::vector<ExpiryVols> good = chain;
  chain[0].vol[2] = std::numeric_limits<double>::quiet_NaN();
  refused("vol of strike");
  chain = good, chain[0].strike[0] = -1.0;
  refused("strike is -1");
  chain = good, chain[0].weight[1] = -2.0;
  refused("weight");
  chain = good, chain[0].forward = Price(0.0);
  refused("forward is 0");
  chain = good, chain[0].years = Years(-0.1);
  refused("years is -0.1");
  chain = good, chain[0].vol.pop_back();
  refused("different lengths");
  chain = good;
  for (double& w : chain[0].weight) w = 0.0;
  refused("0 quotes for the 5 parameters");
  chain.clear();
  refused("0 quotes");
  chain = good;
  CalibrationRules rules;
  rules.starts = 0;
  refused("starts is 0", rules);
  rules = {}, rules.tolerance = 0.0;
  refused("tolerance", rules);
  CHECK(calibrate("no-model", good, {}).error().what.find("no-model") != std::string::npos);
  rules = {}, rules.cancelled = [] { return true; };
  CHECK(calibrate("heston", good, rules).error().fault == Fault::limit);
}

// Quotes that no model of five numbers can meet end in a fit, with its error, and end at all.
TEST_CASE("noise for a chain ends in a fit that says how bad it is") {
  Rng rng(20261204);
  std::vector<ExpiryVols> chain = quoted_by(heston, {1, 30, 365});
  for (ExpiryVols& expiry : chain)
    for (double& vol : expiry.vol) vol = 0.05 + 3.0 * rng.uniform();
  for (const char* model : {"heston", "bates", "svcj"}) {
    const auto fitted = calibrate(model, chain, {});
    REQUIRE(bool(fitted));
    CHECK(fitted.value().rmse_vol > 0.3);
    for (const CalibratedParameter& p : fitted.value().parameters) CHECK(std::isfinite(p.value));
  }
}

}  // namespace ballast::pricing
