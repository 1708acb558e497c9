#pragma once
#include <optional>
#include <string>
#include <vector>

#include "ballast/desk/memory.h"
#include "ballast/hedge/bands.h"
#include "ballast/hedge/optimise.h"
#include "ballast/hedge/solve.h"
#include "ballast/market/clean.h"
#include "ballast/market/position.h"
#include "ballast/risk/exposure.h"
#include "ballast/risk/vega_buckets.h"
#include "ballast/vol/fit.h"
#include "ballast/vol/quoted.h"
#include "ballast/vol/smile_quotes.h"

namespace ballast::desk {

/// Which delta is brought to its neutral point.
enum class HedgedDelta {
  net,   ///< of the numeraire, along the smile dynamics: the right one
  black  ///< options by plain Black delta, their premium left out: what many do, kept to be measured against
};

struct Config {
  std::vector<std::string> with;  ///< hedge instruments; an underlying none of them is on takes its own perpetual
  std::vector<hedge::Target> targets = {hedge::Target::delta};
  /// Then the cheapest plan that keeps it, in place of `with` and `targets`; for a book on one underlying.
  std::optional<hedge::Problem> problem;
  HedgedDelta delta = HedgedDelta::net;
  /// When to trade, and how far: of a problem only when. Absent: whenever it is asked.
  std::optional<hedge::RebalanceRule> rebalance;
  std::optional<Numeraire> numeraire;  ///< absent: coin for an underlying with coin-settled positions, else USD
  market::CleaningRules cleaning;
  /// How smiles move with the forward; absent: every vol stays and the hedge is of net delta (docs/conventions.md).
  std::optional<vol::SmileDynamics> dynamics;
  /// Fitted where options have vega, which is where a slope moves a delta; a book is hedged on its last day too.
  vol::QuoteRules smile_quotes = {.weight = vol::FitWeight::vega, .least_days = 1.0 / 24.0};
  vol::FitRules smile_fit;
  double vega_reference_days = 30.0;  ///< > 0: the tenor whose vega counts once in the weighted sum
};

/// How far a decision may be trusted: docs/safety.md, "when a ratio may be published".
enum class Quality { ok, degraded, refused };
const char* name(Quality quality);

/// Whether the hedge of one underlying is to be traded now, and to where.
struct Call {
  std::string underlying;
  double distance = 0.0;      ///< coin: the delta off the aim of a full hedge
  double neutral = 0.0;       ///< coin: that aim, off the numeraire's neutral point: 0 but under Black's delta or the
                              ///< delta at another vol, as Leland and Zakamouline have it
  double half_width = 0.0;    ///< coin: of the band around it; 0 without one
  std::optional<double> aim;  ///< coin, off the neutral point: where the trade goes; absent: keep still
};

/// The whole answer for one book at one instant. When it is refused there are no plans.
struct Decision {
  Time as_of;
  Quality quality = Quality::ok;
  std::vector<std::string> reasons;  ///< what keeps the quality from ok
  std::vector<std::string> notes;    ///< what was assumed, such as documented defaults
  std::vector<risk::Exposure> exposures;
  std::vector<Call> calls;         ///< one for each exposure
  std::vector<hedge::Plan> plans;  ///< one for each exposure; without legs where the call is to keep still
  std::vector<market::Dropped> dropped;
  std::size_t quotes = 0;  ///< that passed the door
  vol::QuotedChain surface;
  std::optional<risk::Smiles> smiles;   ///< when dynamics were asked for
  std::vector<risk::VegaBuckets> vega;  ///< one for each exposure
  market::Snapshot market;              ///< cleaned: what the decision rests on
};

/// The perpetual that hedges an underlying by default: `BTC-PERPETUAL`, or the USDC one where nothing settles in coin.
std::string default_hedge(const risk::Exposure& exposure);

/// From a market and a book to the trade: clean, forwards, vols, exposure, solve, verify. The only path to a plan:
/// live, replay and simulation call it too. Deterministic; no clock, no randomness. A decision is refused, never
/// guessed, when a position or a hedge instrument has no trusted price (but a
/// future or perpetual that was never quoted is sized at the parity forward or the index, DEGRADED: docs/safety.md),
/// vol or forward, when the adaptive rule was learned up to as_of or later, or to more than two days before it,
/// when smile dynamics are asked for and an option of book or hedge is of an expiry without a smile,
/// when the targets cannot be reached, or when the solved plan fails its check: finite, residual delta
/// within half a lot of its aim and not farther than before; of an optimised plan: its legs come to the Greeks, the
/// costs and the objective that it says, and no must of delta, gamma or vega is broken. `memory`  of the decision
/// before: when the last trade was, for the bands, and where fits start.
Decision decide(const Config& config, market::Snapshot market, const market::Portfolio& portfolio,
                const Memory& memory = {});

/// Cost against risk around a decision of a problem: hedge::frontier() on what the decision rests on, every plan of it
/// checked as decide() checks its own. Domain  a decision of this config that was not refused; points 2 to 200.
/// Faults  those of hedge::frontier(); bad_input: a config without a problem; no_solution: a plan fails its check.
Result<std::vector<hedge::FrontierPoint>> frontier(const Config& config, const Decision& decision, int points,
                                                   const std::function<void(int)>& told = {});

}  // namespace ballast::desk
