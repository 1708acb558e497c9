#include "ballast/math/student_t.h"

#include <cmath>
#include <initializer_list>
#include <limits>
#include <numbers>

#include "ballast/math/elementary.h"

namespace ballast::math {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

bool is_freedom(double freedom) { return freedom >= 1.0 && freedom <= 1e6; }

/// Gamma(x + 1/2) / Gamma(x).
double gamma_ratio(double x) {
  double factor = 1.0;
  for (; x < 20.0; x += 1.0) factor *= x / (x + 0.5);
  // ln Gamma(x + 1/2) - ln Gamma(x) - ln(x)/2 = sum over odd k of (2^-k - 2) B_(k+1) / (k (k + 1) x^k).
  const double u = 1.0 / x, u2 = u * u;
  const double series =
      u * (-1.0 / 8.0 + u2 * (1.0 / 192.0 + u2 * (-1.0 / 640.0 + u2 * (17.0 / 14336.0 + u2 * (-31.0 / 18432.0)))));
  return factor * std::sqrt(x) * exp(series);
}

/// The continued fraction of I_x(a, b) without its front, x below (a + 1) / (a + b + 2); Lentz's way.
double beta_fraction(double a, double b, double x) {
  constexpr int most = 10'000;  // some sqrt(max(a, b)) are enough
  double c = 1.0, d = 1.0 / (1.0 - (a + b) * x / (a + 1.0)), h = d;
  for (int m = 1; m <= most; ++m) {
    const double k = m;
    for (const double term : {k * (b - k) * x / ((a + 2.0 * k - 1.0) * (a + 2.0 * k)),
                              -(a + k) * (a + b + k) * x / ((a + 2.0 * k) * (a + 2.0 * k + 1.0))}) {
      d = 1.0 / (1.0 + term * d);
      c = 1.0 + term / c;
      h *= c * d;
    }
    if (std::abs(c * d - 1.0) <= 1e-16) break;
  }
  return h;
}

}  // namespace

double student_pdf(double t, double freedom) {
  if (!is_freedom(freedom) || std::isnan(t)) return NAN;
  return gamma_ratio(0.5 * freedom) / std::sqrt(freedom * std::numbers::pi) *
         exp(-0.5 * (freedom + 1.0) * log1p(t * t / freedom));
}

double student_tail(double t, double freedom) {
  if (!is_freedom(freedom) || std::isnan(t)) return NAN;
  if (std::isinf(t)) return t > 0.0 ? 0.0 : 1.0;
  const double a = 0.5 * freedom, t2 = t * t, size = std::abs(t);
  // x^a (1 - x)^(1/2) / B(a, 1/2), the front of both fractions, is the density times |t|.
  const double front = size * student_pdf(t, freedom);
  if (freedom < (a + 1.0) / (a + 2.5) * (freedom + t2)) {
    const double tail = front / freedom * beta_fraction(a, 0.5, freedom / (freedom + t2));
    return t > 0.0 ? tail : 1.0 - tail;
  }
  const double middle = front * beta_fraction(0.5, a, t2 / (freedom + t2));  // P(0 < T < |t|)
  return t > 0.0 ? 0.5 - middle : 0.5 + middle;
}

double student_quantile(double p, double freedom) {
  if (!is_freedom(freedom) || !(p >= 0.0 && p <= 1.0)) return NAN;
  if (p == 0.0 || p == 1.0) return p == 0.0 ? -infinity : infinity;
  if (p == 0.5) return 0.0;
  const double tail = p < 0.5 ? p : 1.0 - p;  // of the positive side
  double low = 0.0, high = 1.0;
  while (high < 1e150 && student_tail(high, freedom) > tail) low = high, high *= 2.0;
  double t = 0.5 * (low + high);
  for (int step = 0; step < 200; ++step) {
    const double off = student_tail(t, freedom) - tail;
    (off > 0.0 ? low : high) = t;
    // Newton on the logarithm of the tail: on the tail itself a step from far out would fall short.
    const double slope = student_pdf(t, freedom), value = off + tail;
    double next = t + value / slope * log(value / tail);
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    if (std::abs(next - t) <= 2e-16 * next) break;
    t = next;
  }
  return p < 0.5 ? -t : t;
}

}  // namespace ballast::math
