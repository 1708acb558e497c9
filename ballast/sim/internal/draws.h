#pragma once
#include <cstdint>

#include "ballast/base/rng.h"

namespace ballast::sim::internal {

/// The random numbers of one step of one path: a function of the three alone, whoever asks and whatever was drawn
/// before. SplitMix64's output is a bijection of its state, so that no two steps of a path share a seed.
inline Rng draws(std::uint64_t seed, std::uint64_t path, std::uint64_t step) {
  const std::uint64_t of_seed = Rng(seed).bits();
  const std::uint64_t of_path = Rng(of_seed ^ path).bits();
  return Rng(Rng(of_path + step).bits());
}

/// How many events of a Poisson process of this mean, >= 0, by its waiting times: -ln(u) each. At most `most`.
/// Cost O(events).
int poisson(Rng& rng, double mean, int most);

}  // namespace ballast::sim::internal
