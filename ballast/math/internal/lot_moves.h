#pragma once
#include <span>

#include "ballast/math/internal/lot_model.h"

namespace ballast::math::internal {

/// Amounts a column may take, in lots where it has a step; what a heuristic is told to leave alone has one value.
struct LotBox {
  std::vector<double> low, high;
};

/// Moves single columns by the best number of lots, then pairs, then one leg for another, until nothing lowers the
/// objective (or, while the rows' bounds are not kept, their violation). Never leaves a worse point than it was given.
/// `effort`  the most pairs and legs tried without success, in columns evaluated; single columns are always finished.
void descend(LotPoint& point, const LotBox& box, int effort);

/// What the point is worth with column j at its best place, all others at rest.
LotPoint::Worth best_alone(const LotPoint& point, const LotBox& box, std::size_t j);

/// From nothing, leg after leg, the one that helps most. O(legs used · n · log lots · m).
void grow(LotPoint& point, const LotBox& box);

/// The whole lots nearest to `lots`, the most important legs first where they are too many.
void round_to(LotPoint& point, std::span<const double> lots, const LotBox& box);

}  // namespace ballast::math::internal
