#pragma once
#include <cstddef>
#include <vector>

#include "ballast/vol/internal/slice_batch.h"

namespace ballast::vol::internal {

/// Newton's steps from a slice that fit_svi() has found to where its equations hold to rounding, along the directions
/// that its bounds leave free.
void polish(SliceBatch& batch, std::size_t lane);

/// d(first 5 parameters) / d(vol of quote i), [i * 5 + parameter], by the implicit function theorem on fit_svi()'s
/// equations; what fill() derived from the quotes (knots, prior, trust, wings' places) stays. False, and nothing
/// written, when the slice is not at a solution of them.
bool backbone_slopes(const SliceBatch& batch, std::size_t lane, std::size_t quotes, std::vector<double>& slopes);

/// d(terms of the correction) / d(vol of quote i), [i * 8 + term], likewise on fit_spline()'s equations; `backbone` is
/// what backbone_slopes() wrote. False when their matrix is singular.
bool term_slopes(const SliceBatch& batch, std::size_t lane, std::size_t quotes, const std::vector<double>& backbone,
                 std::vector<double>& slopes);

}  // namespace ballast::vol::internal
