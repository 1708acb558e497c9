#include "ballast/venue/deribit/order_book.h"

#include <algorithm>

#include <fmt/format.h>

#include "ballast/base/text.h"
#include "ballast/venue/internal/message.h"

namespace ballast::venue::deribit {
namespace {

using json::Node;

void read_side(const Node& data, std::string_view key, bool typed, bool snapshot, std::vector<LevelChange>& side) {
  if (data.failed()) return;
  const auto rows = data.find(key);
  if (!rows) return data.reject(key, "it is missing or null");
  rows->each(most_levels, [&](const Node& row) {
    LevelChange change;
    std::size_t n = 0;
    const std::size_t first = typed ? 1 : 0;  // typed rows begin with their action
    row.each(3, [&](const Node& field) {
      if (typed && n == 0) {
        const std::string_view action = field.as_text();
        if (field.failed()) return;
        if (action == "delete")
          change.action = LevelAction::remove;
        else if (action != "new" && action != "change")
          field.fail(Fault::not_believable, "new, change or delete is due");
        if (snapshot && action != "new") field.fail(Fault::not_believable, "a snapshot only has new levels");
      } else if (n == first) {
        change.price = field.as_number();
        if (!(change.price > 0.0)) field.reject("a price must be positive");
      } else {
        change.amount = field.as_number();
        const bool fits = change.action == LevelAction::remove ? change.amount >= 0.0 : change.amount > 0.0;
        if (!fits) field.reject("an amount must be positive");
      }
      ++n;
    });
    if (!row.failed() && n != first + 2) {
      row.reject(typed ? "a row is [action, price, amount]" : "a row is [price, amount]");
    }
    side.push_back(change);
  });
}

/// One side, best first: `better` orders its prices.
template <class Better>
void change_side(const std::vector<LevelChange>& changes, std::vector<market::Level>& side, Better better) {
  for (const LevelChange& change : changes) {
    const auto at =
        std::lower_bound(side.begin(), side.end(), change.price,
                         [&](const market::Level& level, double price) { return better(level.price, price); });
    const bool there = at != side.end() && !better(change.price, at->price);
    if (change.action == LevelAction::remove) {
      // Batches of 100 ms may delete a level that came and went inside the batch; a lost message shows in the ids.
      if (there) side.erase(at);
    } else if (there) {
      at->amount = change.amount;
    } else {
      side.insert(at, {change.price, change.amount});
    }
  }
}

/// Sorted once, because inserting 10,000 levels one by one into the front is quadratic.
template <class Better>
std::optional<double> fill_side(const std::vector<LevelChange>& levels, std::vector<market::Level>& side,
                                Better better) {
  side.clear();
  for (const LevelChange& level : levels) side.push_back({level.price, level.amount});
  std::sort(side.begin(), side.end(),
            [&](const market::Level& a, const market::Level& b) { return better(a.price, b.price); });
  for (std::size_t i = 1; i < side.size(); ++i) {
    if (!better(side[i - 1].price, side[i].price)) return side[i].price;
  }
  return std::nullopt;
}

constexpr auto higher = [](double a, double b) { return a > b; };
constexpr auto lower = [](double a, double b) { return a < b; };

}  // namespace

Result<OrderBookMessage> decode_order_book(std::string_view bytes) {
  auto opened = open_message(bytes, json::message_limit, {"book."});
  if (!opened) return opened.error();
  const Message message = std::move(opened).value();
  const Node& data = message.data;
  OrderBookMessage book;
  if (const auto instrument = named_instrument(data)) book.instrument = instrument->name;
  book.sent = data.time("timestamp");
  book.change_id = data.integer("change_id");
  const auto type = data.maybe_text("type");
  book.snapshot = !type || *type == "snapshot";
  if (type && *type != "snapshot" && *type != "change") {
    data.fail(Fault::not_believable, "type", "snapshot or change is due");
  }
  book.prev_change_id = data.maybe_integer("prev_change_id");
  if (!book.snapshot && !book.prev_change_id) data.reject("prev_change_id", "it is due on a change");
  read_side(data, "bids", type.has_value(), book.snapshot, book.bids);
  read_side(data, "asks", type.has_value(), book.snapshot, book.asks);
  if (!type && data.has("mark_price")) book.quote = ticker_fields(data);
  if (message.document->error()) return *message.document->error();
  if (book.snapshot) {  // a crossed or doubled snapshot is known without the book
    OrderBook alone;
    if (const auto applied = alone.apply(book); !applied) return applied.error();
  }
  return book;
}

Error OrderBook::drop(Error error) {
  valid_ = false;
  bids_.clear();
  asks_.clear();
  return error;
}

Result<std::size_t> OrderBook::apply(const OrderBookMessage& message) {
  if (message.snapshot) {
    instrument_ = message.instrument;
    for (const auto& doubled : {fill_side(message.bids, bids_, higher), fill_side(message.asks, asks_, lower)}) {
      if (doubled)
        return drop({Fault::not_believable,
                     fmt::format("{}: the price {} is there twice on one side", message.instrument, *doubled)});
    }
  } else {
    if (!valid_)
      return drop({Fault::out_of_sequence, message.instrument + ": a change without the book that it changes"});
    if (message.instrument != instrument_) {
      return drop(
          {Fault::out_of_sequence, fmt::format("a change of {} for the book of {}", message.instrument, instrument_)});
    }
    if (message.prev_change_id != change_id_ || message.change_id <= change_id_) {
      return drop(
          {Fault::out_of_sequence, fmt::format("{}: change {} follows {}, the book is at {}", instrument_,
                                               message.change_id, message.prev_change_id.value_or(0), change_id_)});
    }
    change_side(message.bids, bids_, higher);
    change_side(message.asks, asks_, lower);
  }
  if (bids_.size() > most_levels || asks_.size() > most_levels) {
    return drop({Fault::limit, fmt::format("{}: more than {} levels on one side", instrument_, most_levels)});
  }
  if (!bids_.empty() && !asks_.empty() && bids_.front().price >= asks_.front().price) {
    return drop({Fault::not_believable, fmt::format("{}: the book is crossed, bid {} and ask {}", instrument_,
                                                    shortest(bids_.front().price), shortest(asks_.front().price))});
  }
  valid_ = true;
  sent_ = message.sent;
  change_id_ = message.change_id;
  return bids_.size() + asks_.size();
}

}  // namespace ballast::venue::deribit
