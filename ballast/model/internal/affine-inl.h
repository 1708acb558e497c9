// The exponents of Heston, Bates and the double-jump model, with their derivatives, on complex numbers in lanes.
// Compiled once per instruction set like ballast/math/lanes-inl.h.
#if defined(BALLAST_MODEL_INTERNAL_AFFINE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BALLAST_MODEL_INTERNAL_AFFINE_INL_H_
#undef BALLAST_MODEL_INTERNAL_AFFINE_INL_H_
#else
#define BALLAST_MODEL_INTERNAL_AFFINE_INL_H_
#endif

#include <hwy/highway.h>

#include "ballast/math/complex-inl.h"
#include "ballast/model/internal/exponent.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::model::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace lanes = math::HWY_NAMESPACE;
using lanes::Complex, lanes::Inverse, lanes::ExpOf, lanes::Log1pOf;

/// What a model says at one vector of s: see internal::NodeBlock.
template <class V>
struct Node {
  Complex<V> exponent, covariance, to_years;
  Complex<V> to[most_parameters];
};

/// Heston's Riccati functions and how they move with b = kappa - rho xi s and with xi:
/// K = kappa theta A + v0 B, by the formulation whose logarithm stays on the principal branch.
/// Source   H. Albrecher, P. Mayer, W. Schoutens and J. Tistaert, "The little Heston trap", Wilmott (January 2007);
///          (b - d)/xi² is written as -s (1 - s)/(b + d), which keeps its digits for small xi.
template <class V>
struct Riccati {
  Complex<V> b, d, per_d, e, ne, r, g, per_p, per_m, per_1g, one_minus_g, l, A, B;
};
template <class V>
HWY_INLINE Riccati<V> RiccatiOf(const Heston& p, double years, Complex<V> s) {
  Riccati<V> f;
  const double x2 = p.xi * p.xi;
  const auto q = s - s * s;
  f.b = p.kappa - (p.rho * p.xi) * s;
  // b² + xi² q with the squares of s in one: they cancel as |rho| comes to 1.
  const double once = x2 - 2.0 * p.kappa * p.rho * p.xi, twice = x2 * (1.0 - p.rho) * (1.0 + p.rho);
  f.d = lanes::Sqrt(p.kappa * p.kappa + s * (once - twice * s));
  f.ne = -lanes::Expm1Of(-years * f.d);
  f.e = 1.0 - f.ne;
  f.per_p = Inverse(f.b + f.d);
  f.r = q * f.per_p;
  f.g = -x2 * (f.r * f.per_p);
  f.one_minus_g = 2.0 * (f.d * f.per_p);
  f.per_1g = Inverse(f.one_minus_g);
  f.per_m = Inverse(f.one_minus_g + f.g * f.ne);
  f.l = Log1pOf(f.g * f.ne * f.per_1g);
  f.A = -years * f.r - (2.0 / x2) * f.l;
  f.B = -(f.r * f.ne * f.per_m);
  return f;
}

/// The derivatives of the same in a direction that moves b by `b` and xi² by `x2`.
template <class V>
struct RiccatiSlope {
  Complex<V> d, e, r, g, A, B;
};
template <class V>
HWY_INLINE RiccatiSlope<V> SlopeOf(const Heston& p, double years, Complex<V> s, const Riccati<V>& f, Complex<V> b,
                                   double x2_slope) {
  RiccatiSlope<V> t;
  const double x2 = p.xi * p.xi;
  const auto q = s - s * s;
  t.d = (f.b * b + (0.5 * x2_slope) * q) * f.per_d;
  t.e = -years * (f.e * t.d);
  const auto p_part = (b + t.d) * f.per_p;
  t.r = -(f.r * p_part);
  t.g = -((x2_slope * f.r + x2 * t.r) * f.per_p) - f.g * p_part;
  const auto m = -(t.g * f.e + f.g * t.e) * f.per_m;  // of 1 - g e, over it
  t.B = -((t.r * f.ne - f.r * t.e) * f.per_m) - f.B * m;
  const auto l = m + t.g * f.per_1g;
  t.A = -years * t.r - (2.0 / x2) * l + (2.0 * x2_slope / (x2 * x2)) * f.l;
  return t;
}

/// ln(1 + z)/z and its derivative; by their series near 0, to z^5.
template <class V>
struct LogShare {
  Complex<V> value, slope;
};
template <class V>
HWY_INLINE LogShare<V> LogShareOf(Complex<V> z) {
  const hn::DFromV<V> d;
  const auto near = hn::Lt(lanes::SquaredSize(z), hn::Set(d, 1e-6));
  const auto pick = [&](Complex<V> a, Complex<V> b) HWY_ATTR {
    return Complex<V>{hn::IfThenElse(near, a.re, b.re), hn::IfThenElse(near, a.im, b.im)};
  };
  const auto one = lanes::Real(hn::Set(d, 1.0));
  const auto safe = pick(one, z);
  const auto per = Inverse(safe);
  const auto far = Log1pOf(safe) * per;
  const auto far_slope = (Inverse(1.0 + safe) - far) * per;
  const auto series = 1.0 + z * (-0.5 + z * (1.0 / 3.0 + z * (-0.25 + z * (0.2 - (1.0 / 6.0) * z))));
  const auto series_slope = -0.5 + z * (2.0 / 3.0 + z * (-0.75 + z * (0.8 - (5.0 / 6.0) * z)));
  return {pick(series, far), pick(series_slope, far_slope)};
}

/// Numbers of the three models in one; what a model has not is 0.
struct Affine {
  Heston heston;
  NormalJumps jumps;
  double variance_jump = 0.0, jump_slope = 0.0;
};
enum class JumpKind { none, price, both };

/// e^{s Z}'s mean over the normal part of a jump.
template <class V>
HWY_INLINE Complex<V> JumpMean(const NormalJumps& jumps, Complex<V> s) {
  return ExpOf(s * (jumps.mean + (0.5 * jumps.deviation * jumps.deviation) * s));
}

/// The same less 1 and less s times its value at 1.
template <class V>
HWY_INLINE Complex<V> Compensated(const NormalJumps& jumps, Complex<V> s) {
  const double half = 0.5 * jumps.deviation * jumps.deviation;
  return lanes::Expm1Of(s * (jumps.mean + half * s)) - math::expm1(jumps.mean + half) * s;
}

/// The mean over the variance's jumps along the path, I = int_0^T dt / (c - variance_jump B(t)), c = 1 - s jump_slope
/// variance_jump, in closed form, and its derivatives.
/// Source   D. Duffie, J. Pan and K. Singleton (2000), section 4; the form whose only logarithm is ln(1 + z)/z, regular
///          where variance_jump, r or the old form's denominators vanish, was derived here.
template <class V>
struct JumpTime {
  Complex<V> c, p, per_p, q, per_r, scale, w, z, value;
  LogShare<V> log;
};
template <class V>
HWY_INLINE JumpTime<V> JumpTimeOf(const Affine& m, double years, Complex<V> s, const Riccati<V>& f) {
  JumpTime<V> t;
  t.c = 1.0 - (m.jump_slope * m.variance_jump) * s;
  const auto h = m.variance_jump * f.r;
  t.p = t.c + h;
  t.q = t.c * f.g + h;
  t.per_p = Inverse(t.p);
  t.per_r = Inverse(t.p - t.q * f.e);
  t.z = -(t.q * f.ne * t.per_r);
  t.log = LogShareOf(t.z);
  t.scale = f.per_d * t.per_p * t.per_r;
  t.w = h * f.one_minus_g * f.ne * t.scale;
  t.value = years * t.per_p + t.w * t.log.value;
  return t;
}
/// Its derivative in a direction that moves c by `c`, variance_jump by `v` and the Riccati functions by `k`.
template <class V>
HWY_INLINE Complex<V> JumpTimeSlope(const Affine& m, double years, const Riccati<V>& f, const JumpTime<V>& t,
                                    Complex<V> c, double v, const RiccatiSlope<V>& k) {
  const auto h = m.variance_jump * f.r, h_slope = v * f.r + m.variance_jump * k.r;
  const auto p = c + h_slope;
  const auto q = c * f.g + t.c * k.g + h_slope;
  const auto r_part = (p - q * f.e - t.q * k.e) * t.per_r;
  const auto z = -((q * f.ne - t.q * k.e) * t.per_r) - t.z * r_part;
  const auto top = h_slope * f.one_minus_g * f.ne - h * (k.g * f.ne + f.one_minus_g * k.e);
  const auto p_part = p * t.per_p;
  const auto w = top * t.scale - t.w * (k.d * f.per_d + p_part + r_part);
  return w * t.log.value + t.w * (t.log.slope * z) - years * (t.per_p * p_part);
}

template <JumpKind kind, class V>
HWY_INLINE void AffineNode(const Affine& m, double years, const internal::Wanted& wanted, Complex<V> s, Node<V>& out) {
  const hn::DFromV<V> d;
  const Heston& p = m.heston;
  auto f = RiccatiOf(p, years, s);
  f.per_d = Inverse(f.d);
  out.exponent = (p.kappa * p.theta) * f.A + p.v0 * f.B;

  Complex<V> jump{}, time = lanes::Real(hn::Set(d, years));
  JumpTime<V> jump_time{};
  const double rate = m.jumps.rate;
  // One plus the mean jump, times what the jump of the variance adds.
  const double kept = 1.0 - m.jump_slope * m.variance_jump;
  const double grown =
      math::exp(m.jumps.mean + 0.5 * m.jumps.deviation * m.jumps.deviation) / (kind == JumpKind::both ? kept : 1.0);
  if constexpr (kind != JumpKind::none) {
    jump = JumpMean(m.jumps, s);
    if constexpr (kind == JumpKind::both) {
      jump_time = JumpTimeOf(m, years, s, f);
      time = jump_time.value;
    }
    const auto per_rate =
        kind == JumpKind::both ? jump * time - years - ((grown - 1.0) * years) * s : years * Compensated(m.jumps, s);
    out.exponent = out.exponent + rate * per_rate;
    if (wanted.gradient) out.to[5] = per_rate;
  }
  if (wanted.covariance) {
    out.covariance = p.v0 * (s + (p.rho * p.xi) * f.B);
    if constexpr (kind != JumpKind::none) {
      const auto next = JumpMean(m.jumps, 1.0 + s);
      if constexpr (kind == JumpKind::both) {
        const auto held = jump_time.c - m.variance_jump * f.B;
        const auto change = next / (held - m.jump_slope * m.variance_jump) - jump / held;
        out.covariance = out.covariance + rate * (change - (grown - 1.0));
      } else {
        out.covariance = out.covariance + rate * (next - jump - (grown - 1.0));
      }
    }
  }
  if (wanted.time) {
    // Riccati's equation itself.
    const auto slope = f.B * ((0.5 * p.xi * p.xi) * f.B - f.b) - 0.5 * (s - s * s);
    out.to_years = (p.kappa * p.theta) * f.B + p.v0 * slope;
    if constexpr (kind != JumpKind::none) {
      const auto arriving = kind == JumpKind::both ? jump / (jump_time.c - m.variance_jump * f.B) : jump;
      out.to_years = out.to_years + rate * (arriving - 1.0 - (grown - 1.0) * s);
    }
  }
  if (!wanted.gradient) return;

  const auto zero = lanes::Real(hn::Zero(d));
  const auto by_b = SlopeOf(p, years, s, f, lanes::Real(hn::Set(d, 1.0)), 0.0);
  const auto by_xi = SlopeOf(p, years, s, f, -p.rho * s, 2.0 * p.xi);
  auto to_b = (p.kappa * p.theta) * by_b.A + p.v0 * by_b.B;
  auto to_xi = (p.kappa * p.theta) * by_xi.A + p.v0 * by_xi.B;
  if constexpr (kind != JumpKind::none) {
    const auto grown_years = (rate * grown * years) * s;
    const auto moved = rate * (s * jump * time);
    out.to[6] = moved - grown_years;
    out.to[7] = m.jumps.deviation * (s * moved - grown_years);
    if constexpr (kind == JumpKind::both) {
      to_b = to_b + rate * (jump * JumpTimeSlope(m, years, f, jump_time, zero, 0.0, by_b));
      to_xi = to_xi + rate * (jump * JumpTimeSlope(m, years, f, jump_time, zero, 0.0, by_xi));
      const RiccatiSlope<V> still{zero, zero, zero, zero, zero, zero};
      const auto to_c = JumpTimeSlope(m, years, f, jump_time, lanes::Real(hn::Set(d, 1.0)), 0.0, still);
      const auto to_v = JumpTimeSlope(m, years, f, jump_time, zero, 1.0, still);
      out.to[8] = rate * (jump * (to_v - m.jump_slope * (s * to_c))) - (m.jump_slope / kept) * grown_years;
      out.to[9] = (-rate * m.variance_jump) * (jump * s * to_c) - (m.variance_jump / kept) * grown_years;
    }
  }
  out.to[0] = f.B;
  out.to[1] = p.theta * f.A + to_b;
  out.to[2] = p.kappa * f.A;
  out.to[3] = to_xi;
  out.to[4] = -p.xi * (s * to_b);
}

}  // namespace ballast::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BALLAST_MODEL_INTERNAL_AFFINE_INL_H_
