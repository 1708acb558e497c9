#pragma once
#include <optional>

#include "ballast/hedge/ladder.h"

namespace ballast::hedge {

/// What a taker pays for a trade, against the middle of the market.
struct Cost {
  std::optional<Usd> spread;  ///< what is shown: half spread or the walk through the order book, and the last price
                              ///< shown for the rest; absent when there is no two-sided quote
  Usd impact;                 ///< what the impact model adds beyond what is shown; 0 with the spread absent
  Usd fee;                    ///< the venue's taker fee at its base rate, with its cap, each part at its own price
  std::optional<double> average_price;  ///< expected execution price, quote unit; absent with the spread
  bool walked = false;                  ///< the order book was walked level by level
  double beyond_depth = 0.0;            ///< size-unit amount that the displayed sizes do not show; 0 where none are
  double beyond_curve = 0.0;  ///< size-unit amount that not even the model reaches: counted at the last piece, so that
                              ///< the cost is a lower bound

  std::optional<Usd> total() const {
    if (!spread) return std::nullopt;
    return *spread + impact + fee;
  }
};

/// The rules a cost is told by: no collar, which is a limit on what may be traded and not on what it costs.
CostRules uncollared();

/// The cost of buying (amount > 0) or selling (amount < 0) in the venue's size unit: fill() of the instrument's
/// cost_curve(), with its errors as an absent spread.
/// Source  docs/costs.md; docs/sources.md: deribit 1.6, 2.1.
Cost taker_cost(const market::Instrument& instrument, const market::Quote* quote, const risk::Valuation& unit,
                double amount, const CostRules& rules = uncollared());

}  // namespace ballast::hedge
