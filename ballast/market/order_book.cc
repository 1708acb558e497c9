#include "ballast/market/order_book.h"

#include <fmt/format.h>

#include "ballast/base/text.h"

namespace ballast::market {
namespace {

std::string shown(std::int64_t scaled) { return shortest(book_value(scaled)); }

Error not_positive(const BookLevel& level) {
  return {Fault::not_believable,
          fmt::format("a level of {} at {}: both must be positive", shown(level.amount), shown(level.price))};
}

template <BookSide side>
std::optional<Error> fill(std::span<const BookLevel> levels, BookLevels<side>& to) {
  for (const BookLevel& level : levels) {
    if (level.price <= 0 || level.amount <= 0) return not_positive(level);
  }
  if (const auto twice = to.assign(levels))
    return Error{Fault::not_believable, fmt::format("the price {} is there twice on one side", shown(*twice))};
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
  const auto bid = bids_.best(), ask = asks_.best();
  if (bid && ask && bid->price >= ask->price) {
    return drop({Fault::not_believable,
                 fmt::format("the book is crossed, bid {} and ask {}", shown(bid->price), shown(ask->price))});
  }
  valid_ = true;
  sent_ = sent;
  return bids_.size() + asks_.size();
}

Result<std::size_t> OrderBook::replace(std::span<const BookLevel> bids, std::span<const BookLevel> asks, Time sent) {
  if (auto error = fill(bids, bids_)) return drop(*error);
  if (auto error = fill(asks, asks_)) return drop(*error);
  return checked(sent);
}

Result<std::size_t> OrderBook::change(std::span<const BookLevel> bids, std::span<const BookLevel> asks, Time sent) {
  if (!valid_) return drop({Fault::out_of_sequence, "a change without the book that it changes"});
  if (const auto bad = bids_.apply(bids)) return drop(not_positive(*bad));
  if (const auto bad = asks_.apply(asks)) return drop(not_positive(*bad));
  return checked(sent);
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
