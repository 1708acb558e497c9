#include "ballast/desk/decide.h"

#include <benchmark/benchmark.h>

#include "ballast/pricing/black.h"
#include "ballast/store/snapshot.h"

// The whole path on the bundled sample (360 options, 12 legs), beside what no path can do without: one evaluation of
// the Greeks for each leg of the book. Run from the root of the tree. Quote the ratio of two lines of one run.
namespace {

using namespace ballast;

const market::Snapshot& sample() {
  static const market::Snapshot market =
      store::read_snapshot({"examples/btc-chain.json", "examples/btc-instruments.json", "examples/btc-perpetual.json"})
          .value();
  return market;
}

void decide(benchmark::State& state) {
  const market::Portfolio book{.positions = store::read_positions("examples/btc-book.csv").value(), .accounts = {}};
  for (auto _ : state) benchmark::DoNotOptimize(desk::decide({}, sample(), book));
}

void read_and_decide(benchmark::State& state) {
  for (auto _ : state) {
    const market::Portfolio book{.positions = store::read_positions("examples/btc-book.csv").value(), .accounts = {}};
    auto market = store::read_snapshot(
                      {"examples/btc-chain.json", "examples/btc-instruments.json", "examples/btc-perpetual.json"})
                      .value();
    benchmark::DoNotOptimize(desk::decide({}, std::move(market), book));
  }
}

void greeks_of_twelve_legs(benchmark::State& state) {
  const pricing::Vanilla option{.forward = Price(96000), .strike = Price(100000), .vol = Vol(0.4), .years = Years(0.1)};
  for (auto _ : state) {
    for (int leg = 0; leg < 12; ++leg) benchmark::DoNotOptimize(pricing::black_greeks(option));
  }
}

BENCHMARK(greeks_of_twelve_legs);
BENCHMARK(decide)->Unit(benchmark::kMicrosecond);
BENCHMARK(read_and_decide)->Unit(benchmark::kMicrosecond);

}  // namespace
