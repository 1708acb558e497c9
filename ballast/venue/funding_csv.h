#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/base/time.h"

namespace ballast::venue {

/// One payment of a perpetual's funding.
struct FundingRow {
  Time at;            ///< UTC
  double rate = 0.0;  ///< fraction of the notional for the period that ends at `at`; longs pay where it is positive
  std::size_t line = 0;
};

struct FundingHistory {
  std::string symbol;  ///< one for all rows
  std::vector<FundingRow> rows;
};

/// A comma-separated table `Symbol,Date,Funding Rate`; times are text. `ahead_s`: how many seconds the written times
/// are ahead of UTC. In the recorded set funding-btc-2020-2023 that is 3 h for Binance, Bybit, HTX, MEXC and KuCoin and
/// 0 for Gate: their schedules are 00, 08 and 16 h UTC (KuCoin 04, 12, 20).
/// Faults  each message begins with `line N`: bad_field for a column that is missing or twice, another number of
///         fields, a time or a number that is none, a second symbol; not_believable for a time that does not rise
///         strictly and a rate of more than 10 % either way; bad_syntax over 64 MiB or without a header; missing_data
///         without a row.
Result<FundingHistory> decode_funding_csv(std::string_view bytes, double ahead_s = 0.0);

}  // namespace ballast::venue
