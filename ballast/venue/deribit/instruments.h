#pragma once
#include <string_view>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/market/instrument.h"
#include "ballast/market/snapshot.h"

namespace ballast::venue::deribit {

struct InstrumentList {
  std::vector<market::Instrument> instruments;  ///< from_venue is true
  std::vector<market::Dropped> dropped;         ///< "combo", "not_open", "unknown_kind"
};

/// `public/get_instruments` (array) or `get_instrument` (one object), bare or as a JSON-RPC result.
/// Fields  instrument_name, kind, contract_size, min_trade_amount, tick_size, maker_commission, taker_commission are
///         due; strike and option_type for options, expiration_timestamp for all but spot; tick_size_steps,
///         price_index, settlement_currency, base_currency, instrument_type, settlement_period, state, is_active
///         where sent. lot = min_trade_amount, for futures at least contract_size. The option fee cap of
///         0.125 is not in the list and stays the documented one.
/// Faults  bad_syntax (byte), bad_field (path and value), not_believable when the name says another strike, type,
///         expiry, kind or settlement than the fields, missing_data for an error reply, not_ours for other results.
///         Limit 64 MiB.
/// Source  Deribit API v2 public/get_instruments; recorded lists of 2021, 2022 and 2026.
Result<InstrumentList> decode_instruments(std::string_view bytes);

}  // namespace ballast::venue::deribit
