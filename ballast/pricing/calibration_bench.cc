// Calibrations to a chain of 1,000 options (20 expiries of 50 strikes), cold, beside QuantLib's: its HestonModel with
// AnalyticHestonEngine and LevenbergMarquardt, started at the truth's order of magnitude as its examples do, no
// multi-start. Ours search their own start. Quotes are the model's own with 0.2 vol points of noise.
#include "ballast/pricing/calibration.h"

#include <cmath>
#include <memory>
#include <vector>

#include <benchmark/benchmark.h>
#include <ql/math/optimization/levenbergmarquardt.hpp>
#include <ql/models/equity/hestonmodel.hpp>
#include <ql/models/equity/hestonmodelhelper.hpp>
#include <ql/pricingengines/vanilla/analytichestonengine.hpp>
#include <ql/quotes/simplequote.hpp>
#include <ql/termstructures/yield/flatforward.hpp>
#include <ql/time/calendars/nullcalendar.hpp>
#include <ql/time/daycounters/actual365fixed.hpp>

#include "ballast/base/rng.h"
#include "ballast/model/transform.h"
#include "ballast/pricing/implied_columns.h"

namespace {

using namespace ballast;

constexpr double forward = 60'000.0;
const model::Heston heston{.v0 = 0.30, .kappa = 4.0, .theta = 0.42, .xi = 2.1, .rho = -0.35};
const model::Svcj svcj{{.v0 = 0.25, .kappa = 6.0, .theta = 0.2, .xi = 1.2, .rho = -0.3},
                       {.rate = 2.5, .mean = -0.05, .deviation = 0.1},
                       0.4,
                       -0.1};

std::vector<pricing::ExpiryVols> chain_of(const model::TransformModel& model) {
  Rng rng(20261201);
  std::vector<pricing::ExpiryVols> chain;
  for (int e = 0; e < 20; ++e) {
    const double days = std::round(2.0 * std::pow(1.31, e));  // 2 days to a year
    pricing::ExpiryVols expiry{
        .forward = Price(forward), .years = Years(days / 365.0), .strike = {}, .vol = {}, .weight = {}};
    std::vector<double> sign, price(50);
    for (int i = 0; i < 50; ++i) {
      const double z = -2.0 + 4.0 * i / 49.0;
      expiry.strike.push_back(forward * std::exp(z * 0.6 * std::sqrt(days / 365.0)));
      sign.push_back(z >= 0.0 ? 1.0 : -1.0);
    }
    model::TransformColumns columns;
    columns.price = price;
    if (!model::transform(
            model, {.forward = Price(forward), .years = expiry.years, .strike = expiry.strike, .sign = sign}, columns))
      abort_with({Fault::no_solution, "the chain has no price"});
    for (std::size_t i = 0; i < 50; ++i) {
      expiry.vol.push_back(pricing::implied_vol(forward, expiry.strike[i], price[i], days / 365.0, sign[i]).vol +
                           0.004 * (rng.uniform() - 0.5));
      expiry.weight.push_back(1.0);
    }
    chain.push_back(std::move(expiry));
  }
  return chain;
}

void cold(benchmark::State& state, const char* name, const model::TransformModel& truth) {
  const auto chain = chain_of(truth);
  double rmse = 0.0, evaluations = 0.0;
  for (auto _ : state) {
    const auto fitted = pricing::calibrate(name, chain, {});
    if (!fitted) return state.SkipWithError(fitted.error().what.c_str());
    rmse = fitted.value().rmse_vol, evaluations = fitted.value().evaluations;
  }
  state.counters["rmse_points"] = 100.0 * rmse;
  state.counters["evaluations"] = evaluations;
}
void heston_cold(benchmark::State& state) { cold(state, "heston", heston); }
void bates_cold(benchmark::State& state) { cold(state, "bates", model::Bates{heston, svcj.jumps}); }
void svcj_cold(benchmark::State& state) { cold(state, "svcj", svcj); }

void warm(benchmark::State& state, const char* name, const model::TransformModel& truth) {
  const auto chain = chain_of(truth);
  const auto first = pricing::calibrate(name, chain, {});
  if (!first) return state.SkipWithError(first.error().what.c_str());
  auto moved = chain;
  for (auto& expiry : moved)
    for (double& vol : expiry.vol) vol *= 1.01;  // a day's move
  for (auto _ : state) benchmark::DoNotOptimize(pricing::calibrate(name, moved, {}, &first.value().model));
}
void heston_warm(benchmark::State& state) { warm(state, "heston", heston); }
void svcj_warm(benchmark::State& state) { warm(state, "svcj", svcj); }

void quantlib_heston(benchmark::State& state) {
  namespace ql = QuantLib;
  const auto chain = chain_of(heston);
  const ql::Date today(1, ql::December, 2026);
  ql::Settings::instance().evaluationDate() = today;
  const ql::DayCounter days = ql::Actual365Fixed();
  const ql::Handle<ql::YieldTermStructure> flat(ql::ext::make_shared<ql::FlatForward>(today, 0.0, days));
  const ql::Handle<ql::Quote> spot(ql::ext::make_shared<ql::SimpleQuote>(forward));
  double error = 0.0;
  for (auto _ : state) {
    const auto process = ql::ext::make_shared<ql::HestonProcess>(flat, flat, spot, 0.36, 3.0, 0.36, 1.5, -0.1);
    const auto model = ql::ext::make_shared<ql::HestonModel>(process);
    const auto engine = ql::ext::make_shared<ql::AnalyticHestonEngine>(model);
    std::vector<ql::ext::shared_ptr<ql::CalibrationHelper>> helpers;
    for (const auto& expiry : chain) {
      for (std::size_t i = 0; i < expiry.vol.size(); ++i) {
        const auto helper = ql::ext::make_shared<ql::HestonModelHelper>(
            ql::Period(static_cast<int>(std::lround(expiry.years.value * 365.0)), ql::Days), ql::NullCalendar(),
            forward, expiry.strike[i], ql::Handle<ql::Quote>(ql::ext::make_shared<ql::SimpleQuote>(expiry.vol[i])),
            flat, flat, ql::BlackCalibrationHelper::ImpliedVolError);
        helper->setPricingEngine(engine);
        helpers.push_back(helper);
      }
    }
    ql::LevenbergMarquardt search(1e-8, 1e-8, 1e-8);
    model->calibrate(helpers, search, ql::EndCriteria(400, 40, 1e-8, 1e-8, 1e-8));
    error = 0.0;
    for (const auto& helper : helpers) error += std::pow(helper->calibrationError(), 2.0);
  }
  state.counters["rmse_points"] = 100.0 * std::sqrt(error / 1000.0);
}

}  // namespace

BENCHMARK(heston_cold)->Unit(benchmark::kMillisecond);
BENCHMARK(heston_warm)->Unit(benchmark::kMillisecond);
BENCHMARK(bates_cold)->Unit(benchmark::kMillisecond);
BENCHMARK(svcj_cold)->Unit(benchmark::kMillisecond);
BENCHMARK(svcj_warm)->Unit(benchmark::kMillisecond);
BENCHMARK(quantlib_heston)->Unit(benchmark::kMillisecond)->Iterations(1);
