#pragma once
#include <cstdint>
#include <span>

#include "ballast/base/units.h"

/// Geometric Brownian motion: dS = drift S dt + vol S dW. Its steps are exact, of any length.
namespace ballast::model {

struct Gbm {
  double drift = 0.0;  ///< of the price, per year: the mean of S(t) is S(0) e^{drift t}
  Vol vol;             ///< >= 0
};

/// What one step adds to the logarithm of the price: drift + stdev z, z a standard normal.
struct GbmStep {
  double drift = 0.0;
  double stdev = 0.0;
};
GbmStep gbm_step(const Gbm& model, Years length);  ///< length >= 0; NaN outside

/// One step of paths first, first + 1, ...: log_price[i] += step.drift + step.stdev z, z the normal of (seed,
/// first + i, number) as math::normal_draws has it. Any length. A path's bits depend on seed, path and number alone:
/// not on its block, its neighbours or the thread.
void advance(const GbmStep& step, std::uint64_t seed, std::uint64_t first, std::uint64_t number,
             std::span<double> log_price);

}  // namespace ballast::model
