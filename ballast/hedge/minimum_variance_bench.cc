// Ratios from 500 changes: OLS with its interval and test is the yardstick, quote the others over it.
#include <cmath>
#include <vector>

#include <benchmark/benchmark.h>

#include "ballast/hedge/minimum_variance.h"
#include "ballast/math/normal.h"

namespace ballast {
namespace {

struct Changes {
  std::vector<double> position;
  std::vector<std::vector<double>> hedges{1};
};

Changes changes(std::size_t n) {
  Changes c;
  Rng rng(20261125);
  double variance = 1.0;
  for (std::size_t i = 0; i < n; ++i) {
    const double f = std::sqrt(variance) * math::norm_quantile(rng.uniform());
    c.hedges[0].push_back(f);
    c.position.push_back(0.9 * f + 0.4 * std::sqrt(variance) * math::norm_quantile(rng.uniform()));
    variance = 0.05 + 0.1 * f * f + 0.85 * variance;
  }
  return c;
}

void ratio(benchmark::State& state, hedge::RatioMethod method, int resamples) {
  const Changes c = changes(500);
  Rng rng(1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        hedge::minimum_variance(c.position, c.hedges, {.method = method, .resamples = resamples}, rng));
  }
}

void garch_fit(benchmark::State& state) {
  const Changes c = changes(500);
  for (auto _ : state) benchmark::DoNotOptimize(math::fit_garch(c.position));
}

BENCHMARK_CAPTURE(ratio, ols, hedge::RatioMethod::ols, 0)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(ratio, ols_bootstrap, hedge::RatioMethod::ols, 999)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(ratio, ewma, hedge::RatioMethod::ewma, 0)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(ratio, ccc, hedge::RatioMethod::ccc, 0)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(ratio, dcc, hedge::RatioMethod::dcc, 0)->Unit(benchmark::kMicrosecond);
BENCHMARK(garch_fit)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace ballast
