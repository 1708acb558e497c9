#pragma once
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/base/units.h"
#include "ballast/market/instrument.h"

namespace ballast::curve {

/// What two-sided quotes say of one strike's call - put: it can be sold at `low` = call bid - put ask and bought at
/// `high` = call ask - put bid. In the instruments' quote unit (coin per coin for inverse options, else USD per coin).
struct ParityQuote {
  double strike = 0.0;  ///< > 0, USD per coin
  double low = 0.0, high = 0.0;
  double straddle = 0.0;  ///< call + put, the middles; 0: not known
  double mid() const { return 0.5 * (low + high); }
  double half_width() const { return 0.5 * (high - low); }
};

/// The forward that one strike gives, USD per coin: linear K + y/D, inverse K/(1 - y/D) for y = call - put.
/// Domain   strike, discount > 0. Not positive or not finite where no forward has such a pair.
inline double pair_forward(double strike, double call_minus_put, market::Settlement settlement, double discount = 1.0) {
  const double forward_value = call_minus_put / discount;
  return settlement == market::Settlement::inverse ? strike / (1.0 - forward_value) : strike + forward_value;
}

/// The forward at the strike with the smallest |call - put|, USD per coin: least touched by an error of `discount`.
/// NaN without a quote. Error  4 ulp of F for exact quotes. Source  docs/sources.md: volatility index.
double parity_at_the_money(std::span<const ParityQuote> quotes, market::Settlement settlement, double discount = 1.0);

struct ParityRules {
  double near_stdevs = 1.5;   ///< strikes with |ln(K/F)| below this many stdevs take part …
  std::size_t at_least = 3;   ///< … or so many nearest ones
  double clip = 3.0;          ///< half widths: a residual counts no more than this
  double significance = 3.0;  ///< standard errors between the estimated discount and 1 before it is used
};

/// The forwards that no quote contradicts.
struct ForwardInterval {
  double low = 0.0;                                       ///< USD per coin, the largest lower bound
  double high = std::numeric_limits<double>::infinity();  ///< the smallest upper bound
  bool empty() const { return !(low <= high); }           ///< an arbitrage, or a stale quote
};

/// A strike whose call - put cannot be had at the forward: `beyond` > 0 when it sells for more than D(F - K), < 0 when
/// it can be bought for less, by that much in the quote unit.
struct ParityViolation {
  double strike = 0.0;
  double beyond = 0.0;
};

/// Forward and discount of one expiry from two-sided quotes.
struct ParityFit {
  Price forward;
  double discount = 1.0;  ///< what `forward` was found with: the estimate where it is significant, else 1
  std::optional<double> discount_estimate, discount_error;  ///< regression and its standard error; three pairs or more
  int pairs = 0;                                            ///< that took part
  int clipped = 0;                                          ///< of them, residuals cut to ParityRules::clip
  int far = 0;                                              ///< left out: not near the money
  int invalid = 0;                                          ///< left out: no forward has such a pair
  double spread = 0.0;       ///< USD: largest distance of a pair's own forward from `forward`, clipped pairs apart
  ForwardInterval interval;  ///< of all valid quotes, at `discount`
};

/// Weighted least squares of put-call parity, linear C - P = D(F - K), inverse c - p = D(1 - K/F), through the middles
/// with weights 1/half-width², near the money: |ln(K/F)| < 1.5 stdevs, the stdev read off the straddle at the money as
/// √(π/2)(C + P)/F. Residuals from a median line (Theil-Sen, so that a stale strike cannot drag it) are cut to three
/// half widths, then the squares are solved once. D is used where it is three standard errors from 1 (a half width
/// counting as one standard deviation, more where the residuals are larger), else D = 1 and F alone is fitted.
/// Domain   strike > 0, low < high, all finite; other pairs are counted in `invalid`.
/// Error    exact pairs give F and D within 1e-13 relative where the strikes span 10 % of F or more.
/// Faults   missing_data: no valid pair, or no positive forward; limit: over 1,000 strikes. Cost O(strikes²).
/// Source   docs/sources.md: forward by parity; P. K. Sen, J. American Statistical Association 63 (1968) 1379-1389;
///          M. Brenner, M. Subrahmanyam, Financial Analysts Journal 44 (1988) 80-83. tests/data/vol_index_chain.csv.
Result<ParityFit> fit_parity(std::span<const ParityQuote> quotes, market::Settlement settlement,
                             const ParityRules& rules = {});

/// The forwards that agree with every quote at `discount`: [0, infinity] without quotes.
ForwardInterval consistent_forwards(std::span<const ParityQuote> quotes, market::Settlement settlement,
                                    double discount = 1.0);

/// Every strike whose interval does not hold D(F - K), by strike. Domain  forward, discount > 0; else empty.
std::vector<ParityViolation> parity_violations(std::span<const ParityQuote> quotes, market::Settlement settlement,
                                               Price forward, double discount = 1.0);

}  // namespace ballast::curve
