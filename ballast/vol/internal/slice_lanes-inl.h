// What the fits of a batch of slices share: one slice a lane. Compiled once per instruction set like
// ballast/math/lanes-inl.h, after which and after least_squares-inl.h it is included.
#if defined(BALLAST_VOL_INTERNAL_SLICE_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BALLAST_VOL_INTERNAL_SLICE_LANES_INL_H_
#undef BALLAST_VOL_INTERNAL_SLICE_LANES_INL_H_
#else
#define BALLAST_VOL_INTERNAL_SLICE_LANES_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>

#include "ballast/math/lanes-inl.h"
#include "ballast/vol/internal/least_squares-inl.h"
#include "ballast/vol/internal/slice_batch.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::vol::HWY_NAMESPACE {

namespace lanes = math::HWY_NAMESPACE;
using internal::batch_lanes;
using internal::grid_points;
using internal::parameters;
using internal::SliceBatch;
using internal::spline_terms;

inline constexpr double least_variance = 1e-9;

HWY_INLINE V Constant(D d, double x) { return hn::Set(d, x); }
HWY_INLINE V Reciprocal(D d, V x) { return hn::Div(Constant(d, 1.0), x); }

HWY_INLINE void LoadPoint(D d, const double* column, std::size_t lane, std::size_t n, V* point) {
  for (std::size_t i = 0; i < n; ++i) point[i] = hn::LoadU(d, column + i * batch_lanes + lane);
}
HWY_INLINE void StorePoint(D d, const V* point, std::size_t lane, std::size_t n, double* column) {
  for (std::size_t i = 0; i < n; ++i) hn::StoreU(point[i], d, column + i * batch_lanes + lane);
}

/// A row that counts in no lane, like those of the wings that nothing leads: it would only add zeros.
HWY_INLINE bool NoWeight(D d, V scaled) { return hn::AllTrue(d, hn::Eq(scaled, hn::Zero(d))); }

/// Rows of 1/(2 vol T) and vol/2, both times the root of what the quote counts.
HWY_INLINE void ScaleRows(D d, const SliceBatch& batch, std::size_t lane, double* scaled) {
  const V half_per_years = hn::Div(Constant(d, 0.5), hn::LoadU(d, batch.years + lane));
  for (std::size_t i = 0; i < batch.rows; ++i) {
    const std::size_t at = i * batch_lanes + lane;
    const V counts = hn::Sqrt(hn::Mul(hn::LoadU(d, batch.weight.data() + at), hn::LoadU(d, batch.trust.data() + at)));
    const V vol = hn::LoadU(d, batch.vol.data() + at);
    hn::StoreU(hn::Div(hn::Mul(counts, half_per_years), vol), d, scaled + 2 * i * batch_lanes + lane);
    hn::StoreU(hn::Mul(hn::Mul(counts, vol), Constant(d, 0.5)), d, scaled + (2 * i + 1) * batch_lanes + lane);
  }
}

HWY_INLINE V Asinh(D d, V z) {
  const V size = hn::Abs(z), one = Constant(d, 1.0), root = hn::Sqrt(hn::MulAdd(size, size, one));
  // ln(z + root) = ln(1 + z + z²/(1 + root)), which keeps the digits of small z
  const V more = hn::Add(size, hn::Div(hn::Mul(size, size), hn::Add(one, root)));
  return hn::CopySign(lanes::Log1p(d, more), z);
}

/// dx/dk and d²x/dk² of x = asinh(k / scale).
HWY_INLINE void Stretch(D d, V k, V scale, V& x1, V& x2) {
  const V per2 = hn::Div(Constant(d, 1.0), hn::MulAdd(k, k, hn::Mul(scale, scale)));
  x1 = hn::Sqrt(per2);
  x2 = hn::Neg(hn::Mul(k, hn::Mul(x1, per2)));
}

struct LanePoint {
  V w, w1, w2;
};

HWY_INLINE LanePoint SviAt(D d, const V* p, V variance, V k) {
  const V y = hn::Sub(k, p[3]), root = hn::Sqrt(hn::MulAdd(y, y, variance)), q = hn::Div(Constant(d, 1.0), root);
  return {hn::MulAdd(p[2], root, hn::MulAdd(p[1], k, p[0])), hn::MulAdd(p[2], hn::Mul(y, q), p[1]),
          hn::Mul(p[2], hn::Mul(variance, hn::Mul(q, hn::Mul(q, q))))};
}

}  // namespace ballast::vol::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BALLAST_VOL_INTERNAL_SLICE_LANES_INL_H_
