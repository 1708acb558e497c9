#include "ballast/risk/book.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "ballast/hedge/lots.h"
#include "ballast/hedge/ratio.h"

// A book of 1,000 unique options and 10,000 positions: a spot tick to the hedge in whole lots, a scenario grid, and a
// million positions in 100,000 accounts. One core.
namespace {

using namespace ballast;
using namespace ballast::risk;

constexpr std::size_t options = 1000, legs = 10'000;
constexpr double spot = 65000.0;

OptionRows chain() {
  std::mt19937_64 rng(20260401);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  OptionRows rows;
  for (std::size_t i = 0; i < options; ++i) {
    const double years = 0.003 + unit(rng), vol = 0.4 + 0.4 * unit(rng), f = spot * std::exp(0.04 * years);
    rows.forward.push_back(f);
    rows.strike.push_back(f * std::exp(vol * std::sqrt(years) * (5.0 * unit(rng) - 2.5)));
    rows.vol.push_back(vol);
    rows.years.push_back(years);
    rows.sign.push_back(rows.strike[i] > f ? 1.0 : -1.0);
  }
  return rows;
}

OptionPositions book() {
  std::mt19937_64 rng(2);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  OptionPositions p;
  for (std::size_t i = 0; i < legs; ++i) {
    p.row.push_back(static_cast<std::uint32_t>(unit(rng) * static_cast<double>(options)));
    p.quantity.push_back(std::round(200.0 * unit(rng) - 100.0) / 10.0);
  }
  return p;
}

void tick_to_hedge(benchmark::State& state) {
  const OptionRows rows = chain();
  TickBook ticks(rows, net_quantities(book(), options), Price(spot));
  market::Instrument perpetual;
  perpetual.name = "BTC-PERPETUAL";
  perpetual.kind = market::Kind::perpetual;
  perpetual.lot = 10.0;
  std::vector<double> micros;
  micros.reserve(1 << 20);
  int step = 0;
  for (auto _ : state) {
    const Price now(spot + static_cast<double>(step++ % 64));
    const auto start = std::chrono::steady_clock::now();
    const BookSums sums = ticks.at(now);
    const auto ratio = hedge::ratio(sums.net_delta, Coin(1.0));
    const auto lots = hedge::lots_of(perpetual, -ratio.value() * now.value);
    benchmark::DoNotOptimize(lots);
    const auto end = std::chrono::steady_clock::now();
    micros.push_back(std::chrono::duration<double, std::micro>(end - start).count());
  }
  std::ranges::sort(micros);
  state.counters["p50_us"] = micros[micros.size() / 2];
  state.counters["p99_us"] = micros[micros.size() * 99 / 100];
}
BENCHMARK(tick_to_hedge);

void scenario_grid_35(benchmark::State& state) {
  const OptionRows rows = chain();
  const OptionPositions positions = book();
  const std::vector<double> prices = {-0.15, -0.1, -0.05, 0.0, 0.05, 0.1, 0.15}, vols = {-0.3, -0.15, 0.0, 0.15, 0.3};
  const auto scenarios = scenario_grid(prices, vols);
  std::vector<double> value(scenarios.size());
  for (auto _ : state) {
    // From the positions on: what a changed book costs.
    const auto net = net_quantities(positions, options);
    pricing::black_grid(rows.columns(), net, scenarios, value);
    benchmark::DoNotOptimize(value.data());
  }
}
BENCHMARK(scenario_grid_35)->Unit(benchmark::kMicrosecond);

void accounts_100k(benchmark::State& state) {
  constexpr std::size_t accounts = 100'000, positions = 1'000'000;
  std::mt19937_64 rng(3);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  AccountPositions p;
  p.first.push_back(0);
  for (std::size_t a = 0; a < accounts; ++a)
    p.first.push_back(static_cast<std::uint32_t>((a + 1) * (positions / accounts)));
  for (std::size_t i = 0; i < positions; ++i) {
    p.row.push_back(static_cast<std::uint32_t>(unit(rng) * static_cast<double>(options)));
    p.quantity.push_back(unit(rng) - 0.5);
  }
  std::vector<Figures> rows(options, Figures{1.0, 0.5, 0.1, 2.0}), out(accounts);
  for (auto _ : state) {
    account_figures(p, rows, out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(accounts_100k)->Unit(benchmark::kMicrosecond);

}  // namespace
