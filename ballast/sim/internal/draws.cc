#include "ballast/sim/internal/draws.h"

#include "ballast/math/elementary.h"

namespace ballast::sim::internal {

int poisson(Rng& rng, double mean, int most) {
  int events = 0;
  for (double at = -math::log(rng.uniform()); at <= mean && events < most; at -= math::log(rng.uniform())) ++events;
  return events;
}

}  // namespace ballast::sim::internal
