#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/base/time.h"

namespace ballast::venue {

/// One trade that an account did.
struct AccountTrade {
  Time at;
  std::string instrument;
  double amount = 0.0;  ///< signed, buys > 0, the instrument's size unit: coin, and USD for inverse futures
  double price = 0.0;   ///< the instrument's quote unit
};

/// What an account traded, as a table `time,instrument,amount,price` in the order of time. Other columns, blank lines
/// and lines that begin with `#` are ignored. Faults  each message begins with `line N`: bad_field for a missing
/// column, a time that is none or before the one
///         above it, a name that the venue would not write, an amount that is 0 or not a finite number, a price that is
///         negative, or 0 for anything but an option. bad_syntax over 64 MiB or without a header.
Result<std::vector<AccountTrade>> decode_book_trades_csv(std::string_view bytes);

}  // namespace ballast::venue
