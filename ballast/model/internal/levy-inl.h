// The exponents of models with independent increments, K(s) = T psi(s), on complex numbers in lanes. Compiled once per
// instruction set like ballast/math/lanes-inl.h.
#if defined(BALLAST_MODEL_INTERNAL_LEVY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BALLAST_MODEL_INTERNAL_LEVY_INL_H_
#undef BALLAST_MODEL_INTERNAL_LEVY_INL_H_
#else
#define BALLAST_MODEL_INTERNAL_LEVY_INL_H_
#endif

#include <hwy/highway.h>

#include <cmath>

#include "ballast/math/complex-inl.h"
#include "ballast/model/internal/affine-inl.h"
#include "ballast/model/internal/exponent.h"
#include "ballast/model/internal/moments.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::model::HWY_NAMESPACE {

/// psi(s), with psi(0) = psi(1) = 0.
template <class V>
HWY_INLINE Complex<V> Psi(const BlackScholes& m, Complex<V> s) {
  return (-0.5 * m.vol * m.vol) * (s - s * s);
}
template <class V>
HWY_INLINE Complex<V> Psi(const Merton& m, Complex<V> s) {
  return Psi(BlackScholes{m.vol}, s) + m.jumps.rate * Compensated(m.jumps, s);
}

/// d psi / d parameter, in the order of values().
template <class V>
HWY_INLINE void PsiGradient(const BlackScholes& m, Complex<V> s, Complex<V>* to) {
  to[0] = -m.vol * (s - s * s);
}
template <class V>
HWY_INLINE void PsiGradient(const Merton& m, Complex<V> s, Complex<V>* to) {
  const double grown = math::exp(m.jumps.mean + 0.5 * m.jumps.deviation * m.jumps.deviation);
  const auto jump = JumpMean(m.jumps, s);
  to[0] = -m.vol * (s - s * s);
  to[1] = Compensated(m.jumps, s);
  to[2] = m.jumps.rate * (s * (jump - grown));
  to[3] = (m.jumps.rate * m.jumps.deviation) * (s * (s * jump - grown));
}

/// x/(x - s)
template <class V>
HWY_INLINE Complex<V> Share(double x, Complex<V> s) {
  return x * Inverse(x - s);
}
/// x/(x - s) - 1 - s/(x - 1) = s (s - 1)/((x - s) (x - 1)), and its mirror image: what a jump adds, compensated.
template <class V>
HWY_INLINE Complex<V> Psi(const Kou& m, Complex<V> s) {
  const double p = m.up_share, up = m.up_rate, down = m.down_rate;
  const auto shares = (p / (up - 1.0)) * Inverse(up - s) + ((1.0 - p) / (down + 1.0)) * Inverse(down + s);
  return Psi(BlackScholes{m.vol}, s) + m.rate * ((s * (s - 1.0)) * shares);
}
template <class V>
HWY_INLINE void PsiGradient(const Kou& m, Complex<V> s, Complex<V>* to) {
  const double p = m.up_share, up = m.up_rate, down = m.down_rate;
  const double grown_up = up / (up - 1.0), grown_down = down / (down + 1.0);
  const auto jump_up = Share(up, s), jump_down = Share(down, -s);
  to[0] = -m.vol * (s - s * s);
  to[1] = (s * (s - 1.0)) * ((p / (up - 1.0)) * Inverse(up - s) + ((1.0 - p) / (down + 1.0)) * Inverse(down + s));
  to[2] = m.rate * (jump_up - jump_down - (grown_up - grown_down) * s);
  to[3] = (-m.rate * p / (up * up)) * (s * (jump_up * jump_up - grown_up * grown_up));
  to[4] = (m.rate * (1.0 - p) / (down * down)) * (s * (jump_down * jump_down - grown_down * grown_down));
}

/// -ln(1 - nu x)/nu, and its derivative to nu.
template <class V>
HWY_INLINE Complex<V> GammaClock(double nu, Complex<V> x) {
  return (-1.0 / nu) * Log1pOf(-nu * x);
}
template <class V>
HWY_INLINE Complex<V> GammaClockSlope(double nu, Complex<V> x) {
  return (1.0 / nu) * (x * Inverse(1.0 - nu * x) - GammaClock(nu, x));
}
template <class V>
HWY_INLINE Complex<V> Psi(const VarianceGamma& m, Complex<V> s) {
  const hn::DFromV<V> d;
  const double half = 0.5 * m.sigma * m.sigma;
  const auto one = GammaClock(m.nu, lanes::Real(hn::Set(d, m.theta + half)));
  return GammaClock(m.nu, s * (m.theta + half * s)) - s * one;
}
template <class V>
HWY_INLINE void PsiGradient(const VarianceGamma& m, Complex<V> s, Complex<V>* to) {
  const hn::DFromV<V> d;
  const double half = 0.5 * m.sigma * m.sigma;
  const auto x = s * (m.theta + half * s), one = lanes::Real(hn::Set(d, m.theta + half));
  const auto per = Inverse(1.0 - m.nu * x), per_one = Inverse(1.0 - m.nu * one);
  to[0] = m.sigma * (s * (s * per - per_one));
  to[1] = GammaClockSlope(m.nu, x) - s * GammaClockSlope(m.nu, one);
  to[2] = s * (per - per_one);
}

template <class V>
HWY_INLINE Complex<V> NigRoot(const Nig& m, Complex<V> s) {
  return lanes::Sqrt(((m.alpha - m.beta) - s) * ((m.alpha + m.beta) + s));
}
/// delta (r0 - r(s) + (r1 - r0) s), r(s) = sqrt(alpha² - (beta + s)²), without what cancels: r0 - r1 is (2 beta +
/// 1)/(r0
/// + r1), and so on.
template <class V>
HWY_INLINE Complex<V> Psi(const Nig& m, Complex<V> s) {
  const double r0 = std::sqrt((m.alpha - m.beta) * (m.alpha + m.beta)), odd = 2.0 * m.beta + 1.0;
  const double r1 = std::sqrt((m.alpha - m.beta - 1.0) * (m.alpha + m.beta + 1.0));
  const auto r = NigRoot(m, s);
  const auto top = (r0 + r1) + odd * ((odd + s) * Inverse(r1 + r));
  return (m.delta / (r0 + r1)) * ((s * (s - 1.0)) * top * Inverse(r0 + r));
}
template <class V>
HWY_INLINE void PsiGradient(const Nig& m, Complex<V> s, Complex<V>* to) {
  const double r0 = std::sqrt((m.alpha - m.beta) * (m.alpha + m.beta));
  const double r1 = std::sqrt((m.alpha - m.beta - 1.0) * (m.alpha + m.beta + 1.0));
  const auto at = m.beta + s, root = NigRoot(m, s), per = Inverse(root);
  to[0] = (m.delta * m.alpha) * (1.0 / r0 - per + (1.0 / r1 - 1.0 / r0) * s);
  to[1] = m.delta * (at * per - m.beta / r0 + (m.beta / r0 - (m.beta + 1.0) / r1) * s);
  to[2] = r0 - root + (r1 - r0) * s;
}

/// (1 + z)^y - 1
template <class V>
HWY_INLINE Complex<V> PowerLess1(Complex<V> z, double y) {
  return lanes::Expm1Of(y * Log1pOf(z));
}
template <class V>
HWY_INLINE Complex<V> Psi(const Cgmy& m, Complex<V> s) {
  const double front = m.c * std::tgamma(-m.y), m0 = std::pow(m.m, m.y), g0 = std::pow(m.g, m.y);
  const double one = m0 * math::expm1(m.y * math::log1p(-1.0 / m.m)) + g0 * math::expm1(m.y * math::log1p(1.0 / m.g));
  return front * (m0 * PowerLess1((-1.0 / m.m) * s, m.y) + g0 * PowerLess1((1.0 / m.g) * s, m.y) - one * s);
}
template <class V>
HWY_INLINE void PsiGradient(const Cgmy& m, Complex<V> s, Complex<V>* to) {
  const double y = m.y, gamma = std::tgamma(-y), front = m.c * gamma;
  const double log_m = std::log(m.m), log_g = std::log(m.g), log_m1 = std::log(m.m - 1.0), log_g1 = std::log(m.g + 1.0);
  const double m0 = std::pow(m.m, y), g0 = std::pow(m.g, y), m1 = std::pow(m.m - 1.0, y), g1 = std::pow(m.g + 1.0, y);
  const auto low = m.m - s, high = m.g + s, log_low = lanes::LogOf(low), log_high = lanes::LogOf(high);
  const auto low_y = ExpOf(y * log_low), high_y = ExpOf(y * log_high);
  to[0] = gamma * (low_y + high_y - (m0 + g0) - (m1 + g1 - m0 - g0) * s);
  to[1] = (front * y) * (high_y * Inverse(high) - g0 / m.g - (g1 / (m.g + 1.0) - g0 / m.g) * s);
  to[2] = (front * y) * (low_y * Inverse(low) - m0 / m.m - (m1 / (m.m - 1.0) - m0 / m.m) * s);
  to[3] = front * (low_y * log_low + high_y * log_high - (m0 * log_m + g0 * log_g) -
                   (m1 * log_m1 + g1 * log_g1 - m0 * log_m - g0 * log_g) * s) -
          (m.c * internal::digamma(-y)) * to[0];
}

/// A model's node from its psi. The covariance of two exponentials: psi(s + 1) - psi(s) - psi(1).
template <class M, class V>
HWY_INLINE void LevyNode(const M& m, double years, const internal::Wanted& wanted, Complex<V> s, Node<V>& out) {
  const auto psi = Psi(m, s);
  out.exponent = years * psi;
  if (wanted.covariance) out.covariance = Psi(m, 1.0 + s) - psi;
  if (wanted.time) out.to_years = psi;
  if (!wanted.gradient) return;
  PsiGradient(m, s, out.to);
  for (std::size_t i = 0; i < most_parameters; ++i) out.to[i] = years * out.to[i];
}

}  // namespace ballast::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BALLAST_MODEL_INTERNAL_LEVY_INL_H_
