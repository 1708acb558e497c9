#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/base/time.h"
#include "ballast/base/units.h"
#include "ballast/market/snapshot.h"
#include "ballast/vol/adaptive.h"
#include "ballast/vol/dynamics.h"
#include "ballast/vol/surface.h"

/// From recorded snapshots to what the adaptive rule learns from: one path for the study that chose the rule's numbers
/// and for the command that hedges with it. Method: docs/delta-study.md.
namespace ballast::desk {

struct MoveRules {
  double outlier_scale = 1.0;            ///< every outlier limit of the cleaning times this, > 0
  double least_gap_h = 4.0;              ///< between the two snapshots of a step, hours
  double most_gap_h = 9.0;               ///< above it the step is left out
  double most_age_s = 3600.0;            ///< of a recorded quote: recorded chains are minutes old
  double least_smile_days = 0.5;         ///< an option with a day left has 15 hours or more at a step's end
  std::vector<std::string> underlyings;  ///< "BTC"; empty: all that have coin-settled options
};

/// One option at one instant.
struct ObservedOption {
  double mark = 0.0, mid = 0.0;  ///< coin
  double half_spread = 0.0;      ///< coin
  double black_delta = 0.0;      ///< on the parity forward and the venue's mark vol
  double vega_coin = 0.0;        ///< coin per 1.00 of vol
  Vol vol;                       ///< the venue's, of the mark
  double slope = 0.0;            ///< dvol/dk of the fitted smile at the option
  double moneyness = 0.0;        ///< ln(K/F) / (vol at the money of the fitted smile · sqrt(years))
  double smile_price = 0.0;      ///< of the fitted smile, coin
  Years years;
  Time expiry;
  bool chosen = false;  ///< open interest, spread, strike and time to expiry are those of an option that trades
  bool clean = false;   ///< its mid is believed
};

/// The coin-settled options of one underlying at one instant.
struct ObservedChain {
  Time as_of;
  std::map<std::string, ObservedOption> options;  ///< by instrument name
  std::map<Time, double> forwards;                ///< USD, by expiry
};

/// The prices that a move is read off: as the venue marks them, the middles that are believed, or all middles.
enum class MovePrices { marks, mids, raw_mids };

/// What one snapshot has, by underlying: two-sided, marked, coin-settled options of an expiry with a smile.
/// `before`  by index, the surfaces of an earlier snapshot: where the fits start. They become this snapshot's.
/// Faults    those of vol::fit, with the index in front.
/// Cost      a fit of each index: some 10 ms for 12 expiries.
Result<std::map<std::string, ObservedChain>> observed(const market::Snapshot& snapshot, const MoveRules& rules,
                                                      std::map<std::string, vol::Surface>& before);

/// Whether the two are the ends of a step.
bool is_step(const ObservedChain& from, const ObservedChain& to, const MoveRules& rules);

/// Whether an option takes part in a step with these prices.
bool counts(const ObservedOption& from, const ObservedOption& to, MovePrices prices);

/// In coin.
double price_of(const ObservedOption& option, MovePrices prices);

/// Every option that takes part in the step, hedged with its net delta in its own forward; by name.
std::vector<vol::SmileMove> smile_moves(const ObservedChain& from, const ObservedChain& to, MovePrices prices);

/// What was learned of a row of snapshots so far, and what the next one needs of the last.
struct Learning {
  Time as_of{0};  ///< of the last snapshot; 0: none yet
  std::map<std::string, ObservedChain> chains;
  std::map<std::string, vol::Surface> surfaces;  ///< by index
  std::map<std::string, vol::Learned> learned;   ///< by underlying, from its first step on
};

/// One more snapshot: every underlying whose last chain is a step before learns from its marks.
/// Faults   bad_input for a snapshot that is not after the last one; those of observed() and vol::update(). On a fault
///          the learning is not to be used further.
std::optional<Error> learn(Learning& learning, const market::Snapshot& snapshot, const MoveRules& moves,
                           const vol::AdaptiveRules& rules);

}  // namespace ballast::desk
