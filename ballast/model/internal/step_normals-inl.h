// The normals of a path's steps on a block of paths, compiled once per instruction set like
// ballast/math/random-inl.h.
#if defined(BALLAST_MODEL_STEP_NORMALS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BALLAST_MODEL_STEP_NORMALS_INL_H_
#undef BALLAST_MODEL_STEP_NORMALS_INL_H_
#else
#define BALLAST_MODEL_STEP_NORMALS_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "ballast/math/random-inl.h"
#include "ballast/model/draws.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::model::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Rows of the normals 2 pair and 2 pair + 1 of paths first .. first + path_block - 1. Antithetic paths 2k and 2k + 1
/// have the numbers of path k, the second with the other sign.
HWY_INLINE void DrawnPair(const Draws& draws, std::uint64_t first, std::uint64_t pair, double* HWY_RESTRICT even,
                          double* HWY_RESTRICT odd) {
  constexpr std::size_t block = math::path_block;
  if (!draws.antithetic) return math::HWY_NAMESPACE::NormalPair(draws.seed, first, pair, even, odd);
  HWY_ALIGN double a[block], b[block];
  math::HWY_NAMESPACE::NormalPair(draws.seed, first / 2, pair, a, b);
  const std::size_t shift = first % 2;
  for (std::size_t i = 0; i < block; ++i) {
    const std::size_t at = (shift + i) / 2;
    const double sign = (shift + i) % 2 == 0 ? 1.0 : -1.0;
    even[i] = sign * a[at], odd[i] = sign * b[at];
  }
}

/// `count` normals for each of the steps 2m and 2m + 1: number q of a step is its half of pair count · m + q, so that
/// no uniform is drawn in vain.
template <std::size_t count>
struct StepNormals {
  HWY_ALIGN double z[2][count][math::path_block];

  /// Call for every step in turn, with how many of the `count` are wanted: the others keep what they have.
  HWY_INLINE void Draw(const Draws& draws, std::uint64_t first, std::size_t step, std::size_t wanted = count) {
    if (step % 2 != 0) return;
    for (std::size_t q = 0; q < wanted; ++q) DrawnPair(draws, first, step / 2 * count + q, z[0][q], z[1][q]);
  }
  HWY_INLINE const double* Of(std::size_t step, std::size_t q) const { return z[step % 2][q]; }
};

}  // namespace ballast::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BALLAST_MODEL_STEP_NORMALS_INL_H_
