#pragma once
#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/base/time.h"
#include "ballast/vol/adaptive.h"

/// Which future to hedge an option with. An option's delta is in the forward of its own expiry; a hedge on another
/// price leaves the moves of the basis between the two. Where a dated future of the same expiry is listed it is the
/// hedge. Where there is none, the basis that has lately moved least is taken. What that is worth: docs/ratio-study.md.
namespace ballast::hedge {

/// What can stand in for a future that is not listed.
enum class BasisHedge {
  perpetual,
  earlier,  ///< the last listed future before the expiry
  later,    ///< the first one after it
  both      ///< the two of them, weighted so that their mean expiry is the option's
};
inline constexpr std::size_t basis_hedges = 4;

struct SteadyBasisRules {
  double memory_days = 10.0;  ///< half-life of what is remembered, > 0: that of vol/adaptive.h
  /// What is thought of a basis that was never seen, as one move of so many basis points: dated futures before the
  /// perpetual. Any pair with this order chooses alike on the recorded sets once a dozen moves are in.
  double dated_bp = 10.0, perpetual_bp = 14.0;
};

/// Prices of one coin at one instant, USD.
struct FuturePrices {
  Time as_of;
  std::map<Time, double> forwards;  ///< of each expiry, listed or not, > 0
  std::set<Time> listed;            ///< expiries with a dated future that one can trade, a subset of forwards
  std::optional<double> perpetual;  ///< > 0
};

struct BasisLeg {
  std::optional<Time> expiry;  ///< of the dated future; absent: the perpetual
  double weight = 1.0;         ///< share of the delta, (0, 1]; legs sum to 1
};

struct BasisChoice {
  bool matching = false;                    ///< the future of the option's own expiry: no basis at all
  BasisHedge kind = BasisHedge::perpetual;  ///< else what stands in for it
  std::vector<BasisLeg> legs;               ///< one or two
  double typical_bp = 0.0;  ///< root mean square of its basis moves so far, with the first guess; 0: matching
};

struct BasisRecord {
  double squares = 0.0;  ///< fading sum of squared moves of the basis, relative
  double count = 0.0;    ///< fading number of them
};

struct SteadyBasisState {
  Time as_of{0};                                                            ///< 0: nothing seen
  std::array<std::array<BasisRecord, vol::tenors>, basis_hedges> record{};  ///< by kind and the expiry's tenor
};

/// The state after one more interval: every expiry with a forward at both ends is a trial of each kind, as if it had no
/// future of its own.
/// Faults   bad_input: a price that is not above 0, a `to` that is not after `from`, a rule outside its range.
Result<SteadyBasisState> update(const SteadyBasisState& state, const FuturePrices& from, const FuturePrices& to,
                                const SteadyBasisRules& rules);

/// The hedge of an option of this expiry at these prices; absent where nothing is listed and there is no perpetual.
/// `usable`  futures not in it are passed over (say, those that do not trade long enough); absent: all listed ones.
std::optional<BasisChoice> choose(const SteadyBasisState& state, const FuturePrices& now, Time expiry,
                                  const SteadyBasisRules& rules, const std::set<Time>* usable = nullptr);

/// What a coin of the hedge earns from one instant to another, in coin: sum of weight · (1 - P0/P1), inverse futures.
/// NaN where a leg has no price at either end.
double gain(const std::vector<BasisLeg>& legs, const FuturePrices& from, const FuturePrices& to);

}  // namespace ballast::hedge
