#include "ballast/hedge/ladder.h"

#include <cmath>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "ballast/hedge/split.h"
#include "ballast/market/order_book.h"

// A book of 1,000 levels a side: kept, made into a curve, walked, and split over three of them. One core; per_level is
// the time of one level that was looked at.
namespace {

using namespace ballast;
using namespace ballast::hedge;

constexpr std::int64_t tick = 10'000'000, middle = 6'000'000'000'000;  // 0.1 and 60,000 in 1e-8

market::OrderBook book(std::uint64_t seed, std::size_t levels) {
  std::mt19937_64 random(seed);
  std::vector<market::BookLevel> bids, asks;
  std::int64_t bid = middle, ask = middle;
  for (std::size_t i = 0; i < levels; ++i) {
    bid -= tick * (1 + static_cast<std::int64_t>(random() % 5));
    ask += tick * (1 + static_cast<std::int64_t>(random() % 5));
    bids.push_back({bid, 100'000 * (1 + static_cast<std::int64_t>(random() % 2000))});
    asks.push_back({ask, 100'000 * (1 + static_cast<std::int64_t>(random() % 2000))});
  }
  market::OrderBook made;
  benchmark::DoNotOptimize(made.replace(bids, asks, Time{}));
  return made;
}

struct Case {
  market::Instrument instrument;
  market::Quote quote;
  risk::Valuation unit;
};

Case a_case(std::uint64_t seed, std::size_t levels, double lot = 0.001) {
  Case c;
  c.instrument.kind = market::Kind::perpetual;
  c.instrument.settlement = market::Settlement::linear;
  c.instrument.lot = lot;
  c.instrument.ticks.tick = 0.1;
  c.instrument.fees.taker = 0.0005;
  book(seed, levels).lay(c.quote);
  c.unit.price = 60'000.0;
  c.unit.index = c.unit.forward = Price(60'000.0);
  return c;
}

void per_level(benchmark::State& state, double levels) {
  state.counters["per_level"] =
      benchmark::Counter(levels, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void ladder_curve(benchmark::State& state) {
  const auto levels = static_cast<std::size_t>(state.range(0));
  const Case c = a_case(1, levels);
  for (auto _ : state) {
    auto curve = cost_curve(c.instrument, &c.quote, c.unit);
    benchmark::DoNotOptimize(curve);
  }
  per_level(state, 2.0 * static_cast<double>(levels));
}
BENCHMARK(ladder_curve)->Arg(20)->Arg(1000)->Unit(benchmark::kMicrosecond);

void ladder_cost(benchmark::State& state) {
  const auto levels = static_cast<std::size_t>(state.range(0));
  const Case c = a_case(1, levels);
  const CostCurve curve = cost_curve(c.instrument, &c.quote, c.unit, {.impact = std::nullopt}).value();
  const double amount = 0.999 * curve.most_buy();
  for (auto _ : state) benchmark::DoNotOptimize(cost(curve, amount));
  per_level(state, static_cast<double>(curve.buy.size()));
}
BENCHMARK(ladder_cost)->Arg(20)->Arg(1000)->Unit(benchmark::kMicrosecond);

/// The split reads every piece of a side once for its sums, then those that it takes.
void ladder_split_three(benchmark::State& state) {
  const bool lots_differ = state.range(1) != 0;
  std::vector<SplitVenue> venues;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const Case c = a_case(seed, static_cast<std::size_t>(state.range(0)), lots_differ && seed == 1 ? 0.00001 : 0.001);
    venues.push_back({c.instrument, cost_curve(c.instrument, &c.quote, c.unit).value(), 1.0, Usd(0.0)});
  }
  double pieces = 0.0;
  for (const SplitVenue& v : venues) pieces += static_cast<double>(v.curve.buy.size());
  const Coin coins(std::floor(1000.0 * 0.5 * venues[0].curve.shown_buy) / 1000.0);
  for (auto _ : state) {
    auto s = split(venues, coins);
    benchmark::DoNotOptimize(s);
  }
  per_level(state, pieces);
}
BENCHMARK(ladder_split_three)->Args({20, 0})->Args({1000, 0})->Args({1000, 1})->Unit(benchmark::kMicrosecond);

void order_book_change(benchmark::State& state) {
  market::OrderBook kept = book(1, 1000);
  std::mt19937_64 random(9);
  std::vector<std::vector<market::BookLevel>> changes(256);
  for (auto& change : changes) {  // ten levels of the best hundred, some of them removed
    for (int i = 0; i < 10; ++i) {
      change.push_back({middle + tick * (1 + static_cast<std::int64_t>(random() % 300)),
                        100'000 * static_cast<std::int64_t>(random() % 4)});
    }
  }
  std::size_t n = 0;
  for (auto _ : state) benchmark::DoNotOptimize(kept.change({}, changes[n++ % changes.size()], Time{}));
  per_level(state, 10.0);
}
BENCHMARK(order_book_change);

}  // namespace
