#include "ballast/sim/modelled_chain.h"

#include <benchmark/benchmark.h>

#include "ballast/base/time.h"

namespace {

using namespace ballast;

void modelled_chain_of_seven_expiries(benchmark::State& state) {
  sim::ChainShape shape;
  shape.skew = -0.05;
  shape.convexity = 0.02;
  const Time at = instant({2026, 11, 20}, 12).value();
  double index = 60'000.0;
  std::size_t options = 0;
  for (auto _ : state) {
    const auto made = sim::modelled_chain(shape, at, index += 1.0, 0.5);
    options += made.value().quotes.size() - 1 - shape.days.size();
    benchmark::DoNotOptimize(made);
  }
  state.counters["options"] = benchmark::Counter(static_cast<double>(options), benchmark::Counter::kAvgIterations);
  state.SetItemsProcessed(static_cast<std::int64_t>(options));
}
BENCHMARK(modelled_chain_of_seven_expiries)->Unit(benchmark::kMicrosecond);

}  // namespace
