#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/market/snapshot.h"
#include "ballast/vol/quoted.h"
#include "ballast/vol/skew.h"

namespace ballast::vol {

/// One strike of an expiry: what its options are worth in their quote unit (coin for inverse, USD for linear); an
/// option that is not quoted is absent.
struct StrikeQuote {
  double strike = 0.0;  ///< > 0, USD per coin
  std::optional<double> call, put;
};

struct IndexRules {
  double rate = 0.0;             ///< continuous, a year, of the quote currency; inverse options: 0
  std::optional<Price> forward;  ///< absent: parity at the strike with the least |call - put|
  int stop_after = 2;            ///< this many strikes in a row without a quote end a wing, as Cboe's rule; 0 = never
};

/// The model-free variance of one expiry, and what it stands on.
struct ExpiryVariance {
  Years years;
  Price forward;          ///< the one used
  double k0 = 0.0;        ///< the highest strike not above it
  double variance = 0.0;  ///< a year
  int strikes = 0;        ///< used, k0 included
  double least_strike = 0.0, most_strike = 0.0;
};

/// The variance of one expiry by the sum over its strikes that Cboe's VIX uses,
///   (2/T) sum DeltaK/K² e^{rT} Q(K) - (1/T) (F/K0 - 1)²,
/// Q the out-of-the-money option in USD (inverse: F times its coin price), at K0 the mean of call and put; DeltaK half
/// the distance of the neighbours, at the ends the distance to the only one.
/// Domain   years > 0, strikes > 0 and rising, prices >= 0, all finite.
/// Faults   bad_input names the value; missing_data when no strike has both options and no forward is given, when K0
///          has no quote, or when fewer than 3 strikes are left.
/// Error    <= 1e-13 relative against 40-digit arithmetic, tests/data/vol_index_result.csv. Of what the sum stands for,
///          the integral, it misses the strikes beyond the last and takes the rest for straight lines: +0.4 vol points
///          on that table's 26 strikes.
/// Source   Cboe, "Volatility Index Methodology: Cboe Volatility Index" (2019).
Result<ExpiryVariance> expiry_variance(std::span<const StrikeQuote> strikes, market::Settlement settlement, Years years,
                                       const IndexRules& rules);

/// One expiry's variance and the minutes to it, as the two-expiry rule counts them.
struct TermVariance {
  Years years;
  double variance = 0.0;  ///< a year
  double minutes = 0.0;
};

/// The vol of a constant maturity between two expiries: total variance is linear in time,
///   sqrt( (T1 v1 (N2 - N) + T2 v2 (N - N1)) / (N2 - N1) · 525600/N ).
/// Domain   0 < N1 <= N <= N2, N1 < N2, variances >= 0; else NaN. An index in points is 100 times this.
/// Source   as expiry_variance(): its example gives 0.136858 (printed 13.69).
Vol constant_maturity_vol(const TermVariance& near, const TermVariance& far, double minutes);

/// A 30-day index as DVOL is one: two expiries around 30 days, out-of-the-money options only. Deribit's own strike
/// filter and averaging differ, so that its published level is not reproduced.
struct VolIndex {
  Vol level;
  ExpiryVariance near, far;
};

/// The index of a chain from its quoted prices (marks, else mids) and its own forwards.
/// Domain   a cleaned snapshot and the chain that quoted() read from it; days > 0.
/// Faults   missing_data when no two expiries lie around `days`; those of expiry_variance() with the expiry in front.
Result<VolIndex> vol_index(const market::Snapshot& snapshot, const QuotedChain& chain, const std::string& index,
                           double days = 30.0);

/// What a variance swap would pay: the price of -2 ln(S/F) over continuous strikes, 2/T times the integral of
/// OTM(K)/K² dK.
struct VarianceSwap {
  SmileOutcome outcome = SmileOutcome::bad_input;
  double variance = 0.0;  ///< a year; NaN unless ok
  Vol level;              ///< its square root; NaN unless ok
  int evaluations = 0;    ///< [0, 200 000]
};

/// The variance swap of a smile that goes on for ever: no strike is left out, the tails are the smile's own.
/// Domain   years > 0, a smile with w > 0. no_solution where the tails do not fall: a wing of w steeper than 2, or so
///          near to 2 that |k| = 400 is not far enough.
/// Error    <= 1e-13 relative against 40-digit values, tests/data/vol_index_result.csv; 1e-12 against the other way to
///          it, the integral of w(k) over the normal density of d2 (vol_index_test.cc).
/// Cost     16-point Gauss-Legendre over panels that grow outwards and are halved until both halves agree; about 1,500
///          evaluations for a smile of the market.
/// Source   P. Carr and D. Madan, "Towards a theory of volatility trading", in R. Jarrow (ed.), Volatility (1998)
///          417-427; nodes: Abramowitz and Stegun, table 25.4.
VarianceSwap variance_swap(const Smile& smile, Years years);

}  // namespace ballast::vol
