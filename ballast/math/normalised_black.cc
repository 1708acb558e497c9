#include "ballast/math/normalised_black.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ballast/math/elementary.h"
#include "ballast/math/internal/moments.h"
#include "ballast/math/normal.h"

namespace ballast::math {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double epsilon = std::numeric_limits<double>::epsilon();
constexpr double inv_sqrt_2pi = 0.3989422804014326779399460599343819;  // mpmath, 40 digits
constexpr double half_log_2pi = 0.9189385332046727417803297364056176;  // mpmath, 40 digits
constexpr int most_iterations = 64;

// b = vega * width, vega = db/ds = phi(h) exp(-t^2/2), width = R(h - t) - R(h + t) with the Mills ratio R,
// h = |x|/s and t = s/2.
struct Parts {
  double h = 0.0, t = 0.0;
  double square = 0.0, rest = 0.0;  // h^2 + t^2, rounded, and what the rounding left
  double width = 0.0;

  double vega() const { return inv_sqrt_2pi * exp(-0.5 * square) * (1.0 - 0.5 * rest); }
  double value() const { return vega() * width; }
  double log_value() const { return -0.5 * square - half_log_2pi + log(width); }
};

// R(h - t) - R(h + t) without cancellation, h >= 0, t > 0.
double mills_difference(double h, double t) {
  // Where the two differ by a factor the plain difference loses two bits at most: 3/4 and h/4 balance that with the
  // length of the series.
  if (t > std::max(0.75, 0.25 * h)) return mills(h - t) - mills(h + t);
  if (h < internal::table_from) {
    // 2 sum over odd k of I_k t^k / k!, all positive; so near 0 the forward recursion of the moments is stable enough.
    double even = mills(h), odd = 1.0 - h * even;  // I_(k-1), I_k
    double power = t, sum = t * odd;
    for (int k = 1; k < 23; k += 2) {
      even = k * even - h * odd;
      odd = (k + 1) * odd - h * even;
      power *= t * t / static_cast<double>((k + 1) * (k + 2));
      const double term = odd * power;
      sum += term;
      if (term < 0.125 * epsilon * sum) break;
    }
    return 2.0 * sum;
  }
  if (h >= internal::table_to) {
    // The same sum from the coefficients at h itself; its terms fall at least like (t/h)^2 <= 1/16.
    static_assert(internal::taylor_terms % 2 == 0, "the last coefficient is an odd one");
    const auto c = internal::taylor_coefficients<internal::taylor_terms, double>(h);
    double sum = 0.0;
    for (std::size_t k = internal::taylor_terms; k > 0; k -= 2) sum = sum * (t * t) + c[k - 1];
    return 2.0 * t * sum;
  }
  // Around the nearest node, u = d + t and v = d - t with d = h - node:
  // R(h - t) - R(h + t) = sum over k of (-1)^(k+1) c_k (u^k - v^k), u^k - v^k = 2 t P_k, P_(k+1) = u P_k + v^k.
  // |u| <= t + 1/8 and 30 terms leave less than 2^-55 of the sum. At a node every second P_k is 0, so the end of the
  // series is seen in two terms.
  const auto [c, d] = internal::node_near(h);
  const double u = d + t, v = d - t;
  double p = 1.0, v_power = 1.0, sign = 1.0, sum = 0.0, before = 0.0;
  for (std::size_t k = 1; k < internal::taylor_terms; ++k) {
    const double term = sign * c[k] * p;
    sum += term;
    if (std::abs(term) + before < 0.0625 * epsilon * sum) break;
    before = std::abs(term);
    v_power *= v;
    p = u * p + v_power;
    sign = -sign;
  }
  return 2.0 * t * sum;
}

Parts parts(double x_abs, double s) {
  Parts p;
  p.h = x_abs / s;
  p.t = 0.5 * s;
  if (!(p.h < 1e100 && p.t < 1e100)) {  // far out: vega is 0 and width only has to be finite and positive
    p.square = infinity;
    p.width = std::min(1.0, p.t);
    return p;
  }
  const double h_rest = std::fma(-p.h, s, x_abs) / s;  // |x|/s = h + h_rest
  const double hh = p.h * p.h, tt = p.t * p.t;
  p.square = hh + tt;
  const double big = std::max(hh, tt), small = std::min(hh, tt);
  p.rest = (small - (p.square - big)) + std::fma(p.h, p.h, -hh) + std::fma(p.t, p.t, -tt) + 2.0 * p.h * h_rest;
  // R' at the midpoint moves with h_rest by less than half an ulp: left out.
  p.width = mills_difference(p.h, p.t);
  return p;
}

struct Step {
  double miss;           // objective minus target, in the sense "positive when s is too large"
  double slope;          // d objective / d s, > 0
  double second, third;  // second and third derivative over the slope
};

// f = ln b - ln beta or ln c* - ln c from the ratios v'/v, v''/v', v'''/v' of the value itself.
Step log_step(double miss, double rate, double r2, double r3) {
  // (ln v)' = rate, (ln v)''/(ln v)' = r2 - rate, (ln v)'''/(ln v)' = r3 - 3 rate r2 + 2 rate^2
  return {miss, rate, r2 - rate, r3 - 3.0 * rate * r2 + 2.0 * rate * rate};
}

double householder(const Step& f) {
  const double newton = -f.miss / f.slope;
  const double step = newton * (1.0 + 0.5 * f.second * newton) / (1.0 + newton * (f.second + f.third * newton / 6.0));
  // Far from the root the rational step may point the wrong way; Newton's does not, the objectives are monotone.
  return step * newton > 0.0 ? step : newton;
}

}  // namespace

double normalised_black(double x, double s) {
  if (!(std::isfinite(x) && s >= 0.0)) return nan;
  if (s == 0.0) return 0.0;
  const double x_abs = std::abs(x);
  if (std::isinf(s)) return exp(-0.5 * x_abs);
  const double h = x_abs / s, t = 0.5 * s;
  if (h - t < -1.0)  // the first term is nearly all: no cancellation, and phi(h) exp(-t^2/2) might underflow
    return exp(-0.5 * x_abs) * (norm_cdf(t - h) - norm_pdf(h - t) * mills(h + t));
  return parts(x_abs, s).value();
}

const char* name(ImpliedOutcome outcome) {
  switch (outcome) {
    case ImpliedOutcome::ok: return "ok";
    case ImpliedOutcome::below_intrinsic: return "below_intrinsic";
    case ImpliedOutcome::at_intrinsic: return "at_intrinsic";
    case ImpliedOutcome::above_bound: return "above_bound";
    case ImpliedOutcome::not_finite: return "not_finite";
    case ImpliedOutcome::limit: return "limit";
  }
  return "?";
}

ImpliedStdev implied_stdev(double x, double beta) { return implied_stdev(x, beta, exp(-0.5 * std::abs(x)) - beta); }

ImpliedStdev implied_stdev(double x, double beta, double complement) {
  if (!(std::isfinite(x) && std::isfinite(beta) && std::isfinite(complement)))
    return {ImpliedOutcome::not_finite, nan, 0};
  if (beta < 0.0) return {ImpliedOutcome::below_intrinsic, nan, 0};
  if (beta == 0.0) return {ImpliedOutcome::at_intrinsic, 0.0, 0};
  if (complement <= 0.0) return {ImpliedOutcome::above_bound, nan, 0};

  const double x_abs = std::abs(x);
  const double bound = exp(-0.5 * x_abs);
  if (bound == 0.0) return {ImpliedOutcome::above_bound, nan, 0};  // |x| > 1490: beta cannot lie below it
  const double share_left = complement / bound;                    // 1 - b/bound: N(h - t) + phi(h - t) R(h + t)
  const double inflexion = std::sqrt(2.0 * x_abs);
  const Parts middle = x_abs > 0.0 ? parts(x_abs, inflexion) : Parts{};
  const double middle_value = x_abs > 0.0 ? middle.value() : 0.0;

  enum class Zone { low, mid, high };
  const Zone zone = beta < middle_value ? Zone::low : share_left > 0.5 ? Zone::mid : Zone::high;
  double low = zone == Zone::low ? 0.0 : inflexion, high = zone == Zone::low ? inflexion : infinity;
  double s = 0.0;
  const double log_beta = log(beta);
  if (zone == Zone::low) {
    // ln b = -x^2/(2 s^2) + 3 ln s - 2 ln|x| - ln(2 pi)/2 - s^2/8 + ... for small s; three fixed-point rounds.
    s = inflexion;
    for (int i = 0; i < 3; ++i) {
      const double room = -log_beta + 3.0 * log(s) - 2.0 * log(x_abs) - half_log_2pi - 0.125 * s * s;
      s = room > 0.0 ? std::min(x_abs / std::sqrt(2.0 * room), inflexion) : inflexion;
    }
    if (beta > 0.02 * middle_value) s = inflexion;  // near it, the step from there beats the expansion
  } else if (zone == Zone::mid) {
    // Newton from the inflexion point, exact in the limit x = 0, beta -> 0 where db/ds = 1/sqrt(2 pi).
    s = inflexion + (beta - middle_value) / (x_abs > 0.0 ? middle.vega() : inv_sqrt_2pi);
  } else {
    // share_left = 2 N(-s/2) at x = 0, and N(h - t) < share_left elsewhere.
    s = std::max(-2.0 * norm_quantile(0.5 * share_left), inflexion);
    s = std::max(s, 1e-3);
  }

  for (int i = 1; i <= most_iterations; ++i) {
    Step f{};
    const double h = x_abs / s, t = 0.5 * s;
    const double r2 = h * h / s - 0.25 * s;                      // b''/b'
    const double r3 = r2 * r2 - 3.0 * (h / s) * (h / s) - 0.25;  // b'''/b'
    if (zone == Zone::high) {
      const double density = norm_pdf(h - t);
      const double left = norm_cdf(h - t) + density * mills(h + t);
      if (left == 0.0) {  // s is far above: the tail has underflowed
        high = s;
        s = 0.5 * (low + high);
        continue;
      }
      // ln c falls, and f = ln c* - ln c rises with the same ratios of derivatives.
      f = log_step(log(share_left / left), -density / left, r2, r3);
      f.slope = density / left;
    } else {
      const Parts p = parts(x_abs, s);
      const double value = p.value();
      const bool in_range = value > 1e-280 && beta > 1e-280;
      const double miss = in_range ? log(value / beta) : p.log_value() - log_beta;
      f = log_step(miss, 1.0 / p.width, r2, r3);
      if (zone == Zone::low) {
        // 1/ln beta - 1/ln b, nearly linear in s where b underflows: from l = ln b < 0 and its derivatives.
        const double l = log_beta + miss, rate = f.slope;
        f = {miss / (l * log_beta), rate / (l * l), f.second - 2.0 * rate / l,
             f.third - 6.0 * (rate / l) * f.second + 6.0 * (rate / l) * (rate / l)};
      }
    }
    (f.miss > 0.0 ? high : low) = s;
    double next = f.miss == 0.0 ? s : s + householder(f);
    if (!(next >= low && next <= high) && std::abs(next - s) > 4.0 * epsilon * s) {
      next = std::isinf(high) ? 2.0 * s : low > 0.0 ? std::sqrt(low * high) : 0.5 * high;
    }
    const double moved = std::abs(next - s);
    s = next;
    // The step is of third order: one below 1e-6 leaves an error of 1e-18 or the rounding of b.
    if (moved <= 1e-6 * s) return {ImpliedOutcome::ok, s, i};
  }
  return {ImpliedOutcome::limit, nan, most_iterations};
}

ImpliedStdev implied_stdev_of_price(double forward, double strike, double price, bool call) {
  if (!(forward > 0.0 && strike > 0.0) || std::isinf(forward) || std::isinf(strike) || !std::isfinite(price))
    return {ImpliedOutcome::not_finite, nan, 0};
  const double intrinsic = std::max(call ? forward - strike : strike - forward, 0.0);
  const double time_value = price - intrinsic;
  // Out of the money the bound is the smaller of the two prices; in the money price - intrinsic against it is the
  // same as the price against forward (call) or strike (put), and this difference is the one without rounding.
  const double left = (call ? forward : strike) - price;
  const double x = log_ratio(forward, strike);
  const double root = std::sqrt(forward) * std::sqrt(strike);
  return implied_stdev(x, time_value / root, left / root);
}

}  // namespace ballast::math
