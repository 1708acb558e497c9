#include "ballast/sim/model_smile.h"

#include <cmath>
#include <map>

#include <doctest/doctest.h>

#include "ballast/pricing/calibration.h"
#include "ballast/sim/modelled_chain.h"

using namespace ballast;

namespace {

const model::TransformModel heston = model::Heston{.v0 = 0.3, .kappa = 5.0, .theta = 0.4, .xi = 1.8, .rho = -0.6};
const Time noon{1'767'268'800'000};  // 2026-01-01 12:00 UTC

Result<std::vector<double>> quoted(Price forward, Years years, std::span<const double> strike) {
  return sim::model_smile(heston, forward, years, strike);
}

}  // namespace

TEST_CASE("a chain quoted by a model is fitted by that model") {
  sim::ChainShape shape;
  const auto snapshot = sim::modelled_chain(shape, noon, 60'000.0, 0.5, {}, quoted);
  REQUIRE(bool(snapshot));
  std::map<Time, pricing::ExpiryVols> expiries;
  for (const auto& [name, quote] : snapshot.value().quotes) {
    const market::Instrument& i = snapshot.value().instruments.at(name);
    if (!i.is_option()) continue;
    const double sign = i.option_type == market::OptionType::call ? 1.0 : -1.0;
    if (sign * (i.strike - 60'000.0) < 0.0) continue;
    pricing::ExpiryVols& e = expiries[i.expiry];
    e.forward = Price(*quote.underlying_price), e.years = years_between(noon, i.expiry);
    e.strike.push_back(i.strike), e.vol.push_back(quote.mark_vol->value), e.weight.push_back(1.0);
  }
  std::vector<pricing::ExpiryVols> chain;
  for (auto& [expiry, e] : expiries) chain.push_back(std::move(e));
  pricing::CalibrationRules rules;
  rules.prior_vol = 1e-7;
  const auto fitted = pricing::calibrate("heston", chain, rules);
  REQUIRE(bool(fitted));
  CHECK(fitted.value().rmse_vol < 1e-6);
  CHECK(fitted.value().parameters[0].value == doctest::Approx(0.3).epsilon(1e-3));
  CHECK(fitted.value().parameters[4].value == doctest::Approx(-0.6).epsilon(1e-3));
}

TEST_CASE("a worthless strike has the vol of its neighbour, and a model without a price is a fault") {
  const double strikes[] = {1'000.0, 50'000.0, 60'000.0, 70'000.0, 1e6};
  const auto vols = sim::model_smile(heston, Price(60'000.0), Years(0.003), strikes);
  REQUIRE(bool(vols));
  CHECK(vols.value()[0] == vols.value()[1]);
  CHECK(vols.value()[4] == vols.value()[3]);
  CHECK(vols.value()[2] == doctest::Approx(std::sqrt(0.3)).epsilon(0.02));
  CHECK_FALSE(bool(sim::model_smile(heston, Price(60'000.0), Years(-1.0), strikes)));
}
