#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/market/position.h"

namespace ballast::venue::deribit {

/// `private/get_positions` (array) or `get_position` (one object).
/// Fields  instrument_name, size, direction are due; kind, average_price (0 is absent), size_currency. Quantities are
///         signed: inverse futures in usd (size), options and spot in coin (size), linear futures in coin
///         (size_currency, which is due there: their size is in the quote currency). Positions of size 0 are left out.
/// Faults  bad_syntax (byte), bad_field (path and value; an instrument that is there twice), not_believable when
///         direction or size_currency contradict the sign of size, when kind contradicts the name, or for an unknown
///         direction; missing_data for an error reply; not_ours for combos and other results. Limit 64 MiB.
/// Source  Deribit API v2 private/get_positions; that linear sizes read so is documented, not checked live.
Result<std::vector<market::Position>> decode_positions(std::string_view bytes);

/// `private/get_account_summary` (one object), `get_account_summaries` (object with `summaries`), or a
/// `user.portfolio.…` notification. currency and equity are due. Everything in that currency, deltas in coin.
/// Faults  bad_syntax (byte), bad_field (path and value; a currency that is there twice), missing_data, not_ours.
Result<std::vector<market::Account>> decode_account(std::string_view bytes);

/// The identities of an account that do not hold within 1e-6 of its currency, in words with the numbers; empty when
/// all hold or cannot be checked. A mismatch means a lost message. Only for segregated margin (`margin_model`): under
/// cross margin the balances of other currencies are mixed in.
///   equity          = balance + session_rpl + futures_session_upl + options_value
///   margin_balance  = equity - options_value                                         (segregated_sm)
///   available_funds = margin_balance - initial_margin
/// Source  the venue's documented example, recomputed.
std::vector<std::string> identity_faults(const market::Account& account);

}  // namespace ballast::venue::deribit
