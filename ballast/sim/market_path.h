#pragma once
#include <cstdint>
#include <optional>

#include "ballast/base/result.h"
#include "ballast/base/time.h"
#include "ballast/model/parameters.h"
#include "ballast/sim/modelled_chain.h"
#include "ballast/sim/vol_path.h"

/// A market that a model draws: the index, the vol that options are quoted at, the perpetual's premium.
namespace ballast::sim {

/// The index is a geometric Brownian motion with the vol of VolModel and, if asked for, jumps of a normal size in the
/// logarithm; the perpetual's premium is an Ornstein-Uhlenbeck process on its own.
struct MarketModel {
  double start = 60'000.0;  ///< [1, 1e9]: USD per coin
  double start_vol = 0.60;  ///< [0.01, 5]
  double drift = 0.0;       ///< [-10, 10]: E[index] grows by exp(drift · years); 0: the index is a martingale
  VolModel vol;
  double implied_over_realised = 1.0;  ///< [0.2, 5]: what options are quoted at, over the deviation of the path
  double jumps_a_year = 0.0;           ///< [0, 1000]
  double jump_mean = 0.0;              ///< [-1, 1]: of ln(index after/before)
  double jump_deviation = 0.0;         ///< [0, 1]
  /// A stochastic variance instead: Heston, with jumps of price and variance where `dynamics` has them. Then start_vol,
  /// vol, implied_over_realised and the jumps above say nothing, and options are quoted at the model's own prices.
  std::optional<model::Svcj> dynamics;
  double premium_mean = 0.0;             ///< [-0.1, 0.1]: perpetual over index, a fraction
  double premium_deviation = 0.0;        ///< [0, 0.1]: in the long run
  double premium_half_life_hours = 8.0;  ///< > 0
};

std::optional<Error> fault(const MarketModel& model);

/// One path at one instant; a value.
struct MarketState {
  Time at;
  double index = 0.0;      ///< USD per coin
  double vol = 0.0;        ///< of the Brownian part, annual; with dynamics the root of the variance
  double premium = 0.0;    ///< perpetual over index, a fraction
  std::uint64_t step = 0;  ///< how many were made

  friend bool operator==(const MarketState&, const MarketState&) = default;
};

/// The first instant of every path.
MarketState begin(const MarketModel& model, Time at);

/// The next instant of path `path`. Its random numbers depend on seed, path and state.step alone: paths may be made in
/// any order, and a path may be taken up again from any of its states.
/// Exact    E[index'] = index · exp(drift · years) for any step; the vol of the step is that at its start, the vol's
///          own step is exact. A step has one normal for its jumps: n of them are one of n times the variance.
/// Domain   a model without a fault, seconds in [0, 30 days].
/// With dynamics: Andersen's QE-M step, biased, less so the shorter it is, and the step's jumps of price and variance
///          together at its end; E[index'] holds all the same wherever the scheme's correction exists.
/// Source   L. Andersen, J. Computational Finance 11(3) (2008) 1-42, ballast/model/qe_step.h;
///          R. C. Merton, "Option pricing when underlying stock returns are discontinuous", J. Financial Economics 3
///          (1976) 125-144, for the jumps and their compensator.
/// Cost     some 0.3 us.
MarketState next(const MarketModel& model, std::uint64_t seed, std::uint64_t path, const MarketState& state,
                 double seconds);

/// The vol that options are quoted at: implied_over_realised times the root of vol² and the jumps' variance a year,
/// held within [0.01, 5].
double atm_vol(const MarketModel& model, const MarketState& state);

/// The model that options are quoted by at a state: the dynamics from its variance. `model` has dynamics.
model::TransformModel model_at(const MarketModel& model, const MarketState& state);

/// `shape` with a term structure in which options of every expiry expect what the model draws: long_vol from the long
/// run's mean variance, mean² e^{deviation²}, and the vol's half life. The model's expected variance is not quite an
/// exponential, as the shape's is: off by less than 4 % in vol for vols of
/// vol up to 1, half lives of 20 to 60 days and a vol within a third to a half of the mean.
ChainShape quoted_by(const MarketModel& model, ChainShape shape);

}  // namespace ballast::sim
