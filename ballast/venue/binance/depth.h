#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ballast/market/order_book.h"

namespace ballast::venue::binance {

/// One `depthUpdate` of the streams `<symbol>@depth…` of spot, USD-M and COIN-M futures, not yet applied. Prices are in
/// quote currency (USDT, USD) per coin, amounts in coin or, COIN-M, in contracts.
struct DepthUpdate {
  std::string symbol;
  Time sent;                                  ///< E
  std::int64_t first_id = 0, last_id = 0;     ///< U and u
  std::optional<std::int64_t> previous_id;    ///< pu, the u before it: futures only
  std::vector<market::BookLevel> bids, asks;  ///< in the order sent; amount 0 removes
};

/// The answer of REST `depth`: the best 1,000 levels a side or fewer. Spot says neither its symbol nor its time.
struct DepthSnapshot {
  std::string symbol;        ///< empty where it is not said
  std::optional<Time> sent;  ///< E
  std::int64_t last_id = 0;  ///< lastUpdateId
  std::vector<market::BookLevel> bids, asks;
};

/// A message, bare or in a combined stream's {"stream", "data"}. Numbers on the wire are decimal texts and are read
/// exactly, to 8 places.
/// Faults  bad_syntax (byte), bad_field (path and value; also a price that is not positive, a ninth decimal, over
/// 10,000
///         levels a side, U over u), not_believable (a time in another unit, a crossed or doubled snapshot),
///         missing_data for an error reply, not_ours for other streams and events. Limit 1 MiB.
Result<DepthUpdate> decode_depth_update(std::string_view bytes);
Result<DepthSnapshot> decode_depth_snapshot(std::string_view bytes);

enum class Applied {
  kept,     ///< an update that waits for a snapshot
  ignored,  ///< older than what the book knows
  applied
};

/// The book of one instrument by the venue's rules. Updates that come before the snapshot are kept and applied when
/// they are newer. Each update names the one before it: futures as pu, spot as U - 1. The first after a snapshot has to
/// reach over it, previous <= lastUpdateId < u; later ones have to follow, previous = the last u. (For futures the
/// venue writes U <= lastUpdateId <= u; but ids between pu and U belong to other instruments, so that nothing is lost
/// between them, and u = lastUpdateId brings nothing new.) Source  docs/sources.md: binance 3, 4.
class DepthBook {
 public:
  static constexpr std::size_t most_kept = 10'000;  ///< updates that wait for a snapshot

  /// Faults  out_of_sequence: a gap, or another symbol; limit: most_kept updates without a snapshot; those of
  ///         market::OrderBook. After a fault the book is dropped, updates are kept again (the one with the gap is the
  ///         first), and only a newer snapshot brings it back: ask the venue for one.
  Result<Applied> apply(const DepthUpdate& update);
  /// `followed`, where given, gets the kept updates that were applied after the snapshot.
  Result<Applied> apply(const DepthSnapshot& snapshot, std::vector<DepthUpdate>* followed = nullptr);

  const market::OrderBook& book() const { return book_; }
  bool valid() const { return book_.valid(); }
  const std::string& symbol() const { return symbol_; }
  std::int64_t last_id() const { return last_id_; }

 private:
  Result<Applied> follow(const DepthUpdate& update);
  Error drop(Error error);

  market::OrderBook book_;
  std::string symbol_;
  std::int64_t last_id_ = 0;
  bool bridged_ = false;  // an update has followed the snapshot
  std::deque<DepthUpdate> kept_;
};

}  // namespace ballast::venue::binance
