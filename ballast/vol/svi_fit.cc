#include <cstddef>
#include <vector>

#include "ballast/vol/internal/slice_batch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/vol/svi_fit.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/vol/internal/slice_lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::vol::HWY_NAMESPACE {

using internal::narrowest_sigma;
using internal::steepest_rho;
constexpr double steepest_wing = 1.98;  // c + |slope| < 2 (Lee), with room

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

/// The normal equations of (level, slope, c): columns f0, f1 = f0 k, f2 = f0 root, and the target.
struct LinearSums {
  V gram[6], right[4];  // lower triangle row by row; columns with the target, the target with itself

  HWY_INLINE explicit LinearSums(D d) {
    for (V& v : gram) v = hn::Zero(d);
    for (V& v : right) v = hn::Zero(d);
  }
  HWY_INLINE void Add(V f0, V f1, V f2, V target) {
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
    V lower[6];
    LinearSums sums(d);
    for (std::size_t i = 0; i < batch.rows; ++i) {
      const V f0 = At(scaled, 2 * i), target = At(scaled, 2 * i + 1);
      if (NoWeight(d, f0)) continue;
      const V k = At(batch.log_moneyness.data(), i), y = hn::Sub(k, m), root = hn::Sqrt(hn::MulAdd(y, y, variance));
      const V f1 = hn::Mul(f0, k), f2 = hn::Mul(f0, root);
      sums.Add(f0, f1, f2, target);
    }
    Linear(sums.gram, sums.right, out, lower);
  }

  HWY_INLINE void Evaluate(V m, V ln_sigma, Reduced& out) const {
    const V one = Constant(d, 1.0), sigma = lanes::Exp(d, ln_sigma), variance = hn::Mul(sigma, sigma);
    V lower[6], cross_m[3], cross_s[3], own[3], right_m = hn::Zero(d), right_s = hn::Zero(d);
    LinearSums sums(d);
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
      sums.Add(f0, f1, f2, target);
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
    Linear(sums.gram, sums.right, out, lower);
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

}  // namespace ballast::vol::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::vol {
HWY_EXPORT(FitSvi);
HWY_EXPORT(Screen);
namespace internal {
void fit_svi(SliceBatch& batch, Effort effort, bool cold) { HWY_DYNAMIC_DISPATCH(FitSvi)(batch, effort, cold); }
void screen(SliceBatch& batch) { HWY_DYNAMIC_DISPATCH(Screen)(batch); }

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
