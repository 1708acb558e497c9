#include "ballast/model/gbm.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/model/gbm.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/math/random-inl.h"
#include "ballast/model/gbm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::model::HWY_NAMESPACE {

namespace lanes = math::HWY_NAMESPACE;

void Advance(const GbmStep& step, std::uint64_t seed, std::uint64_t first, std::uint64_t number, double* log_price,
             std::size_t n) {
  const hn::ScalableTag<double> d;
  constexpr std::size_t block = math::path_block;
  HWY_ALIGN double even[block], odd[block], z[block], row[block];
  for (std::size_t done = 0; done < n; done += block) {
    const std::size_t rows = std::min(block, n - done);
    lanes::UniformPair(d, seed, first + done, number / 2, even, odd);
    lanes::NormalsOfUniforms(number % 2 == 0 ? even : odd, z);
    std::fill(std::copy_n(log_price + done, rows, row), row + block, 0.0);
    for (std::size_t i = 0; i < block; i += hn::Lanes(d))
      hn::Store(Advanced(d, step, hn::Load(d, row + i), hn::Load(d, z + i)), d, row + i);
    std::copy_n(row, rows, log_price + done);
  }
}

}  // namespace ballast::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::model {

GbmStep gbm_step(const Gbm& model, Years length) {
  const double variance = model.vol.value * model.vol.value * length.value;
  if (!(model.vol.value >= 0.0 && length.value >= 0.0 && std::isfinite(variance) && std::isfinite(model.drift)))
    return {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
  return {model.drift * length.value - 0.5 * variance, model.vol.value * std::sqrt(length.value)};
}

HWY_EXPORT(Advance);
void advance(const GbmStep& step, std::uint64_t seed, std::uint64_t first, std::uint64_t number,
             std::span<double> log_price) {
  HWY_DYNAMIC_DISPATCH(Advance)(step, seed, first, number, log_price.data(), log_price.size());
}

}  // namespace ballast::model
#endif  // HWY_ONCE
