#include "ballast/model/internal/jump_law.h"

#include "ballast/math/elementary.h"

namespace ballast::model {

JumpLaw jump_law(const NormalJumps& jumps) {
  return {.rate = jumps.rate,
          .mean = jumps.mean,
          .deviation = jumps.deviation,
          .growth = math::expm1(jumps.mean + 0.5 * jumps.deviation * jumps.deviation)};
}

JumpLaw jump_law(const Kou& model) {
  // p u/(u - 1) + (1 - p) d/(d + 1) - 1, without the cancellation.
  const double up = model.up_share / (model.up_rate - 1.0), down = (1.0 - model.up_share) / (model.down_rate + 1.0);
  return {.rate = model.rate,
          .normal = false,
          .up_share = model.up_share,
          .up_rate = model.up_rate,
          .down_rate = model.down_rate,
          .growth = up - down};
}

}  // namespace ballast::model
