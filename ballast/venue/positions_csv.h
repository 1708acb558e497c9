#pragma once
#include <string_view>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/market/position.h"

namespace ballast::venue {

/// A book of positions as a table `venue,instrument,quantity,unit,average_price`.
///   venue          deribit
///   instrument     the venue's name
///   quantity       signed, long > 0, not 0
///   unit           coin, usd or contracts; whether it fits the instrument is market::amount_of()'s question
///   average_price  > 0, the instrument's quote unit; the column or the field may be missing
/// Other columns, blank lines and lines that begin with `#` are ignored. Position.where is "line N".
/// Faults  each message begins with `line N`: bad_field for a missing column, another number of fields, a quantity
///         that is empty, zero or not a finite number, an unknown venue or unit, a name that the venue would not
///         write, a (venue, instrument) that is there twice (both lines named); not_ours for a combo. bad_syntax over
///         64 MiB or without a header.
Result<std::vector<market::Position>> decode_positions_csv(std::string_view bytes);

}  // namespace ballast::venue
