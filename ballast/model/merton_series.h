#pragma once
#include <cstddef>

#include "ballast/base/result.h"
#include "ballast/base/units.h"
#include "ballast/model/parameters.h"

/// Merton's own answer to his model: Black's formula over the number of jumps. It shares nothing with the transform and
/// is what the transform is tested by.
namespace ballast::model {

/// One long option on one coin, undiscounted.
struct MertonOption {
  Price value;                    ///< USD per coin
  double delta = 0.0;             ///< dC/dF
  double gamma = 0.0;             ///< d2C/dF2, per USD
  double vega = 0.0;              ///< dC/d vol, USD per 1.00
  double theta = 0.0;             ///< -dC/dT, USD a year
  double minimum_variance_delta;  ///< what leaves the least instantaneous variance, see transform.h
  std::size_t terms = 0;          ///< numbers of jumps that count
};

/// Domain   forward, strike > 0, sign +1 call or -1 put, years in (0, 100], rate · years <= 700, where e^{-rate years}
///          still is a number.
/// Error    value <= 1e-13 relative, in and out of the money, on tests/data/merton_prices.csv.
/// Faults   bad_input: the model's, an argument out of range. limit: over a million jumps count.
/// Cost     150 ns a term; the terms reach a dozen deviations beyond the mean number of jumps.
/// Source   R. C. Merton, "Option pricing when underlying stock returns are discontinuous", J. Financial Economics 3
///          (1976) 125-144, equation 16; the minimum-variance delta's expectations are Black's formula after one jump
///          more, in the measures of the coin and of the quote.
Result<MertonOption> merton_series(const Merton& model, Price forward, Price strike, Years years, double sign);

}  // namespace ballast::model
