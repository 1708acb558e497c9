#include "ballast/sim/level_replay.h"

#include <limits>
#include <string>
#include <utility>

namespace ballast::sim {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr LevelFigures nothing_known{nan, Coin(nan), {Usd(nan), Coin(nan), Coin(nan), nan, Usd(nan)}};

}  // namespace

LevelReplay::LevelReplay(std::span<const market::LevelInstrument> instruments, std::vector<LevelHolding> holdings) {
  if (instruments.size() != holdings.size())
    abort_with({Fault::bad_input, "LevelReplay: " + std::to_string(holdings.size()) + " holdings of " +
                                      std::to_string(instruments.size()) + " instruments"});
  rows_.reserve(instruments.size());
  for (std::size_t i = 0; i < instruments.size(); ++i)
    rows_.push_back({.contract = instruments[i].contract,
                     .inverse = instruments[i].settlement == market::Settlement::inverse,
                     .holding = std::move(holdings[i]),
                     .figures = nothing_known});
}

bool LevelReplay::apply(const market::LevelUpdate& update, std::span<const market::BookLevel> levels) {
  Row& row = rows_[update.instrument];
  if (update.event == market::LevelEvent::lost) {
    row.book.clear();
    return look(row);
  }
  const bool snapshot = update.event == market::LevelEvent::snapshot;
  if (!snapshot && !row.book.valid()) {
    ++row.counts.bookless;
    return false;
  }
  const auto bids = levels.first(update.bids), asks = levels.subspan(update.bids);
  const auto done = snapshot ? row.book.replace(bids, asks, update.sent) : row.book.change(bids, asks, update.sent);
  if (done) {
    ++row.counts.updates;
    row.counts.levels += levels.size();
    row.counts.snapshots += snapshot ? 1 : 0;
  } else {
    ++row.counts.refused;
  }
  return look(row);
}

/// Follows the best prices of a row.
bool LevelReplay::look(Row& row) {
  const auto best_bid = row.book.best(market::BookSide::bid), best_ask = row.book.best(market::BookSide::ask);
  const std::int64_t bid = best_bid ? best_bid->price : 0, ask = best_ask ? best_ask->price : 0;
  if (bid == row.bid && ask == row.ask) return false;
  row.bid = bid;
  row.ask = ask;
  ++row.counts.touched;
  if (bid == 0 || ask == 0) {
    row.figures = nothing_known;
    return true;
  }
  const double mid = 0.5 * (market::book_value(bid) + market::book_value(ask));
  if (mid == row.figures.mid) return false;
  ++row.counts.revalued;
  const double size = row.holding.contracts * row.contract;
  row.figures = {mid, Coin(row.inverse ? size / mid : size), {}};
  if (row.holding.options) row.figures.options = row.holding.options->at(Price(mid));
  return true;
}

}  // namespace ballast::sim
