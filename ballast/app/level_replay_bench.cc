#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "ballast/sim/level_replay.h"
#include "ballast/store/file.h"
#include "ballast/store/level_archive.h"
#include "ballast/venue/binance/depth_recording.h"

// Eleven recorded minutes of three books of one coin, from the first snapshot to the last update, again and again. It
// reads files of a venue's form, which sim may not; so it lies here.
namespace {

using namespace ballast;
using market::BookLevel;
using market::LevelEvent;
using market::LevelUpdate;

struct Recorded {
  std::string missing;  ///< why there is none
  market::LevelHistory history;
  std::size_t changes = 0;  ///< levels of updates that are no snapshots: the events that are counted
};

Recorded read_recorded() {
  const std::filesystem::path folder =
      std::filesystem::path(BALLAST_SOURCE_DIR) / "../shared/data/binance-l2-btc-20240808";
  std::vector<venue::binance::DepthRecording> recordings;
  for (const char* name : {"cm_btcusd_perp_20240808.gz", "cm_btcusd_perp_20240809.gz", "usdm_btcusdt_20240808.gz",
                           "spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz"}) {
    const auto bytes = store::read_bytes((folder / name).string(), std::size_t{256} << 20);
    if (!bytes) return {.missing = bytes.error().what};
    auto recording = venue::binance::decode_depth_recording(bytes.value());
    if (!recording) return {.missing = recording.error().what};
    recordings.push_back(std::move(recording).value());
  }
  auto levels = venue::binance::level_history(recordings);
  if (!levels) return {.missing = levels.error().what};
  Recorded recorded{.history = std::move(levels).value().history};
  for (const LevelUpdate& update : recorded.history.updates)
    if (update.event == LevelEvent::change) recorded.changes += std::size_t{update.bids} + update.asks;
  return recorded;
}

const Recorded& recorded() {
  static const Recorded all = read_recorded();
  return all;
}

bool absent(benchmark::State& state) {
  if (recorded().missing.empty()) return false;
  state.SkipWithError(recorded().missing.c_str());
  return true;
}

/// Events a second, and the nanoseconds that one takes.
void count(benchmark::State& state) {
  const auto events = static_cast<double>(state.iterations()) * static_cast<double>(recorded().changes);
  state.SetItemsProcessed(static_cast<std::int64_t>(events));
  state.counters["per_event"] = benchmark::Counter(events, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

/// n options on a forward: three expiries, strikes by 2 % around the money, long and short.
risk::TickBook options(std::size_t n, double forward) {
  risk::OptionRows rows;
  std::vector<double> quantity;
  for (std::size_t i = 0; i < n; ++i) {
    rows.forward.push_back(forward);
    rows.strike.push_back(forward * (1.0 + 0.02 * (static_cast<double>(i / 3) - static_cast<double>(n) / 6.0)));
    rows.vol.push_back(0.5 + 0.02 * static_cast<double>(i % 7));
    rows.years.push_back(std::array{7.0, 30.0, 90.0}[i % 3] / 365.0);
    rows.sign.push_back(i % 2 == 0 ? 1.0 : -1.0);
    quantity.push_back(i % 5 < 2 ? -10.0 : 10.0);
  }
  return {rows, quantity, Price(forward)};
}

sim::LevelReplay replay_of(std::size_t options_each) {
  std::vector<sim::LevelHolding> holdings(recorded().history.instruments.size());
  for (sim::LevelHolding& holding : holdings) {
    holding.contracts = 100.0;
    if (options_each > 0) holding.options.emplace(options(options_each, 61'700.0));
  }
  return {recorded().history.instruments, std::move(holdings)};
}

/// The plainest book: an ordered map a side.
struct MapBook {
  std::map<std::int64_t, std::int64_t, std::greater<>> bids;
  std::map<std::int64_t, std::int64_t> asks;
  template <class Side>
  static void set(std::span<const BookLevel> levels, Side& side) {
    for (const BookLevel& level : levels) {
      if (level.amount == 0)
        side.erase(level.price);
      else
        side[level.price] = level.amount;
    }
  }
};

void levels_maps_mid(benchmark::State& state) {
  if (absent(state)) return;
  const market::LevelHistory& history = recorded().history;
  for (auto _ : state) {
    std::vector<MapBook> books(history.instruments.size());
    std::size_t first = 0;
    double sum = 0.0;
    for (const LevelUpdate& update : history.updates) {
      MapBook& book = books[update.instrument];
      const std::span levels = std::span(history.levels).subspan(first, std::size_t{update.bids} + update.asks);
      first += levels.size();
      if (update.event != LevelEvent::change) book = {};
      MapBook::set(levels.first(update.bids), book.bids);
      MapBook::set(levels.subspan(update.bids), book.asks);
      const std::int64_t bid = book.bids.begin()->first, ask = book.asks.begin()->first;
      if (bid >= ask) return state.SkipWithError("a crossed book");
      sum += 0.5 * (market::book_value(bid) + market::book_value(ask));
    }
    benchmark::DoNotOptimize(sum);
  }
  count(state);
}

void levels_books(benchmark::State& state) {
  if (absent(state)) return;
  const market::LevelHistory& history = recorded().history;
  for (auto _ : state) {
    std::vector<market::OrderBook> books(history.instruments.size());
    std::size_t first = 0, sum = 0;
    for (const LevelUpdate& update : history.updates) {
      const std::span levels = std::span(history.levels).subspan(first, std::size_t{update.bids} + update.asks);
      first += levels.size();
      const auto bids = levels.first(update.bids), asks = levels.subspan(update.bids);
      market::OrderBook& book = books[update.instrument];
      const auto size = update.event == LevelEvent::change ? book.change(bids, asks, update.sent)
                                                           : book.replace(bids, asks, update.sent);
      if (!size) return state.SkipWithError(size.error().what.c_str());
      sum += size.value();
    }
    benchmark::DoNotOptimize(sum);
  }
  count(state);
}

/// With the mid and the contracts' delta; the argument is the number of options on each instrument.
void levels_replay(benchmark::State& state) {
  if (absent(state)) return;
  const market::LevelHistory& history = recorded().history;
  std::size_t updates = 0, touched = 0, revalued = 0;
  for (auto _ : state) {
    state.PauseTiming();
    sim::LevelReplay replay = replay_of(static_cast<std::size_t>(state.range(0)));
    state.ResumeTiming();
    double delta = 0.0;
    sim::replay_levels(history.updates, history.levels, replay, [&](const LevelUpdate& update, bool anew) {
      if (anew) delta += replay.figures(update.instrument).delta().value;
    });
    benchmark::DoNotOptimize(delta);
    state.PauseTiming();
    updates = touched = revalued = 0;
    for (std::size_t row = 0; row < replay.size(); ++row) {
      updates += replay.counts(row).updates;
      touched += replay.counts(row).touched;
      revalued += replay.counts(row).revalued;
    }
    state.ResumeTiming();
  }
  count(state);
  state.counters["touched_share"] = static_cast<double>(touched) / static_cast<double>(updates);
  state.counters["revalued"] = static_cast<double>(revalued);
}

/// What reading alone costs.
void levels_read(benchmark::State& state) {
  if (absent(state)) return;
  for (auto _ : state) {
    std::int64_t sum = 0;
    for (const BookLevel& level : recorded().history.levels) sum += level.price ^ level.amount;
    benchmark::DoNotOptimize(sum);
  }
  count(state);
}

/// The least that keeping a book takes, where it costs least: the division, the store and the bit, all in L1.
void levels_floor(benchmark::State& state) {
  if (absent(state)) return;
  std::array<std::int64_t, 1024> amounts{};
  std::array<std::uint64_t, 16> filled{};
  std::uint64_t step = 10'000'000;
  benchmark::DoNotOptimize(step);  // no constant: a division it is
  for (auto _ : state) {
    for (const BookLevel& level : recorded().history.levels) {
      const std::uint64_t slot = static_cast<std::uint64_t>(level.price) / step % 1024;
      const std::uint64_t is = level.amount != 0, at = slot % 64;
      std::uint64_t& word = filled[slot / 64];
      word = (word & ~(std::uint64_t{1} << at)) | (is << at);
      amounts[slot] = level.amount;
    }
    benchmark::DoNotOptimize(amounts.data());
    benchmark::DoNotOptimize(filled.data());
    benchmark::ClobberMemory();
  }
  count(state);
}

void levels_decode_archive(benchmark::State& state) {
  if (absent(state)) return;
  const std::string bytes = store::encode_levels(recorded().history);
  for (auto _ : state) {
    auto history = store::decode_levels(bytes);
    benchmark::DoNotOptimize(history);
  }
  count(state);
  state.counters["bytes"] = static_cast<double>(bytes.size());
}

BENCHMARK(levels_read)->Unit(benchmark::kMillisecond);
BENCHMARK(levels_floor)->Unit(benchmark::kMillisecond);
BENCHMARK(levels_maps_mid)->Unit(benchmark::kMillisecond);
BENCHMARK(levels_books)->Unit(benchmark::kMillisecond);
BENCHMARK(levels_replay)->Arg(0)->Arg(8)->Arg(16)->Arg(64)->Unit(benchmark::kMillisecond);
BENCHMARK(levels_decode_archive)->Unit(benchmark::kMillisecond);

}  // namespace
