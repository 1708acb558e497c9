#pragma once
#include "ballast/base/units.h"
#include "ballast/market/instrument.h"

namespace ballast::curve {

/// What a perpetual pays and the rates it is worth something under. `kappa` and `iota` are per period of `period`
/// years, or per year where it is 0 (funding accrues continuously); `rate` and `yield` are per year, continuous.
struct PerpetualTerms {
  double kappa = 0.0;  ///< funding for each unit of (price - index)/index
  double iota = 0.0;   ///< the interest component of the funding
  double rate = 0.0;   ///< of the dollar
  double yield = 0.0;  ///< of the coin
  Years period;        ///< >= 0
};

/// Which index a funding payment is counted on.
enum class FundingOn { previous_index, current_index };

/// The no-arbitrage price of a perpetual, USD per coin: where its expected move pays its expected funding.
/// Domain   index > 0, kappa > iota, period >= 0, all finite, and a positive price; else NaN. Continuous funding has
/// one
///          index: FundingOn plays no part.
/// Error    <= 64 epsilon·kappa/(kappa - |rate - yield|·period) relative, tests/data/perpetual_futures.csv.
/// Source   D. Ackerer, J. Hugonnier, U. Jermann, "Perpetual futures pricing", NBER w32936 (2024).
Price perpetual_price(Price index, market::Settlement settlement, const PerpetualTerms& terms,
                      FundingOn on = FundingOn::previous_index);

}  // namespace ballast::curve
