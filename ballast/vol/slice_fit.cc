#include <cstddef>
#include <vector>

#include "ballast/vol/internal/slice_batch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/vol/slice_fit.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/math/lanes-inl.h"
#include "ballast/vol/internal/least_squares-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::vol::HWY_NAMESPACE {

namespace lanes = math::HWY_NAMESPACE;
using internal::batch_lanes;
using internal::grid_points;
using internal::inner_points;
using internal::outer_points;
using internal::parameters;
using internal::SliceBatch;
using internal::spline_terms;

constexpr double narrowest_sigma = 0.1;                        // in stdevs: a kink between two quotes is no smile
constexpr double steepest_rho = 0.9995, steepest_wing = 1.98;  // |d| <= rho c; c + |d| < 2 (Lee), with room
constexpr double furthest_held = internal::furthest * 1.0001;
constexpr double least_variance = 1e-9;
constexpr double butterfly_margin = 2e-3;
// The correction: its knots are even in asinh(k / scale), scale in stdevs, and its prior is in squares of vol. Chosen
// on the recorded chains by what it leaves on every third quote when it is fitted to the others (0.400 vol points;
// 0.531 without it, 0.428 with knots four times as dense at the money, 0.401 and 0.442 with a tenth and ten times the
// smoothness), and by how many densities get a second peak (3.6 % of the slices; half of them with the dense knots).
constexpr double knot_scale = 2.0;
constexpr double ridge = 1e-3, smoothness = 1e-3;

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

/// The best (level, slope, c) for given m and ln sigma, which is linear least squares in vol errors to first order,
/// (w - vol² T) / (2 vol T), and the reduced problem's slope and curvature in (m, ln sigma): G. H. Golub and V.
/// Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose variables separate",
/// SIAM J. Numer. Anal. 10 (1973) 413-432, in L. Kaufman's approximation. The reduced problem has none of the long
/// curved valley of the full one: it takes about 4 steps where that takes 40.
struct Reduced {
  V linear[3], cost, gradient[2], curvature[3];  // curvature: mm, ms, ss

  HWY_INLINE void Choose(M mask, const Reduced& o) {
    for (int i = 0; i < 3; ++i) linear[i] = hn::IfThenElse(mask, o.linear[i], linear[i]);
    for (int i = 0; i < 3; ++i) curvature[i] = hn::IfThenElse(mask, o.curvature[i], curvature[i]);
    for (int i = 0; i < 2; ++i) gradient[i] = hn::IfThenElse(mask, o.gradient[i], gradient[i]);
    cost = hn::IfThenElse(mask, o.cost, cost);
  }
};

struct ReducedSvi {
  D d;
  const SliceBatch& batch;
  std::size_t lane;
  const double* scaled;  // rows: sqrt(weight trust) / (2 vol T), sqrt(weight trust) vol / 2

  HWY_INLINE V At(const double* column, std::size_t row) const {
    return hn::LoadU(d, column + row * batch_lanes + lane);
  }

  /// The linear part alone, for comparing starts.
  HWY_INLINE void Linear(const V* gram, const V* right, Reduced& out, V* lower) const {
    // Cholesky of (00, 10, 11, 20, 21, 22); `lower` holds l10 l20 l21 and the inverse pivots
    const V one = Constant(d, 1.0), tiny = Constant(d, 1e-13);
    const auto pivot = [&](V left, V whole) HWY_ATTR {
      return hn::Div(one, hn::Sqrt(hn::Max(left, hn::MulAdd(whole, tiny, Constant(d, 1e-280)))));
    };
    const V i0 = pivot(gram[0], gram[0]), l10 = hn::Mul(gram[1], i0), l20 = hn::Mul(gram[3], i0);
    const V i1 = pivot(hn::NegMulAdd(l10, l10, gram[2]), gram[2]);
    const V l21 = hn::Mul(hn::NegMulAdd(l20, l10, gram[4]), i1);
    const V i2 = pivot(hn::NegMulAdd(l21, l21, hn::NegMulAdd(l20, l20, gram[5])), gram[5]);
    const V z0 = hn::Mul(right[0], i0), z1 = hn::Mul(hn::NegMulAdd(l10, z0, right[1]), i1);
    const V z2 = hn::Mul(hn::NegMulAdd(l21, z1, hn::NegMulAdd(l20, z0, right[2])), i2);
    V c = hn::Mul(z2, i2), slope = hn::Mul(hn::NegMulAdd(l21, c, z1), i1);
    // Outside |slope| <= rho c: least squares along that edge, slope = +-rho c.
    const V rho = Constant(d, steepest_rho);
    const M outside = hn::Or(hn::Lt(c, Constant(d, 1e-8)), hn::Gt(hn::Abs(slope), hn::Mul(rho, c)));
    if (!hn::AllFalse(d, outside)) {
      const V edge = hn::CopySign(rho, slope);
      const V g01 = hn::MulAdd(edge, gram[1], gram[3]);
      const V g11 = hn::MulAdd(hn::Mul(edge, edge), gram[2], hn::MulAdd(hn::Add(edge, edge), gram[4], gram[5]));
      const V r1 = hn::MulAdd(edge, right[1], right[2]);
      const V share = hn::Div(g01, gram[0]);
      const V left = hn::Max(hn::NegMulAdd(share, g01, g11), hn::MulAdd(g11, tiny, Constant(d, 1e-280)));
      const V on_edge = hn::Max(hn::Div(hn::NegMulAdd(share, right[0], r1), left), Constant(d, 1e-8));
      c = hn::IfThenElse(outside, on_edge, c);
      slope = hn::IfThenElse(outside, hn::Mul(edge, on_edge), slope);
    }
    const V shrink = hn::Min(one, hn::Div(Constant(d, steepest_wing), hn::Add(c, hn::Abs(slope))));
    c = hn::Mul(c, shrink), slope = hn::Mul(slope, shrink);
    const V level = hn::Div(hn::NegMulAdd(gram[1], slope, hn::NegMulAdd(gram[3], c, right[0])), gram[0]);
    out.linear[0] = level, out.linear[1] = slope, out.linear[2] = c;
    // target² - 2 right·x + x·gram x, by rows of gram x - 2 right
    const V two = Constant(d, 2.0);
    const V row0 =
        hn::MulAdd(gram[0], level, hn::MulAdd(gram[1], slope, hn::NegMulAdd(two, right[0], hn::Mul(gram[3], c))));
    const V row1 =
        hn::MulAdd(gram[1], level, hn::MulAdd(gram[2], slope, hn::NegMulAdd(two, right[1], hn::Mul(gram[4], c))));
    const V row2 =
        hn::MulAdd(gram[3], level, hn::MulAdd(gram[4], slope, hn::NegMulAdd(two, right[2], hn::Mul(gram[5], c))));
    out.cost = hn::Max(hn::MulAdd(level, row0, hn::MulAdd(slope, row1, hn::MulAdd(c, row2, right[3]))), hn::Zero(d));
    lower[0] = l10, lower[1] = l20, lower[2] = l21, lower[3] = i0, lower[4] = i1, lower[5] = i2;
  }

  HWY_INLINE void Start(V m, V ln_sigma, Reduced& out) const {
    const V sigma = lanes::Exp(d, ln_sigma), variance = hn::Mul(sigma, sigma);
    V gram[6], right[4], lower[6];
    for (V& v : gram) v = hn::Zero(d);
    for (V& v : right) v = hn::Zero(d);
    for (std::size_t i = 0; i < batch.rows; ++i) {
      const V f0 = At(scaled, 2 * i), target = At(scaled, 2 * i + 1);
      if (NoWeight(d, f0)) continue;
      const V k = At(batch.log_moneyness.data(), i), y = hn::Sub(k, m), root = hn::Sqrt(hn::MulAdd(y, y, variance));
      const V f1 = hn::Mul(f0, k), f2 = hn::Mul(f0, root);
      gram[0] = hn::MulAdd(f0, f0, gram[0]);
      gram[1] = hn::MulAdd(f1, f0, gram[1]);
      gram[2] = hn::MulAdd(f1, f1, gram[2]);
      gram[3] = hn::MulAdd(f2, f0, gram[3]);
      gram[4] = hn::MulAdd(f2, f1, gram[4]);
      gram[5] = hn::MulAdd(f2, f2, gram[5]);
      right[0] = hn::MulAdd(f0, target, right[0]);
      right[1] = hn::MulAdd(f1, target, right[1]);
      right[2] = hn::MulAdd(f2, target, right[2]);
      right[3] = hn::MulAdd(target, target, right[3]);
    }
    Linear(gram, right, out, lower);
  }

  HWY_INLINE void Evaluate(V m, V ln_sigma, Reduced& out) const {
    const V one = Constant(d, 1.0), sigma = lanes::Exp(d, ln_sigma), variance = hn::Mul(sigma, sigma);
    V gram[6], right[4], lower[6], cross_m[3], cross_s[3], own[3], right_m = hn::Zero(d), right_s = hn::Zero(d);
    for (V& v : gram) v = hn::Zero(d);
    for (V& v : right) v = hn::Zero(d);
    for (V& v : cross_m) v = hn::Zero(d);
    for (V& v : cross_s) v = hn::Zero(d);
    for (V& v : own) v = hn::Zero(d);
    for (std::size_t i = 0; i < batch.rows; ++i) {
      const V f0 = At(scaled, 2 * i), target = At(scaled, 2 * i + 1);
      if (NoWeight(d, f0)) continue;
      const V k = At(batch.log_moneyness.data(), i), y = hn::Sub(k, m), root = hn::Sqrt(hn::MulAdd(y, y, variance));
      const V f1 = hn::Mul(f0, k), f2 = hn::Mul(f0, root);
      const V per = hn::Mul(f0, hn::Div(one, root)), fm = hn::Mul(per, y),
              fs = hn::Mul(per, variance);  // -dR/dm, dR/ds
      gram[0] = hn::MulAdd(f0, f0, gram[0]);
      gram[1] = hn::MulAdd(f1, f0, gram[1]);
      gram[2] = hn::MulAdd(f1, f1, gram[2]);
      gram[3] = hn::MulAdd(f2, f0, gram[3]);
      gram[4] = hn::MulAdd(f2, f1, gram[4]);
      gram[5] = hn::MulAdd(f2, f2, gram[5]);
      right[0] = hn::MulAdd(f0, target, right[0]);
      right[1] = hn::MulAdd(f1, target, right[1]);
      right[2] = hn::MulAdd(f2, target, right[2]);
      right[3] = hn::MulAdd(target, target, right[3]);
      cross_m[0] = hn::MulAdd(fm, f0, cross_m[0]);
      cross_m[1] = hn::MulAdd(fm, f1, cross_m[1]);
      cross_m[2] = hn::MulAdd(fm, f2, cross_m[2]);
      cross_s[0] = hn::MulAdd(fs, f0, cross_s[0]);
      cross_s[1] = hn::MulAdd(fs, f1, cross_s[1]);
      cross_s[2] = hn::MulAdd(fs, f2, cross_s[2]);
      own[0] = hn::MulAdd(fm, fm, own[0]);
      own[1] = hn::MulAdd(fm, fs, own[1]);
      own[2] = hn::MulAdd(fs, fs, own[2]);
      right_m = hn::MulAdd(fm, target, right_m);
      right_s = hn::MulAdd(fs, target, right_s);
    }
    Linear(gram, right, out, lower);
    const V c = out.linear[2], minus_c = hn::Neg(c);
    const auto residual = [&](const V* cross, V target) HWY_ATTR {
      return hn::MulAdd(cross[0], out.linear[0],
                        hn::MulAdd(cross[1], out.linear[1], hn::MulSub(cross[2], out.linear[2], target)));
    };
    out.gradient[0] = hn::Mul(minus_c, residual(cross_m, right_m));
    out.gradient[1] = hn::Mul(c, residual(cross_s, right_s));
    // What the linear part takes up: the crosses through the triangle.
    V u[3], v[3];
    const auto forward = [&](const V* cross, V* z) HWY_ATTR {
      z[0] = hn::Mul(cross[0], lower[3]);
      z[1] = hn::Mul(hn::NegMulAdd(lower[0], z[0], cross[1]), lower[4]);
      z[2] = hn::Mul(hn::NegMulAdd(lower[2], z[1], hn::NegMulAdd(lower[1], z[0], cross[2])), lower[5]);
    };
    forward(cross_m, u);
    forward(cross_s, v);
    const auto left = [&](V whole, const V* a, const V* b) HWY_ATTR {
      return hn::NegMulAdd(a[0], b[0], hn::NegMulAdd(a[1], b[1], hn::NegMulAdd(a[2], b[2], whole)));
    };
    const V c2 = hn::Mul(c, c), tiny = Constant(d, 1e-14);
    out.curvature[0] = hn::Mul(c2, hn::Max(left(own[0], u, u), hn::Mul(own[0], tiny)));
    out.curvature[1] = hn::Neg(hn::Mul(c2, left(own[1], u, v)));
    out.curvature[2] = hn::Mul(c2, hn::Max(left(own[2], v, v), hn::Mul(own[2], tiny)));
  }
};

constexpr double start_centres[] = {-1.0, 0.0, 1.0}, start_widths[] = {0.4, 1.2, 3.6};  // in units of the smile's stdev

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

void FitSvi(SliceBatch& batch, internal::Effort effort, bool cold) {
  const D d;
  batch.scaled.resize(2 * batch.rows * batch_lanes);
  for (std::size_t lane = 0; lane < batch.slices; lane += hn::Lanes(d)) {
    ScaleRows(d, batch, lane, batch.scaled.data());
    const ReducedSvi model{d, batch, lane, batch.scaled.data()};
    const V stdev = hn::LoadU(d, batch.stdev + lane);
    const V centre_share = hn::LoadU(d, batch.furthest_centre + lane);
    const V zero = hn::Zero(d), first = hn::LoadU(d, batch.first + lane), last = hn::LoadU(d, batch.last + lane);
    const V low_m = hn::Mul(centre_share, hn::Min(first, zero)), high_m = hn::Mul(centre_share, hn::Max(last, zero));
    // Of few quotes close to the money nothing is known beyond: the smile's own scale takes the place of their range.
    const V half_range = hn::Max(hn::Mul(Constant(d, 0.5), hn::Sub(last, first)), stdev);
    const V high_s = lanes::Log(d, hn::Mul(half_range, hn::LoadU(d, batch.widest_sigma + lane)));
    const V low_s = hn::Min(lanes::Log(d, hn::Mul(stdev, Constant(d, narrowest_sigma))), high_s);
    V count = hn::LoadU(d, batch.steps + lane);
    V m = hn::LoadU(d, batch.shape + 3 * batch_lanes + lane), s = hn::LoadU(d, batch.shape + 4 * batch_lanes + lane);
    if (cold) {
      V least = Constant(d, 1e300);
      for (const double width : start_widths) {
        const V try_s = lanes::Log(d, hn::Mul(stdev, Constant(d, width)));
        for (const double centre : start_centres) {
          const V try_m = hn::Mul(stdev, Constant(d, centre));
          Reduced at;
          model.Start(try_m, try_s, at);
          const M better =
              hn::And(hn::Lt(at.cost, least), hn::Or(hn::Le(try_s, high_s), hn::Eq(least, Constant(d, 1e300))));
          least = hn::IfThenElse(better, at.cost, least);
          m = hn::IfThenElse(better, try_m, m), s = hn::IfThenElse(better, try_s, s);
        }
      }
    }
    m = hn::Min(hn::Max(m, low_m), high_m), s = hn::Min(hn::Max(s, low_s), high_s);
    Reduced here, there;
    model.Evaluate(m, s, here);
    there = here;
    V damping = Constant(d, 1e-2);
    M active = hn::Eq(damping, damping);
    for (int i = 0; i < effort.steps; ++i) {
      const V mm = hn::MulAdd(here.curvature[0], damping, here.curvature[0]);
      const V ss = hn::MulAdd(here.curvature[2], damping, here.curvature[2]), ms = here.curvature[1];
      const V determinant =
          hn::Max(hn::NegMulAdd(ms, ms, hn::Mul(mm, ss)), hn::Mul(hn::Mul(mm, ss), Constant(d, 1e-14)));
      const V per = hn::Div(Constant(d, 1.0), hn::Max(determinant, Constant(d, 1e-280)));
      const V gm = here.gradient[0], gs = here.gradient[1];
      const V reach = hn::Add(stdev, stdev), one = Constant(d, 1.0);
      const V step_m = hn::Mul(hn::MulSub(ms, gs, hn::Mul(ss, gm)), per),
              step_s = hn::Mul(hn::MulSub(ms, gm, hn::Mul(mm, gs)), per);
      V next_m = hn::Add(m, hn::Min(hn::Max(step_m, hn::Neg(reach)), reach));
      V next_s = hn::Add(s, hn::Min(hn::Max(step_s, hn::Neg(one)), one));
      next_m = hn::Min(hn::Max(next_m, low_m), high_m);
      next_s = hn::Min(hn::Max(next_s, low_s), high_s);
      // A step that rounding swallows costs what is known already, and is not better.
      const M stays = hn::And(hn::Eq(next_m, m), hn::Eq(next_s, s));
      const bool moves = !hn::AllTrue(d, hn::Or(stays, hn::Not(active)));
      if (moves) model.Evaluate(next_m, next_s, there);
      const M better = moves ? hn::And(active, hn::Lt(there.cost, here.cost)) : hn::Ne(damping, damping);
      const V gain = hn::Sub(here.cost, there.cost);
      const M arrived = hn::And(better, hn::Le(gain, hn::Mul(Constant(d, effort.tolerance), here.cost)));
      m = hn::IfThenElse(better, next_m, m), s = hn::IfThenElse(better, next_s, s);
      here.Choose(better, there);
      count = hn::Add(count, hn::IfThenElseZero(active, one));
      damping = hn::IfThenElse(better, hn::Max(hn::Mul(damping, Constant(d, 0.1)), Constant(d, 1e-12)),
                               hn::Mul(damping, Constant(d, 8.0)));
      active = hn::AndNot(hn::Or(arrived, hn::Gt(damping, Constant(d, 1e5))), active);
      if (hn::AllFalse(d, active)) break;
    }
    const V point[5] = {here.linear[0], here.linear[1], here.linear[2], m, s};
    StorePoint(d, point, lane, 5, batch.shape);
    hn::StoreU(count, d, batch.steps + lane);
  }
}

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

HWY_INLINE V ButterflyAt(D d, V k, const LanePoint& at) {
  const V one = Constant(d, 1.0), half = Constant(d, 0.5), quarter = Constant(d, 0.25);
  const V per_w = hn::Div(one, hn::Max(at.w, Constant(d, least_variance)));
  const V tilt = hn::NegMulAdd(hn::Mul(half, hn::Mul(k, per_w)), at.w1, one);
  return hn::MulAdd(
      half, at.w2,
      hn::NegMulAdd(hn::Mul(quarter, hn::Mul(at.w1, at.w1)), hn::Add(per_w, quarter), hn::Mul(tilt, tilt)));
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

void Screen(SliceBatch& batch) {
  const D d;
  constexpr int rounds = 6;
  batch.scaled.resize(2 * batch.rows * batch_lanes);
  const std::vector<double> trust = batch.trust;
  for (std::size_t lane = 0; lane < batch.slices; lane += hn::Lanes(d)) {
    const ReducedSvi model{d, batch, lane, batch.scaled.data()};
    const V stdev = hn::LoadU(d, batch.stdev + lane),
            half_per_years = hn::Div(Constant(d, 0.5), hn::LoadU(d, batch.years + lane));
    const V ln_sigma = lanes::Log(d, hn::Mul(stdev, Constant(d, start_widths[1])));
    const V sigma = lanes::Exp(d, ln_sigma), variance = hn::Mul(sigma, sigma);
    Reduced fit;
    for (int round = 0; round < rounds; ++round) {
      ScaleRows(d, batch, lane, batch.scaled.data());
      model.Start(hn::Zero(d), ln_sigma, fit);
      for (std::size_t i = 0; i < batch.rows; ++i) {
        const std::size_t at = i * batch_lanes + lane;
        const V k = hn::LoadU(d, batch.log_moneyness.data() + at), vol = hn::LoadU(d, batch.vol.data() + at);
        const V w = hn::MulAdd(fit.linear[2], hn::Sqrt(hn::MulAdd(k, k, variance)),
                               hn::MulAdd(fit.linear[1], k, fit.linear[0]));
        const V error = hn::NegMulAdd(Constant(d, 0.5), vol, hn::Div(hn::Mul(w, half_per_years), vol));
        const V size = hn::Max(hn::Abs(error), Constant(d, 1e-3));
        hn::StoreU(hn::Div(Constant(d, 1e-3), size), d, batch.trust.data() + at);
        if (round + 1 == rounds) hn::StoreU(error, d, batch.scaled.data() + at);
      }
    }
  }
  batch.trust = trust;
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
HWY_EXPORT(FitSvi);
HWY_EXPORT(Prepare);
HWY_EXPORT(FitSpline);
HWY_EXPORT(Check);
HWY_EXPORT(SplineGradient);
HWY_EXPORT(Residuals);
HWY_EXPORT(Screen);
HWY_EXPORT(Compare);
HWY_EXPORT(OnGrid);
namespace internal {
void fit_svi(SliceBatch& batch, Effort effort, bool cold) { HWY_DYNAMIC_DISPATCH(FitSvi)(batch, effort, cold); }
void prepare(SliceBatch& batch) { HWY_DYNAMIC_DISPATCH(Prepare)(batch); }
void fit_spline(SliceBatch& batch, Effort effort) { HWY_DYNAMIC_DISPATCH(FitSpline)(batch, effort); }
void spline_gradient(SliceBatch& batch, double* gradient) { HWY_DYNAMIC_DISPATCH(SplineGradient)(batch, gradient); }
void check(SliceBatch& batch) { HWY_DYNAMIC_DISPATCH(Check)(batch); }
void residuals(SliceBatch& batch) { HWY_DYNAMIC_DISPATCH(Residuals)(batch); }
void screen(SliceBatch& batch) { HWY_DYNAMIC_DISPATCH(Screen)(batch); }
void compare(SliceBatch& batch, const double* earlier, const double* later) {
  HWY_DYNAMIC_DISPATCH(Compare)(batch, earlier, later);
}
void on_grid(const SliceBatch& batch, const double* other, double* w) { HWY_DYNAMIC_DISPATCH(OnGrid)(batch, other, w); }

void SliceBatch::resize(std::size_t n) {
  rows = n;
  log_moneyness.assign(n * batch_lanes, 0.0);
  vol.assign(n * batch_lanes, 1.0);
  weight.assign(n * batch_lanes, 0.0);
  trust.assign(n * batch_lanes, 1.0);
}
}  // namespace internal
}  // namespace ballast::vol
#endif
