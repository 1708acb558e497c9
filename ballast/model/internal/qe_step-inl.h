// The quadratic-exponential step of qe_step.h on vectors of paths; compiled once per instruction set like
// ballast/math/lanes-inl.h. In r = 2/psi instead of psi, and with the log-price's K0* + K1 v in one.
#if defined(BALLAST_MODEL_QE_STEP_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BALLAST_MODEL_QE_STEP_INL_H_
#undef BALLAST_MODEL_QE_STEP_INL_H_
#else
#define BALLAST_MODEL_QE_STEP_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>

#include "ballast/math/lanes-inl.h"
#include "ballast/model/internal/path_numbers-inl.h"
#include "ballast/model/qe_step.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::model::HWY_NAMESPACE {

/// QeStep in lanes: one for all of them, or each its own.
template <class D>
struct QeLanes {
  hn::Vec<D> decay, pull, s0, s1, k0, k1, k2, k3, a;
};
template <class D>
HWY_INLINE QeLanes<D> Broadcast(D d, const QeStep& c) {
  return {hn::Set(d, c.decay), hn::Set(d, c.pull), hn::Set(d, c.s0), hn::Set(d, c.s1), hn::Set(d, c.k0),
          hn::Set(d, c.k1),    hn::Set(d, c.k2),   hn::Set(d, c.k3), hn::Set(d, c.a)};
}

/// Steps of a length for each lane: the arithmetic of qe_step().
template <class D>
HWY_INLINE QeLanes<D> OfLength(D d, const Heston& m, hn::Vec<D> years) {
  QeLanes<D> c;
  const auto x = hn::Mul(hn::Set(d, -m.kappa), years);
  c.decay = lanes::Exp(d, x);
  const auto h = m.kappa == 0.0 ? years : hn::Div(lanes::Expm1(d, x), hn::Set(d, -m.kappa));
  c.pull = hn::Mul(hn::Set(d, m.kappa * m.theta), h);
  c.s0 = hn::Mul(hn::Set(d, 0.5 * m.theta * m.xi * m.xi * m.kappa), hn::Mul(h, h));
  c.s1 = hn::Mul(hn::Set(d, m.xi * m.xi), hn::Mul(c.decay, h));
  const auto tilt = hn::Mul(hn::Set(d, 0.5 * (m.kappa * m.rho / m.xi - 0.5)), years);
  const auto slope = hn::Set(d, m.rho / m.xi);
  c.k0 = hn::Mul(hn::Set(d, -m.rho * m.kappa * m.theta / m.xi), years);
  c.k1 = hn::Sub(tilt, slope);
  c.k2 = hn::Add(tilt, slope);
  c.k3 = hn::Mul(hn::Set(d, 0.5 * (1.0 - m.rho) * (1.0 + m.rho)), years);
  c.a = hn::MulAdd(hn::Set(d, 0.5), c.k3, c.k2);
  return c;
}

/// v' and K0* + K1 v.
template <class D>
struct QeLaneMove {
  hn::Vec<D> next, front;
};

/// Mean and variance of v', and r = 2 mean²/variance, the quadratic branch's where it is at least 4/3.
template <class D>
struct QeMoments {
  hn::Vec<D> mean, variance, r;
};
template <class D>
HWY_INLINE QeMoments<D> Moments(D d, const QeLanes<D>& c, hn::Vec<D> v) {
  const auto mean = hn::MulAdd(c.decay, v, c.pull);
  // A variance that cannot move divides by nothing and stays where it is: r = 1e100.
  const auto variance = hn::Max(hn::MulAdd(c.s1, v, c.s0), hn::Set(d, 1e-300));
  const auto r = hn::Div(hn::Mul(hn::Add(mean, mean), mean), variance);
  return {mean, variance, hn::Min(r, hn::Set(d, 1e100))};
}
inline constexpr double least_quadratic = 4.0 / 3.0;  // 2/psi_c

/// ln(top/bottom) for y = 1 - top/bottom: by the series where every |y| is small, which is so for all but long steps.
template <class D>
HWY_INLINE hn::Vec<D> LogOfQuotient(D d, hn::Vec<D> top, hn::Vec<D> bottom, hn::Vec<D> y) {
  // -(y + y²/2 + .. + y^8/8): what is left out is below 2^-57 for |y| <= 2^-6.
  constexpr double series[] = {-1.0,       -1.0 / 2.0, -1.0 / 3.0, -1.0 / 4.0,
                               -1.0 / 5.0, -1.0 / 6.0, -1.0 / 7.0, -1.0 / 8.0};
  const auto near = hn::Mul(y, lanes::Polynomial(d, series, y));
  const auto small = hn::Le(hn::Abs(y), hn::Set(d, 0x1p-6));
  if (HWY_LIKELY(hn::AllTrue(d, small))) return near;
  return hn::IfThenElse(small, near, lanes::template LogRatio<false>(d, top, bottom));
}

/// The quadratic branch from a normal. With D = 1 + b²: a = mean/D and 1 - 2 A a = (D - 2 A mean)/D.
template <class D>
HWY_INLINE QeLaneMove<D> QuadraticMove(D d, const QeLanes<D>& c, const QeMoments<D>& moments, hn::Vec<D> v,
                                       hn::Vec<D> z) {
  const auto one = hn::Set(d, 1.0);
  const auto r = hn::Max(moments.r, hn::Set(d, least_quadratic));
  const auto whole = hn::Add(r, hn::Sqrt(hn::Mul(r, hn::Sub(r, one))));  // D
  const auto b2 = hn::Sub(whole, one);
  const auto lever = hn::Mul(hn::Add(c.a, c.a), moments.mean);  // 2 A mean
  const auto left = hn::Sub(whole, lever);
  // Where there is no correction the quotients only have to be finite.
  const auto exists = hn::Gt(left, hn::Mul(whole, hn::Set(d, 1e-12)));
  const auto left_or_whole = hn::IfThenElse(exists, left, whole);
  const auto per_both = hn::Div(one, hn::Mul(whole, left_or_whole));
  const auto per_whole = hn::Mul(per_both, left_or_whole), per_left = hn::Mul(per_both, whole);
  const auto b_and_z = hn::Add(hn::Sqrt(b2), z);
  const auto next = hn::Mul(hn::Mul(moments.mean, per_whole), hn::Mul(b_and_z, b_and_z));
  const auto logarithm = LogOfQuotient(d, left_or_whole, whole, hn::Mul(lever, per_whole));
  const auto half = hn::Set(d, 0.5);
  const auto drag = hn::Mul(hn::Mul(lever, b2), per_left);  // 2 A b² a/(1 - 2 A a)
  const auto corrected = hn::Mul(half, hn::Sub(logarithm, hn::MulAdd(c.k3, v, drag)));
  return {next, hn::IfThenElse(exists, corrected, hn::MulAdd(c.k1, v, c.k0))};
}

/// The exponential branch from 1 - u. With q = 1 - p.
template <class D>
HWY_INLINE QeLaneMove<D> ExponentialMove(D d, const QeLanes<D>& c, const QeMoments<D>& moments, hn::Vec<D> v,
                                         hn::Vec<D> upper) {
  const auto two = hn::Set(d, 2.0);
  const auto below = hn::Add(two, moments.r);
  const auto q = hn::Div(hn::Add(moments.r, moments.r), below);
  const auto beta = hn::Div(hn::Mul(hn::Set(d, 4.0), moments.mean), hn::Mul(moments.variance, below));
  const auto moves = hn::Lt(upper, q);
  const auto ratio =
      lanes::template LogRatio<false>(d, hn::Max(q, hn::Set(d, 1e-30)), hn::Max(upper, hn::Set(d, 1e-30)));
  const auto next = hn::IfThenElseZero(moves, hn::Div(ratio, beta));
  const auto exists = hn::Lt(c.a, beta);
  const auto gain = hn::Div(hn::Mul(q, c.a), hn::IfThenElse(exists, hn::Sub(beta, c.a), hn::Set(d, 1.0)));
  const auto corrected =
      hn::Neg(hn::MulAdd(hn::Mul(hn::Set(d, 0.5), c.k3), v, lanes::Log1p(d, hn::IfThenElseZero(exists, gain))));
  return {next, hn::IfThenElse(exists, corrected, hn::MulAdd(c.k1, v, c.k0))};
}

/// ln(S'/S) added to the log-price.
template <class D>
HWY_INLINE hn::Vec<D> MovedPrice(D d, const QeLanes<D>& c, hn::Vec<D> log_price, hn::Vec<D> v, hn::Vec<D> next,
                                 hn::Vec<D> front, hn::Vec<D> z) {
  (void)d;
  const auto deviation = hn::Sqrt(hn::Mul(c.k3, hn::Add(v, next)));
  return hn::Add(log_price, hn::MulAdd(deviation, z, hn::MulAdd(c.k2, next, front)));
}

/// One step of a block. u: the uniforms of z_v, or null where only the normals are known (Sobol points).
HWY_INLINE void QeBlock(const QeStep& step, const double* HWY_RESTRICT z_v, const double* HWY_RESTRICT u,
                        const double* HWY_RESTRICT z, double* HWY_RESTRICT v, double* HWY_RESTRICT log_price) {
  using D = hn::ScalableTag<double>;
  const D d;
  const auto c = Broadcast(d, step);
  HWY_ALIGN double next[path_block], front[path_block];
  std::uint64_t exponential = 0;
  for (std::size_t i = 0; i < path_block; i += hn::Lanes(d)) {
    const auto before = hn::Load(d, v + i);
    const auto moments = Moments(d, c, before);
    const auto move = QuadraticMove(d, c, moments, before, hn::Load(d, z_v + i));
    hn::Store(move.next, d, next + i);
    hn::Store(move.front, d, front + i);
    std::uint8_t bits[8];
    hn::StoreMaskBits(d, hn::Lt(moments.r, hn::Set(d, least_quadratic)), bits);
    exponential |= std::uint64_t{bits[0]} << i;
  }
  // The exponential branch has two logarithms and three divisions of its own: only for the paths that are in it.
  if (exponential != 0) {
    std::uint32_t at[path_block];
    HWY_ALIGN double v_row[path_block], upper[path_block], front_row[path_block];
    std::size_t n = 0;
    for (; exponential != 0; exponential &= exponential - 1)
      at[n++] = static_cast<std::uint32_t>(std::countr_zero(exponential));
    for (std::size_t j = 0; j < n; ++j) {
      v_row[j] = v[at[j]];
      upper[j] = u != nullptr ? 1.0 - u[at[j]] : z_v[at[j]];
    }
    for (std::size_t j = n; j % hn::Lanes(d) != 0; ++j) v_row[j] = upper[j] = 0.5;
    for (std::size_t j = 0; j < n; j += hn::Lanes(d)) {
      const auto before = hn::Load(d, v_row + j);
      auto above = hn::Load(d, upper + j);
      if (u == nullptr) above = lanes::NormCdf(d, hn::Neg(above));
      const auto move = ExponentialMove(d, c, Moments(d, c, before), before, above);
      hn::Store(move.next, d, v_row + j);
      hn::Store(move.front, d, front_row + j);
    }
    for (std::size_t j = 0; j < n; ++j) {
      next[at[j]] = v_row[j];
      front[at[j]] = front_row[j];
    }
  }
  for (std::size_t i = 0; i < path_block; i += hn::Lanes(d)) {
    const auto after = hn::Load(d, next + i);
    hn::Store(MovedPrice(d, c, hn::Load(d, log_price + i), hn::Load(d, v + i), after, hn::Load(d, front + i),
                         hn::Load(d, z + i)),
              d, log_price + i);
    hn::Store(after, d, v + i);
  }
}

}  // namespace ballast::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BALLAST_MODEL_QE_STEP_INL_H_
