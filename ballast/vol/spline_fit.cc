#include <cstddef>
#include <vector>

#include "ballast/vol/internal/slice_batch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/vol/spline_fit.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/vol/internal/slice_lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::vol::HWY_NAMESPACE {

using internal::inner_points;
using internal::outer_points;

constexpr double butterfly_margin = 2e-3;
// The correction: its knots are even in asinh(k / scale), scale in stdevs, and its prior is in squares of vol. Chosen
// on the recorded chains by what it leaves on every third quote when it is fitted to the others (0.400 vol points;
// 0.531 without it, 0.428 with knots four times as dense at the money, 0.401 and 0.442 with a tenth and ten times the
// smoothness), and by how many densities get a second peak (3.6 % of the slices; half of them with the dense knots).
constexpr double knot_scale = 2.0;
constexpr double ridge = 1e-3, smoothness = 1e-3;

// The cardinal cubic B-spline, support (-2, 2), with its derivatives.
struct Bump {
  double value, slope, curvature;
};
constexpr Bump BumpAt(double t) {
  const double size = t < 0.0 ? -t : t, sign = t < 0.0 ? -1.0 : 1.0;
  if (size >= 2.0) return {0.0, 0.0, 0.0};
  const double a = 2.0 - size, b = size < 1.0 ? 1.0 - size : 0.0;
  return {(a * a * a - 4.0 * b * b * b) / 6.0, -sign * (a * a - 4.0 * b * b) / 2.0, a - 4.0 * b};
}

HWY_INLINE V BumpValue(D d, V t) {
  const V size = hn::Abs(t), zero = hn::Zero(d);
  const V a = hn::Max(hn::Sub(Constant(d, 2.0), size), zero), b = hn::Max(hn::Sub(Constant(d, 1.0), size), zero);
  return hn::Mul(Constant(d, 1.0 / 6.0),
                 hn::NegMulAdd(hn::Mul(Constant(d, 4.0), b), hn::Mul(b, b), hn::Mul(a, hn::Mul(a, a))));
}

void Prepare(SliceBatch& batch) {
  const D d;
  batch.dense_u.clear();
  for (std::size_t lane = 0; lane < batch_lanes; lane += hn::Lanes(d)) {
    const V half = Constant(d, 0.5);
    const V scale = hn::Mul(Constant(d, knot_scale), hn::LoadU(d, batch.stdev + lane));
    const V from = Asinh(d, hn::Div(hn::LoadU(d, batch.first + lane), scale));
    const V to = Asinh(d, hn::Div(hn::LoadU(d, batch.last + lane), scale));
    const V step = hn::Mul(hn::Sub(to, from), Constant(d, 1.0 / (spline_terms - 1)));
    const V knots[3] = {scale, from, step};
    StorePoint(d, knots, lane, 3, batch.shape + 5 * batch_lanes);
    const auto place = [&](std::size_t row, V x) HWY_ATTR {
      const V e = lanes::Exp(d, x), k = hn::Mul(hn::Mul(half, scale), hn::Sub(e, hn::Div(Constant(d, 1.0), e)));
      hn::StoreU(k, d, batch.grid + row * batch_lanes + lane);
    };
    const V low = hn::NegMulAdd(Constant(d, 2.0), step, from), high = hn::MulAdd(Constant(d, 2.0), step, to);
    for (std::size_t i = 0; i < inner_points; ++i)
      place(outer_points + i, hn::MulAdd(Constant(d, 0.25 * static_cast<double>(i)), step, low));
    const V edge = Asinh(d, hn::Div(Constant(d, internal::furthest), scale));
    const V left = hn::Mul(hn::Sub(hn::Min(hn::Neg(edge), hn::Sub(low, half)), low), Constant(d, 1.0 / outer_points));
    const V right = hn::Mul(hn::Sub(hn::Max(edge, hn::Add(high, half)), high), Constant(d, 1.0 / outer_points));
    for (std::size_t i = 0; i < outer_points; ++i) {
      const V share = Constant(d, static_cast<double>(i + 1));
      place(outer_points - 1 - i, hn::MulAdd(share, left, low));
      place(outer_points + inner_points + i, hn::MulAdd(share, right, high));
    }
  }
}

/// The correction with its conditions: the quotes' part is quadratic and fixed, the conditions' is added at each point.
struct SplineModel {
  D d;
  const SliceBatch& batch;
  std::size_t lane;
  Normal<spline_terms> quotes;
  V base[5], root_years_inverse, butterfly_weight, calendar_weight;
  struct Place {
    V k, w, w1, w2, u1, u2;
  };
  Place places[inner_points];  // what no step of the descent moves

  HWY_INLINE V At(const double* column, std::size_t row) const {
    return hn::LoadU(d, column + row * batch_lanes + lane);
  }

  HWY_INLINE SplineModel(D tag, const SliceBatch& b, std::size_t first_lane) : d(tag), batch(b), lane(first_lane) {
    LoadPoint(d, b.shape, lane, 5, base);
    const V sigma = lanes::Exp(d, base[4]);
    const V variance = hn::Mul(sigma, sigma), scale = At(b.shape, 5), step = At(b.shape, 7);
    const V first = At(b.shape, 6), per_step = hn::Div(Constant(d, 1.0), step),
            per_scale = hn::Div(Constant(d, 1.0), scale);
    root_years_inverse = Reciprocal(d, hn::Sqrt(hn::LoadU(d, b.years + lane)));
    butterfly_weight = hn::LoadU(d, b.butterfly_weight + lane);
    calendar_weight = hn::LoadU(d, b.calendar_weight + lane);
    for (std::size_t i = 0; i < inner_points; ++i) {
      const V k = At(b.grid, outer_points + i);
      const LanePoint at = SviAt(d, base, variance, k);
      V x1, x2;
      Stretch(d, k, scale, x1, x2);
      places[i] = {k, at.w, at.w1, at.w2, hn::Mul(x1, per_step), hn::Mul(x2, per_step)};
    }
    quotes.Clear(d);
    for (std::size_t i = 0; i < b.rows; ++i) {
      const V f = At(b.scaled.data(), 2 * i);
      if (NoWeight(d, f)) continue;
      const V k = At(b.log_moneyness.data(), i), y = hn::Sub(k, base[3]), root = hn::Sqrt(hn::MulAdd(y, y, variance));
      const V w = hn::MulAdd(base[2], root, hn::MulAdd(base[1], k, base[0]));
      const V residual = hn::MulSub(f, w, At(b.scaled.data(), 2 * i + 1));
      const V u = hn::Mul(hn::Sub(Asinh(d, hn::Mul(k, per_scale)), first), per_step);
      V slope[spline_terms];
      std::size_t from = spline_terms, to = 0;  // the bumps that reach k in some lane
      for (std::size_t j = 0; j < spline_terms; ++j) {
        const V t = hn::Sub(u, Constant(d, static_cast<double>(j)));
        if (hn::AllTrue(d, hn::Ge(hn::Abs(t), Constant(d, 2.0)))) {
          slope[j] = hn::Zero(d);
          continue;
        }
        slope[j] = hn::Mul(f, BumpValue(d, t));
        from = from < j ? from : j, to = j + 1;
      }
      quotes.Add(slope, from, to, residual);
    }
    // Prior: a correction of a vol point is as likely as anything, a jagged one is not. In vol at each centre.
    V per_vol[spline_terms];
    for (std::size_t j = 0; j < spline_terms; ++j) {
      const LanePoint at = SviAt(d, base, variance, At(b.grid, outer_points + 8 + 4 * j));
      per_vol[j] = hn::Mul(hn::Mul(Constant(d, 0.5), root_years_inverse),
                           Reciprocal(d, hn::Sqrt(hn::Max(at.w, Constant(d, least_variance)))));
    }
    const auto add = [&](std::size_t i, std::size_t j, double weight) HWY_ATTR {
      V& entry = quotes.matrix[i * (i + 1) / 2 + j];
      entry = hn::MulAdd(hn::Mul(per_vol[i], per_vol[j]), Constant(d, weight), entry);
    };
    for (std::size_t j = 0; j < spline_terms; ++j) add(j, j, ridge);
    for (std::size_t j = 0; j + 2 < spline_terms; ++j) {
      const double s = smoothness;
      add(j, j, s), add(j + 1, j + 1, 4.0 * s), add(j + 2, j + 2, s);
      add(j + 1, j, -2.0 * s), add(j + 2, j + 1, -2.0 * s), add(j + 2, j, s);
    }
  }

  HWY_INLINE void Project(V*) const {}

  HWY_INLINE void Evaluate(const V* c, Normal<spline_terms>& normal) const {
    // quotes: cost + 2 gradient c + c matrix c
    normal = quotes;
    for (std::size_t i = 0; i < spline_terms; ++i) {
      V row = hn::Zero(d);
      for (std::size_t j = 0; j < spline_terms; ++j) {
        const std::size_t high = i > j ? i : j, low = i > j ? j : i;
        row = hn::MulAdd(quotes.matrix[high * (high + 1) / 2 + low], c[j], row);
      }
      normal.gradient[i] = hn::Add(row, quotes.gradient[i]);
      normal.cost = hn::MulAdd(c[i], hn::Add(normal.gradient[i], quotes.gradient[i]), normal.cost);
    }
    const V one = Constant(d, 1.0), half = Constant(d, 0.5), quarter = Constant(d, 0.25), zero = hn::Zero(d);
    for (std::size_t i = 0; i < inner_points; ++i) {
      const double u = -2.0 + 0.25 * static_cast<double>(i);
      const Place& at = places[i];
      const V k = at.k, u1 = at.u1, u2 = at.u2, u1_squared = hn::Mul(u1, u1);
      V value = zero, first = zero, second = zero;
      const int from = u < 2.0 ? 0 : static_cast<int>(u) - 1;
      const int to = u + 2.0 > static_cast<double>(spline_terms - 1) ? static_cast<int>(spline_terms) - 1
                                                                     : static_cast<int>(u + 2.0);
      for (int j = from; j <= to; ++j) {
        const Bump bump = BumpAt(u - j);
        value = hn::MulAdd(c[j], Constant(d, bump.value), value);
        first = hn::MulAdd(c[j], Constant(d, bump.slope), first);
        second = hn::MulAdd(c[j], Constant(d, bump.curvature), second);
      }
      const V raw = hn::Add(at.w, value), w = hn::Max(raw, Constant(d, least_variance)), per_w = hn::Div(one, w);
      const V w1 = hn::MulAdd(first, u1, at.w1), w2 = hn::MulAdd(second, u1_squared, hn::MulAdd(first, u2, at.w2));
      const V half_share = hn::Mul(half, hn::Mul(k, per_w)), tilt = hn::NegMulAdd(half_share, w1, one),
              w1_squared = hn::Mul(w1, w1);
      const V g = hn::MulAdd(half, w2,
                             hn::NegMulAdd(hn::Mul(quarter, w1_squared), hn::Add(per_w, quarter), hn::Mul(tilt, tilt)));
      const V gap = hn::Max(hn::Sub(Constant(d, butterfly_margin), g), zero);
      const V below = hn::Max(hn::Sub(At(batch.floor, outer_points + i), raw), zero);
      const V above = hn::Max(hn::Sub(raw, At(batch.ceiling, outer_points + i)), zero);
      if (hn::AllTrue(d, hn::Eq(hn::Add(gap, hn::Add(below, above)), zero))) continue;
      const V g_w = hn::Mul(per_w, hn::MulAdd(hn::Add(tilt, tilt), hn::Mul(half_share, w1),
                                              hn::Mul(quarter, hn::Mul(w1_squared, per_w))));
      const V g_w1 =
          hn::Neg(hn::MulAdd(hn::Add(tilt, tilt), half_share, hn::Mul(hn::Mul(half, w1), hn::Add(per_w, quarter))));
      const V per_vol = hn::Mul(hn::Mul(half, root_years_inverse), hn::Sqrt(per_w));
      const V off = hn::Mul(hn::Sub(above, below), per_vol);
      const V g_weight = hn::IfThenElseZero(hn::Gt(gap, zero), butterfly_weight);
      const V off_weight = hn::IfThenElseZero(hn::Ne(off, zero), calendar_weight);
      V g_slope[4], off_slope[4];
      const int n = to - from + 1;
      for (int j = 0; j < n && j < 4; ++j) {
        const Bump bump = BumpAt(u - (from + j));
        const V b0 = Constant(d, bump.value), b1 = Constant(d, bump.slope), b2 = Constant(d, bump.curvature);
        g_slope[j] = hn::Neg(hn::MulAdd(
            g_w, b0, hn::MulAdd(g_w1, hn::Mul(b1, u1), hn::Mul(half, hn::MulAdd(b2, u1_squared, hn::Mul(b1, u2))))));
        off_slope[j] = hn::Mul(b0, per_vol);
      }
      for (int j = 0; j < n && j < 4; ++j) {
        const std::size_t row = static_cast<std::size_t>(from + j);
        const V gs = hn::Mul(g_weight, g_slope[j]), os = hn::Mul(off_weight, off_slope[j]);
        for (int l = 0; l <= j; ++l) {
          V& entry = normal.matrix[row * (row + 1) / 2 + static_cast<std::size_t>(from + l)];
          entry = hn::MulAdd(gs, g_slope[l], hn::MulAdd(os, off_slope[l], entry));
        }
        normal.gradient[row] = hn::MulAdd(gs, gap, hn::MulAdd(os, off, normal.gradient[row]));
      }
      normal.cost = hn::MulAdd(hn::Mul(g_weight, gap), gap, hn::MulAdd(hn::Mul(off_weight, off), off, normal.cost));
    }
  }
};

void FitSpline(SliceBatch& batch, internal::Effort effort) {
  const D d;
  batch.scaled.resize(2 * batch.rows * batch_lanes);
  for (std::size_t lane = 0; lane < batch.slices; lane += hn::Lanes(d)) {
    ScaleRows(d, batch, lane, batch.scaled.data());
    SplineModel model(d, batch, lane);
    V terms[spline_terms], count = hn::LoadU(d, batch.steps + lane);
    Solve(d, model.quotes, hn::Zero(d), terms);
    Minimise<spline_terms>(d, model, terms, {effort.steps, effort.tolerance}, count);
    StorePoint(d, terms, lane, spline_terms, batch.shape + 8 * batch_lanes);
    hn::StoreU(count, d, batch.steps + lane);
  }
}

void SplineGradient(SliceBatch& batch, double* gradient) {
  const D d;
  batch.scaled.resize(2 * batch.rows * batch_lanes);
  for (std::size_t lane = 0; lane < batch.slices; lane += hn::Lanes(d)) {
    ScaleRows(d, batch, lane, batch.scaled.data());
    const SplineModel model(d, batch, lane);
    V terms[spline_terms];
    LoadPoint(d, batch.shape + 8 * batch_lanes, lane, spline_terms, terms);
    Normal<spline_terms> normal;
    model.Evaluate(terms, normal);
    StorePoint(d, normal.gradient, lane, spline_terms, gradient);
  }
}

}  // namespace ballast::vol::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::vol {
HWY_EXPORT(Prepare);
HWY_EXPORT(FitSpline);
HWY_EXPORT(SplineGradient);
namespace internal {
void prepare(SliceBatch& batch) { HWY_DYNAMIC_DISPATCH(Prepare)(batch); }
void fit_spline(SliceBatch& batch, Effort effort) { HWY_DYNAMIC_DISPATCH(FitSpline)(batch, effort); }
void spline_gradient(SliceBatch& batch, double* gradient) { HWY_DYNAMIC_DISPATCH(SplineGradient)(batch, gradient); }
}  // namespace internal
}  // namespace ballast::vol
#endif
