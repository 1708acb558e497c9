#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/market/quote.h"

namespace ballast::venue::deribit {

inline constexpr std::size_t most_levels = 10'000;  ///< a side

enum class LevelAction { set, remove };

struct LevelChange {
  LevelAction action = LevelAction::set;  ///< the venue's "new" and "change" are set, its "delete" is remove
  double price = 0.0;                     ///< > 0, the instrument's quote unit
  double amount = 0.0;                    ///< > 0 when set, the instrument's size unit
};

/// One message of a book, not yet applied.
struct OrderBookMessage {
  std::string instrument;
  Time sent;
  bool snapshot = false;
  std::int64_t change_id = 0;
  std::optional<std::int64_t> prev_change_id;
  std::vector<LevelChange> bids, asks;  ///< in the order sent
  std::optional<market::Quote> quote;   ///< the ticker fields that a REST order book brings along
};

/// `public/get_order_book` and grouped `book.…` (rows [price, amount], always a snapshot), `book.…` with `type` (rows
/// [action, price, amount]).
/// Fields  instrument_name, timestamp, change_id, bids, asks are due; prev_change_id on a change.
/// Faults  bad_syntax (byte), bad_field (path and value; also a price or amount that is not positive, or over 10,000
///         levels a side), not_believable (unknown type or action, a crossed snapshot, a time in another unit),
///         missing_data for an error reply, not_ours for other channels and combos. Limit 1 MiB.
Result<OrderBookMessage> decode_order_book(std::string_view bytes);

/// The book of one instrument, kept from a snapshot and the changes that follow it without a gap.
class OrderBook {
 public:
  /// Applies a message as a whole. A snapshot always replaces. On a fault the book is dropped, valid() is false and
  /// only a snapshot brings it back: out_of_sequence for a change without a book, of another instrument or whose
  /// prev_change_id is not the last change_id; not_believable when the book would be crossed; limit over 10,000
  /// levels a side. The value is the number of levels on both sides.
  Result<std::size_t> apply(const OrderBookMessage& message);

  bool valid() const { return valid_; }
  const std::string& instrument() const { return instrument_; }
  Time sent() const { return sent_; }
  std::int64_t change_id() const { return change_id_; }
  const std::vector<market::Level>& bids() const { return bids_; }  ///< best first
  const std::vector<market::Level>& asks() const { return asks_; }  ///< best first

 private:
  Error drop(Error error);

  bool valid_ = false;
  std::string instrument_;
  Time sent_;
  std::int64_t change_id_ = 0;
  std::vector<market::Level> bids_, asks_;
};

}  // namespace ballast::venue::deribit
