#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace ballast::market {

/// A price of a book and what stands there. In a change an amount of 0 takes the price out.
struct BookLevel {
  std::int64_t price = 0;   ///< > 0, 1e-8 of the instrument's quote unit
  std::int64_t amount = 0;  ///< >= 0, 1e-8 of the instrument's size unit
  friend bool operator==(const BookLevel&, const BookLevel&) = default;
};

enum class BookSide { bid, ask };

/// One side of a kept book. The levels around the best price have a slot each in a window of equal price steps: a
/// change there is a division and two stores, wherever it falls. What lies beyond the window, or between its steps, is
/// kept sorted. The window is laid out by the levels themselves (their common step, the best price), and again once as
/// many changes have missed it as there are levels; nothing but speed depends on where it lies.
/// Memory   256 to 512 bytes a level, at most 1 MiB for the window; 16 bytes a level outside of it.
template <BookSide side>
class BookLevels {
 public:
  void clear();

  /// These levels and no others. The answer is a price that is there twice, then the side is empty.
  /// Domain   prices and amounts > 0.  Cost  O(n log n).
  std::optional<std::int64_t> assign(std::span<const BookLevel> levels);

  /// The changes, in their order. The answer is the first with a price that is not positive or a negative amount, then
  /// those before it are in. Cost  O(1) each in the window; elsewhere O(log n + levels moved).
  std::optional<BookLevel> apply(std::span<const BookLevel> changes);

  std::size_t size() const { return filled_slots_ + outside_.size(); }

  std::optional<BookLevel> best() const {
    if (best_slot_ >= 0) {
      const BookLevel inside = at(static_cast<std::size_t>(best_slot_));
      if (outside_.empty() || better(inside.price, outside_.back().price)) return inside;
    }
    return outside_.empty() ? std::nullopt : std::optional(outside_.back());
  }

  /// Calls visit(BookLevel) from the best price on until it answers false or the side ends.
  template <class Visit>
  void walk(Visit visit) const {
    auto out = outside_.rbegin();
    for (std::int64_t slot = best_slot_; slot >= 0; slot = filled_from(slot - 1)) {
      const BookLevel inside = at(static_cast<std::size_t>(slot));
      for (; out != outside_.rend() && better(out->price, inside.price); ++out)
        if (!visit(*out)) return;
      if (!visit(inside)) return;
    }
    for (; out != outside_.rend() && visit(*out); ++out) {
    }
  }

 private:
  static constexpr bool better(std::int64_t a, std::int64_t b) { return side == BookSide::bid ? a > b : a < b; }
  /// From the window's worst price towards better ones; what is worse wraps round to 2^63 and more, beyond any reach.
  std::uint64_t distance(std::int64_t price) const {
    const auto from = static_cast<std::uint64_t>(worst_), to = static_cast<std::uint64_t>(price);
    return side == BookSide::bid ? to - from : from - to;
  }
  BookLevel at(std::size_t slot) const {
    const std::int64_t away = static_cast<std::int64_t>(slot * step_);
    return {side == BookSide::bid ? worst_ + away : worst_ - away, amounts_[slot]};
  }
  /// The best filled slot of [0, from], -1 where there is none.
  std::int64_t filled_from(std::int64_t from) const {
    if (from < 0) return -1;
    std::size_t word = static_cast<std::size_t>(from) / 64;
    std::uint64_t bits = filled_[word] & (~std::uint64_t{0} >> (63 - from % 64));
    while (bits == 0) {
      if (word == 0) return -1;
      bits = filled_[--word];
    }
    return static_cast<std::int64_t>(word * 64) + 63 - std::countl_zero(bits);
  }
  void change_outside(const BookLevel& change);
  void lay_out(std::span<const BookLevel> worst_first);
  void lay_out_again();

  // Slot 0 is the worst price of the window, a higher slot is better.
  std::int64_t worst_ = 0;
  std::uint64_t step_ = 1, reach_ = 0;  // reach_: the distance of the last slot
  std::int64_t best_slot_ = -1;
  std::size_t filled_slots_ = 0, missed_ = 0;
  std::vector<std::int64_t> amounts_;  // of the slots; 0: no level
  std::vector<std::uint64_t> filled_;  // a bit a slot
  std::vector<BookLevel> outside_;     // best last
};

extern template class BookLevels<BookSide::bid>;
extern template class BookLevels<BookSide::ask>;

}  // namespace ballast::market
