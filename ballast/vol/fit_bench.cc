#include "ballast/vol/fit_bench.h"
#include "ballast/vol/fit.h"

#include <cmath>
#include <cstddef>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>
#include <ql/experimental/volatility/sviinterpolation.hpp>

// Fitting smiles: a made chain of 20 expiries beside QuantLib's SVI, in one process and to the same noise. Recorded
// chains: app/chain_bench.cc.
namespace {

using namespace ballast;
using namespace ballast::vol;
using bench::Chain;
using bench::fit_chain;
using bench::rms;

constexpr std::size_t expiries = 20, strikes = 50;

/// eSSVI smiles from a week to two years, quoted over 2.5 stdevs on both sides, with 0.2 vol points of noise.
const Chain& made_chain() {
  static const Chain chain = [] {
    std::mt19937_64 rng(20260401);
    std::normal_distribution<double> noise(0.0, 0.002);
    Chain made;
    for (std::size_t i = 0; i < expiries; ++i) {
      const double years = 7.0 / 365.0 * std::pow(104.0, static_cast<double>(i) / (expiries - 1)), theta = 0.36 * years,
                   rho = -0.3 + 0.2 * std::exp(-2.0 * years);
      const Essvi smile{.theta = theta, .rho = rho, .psi = 0.8 * largest_psi(theta, rho)};
      SliceQuotes q{.index = "btc_usd",
                    .expiry = Time{std::llround(years * 31'536'000'000.0)},
                    .years = Years(years),
                    .forward = Price(65000.0)};
      for (std::size_t j = 0; j < strikes; ++j) {
        const double k = std::sqrt(theta) * (-2.5 + 5.0 * static_cast<double>(j) / (strikes - 1));
        const double vol = vol_of(at(smile, k), q.years).value + noise(rng);
        q.instrument.push_back("made");
        q.log_moneyness.push_back(k);
        q.vol.push_back(vol);
        q.weight.push_back(1.0);
        q.bid_vol.push_back(vol - 0.005);
        q.ask_vol.push_back(vol + 0.005);
      }
      made.push_back(q);
    }
    return made;
  }();
  return chain;
}

/// QuantLib's defaults but for vega weights, which would minimise something else; `guesses`: 50 by default, and all of
/// them where the first leaves 0.2 vol points.
void quantlib(benchmark::State& state, QuantLib::Size guesses) {
  const Chain& chain = made_chain();
  std::vector<std::vector<double>> strike(chain.size());
  for (std::size_t i = 0; i < chain.size(); ++i)
    for (const double k : chain[i].log_moneyness) strike[i].push_back(chain[i].forward.value * std::exp(k));
  std::vector<QuantLib::SviInterpolation> fits;
  const double none = QuantLib::Null<double>();
  for (auto _ : state) {
    fits.clear();
    for (std::size_t i = 0; i < chain.size(); ++i) {
      fits.emplace_back(strike[i].begin(), strike[i].end(), chain[i].vol.begin(), chain[i].years.value,
                        chain[i].forward.value, none, none, none, none, none, false, false, false, false, false, false,
                        nullptr, nullptr, 0.0020, false, guesses);
      fits.back().update();
    }
    benchmark::DoNotOptimize(fits.data());
  }
  // From its parameters; what its interpolation itself answers is the last guess, not the best.
  const auto vol_at = [&](std::size_t i, double k) {
    const QuantLib::SviInterpolation& f = fits[i];
    const Svi svi{.a = f.a(), .b = f.b(), .rho = f.rho(), .m = f.m(), .sigma = f.sigma()};
    return vol_of(at(svi, k), chain[i].years).value;
  };
  state.counters["rms"] = rms(chain, vol_at);
}
void quantlib_svi(benchmark::State& state) { quantlib(state, 50); }
void quantlib_svi_one_start(benchmark::State& state) { quantlib(state, 1); }

void svi_plain(benchmark::State& state) {
  fit_chain(state, made_chain(), {.model = Model::svi, .arbitrage_free = false, .robust = 0.0});
}
void surface(benchmark::State& state, Model model) {
  fit_chain(state, made_chain(), {.model = model, .robust = static_cast<double>(state.range(0))});
}
void surface_svi(benchmark::State& state) { surface(state, Model::svi); }
void surface_spline(benchmark::State& state) { surface(state, Model::spline); }

void sensitivities_of_made(benchmark::State& state) {
  for (auto _ : state) {
    auto found = sensitivities(made_chain(), {.robust = 0.0});
    benchmark::DoNotOptimize(found);
  }
}
void one_exact_fit(benchmark::State& state) { fit_chain(state, made_chain(), {.robust = 0.0, .exact = true}); }

BENCHMARK(quantlib_svi)->Name("quantlib_svi/20x50")->Unit(benchmark::kMillisecond);
BENCHMARK(quantlib_svi_one_start)->Name("quantlib_svi_one_start/20x50")->Unit(benchmark::kMillisecond);
BENCHMARK(svi_plain)->Unit(benchmark::kMicrosecond);
BENCHMARK(surface_svi)->ArgName("robust")->Arg(0)->Arg(6)->Unit(benchmark::kMicrosecond);
BENCHMARK(surface_spline)->ArgName("robust")->Arg(0)->Arg(6)->Unit(benchmark::kMicrosecond);
BENCHMARK(one_exact_fit)->Unit(benchmark::kMicrosecond);
BENCHMARK(sensitivities_of_made)->Name("sensitivities")->Unit(benchmark::kMicrosecond);

}  // namespace
