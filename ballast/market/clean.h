#pragma once
#include "ballast/market/snapshot.h"

namespace ballast::market {

/// How old a value may be, in seconds before `as_of`: `soft` makes an answer DEGRADED, `hard` makes the value unusable.
/// Defaults: docs/safety.md, age budgets.
struct Age {
  double soft_s;
  double hard_s;
};

struct CleaningRules {
  Age option{10.0, 30.0};
  Age hedge{1.0, 5.0};  ///< futures, perpetuals and spot: what a hedge is traded in
  Age index{3.0, 10.0};
  double ahead_s = 1.0;                ///< a quote may be this far ahead of as_of
  Vol vol_least{0.01}, vol_most{5.0};  ///< believable implied vols
  double mark_off_mid = 0.10;          ///< of mid; only together with the next
  double mark_off_mid_ticks = 3.0;

  /// The same rules with every hard age set to `seconds`: for recorded chains that were collected over minutes. The
  /// soft ages stay: what is older is usable, and said to be old.
  CleaningRules with_age(double seconds) const;
};

/// Every quote that breaks a rule leaves the snapshot and enters `dropped` with one of these reasons:
/// `expired` · `stale` · `from_the_future` · `not_open` · `crossed` · `off_tick` · `mark_off_mid` · `vol_out_of_range`
/// · `price_above_bound` (an inverse call is worth less than one coin) · `unknown_instrument` · `stale_index` ·
/// `index_from_the_future`. Cost
/// O(quotes). A quote keeps absent sides absent: a one-sided market is not an error.
Snapshot clean(Snapshot raw, const CleaningRules& rules);

}  // namespace ballast::market
