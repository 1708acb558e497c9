// Random numbers in lanes: Philox4x32-10 for several paths at once, the bits of base/philox.h, and normals from them.
// Compiled once per instruction set like lanes-inl.h, after which it is included.
#ifndef BALLAST_MATH_RANDOM_ONCE_
#define BALLAST_MATH_RANDOM_ONCE_
#include <cstddef>
namespace ballast::math {
// Paths are taken in blocks that stay in the first cache, stage by stage, as pricing/internal/blocks-inl.h has it.
inline constexpr std::size_t path_block = 64;
}  // namespace ballast::math
#endif

#if defined(BALLAST_MATH_RANDOM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BALLAST_MATH_RANDOM_INL_H_
#undef BALLAST_MATH_RANDOM_INL_H_
#else
#define BALLAST_MATH_RANDOM_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <bit>
#include <cstdint>

#include "ballast/base/philox.h"
#include "ballast/math/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::math::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// The product of the low halves of 64-bit lanes: 32 x 32 -> 64 bits.
template <class DU>
HWY_INLINE hn::Vec<DU> HalfProduct(DU du, hn::Vec<DU> a, hn::Vec<DU> b) {
#if HWY_TARGET == HWY_SCALAR
  const auto low = hn::Set(du, std::uint64_t{0xffffffff});
  return hn::Mul(hn::And(a, low), hn::And(b, low));
#else
  (void)du;
  const hn::Repartition<std::uint32_t, DU> half;
  return hn::MulEven(hn::BitCast(half, a), hn::BitCast(half, b));
#endif
}

/// Two rows of uniforms in (0, 1), the middles of 2^52 cells, for the paths first .. first + rows - 1:
/// philox_uniform of the first and of the last two words of the block at (path, counter). Words live in the low halves
/// of 64-bit lanes; the high halves carry what the products left there, which no product reads. Two vectors go side by
/// side: ten rounds of one alone are a chain that leaves the processor idle half the time.
template <std::size_t rows = path_block, class D>
HWY_INLINE void UniformPair(D d, std::uint64_t seed, std::uint64_t first, std::uint64_t counter,
                            double* HWY_RESTRICT even, double* HWY_RESTRICT odd) {
  const hn::RebindToUnsigned<D> du;
  using U = hn::Vec<decltype(du)>;
  const std::size_t lanes = hn::Lanes(d);
  const auto low = hn::Set(du, std::uint64_t{0xffffffff});
  const auto m0 = hn::Set(du, std::uint64_t{philox_multiplier[0]});
  const auto m1 = hn::Set(du, std::uint64_t{philox_multiplier[1]});
  // (high word : low word) >> 12 below the exponent of 1, less 1, plus half a cell: exact.
  const auto uniform = [&](U lower, U upper) HWY_ATTR {
    const auto bits = hn::Or(hn::ShiftLeft<32>(upper), hn::And(lower, low));
    const auto one_to_two = hn::Or(hn::ShiftRight<12>(bits), hn::Set(du, std::uint64_t{0x3ff0000000000000}));
    return hn::Sub(hn::BitCast(d, one_to_two), hn::Set(d, 1.0 - 0x1p-53));
  };
  static_assert(rows % (2 * hn::MaxLanes(D())) == 0);
  for (std::size_t i = 0; i < rows; i += 2 * lanes) {
    auto a0 = hn::Iota(du, first + i), b0 = hn::Iota(du, first + i + lanes);
    auto a1 = hn::ShiftRight<32>(a0), b1 = hn::ShiftRight<32>(b0);
    auto a2 = hn::Set(du, counter & 0xffffffff), b2 = a2;
    auto a3 = hn::Set(du, counter >> 32), b3 = a3;
    PhiloxKey key = philox_key(seed);
    for (int round = 0; round < philox_rounds; ++round) {
      const auto k0 = hn::Set(du, std::uint64_t{key[0]}), k1 = hn::Set(du, std::uint64_t{key[1]});
      const auto ap = HalfProduct(du, m0, a0), aq = HalfProduct(du, m1, a2);
      const auto bp = HalfProduct(du, m0, b0), bq = HalfProduct(du, m1, b2);
      a0 = hn::Xor(hn::ShiftRight<32>(aq), hn::Xor(a1, k0));
      b0 = hn::Xor(hn::ShiftRight<32>(bq), hn::Xor(b1, k0));
      a2 = hn::Xor(hn::ShiftRight<32>(ap), hn::Xor(a3, k1));
      b2 = hn::Xor(hn::ShiftRight<32>(bp), hn::Xor(b3, k1));
      a1 = aq, b1 = bq, a3 = ap, b3 = bp;
      key = {key[0] + philox_weyl[0], key[1] + philox_weyl[1]};
    }
    hn::Store(uniform(a0, a1), d, even + i);
    hn::Store(uniform(b0, b1), d, even + i + lanes);
    hn::Store(uniform(a2, a3), d, odd + i);
    hn::Store(uniform(b2, b3), d, odd + i + lanes);
  }
}

/// The x with N(x) = u for a block of uniforms in (0, 1), both AS 241 without the last step of NormQuantile: within
/// 1e-15 (1 + |x|) of it, far below the cell of a uniform. The tails, three in twenty, are taken together: a logarithm
/// and a root for each of the others would be the dearest part of a draw.
template <std::size_t rows = path_block>
HWY_INLINE void NormalsOfUniforms(const double* HWY_RESTRICT u, double* HWY_RESTRICT z) {
  using D = hn::ScalableTag<double>;
  const D d;
  const std::size_t lanes = hn::Lanes(d);
  const auto half = hn::Set(d, 0.5);
  static_assert(rows % 64 == 0 && hn::MaxLanes(D()) <= 8);
  std::uint32_t at[rows];
  std::size_t tails = 0;
  for (std::size_t part = 0; part < rows; part += 64) {
    std::uint64_t in_tail = 0;
    for (std::size_t i = 0; i < 64; i += lanes) {
      const auto q = hn::Sub(hn::Load(d, u + part + i), half);
      const auto r = hn::NegMulAdd(q, q, hn::Set(d, 0.180625));
      hn::Store(hn::Mul(q, hn::Div(Polynomial(d, as241_centre[0], r), Polynomial(d, as241_centre[1], r))), d,
                z + part + i);
      std::uint8_t bits[8];
      hn::StoreMaskBits(d, hn::Lt(r, hn::Zero(d)), bits);
      in_tail |= std::uint64_t{bits[0]} << i;
    }
    for (; in_tail != 0; in_tail &= in_tail - 1)
      at[tails++] = static_cast<std::uint32_t>(part) + static_cast<std::uint32_t>(std::countr_zero(in_tail));
  }
  HWY_ALIGN double row[rows];
  for (std::size_t j = 0; j < tails; ++j) row[j] = u[at[j]];
  for (std::size_t j = tails; j % lanes != 0; ++j) row[j] = 0.01;
  for (std::size_t j = 0; j < tails; j += lanes) {
    const auto p = hn::Load(d, row + j);
    const auto upper = hn::Gt(p, half);
    const auto tail = hn::IfThenElse(upper, hn::Sub(hn::Set(d, 1.0), p), p);
    const auto root = hn::Sqrt(hn::Neg(Log(d, tail)));
    const auto far = hn::Gt(root, hn::Set(d, 5.0));
    auto r = hn::Sub(root, hn::Set(d, 1.6));
    auto x = hn::Div(Polynomial(d, as241_near[0], r), Polynomial(d, as241_near[1], r));
    if (HWY_UNLIKELY(!hn::AllFalse(d, far))) {  // one draw in 36 thousand million
      r = hn::Sub(root, hn::Set(d, 5.0));
      x = hn::IfThenElse(far, hn::Div(Polynomial(d, as241_far[0], r), Polynomial(d, as241_far[1], r)), x);
    }
    hn::Store(hn::IfThenElse(upper, x, hn::Neg(x)), d, row + j);
  }
  for (std::size_t j = 0; j < tails; ++j) z[at[j]] = row[j];
}

/// The normals of steps 2 pair and 2 pair + 1 for paths first .. first + path_block - 1: rows aligned to a vector.
HWY_INLINE void NormalPair(std::uint64_t seed, std::uint64_t first, std::uint64_t pair, double* HWY_RESTRICT even,
                           double* HWY_RESTRICT odd) {
  HWY_ALIGN double u[2 * path_block], z[2 * path_block];
  UniformPair(hn::ScalableTag<double>(), seed, first, pair, u, u + path_block);
  NormalsOfUniforms<2 * path_block>(u, z);
  std::copy_n(z, path_block, even);
  std::copy_n(z + path_block, path_block, odd);
}

}  // namespace ballast::math::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BALLAST_MATH_RANDOM_INL_H_
