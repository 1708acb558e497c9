#pragma once
#include <cstdint>

#include "ballast/base/philox.h"
#include "ballast/base/rng.h"

namespace ballast::sim::internal {

/// The random numbers of one step of one path, as many as it wants: a function of the three alone, whoever asks and
/// whatever was drawn before. Philox at the step's counter gives the seed; what follows is a short run of Rng, because
/// a step does not know beforehand how many it needs.
inline Rng draws(std::uint64_t seed, std::uint64_t path, std::uint64_t step) {
  const PhiloxBlock block = philox(philox_counter(path, step), philox_key(seed));
  return Rng(std::uint64_t{block[1]} << 32 | block[0]);
}

/// How many events of a Poisson process of this mean, >= 0, by its waiting times: -ln(u) each. At most `most`.
/// Cost O(events).
int poisson(Rng& rng, double mean, int most);

}  // namespace ballast::sim::internal
