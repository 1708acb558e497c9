#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "ballast/hedge/ladder.h"

namespace ballast::hedge {

/// A place where the same thing can be traded.
struct SplitVenue {
  market::Instrument instrument;  ///< its lot and size unit
  CostCurve curve;
  double amount_per_coin = 1.0;  ///< > 0: size units in one coin, the price of an inverse future, else 1
  Usd fixed;                     ///< >= 0: paid once if it is used at all (gas)
};

struct Split {
  std::vector<std::int64_t> lots;  ///< signed, one a venue
  std::vector<double> amounts;     ///< signed, of those lots, size unit of each
  Coin traded, residual;           ///< signed: asked = traded + residual
  Usd cost;                        ///< of all, fixed costs included
  Usd bound;                       ///< no split in whatever parts that reaches as far costs less
  bool complete = false;           ///< |residual| is within half of the finest lot; else a liquidity gap
};

/// The cheapest way of trading a signed amount of coins over venues: pieces of all curves are taken in the order of
/// their cost a coin, so that the marginal cost is the same everywhere. Each curve is against the middle of its own
/// market: what stands between those middles, a basis, is not in it. Exact   continuous amounts with fixed costs, by
/// looking at every subset (`bound`); whole lots that are all the same in
///         coins. Where lots differ each coarser venue tries the two numbers of lots around its best one, the finest
///         close, and exchanges between two venues go on while they pay; cost - bound says how far off that can be.
///         Never dearer than any venue alone that gets as near to the amount.
/// Faults  bad_input: no venue, an amount, a lot, a fixed cost or a conversion that is not finite and positive; limit:
/// over
///         8 venues with fixed costs or different lots, 31 without.
/// Cost    O(pieces) and O(pieces that are taken) for each subset: one without fixed costs and with one lot, else 2^n.
Result<Split> split(std::span<const SplitVenue> venues, Coin coins);

}  // namespace ballast::hedge
