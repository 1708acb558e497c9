#include "ballast/venue/deribit/ticker.h"

#include <set>

#include "ballast/venue/deribit/name.h"
#include "ballast/venue/internal/message.h"

namespace ballast::venue::deribit {
namespace {

using json::Node;

constexpr std::size_t most_rows = 100'000;

std::optional<double> index_of_row(const Node& row) {
  if (const auto index = positive(row, "index_price")) return index;
  const auto estimate = row.find("estimated_delivery_price");
  if (estimate && estimate->is_string() && estimate->as_text() == "expired") return std::nullopt;
  return positive(row, "estimated_delivery_price");
}

}  // namespace

Result<market::Quote> decode_ticker(std::string_view bytes) {
  auto opened = open_message(bytes, json::message_limit, {"ticker.", "incremental_ticker."});
  if (!opened) return opened.error();
  const Message message = std::move(opened).value();
  if (const auto type = message.data.find("type"); type && type->is_string() && type->as_text() == "change") {
    return Error{Fault::out_of_sequence, "a change without the ticker that it changes"};
  }
  return finished(message, ticker_fields(message.data));
}

Result<market::Quote> decode_quote(std::string_view bytes) {
  auto opened = open_message(bytes, json::message_limit, {"quote."});
  if (!opened) return opened.error();
  const Message message = std::move(opened).value();
  return finished(message, ticker_fields(message.data));
}

Result<BookSummary> decode_book_summary(std::string_view bytes) {
  auto opened = open_message(bytes, json::list_limit, {"-"});  // no channel carries it
  if (!opened) return opened.error();
  const Message message = std::move(opened).value();
  BookSummary summary;
  std::set<std::string, std::less<>> seen;
  message.data.each(most_rows, [&](const Node& row) {
    const std::string_view name = row.text("instrument_name");
    if (row.failed()) return;
    if (!seen.emplace(name).second) return row.reject("instrument_name", "it is in the list twice");
    if (const auto parsed = parse_name(name); !parsed && parsed.error().fault == Fault::not_ours) {
      summary.dropped.push_back({std::string(name), "combo", "its positions live in the legs"});
      return;
    }
    market::Quote quote;
    if (const auto instrument = named_instrument(row)) quote.instrument = instrument->name;
    quote.sent = row.time("creation_timestamp");
    quote.bid = positive(row, "bid_price");
    quote.ask = positive(row, "ask_price");
    quote.mark = row.maybe_number("mark_price");
    if (quote.mark && *quote.mark < 0.0) row.reject("mark_price", "it must not be negative");
    if (const auto iv = positive(row, "mark_iv")) quote.mark_vol = Vol(*iv / 100.0);
    row.maybe_number("interest_rate");  // 0 on this venue: it prices with forwards; checked, not used
    quote.underlying_price = positive(row, "underlying_price");
    if (const auto label = row.maybe_text("underlying_index")) quote.underlying_index = std::string(*label);
    quote.open_interest = row.maybe_number("open_interest");
    if (quote.open_interest && *quote.open_interest < 0.0) row.reject("open_interest", "it must not be negative");
    quote.funding_8h = row.maybe_number("funding_8h");
    quote.index = index_of_row(row);
    summary.quotes.push_back(std::move(quote));
  });
  return finished(message, std::move(summary));
}

Result<IndexPrice> decode_index(std::string_view bytes) {
  auto opened = open_message(bytes, json::message_limit, {"deribit_price_index."});
  if (!opened) return opened.error();
  const Message message = std::move(opened).value();
  const bool notified = !message.channel.empty() || message.data.has("price");
  const std::string_view key = notified ? "price" : "index_price";
  IndexPrice index;
  index.price = message.data.number(key);
  if (!(index.price > 0.0)) message.data.reject(key, "it must be positive");
  if (notified) {
    index.index_name = std::string(message.data.text("index_name"));
    index.sent = message.data.time("timestamp");
  } else if (const auto name = message.data.maybe_text("index_name")) {
    index.index_name = std::string(*name);
  }
  return finished(message, std::move(index));
}

}  // namespace ballast::venue::deribit
