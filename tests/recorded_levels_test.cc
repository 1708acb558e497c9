// Eleven minutes of three books through the archive and the replay, beside the books that the messages alone make.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include "ballast/sim/level_replay.h"
#include "ballast/store/file.h"
#include "ballast/store/level_archive.h"
#include "ballast/venue/binance/depth_recording.h"
#include "tests/support.h"

using namespace ballast;
using namespace ballast::venue::binance;
using market::BookLevel;
using market::BookSide;
using market::LevelUpdate;

namespace {

/// A book kept in the plainest way.
struct PlainBook {
  std::map<std::int64_t, std::int64_t> bids, asks;
  static void set(const std::vector<BookLevel>& levels, std::map<std::int64_t, std::int64_t>& side) {
    for (const BookLevel& level : levels) {
      if (level.amount == 0)
        side.erase(level.price);
      else
        side[level.price] = level.amount;
    }
  }
  template <class Message>
  void take(const Message& message) {
    set(message.bids, bids);
    set(message.asks, asks);
  }
};

std::vector<BookLevel> levels(const market::OrderBook& book, BookSide side) {
  std::vector<BookLevel> all;
  book.walk(side, [&](const BookLevel& level) {
    all.push_back(level);
    return true;
  });
  return all;
}

bool same(const market::OrderBook& book, const market::OrderBook& other, const PlainBook& plain) {
  std::vector<BookLevel> bids, asks;
  for (auto level = plain.bids.rbegin(); level != plain.bids.rend(); ++level)
    bids.push_back({level->first, level->second});
  for (const auto& [price, amount] : plain.asks) asks.push_back({price, amount});
  return levels(book, BookSide::bid) == bids && levels(book, BookSide::ask) == asks &&
         levels(other, BookSide::bid) == bids && levels(other, BookSide::ask) == asks;
}

sim::LevelReplay with_options(const market::LevelHistory& history) {
  risk::OptionRows rows;
  std::vector<double> quantity;
  for (int i = 0; i < 24; ++i) {
    rows.forward.push_back(61'700.0);
    rows.strike.push_back(56'000.0 + 500.0 * i);
    rows.vol.push_back(0.55);
    rows.years.push_back((i % 3 + 1) * 0.05);
    rows.sign.push_back(i % 2 == 0 ? 1.0 : -1.0);
    quantity.push_back(i % 5 - 2.0);
  }
  std::vector<sim::LevelHolding> holdings(
      history.instruments.size(), {.contracts = 250.0, .options = risk::TickBook(rows, quantity, Price(61'700.0))});
  return {history.instruments, std::move(holdings)};
}

/// All bits of all figures at every update, in one number.
std::uint64_t bits_of(const market::LevelHistory& history) {
  sim::LevelReplay replay = with_options(history);
  std::uint64_t hash = 14695981039346656037u;  // FNV-1a, of words
  sim::replay_levels(history.updates, history.levels, replay, [&](const LevelUpdate& update, bool anew) {
    const sim::LevelFigures& f = replay.figures(update.instrument);
    for (const double value : {f.mid, f.delta().value, f.options.value.value, f.options.gamma, f.options.vega.value})
      hash = (hash ^ std::bit_cast<std::uint64_t>(value)) * 1099511628211u;
    hash = (hash ^ static_cast<std::uint64_t>(anew)) * 1099511628211u;
  });
  return hash;
}

}  // namespace

TEST_CASE("a recorded day replays level by level into the books of its messages") {
  std::vector<DepthRecording> recordings;
  for (const char* name : {"cm_btcusd_perp_20240808.gz", "cm_btcusd_perp_20240809.gz", "usdm_btcusdt_20240808.gz",
                           "spot_btcusdt_20240808.gz", "spot_btcusdt_20240809.gz"}) {
    const auto path = test::shared(std::string("data/binance-l2-btc-20240808/") + name);
    if (!path) return;
    auto recording = decode_depth_recording(store::read_bytes(*path, std::size_t{256} << 20).value());
    REQUIRE(recording);
    recordings.push_back(std::move(recording).value());
  }
  auto converted = level_history(recordings);
  REQUIRE(converted);
  const RecordedLevels recorded = std::move(converted).value();
  REQUIRE(recorded.history.instruments.size() == 3);
  const std::array<std::size_t, 3> messages = {44'795, 6'551, 6'495};  // as the README of the data counts them
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(recorded.counts[i].updates == messages[i]);
    CHECK(recorded.counts[i].gaps == 0);
    CHECK(recorded.counts[i].snapshots == 1);
  }
  const auto read = store::decode_levels(store::encode_levels(recorded.history));
  REQUIRE(read);
  REQUIRE(read.value() == recorded.history);
  const market::LevelHistory& history = read.value();

  // The same messages by the venue's rules, one by one, beside the replay of what came of them.
  struct Line {
    const RecordedDepth* depth;
    std::size_t row;
  };
  std::vector<Line> lines;
  const std::array<std::size_t, 5> row_of = {0, 0, 1, 2, 2};
  for (std::size_t i = 0; i < recordings.size(); ++i)
    for (const RecordedDepth& depth : recordings[i].messages) lines.push_back({&depth, row_of[i]});
  std::stable_sort(lines.begin(), lines.end(),
                   [](const Line& a, const Line& b) { return a.depth->received_ns < b.depth->received_ns; });
  sim::LevelReplay replay = with_options(history);
  std::array<DepthBook, 3> books;
  std::array<PlainBook, 3> plain;
  std::size_t at = 0, first = 0, compared = 0;
  const auto advance = [&](std::size_t row, std::size_t updates) {
    for (; updates > 0; --updates, ++at) {
      REQUIRE(at < history.updates.size());
      const LevelUpdate& update = history.updates[at];
      REQUIRE(update.instrument == row);
      const std::size_t count = std::size_t{update.bids} + update.asks;
      replay.apply(update, std::span(history.levels).subspan(first, count));
      first += count;
    }
  };
  for (const Line& line : lines) {
    std::vector<DepthUpdate> followed;
    if (const auto* update = std::get_if<DepthUpdate>(&line.depth->message)) {
      if (books[line.row].apply(*update).value() != Applied::applied) continue;
      plain[line.row].take(*update);
    } else {
      const auto& snapshot = std::get<DepthSnapshot>(line.depth->message);
      REQUIRE(books[line.row].apply(snapshot, &followed).value() == Applied::applied);
      plain[line.row].take(snapshot);
      for (const DepthUpdate& next : followed) plain[line.row].take(next);
    }
    advance(line.row, 1 + followed.size());
    const auto& counts = replay.counts(line.row);
    if (counts.updates % 25 != 0) continue;
    ++compared;
    CHECK(same(replay.book(line.row), books[line.row].book(), plain[line.row]));
    const double mid = 0.5 * (static_cast<double>(plain[line.row].bids.rbegin()->first) +
                              static_cast<double>(plain[line.row].asks.begin()->first));
    CHECK(replay.figures(line.row).mid == doctest::Approx(1e-8 * mid).epsilon(1e-15));
  }
  CHECK(at == history.updates.size());
  CHECK(compared >= 2'300);
  std::size_t touched = 0, updates = 0;
  for (std::size_t row = 0; row < 3; ++row) {
    CHECK(replay.counts(row).refused == 0);
    CHECK(replay.counts(row).bookless == 0);
    CHECK(replay.counts(row).updates == recorded.counts[row].applied + 1);
    touched += replay.counts(row).touched;
    updates += replay.counts(row).updates;
  }
  MESSAGE(history.levels.size(), " levels in ", updates, " updates, ", touched, " of them with another best price; ",
          compared, " books compared");
  CHECK(bits_of(history) == bits_of(history));
}
