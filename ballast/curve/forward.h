#pragma once
#include <compare>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ballast/market/snapshot.h"

namespace ballast::curve {

/// Where a forward came from, best first.
enum class ForwardSource {
  parity_of_marks,  ///< call - put of the venue's marks, all strikes
  parity_of_mids,   ///< call - put of two-sided quotes
  listed_future,    ///< the dated future of the same expiry
  venue_underlying  ///< the median of the options' own `underlying_price`
};
const char* name(ForwardSource source);

/// The forward of one expiry, USD per coin, and how well the chain agrees on it.
struct Forward {
  Price price;
  ForwardSource source = ForwardSource::parity_of_marks;
  int pairs = 0;                ///< call/put pairs (parity), else quotes
  int outliers = 0;             ///< pairs set aside
  std::optional<Price> listed;  ///< the future of the same expiry, where the chain has one
  double spread = 0;            ///< USD: largest distance of a used pair's own forward from `price`
};

/// Options of one expiry may settle in the coin or in USDC and then have two forwards: the index keeps them apart.
struct ExpiryKey {
  std::string index;  ///< "btc_usd"
  Time expiry;
  friend auto operator<=>(const ExpiryKey&, const ExpiryKey&) = default;
};

/// One strike with its call and put, in the instruments' quote unit.
struct ParityPair {
  double strike = 0.0;  ///< > 0, USD per coin
  double call_minus_put = 0.0;
  double error =
      1.0;  ///< > 0: the standard error that the pair's weight comes from (1 for marks, half spreads for mids)
};

/// The forward that put-call parity gives: inverse C - P = 1 - K/F, linear C - P = F - K (undiscounted: the venue's
/// rate is 0). The median over strikes finds the level, pairs further than 5 median absolute deviations (but at least
/// 1e-7 of the level) are set aside, least squares over the rest gives the value. Domain  at least one pair. Fault
/// missing_data when there is none or the pairs do not give a positive forward. Error   exact parity gives F within 4
/// ulp; marks rounded to h give F within F²/K·h / sqrt(pairs). Source  docs/sources.md: deribit 2.3, closed forms 5.4.
Result<Forward> parity_forward(const std::vector<ParityPair>& pairs, market::Settlement settlement);

/// The forward of every expiry that has an option or a dated future in the snapshot. An expiry for which no source
/// gives one is absent.
std::map<ExpiryKey, Forward> forwards(const market::Snapshot& snapshot);

}  // namespace ballast::curve
