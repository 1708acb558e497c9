// Damped least squares for several small problems at once, one problem a lane: no sum runs across lanes, so a problem's
// result does not depend on its neighbours or on the vectors' width. Compiled once per instruction set like
// ballast/math/lanes-inl.h, after which it is included.
#if defined(BALLAST_VOL_INTERNAL_LEAST_SQUARES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BALLAST_VOL_INTERNAL_LEAST_SQUARES_INL_H_
#undef BALLAST_VOL_INTERNAL_LEAST_SQUARES_INL_H_
#else
#define BALLAST_VOL_INTERNAL_LEAST_SQUARES_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>

HWY_BEFORE_NAMESPACE();
namespace ballast::vol::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<double, 8>;
using V = hn::Vec<D>;
using M = hn::Mask<D>;

/// The normal equations of sum of weight · residual²: the lower triangle row by row, the gradient's half, the sum.
template <std::size_t n>
struct Normal {
  V matrix[n * (n + 1) / 2], gradient[n], cost;

  HWY_INLINE void Clear(D d) {
    for (V& v : matrix) v = hn::Zero(d);
    for (V& v : gradient) v = hn::Zero(d);
    cost = hn::Zero(d);
  }
  HWY_INLINE void Add(const V* slope, V residual, V weight) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const V weighted = hn::Mul(weight, slope[i]);
      for (std::size_t j = 0; j <= i; ++j, ++at) matrix[at] = hn::MulAdd(weighted, slope[j], matrix[at]);
      gradient[i] = hn::MulAdd(weighted, residual, gradient[i]);
    }
    cost = hn::MulAdd(hn::Mul(weight, residual), residual, cost);
  }
  /// The same of weight 1 where only the slopes first .. last - 1 are not zero.
  HWY_INLINE void Add(const V* slope, std::size_t first, std::size_t last, V residual) {
    for (std::size_t i = first; i < last; ++i) {
      V* row = matrix + i * (i + 1) / 2;
      for (std::size_t j = first; j <= i; ++j) row[j] = hn::MulAdd(slope[i], slope[j], row[j]);
      gradient[i] = hn::MulAdd(slope[i], residual, gradient[i]);
    }
    cost = hn::MulAdd(residual, residual, cost);
  }
  HWY_INLINE void Choose(M mask, const Normal& other) {
    for (std::size_t i = 0; i < n * (n + 1) / 2; ++i) matrix[i] = hn::IfThenElse(mask, other.matrix[i], matrix[i]);
    for (std::size_t i = 0; i < n; ++i) gradient[i] = hn::IfThenElse(mask, other.gradient[i], gradient[i]);
    cost = hn::IfThenElse(mask, other.cost, cost);
  }
};

/// step = -(matrix + damping · diagonal)^-1 gradient by Cholesky; a pivot that rounding took below its floor is the
/// floor.
template <std::size_t n>
HWY_INLINE void Solve(D d, const Normal<n>& normal, V damping, V* step) {
  V lower[n * (n + 1) / 2], inverse[n];
  std::size_t at = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t row = i * (i + 1) / 2;
    for (std::size_t j = 0; j <= i; ++j, ++at) {
      const std::size_t other = j * (j + 1) / 2;
      V sum = normal.matrix[at];
      if (i == j) sum = hn::Add(sum, hn::Set(d, 1e-280));
      const V floor = hn::Mul(sum, hn::Set(d, 1e-11));
      for (std::size_t l = 0; l < j; ++l) sum = hn::NegMulAdd(lower[row + l], lower[other + l], sum);
      if (i == j) {
        const V pivot = hn::Max(sum, floor);
        lower[at] = hn::Sqrt(hn::MulAdd(pivot, damping, pivot));
        inverse[i] = hn::Div(hn::Set(d, 1.0), lower[at]);
      } else {
        lower[at] = hn::Mul(sum, inverse[j]);
      }
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    V sum = hn::Neg(normal.gradient[i]);
    for (std::size_t j = 0; j < i; ++j) sum = hn::NegMulAdd(lower[i * (i + 1) / 2 + j], step[j], sum);
    step[i] = hn::Mul(sum, inverse[i]);
  }
  for (std::size_t i = n; i-- > 0;) {
    V sum = step[i];
    for (std::size_t j = i + 1; j < n; ++j) sum = hn::NegMulAdd(lower[j * (j + 1) / 2 + i], step[j], sum);
    step[i] = hn::Mul(sum, inverse[i]);
  }
}

struct Descent {
  int steps;         ///< bound on the evaluations
  double tolerance;  ///< a lane has arrived when an accepted step lowers its cost by less than this share
};

/// K. Levenberg and D. W. Marquardt's method on every lane, each with its own damping. `model.Evaluate(point, normal)`
/// gives the normal equations, `model.Project(point)` moves a point into the domain. Adds each lane's steps to `count`.
template <std::size_t n, class Model>
HWY_INLINE void Minimise(D d, Model& model, V* point, Descent descent, V& count) {
  Normal<n> here, there;
  model.Evaluate(point, here);
  there = here;
  V damping = hn::Set(d, 1e-3);
  M active = hn::Eq(damping, damping);
  for (int i = 0; i < descent.steps; ++i) {
    V step[n], trial[n];
    Solve(d, here, damping, step);
    for (std::size_t j = 0; j < n; ++j) trial[j] = hn::Add(point[j], step[j]);
    model.Project(trial);
    // A step that rounding swallows costs what is known already, and is not better.
    M stays = hn::Eq(trial[0], point[0]);
    for (std::size_t j = 1; j < n; ++j) stays = hn::And(stays, hn::Eq(trial[j], point[j]));
    const bool moves = !hn::AllTrue(d, hn::Or(stays, hn::Not(active)));
    if (moves) model.Evaluate(trial, there);
    const M better = moves ? hn::And(active, hn::Lt(there.cost, here.cost)) : hn::Ne(damping, damping);
    const V gain = hn::Sub(here.cost, there.cost);
    const M arrived = hn::And(better, hn::Le(gain, hn::Mul(hn::Set(d, descent.tolerance), here.cost)));
    for (std::size_t j = 0; j < n; ++j) point[j] = hn::IfThenElse(better, trial[j], point[j]);
    here.Choose(better, there);
    count = hn::Add(count, hn::IfThenElseZero(active, hn::Set(d, 1.0)));
    damping = hn::IfThenElse(better, hn::Max(hn::Mul(damping, hn::Set(d, 0.1)), hn::Set(d, 1e-12)),
                             hn::Mul(damping, hn::Set(d, 10.0)));
    active = hn::AndNot(hn::Or(arrived, hn::Gt(damping, hn::Set(d, 1e6))), active);
    if (hn::AllFalse(d, active)) break;
  }
}

}  // namespace ballast::vol::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BALLAST_VOL_INTERNAL_LEAST_SQUARES_INL_H_
