#pragma once
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "ballast/vol/fit.h"

/// What the benchmarks of made and of recorded chains share.
namespace ballast::bench {

using namespace ballast::vol;
using Chain = std::vector<SliceQuotes>;

/// Vol points over all quotes, outliers included.
template <class VolAt>
double rms(const Chain& chain, VolAt vol_at) {
  double squares = 0.0;
  std::size_t n = 0;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    for (std::size_t j = 0; j < chain[i].vol.size(); ++j, ++n) {
      const double error = vol_at(i, chain[i].log_moneyness[j]) - chain[i].vol[j];
      squares += error * error;
    }
  }
  return 100.0 * std::sqrt(squares / static_cast<double>(n));
}

inline void fit_chain(benchmark::State& state, const Chain& chain, const FitRules& rules,
                      const Surface* warm = nullptr) {
  Surface surface;
  for (auto _ : state) {
    auto fitted = fit(chain, rules, warm);
    if (!fitted) return state.SkipWithError(fitted.error().what.c_str());
    surface = std::move(fitted).value();
    benchmark::DoNotOptimize(surface.slices.data());
  }
  state.counters["rms"] = rms(chain, [&](std::size_t i, double k) {
    return vol_of(at(surface.slices[i].shape, k), surface.slices[i].years).value;
  });
  state.counters["slices"] = static_cast<double>(chain.size());
  double repaired = 0.0;
  for (const Slice& slice : surface.slices) repaired += slice.health.repaired ? 1.0 : 0.0;
  state.counters["repaired"] = repaired;
}

}  // namespace ballast::bench
