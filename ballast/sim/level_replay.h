#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/base/units.h"
#include "ballast/market/level_history.h"
#include "ballast/market/order_book.h"
#include "ballast/risk/book.h"

namespace ballast::sim {

/// What is held of one recorded instrument, and of options on it.
struct LevelHolding {
  double contracts = 0.0;                 ///< signed, in the amounts of its book
  std::optional<risk::TickBook> options;  ///< coin-settled; their forwards move with the instrument's mid
};

/// What stands behind an instrument after an update. All NaN while its book has not both sides.
struct LevelFigures {
  double mid;              ///< quote currency per coin
  Coin contracts_delta;    ///< contracts · contract, over mid where inverse
  risk::BookSums options;  ///< at mid
  /// Of a coin-counted account: the contracts, and the options net of their premium.
  Coin delta() const { return contracts_delta + options.net_delta; }
};

/// What a replay came across.
struct LevelReplayCounts {
  std::size_t updates = 0, levels = 0;  ///< applied, snapshots with them
  std::size_t snapshots = 0;
  std::size_t touched = 0;   ///< the best bid or ask price is another
  std::size_t revalued = 0;  ///< the mid is another, so the Greeks were taken anew
  std::size_t refused = 0;   ///< would have left a book that is crossed, locked or too deep; it was dropped
  std::size_t bookless = 0;  ///< changes of a book that is not there: lost, dropped, not yet begun
};

/// All books of a recording with what is held against them, an update at a time. An update is applied whole; where it
/// moves the mid of its instrument, and only there, the figures of that instrument are taken anew.
/// Bits     the same updates give the same figures.
/// Cost     market::OrderBook::change, and TickBook::at for an update that moves the mid; allocates nothing once the
///          books have grown.
class LevelReplay {
 public:
  /// One holding an instrument, else the program stops.
  LevelReplay(std::span<const market::LevelInstrument> instruments, std::vector<LevelHolding> holdings);

  /// `levels` are the update's bids, then its asks. The answer is whether the figures of its instrument are new.
  /// Domain  an update as store::decode_levels() lets it through.
  bool apply(const market::LevelUpdate& update, std::span<const market::BookLevel> levels);

  std::size_t size() const { return rows_.size(); }
  const market::OrderBook& book(std::size_t row) const { return rows_[row].book; }
  const LevelFigures& figures(std::size_t row) const { return rows_[row].figures; }
  const LevelReplayCounts& counts(std::size_t row) const { return rows_[row].counts; }

 private:
  struct Row {
    double contract;
    bool inverse;
    LevelHolding holding;
    LevelFigures figures;
    market::OrderBook book;
    std::int64_t bid = 0, ask = 0;  // scaled; 0: none
    LevelReplayCounts counts;
  };
  bool look(Row& row);

  std::vector<Row> rows_;
};

/// Replays updates in their order and calls visit(update, new_figures) after each. `levels` are those of the updates
/// one after the other, as market::LevelHistory has them.
template <class Visit>
void replay_levels(std::span<const market::LevelUpdate> updates, std::span<const market::BookLevel> levels,
                   LevelReplay& replay, Visit visit) {
  std::size_t first = 0;
  for (const market::LevelUpdate& update : updates) {
    const std::size_t count = std::size_t{update.bids} + update.asks;
    visit(update, replay.apply(update, levels.subspan(first, count)));
    first += count;
  }
}

}  // namespace ballast::sim
