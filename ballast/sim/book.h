#pragma once
#include <cstdint>
#include <map>
#include <optional>
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
  Time at;  ///< of a RecordedBook: when it was traded; of what trades() gives: the instant that it is done at
  std::string instrument;
  double amount = 0.0;  ///< signed, size unit
  double price = 0.0;   ///< quote unit
};

/// Positions that are there from the first instant, at their marks, and stay.
struct HeldBook {
  std::map<std::string, double> amounts;  ///< signed, not 0, size unit, by instrument
};

/// Trades as they were recorded, by rising time: each is done at the first instant that is not before it, at its own
/// price.
struct RecordedBook {
  std::vector<BookTrade> trades;
};

/// Sells a call and a put of the expiry nearest to `days`, nearest to `delta` of net delta each among those out of the
/// money, when it has none, and again when those have expired or have less than `roll_days` left: then what is left is
/// bought back at the same instant, first, or all of it at the first instant where it can be. Of two equally near the
/// earlier expiry and the lower strike. Displayed amounts are no bound: an order of this size is worked.
struct StrangleBook {
  double coins = 1.0;      ///< of each leg, > 0: rounded to whole lots, at least one
  double days = 30.0;      ///< > 0
  double delta = 0.25;     ///< (0, 0.5]: |net delta|, premium-adjusted where the option settles in coin
  double roll_days = 0.0;  ///< >= 0: an expiry with less left is not sold either
  bool straddle = false;   ///< both at the strike nearest to the forward
  bool cross = true;       ///< sells at the bid and buys at the ask; false: at the mark
};

/// A market maker's inventory: clients come at random and take a side of an option near the money; the maker earns part
/// of the half spread on each and carries what it cannot pass on. Clients buy and sell alike; they choose among the
/// options that have a bid and an ask, each with weight e^{-(d/width)²/2}, d = ln(K/F)/(vol sqrt(T)). The maker trades
/// at the mark (else the middle) and `edge` of the way to the bid or the ask; none came before the first instant.
struct MakerBook {
  double trades_a_day = 20.0;   ///< (0, 10,000], Poisson
  double coins = 1.0;           ///< > 0: mean size of a trade, exponential, in whole lots, at least one
  double most_days = 60.0;      ///< > 0: of the options that clients trade
  double width = 1.0;           ///< > 0: how far from the money, in standard deviations
  double edge = 0.5;            ///< [0, 1]: of the half spread
  double most_vega_usd = 5000;  ///< > 0, USD per vol point: beyond it only trades that bring the book's vega back
  std::uint64_t seed = 1;
};

using Book = std::variant<HeldBook, RecordedBook, StrangleBook, MakerBook>;

/// Fault bad_input names the number outside its domain, and a recorded trade that is earlier than the one before it.
std::optional<Error> fault(const Book& book);

/// What a book has to remember; a value.
struct BookState {
  bool begun = false;
  std::size_t done = 0;                   ///< recorded trades that were done
  std::map<std::string, double> amounts;  ///< its own positions, hedges not among them; none with 0
  Time last{0};                           ///< the last instant
  std::uint64_t rng = 0;                  ///< how many instants were drawn for: each instant has its own random numbers

  friend bool operator==(const BookState&, const BookState&) = default;
};

/// The trades that the book does at this instant, and the state after them. Expired positions have left `state` before:
/// see forget(). Deterministic: the same seed, state and market give the same trades.
/// `chain`  vol::quoted() of the snapshot. Options of `underlying` that settle in the coin are looked at, those that
///          settle in USD(C) only where there are no others.
/// Domain   a book without a fault; instants that do not go back.
/// Faults   missing_data: no option to sell, a held instrument without a mark or a recorded one that nobody lists;
///          limit: over 10,000 clients since the last instant. The state is then what it was.
/// Cost     Strangle and maker O(options) where they trade, else O(positions).
Result<std::vector<BookTrade>> trades(const Book& book, BookState& state, const std::string& underlying,
                                      const market::Snapshot& snapshot, const vol::QuotedChain& chain);

/// A position that was delivered.
void forget(BookState& state, const std::string& instrument);

/// USD per vol point: the Black vega of what the book holds of options that are quoted, at the chain's vols.
double vega_usd(const BookState& state, const market::Snapshot& snapshot, const vol::QuotedChain& chain);

}  // namespace ballast::sim
