#pragma once
#include <array>
#include <cstddef>
#include <span>

#include "ballast/base/result.h"
#include "ballast/base/time.h"
#include "ballast/base/units.h"

/// The adaptive minimum-variance rule: how the vol of a fixed strike has lately moved with the forward, learned tenor
/// by tenor from what the net delta did not explain, and used only while it has been proving itself out of sample.
///
///   E[dvol(K)] = vol (level + tilt z) dlnF,   z = ln(K/F) / (vol sqrt(years)), |z| held at 3
///
/// so that the minimum-variance delta of an option is its net (or Black) delta + vega_coin · vol (level + tilt z).
/// State is data, time comes in with the observations, and every figure that judges the rule was predicted before the
/// move it is judged on. The fit minimises squared hedging error in coin, so that an option counts with vega_coin².
/// Source   J. Hull and A. White, J. Banking & Finance 82 (2017) 180-190, the idea; ours are the tenors, the fading,
/// the
///          bounded influence (of F. R. Hampel's kind) and the record. A t of 1 as the threshold: Y. Haitovsky, The
///          American Statistician 23 (1969) 20-21.
namespace ballast::vol {

/// What one option did between two instants, hedged with its net delta. All in coin and for one long coin of option.
struct SmileMove {
  Years years;              ///< to expiry at the start, > 0
  Vol vol;                  ///< of the option at the start, > 0
  double moneyness = 0.0;   ///< ln(strike/forward) / (vol at the money · sqrt(years)) at the start
  double vega_coin = 0.0;   ///< dc/dvol at the start, coin per 1.00 of vol, >= 0
  double net_delta = 0.0;   ///< F dc/dF at a fixed vol, at the start
  double change = 0.0;      ///< c1 - c0
  double hedge_gain = 0.0;  ///< 1 - F0/F1: what an inverse future of one coin earns, in coin
};

/// The numbers of the rule. What was chosen on which data: docs/delta-study.md.
struct AdaptiveRules {
  double memory_days = 10.0;  ///< half-life of the regression, > 0
  double trial_days = 5.0;    ///< half-life of the record that the rule is judged by, > 0
  double ridge = 0.2;         ///< added to the diagonal of the normal equations, as a share of it, >= 0
  double influence = 1.5;     ///< a move of this many typical moves has half its weight, > 0
  double significance =
      1.0;  ///< least t of the record: 1 is where a regressor begins to lower the error it predicts with
  double least_instants = 8.0;  ///< of the record, in decayed instants, > 0
  double shrink = 2.0;          ///< the best past multiple is divided by 1 + shrink / decayed instants, >= 0
  double outlier =
      8.0;  ///< an option so many robust deviations off its tenor's median vol move is left out; 0: none is
  double steepest = 6.0;  ///< |level + tilt z| is held at this, > 0: vol does not move more than 6 % for 1 %
};

/// Options are learned together by tenor: below 5 days, 12, 35, 100 and beyond.
inline constexpr std::array<double, 4> tenor_edges_days{5.0, 12.0, 35.0, 100.0};
inline constexpr std::size_t tenors = tenor_edges_days.size() + 1;

/// The tenor's place in AdaptiveState. Domain  years > 0.
std::size_t tenor_of(Years years);

/// What is remembered of one tenor: sums over past instants that fade with their half-life, coin² unless said.
struct TenorState {
  double level_level = 0.0, level_tilt = 0.0, tilt_tilt = 0.0;  ///< normal equations
  double level_error = 0.0, tilt_error = 0.0;                   ///< right-hand sides
  double typical_square = 0.0, typical_count = 0.0;             ///< sums of hedge_gain² and of 1: numbers
  double correction_error = 0.0, correction_square = 0.0;       ///< record of the unscaled correction
};

struct AdaptiveState {
  static constexpr std::size_t lags = 2;  ///< of the Bartlett kernel: floor(0.75 n^(1/3)) at 20 to 60 instants
  Time as_of{0};                          ///< of the last move's end; 0: nothing seen
  std::array<TenorState, tenors> tenor;
  // The record: by how much squared error fell at each instant, all tenors together, for they move together.
  double gain = 0.0;                   ///< fading sum, coin²
  double square = 0.0;                 ///< of gain², fading twice as fast, coin⁴
  double instants = 0.0;               ///< fading count
  std::array<double, lags> product{};  ///< gain times the gain l + 1 instants before, fading
  std::array<double, lags> recent{};   ///< the last gains, latest first, faded to as_of
};

/// The state after one more instant. The correction is judged on these moves before it learns from them.
/// `moves`  of one underlying, all from one instant to the next, which is `at`; rows of any tenor in any order.
/// Faults   bad_input names a row that is not finite or outside its domain, a rule outside its own, and an `at` that
///          is not after the state's. No moves: time passes, nothing is learned.
/// Cost     O(n), a sort of each tenor for the outliers.
Result<AdaptiveState> update(const AdaptiveState& state, Time at, std::span<const SmileMove> moves,
                             const AdaptiveRules& rules);

/// What the rule says of one tenor, for people and logs.
struct AdaptiveView {
  double level = 0.0;     ///< dln vol / dln F at the money, before scale; 0 until there is something to learn from
  double tilt = 0.0;      ///< its change for one standard deviation of strike
  double scale = 0.0;     ///< [0, 1] that it is used with: 0 while not significant
  double t = 0.0;         ///< HAC t of the record; NaN without one
  double instants = 0.0;  ///< decayed instants of the record
};
AdaptiveView view(const AdaptiveState& state, std::size_t tenor, const AdaptiveRules& rules);

/// Why the scale is what it is: "used", "record too short, net delta", "not significant, net delta" or, where the
/// record of all tenors is good and this one's is not, "no gain in this tenor, net delta".
const char* verdict(const AdaptiveView& view, const AdaptiveRules& rules);

/// What the rule says of one option: dln vol(K) / dln F, scale applied, and how that changes with moneyness.
struct AdaptiveResponse {
  double value = 0.0;         ///< scale · (level + tilt z), held at the steepest; exactly 0 while not significant
  double by_moneyness = 0.0;  ///< scale · tilt; 0 where moneyness or response is held
};

/// Domain   years > 0, moneyness finite, else NaN in both.
AdaptiveResponse response(const AdaptiveState& state, Years years, double moneyness, const AdaptiveRules& rules);

/// E[dvol(K)] / dlnF of an option in per 1.00 of vol; times vega_coin it is what the minimum-variance delta adds to
/// the net delta (times vega/F, to the Black delta: the same number). Exactly 0 while the rule is not significant.
/// Domain   years, vol > 0, moneyness finite, else NaN.
double adjustment(const AdaptiveState& state, Years years, Vol vol, double moneyness, const AdaptiveRules& rules);

}  // namespace ballast::vol
