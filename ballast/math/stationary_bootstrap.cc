#include "ballast/math/stationary_bootstrap.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace ballast::math {

double mean_block(std::size_t observations) { return std::max(1.0, std::cbrt(static_cast<double>(observations))); }

void stationary_bootstrap(Rng& rng, double mean, std::span<std::size_t> rows) {
  assert(mean >= 1.0);
  std::size_t at = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    at = i == 0 || rng.uniform() * mean < 1.0 ? rng.below(rows.size()) : (at + 1) % rows.size();
    rows[i] = at;
  }
}

}  // namespace ballast::math
