#include <chrono>
#include <cstddef>
#include <ostream>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "ballast/app/commands.h"
#include "ballast/app/progress.h"
#include "ballast/sim/level_replay.h"
#include "ballast/store/file.h"
#include "ballast/store/level_archive.h"
#include "ballast/venue/binance/depth_recording.h"

namespace ballast::app {
namespace {

/// Of one recording, after decompression. A busy book writes some 300 MB an hour.
constexpr std::size_t recording_limit = std::size_t{1} << 30;

Cell whole(std::size_t count) { return static_cast<long long>(count); }

Result<venue::binance::RecordedLevels> read_recordings(const std::vector<std::string>& paths, Streams streams) {
  Progress progress(streams.err, "files");
  std::vector<venue::binance::DepthRecording> recordings;
  for (const std::string& path : paths) {
    const auto bytes = store::read_bytes(path, recording_limit);
    if (!bytes) return bytes.error();
    auto recording = venue::binance::decode_depth_recording(bytes.value());
    if (!recording) return in(path, recording.error());
    recordings.push_back(std::move(recording).value());
    progress.at(static_cast<double>(recordings.size()) / static_cast<double>(paths.size()), recordings.size());
  }
  return venue::binance::level_history(recordings);
}

Table conversion_table(const venue::binance::RecordedLevels& recorded) {
  Table table{{{"instrument"}, {"contract"}, {"updates"}, {"applied"}, {"changes"}, {"snapshots"}, {"gaps"}}, {}};
  std::vector<std::size_t> changes(recorded.counts.size(), 0);
  for (const market::LevelUpdate& update : recorded.history.updates) {
    if (update.event == market::LevelEvent::change)
      changes[update.instrument] += std::size_t{update.bids} + update.asks;
  }
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const market::LevelInstrument& instrument = recorded.history.instruments[i];
    const auto& counts = recorded.counts[i];
    table.rows.push_back({instrument.name, instrument.contract, whole(counts.updates), whole(counts.applied),
                          whole(changes[i]), whole(counts.snapshots), whole(counts.gaps)});
  }
  return table;
}

Table replay_table(const market::LevelHistory& history, const sim::LevelReplay& replay) {
  Table table{{{"instrument"},
               {"updates"},
               {"levels"},
               {"touched"},
               {"crossed"},
               {"without_book"},
               {"bid_levels"},
               {"ask_levels"},
               {"best_bid"},
               {"best_ask"},
               {"sent"}},
              {}};
  for (std::size_t i = 0; i < replay.size(); ++i) {
    const market::OrderBook& book = replay.book(i);
    const auto& counts = replay.counts(i);
    const auto best = [&](market::BookSide side) {
      const auto level = book.best(side);
      return level ? Cell(market::book_value(level->price)) : Cell();
    };
    table.rows.push_back({history.instruments[i].name, whole(counts.updates), whole(counts.levels),
                          whole(counts.touched), whole(counts.refused), whole(counts.bookless),
                          whole(book.size(market::BookSide::bid)), whole(book.size(market::BookSide::ask)),
                          best(market::BookSide::bid), best(market::BookSide::ask),
                          book.valid() ? Cell(to_string(book.sent())) : Cell()});
  }
  return table;
}

}  // namespace

int cmd_levels(const LevelsOptions& options, Streams streams) {
  if (options.depth.empty() && !options.replay)
    return fail({Fault::bad_flag, "--depth FILE... or --replay FILE is due"}, streams);
  if (options.depth.empty() && options.archive)
    return fail({Fault::bad_flag, "--archive is written from --depth FILE..., which is not given"}, streams);
  if (!options.depth.empty() && options.replay)
    return fail({Fault::bad_flag, "--depth and --replay are two tables: choose one"}, streams);
  if (!options.replay) {
    const auto recorded = read_recordings(options.depth, streams);
    if (!recorded) return fail(recorded.error(), streams);
    if (options.archive) {
      if (const auto fault = store::write_levels(*options.archive, recorded.value().history))
        return fail(*fault, streams);
      streams.err << fmt::format("{}: {} updates, {} levels\n", *options.archive,
                                 recorded.value().history.updates.size(), recorded.value().history.levels.size());
    }
    streams.out << render(conversion_table(recorded.value()), options.format);
    return Exit::done;
  }
  const auto history = store::read_levels(*options.replay);
  if (!history) return fail(history.error(), streams);
  const auto& instruments = history.value().instruments;
  sim::LevelReplay replay(instruments, std::vector<sim::LevelHolding>(instruments.size()));
  const auto start = std::chrono::steady_clock::now();
  sim::replay_levels(history.value().updates, history.value().levels, replay, [](const market::LevelUpdate&, bool) {});
  const double spent = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const auto levels = static_cast<double>(history.value().levels.size());
  streams.err << fmt::format("{} levels in {} updates, {:.1f} ms: {:.1f} million a second\n",
                             history.value().levels.size(), history.value().updates.size(), 1e3 * spent,
                             1e-6 * levels / spent);
  streams.out << render(replay_table(history.value(), replay), options.format);
  return Exit::done;
}

}  // namespace ballast::app
