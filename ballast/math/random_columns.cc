#include "ballast/math/random_columns.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/math/random_columns.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/math/random-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::math::HWY_NAMESPACE {

template <bool normal>
void Draws(std::uint64_t seed, std::uint64_t first, std::uint64_t step, double* out, std::size_t n) {
  HWY_ALIGN double even[path_block], odd[path_block], normals[path_block];
  const double* uniforms = step % 2 == 0 ? even : odd;
  for (std::size_t done = 0; done < n; done += path_block) {
    UniformPair(hn::ScalableTag<double>(), seed, first + done, step / 2, even, odd);
    if constexpr (normal) NormalsOfUniforms(uniforms, normals);
    std::copy_n(normal ? normals : uniforms, std::min(path_block, n - done), out + done);
  }
}

void UniformDraws(std::uint64_t seed, std::uint64_t first, std::uint64_t step, double* out, std::size_t n) {
  Draws<false>(seed, first, step, out, n);
}
void NormalDraws(std::uint64_t seed, std::uint64_t first, std::uint64_t step, double* out, std::size_t n) {
  Draws<true>(seed, first, step, out, n);
}

}  // namespace ballast::math::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::math {

HWY_EXPORT(UniformDraws);
HWY_EXPORT(NormalDraws);

void uniform_draws(std::uint64_t seed, std::uint64_t first, std::uint64_t step, std::span<double> out) {
  HWY_DYNAMIC_DISPATCH(UniformDraws)(seed, first, step, out.data(), out.size());
}

void normal_draws(std::uint64_t seed, std::uint64_t first, std::uint64_t step, std::span<double> out) {
  HWY_DYNAMIC_DISPATCH(NormalDraws)(seed, first, step, out.data(), out.size());
}

}  // namespace ballast::math
#endif  // HWY_ONCE
