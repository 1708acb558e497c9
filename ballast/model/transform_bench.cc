// Chains of 1,000 options under Heston, Bates and the double jump: ours beside QuantLib's engines in one run. A time is
// that of the whole chain; `per_option` is what to compare, in seconds. Before anything is timed the values are: where
// QuantLib's are off by more than 1e-8 of the forward the engine says by how much.
#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <ql/exercise.hpp>
#include <ql/instruments/vanillaoption.hpp>
#include <ql/models/equity/batesmodel.hpp>
#include <ql/models/equity/hestonmodel.hpp>
#include <ql/pricingengines/vanilla/analytichestonengine.hpp>
#include <ql/pricingengines/vanilla/batesengine.hpp>
#include <ql/pricingengines/vanilla/coshestonengine.hpp>
#include <ql/pricingengines/vanilla/exponentialfittinghestonengine.hpp>
#include <ql/processes/batesprocess.hpp>
#include <ql/quotes/simplequote.hpp>
#include <ql/settings.hpp>
#include <ql/termstructures/yield/flatforward.hpp>
#include <ql/time/daycounters/actual365fixed.hpp>

#include "ballast/model/transform.h"

namespace ballast {
namespace {

constexpr double forward = 64'500.0;
constexpr model::Heston heston{.v0 = 0.36, .kappa = 3.0, .theta = 0.42, .xi = 1.6, .rho = -0.15};
constexpr model::Bates bates{heston, {6.0, -0.03, 0.08}};
constexpr model::Svcj svcj{heston, {6.0, -0.03, 0.08}, 0.2, -0.1};

/// `expiries` from a week to a year, `strikes` each, within three deviations of 60 % a year.
struct Chain {
  struct Expiry {
    int days;
    std::vector<double> strike, sign;
  };
  std::vector<Expiry> expiries;
  std::size_t options = 0;
};
Chain chain(int expiries, int strikes) {
  Chain c;
  for (int e = 0; e < expiries; ++e) {
    Chain::Expiry expiry{.days = 7 + e * 358 / expiries};
    const double stdev = 0.6 * std::sqrt(expiry.days / 365.0);
    for (int k = 0; k < strikes; ++k) {
      expiry.strike.push_back(forward * std::exp(stdev * 3.0 * (2.0 * k / (strikes - 1) - 1.0)));
      expiry.sign.push_back(expiry.strike.back() < forward ? -1.0 : 1.0);
      ++c.options;
    }
    c.expiries.push_back(std::move(expiry));
  }
  return c;
}

enum Wants { price, greeks, gradient };

void ours(benchmark::State& state, const model::TransformModel& model, Wants wants) {
  const Chain c = chain(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  const std::size_t most = static_cast<std::size_t>(state.range(1));
  std::vector<double> value(most), delta(most), gamma(most), theta(most), hedge(most);
  std::vector<double> slopes(most * model::values(model).size());
  std::size_t nodes = 0;
  for (auto _ : state) {
    nodes = 0;
    for (const auto& expiry : c.expiries) {
      model::TransformColumns out{.price = value};
      if (wants != price) out.delta = delta, out.gamma = gamma, out.theta = theta, out.minimum_variance_delta = hedge;
      if (wants == gradient) out = {.price = value, .gradient = slopes};
      const auto report =
          model::transform(model, {Price(forward), Years(expiry.days / 365.0), expiry.strike, expiry.sign}, out);
      nodes += report.value().nodes;
      benchmark::DoNotOptimize(value.data());
    }
  }
  state.counters["per_option"] = benchmark::Counter(
      static_cast<double>(c.options), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  state.counters["nodes/expiry"] = static_cast<double>(nodes) / static_cast<double>(c.expiries.size());
}

template <class Engine>
void theirs(benchmark::State& state, const Engine& engine, const model::TransformModel& model, const char* name) {
  using namespace QuantLib;
  const Chain c = chain(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  const Date today = Settings::instance().evaluationDate();
  std::vector<std::unique_ptr<VanillaOption>> options;
  double off = 0.0;
  for (const auto& expiry : c.expiries) {
    std::vector<double> value(expiry.strike.size());
    if (!model::transform(model, {Price(forward), Years(expiry.days / 365.0), expiry.strike, expiry.sign},
                          {.price = value}))
      return state.SkipWithError("ours has no price");
    for (std::size_t k = 0; k < value.size(); ++k) {
      options.push_back(std::make_unique<VanillaOption>(
          ext::make_shared<PlainVanillaPayoff>(expiry.sign[k] > 0.0 ? Option::Call : Option::Put, expiry.strike[k]),
          ext::make_shared<EuropeanExercise>(today + expiry.days)));
      options.back()->setPricingEngine(engine);
      off = std::max(off, std::abs(options.back()->NPV() - value[k]) / forward);
    }
  }
  if (off > 1e-8) state.SetLabel(std::string(name) + " is off by " + std::to_string(off * 1e8) + "e-8 of the forward");
  for (auto _ : state) {
    for (auto& option : options) {
      option->recalculate();
      benchmark::DoNotOptimize(option->NPV());
    }
  }
  state.counters["per_option"] = benchmark::Counter(
      static_cast<double>(c.options), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  state.counters["off"] = off;
}

/// QuantLib's world at rate 0, where the spot is the forward.
QuantLib::Handle<QuantLib::YieldTermStructure> flat() {
  using namespace QuantLib;
  const Date today(1, December, 2025);
  Settings::instance().evaluationDate() = today;
  return Handle<YieldTermStructure>(ext::make_shared<FlatForward>(today, 0.0, Actual365Fixed()));
}
QuantLib::ext::shared_ptr<QuantLib::HestonModel> heston_model() {
  using namespace QuantLib;
  const Handle<YieldTermStructure> rate = flat();
  const Handle<Quote> spot(ext::make_shared<SimpleQuote>(forward));
  return ext::make_shared<HestonModel>(
      ext::make_shared<HestonProcess>(rate, rate, spot, heston.v0, heston.kappa, heston.theta, heston.xi, heston.rho));
}
QuantLib::ext::shared_ptr<QuantLib::BatesModel> bates_model() {
  using namespace QuantLib;
  const Handle<YieldTermStructure> rate = flat();
  const Handle<Quote> spot(ext::make_shared<SimpleQuote>(forward));
  return ext::make_shared<BatesModel>(
      ext::make_shared<BatesProcess>(rate, rate, spot, heston.v0, heston.kappa, heston.theta, heston.xi, heston.rho,
                                     bates.jumps.rate, bates.jumps.mean, bates.jumps.deviation));
}

void shapes(benchmark::internal::Benchmark* bench) {
  bench->Args({20, 50})->Args({10, 100})->Unit(benchmark::kMicrosecond);
}

void heston_price(benchmark::State& state) { ours(state, heston, price); }
void heston_greeks(benchmark::State& state) { ours(state, heston, greeks); }
void heston_gradient(benchmark::State& state) { ours(state, heston, gradient); }
void bates_price(benchmark::State& state) { ours(state, bates, price); }
void bates_greeks(benchmark::State& state) { ours(state, bates, greeks); }
void bates_gradient(benchmark::State& state) { ours(state, bates, gradient); }
void svcj_price(benchmark::State& state) { ours(state, svcj, price); }
void svcj_greeks(benchmark::State& state) { ours(state, svcj, greeks); }
void svcj_gradient(benchmark::State& state) { ours(state, svcj, gradient); }
BENCHMARK(heston_price)->Apply(shapes);
BENCHMARK(heston_greeks)->Apply(shapes);
BENCHMARK(heston_gradient)->Apply(shapes);
BENCHMARK(bates_price)->Apply(shapes);
BENCHMARK(bates_greeks)->Apply(shapes);
BENCHMARK(bates_gradient)->Apply(shapes);
BENCHMARK(svcj_price)->Apply(shapes);
BENCHMARK(svcj_greeks)->Apply(shapes);
BENCHMARK(svcj_gradient)->Apply(shapes);

void quantlib_heston_gauss_laguerre(benchmark::State& state) {
  theirs(state, QuantLib::ext::make_shared<QuantLib::AnalyticHestonEngine>(heston_model()), heston, "Gauss-Laguerre");
}
void quantlib_heston_cos(benchmark::State& state) {
  theirs(state, QuantLib::ext::make_shared<QuantLib::COSHestonEngine>(heston_model()), heston, "COS");
}
void quantlib_heston_exponential_fitting(benchmark::State& state) {
  theirs(state, QuantLib::ext::make_shared<QuantLib::ExponentialFittingHestonEngine>(heston_model()), heston,
         "exponential fitting");
}
void quantlib_bates(benchmark::State& state) {
  theirs(state, QuantLib::ext::make_shared<QuantLib::BatesEngine>(bates_model()), bates, "BatesEngine");
}
BENCHMARK(quantlib_heston_gauss_laguerre)->Apply(shapes);
BENCHMARK(quantlib_heston_cos)->Apply(shapes);
BENCHMARK(quantlib_heston_exponential_fitting)->Apply(shapes);
BENCHMARK(quantlib_bates)->Apply(shapes);

}  // namespace
}  // namespace ballast
