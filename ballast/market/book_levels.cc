#include "ballast/market/book_levels.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace ballast::market {
namespace {

/// Slots of a window for n levels. Recorded books of 1,000 to 5,000 levels a side have a level for each 3 to 30 steps
/// around the best price. Of 8, 16, 32 and 64 slots a level, 32 replayed them fastest: 1 to 5 % of their changes miss
/// the window. 2^17 slots are 1 MiB and reach 980 USD at steps of 0.01.
constexpr std::size_t slots_per_level = 32, least_slots = 64, most_slots = std::size_t{1} << 17;

std::size_t slots_for(std::size_t levels) {
  return std::clamp(std::bit_ceil(slots_per_level * levels), least_slots, most_slots);
}

}  // namespace

template <BookSide side>
void BookLevels<side>::clear() {
  worst_ = 0;  // with no reach, what no price is
  step_ = 1;
  reach_ = 0;
  best_slot_ = -1;
  filled_slots_ = missed_ = 0;
  amounts_.clear();
  filled_.clear();
  outside_.clear();
}

template <BookSide side>
std::optional<std::int64_t> BookLevels<side>::assign(std::span<const BookLevel> levels) {
  std::vector<BookLevel> sorted(levels.begin(), levels.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const BookLevel& a, const BookLevel& b) { return better(b.price, a.price); });
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end(),
                                        [](const BookLevel& a, const BookLevel& b) { return a.price == b.price; });
  if (twice != sorted.end()) {
    clear();
    return twice->price;
  }
  lay_out(sorted);
  return std::nullopt;
}

template <BookSide side>
std::optional<BookLevel> BookLevels<side>::apply(std::span<const BookLevel> changes) {
  std::int64_t* const amounts = amounts_.data();
  std::uint64_t* const filled = filled_.data();
  const std::uint64_t step = step_, reach = reach_;
  std::int64_t best = best_slot_;
  std::size_t count = filled_slots_;
  std::optional<BookLevel> bad;
  for (const BookLevel& change : changes) {
    if (change.price <= 0 || change.amount < 0) {
      bad = change;
      break;
    }
    const std::uint64_t away = distance(change.price), slot = away / step;
    if (away > reach || slot * step != away) {
      change_outside(change);
      continue;
    }
    // Whether a level comes or goes is as good as random: no branch asks.
    const std::uint64_t bit = std::uint64_t{1} << (slot % 64), is = change.amount != 0;
    std::uint64_t& word = filled[slot / 64];
    count += is;
    count -= (word >> (slot % 64)) & 1;
    word = (word & ~bit) | (is << (slot % 64));
    amounts[slot] = change.amount;
    best = std::max(best, is != 0 ? static_cast<std::int64_t>(slot) : std::int64_t{-1});
  }
  filled_slots_ = count;
  best_slot_ = filled_from(best);
  if (missed_ > least_slots + size()) lay_out_again();
  return bad;
}

template <BookSide side>
void BookLevels<side>::change_outside(const BookLevel& change) {
  ++missed_;
  const auto there = std::lower_bound(outside_.begin(), outside_.end(), change.price,
                                      [](const BookLevel& l, std::int64_t price) { return better(price, l.price); });
  const bool found = there != outside_.end() && there->price == change.price;
  if (change.amount == 0) {
    if (found) outside_.erase(there);  // of a level that we never saw, or that came and went, there is nothing
  } else if (found) {
    there->amount = change.amount;
  } else {
    outside_.insert(there, change);
  }
}

template <BookSide side>
void BookLevels<side>::lay_out(std::span<const BookLevel> worst_first) {
  clear();
  if (worst_first.empty()) return;
  const std::int64_t best = worst_first.back().price;
  std::int64_t step = 0;
  for (std::size_t i = 1; i < worst_first.size(); ++i)
    step = std::gcd(step, worst_first[i].price - worst_first[i - 1].price);
  if (step == 0) step = 1;  // one level alone
  const std::size_t slots = slots_for(worst_first.size());
  // A quarter of the window is room for better prices. Its worst price stays a positive number of 63 bits.
  const std::int64_t room = side == BookSide::bid ? best - 1 : std::numeric_limits<std::int64_t>::max() - best;
  const std::int64_t below = std::min(static_cast<std::int64_t>(slots - slots / 4), room / step);
  step_ = static_cast<std::uint64_t>(step);
  worst_ = side == BookSide::bid ? best - below * step : best + below * step;
  const std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  reach_ = slots - 1 < most / step_ ? (slots - 1) * step_ : most;
  amounts_.assign(slots, 0);
  filled_.assign(slots / 64, 0);
  for (const BookLevel& level : worst_first) {
    const std::uint64_t away = distance(level.price), slot = away / step_;  // the step divides all of them
    if (away > reach_) {
      outside_.push_back(level);
      continue;
    }
    amounts_[slot] = level.amount;
    filled_[slot / 64] |= std::uint64_t{1} << (slot % 64);
    best_slot_ = static_cast<std::int64_t>(slot);
    ++filled_slots_;
  }
}

template <BookSide side>
void BookLevels<side>::lay_out_again() {
  const std::size_t slots = amounts_.size();
  const auto top = best();
  missed_ = 0;
  // Where the window is as large as it would be and the best price well inside of it, those that miss it always will.
  const bool inside = best_slot_ >= 0 && top->price == at(static_cast<std::size_t>(best_slot_)).price;
  const std::size_t slot = static_cast<std::size_t>(std::max<std::int64_t>(best_slot_, 0));
  if (inside && slots_for(size()) <= slots && slot >= slots / 2 && slot < slots - slots / 8) return;
  std::vector<BookLevel> levels;
  levels.reserve(size());
  walk([&](const BookLevel& level) {
    levels.push_back(level);
    return true;
  });
  std::reverse(levels.begin(), levels.end());
  lay_out(levels);
}

template class BookLevels<BookSide::bid>;
template class BookLevels<BookSide::ask>;

}  // namespace ballast::market
