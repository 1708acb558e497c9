#include "ballast/math/sobol.h"

#include <boost/random/sobol.hpp>
#include <string>

#include "ballast/base/result.h"

namespace ballast::math {

Sobol::Sobol(std::size_t dimensions) : directions_(dimensions) {
  static_assert(most_dimensions <= boost::random::default_sobol_table::max_dimension);
  if (dimensions < 1 || dimensions > most_dimensions)
    abort_with({Fault::limit, "Sobol: " + std::to_string(dimensions) + " dimensions"});
  // Boost's engine walks the points from the first one on; we want them by number, and so take only the direction
  // numbers out of it: point 2^bit is the sum of those at `bit` and below it.
  boost::random::sobol_engine<std::uint32_t, 32> engine(dimensions);
  for (std::size_t bit = 0; bit < 32; ++bit) {
    engine.seed((std::uint32_t{1} << bit) - 1);  // it leaves out the origin: its first point is ours of number 1
    for (Directions& direction : directions_) direction[bit] = engine() ^ (bit == 0 ? 0 : direction[bit - 1]);
  }
}

}  // namespace ballast::math
