#pragma once
#include <map>
#include <string>

#include "ballast/curve/forward.h"
#include "ballast/market/snapshot.h"
#include "ballast/vol/quoted.h"

namespace ballast::sim {

/// What the market showed at one instant, read once for all rules of a run.
struct Instant {
  market::Snapshot snapshot;                        ///< of any number of underlyings, uncleaned
  vol::QuotedChain chain;                           ///< vol::quoted() of it
  std::map<curve::ExpiryKey, double> at_the_money;  ///< vol at the forward, between the strikes around it
};

/// Where a perpetual's price comes from that hedges in a run.
enum class PerpetualPrice {
  quoted,     ///< as recorded; a mark without bid and ask is quoted on the two ticks around it
  from_index  ///< the index stands in for it where nothing was recorded, on the two ticks around it
};

/// The instant of a snapshot. The perpetual of `underlying` must be listed there to be quoted.
Instant instant_of(market::Snapshot snapshot, const std::string& underlying, PerpetualPrice perpetual);

}  // namespace ballast::sim
