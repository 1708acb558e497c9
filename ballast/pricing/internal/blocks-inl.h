// Columns in blocks: what the kernel files of this room share, compiled once per instruction set like
// ballast/math/lanes-inl.h, after which it is included.
#ifndef BALLAST_PRICING_INTERNAL_BLOCKS_ONCE_
#define BALLAST_PRICING_INTERNAL_BLOCKS_ONCE_
#include <cstddef>
namespace ballast::pricing {
// Rows are taken in blocks that stay in the first cache, stage by stage: one long fused body is one long chain of
// dependent operations, short loops let the processor work on several rows at once.
inline constexpr std::size_t block = 64;
inline constexpr double smallest = 1e-60, largest = 1e60;  // of prices, vols and times: their products stay in range
inline constexpr double no_time = 1e300;  // 1/s without time or vol: any log-moneyness but 0 is infinitely far out
}  // namespace ballast::pricing
#endif

#if defined(BALLAST_PRICING_INTERNAL_BLOCKS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BALLAST_PRICING_INTERNAL_BLOCKS_INL_H_
#undef BALLAST_PRICING_INTERNAL_BLOCKS_INL_H_
#else
#define BALLAST_PRICING_INTERNAL_BLOCKS_INL_H_
#endif

#include <hwy/highway.h>

#include "ballast/math/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::pricing::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace lanes = math::HWY_NAMESPACE;
using D = hn::ScalableTag<double>;
using V = hn::Vec<D>;
using M = hn::Mask<D>;

// One block of an intermediate quantity.
struct Stage {
  HWY_ALIGN double row[block];
  V at(D d, std::size_t i) const { return hn::Load(d, row + i); }
  void set(D d, std::size_t i, V v) { hn::Store(v, d, row + i); }
};

HWY_INLINE M Within(D d, V v, double low, double high) {
  return hn::And(hn::Ge(v, hn::Set(d, low)), hn::Le(v, hn::Set(d, high)));
}

// phi(x) for x in [0, 1000]; 0 above 37.6, where it is below 1e-307.
HWY_INLINE V Density(D d, V x) {
  const auto far = hn::Gt(x, hn::Set(d, 37.6));
  return hn::IfThenZeroElse(far, lanes::ShortNormPdf(d, hn::Min(x, hn::Set(d, 37.6))));
}

// Beyond the inflexion (h < t) the time value is what is left of its bound; but while t is small, more digits are kept
// by the difference of the two ratios, which reaches to h - t = -0.35.
inline constexpr double small_half_stdev = 0.35;

struct Ratios {
  V near, far, excess;  // as Lognormal has them
};
HWY_INLINE Ratios RatiosAt(D d, V h, V t) {
  const auto near = hn::Sub(h, t);
  const auto folded = hn::And(hn::Lt(h, t), hn::Gt(t, hn::Set(d, small_half_stdev)));
  const auto half_apart = hn::IfThenElse(folded, h, t), apart = hn::Add(half_apart, half_apart);
  const auto pair = lanes::MillsOfPair(d, hn::IfThenElse(folded, hn::Neg(near), near), hn::Add(h, t), apart);
  const auto per_bottom = hn::Div(hn::Set(d, 1.0), pair.bottom);
  const auto excess = hn::IfThenElse(folded, hn::Neg(hn::Add(pair.ratio_a, pair.ratio_b)), hn::Mul(apart, pair.spread));
  return {hn::Mul(pair.ratio_a, per_bottom), hn::Mul(pair.ratio_b, per_bottom), hn::Mul(excess, per_bottom)};
}

// Calls `work(in, out, rows)` for every block, rows a multiple of the lanes: the last rows go through padded copies.
template <std::size_t n_in, std::size_t n_out, class Work>
HWY_INLINE void Blocks(D d, const double* const* in, double* const* out, std::size_t n, Work work) {
  const double* from[n_in];
  double* to[n_out];
  std::size_t i = 0;
  const std::size_t lanes = hn::Lanes(d), whole = n - n % lanes;
  for (; i < whole; i += block) {
    for (std::size_t c = 0; c < n_in; ++c) from[c] = in[c] + i;
    for (std::size_t c = 0; c < n_out; ++c) to[c] = out[c] + i;
    work(from, to, HWY_MIN(block, whole - i));
  }
  if (whole == n) return;
  HWY_ALIGN double rows_in[n_in][hn::MaxLanes(D())], rows_out[n_out][hn::MaxLanes(D())];
  for (std::size_t c = 0; c < n_in; ++c) {
    for (std::size_t j = 0; j < lanes; ++j) rows_in[c][j] = whole + j < n ? in[c][whole + j] : 1.0;
    from[c] = rows_in[c];
  }
  for (std::size_t c = 0; c < n_out; ++c) to[c] = rows_out[c];
  work(from, to, lanes);
  for (std::size_t c = 0; c < n_out; ++c)
    for (std::size_t j = 0; whole + j < n; ++j) out[c][whole + j] = rows_out[c][j];
}

}  // namespace ballast::pricing::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BALLAST_PRICING_INTERNAL_BLOCKS_INL_H_
