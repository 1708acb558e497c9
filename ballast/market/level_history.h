#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ballast/base/time.h"
#include "ballast/market/book_levels.h"
#include "ballast/market/instrument.h"

namespace ballast::market {

/// An instrument whose book was recorded.
struct LevelInstrument {
  std::string name;       ///< "coin-m:BTCUSD_PERP"
  double contract = 1.0;  ///< > 0: what an amount of 1 in the book is, USD (inverse) or coin
  Settlement settlement = Settlement::linear;
  friend bool operator==(const LevelInstrument&, const LevelInstrument&) = default;
};

enum class LevelEvent : std::uint8_t {
  change,    ///< these levels, an amount of 0 takes one out
  snapshot,  ///< these levels and no others
  lost       ///< the sequence broke: nothing is known until the next snapshot; no levels
};

/// What one message did to one book. It is applied as a whole: between its levels the book is nobody's.
struct LevelUpdate {
  Time sent;                     ///< the venue's; a snapshot without one has that of the message before it
  std::uint32_t instrument = 0;  ///< row of LevelHistory::instruments
  std::uint32_t bids = 0, asks = 0;
  LevelEvent event = LevelEvent::change;
  friend bool operator==(const LevelUpdate&, const LevelUpdate&) = default;
};

/// Several books as they changed, in the order in which it was heard of: what a recording comes to once it is decoded.
struct LevelHistory {
  std::vector<LevelInstrument> instruments;
  std::vector<LevelUpdate> updates;
  std::vector<BookLevel> levels;  ///< of the updates one after the other, the bids of each before its asks
  friend bool operator==(const LevelHistory&, const LevelHistory&) = default;
};

}  // namespace ballast::market
