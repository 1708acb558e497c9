#include "ballast/vol/sabr.h"

#include <cmath>
#include <limits>

#include "ballast/math/elementary.h"

namespace ballast::vol {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

bool in_domain(const Sabr& s) {
  return s.alpha > 0.0 && s.beta >= 0.0 && s.beta <= 1.0 && std::abs(s.rho) < 1.0 && s.nu >= 0.0 &&
         s.forward.value > 0.0 && s.years.value >= 0.0 && std::isfinite(s.alpha) && std::isfinite(s.nu) &&
         std::isfinite(s.forward.value) && std::isfinite(s.years.value);
}

/// forward^-(1-beta) · alpha: the vol at the money without the correction in time. In it and k the forward is gone.
double level(const Sabr& s) { return s.alpha * math::exp((s.beta - 1.0) * math::log(s.forward.value)); }

/// A function with its first two derivatives.
struct Curve {
  double value, slope, bend;
};

/// chi(z)/z with chi(z) = ln((sqrt(1 - 2 rho z + z²) + z - rho)/(1 - rho)): 1 at z = 0.
/// The quotient in the logarithm less 1 is 2 z/(S + 1 - z), S the root: no difference of close numbers up to z = 1, and
/// none in S + z - 1 beyond. Negative z by chi(z, rho) = -chi(-z, -rho).
double chi_over_z_positive(double z, double rho) {
  const double root = std::sqrt((1.0 - z) * (1.0 - z) + 2.0 * (1.0 - rho) * z);
  const double above_one = z <= 1.0 ? 2.0 * z / (root + 1.0 - z) : (root + z - 1.0) / (1.0 - rho);
  return math::log1p(above_one) / z;
}

double chi_over_z(double z, double rho) {
  if (z == 0.0) return 1.0;
  return z > 0.0 ? chi_over_z_positive(z, rho) : chi_over_z_positive(-z, -rho);
}

/// chi(z)/z and its derivatives to z. Near 0 they are differences of close numbers, and there the series does it:
/// chi' = 1/S is the generating function of the Legendre polynomials, so chi(z)/z = sum of P_n(rho) z^n/(n+1).
Curve chi_curve(double z, double rho) {
  Curve c{.value = chi_over_z(z, rho), .slope = 0.0, .bend = 0.0};
  if (std::abs(z) < 0.25) {
    double before = 1.0, legendre = rho, power = 1.0;  // P_0, P_1, z^(n-1)
    double lower_power = 0.0;                          // z^(n-2)
    for (int n = 1; n <= 30; ++n) {                    // 0.25^29 · 30 < 1e-15
      const double share = legendre * n / (n + 1);
      c.slope += share * power;
      c.bend += share * (n - 1) * lower_power;
      lower_power = power;
      power *= z;
      const double next = ((2 * n + 1) * rho * legendre - n * before) / (n + 1);
      before = legendre;
      legendre = next;
    }
    return c;
  }
  const double root = std::sqrt((1.0 - z) * (1.0 - z) + 2.0 * (1.0 - rho) * z);
  c.slope = (1.0 / root - c.value) / z;
  c.bend = ((rho - z) / (root * root * root) - 2.0 * c.slope) / z;
  return c;
}

/// The derivative of chi(z)/z to rho; its error is absolute, some epsilon/(1 - |rho|)², which a fit's step can bear.
double chi_to_rho(double z, double rho) {
  if (z < 0.0) return -chi_to_rho(-z, -rho);
  const double root = std::sqrt((1.0 - z) * (1.0 - z) + 2.0 * (1.0 - rho) * z);
  return ((2.0 * rho - z) * (1.0 - z) / (1.0 + root) + z - rho) / ((1.0 - rho) * root * (root + z - rho));
}

/// (e^u - 1)/u and its derivatives: sums of u^n/(n+1)! near 0.
Curve expm1_over(double u) {
  if (std::abs(u) < 0.5) {
    Curve c{.value = 1.0, .slope = 0.0, .bend = 0.0};
    double power = 1.0, lower_power = 0.0, factorial = 1.0;  // u^(n-1), u^(n-2), n!
    for (int n = 1; n <= 16; ++n) {                          // 0.5^15/16! < 1e-17
      factorial *= n;
      const double term = 1.0 / (factorial * (n + 1));
      c.value += term * power * u;
      c.slope += term * n * power;
      c.bend += term * n * (n - 1) * lower_power;
      lower_power = power;
      power *= u;
    }
    return c;
  }
  const double grown = math::exp(u), value = math::expm1(u) / u, slope = (grown - value) / u;
  return {.value = value, .slope = slope, .bend = (grown - 2.0 * slope) / u};
}

/// The correction in time, with x = alpha / q, q = (forward·strike)^((1-beta)/2).
double time_correction(const Sabr& s, double x) {
  const double b = 1.0 - s.beta;
  return 1.0 + s.years.value * (b * b * x * x / 24.0 + 0.25 * s.rho * s.beta * s.nu * x +
                                (2.0 - 3.0 * s.rho * s.rho) * s.nu * s.nu / 24.0);
}

/// 1 + (c L)²/24 + (c L)⁴/1920.
double strike_correction(double cl) { return 1.0 + cl * cl / 24.0 + cl * cl * cl * cl / 1920.0; }

/// The parts of Hagan's formulas: L = ln(F/K), x = alpha/q, zeta = nu/x, so that z = zeta L.
struct Hagan {
  double log_ratio, x, zeta;
};

Hagan hagan(const Sabr& s, Price strike) {
  const double l = math::log_ratio(s.forward.value, strike.value);
  const double x = level(s) * math::exp(0.5 * (1.0 - s.beta) * l);
  return {l, x, s.nu / x};
}

Vol positive(double vol) { return Vol(vol > 0.0 ? vol : nan); }

}  // namespace

Vol hagan_vol(const Sabr& s, Price strike) {
  if (!in_domain(s) || !(strike.value > 0.0)) return Vol(nan);
  const Hagan h = hagan(s, strike);
  const double correction = time_correction(s, h.x);
  if (!(correction > 0.0)) return Vol(nan);
  const double leading =
      h.x / (strike_correction((1.0 - s.beta) * h.log_ratio) * chi_over_z(h.zeta * h.log_ratio, s.rho));
  return positive(leading * correction);
}

double hagan_normal_vol(const Sabr& s, Price strike) {
  if (!in_domain(s) || !(strike.value > 0.0)) return nan;
  const Hagan h = hagan(s, strike);
  const double b = 1.0 - s.beta;
  const double correction =
      1.0 + s.years.value * (-s.beta * (1.0 + b) * h.x * h.x / 24.0 + 0.25 * s.rho * s.beta * s.nu * h.x +
                             (2.0 - 3.0 * s.rho * s.rho) * s.nu * s.nu / 24.0);
  if (!(correction > 0.0)) return nan;
  const double geometric = s.forward.value * math::exp(-0.5 * h.log_ratio);  // sqrt(forward · strike)
  return h.x * geometric * strike_correction(h.log_ratio) /
         (strike_correction(b * h.log_ratio) * chi_over_z(h.zeta * h.log_ratio, s.rho)) * correction;
}

HaganSlopes hagan_slopes(const Sabr& s, Price strike) {
  const double vol = hagan_vol(s, strike).value;
  if (!(vol > 0.0)) return {nan, nan};
  const Hagan h = hagan(s, strike);
  const double b = 1.0 - s.beta, bl = b * h.log_ratio, z = h.zeta * h.log_ratio;
  const Curve chi = chi_curve(z, s.rho);
  const double square = b * b * h.x * h.x / 24.0, cross = 0.25 * s.rho * s.beta * s.nu * h.x;
  const double correction = time_correction(s, h.x);
  // Of ln vol = ln x - ln D(bL) - ln(chi(z)/z) + ln B(x), by ln F at a fixed strike: L' = 1, x'/x = -b/2.
  const double strike_part =
      b * (bl / 12.0 + bl * bl * bl / 480.0) / strike_correction(bl) + (h.zeta + 0.5 * b * z) * chi.slope / chi.value;
  const double time_by_log_x = s.years.value * (2.0 * square + cross) / correction;
  return {.to_forward = vol / s.forward.value * (-0.5 * b * (1.0 + time_by_log_x) - strike_part),
          .to_alpha = vol / s.alpha * (1.0 + z * chi.slope / chi.value + time_by_log_x)};
}

Vol obloj_vol(const Sabr& s, Price strike) {
  if (!(strike.value > 0.0 && s.forward.value > 0.0)) return Vol(nan);
  return Vol(gradient(s, math::log_ratio(strike.value, s.forward.value)).vol);
}

SabrGradient gradient(const Sabr& s, double k) {
  if (!in_domain(s) || !std::isfinite(k)) return {nan, nan, nan, nan};
  const double b = 1.0 - s.beta, a = level(s), x = a * math::exp(-0.5 * b * k);
  const double growth = expm1_over(b * k).value, z = -s.nu / a * k * growth;
  const Curve chi = chi_curve(z, s.rho);
  const double correction = time_correction(s, x), per_correction = s.years.value / correction;
  if (!(correction > 0.0)) return {nan, nan, nan, nan};
  // nu L / chi(z) = a / (growth · chi(z)/z)
  const double vol = a / (growth * chi.value) * correction;
  const double by_log_z = z * chi.slope / chi.value;
  const double cross = 0.25 * s.rho * s.beta * s.nu * x;
  return {.vol = vol,
          .to_log_alpha = vol * (1.0 + by_log_z + per_correction * (b * b * x * x / 12.0 + cross)),
          .to_rho = vol * (-chi_to_rho(z, s.rho) / chi.value +
                           per_correction * (0.25 * s.beta * s.nu * x - 0.25 * s.rho * s.nu * s.nu)),
          .to_nu = vol * (k * growth / a * chi.slope / chi.value +
                          per_correction * (0.25 * s.rho * s.beta * x + (2.0 - 3.0 * s.rho * s.rho) * s.nu / 12.0))};
}

SmilePoint at(const Sabr& s, double k) {
  if (!in_domain(s) || !std::isfinite(k)) return {nan, nan, nan};
  const double b = 1.0 - s.beta, a = level(s), x = a * math::exp(-0.5 * b * k);
  const Curve growth = expm1_over(b * k);
  const double z = -s.nu / a * k * growth.value, z_slope = -s.nu / a * math::exp(b * k), z_bend = b * z_slope;
  const Curve chi = chi_curve(z, s.rho);
  const double correction = time_correction(s, x);
  if (!(correction > 0.0)) return {nan, nan, nan};
  const double square = b * b * x * x / 24.0 * s.years.value;             // falls as e^(-b k)
  const double cross = 0.25 * s.rho * s.beta * s.nu * x * s.years.value;  // falls as e^(-b k/2)
  // Of ln vol = ln a - ln growth(b k) - ln(chi(z)/z) + ln B: first and second derivatives of each logarithm.
  const double time1 = -b * (square + 0.5 * cross) / correction;
  const double time2 = b * b * (square + 0.25 * cross) / correction - time1 * time1;
  const double growth1 = b * growth.slope / growth.value;
  const double growth2 = b * b * growth.bend / growth.value - growth1 * growth1;
  const double chi1 = chi.slope * z_slope / chi.value;
  const double chi2 = (chi.bend * z_slope * z_slope + chi.slope * z_bend) / chi.value - chi1 * chi1;
  const double vol = a / (growth.value * chi.value) * correction, w = vol * vol * s.years.value;
  const double first = 2.0 * (time1 - growth1 - chi1), second = 2.0 * (time2 - growth2 - chi2);  // of ln w
  return {.total_variance = w, .slope = w * first, .curvature = w * (first * first + second)};
}

double alpha_at_the_money(const Sabr& sabr, Vol atm) {
  Sabr s = sabr;
  s.alpha = 1.0;
  if (!in_domain(s) || !(atm.value > 0.0 && std::isfinite(atm.value))) return nan;
  // f(x) = c3 x³ + c2 x² + c1 x - atm of x = alpha / forward^(1-beta), c3 >= 0
  const double b = 1.0 - s.beta, t = s.years.value;
  const double c3 = b * b * t / 24.0, c2 = 0.25 * s.rho * s.beta * s.nu * t;
  const double c1 = 1.0 + (2.0 - 3.0 * s.rho * s.rho) * s.nu * s.nu * t / 24.0;
  const auto f = [&](double x) { return ((c3 * x + c2) * x + c1) * x - atm.value; };
  const auto slope = [&](double x) { return (3.0 * c3 * x + 2.0 * c2) * x + c1; };
  // f(0) < 0. It turns where its slope is 0: up to the first maximum, or from the minimum behind it, it rises.
  double low = 0.0, high = std::numeric_limits<double>::infinity();
  const double discriminant = c2 * c2 - 3.0 * c3 * c1;
  if (discriminant >= 0.0 && (c2 < 0.0 || c1 < 0.0)) {
    const double root = std::sqrt(discriminant);
    // The turns are (-c2 ± root)/(3 c3); the nearer one as c1/(-c2 + root), which stands where c3 = 0.
    const double maximum = c1 / (-c2 + root);
    if (c1 > 0.0 && f(maximum) >= 0.0) {
      high = maximum;
    } else if (c3 > 0.0) {
      low = (-c2 + root) / (3.0 * c3);
    } else if (c2 <= 0.0) {
      return nan;  // it never reaches 0
    }
  }
  if (!std::isfinite(high)) {
    high = low > 0.0 ? 2.0 * low : 2.0 * atm.value;
    for (int i = 0; i < 1000 && f(high) < 0.0; ++i) high *= 2.0;
    if (!(f(high) >= 0.0)) return nan;
  }
  double x = low <= atm.value && atm.value <= high ? atm.value : 0.5 * (low + high);
  for (int i = 0; i < 200; ++i) {
    const double value = f(x);
    (value < 0.0 ? low : high) = x;
    double next = x - value / slope(x);
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    if (next == x || std::abs(next - x) <= 1e-16 * x) break;
    x = next;
  }
  return x * math::exp(b * math::log(s.forward.value));
}

}  // namespace ballast::vol
