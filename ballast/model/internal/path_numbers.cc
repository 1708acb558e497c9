#include "ballast/model/internal/path_numbers.h"

#include <cmath>

#include "ballast/base/philox.h"

namespace ballast::model {

PathNumbers::PathNumbers(const PathGrid& grid, std::size_t normals)
    : draws(grid.draws), a_step(normals), steps(grid.years.size()) {
  if (draws.source != DrawSource::sobol) return;
  sobol.emplace(steps * a_step);
  bridge.emplace(grid.years);
  for (std::size_t d = 0; d < steps * a_step; ++d) {
    const PhiloxBlock words = philox(philox_counter(d, shift_counter), philox_key(draws.seed));
    shift.push_back(std::uint64_t{words[1]} << 32 | words[0]);
  }
  for (const double length : grid.length) per_root_length.push_back(1.0 / std::sqrt(length));
}

}  // namespace ballast::model
