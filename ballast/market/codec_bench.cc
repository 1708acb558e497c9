// A chain as bytes and back, beside a plain copy of the value: the same strings and maps are made, nothing is decoded.
#include <string>

#include <benchmark/benchmark.h>

#include "ballast/market/codec.h"

namespace {

using namespace ballast;

market::Event chain(std::size_t options) {
  market::Snapshot snapshot{.as_of = Time{1'770'000'000'000}};
  for (std::size_t i = 0; i < options; ++i) {
    const double x = static_cast<double>(i);
    const std::string name = "BTC-25DEC26-" + std::to_string(20'000 + 500 * i) + "-C";
    snapshot.instruments[name] = {.name = name,
                                  .underlying = "BTC",
                                  .settlement_currency = "BTC",
                                  .index = "btc_usd",
                                  .strike = 20'000.0 + 500.0 * x,
                                  .expiry = Time{1'798'185'600'000},
                                  .lot = 0.1,
                                  .ticks = {.tick = 0.0001, .steps = {{0.005, 0.0005}}}};
    snapshot.quotes[name] = {.instrument = name,
                             .sent = snapshot.as_of,
                             .bid = 0.01 + 1e-4 * x,
                             .ask = 0.011 + 1e-4 * x,
                             .bid_amount = 10.0,
                             .ask_amount = 12.0,
                             .mark = 0.0105 + 1e-4 * x,
                             .mark_vol = Vol(0.5),
                             .index = 60'000.0,
                             .underlying_price = 60'500.0,
                             .underlying_index = "SYN.BTC-25DEC26",
                             .open_interest = 100.0};
  }
  return {snapshot.as_of, market::ChainSeen{snapshot}};
}

void copy(benchmark::State& state) {
  const market::Event event = chain(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    const market::Event other = event;
    benchmark::DoNotOptimize(&other);
  }
}
BENCHMARK(copy)->Arg(1000);

void to_bytes(benchmark::State& state) {
  const market::Event event = chain(static_cast<std::size_t>(state.range(0)));
  std::size_t size = 0;
  for (auto _ : state) {
    const std::string bytes = encoded(event);
    benchmark::DoNotOptimize(bytes.data());
    size += bytes.size();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(size));
}
BENCHMARK(to_bytes)->Arg(1000);

void from_bytes(benchmark::State& state) {
  const std::string bytes = encoded(chain(static_cast<std::size_t>(state.range(0))));
  for (auto _ : state) {
    const auto event = decoded<market::Event>(bytes);
    benchmark::DoNotOptimize(&event);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes.size()) * state.iterations());
}
BENCHMARK(from_bytes)->Arg(1000);

}  // namespace
