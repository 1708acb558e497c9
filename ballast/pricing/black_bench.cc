#include "ballast/pricing/black.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "ballast/math/normalised_black.h"
#include "ballast/pricing/inverse.h"

// One chain of 1024 options, the size of a coin's listed options; the scalar functions, one call per option. The
// seed is fixed so that two runs price the same chain.
namespace {

using namespace ballast;
using namespace ballast::pricing;

std::vector<Vanilla> chain() {
  std::mt19937_64 rng(20260401);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  std::vector<Vanilla> options(1024);
  for (Vanilla& o : options) {
    o.forward = Price(65000.0);
    o.vol = Vol(0.4 + 0.4 * unit(rng));
    o.years = Years(0.003 + unit(rng));
    o.strike = Price(65000.0 * std::exp(o.vol.value * std::sqrt(o.years.value) * (5.0 * unit(rng) - 2.5)));
    o.type = o.strike.value > 65000.0 ? market::OptionType::call : market::OptionType::put;
  }
  return options;
}

template <class Work>
void over_chain(benchmark::State& state, Work work) {
  const auto options = chain();
  for (auto _ : state)
    for (const Vanilla& o : options) benchmark::DoNotOptimize(work(o));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(options.size()));
}

void scalar_black_price(benchmark::State& state) {
  over_chain(state, [](const Vanilla& o) { return black_price(o); });
}
void scalar_black_delta(benchmark::State& state) {
  over_chain(state, [](const Vanilla& o) { return black_delta(o); });
}
void scalar_black_greeks(benchmark::State& state) {
  over_chain(state, [](const Vanilla& o) { return black_greeks(o); });
}
void scalar_inverse_greeks(benchmark::State& state) {
  over_chain(state, [](const Vanilla& o) { return inverse_greeks(o); });
}
void scalar_implied_stdev(benchmark::State& state) {
  const auto options = chain();
  std::vector<double> prices;
  for (const Vanilla& o : options) prices.push_back(black_price(o).value);
  for (auto _ : state)
    for (std::size_t i = 0; i < options.size(); ++i)
      benchmark::DoNotOptimize(math::implied_stdev_of_price(options[i].forward.value, options[i].strike.value,
                                                            prices[i], options[i].type == market::OptionType::call));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(options.size()));
}

BENCHMARK(scalar_black_price);
BENCHMARK(scalar_black_delta);
BENCHMARK(scalar_black_greeks);
BENCHMARK(scalar_inverse_greeks);
BENCHMARK(scalar_implied_stdev);

}  // namespace
