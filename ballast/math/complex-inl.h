// Complex numbers in lanes, with the operators and functions that a characteristic function is written in, and the
// sine, cosine and arc tangent below them. Compiled once per instruction set like lanes-inl.h, which it includes.
#if defined(BALLAST_MATH_COMPLEX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BALLAST_MATH_COMPLEX_INL_H_
#undef BALLAST_MATH_COMPLEX_INL_H_
#else
#define BALLAST_MATH_COMPLEX_INL_H_
#endif

#include <hwy/highway.h>

#include "ballast/math/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::math::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// fdlibm's k_sin.c and k_cos.c, S1..S6 and C1..C6 (Sun Microsystems 1993): below 2^-58 of the result on |x| <= pi/4.
inline constexpr double sine_rest[] = {-1.66666666666666324348e-01, 8.33333333332248946124e-03,
                                       -1.98412698298579493134e-04, 2.75573137070700676789e-06,
                                       -2.50507602534068634195e-08, 1.58969099521155010221e-10};
inline constexpr double cosine_rest[] = {4.16666666666666019037e-02, -1.38888888888741095749e-03,
                                         2.48015872894767294178e-05, -2.75573143513906633035e-07,
                                         2.08757232129817482790e-09, -1.13596475577881948265e-11};
/// fdlibm's e_rem_pio2.c: the first 33 bits of pi/2, and the rest of it.
inline constexpr double half_pi_high = 1.57079632673412561417e+00, half_pi_low = 6.07710050650619224932e-11;
/// fdlibm's s_atan.c, aT: atan(x) = x - x z p(z), z = x², |x| <= 7/16.
inline constexpr double arc_tangent_rest[] = {
    3.33333333333329318027e-01, -1.99999999998764832476e-01, 1.42857142725034663711e-01, -1.11111104054623557880e-01,
    9.09088713343650656196e-02, -7.69187620504482999495e-02, 6.66107313738753120669e-02, -5.83357013379057348645e-02,
    4.97687799461593236017e-02, -3.65315727442169155270e-02, 1.62858201153657823623e-02};

/// sin x and cos x. |x| <= 1e6, absolute error <= 2^-52; beyond, less and less is right. NaN for NaN and infinity.
template <class V>
struct SineCosineOf {
  V sine, cosine;
};
template <class D>
HWY_INLINE SineCosineOf<hn::Vec<D>> SinCos(D d, hn::Vec<D> x) {
  const hn::RebindToSigned<D> di;
  // x = k pi/2 + r: k in the low bits, k half_pi_high exact for |k| < 2^20.
  const auto whole = hn::MulAdd(x, hn::Set(d, 0.63661977236758134308), hn::Set(d, exponent_zero));
  const auto k = hn::Sub(whole, hn::Set(d, exponent_zero));
  const auto r = hn::NegMulAdd(k, hn::Set(d, half_pi_low), hn::NegMulAdd(k, hn::Set(d, half_pi_high), x));
  const auto z = hn::Mul(r, r), one = hn::Set(d, 1.0);
  const auto sine = hn::MulAdd(hn::Mul(z, r), Polynomial(d, sine_rest, z), r);
  const auto half = hn::Mul(z, hn::Set(d, 0.5)), near = hn::Sub(one, half);
  const auto cosine =
      hn::Add(near, hn::MulAdd(hn::Mul(z, z), Polynomial(d, cosine_rest, z), hn::Sub(hn::Sub(one, near), half)));
  const auto quadrant = hn::BitCast(di, whole);
  const auto odd = hn::BitCast(d, hn::ShiftLeft<63>(quadrant));  // sign bit set where sine and cosine change places
  const auto sine_sign = hn::BitCast(d, hn::ShiftLeft<63>(hn::ShiftRight<1>(quadrant)));
  const auto cosine_sign = hn::Xor(sine_sign, odd);
  const auto swap = hn::Lt(hn::Or(odd, one), hn::Zero(d));
  return {hn::Xor(hn::IfThenElse(swap, cosine, sine), sine_sign),
          hn::Xor(hn::IfThenElse(swap, sine, cosine), cosine_sign)};
}

/// The angle of x + iy, in [-pi, pi]. Absolute error <= 3 2^-52; 0 for 0, 0. x and y finite.
template <class D>
HWY_INLINE hn::Vec<D> Atan2(D d, hn::Vec<D> y, hn::Vec<D> x) {
  const auto zero = hn::Zero(d), ay = hn::Abs(y), ax = hn::Abs(x);
  const auto low = hn::Min(ax, ay), high = hn::Max(ax, ay);
  // Beyond tan(pi/8) from the other side of the bisector: atan(t) = pi/4 + atan((t - 1)/(t + 1)).
  const auto far = hn::Gt(low, hn::Mul(high, hn::Set(d, 0.41421356237309504880)));
  const auto top = hn::IfThenElse(far, hn::Sub(low, high), low);
  const auto bottom = hn::IfThenElse(far, hn::Add(low, high), high);
  const auto t = hn::Div(top, hn::IfThenElse(hn::Eq(high, zero), hn::Set(d, 1.0), bottom));
  const auto z = hn::Mul(t, t);
  const auto part = hn::NegMulAdd(hn::Mul(t, z), Polynomial(d, arc_tangent_rest, z), t);
  auto angle = hn::Add(part, hn::IfThenElseZero(far, hn::Set(d, 0.78539816339744830962)));
  angle = hn::IfThenElse(hn::Gt(ay, ax), hn::Sub(hn::Set(d, 1.57079632679489661923), angle), angle);
  angle = hn::IfThenElse(hn::Lt(x, zero), hn::Sub(hn::Set(d, 3.14159265358979323846), angle), angle);
  return hn::CopySign(angle, y);
}

template <class V>
struct Complex {
  V re, im;
};

template <class V>
HWY_INLINE Complex<V> Real(V x) {
  return {x, hn::Zero(hn::DFromV<V>())};
}
template <class V>
HWY_INLINE Complex<V> operator+(Complex<V> a, Complex<V> b) {
  return {hn::Add(a.re, b.re), hn::Add(a.im, b.im)};
}
template <class V>
HWY_INLINE Complex<V> operator-(Complex<V> a, Complex<V> b) {
  return {hn::Sub(a.re, b.re), hn::Sub(a.im, b.im)};
}
template <class V>
HWY_INLINE Complex<V> operator-(Complex<V> a) {
  return {hn::Neg(a.re), hn::Neg(a.im)};
}
template <class V>
HWY_INLINE Complex<V> operator*(Complex<V> a, Complex<V> b) {
  return {hn::NegMulAdd(a.im, b.im, hn::Mul(a.re, b.re)), hn::MulAdd(a.re, b.im, hn::Mul(a.im, b.re))};
}
template <class V>
HWY_INLINE Complex<V> operator*(double x, Complex<V> a) {
  const auto factor = hn::Set(hn::DFromV<V>(), x);
  return {hn::Mul(factor, a.re), hn::Mul(factor, a.im)};
}
template <class V>
HWY_INLINE Complex<V> operator+(double x, Complex<V> a) {
  return {hn::Add(hn::Set(hn::DFromV<V>(), x), a.re), a.im};
}
template <class V>
HWY_INLINE Complex<V> operator-(double x, Complex<V> a) {
  return {hn::Sub(hn::Set(hn::DFromV<V>(), x), a.re), hn::Neg(a.im)};
}
template <class V>
HWY_INLINE Complex<V> operator-(Complex<V> a, double x) {
  return {hn::Sub(a.re, hn::Set(hn::DFromV<V>(), x)), a.im};
}
template <class V>
HWY_INLINE V SquaredSize(Complex<V> a) {
  return hn::MulAdd(a.re, a.re, hn::Mul(a.im, a.im));
}
/// 1/a; the square of |a| may neither overflow nor vanish.
template <class V>
HWY_INLINE Complex<V> Inverse(Complex<V> a) {
  const auto per = hn::Div(hn::Set(hn::DFromV<V>(), 1.0), SquaredSize(a));
  return {hn::Mul(a.re, per), hn::Neg(hn::Mul(a.im, per))};
}
template <class V>
HWY_INLINE Complex<V> operator/(Complex<V> a, Complex<V> b) {
  return a * Inverse(b);
}

/// The root with a real part >= 0.
template <class V>
HWY_INLINE Complex<V> Sqrt(Complex<V> a) {
  const hn::DFromV<V> d;
  const auto size = hn::Sqrt(SquaredSize(a));
  const auto larger = hn::Sqrt(hn::Mul(hn::Set(d, 0.5), hn::Add(size, hn::Abs(a.re))));
  const auto safe = hn::IfThenElse(hn::Eq(larger, hn::Zero(d)), hn::Set(d, 1.0), larger);
  const auto smaller = hn::Mul(hn::Set(d, 0.5), hn::Div(hn::Abs(a.im), safe));
  const auto left = hn::Lt(a.re, hn::Zero(d));
  return {hn::IfThenElse(left, smaller, larger), hn::CopySign(hn::IfThenElse(left, larger, smaller), a.im)};
}

/// e^a; the imaginary part within SinCos.
template <class V>
HWY_INLINE Complex<V> ExpOf(Complex<V> a) {
  const hn::DFromV<V> d;
  const auto size = Exp(d, a.re);
  const auto turn = SinCos(d, a.im);
  return {hn::Mul(size, turn.cosine), hn::Mul(size, turn.sine)};
}

/// e^a - 1, without the rounding of e^a.
template <class V>
HWY_INLINE Complex<V> Expm1Of(Complex<V> a) {
  const hn::DFromV<V> d;
  const auto grown = Expm1(d, a.re), half = hn::Set(d, 0.5);
  const auto turn = SinCos(d, hn::Mul(half, a.im));
  const auto sine = hn::Mul(hn::Add(turn.sine, turn.sine), turn.cosine);
  const auto lost = hn::Mul(hn::Add(turn.sine, turn.sine), turn.sine);  // 1 - cos
  return {hn::NegMulAdd(hn::Add(grown, hn::Set(d, 1.0)), lost, grown), hn::MulAdd(grown, sine, sine)};
}

/// ln a on the principal branch.
template <class V>
HWY_INLINE Complex<V> LogOf(Complex<V> a) {
  const hn::DFromV<V> d;
  return {hn::Mul(hn::Set(d, 0.5), Log(d, SquaredSize(a))), Atan2(d, a.im, a.re)};
}

/// ln(1 + a) on the principal branch, without the rounding of 1 + a.
template <class V>
HWY_INLINE Complex<V> Log1pOf(Complex<V> a) {
  const hn::DFromV<V> d;
  const auto grown = hn::MulAdd(a.re, hn::Add(a.re, hn::Set(d, 2.0)), hn::Mul(a.im, a.im));
  const auto one = hn::Add(a.re, hn::Set(d, 1.0));
  auto size = Log1p(d, grown);
  // Near 0 the sum is exact and its square has digits that 1 + grown has not.
  const auto small = hn::Lt(grown, hn::Set(d, -0.75));
  if (!hn::AllFalse(d, small)) size = hn::IfThenElse(small, Log(d, SquaredSize(Complex<V>{one, a.im})), size);
  return {hn::Mul(hn::Set(d, 0.5), size), Atan2(d, a.im, one)};
}

/// a to a real power on the principal branch; a not 0.
template <class V>
HWY_INLINE Complex<V> Power(Complex<V> a, double power) {
  return ExpOf(power * LogOf(a));
}

}  // namespace ballast::math::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BALLAST_MATH_COMPLEX_INL_H_
