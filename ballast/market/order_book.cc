#include "ballast/market/order_book.h"

#include <algorithm>

#include <fmt/format.h>

#include "ballast/base/text.h"

namespace ballast::market {
namespace {

/// Worse prices stand first: bids rise, asks fall.
constexpr auto rising = [](std::int64_t a, std::int64_t b) { return a < b; };
constexpr auto falling = [](std::int64_t a, std::int64_t b) { return a > b; };

std::string shown(std::int64_t scaled) { return shortest(book_value(scaled)); }

Error not_positive(const BookLevel& level) {
  return {Fault::not_believable,
          fmt::format("a level of {} at {}: both must be positive", shown(level.amount), shown(level.price))};
}

template <class Before>
std::optional<Error> fill(std::span<const BookLevel> levels, std::vector<BookLevel>& side, Before before) {
  side.assign(levels.begin(), levels.end());
  for (const BookLevel& level : side) {
    if (level.price <= 0 || level.amount <= 0) return not_positive(level);
  }
  std::sort(side.begin(), side.end(), [&](const BookLevel& a, const BookLevel& b) { return before(a.price, b.price); });
  const auto twice = std::adjacent_find(side.begin(), side.end(),
                                        [](const BookLevel& a, const BookLevel& b) { return a.price == b.price; });
  if (twice == side.end()) return std::nullopt;
  return Error{Fault::not_believable, fmt::format("the price {} is there twice on one side", shown(twice->price))};
}

template <class Before>
std::optional<Error> apply(std::span<const BookLevel> changes, std::vector<BookLevel>& side, Before before) {
  for (const BookLevel& change : changes) {
    if (change.price <= 0 || change.amount < 0) return not_positive(change);
    const auto at =
        std::lower_bound(side.begin(), side.end(), change.price,
                         [&](const BookLevel& level, std::int64_t price) { return before(level.price, price); });
    const bool there = at != side.end() && at->price == change.price;
    if (change.amount == 0) {
      if (there) side.erase(at);  // of a level that we never saw, or that came and went, there is nothing
    } else if (there) {
      at->amount = change.amount;
    } else {
      side.insert(at, change);
    }
  }
  return std::nullopt;
}

}  // namespace

double book_value(std::int64_t scaled) { return static_cast<double>(scaled) / 1e8; }

Error OrderBook::drop(Error error) {
  clear();
  return error;
}

void OrderBook::clear() {
  valid_ = false;
  bids_.clear();
  asks_.clear();
}

Result<std::size_t> OrderBook::checked(Time sent) {
  if (bids_.size() > most_levels || asks_.size() > most_levels) {
    return drop({Fault::limit, fmt::format("{} bids and {} asks are more than {} levels on one side", bids_.size(),
                                           asks_.size(), most_levels)});
  }
  if (!bids_.empty() && !asks_.empty() && bids_.back().price >= asks_.back().price) {
    return drop({Fault::not_believable, fmt::format("the book is crossed, bid {} and ask {}", shown(bids_.back().price),
                                                    shown(asks_.back().price))});
  }
  valid_ = true;
  sent_ = sent;
  return bids_.size() + asks_.size();
}

Result<std::size_t> OrderBook::replace(std::span<const BookLevel> bids, std::span<const BookLevel> asks, Time sent) {
  if (auto error = fill(bids, bids_, rising)) return drop(*error);
  if (auto error = fill(asks, asks_, falling)) return drop(*error);
  return checked(sent);
}

Result<std::size_t> OrderBook::change(std::span<const BookLevel> bids, std::span<const BookLevel> asks, Time sent) {
  if (!valid_) return drop({Fault::out_of_sequence, "a change without the book that it changes"});
  if (auto error = apply(bids, bids_, rising)) return drop(*error);
  if (auto error = apply(asks, asks_, falling)) return drop(*error);
  return checked(sent);
}

std::optional<BookLevel> OrderBook::best(BookSide side) const {
  const std::vector<BookLevel>& all = levels(side);
  if (all.empty()) return std::nullopt;
  return all.back();
}

void OrderBook::lay(Quote& quote, double contract, std::size_t most) const {
  const auto side = [&](BookSide which, std::vector<Level>& to, std::optional<double>& price,
                        std::optional<double>& amount) {
    to.clear();
    walk(which, [&](const BookLevel& level) {
      if (to.size() >= most) return false;
      to.push_back({book_value(level.price), contract * book_value(level.amount)});
      return true;
    });
    price.reset();
    amount.reset();
    if (const auto top = best(which)) {
      price = book_value(top->price);
      amount = contract * book_value(top->amount);
    }
  };
  side(BookSide::bid, quote.bids, quote.bid, quote.bid_amount);
  side(BookSide::ask, quote.asks, quote.ask, quote.ask_amount);
  quote.sent = sent_;
}

}  // namespace ballast::market
