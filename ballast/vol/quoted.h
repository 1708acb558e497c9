#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ballast/curve/forward.h"
#include "ballast/market/snapshot.h"

namespace ballast::vol {

/// Where an option's vol came from, best first.
enum class VolSource {
  mark_iv,     ///< the venue's own mark vol
  mark_price,  ///< implied from the venue's mark
  mid          ///< implied from the middle of a two-sided quote
};
const char* name(VolSource source);

/// What the market says of one option, ready for pricing.
struct QuotedOption {
  Price forward;
  Years years;  ///< > 0
  Vol vol;      ///< > 0
  VolSource source = VolSource::mark_iv;
  double price = 0.0;  ///< the option's worth in its quote unit: mark, else mid
};

/// The chain as quoted: no model between the quotes, an option that is not quoted has no vol.
struct QuotedChain {
  std::map<curve::ExpiryKey, curve::Forward> forwards;
  std::map<std::string, QuotedOption> options;  ///< by instrument name
  std::vector<market::Dropped> dropped;         ///< quotes that give no vol, and why
};

/// Reads the vol of every quoted option. Reasons in `dropped`: `no_forward` · `no_price` · `below_intrinsic` (by more
/// than two ticks) · `above_bound` · `no_vol` · `vol_contradicts_price` (5 points and 25 % from the vol of the quoted
/// price, and more than two ticks in price). Domain  a cleaned snapshot (market/clean.h): no expired rows, no crossed
/// quotes. Cost O(options).
QuotedChain quoted(const market::Snapshot& snapshot);

}  // namespace ballast::vol
