#include <cstddef>
#include <vector>

#include "ballast/vol/internal/slice_batch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/vol/slice_look.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/vol/internal/slice_lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::vol::HWY_NAMESPACE {

constexpr double furthest_held = internal::furthest * 1.0001;

HWY_INLINE V ButterflyAt(D d, V k, const LanePoint& at) {
  const V one = Constant(d, 1.0), half = Constant(d, 0.5), quarter = Constant(d, 0.25);
  const V per_w = hn::Div(one, hn::Max(at.w, Constant(d, least_variance)));
  const V tilt = hn::NegMulAdd(hn::Mul(half, hn::Mul(k, per_w)), at.w1, one);
  return hn::MulAdd(
      half, at.w2,
      hn::NegMulAdd(hn::Mul(quarter, hn::Mul(at.w1, at.w1)), hn::Add(per_w, quarter), hn::Mul(tilt, tilt)));
}

/// The whole shape at any k.
struct LaneShape {
  D d;
  V p[parameters], variance, per_step, low, high;  // outside (low, high) no bump reaches
  bool plain = true;                               // no lane has a correction

  HWY_INLINE LaneShape(D tag, const double* columns, std::size_t lane) : d(tag) {
    LoadPoint(d, columns, lane, parameters, p);
    const V sigma = lanes::Exp(d, p[4]), one = Constant(d, 1.0), half = Constant(d, 0.5);
    variance = hn::Mul(sigma, sigma);
    per_step = hn::Div(one, p[7]);
    for (std::size_t j = 0; j < spline_terms; ++j) plain = plain && hn::AllTrue(d, hn::Eq(p[8 + j], hn::Zero(d)));
    const auto place = [&](double u) HWY_ATTR {  // scale sinh(first + u step)
      const V e = lanes::Exp(d, hn::MulAdd(Constant(d, u), p[7], p[6]));
      return hn::Mul(hn::Mul(half, p[5]), hn::Sub(e, hn::Div(one, e)));
    };
    constexpr double room = 1e-3;  // of a step: more than what rounding moves
    low = place(-2.0 - room), high = place(static_cast<double>(spline_terms) + 1.0 + room);
  }

  HWY_INLINE bool Bare(V k) const { return plain || hn::AllTrue(d, hn::Or(hn::Le(k, low), hn::Ge(k, high))); }
  HWY_INLINE V U(V k) const { return hn::Mul(hn::Sub(Asinh(d, hn::Div(k, p[5])), p[6]), per_step); }

  HWY_INLINE LanePoint At(V k) const {
    const LanePoint at = SviAt(d, p, variance, k);
    return Bare(k) ? at : Corrected(k, U(k), at);
  }
  /// With u already known, from u[i] on.
  HWY_INLINE LanePoint At(V k, const std::vector<double>& u, std::size_t i) const {
    const LanePoint at = SviAt(d, p, variance, k);
    return Bare(k) ? at : Corrected(k, hn::LoadU(d, u.data() + i), at);
  }

  HWY_INLINE LanePoint Corrected(V k, V u, LanePoint at) const {
    V x1, x2;
    Stretch(d, k, p[5], x1, x2);
    const V u1 = hn::Mul(x1, per_step), u2 = hn::Mul(x2, per_step);
    V first = hn::Zero(d), second = hn::Zero(d);
    for (std::size_t j = 0; j < spline_terms; ++j) {
      const V t = hn::Sub(u, Constant(d, static_cast<double>(j))), size = hn::Abs(t), zero = hn::Zero(d);
      if (hn::AllTrue(d, hn::Ge(size, Constant(d, 2.0))))
        continue;  // adds zeros: no more than half of the bumps reach k
      const V a = hn::Max(hn::Sub(Constant(d, 2.0), size), zero), b = hn::Max(hn::Sub(Constant(d, 1.0), size), zero);
      const V a2 = hn::Mul(a, a), b2 = hn::Mul(b, b), four = Constant(d, 4.0), c = p[8 + j];
      at.w = hn::MulAdd(hn::Mul(c, Constant(d, 1.0 / 6.0)), hn::NegMulAdd(hn::Mul(four, b), b2, hn::Mul(a, a2)), at.w);
      first = hn::MulAdd(c, hn::CopySign(hn::Mul(Constant(d, 0.5), hn::NegMulAdd(four, b2, a2)), hn::Neg(t)), first);
      second = hn::MulAdd(c, hn::NegMulAdd(four, b, a), second);
    }
    at.w1 = hn::MulAdd(first, u1, at.w1);
    at.w2 = hn::MulAdd(second, hn::Mul(u1, u1), hn::MulAdd(first, u2, at.w2));
    return at;
  }
};

void Residuals(SliceBatch& batch) {
  const D d;
  batch.scaled.resize(2 * batch.rows * batch_lanes);
  for (std::size_t lane = 0; lane < batch.slices; lane += hn::Lanes(d)) {
    const LaneShape shape(d, batch.shape, lane);
    const V per_years = Reciprocal(d, hn::LoadU(d, batch.years + lane));
    for (std::size_t i = 0; i < batch.rows; ++i) {
      const std::size_t at = i * batch_lanes + lane;
      const V w = hn::Max(shape.At(hn::LoadU(d, batch.log_moneyness.data() + at)).w, hn::Zero(d));
      hn::StoreU(hn::Sub(hn::Sqrt(hn::Mul(w, per_years)), hn::LoadU(d, batch.vol.data() + at)), d,
                 batch.scaled.data() + at);
    }
  }
}

constexpr std::size_t dense_points = 4 * (grid_points - 1) + 2;

/// visit(k, held, row) at every point of the dense grid that a slice holds.
template <class Visit>
HWY_INLINE void DenseGrid(D d, const SliceBatch& batch, std::size_t lane, Visit visit) {
  std::size_t row = 0;
  for (std::size_t i = 0; i + 1 < grid_points; ++i) {
    const V from = hn::LoadU(d, batch.grid + i * batch_lanes + lane);
    const V part = hn::Mul(hn::Sub(hn::LoadU(d, batch.grid + (i + 1) * batch_lanes + lane), from), Constant(d, 0.25));
    for (int j = 0; j < 4; ++j, ++row) {
      const V k = hn::MulAdd(Constant(d, j), part, from);
      const M held = hn::Le(hn::Abs(k), Constant(d, furthest_held));
      if (!hn::AllFalse(d, held)) visit(k, held, row);
    }
  }
  for (const double edge : {-internal::furthest, internal::furthest})
    visit(Constant(d, edge), hn::Le(hn::Zero(d), Constant(d, furthest_held)), row++);
}

/// u at the dense grid, which stays as long as the knots do: half of what a look at a corrected slice costs.
HWY_INLINE void PlaceDense(D d, SliceBatch& batch) {
  if (!batch.dense_u.empty()) return;
  batch.dense_u.assign(dense_points * batch_lanes, 0.0);
  for (std::size_t lane = 0; lane < batch.slices; lane += hn::Lanes(d)) {
    const LaneShape shape(d, batch.shape, lane);
    DenseGrid(d, batch, lane, [&](V k, M, std::size_t row) HWY_ATTR {
      hn::StoreU(shape.U(k), d, batch.dense_u.data() + row * batch_lanes + lane);
    });
  }
}

void Check(SliceBatch& batch) {
  const D d;
  for (std::size_t lane = 0; lane < batch.slices; lane += hn::Lanes(d)) {
    const LaneShape shape(d, batch.shape, lane);
    if (!shape.plain) PlaceDense(d, batch);
    V least = Constant(d, 1e300);
    DenseGrid(d, batch, lane, [&](V k, M held, std::size_t row) HWY_ATTR {
      const LanePoint at = shape.At(k, batch.dense_u, row * batch_lanes + lane);
      const V g = hn::IfThenElse(hn::Gt(at.w, hn::Zero(d)), ButterflyAt(d, k, at), Constant(d, -1.0));
      least = hn::Min(least, hn::IfThenElse(held, g, least));
    });
    hn::StoreU(least, d, batch.least_butterfly + lane);
  }
}

void Compare(SliceBatch& batch, const double* earlier, const double* later) {
  const D d;
  for (std::size_t lane = 0; lane < batch.slices; lane += hn::Lanes(d)) {
    const LaneShape own(d, batch.shape, lane), below(d, earlier, lane), above(d, later, lane);
    if (!own.plain) PlaceDense(d, batch);
    V margin = Constant(d, 1e300), room = margin;
    DenseGrid(d, batch, lane, [&](V k, M held, std::size_t row) HWY_ATTR {
      const V w = own.At(k, batch.dense_u, row * batch_lanes + lane).w;
      margin = hn::Min(margin, hn::IfThenElse(held, hn::Sub(w, below.At(k).w), margin));
      room = hn::Min(room, hn::IfThenElse(held, hn::Sub(above.At(k).w, w), room));
    });
    hn::StoreU(margin, d, batch.margin + lane);
    hn::StoreU(room, d, batch.room + lane);
  }
}

void OnGrid(const SliceBatch& batch, const double* other, double* w) {
  const D d;
  for (std::size_t lane = 0; lane < batch.slices; lane += hn::Lanes(d)) {
    const LaneShape shape(d, other, lane);
    for (std::size_t i = 0; i < grid_points; ++i)
      hn::StoreU(shape.At(hn::LoadU(d, batch.grid + i * batch_lanes + lane)).w, d, w + i * batch_lanes + lane);
  }
}

}  // namespace ballast::vol::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::vol {
HWY_EXPORT(Residuals);
HWY_EXPORT(Check);
HWY_EXPORT(Compare);
HWY_EXPORT(OnGrid);
namespace internal {
void residuals(SliceBatch& batch) { HWY_DYNAMIC_DISPATCH(Residuals)(batch); }
void check(SliceBatch& batch) { HWY_DYNAMIC_DISPATCH(Check)(batch); }
void compare(SliceBatch& batch, const double* earlier, const double* later) {
  HWY_DYNAMIC_DISPATCH(Compare)(batch, earlier, later);
}
void on_grid(const SliceBatch& batch, const double* other, double* w) { HWY_DYNAMIC_DISPATCH(OnGrid)(batch, other, w); }
}  // namespace internal
}  // namespace ballast::vol
#endif
