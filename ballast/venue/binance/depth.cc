#include "ballast/venue/binance/depth.h"

#include <fmt/format.h>

#include "ballast/base/text.h"
#include "ballast/venue/internal/json.h"

namespace ballast::venue::binance {
namespace {

using json::Document;
using json::Node;
using market::BookLevel;

struct Opened {
  std::unique_ptr<Document> document;
  Node data;
};

/// Without the combined stream's wrapping. `stream` has to name a depth stream.
Result<Opened> opened_message(std::string_view bytes) {
  auto read = Document::read(bytes, json::message_limit);
  if (!read) return read.error();
  auto document = std::move(read).value();
  Node data = document->root();
  if (!data.is_object()) return Error{Fault::not_ours, "the document is no message: " + data.shown()};
  if (const auto code = data.find("code")) {
    const auto number = data.maybe_integer("code");
    const auto text = data.maybe_text("msg");
    if (document->error()) return *document->error();
    return Error{Fault::missing_data, fmt::format("the venue answered with error {}: {}", number.value_or(0),
                                                  ballast::quoted(text.value_or("no message")))};
  }
  if (data.has("id")) return Error{Fault::not_ours, "a subscription reply"};
  if (data.has("stream")) {
    const std::string_view stream = data.text("stream");
    const auto inner = data.object("data");
    if (!inner) data.reject("data", "an object is due");
    if (document->error()) return *document->error();
    if (stream.find("@depth") == std::string_view::npos) {
      return Error{Fault::not_ours, "stream " + ballast::quoted(stream)};
    }
    data = *inner;
  }
  return Opened{std::move(document), data};
}

/// Rows ["price", "amount"].
void read_side(const Node& data, std::string_view key, bool may_remove, std::vector<BookLevel>& side) {
  if (data.failed()) return;
  const auto rows = data.find(key);
  if (!rows) return data.reject(key, "it is missing or null");
  rows->each(market::OrderBook::most_levels, [&](const Node& row) {
    std::int64_t numbers[2] = {0, 0};
    std::size_t n = 0;
    row.each(2, [&](const Node& field) {
      const std::string_view text = field.as_text();
      if (field.failed()) return;
      const auto scaled = parse_decimal(text, market::book_places);
      if (!scaled) return field.reject("a decimal number of at most 8 places is due");
      numbers[n++] = *scaled;
      if (*scaled == 0 && (n == 1 || !may_remove)) field.reject("it must be positive");
    });
    if (!row.failed() && n != 2) row.reject("a row is [price, amount]");
    side.push_back({numbers[0], numbers[1]});
  });
}

}  // namespace

Result<DepthUpdate> decode_depth_update(std::string_view bytes) {
  auto opened = opened_message(bytes);
  if (!opened) return opened.error();
  const Opened message = std::move(opened).value();
  const Node& data = message.data;
  if (const auto event = data.find("e"); event && event->is_string() && event->as_text() != "depthUpdate") {
    return Error{Fault::not_ours, "event " + ballast::quoted(event->as_text())};
  }
  if (data.has("lastUpdateId")) return Error{Fault::not_ours, "a snapshot, not an update"};
  data.text("e");
  DepthUpdate update;
  update.symbol = data.text("s");
  update.sent = data.time("E");
  update.first_id = data.integer("U");
  update.last_id = data.integer("u");
  update.previous_id = data.maybe_integer("pu");
  if (update.first_id > update.last_id) data.reject("u", fmt::format("it is below U, {}", update.first_id));
  if (update.previous_id.value_or(0) > update.last_id) data.reject("pu", "it is above u");
  if (update.symbol.empty()) data.reject("s", "a symbol is due");
  read_side(data, "b", true, update.bids);
  read_side(data, "a", true, update.asks);
  if (message.document->error()) return *message.document->error();
  return update;
}

Result<DepthSnapshot> decode_depth_snapshot(std::string_view bytes) {
  auto opened = opened_message(bytes);
  if (!opened) return opened.error();
  const Opened message = std::move(opened).value();
  const Node& data = message.data;
  if (data.has("e")) return Error{Fault::not_ours, "an event, not a snapshot"};
  DepthSnapshot snapshot;
  snapshot.symbol = data.maybe_text("symbol").value_or("");
  snapshot.sent = data.maybe_time("E");
  snapshot.last_id = data.integer("lastUpdateId");
  read_side(data, "bids", false, snapshot.bids);
  read_side(data, "asks", false, snapshot.asks);
  if (message.document->error()) return *message.document->error();
  market::OrderBook alone;  // a crossed or doubled snapshot is known without the updates
  if (const auto whole = alone.replace(snapshot.bids, snapshot.asks, {}); !whole) return whole.error();
  return snapshot;
}

Error DepthBook::drop(Error error) {
  book_.clear();
  bridged_ = false;
  return error;
}

Result<Applied> DepthBook::follow(const DepthUpdate& update) {
  if (update.last_id <= last_id_) return Applied::ignored;
  const std::int64_t previous = update.previous_id.value_or(update.first_id - 1);
  const bool follows = bridged_ ? previous == last_id_ : previous <= last_id_;
  if (!follows) {
    return drop({Fault::out_of_sequence, fmt::format("{}: update {} to {} after {}, the book is at {}", update.symbol,
                                                     update.first_id, update.last_id, previous, last_id_)});
  }
  const auto changed = book_.change(update.bids, update.asks, update.sent);
  if (!changed) return in(update.symbol, drop(changed.error()));
  bridged_ = true;
  last_id_ = update.last_id;
  return Applied::applied;
}

Result<Applied> DepthBook::apply(const DepthUpdate& update) {
  if (symbol_.empty()) symbol_ = update.symbol;
  if (update.symbol != symbol_) {
    return drop({Fault::out_of_sequence, fmt::format("an update of {} for the book of {}",
                                                     ballast::quoted(update.symbol), ballast::quoted(symbol_))});
  }
  if (valid()) {
    auto followed = follow(update);
    if (!followed) kept_.assign(1, update);
    return followed;
  }
  if (kept_.size() >= most_kept) {
    kept_.clear();
    return drop({Fault::limit, fmt::format("{}: {} updates without a snapshot", symbol_, most_kept)});
  }
  kept_.push_back(update);
  return Applied::kept;
}

Result<Applied> DepthBook::apply(const DepthSnapshot& snapshot, std::vector<DepthUpdate>* followed) {
  if (symbol_.empty()) symbol_ = snapshot.symbol;
  if (!snapshot.symbol.empty() && snapshot.symbol != symbol_) {
    return drop({Fault::out_of_sequence, fmt::format("a snapshot of {} for the book of {}",
                                                     ballast::quoted(snapshot.symbol), ballast::quoted(symbol_))});
  }
  if (valid() && snapshot.last_id <= last_id_) return Applied::ignored;
  const auto replaced = book_.replace(snapshot.bids, snapshot.asks, snapshot.sent.value_or(Time{}));
  if (!replaced) return in(symbol_, drop(replaced.error()));
  last_id_ = snapshot.last_id;
  bridged_ = false;
  std::deque<DepthUpdate> waiting;
  waiting.swap(kept_);
  while (!waiting.empty()) {
    const auto next = follow(waiting.front());
    if (!next) {
      kept_.swap(waiting);
      return next.error();
    }
    if (followed != nullptr && next.value() == Applied::applied) followed->push_back(std::move(waiting.front()));
    waiting.pop_front();
  }
  return Applied::applied;
}

}  // namespace ballast::venue::binance
