#pragma once
#include <cstdint>

namespace ballast::model {

/// Where the random numbers of a path come from. All are functions of (seed, path, number) alone.
enum class DrawSource {
  philox,  ///< counter-based pseudo-random numbers, base/philox.h
  sobol    ///< Sobol points, digitally shifted by the seed; Brownian increments by the bridge
};

struct Draws {
  DrawSource source = DrawSource::philox;
  std::uint64_t seed = 1;   ///< of sobol: another seed is another, independent randomisation, for error bars
  bool antithetic = false;  ///< paths 2k and 2k+1 have opposite normals
};

}  // namespace ballast::model
