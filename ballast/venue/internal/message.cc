#include "ballast/venue/internal/message.h"

#include <algorithm>

#include <fmt/format.h>

#include "ballast/base/text.h"
#include "ballast/venue/deribit/name.h"

namespace ballast::venue::deribit {
namespace {

using json::Node;

/// A result that no decoder reads.
bool is_unwanted(const Node& data) {
  if (!data.is_array() && !data.is_object()) return true;  // the time, "ok"
  const Node row = data.first().value_or(data);
  if (row.is_string()) return true;  // a subscription reply
  for (const std::string_view key :
       {"order", "order_id", "trades", "trade_id", "legs", "version", "access_token", "ticks"}) {
    if (row.has(key)) return true;
  }
  return false;
}

}  // namespace

Result<Message> open_message(std::string_view bytes, std::size_t limit, std::vector<std::string_view> channels) {
  auto read = json::Document::read(bytes, limit);
  if (!read) return read.error();
  auto document = std::move(read).value();
  const Node root = document->root();
  if (!root.is_object()) {
    if (is_unwanted(root))
      return Error{Fault::not_ours, "the document is neither a message nor a list: " + root.shown()};
    return Message{std::move(document), root, {}};
  }
  if (const auto error = root.find("error")) {
    const auto code = error->is_object() ? error->maybe_integer("code") : std::nullopt;
    const auto text = error->is_object() ? error->maybe_text("message") : std::nullopt;
    if (document->error()) return *document->error();
    return Error{Fault::missing_data, fmt::format("the venue answered with error {}: {}", code.value_or(0),
                                                  ballast::quoted(text.value_or("no message")))};
  }
  if (const auto method = root.find("method")) {
    const std::string_view name = method->as_text();
    if (document->error()) return *document->error();
    if (name != "subscription")
      return Error{Fault::not_ours, ballast::quoted(name) + " is not a notification of a channel"};
    const auto params = root.object("params");
    if (!params) {
      root.reject("params", "an object is due");
      return *document->error();
    }
    const std::string channel(params->text("channel"));
    const auto data = params->find("data");
    if (!data) params->reject("data", "it is missing or null");
    if (document->error()) return *document->error();
    const bool ours = channels.empty() || std::any_of(channels.begin(), channels.end(), [&](std::string_view prefix) {
                        return channel.substr(0, prefix.size()) == prefix;
                      });
    if (!ours) return Error{Fault::not_ours, "channel " + ballast::quoted(channel)};
    return Message{std::move(document), *data, channel};
  }
  if (const auto result = root.find("result")) {
    if (is_unwanted(*result)) return Error{Fault::not_ours, "a result that we have no use for: " + result->shown()};
    return Message{std::move(document), *result, {}};
  }
  if (root.has("jsonrpc")) {
    root.reject("result", "it is missing or null, and so are method and error");
    return *document->error();
  }
  if (is_unwanted(root)) return Error{Fault::not_ours, "an object that we have no use for"};
  return Message{std::move(document), root, {}};
}

std::optional<market::Instrument> named_instrument(const Node& node) {
  const std::string_view name = node.text("instrument_name");
  if (node.failed()) return std::nullopt;
  auto parsed = parse_name(name);
  if (parsed) return std::move(parsed).value();
  node.fail(parsed.error().fault, "instrument_name", parsed.error().what);
  return std::nullopt;
}

std::optional<double> positive(const Node& node, std::string_view key) {
  const auto value = node.maybe_number(key);
  if (value && *value < 0.0) node.reject(key, "it must not be negative");
  if (!value || !(*value > 0.0)) return std::nullopt;
  return value;
}

namespace {

std::optional<bool> open_state(const Node& node) {
  const auto state = node.maybe_text("state");
  if (!state) return std::nullopt;
  if (*state == "open") return true;
  for (const std::string_view known : {"closed", "settlement", "delivered", "inactive", "locked", "halted",
                                       "archivized", "created", "started", "terminated"}) {
    if (*state == known) return false;
  }
  node.fail(Fault::not_believable, "state", "a state that the venue does not document");
  return false;
}

}  // namespace

market::Quote ticker_fields(const Node& node) {
  market::Quote quote;
  if (const auto instrument = named_instrument(node)) quote.instrument = instrument->name;
  quote.sent = node.time("timestamp");
  quote.bid = positive(node, "best_bid_price");
  quote.ask = positive(node, "best_ask_price");
  quote.bid_amount = positive(node, "best_bid_amount");
  quote.ask_amount = positive(node, "best_ask_amount");
  if (!quote.bid) quote.bid_amount.reset();
  if (!quote.ask) quote.ask_amount.reset();
  quote.mark = node.maybe_number("mark_price");
  if (quote.mark && *quote.mark < 0.0) node.reject("mark_price", "it must not be negative");
  if (const auto iv = positive(node, "mark_iv")) quote.mark_vol = Vol(*iv / 100.0);
  quote.index = positive(node, "index_price");
  quote.underlying_price = positive(node, "underlying_price");
  if (const auto label = node.maybe_text("underlying_index")) quote.underlying_index = std::string(*label);
  quote.open_interest = node.maybe_number("open_interest");
  if (quote.open_interest && *quote.open_interest < 0.0) node.reject("open_interest", "it must not be negative");
  quote.min_price = positive(node, "min_price");
  quote.max_price = positive(node, "max_price");
  quote.funding_8h = node.maybe_number("funding_8h");
  quote.open = open_state(node);
  if (const auto greeks = node.object("greeks")) {
    if (const auto delta = greeks->maybe_number("delta")) {
      quote.greeks = market::VenueGreeks{*delta, greeks->maybe_number("gamma"), greeks->maybe_number("vega"),
                                         greeks->maybe_number("theta"), greeks->maybe_number("rho")};
    }
  }
  return quote;
}

}  // namespace ballast::venue::deribit
