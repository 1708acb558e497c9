#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/market/instrument.h"
#include "ballast/market/quote.h"
#include "ballast/market/snapshot.h"

namespace ballast::venue::deribit {

/// A recorded option chain: one line an option, several currencies in one table.
struct ChainCsv {
  Time as_of;                                    ///< the latest `timestamp`: the start of the collection
  std::vector<market::Instrument> instruments;   ///< from the names, with the venue's documented defaults
  std::vector<market::Quote> quotes;             ///< sent = the row's timestamp
  std::map<std::string, market::Index> indices;  ///< by currency: the median of its rows, which are minutes apart
};

/// Columns (found by name, any order, others ignored): timestamp, instrument_name, underlying (USD, the venue's
/// forward), option_type, strike, expiry_datetime, bid_price, ask_price, mark_price (coin; empty or 0: no quote),
/// implied_volatility (a fraction), index_price (USD), currency are due; underlying_name, delta (Black, per coin),
/// vega (USD per vol point), open_interest (coin) where present.
/// Faults  each message begins with `line N`: bad_field for a missing column, a wrong number of fields, a line over
///         64 KiB, a field that is not a finite number, an instrument that is there twice (both lines named);
///         not_believable when strike, type, expiry or currency contradict the name. bad_syntax over 64 MiB.
/// Cost    one pass over the bytes; about 0.8 million rows/s, so a chain of 1,600 rows in 2 ms (recorded_test.cc).
/// Source  the collector described beside the recorded sets of 2026 (data/README.md).
Result<ChainCsv> decode_chain_csv(std::string_view bytes);

/// A table of perpetual prices over time: snapshot_timestamp_ms, instrument_name, perp_futures_mark_price and, where
/// present, perp_futures_best_bid, perp_futures_best_ask. One quote a row, in the order of the rows: an instrument
/// comes many times, once a time. Faults as decode_chain_csv(); bad_field for the same time twice.
Result<std::vector<market::Quote>> decode_perpetual_prices_csv(std::string_view bytes);

}  // namespace ballast::venue::deribit
