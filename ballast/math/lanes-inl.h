// The elementary functions on one vector of lanes, compiled once per instruction set: include after
// <hwy/highway.h>, inside the pattern of <hwy/foreach_target.h>. Every operation and its order are fixed, so two
// instruction sets with a fused multiply-add give the same bits, and so does a vector of one lane, the scalar twin.
// No operation traps; what leaves a function's domain is said where it is declared.
#if defined(BALLAST_MATH_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BALLAST_MATH_LANES_INL_H_
#undef BALLAST_MATH_LANES_INL_H_
#else
#define BALLAST_MATH_LANES_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>

#include "ballast/math/internal/coefficients.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::math::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using namespace internal;  // the coefficients

/// c[0] + c[1] x + ... + c[n-1] x^(n-1), one multiply-add a term.
template <class D, std::size_t n>
HWY_INLINE hn::Vec<D> Polynomial(D d, const double (&c)[n], hn::Vec<D> x) {
  auto sum = hn::Set(d, c[n - 1]);
  for (std::size_t i = n - 1; i-- > 0;) sum = hn::MulAdd(sum, x, hn::Set(d, c[i]));
  return sum;
}

/// The eight coefficients of log_rest by pairs (G. Estrin's scheme): two more products, half the latency.
template <class D>
HWY_INLINE hn::Vec<D> LogRest(D d, hn::Vec<D> z) {
  static_assert(std::size(log_rest) == 8);
  const auto pair = [&](std::size_t i)
                        HWY_ATTR { return hn::MulAdd(hn::Set(d, log_rest[i + 1]), z, hn::Set(d, log_rest[i])); };
  const auto z2 = hn::Mul(z, z), z4 = hn::Mul(z2, z2);
  return hn::MulAdd(hn::MulAdd(pair(6), z2, pair(4)), z4, hn::MulAdd(pair(2), z2, pair(0)));
}

/// What the rounding of product = a b left: exactly a b - product. Without a fused multiply-add by T. J. Dekker's
/// splitting, Numer. Math. 18 (1971) 224-242, for |a|, |b| < 1e290.
template <class D>
HWY_INLINE hn::Vec<D> ProductRest(D d, hn::Vec<D> a, hn::Vec<D> b, hn::Vec<D> product) {
#if HWY_NATIVE_FMA
  (void)d;
  return hn::MulSub(a, b, product);
#else
  const auto splitter = hn::Set(d, 134217729.0);  // 2^27 + 1
  const auto high = [&](hn::Vec<D> v) {
    const auto scaled = hn::Mul(splitter, v);
    return hn::Sub(scaled, hn::Sub(scaled, v));
  };
  const auto a_high = high(a), b_high = high(b);
  const auto a_low = hn::Sub(a, a_high), b_low = hn::Sub(b, b_high);
  const auto rest = hn::Sub(hn::Mul(a_high, b_high), product);
  return hn::Add(hn::Add(hn::Add(rest, hn::Mul(a_high, b_low)), hn::Mul(a_low, b_high)), hn::Mul(a_low, b_low));
#endif
}

/// A number as value * 2^k; k sits in the low bits of `exponent`, which is 1.5 * 2^52 + k.
template <class D>
struct Scaled {
  hn::Vec<D> value, exponent;
};

inline constexpr double exponent_zero = 0x1.8p52;

/// value * 2^k for k in [-1021, 1022] and value near 1: the exponent is added to the bits.
template <class D>
HWY_INLINE hn::Vec<D> Scale(D d, hn::Vec<D> value, hn::Vec<D> exponent) {
  const hn::RebindToSigned<D> di;
  return hn::BitCast(d, hn::Add(hn::BitCast(di, value), hn::ShiftLeft<52>(hn::BitCast(di, exponent))));
}

/// The same for every k in [-1100, 1100]: what is subnormal is rounded once, what is too large is infinite.
template <class D>
HWY_INLINE hn::Vec<D> ScaleFully(D d, hn::Vec<D> value, hn::Vec<D> exponent) {
  const auto low = hn::Lt(exponent, hn::Set(d, exponent_zero - 900.0));
  const auto high = hn::Gt(exponent, hn::Set(d, exponent_zero + 900.0));
  const auto shift = hn::IfThenElse(low, hn::Set(d, 200.0), hn::IfThenElseZero(high, hn::Set(d, -200.0)));
  const auto factor =
      hn::IfThenElse(low, hn::Set(d, 0x1p-200), hn::IfThenElse(high, hn::Set(d, 0x1p200), hn::Set(d, 1.0)));
  return hn::Mul(Scale(d, value, hn::Add(exponent, shift)), factor);
}

/// What the rounding of sum = a + b left (D. E. Knuth's two-sum).
template <class D>
HWY_INLINE hn::Vec<D> SumRest(D, hn::Vec<D> a, hn::Vec<D> b, hn::Vec<D> sum) {
  const auto b_seen = hn::Sub(sum, a);
  return hn::Add(hn::Sub(a, hn::Sub(sum, b_seen)), hn::Sub(b, b_seen));
}

/// e^(x + x_rest) = 2^k (1 + r + rest), |r| <= 0.3466, rest <= 0.06; k in `exponent` as Scaled has it. |x| <= 800.
template <class D>
struct Reduced {
  hn::Vec<D> r, rest, exponent;
};
template <class D>
HWY_INLINE Reduced<D> Reduce(D d, hn::Vec<D> x, hn::Vec<D> x_rest) {
  const auto exponent = hn::MulAdd(x, hn::Set(d, per_ln2), hn::Set(d, exponent_zero));
  const auto k = hn::Sub(exponent, hn::Set(d, exponent_zero));
  const auto high = hn::NegMulAdd(k, hn::Set(d, ln2_high), x);  // exact
  const auto r = hn::Add(high, hn::NegMulAdd(k, hn::Set(d, ln2_low), x_rest));
  return {r, hn::Mul(hn::Mul(r, r), Polynomial(d, exp_rest, r)), exponent};
}

/// c (1 + r + rest) in two parts, for a constant c in two parts.
template <class D>
struct Pair {
  hn::Vec<D> high, low;
};
template <class D>
HWY_INLINE Pair<D> Times(D d, double c, double c_low, const Reduced<D>& e) {
  const auto front = hn::Set(d, c);
  const auto step = hn::MulAdd(front, e.r, hn::MulAdd(front, e.rest, hn::Set(d, c_low)));
  const auto high = hn::Add(front, step);
  return {high, hn::Add(hn::Sub(front, high), step)};
}

/// e^x. Every x; 0 below -745.2, infinite above 709.8; NaN for NaN.
template <class D>
HWY_INLINE hn::Vec<D> Exp(D d, hn::Vec<D> x) {
  const auto one = hn::Set(d, 1.0);
  const auto bounded = hn::Min(hn::Max(x, hn::Set(d, -746.0)), hn::Set(d, 710.0));
  const auto e = Reduce(d, bounded, hn::Zero(d));
  const auto sum = hn::Add(one, e.r);
  const auto lost = hn::Sub(e.r, hn::Sub(sum, one));  // exact, |r| < 1
  const auto result = ScaleFully(d, hn::Add(sum, hn::Add(lost, e.rest)), e.exponent);
  return hn::IfThenElse(hn::IsNaN(x), x, result);
}

/// e^x for |x| <= 300, where no result is subnormal. Error <= 1.5 ulp.
template <class D>
HWY_INLINE hn::Vec<D> ShortExp(D d, hn::Vec<D> x) {
  const auto e = Reduce(d, x, hn::Zero(d));
  return Scale(d, hn::Add(hn::Set(d, 1.0), hn::Add(e.r, e.rest)), e.exponent);
}

/// e^x - 1 without cancellation. Every x; -1 far below, infinite above 709.8; NaN for NaN.
template <class D>
HWY_INLINE hn::Vec<D> Expm1(D d, hn::Vec<D> x) {
  const auto one = hn::Set(d, 1.0);
  const auto bounded = hn::Min(hn::Max(x, hn::Set(d, -60.0)), hn::Set(d, 710.0));
  const auto e = Reduce(d, bounded, hn::Zero(d));
  // 2^k (1 + y) - 1 = (2^k - 1) + 2^k y, y = r + rest, halved: 2^(k-1) stays in range up to k = 1024 and is exact.
  const auto half_power = Scale(d, one, hn::Sub(e.exponent, one));
  const auto whole = hn::Sub(half_power, hn::Set(d, 0.5)), part = hn::Mul(half_power, e.r);
  const auto sum = hn::Add(whole, part);
  const auto lost = hn::Add(hn::Sub(whole, sum), part);
  const auto far = hn::Add(sum, hn::MulAdd(half_power, e.rest, lost));
  const auto near = hn::Eq(e.exponent, hn::Set(d, exponent_zero));
  const auto result = hn::IfThenElse(near, hn::Add(e.r, e.rest), hn::Add(far, far));
  // The clamp and the reduction would turn -0 and the smallest numbers into 0.
  const auto tiny = hn::Lt(hn::Abs(x), hn::Set(d, 0x1p-54));
  return hn::IfThenElse(hn::Or(tiny, hn::IsNaN(x)), x, result);
}

/// 2^-k x in [sqrt(1/2), sqrt(2)) and k as a number, for x positive and normal.
template <class D>
struct Mantissa {
  hn::Vec<D> m, k;
};
template <class D>
HWY_INLINE Mantissa<D> Split(D d, hn::Vec<D> x) {
  const hn::RebindToUnsigned<D> du;
  const auto bits = hn::BitCast(du, x);
  // The bits of sqrt(1/2), rounded up: x below it belongs to the octave before.
  const auto octave = hn::ShiftRight<52>(hn::Add(bits, hn::Set(du, 0x3ff0000000000000u - 0x3fe6a09e667f3bcdu)));
  const auto m = hn::Sub(hn::Add(bits, hn::Set(du, 0x3ff0000000000000u)), hn::ShiftLeft<52>(octave));
  const auto k = hn::Sub(hn::BitCast(d, hn::Or(octave, hn::Set(du, 0x4330000000000000u))), hn::Set(d, 0x1p52 + 1023.0));
  return {hn::BitCast(d, m), k};
}

/// ln(1 + f) + k ln 2 + rest for f in [sqrt(1/2) - 1, sqrt(2) - 1].
template <class D>
HWY_INLINE hn::Vec<D> LogOfOnePlus(D d, hn::Vec<D> f, hn::Vec<D> k, hn::Vec<D> rest) {
  const auto s = hn::Div(f, hn::Add(f, hn::Set(d, 2.0)));
  const auto z = hn::Mul(s, s);
  const auto half_square = hn::Mul(hn::Mul(f, f), hn::Set(d, 0.5));
  const auto series = hn::MulAdd(z, LogRest(d, z), half_square);
  // ln(1+f) = f - (f^2/2 - s (f^2/2 + z l(z))): what s has lost counts only times f^2.
  const auto low = hn::MulAdd(s, series, hn::MulAdd(k, hn::Set(d, ln2_low), rest));
  const auto bulk = hn::Mul(k, hn::Set(d, ln2_high));  // exact
  // bulk + f in two parts, bulk being 0 or the larger one.
  const auto sum = hn::Add(bulk, f);
  const auto lost = hn::Add(hn::Sub(bulk, sum), f);
  return hn::Add(sum, hn::Add(lost, hn::Sub(low, half_square)));
}

/// ln x. x > 0 or infinite; -infinity at 0, NaN below and for NaN.
template <class D>
HWY_INLINE hn::Vec<D> Log(D d, hn::Vec<D> x) {
  const auto infinite = hn::Set(d, std::numeric_limits<double>::infinity());
  const auto subnormal = hn::Lt(x, hn::Set(d, std::numeric_limits<double>::min()));
  const auto scaled = hn::IfThenElse(subnormal, hn::Mul(x, hn::Set(d, 0x1p54)), x);
  const auto split = Split(d, scaled);
  const auto k = hn::Sub(split.k, hn::IfThenElseZero(subnormal, hn::Set(d, 54.0)));
  auto result = LogOfOnePlus(d, hn::Sub(split.m, hn::Set(d, 1.0)), k, hn::Zero(d));
  result = hn::IfThenElse(hn::Eq(x, infinite), infinite, result);
  result = hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Neg(infinite), result);
  return hn::IfThenElse(hn::Ge(x, hn::Zero(d)), result, hn::NaN(d));
}

/// ln(1 + x) without the rounding of 1 + x. x > -1 or infinite; -infinity at -1, NaN below and for NaN.
template <class D>
HWY_INLINE hn::Vec<D> Log1p(D d, hn::Vec<D> x) {
  const auto one = hn::Set(d, 1.0);
  const auto infinite = hn::Set(d, std::numeric_limits<double>::infinity());
  const auto whole = hn::Add(one, x);
  const auto split = Split(d, whole);
  const auto near = hn::Eq(split.k, hn::Zero(d));
  const auto f = hn::IfThenElse(near, x, hn::Sub(split.m, one));
  // 1 + x = whole + lost, so ln(1 + x) = ln(whole) + lost / whole: below an ulp of the result, above 2^53 nothing.
  const auto larger = hn::Max(one, x), smaller = hn::Min(one, x);
  const auto lost = hn::Sub(smaller, hn::Sub(whole, larger));
  const auto rest = hn::IfThenZeroElse(near, hn::Div(lost, whole));
  auto result = LogOfOnePlus(d, f, split.k, rest);
  result = hn::IfThenElse(hn::Lt(hn::Abs(x), hn::Set(d, 0x1p-54)), x, result);
  result = hn::IfThenElse(hn::Eq(x, infinite), infinite, result);
  result = hn::IfThenElse(hn::Eq(x, hn::Set(d, -1.0)), hn::Neg(infinite), result);
  return hn::IfThenElse(hn::Ge(x, hn::Set(d, -1.0)), result, hn::NaN(d));
}

/// ln(a / b) from the exact difference of the two, without forming the quotient. a, b positive and normal.
/// Error <= 1 ulp; with `carried` false, which leaves the rounding of (a - b)/(a + b) in, <= 2 ulp.
template <bool carried = true, class D>
HWY_INLINE hn::Vec<D> LogRatio(D d, hn::Vec<D> a, hn::Vec<D> b) {
  const hn::RebindToUnsigned<D> du;
  const auto a_bits = hn::BitCast(du, a), b_bits = hn::BitCast(du, b);
  // The bits of a number are its logarithm to the base 2, within 0.0861: k is that of the quotient, rounded.
  const auto octave =
      hn::ShiftRight<52>(hn::Add(hn::Sub(a_bits, b_bits), hn::Set(du, 0x3ff0000000000000u + 0x0008000000000000u)));
  const auto k = hn::Sub(hn::BitCast(d, hn::Or(octave, hn::Set(du, 0x4330000000000000u))), hn::Set(d, 0x1p52 + 1023.0));
  // b 2^k, by its exponent; a and it differ by a factor below 1.502, so their difference is exact.
  auto a_near = a;
  auto shift = hn::Sub(octave, hn::Set(du, std::uint64_t{1023}));
#if !HWY_NATIVE_FMA
  if constexpr (carried) {
    // Both with the exponent of 1: the splitting in ProductRest would overflow near the largest number.
    const auto exponent = hn::Sub(hn::ShiftRight<52>(a_bits), hn::Set(du, std::uint64_t{1023}));
    a_near = hn::BitCast(d, hn::Sub(a_bits, hn::ShiftLeft<52>(exponent)));
    shift = hn::Sub(shift, exponent);
  }
#endif
  const auto b_near = hn::BitCast(d, hn::Add(b_bits, hn::ShiftLeft<52>(shift)));
  const auto top = hn::Sub(a_near, b_near), bottom = hn::Add(a_near, b_near);
  auto rest = hn::Mul(k, hn::Set(d, ln2_low));
  hn::Vec<D> s;
  if constexpr (carried) {
    const auto per_bottom = hn::Div(hn::Set(d, 1.0), bottom);
    s = hn::Mul(top, per_bottom);
    const auto product = hn::Mul(s, bottom);
    // What s is short of top / (a + b_near), the rounding of the sum included.
    const auto miss = hn::NegMulAdd(s, SumRest(d, a_near, b_near, bottom),
                                    hn::Sub(hn::Sub(top, product), ProductRest(d, s, bottom, product)));
    rest = hn::MulAdd(hn::Set(d, 2.0), hn::Mul(miss, per_bottom), rest);
  } else {
    s = hn::Div(top, bottom);
  }
  const auto z = hn::Mul(s, s);
  const auto low = hn::MulAdd(hn::Mul(s, z), LogRest(d, z), rest);
  return hn::MulAdd(k, hn::Set(d, ln2_high), hn::MulAdd(hn::Set(d, 2.0), s, low));
}

/// The two polynomials of the Mills ratio R(x) = q / denominator, denominator = x q + p; and -R'(x) = p / denominator.
/// x >= -1/2. Relative error of R <= 3 ulp, of the slope <= 6 ulp.
template <class D>
struct Mills {
  hn::Vec<D> p, q, denominator;
};
template <class D>
HWY_INLINE Mills<D> MillsParts(D d, hn::Vec<D> x) {
  const auto p = Polynomial(d, mills_p, x), q = Polynomial(d, mills_q, x);
  return {p, q, hn::MulAdd(x, q, p)};
}

/// The Mills ratios at two points, over one denominator: R(a) = ratio_a / bottom, R(b) = ratio_b / bottom and, without
/// the cancellation where a and b are close, R(a) - R(b) = (b - a) spread / bottom. -0.36 <= a <= b; finite up to b =
/// 1000. `apart` is b - a, from a caller who knows it better than the difference of the two. Error <= 3 ulp each, up to
/// b = 38.6; of spread 3 ulp times 1 + a^2.
template <class D>
struct MillsPair {
  hn::Vec<D> ratio_a, ratio_b, spread, bottom;
};
template <class D>
HWY_INLINE MillsPair<D> MillsOfPair(D d, hn::Vec<D> a, hn::Vec<D> b, hn::Vec<D> apart) {
  // Horner's scheme at a; its partial sums feed a second one at b, which ends as the divided difference
  // (c(b) - c(a)) / (b - a). All terms are positive.
  const auto both = [&](const auto& c, hn::Vec<D>& at_a, hn::Vec<D>& divided) HWY_ATTR {
    const std::size_t n = std::size(c);
    at_a = hn::MulAdd(hn::Set(d, c[n - 1]), a, hn::Set(d, c[n - 2]));
    divided = hn::Set(d, c[n - 1]);
    for (std::size_t i = n - 2; i-- > 0;) {
      divided = hn::MulAdd(divided, b, at_a);
      at_a = hn::MulAdd(at_a, a, hn::Set(d, c[i]));
    }
  };
  hn::Vec<D> p, q, dp, dq;
  both(pair_p, p, dp);
  both(pair_q, q, dq);
  const auto p_b = hn::MulAdd(apart, dp, p), q_b = hn::MulAdd(apart, dq, q);
  const auto w = hn::MulAdd(a, q, p), w_b = hn::MulAdd(b, q_b, p_b);
  // q(a) w(b) - q(b) w(a) with w = x q + p, divided by b - a.
  const auto turned = hn::Mul(p, dq);
  const auto bend = hn::Sub(hn::MulSub(q, dp, turned), ProductRest(d, p, dq, turned));
  const auto spread = hn::MulAdd(q, q_b, bend);
  return {hn::Mul(q, w_b), hn::Mul(q_b, w), spread, hn::Mul(w, w_b)};
}

/// A rational q / (x q + p) as numerator and denominator, the roundings of the last steps carried.
template <class D>
struct Quotient {
  Pair<D> top, bottom;
};
template <class D, std::size_t n, std::size_t m>
HWY_INLINE Quotient<D> CarriedRational(D d, const double (&p)[n], const double (&q)[m], hn::Vec<D> x) {
  // c[0] + x (c[1] + x (..)), its last product and sum exact.
  const auto carried = [&](hn::Vec<D> inner, double first) HWY_ATTR {
    const auto c = hn::Set(d, first), product = hn::Mul(x, inner), sum = hn::Add(c, product);
    return Pair<D>{sum, hn::Add(ProductRest(d, x, inner, product), SumRest(d, c, product, sum))};
  };
  const auto inner = [&](const auto& c) HWY_ATTR {
    auto sum = hn::Set(d, c[std::size(c) - 1]);
    for (std::size_t i = std::size(c) - 1; i-- > 1;) sum = hn::MulAdd(sum, x, hn::Set(d, c[i]));
    return sum;
  };
  const auto bottom_rest = carried(inner(p), p[0]), top = carried(inner(q), q[0]);
  const auto product = hn::Mul(x, top.high), sum = hn::Add(product, bottom_rest.high);
  const auto lost = hn::Add(ProductRest(d, x, top.high, product), SumRest(d, product, bottom_rest.high, sum));
  return {top, {sum, hn::Add(lost, hn::MulAdd(x, top.low, bottom_rest.low))}};
}

/// factor * top / bottom, rounded once but for terms of second order.
template <class D>
HWY_INLINE hn::Vec<D> Ratio(D d, const Pair<D>& factor, const Quotient<D>& r) {
  const auto top = hn::Mul(factor.high, r.top.high);
  const auto top_rest = hn::Add(ProductRest(d, factor.high, r.top.high, top),
                                hn::MulAdd(factor.low, r.top.high, hn::Mul(factor.high, r.top.low)));
  const auto quotient = hn::Div(top, r.bottom.high);
  const auto product = hn::Mul(quotient, r.bottom.high);
  const auto miss = hn::Add(hn::Sub(hn::Sub(top, product), ProductRest(d, quotient, r.bottom.high, product)),
                            hn::NegMulAdd(quotient, r.bottom.low, top_rest));
  return hn::Add(quotient, hn::Div(miss, r.bottom.high));
}

/// The reduced exponential of sign x^2/2, 0 <= x <= 40: x^2 keeps what its rounding left.
template <class D>
HWY_INLINE Reduced<D> GaussReduced(D d, hn::Vec<D> x, double sign_half) {
  const auto square = hn::Mul(x, x), factor = hn::Set(d, sign_half);
  return Reduce(d, hn::Mul(factor, square), hn::Mul(factor, ProductRest(d, x, x, square)));
}

/// phi(x) for x in [0, 37.6], where it is normal: the exponential with -1/2 and 1/sqrt(2 pi) in its coefficients.
/// Error <= 1.5 ulp.
template <class D>
HWY_INLINE hn::Vec<D> ShortNormPdf(D d, hn::Vec<D> x) {
  const auto square = hn::Mul(x, x), rest = ProductRest(d, x, x, square), c = hn::Set(d, per_sqrt_2pi);
  const auto exponent = hn::MulAdd(square, hn::Set(d, -0.5 * per_ln2), hn::Set(d, exponent_zero));
  const auto k = hn::Sub(exponent, hn::Set(d, exponent_zero));
  // y = x^2 + 2 k ln 2, the first step exact.
  const auto high = hn::MulAdd(k, hn::Set(d, 2.0 * ln2_high), square);
  const auto y = hn::Add(high, hn::MulAdd(k, hn::Set(d, 2.0 * ln2_low), rest));
  const auto low = hn::MulAdd(y, Polynomial(d, density_rest, y), hn::Set(d, per_sqrt_2pi_low));
  return Scale(d, hn::Add(c, low), exponent);
}

/// phi(x). Every x; NaN for NaN.
template <class D>
HWY_INLINE hn::Vec<D> NormPdf(D d, hn::Vec<D> x) {
  const auto e = GaussReduced(d, hn::Min(hn::Abs(x), hn::Set(d, 40.0)), -0.5);
  return hn::IfThenElse(hn::IsNaN(x), x, ScaleFully(d, Times(d, per_sqrt_2pi, per_sqrt_2pi_low, e).high, e.exponent));
}

/// A Gaussian tail c e^{-half a^2} q / (a q + p), a >= 0, for a constant c in two parts: rounded once, all but for
/// terms of second order.
template <class D, std::size_t n, std::size_t m>
HWY_INLINE hn::Vec<D> Tail(D d, hn::Vec<D> a, double minus_half, double c, double c_low, const double (&p)[n],
                           const double (&q)[m]) {
  const auto e = GaussReduced(d, a, minus_half);
  return ScaleFully(d, Ratio(d, Times(d, c, c_low, e), CarriedRational(d, p, q, a)), e.exponent);
}

/// Phi(x). Every x; NaN for NaN.
template <class D>
HWY_INLINE hn::Vec<D> NormCdf(D d, hn::Vec<D> x) {
  const auto a = hn::Min(hn::Abs(x), hn::Set(d, 39.5));
  const auto tail = Tail(d, a, -0.5, per_sqrt_2pi, per_sqrt_2pi_low, mills_p, mills_q);
  const auto result = hn::IfThenElse(hn::Gt(x, hn::Zero(d)), hn::Sub(hn::Set(d, 1.0), tail), tail);
  return hn::IfThenElse(hn::IsNaN(x), x, result);
}

/// erfc(x). Every x; NaN for NaN.
template <class D>
HWY_INLINE hn::Vec<D> Erfc(D d, hn::Vec<D> x) {
  const auto a = hn::Min(hn::Abs(x), hn::Set(d, 28.0));
  const auto tail = Tail(d, a, -1.0, per_sqrt_pi, per_sqrt_pi_low, erfc_p, erfc_q);
  const auto result = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), hn::Sub(hn::Set(d, 2.0), tail), tail);
  return hn::IfThenElse(hn::IsNaN(x), x, result);
}

/// R(x) = N(-x)/phi(x). Every x; infinite below -38.5; NaN for NaN.
template <class D>
HWY_INLINE hn::Vec<D> MillsRatio(D d, hn::Vec<D> x) {
  const auto a = hn::Abs(x);
  // x^12 leaves the range from 1e25 on; from 1e8 on R is 1/x to the last bit.
  const auto far = hn::Gt(a, hn::Set(d, 1e8));
  const auto rational = CarriedRational(d, mills_p, mills_q, hn::IfThenElse(far, hn::Set(d, 1e8), a));
  const auto near = Ratio(d, Pair<D>{hn::Set(d, 1.0), hn::Zero(d)}, rational);
  const auto upper = hn::IfThenElse(far, hn::Div(hn::Set(d, 1.0), a), near);
  // R(-x) = 1/phi(x) - R(x).
  const auto e = GaussReduced(d, hn::Min(a, hn::Set(d, 39.5)), 0.5);
  const auto inverse = ScaleFully(d, Times(d, sqrt_2pi, sqrt_2pi_low, e).high, e.exponent);
  const auto lower = hn::Sub(inverse, upper);
  return hn::IfThenElse(hn::IsNaN(x), x, hn::IfThenElse(hn::Lt(x, hn::Zero(d)), lower, upper));
}

/// M. J. Wichura's algorithm AS 241 (PPND16), Applied Statistics 37 (1988) 477-484: coefficients of the published
/// listing, numerator and denominator of the centre, the near and the far tail.
inline constexpr double as241_centre[2][8] = {
    {3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457,
     67265.770927008700853, 33430.575583588128105, 2509.0809287301226727},
    {1.0, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077, 21213.794301586595867,
     39307.89580009271061, 28729.085735721942674, 5226.495278852545925}};
inline constexpr double as241_near[2][8] = {
    {1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504,
     1.27045825245236838258, .24178072517745061177, .0227238449892691845833, 7.7454501427834140764e-4},
    {1.0, 2.05319162663775882187, 1.6763848301838038494, .68976733498510000455, .14810397642748007459,
     .0151986665636164571966, 5.475938084995344946e-4, 1.05075007164441684324e-9}};
inline constexpr double as241_far[2][8] = {
    {6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, .29656057182850489123, .026532189526576123093,
     .0012426609473880784386, 2.71155556874348757815e-5, 2.01033439929228813265e-7},
    {1.0, .59983220655588793769, .13692988092273580531, .0148753612908506148525, 7.868691311456132591e-4,
     1.8463183175100546818e-5, 1.4215117583164458887e-7, 2.04426310338993978564e-15}};

/// The x with N(x) = p: AS 241, then one step of Halley's method on N itself. NaN outside [0, 1].
template <class D>
HWY_INLINE hn::Vec<D> NormQuantile(D d, hn::Vec<D> p) {
  const auto zero = hn::Zero(d), one = hn::Set(d, 1.0), half = hn::Set(d, 0.5);
  const auto upper = hn::Gt(p, half);
  const auto tail = hn::IfThenElse(upper, hn::Sub(one, p), p);  // exact: 1 - p for p in [1/2, 1]
  const auto q = hn::Sub(tail, half);
  const auto central = hn::Le(hn::Abs(q), hn::Set(d, 0.425));
  const auto root = hn::Sqrt(hn::Neg(Log(d, hn::Max(tail, hn::Set(d, 5e-324)))));
  const auto far = hn::Gt(root, hn::Set(d, 5.0));
  const auto r = hn::IfThenElse(central, hn::NegMulAdd(q, q, hn::Set(d, 0.180625)),
                                hn::Sub(root, hn::IfThenElse(far, hn::Set(d, 5.0), hn::Set(d, 1.6))));
  const auto rational = [&](const double(&centre)[8], const double(&near)[8], const double(&away)[8]) {
    const auto pick = [&](std::size_t i) {
      return hn::IfThenElse(central, hn::Set(d, centre[i]),
                            hn::IfThenElse(far, hn::Set(d, away[i]), hn::Set(d, near[i])));
    };
    auto sum = pick(7);
    for (std::size_t i = 7; i-- > 0;) sum = hn::MulAdd(sum, r, pick(i));
    return sum;
  };
  const auto quotient = hn::Div(rational(as241_centre[0], as241_near[0], as241_far[0]),
                                rational(as241_centre[1], as241_near[1], as241_far[1]));
  const auto x = hn::IfThenElse(central, hn::Mul(q, quotient), hn::Neg(quotient));
  // N(x) and p both times 2^600 where they are tiny, so that neither loses digits to underflow.
  const auto tiny = hn::Lt(tail, hn::Set(d, 1e-100));
  const auto a = hn::Min(hn::Abs(x), hn::Set(d, 39.5));
  const auto e = GaussReduced(d, a, -0.5);
  const auto exponent = hn::Add(e.exponent, hn::IfThenElseZero(tiny, hn::Set(d, 600.0)));
  const auto front = Times(d, per_sqrt_2pi, per_sqrt_2pi_low, e);
  const auto cumulated = ScaleFully(d, Ratio(d, front, CarriedRational(d, mills_p, mills_q, a)), exponent);
  const auto density = ScaleFully(d, front.high, exponent);
  const auto wanted = hn::Mul(tail, hn::IfThenElse(tiny, hn::Set(d, 0x1p600), one));
  const auto step = hn::Div(hn::Sub(cumulated, wanted), density);
  const auto better = hn::Sub(x, hn::Div(step, hn::MulAdd(hn::Mul(half, x), step, one)));
  const auto infinite = hn::Set(d, std::numeric_limits<double>::infinity());
  auto result = hn::IfThenElse(hn::Eq(tail, zero), hn::Neg(infinite), better);
  result = hn::IfThenElse(upper, hn::Neg(result), result);
  return hn::IfThenElse(hn::And(hn::Ge(p, zero), hn::Le(p, one)), result, hn::NaN(d));
}

/// f on every element: whole vectors, then one padded vector for what is left, so that an element's bits do not
/// depend on where it stands. x and y may be the same column; they may not overlap otherwise.
template <class D, class F>
HWY_INLINE void Map(D d, const double* x, double* y, std::size_t n, F f) {
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) hn::StoreU(f(hn::LoadU(d, x + i)), d, y + i);
  if (i == n) return;
  HWY_ALIGN double buffer[hn::MaxLanes(D())];
  for (std::size_t j = 0; j < lanes; ++j) buffer[j] = j < n - i ? x[i + j] : 0.5;
  hn::Store(f(hn::Load(d, buffer)), d, buffer);
  for (std::size_t j = 0; j < n - i; ++j) y[i + j] = buffer[j];
}

}  // namespace ballast::math::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BALLAST_MATH_LANES_INL_H_
