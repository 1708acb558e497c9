#pragma once
#include <cstddef>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/base/time.h"
#include "ballast/market/snapshot.h"

/// Chains made from a price and a smile, where only prices were recorded or where a model draws them.
namespace ballast::sim {

/// The chain that a venue would list. The vol of strike K with T years left, k = ln(K/F), z = k/(atm sqrt(T)):
/// vol = atm (1 + skew z + convexity z²), held within a factor 3 of atm. In z the smile goes along with the forward
/// (sticky moneyness); `stickiness` R adds to atm, at the same instant, (R) · skew/sqrt(T) · ln(F/reference).
struct ChainShape {
  std::string underlying = "BTC";
  std::vector<double> days = {1, 2, 7, 14, 30, 60, 90};  ///< at every instant the expiries nearest to these are listed
                                                         ///< on 08:00 UTC: dailies, then Fridays
  double strikes_z = 2.5;                                ///< > 0: listed strikes reach so many standard deviations
  std::size_t strikes = 15;                              ///< at most, an expiry
  double skew = 0.0;               ///< change of vol for one standard deviation of strike, relative
  double convexity = 0.0;          ///< >= 0
  double basis = 0.0;              ///< forwards: index · exp(basis · years)
  double half_spread_vol = 0.005;  ///< >= 0: of options, in vol, at least one tick
  double perpetual_premium = 0.0;  ///< perpetual over index, a fraction
  double perpetual_half_spread_ticks = 0.5;
  double size_coins = 25.0;   ///< displayed at each best price of options
  double size_usd = 500'000;  ///< and of the perpetual and futures
  double round_vol = 0.0;     ///< > 0: mark vols are rounded to this as venues do, 1e-4; 0: exact marks
};

/// The whole market of one underlying at an instant: options with mark, vol, bid and ask on the venue's grid; the
/// perpetual and a dated future for each expiry; the index. An option once listed stays listed until its expiry if its
/// name is in `keep`.
/// Faults   bad_input names the number outside its domain.
Result<market::Snapshot> modelled_chain(const ChainShape& shape, Time at, double index, double atm_vol,
                                        const std::vector<std::string>& keep = {});

}  // namespace ballast::sim
