#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ballast/market/book_levels.h"
#include "ballast/market/quote.h"

namespace ballast::market {

/// Prices and amounts of a kept book are whole numbers of 1e-8: what a venue writes stays what it wrote.
inline constexpr int book_places = 8;
double book_value(std::int64_t scaled);  ///< the double nearest to scaled · 1e-8, for |scaled| < 2^53

/// The levels of one instrument, kept from a snapshot and the changes to it. Which change may follow which is the
/// venue's business (venue/binance/depth.h): here they are only applied.
class OrderBook {
 public:
  static constexpr std::size_t most_levels = 10'000;  ///< a side; docs/safety.md

  /// A snapshot replaces all that there was; a change is applied level by level, in its order, as a whole. After a
  /// fault the book is empty and valid() is false until the next snapshot. The value is the number of levels on both
  /// sides. Faults  not_believable: a price or an amount that is not positive, a price twice on a side of a snapshot,
  /// or a book
  ///         that would be crossed or locked; limit: over most_levels a side; out_of_sequence: a change without a book.
  /// Cost    snapshot O(n log n); change O(1) a level, as BookLevels has it.
  Result<std::size_t> replace(std::span<const BookLevel> bids, std::span<const BookLevel> asks, Time sent);
  Result<std::size_t> change(std::span<const BookLevel> bids, std::span<const BookLevel> asks, Time sent);
  void clear();

  bool valid() const { return valid_; }
  Time sent() const { return sent_; }
  std::size_t size(BookSide side) const { return side == BookSide::bid ? bids_.size() : asks_.size(); }
  std::optional<BookLevel> best(BookSide side) const { return side == BookSide::bid ? bids_.best() : asks_.best(); }

  /// Calls visit(BookLevel) from the best price on until it answers false or the side ends.
  template <class Visit>
  void walk(BookSide side, Visit visit) const {
    if (side == BookSide::bid)
      bids_.walk(visit);
    else
      asks_.walk(visit);
  }

  /// Writes bid, ask, their amounts, at most `most` levels a side and the time into a quote, the rest of it stays.
  /// `contract` is what an amount of 1 is in the instrument's size unit: 100 where a venue counts contracts of 100 USD.
  void lay(Quote& quote, double contract = 1.0, std::size_t most = most_levels) const;

 private:
  Error drop(Error error);
  Result<std::size_t> checked(Time sent);

  bool valid_ = false;
  Time sent_;
  BookLevels<BookSide::bid> bids_;
  BookLevels<BookSide::ask> asks_;
};

}  // namespace ballast::market
