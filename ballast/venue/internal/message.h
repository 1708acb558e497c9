#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ballast/market/instrument.h"
#include "ballast/market/quote.h"
#include "ballast/market/snapshot.h"
#include "ballast/venue/internal/json.h"

namespace ballast::venue::deribit {

/// The payload of a Deribit message without its wrapping: a bare object or array, the `result` of a JSON-RPC reply or
/// the `params.data` of a notification.
struct Message {
  std::unique_ptr<json::Document> document;
  json::Node data;
  std::string channel;  ///< empty unless it is a notification
};

/// Faults: bad_syntax; bad_field for a wrapping without content; missing_data for the venue's error reply, its code
/// and text in the message; not_ours for heartbeats, requests, subscription replies, orders, trades, charts and other
/// results that no decoder reads, and for a channel that begins with none of `channels` (empty: any channel).
Result<Message> open_message(std::string_view bytes, std::size_t limit, std::vector<std::string_view> channels);

/// `value`, or the first fault of the message.
template <class T>
Result<T> finished(const Message& message, T value) {
  if (message.document->error()) return *message.document->error();
  return value;
}

/// The instrument named by `instrument_name`; a fault of the message, also not_ours for a combo, when there is none.
std::optional<market::Instrument> named_instrument(const json::Node& node);

/// A price or an amount: absent when it is null, absent or 0; bad_field when it is negative.
std::optional<double> positive(const json::Node& node, std::string_view key);

/// The ticker fields that a ticker, a REST order book and a quote notification share.
market::Quote ticker_fields(const json::Node& node);

}  // namespace ballast::venue::deribit
