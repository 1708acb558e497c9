#pragma once
#include <string>
#include <vector>

#include "ballast/curve/forward.h"
#include "ballast/market/snapshot.h"
#include "ballast/vol/quoted.h"

namespace ballast::vol {

/// Which vol of an option the smile is fitted to.
enum class FitTarget {
  mark,  ///< the venue's mark vol, else the vol implied from its mark price
  mid    ///< the vol implied from the middle of a two-sided quote
};
const char* name(FitTarget target);

/// How much a quote counts.
enum class FitWeight {
  equal,
  spread,  ///< 1 / (ask vol - bid vol)², at most 25 times the median; one-sided quotes a quarter of the least
  vega     ///< (phi(d1) / phi(0))², at least 1e-8: errors of price instead of vol, to first order
};
const char* name(FitWeight weight);

struct QuoteRules {
  FitTarget target = FitTarget::mark;
  FitWeight weight = FitWeight::equal;
  std::size_t least_quotes = 6;  ///< an expiry with fewer is not fitted: `too_few_quotes`
  double least_days = 1.0;       ///< an expiry nearer than this is not fitted: `too_near`
  /// Only options that are quoted on both sides count: a mark that nobody quotes is the venue's extrapolation. Where
  /// fewer than least_quotes of an expiry are, all of them count. The others: `one_sided`.
  bool two_sided = true;
  double widest_vol = 0.50;  ///< mid only: ask vol - bid vol above this: `wide`
};

/// The quotes of one expiry that its smile is fitted to, out of the money, in columns by rising log-moneyness.
struct SliceQuotes {
  std::string index;  ///< "btc_usd"
  Time expiry;
  Years years;  ///< > 0
  Price forward;
  std::vector<std::string> instrument;
  std::vector<double> log_moneyness;     ///< rising strictly
  std::vector<double> vol;               ///< the fit's target, > 0
  std::vector<double> weight;            ///< > 0
  std::vector<double> bid_vol, ask_vol;  ///< NaN where that side is not quoted or gives no vol
};

struct SmileQuotes {
  std::vector<SliceQuotes> slices;       ///< of one index, by rising expiry
  std::vector<market::Dropped> dropped;  ///< with the reasons above, and those of QuotedChain
};

/// The smiles' quotes of one index.
/// Domain   a cleaned snapshot and the chain that quoted() read from it.
/// Reasons  `in_the_money` is not listed: every strike gives one quote, its out-of-the-money option (the call at the
///          forward); the twin is the same information by parity.
/// Cost     O(options log options).
SmileQuotes smile_quotes(const market::Snapshot& snapshot, const QuotedChain& chain, const std::string& index,
                         const QuoteRules& rules);

}  // namespace ballast::vol
