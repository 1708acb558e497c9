#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/base/time.h"
#include "ballast/market/snapshot.h"
#include "ballast/vol/quoted.h"

/// Where a book's own positions come from in a run: the business that is hedged, not the hedges.
namespace ballast::sim {

/// One trade of the book's own.
struct BookTrade {
  Time at;
  std::string instrument;
  double amount = 0.0;  ///< signed, size unit
  double price = 0.0;   ///< quote unit
};

/// Positions that are there from the first instant, at their marks, and stay.
struct HeldBook {
  std::map<std::string, double> amounts;  ///< signed, size unit, by instrument
};

/// Trades as they were recorded, by rising time: each is done at the first instant that is not before it, at its own
/// price.
struct RecordedBook {
  std::vector<BookTrade> trades;
};

/// Sells a call and a put of the expiry nearest to `days`, nearest to `delta` of net delta each, when it has none, and
/// again when those have expired or have less than `roll_days` left: then what is left is bought back.
struct StrangleBook {
  double coins = 1.0;      ///< of each leg, > 0: rounded to whole lots
  double days = 30.0;      ///< > 0
  double delta = 0.25;     ///< (0, 0.5]: |net delta|
  double roll_days = 0.0;  ///< >= 0
  bool straddle = false;   ///< both at the strike nearest to the forward
  bool cross = true;       ///< sells at the bid and buys at the ask; false: at the mark
};

/// A market maker's inventory: clients come at random and take a side of an option near the money; the maker earns part
/// of the half spread on each and carries what it cannot pass on.
struct MakerBook {
  double trades_a_day = 20.0;   ///< > 0, Poisson
  double coins = 1.0;           ///< > 0: mean size of a trade, exponential, in whole lots
  double most_days = 60.0;      ///< of the options that clients trade
  double width = 1.0;           ///< > 0: how far from the money, in standard deviations, e^{-(d/width)²/2}
  double edge = 0.5;            ///< [0, 1]: of the half spread
  double most_vega_usd = 5000;  ///< > 0, USD per vol point: beyond it only trades that bring the book's vega back
  std::uint64_t seed = 1;
};

using Book = std::variant<HeldBook, RecordedBook, StrangleBook, MakerBook>;

/// What a book has to remember; a value.
struct BookState {
  bool begun = false;
  std::size_t done = 0;                   ///< recorded trades that were done
  std::map<std::string, double> amounts;  ///< its own positions, hedges not among them
  Time last{0};
  std::uint64_t rng = 0;  ///< how many instants were drawn for: each instant has its own random numbers

  friend bool operator==(const BookState&, const BookState&) = default;
};

/// The trades that the book does at this instant, and the state after them. Expired positions have left `state` before:
/// see forget(). Deterministic: the same seed, state and market give the same trades.
/// `chain`  vol::quoted() of the snapshot
/// Faults   missing_data: no option to sell, a held instrument without a mark or a recorded one that nobody lists.
Result<std::vector<BookTrade>> trades(const Book& book, BookState& state, const std::string& underlying,
                                      const market::Snapshot& snapshot, const vol::QuotedChain& chain);

/// A position that was delivered.
void forget(BookState& state, const std::string& instrument);

}  // namespace ballast::sim
