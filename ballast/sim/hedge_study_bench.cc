// The hedging study a step of a path at a time: items are path steps. Beside it the same study as plain lines over the
// C library, in the same run; quote their ratio. --instruction_set is Google Benchmark's not: BALLAST_SET=AVX2 is read
// here.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>
#include <hwy/highway.h>

#include "ballast/base/philox.h"
#include "ballast/math/arithmetic.h"
#include "ballast/math/columns.h"
#include "ballast/math/normal.h"
#include "ballast/math/random_columns.h"
#include "ballast/sim/hedge_study.h"

namespace {

using namespace ballast;

constexpr int steps = 252;

// A month's call at the money, looked at 252 times: docs/performance.md.
sim::HedgeStudy study_of(std::vector<hedge::RebalanceRule> rules) {
  return {.spot = Price(100.0),
          .strike = Price(100.0),
          .years = Years(30.0 / 365.0),
          .vol = Vol(0.6),
          .hedge_vol = Vol(0.6),
          .steps = steps,
          .cost_rate = 5e-4,
          .rules = std::move(rules)};
}

const hedge::RebalanceRule black_scholes{};
const hedge::RebalanceRule whalley_wilmott{
    .band = hedge::BandKind::whalley_wilmott, .aversion = 1.0, .cost_rate = 5e-4};
const hedge::RebalanceRule zakamouline{.band = hedge::BandKind::zakamouline, .aversion = 1.0, .cost_rate = 5e-4};

void hedge_paths(benchmark::State& state, const std::vector<hedge::RebalanceRule>& rules, const char* set) {
  if (set != nullptr && !math::use_instruction_set(set)) {
    state.SkipWithError("this processor lacks the instruction set");
    return;
  }
  const auto prepared = sim::prepare(study_of(rules)).value();
  const auto count = static_cast<std::size_t>(state.range(0));
  sim::HedgePaths paths = sim::room_for(prepared, count);
  for (auto _ : state) {
    sim::simulate(prepared, 0, count, paths);
    benchmark::DoNotOptimize(paths.pnl.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0) * steps);
  hwy::SetSupportedTargetsForTest(0);  // the processor's own again
}

// The same as a reader of the formulas would write it: a normal, the price, d1, the delta, the band, the trade.
void plain_paths(benchmark::State& state, bool banded) {
  const double strike = 100.0, vol = 0.6, years = 30.0 / 365.0, dt = years / steps, cost_rate = 5e-4, aversion = 1.0;
  const double stdev = vol * std::sqrt(dt), drift = -0.5 * stdev * stdev;
  std::vector<double> pnl(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    for (std::size_t path = 0; path < pnl.size(); ++path) {
      double spot = 100.0, held = 0.0, cash = 0.0, cost = 0.0, spare = 0.0;
      for (int step = 0; step < steps; ++step) {
        const double left = vol * std::sqrt(dt * (steps - step)), d1 = std::log(spot / strike) / left + 0.5 * left;
        const double delta = 0.5 * std::erfc(-d1 * 0.70710678118654752);
        double next = delta;
        if (banded) {
          const double gamma = std::exp(-0.5 * d1 * d1) * 0.39894228040143268 / (spot * left);
          const double width = std::cbrt(1.5 * cost_rate * spot * gamma * gamma / aversion);
          next = std::min(std::max(held, delta - width), delta + width);
        }
        cost += cost_rate * std::abs(next - held) * spot;
        cash -= (next - held) * spot;
        held = next;
        if (step % 2 == 0) {
          // Two normals from one block: G. E. P. Box, M. E. Muller, the cheapest way with the C library.
          const PhiloxBlock b = philox(philox_counter(path, static_cast<std::uint64_t>(step) / 2), philox_key(1));
          const double radius = std::sqrt(-2.0 * std::log(philox_uniform(b[0], b[1])));
          const double angle = 6.283185307179586 * philox_uniform(b[2], b[3]);
          spare = radius * std::sin(angle);
          spot *= std::exp(drift + stdev * radius * std::cos(angle));
        } else {
          spot *= std::exp(drift + stdev * spare);
        }
      }
      cost += cost_rate * held * spot;
      pnl[path] = cash + held * spot - std::max(spot - strike, 0.0) - cost;
    }
    benchmark::DoNotOptimize(pnl.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0) * steps);
}

void normals(benchmark::State& state) {
  std::vector<double> z(4096);
  std::uint64_t step = 0;
  for (auto _ : state) {
    math::normal_draws(1, 0, step++, z);
    benchmark::DoNotOptimize(z.data());
  }
  state.SetItemsProcessed(state.iterations() * 4096);
}

void quantiles_of_uniforms(benchmark::State& state) {
  std::vector<double> z(4096);
  std::uint64_t step = 0;
  for (auto _ : state) {
    math::uniform_draws(1, 0, step++, z);
    math::norm_quantile(z, z);
    benchmark::DoNotOptimize(z.data());
  }
  state.SetItemsProcessed(state.iterations() * 4096);
}

const std::vector<hedge::RebalanceRule> both = {black_scholes, whalley_wilmott};
const char* const best = nullptr;

BENCHMARK_CAPTURE(plain_paths, black_scholes, false)->Arg(2000);
BENCHMARK_CAPTURE(plain_paths, whalley_wilmott, true)->Arg(2000);
BENCHMARK_CAPTURE(hedge_paths, paths_alone, {}, best)->Arg(20'000);
BENCHMARK_CAPTURE(hedge_paths, black_scholes, {black_scholes}, best)->Arg(20'000);
BENCHMARK_CAPTURE(hedge_paths, whalley_wilmott, {whalley_wilmott}, best)->Arg(20'000);
BENCHMARK_CAPTURE(hedge_paths, both, both, best)->Arg(20'000);
BENCHMARK_CAPTURE(hedge_paths, zakamouline, {zakamouline}, best)->Arg(20'000);
BENCHMARK_CAPTURE(hedge_paths, black_scholes_avx2, {black_scholes}, "AVX2")->Arg(20'000);
BENCHMARK_CAPTURE(hedge_paths, whalley_wilmott_avx2, {whalley_wilmott}, "AVX2")->Arg(20'000);
BENCHMARK_CAPTURE(hedge_paths, both_avx2, both, "AVX2")->Arg(20'000);
BENCHMARK(normals);
BENCHMARK(quantiles_of_uniforms);

}  // namespace
