#pragma once
#include <optional>

#include "ballast/market/quote.h"
#include "ballast/risk/exposure.h"

namespace ballast::hedge {

/// What a taker pays for a trade, against the middle of the market.
struct Cost {
  std::optional<Usd>
      spread;  ///< half spread, or the walk through the order book; absent when there is no two-sided quote
  Usd fee;     ///< the venue's taker fee at its base rate, with its cap
  std::optional<double> average_price;  ///< expected execution price, quote unit; absent with the spread
  bool walked = false;                  ///< the order book was walked level by level
  double beyond_depth = 0.0;            ///< size-unit amount that the given order book does not show
};

/// The cost of buying (amount > 0) or selling (amount < 0) in the venue's size unit. With an order book its levels are
/// walked and what lies beyond is priced at the last level; otherwise the best price is taken for the whole.
/// Fee     futures and spot: rate · notional; inverse options: min(rate, cap · price) · amount coin; linear options:
///         min(rate · index, cap · price) · amount.
/// Source  docs/sources.md: deribit 1.6, 2.1.
Cost taker_cost(const market::Instrument& instrument, const market::Quote* quote, const risk::Valuation& unit,
                double amount);

}  // namespace ballast::hedge
