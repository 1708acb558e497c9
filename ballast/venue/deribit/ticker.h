#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/market/quote.h"
#include "ballast/market/snapshot.h"

namespace ballast::venue::deribit {

/// `public/ticker`, a `ticker.…` notification or the first, full `incremental_ticker.…`.
/// Fields  instrument_name and timestamp are due; all others are absent when null. A best price or amount of 0 is the
///         venue's way to say that nobody bids: absent. mark_iv is percent on the wire and a fraction here; greeks stay
///         in the venue's units. Prices are in the instrument's quote unit.
/// Faults  bad_syntax (byte), bad_field (path and value: also a negative price), not_believable (a time in another
///         unit, an unknown state), out_of_sequence for an incremental change, whose base is not here, missing_data
///         for an error reply, not_ours for other channels and for combos. Limit 1 MiB.
///         A crossed quote is handed on: market/ decides about it.
/// Source  Deribit API v2 public/ticker; recorded messages of 2021, 2025 and 2026.
Result<market::Quote> decode_ticker(std::string_view bytes);

/// A `quote.…` notification: best bid and ask with their amounts, 0 is absent. Faults as decode_ticker().
Result<market::Quote> decode_quote(std::string_view bytes);

struct BookSummary {
  std::vector<market::Quote> quotes;
  std::vector<market::Dropped> dropped;  ///< "combo"
};

/// `public/get_book_summary_by_currency` or `…_by_instrument`: one row an instrument.
/// Fields  instrument_name and creation_timestamp (the time of the quote) are due; bid_price, ask_price, mark_price,
///         mark_iv (percent -> fraction), underlying_price, underlying_index, open_interest, funding_8h; index is
///         index_price or else estimated_delivery_price (equal to it but in the half hour before an expiry).
/// Faults  as decode_ticker(), and bad_field for an instrument that is there twice. Limit 64 MiB.
Result<BookSummary> decode_book_summary(std::string_view bytes);

/// The price of an index.
struct IndexPrice {
  std::string index_name;    ///< "btc_usd"; empty when the reply does not say it
  double price = 0.0;        ///< > 0, quote currency per coin
  std::optional<Time> sent;  ///< a REST reply has no time
};

/// A `deribit_price_index.…` notification {index_name, price, timestamp}, or the result of `public/get_index_price`
/// {index_price}. Faults as decode_ticker(); bad_field when the price is not positive.
Result<IndexPrice> decode_index(std::string_view bytes);

}  // namespace ballast::venue::deribit
