// Random numbers of a block of paths, step by step, and the way of its rows out; compiled once per instruction set like
// ballast/math/lanes-inl.h. A block is math::path_block paths and starts at a multiple of it.
#if defined(BALLAST_MODEL_PATH_NUMBERS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BALLAST_MODEL_PATH_NUMBERS_INL_H_
#undef BALLAST_MODEL_PATH_NUMBERS_INL_H_
#else
#define BALLAST_MODEL_PATH_NUMBERS_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "ballast/math/random-inl.h"
#include "ballast/model/internal/path_numbers.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::model::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace lanes = math::HWY_NAMESPACE;
using math::path_block;

/// The two uniforms of the philox block at (path, counter), of a block of paths and of one of them, the same bits. With
/// antithetic pairs path 2k + 1 has 1 - u, exactly, where path 2k has u, and both count as path k.
HWY_INLINE void BlockUniforms(const Draws& draws, std::uint64_t block, std::uint64_t counter, double* HWY_RESTRICT even,
                              double* HWY_RESTRICT odd) {
  const hn::ScalableTag<double> d;
  if (!draws.antithetic) {
    lanes::UniformPair(d, draws.seed, block, counter, even, odd);
    return;
  }
  HWY_ALIGN double half_even[path_block / 2], half_odd[path_block / 2];
  lanes::UniformPair<path_block / 2>(d, draws.seed, block / 2, counter, half_even, half_odd);
  for (std::size_t i = 0; i < path_block / 2; ++i) {
    even[2 * i] = half_even[i], even[2 * i + 1] = 1.0 - half_even[i];
    odd[2 * i] = half_odd[i], odd[2 * i + 1] = 1.0 - half_odd[i];
  }
}
struct TwoUniforms {
  double even, odd;
};
HWY_INLINE TwoUniforms PathUniforms(const Draws& draws, std::uint64_t path, std::uint64_t counter) {
  const PhiloxBlock words = philox(philox_counter(draws.antithetic ? path / 2 : path, counter), philox_key(draws.seed));
  const TwoUniforms u{philox_uniform(words[0], words[1]), philox_uniform(words[2], words[3])};
  if (draws.antithetic && path % 2 == 1) return {1.0 - u.even, 1.0 - u.odd};
  return u;
}

/// Rows of normals, and of the uniforms they come from, for one block after another.
class BlockNumbers {
 public:
  explicit BlockNumbers(const PathNumbers& plan) : plan_(plan) {
    if (plan.sobol) bridged_.resize((plan.steps + 1) * plan.a_step * path_block + 8);
  }

  HWY_INLINE void Start(std::uint64_t block) {
    block_ = block;
    pair_ = ~std::uint64_t{0};
    if (plan_.sobol) DrawBridges();
  }

  /// The uniforms that normal k of a step comes from, of a plan without Sobol points; good until another step's are
  /// asked for.
  HWY_INLINE const double* Uniforms(std::size_t step, std::size_t k) {
    const std::uint64_t number = step * plan_.a_step + k;
    if (number / 2 != pair_) DrawPair(number / 2);
    return uniforms_ + number % 2 * path_block;
  }

  /// Normal k of a step for each path of the block; as long good as Uniforms.
  HWY_INLINE const double* Normals(std::size_t step, std::size_t k) {
    if (plan_.sobol) return Bridge(k) + (step + 1) * path_block;
    const std::uint64_t number = step * plan_.a_step + k;
    if (number / 2 != pair_) DrawPair(number / 2);
    return normals_ + number % 2 * path_block;
  }

 private:
  HWY_INLINE void DrawPair(std::uint64_t pair) {
    pair_ = pair;
    BlockUniforms(plan_.draws, block_, pair, uniforms_, uniforms_ + path_block);
    lanes::NormalsOfUniforms<2 * path_block>(uniforms_, normals_);
  }

  // Uniforms of one Sobol dimension. A block of points starts at a multiple of 64 (32 with antithetic pairs), so that
  // its points are the first one plus, modulo 2, the same 64 sums of the first direction numbers.
  HWY_INLINE void SobolRow(std::size_t dimension, double* HWY_RESTRICT u) const {
    const bool antithetic = plan_.draws.antithetic;
    const math::Sobol::Directions& direction = plan_.sobol->directions(dimension);
    const std::uint64_t shift = plan_.shift[dimension];
    const std::size_t points = antithetic ? path_block / 2 : path_block;
    std::uint32_t x = plan_.sobol->point(antithetic ? block_ / 2 : block_, dimension);
    const std::size_t apart = antithetic ? 2 : 1;
    for (std::size_t i = 0; i < points; ++i) {
      u[apart * i] = math::shifted_uniform(x, shift);
      if (antithetic) u[2 * i + 1] = 1.0 - u[2 * i];
      x ^= direction[static_cast<std::size_t>(std::countr_one(i))];  // the bit in which the next Gray code differs
    }
  }

  HWY_INLINE double* Bridge(std::size_t k) {
    // Vectors are loaded aligned: the first row starts at a multiple of 64 bytes.
    auto* start = reinterpret_cast<double*>((reinterpret_cast<std::uintptr_t>(bridged_.data()) + 63) / 64 * 64);
    return start + k * (plan_.steps + 1) * path_block;
  }

  // W at every point of the grid, then its increments over sqrt(length): standard normals again.
  HWY_INLINE void DrawBridges() {
    const hn::ScalableTag<double> d;
    HWY_ALIGN double u[path_block], z[path_block];
    const auto pieces = plan_.bridge->pieces();
    for (std::size_t k = 0; k < plan_.a_step; ++k) {
      double* w = Bridge(k);
      std::fill_n(w, path_block, 0.0);
      for (std::size_t p = 0; p < pieces.size(); ++p) {
        SobolRow(p * plan_.a_step + k, u);
        lanes::NormalsOfUniforms(u, z);
        const auto& piece = pieces[p];
        const double *left = w + piece.left * path_block, *right = w + piece.right * path_block;
        double* at = w + piece.at * path_block;
        const auto by_left = hn::Set(d, piece.left_weight), by_right = hn::Set(d, piece.right_weight);
        const auto deviation = hn::Set(d, piece.deviation);
        for (std::size_t i = 0; i < path_block; i += hn::Lanes(d)) {
          const auto mean = hn::MulAdd(by_left, hn::Load(d, left + i), hn::Mul(by_right, hn::Load(d, right + i)));
          hn::Store(hn::MulAdd(deviation, hn::Load(d, z + i), mean), d, at + i);
        }
      }
      for (std::size_t t = plan_.steps; t > 0; --t) {
        double* at = w + t * path_block;
        const auto scale = hn::Set(d, plan_.per_root_length[t - 1]);
        for (std::size_t i = 0; i < path_block; i += hn::Lanes(d))
          hn::Store(hn::Mul(scale, hn::Sub(hn::Load(d, at + i), hn::Load(d, at + i - path_block))), d, at + i);
      }
    }
  }

  const PathNumbers& plan_;
  std::uint64_t block_ = 0, pair_ = 0;
  HWY_ALIGN double uniforms_[2 * path_block];
  HWY_ALIGN double normals_[2 * path_block];
  std::vector<double> bridged_;
};

/// Where the rows of a block go: the part of each that was asked for.
class PathRows {
 public:
  PathRows(std::uint64_t first, std::size_t paths, std::span<double> log_price, std::span<double> variance)
      : first_(first), paths_(paths), log_price_(log_price), variance_(variance) {}

  /// body(block): every block that holds a path asked for, by its first path. body calls Put for each step.
  template <class Body>
  HWY_INLINE void ForEachBlock(Body body) {
    for (std::uint64_t block = first_ - first_ % path_block; block < first_ + paths_; block += path_block) {
      begin_ = static_cast<std::size_t>(std::max(block, first_) - block);
      end_ = static_cast<std::size_t>(std::min(block + path_block, first_ + paths_) - block);
      at_ = static_cast<std::size_t>(block + begin_ - first_);
      body(block);
    }
  }

  HWY_INLINE void Put(std::size_t step, const double* log_price, const double* variance) {
    std::copy(log_price + begin_, log_price + end_, log_price_.data() + step * paths_ + at_);
    if (!variance_.empty()) std::copy(variance + begin_, variance + end_, variance_.data() + step * paths_ + at_);
  }

 private:
  std::uint64_t first_;
  std::size_t paths_, begin_ = 0, end_ = 0, at_ = 0;
  std::span<double> log_price_, variance_;
};

}  // namespace ballast::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BALLAST_MODEL_PATH_NUMBERS_INL_H_
