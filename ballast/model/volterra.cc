#include "ballast/model/volterra.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ballast/math/elementary.h"

namespace ballast::model {
namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();
double power(double x, double exponent) { return x == 0.0 ? 0.0 : math::exp(exponent * math::log(x)); }

// F(1, b; c; x): the factor n! of (1)_n cancels. x <= 1/2 and |b| < c: a term is less than half the one before it.
double gauss_series(double b, double c, double x) {
  double sum = 1.0, term = 1.0;
  for (int n = 0; n < 80 && std::abs(term) > 1e-18; ++n) {
    term *= (b + n) / (c + n) * x;
    sum += term;
  }
  return sum;
}

}  // namespace

double volterra_covariance(double hurst, double u, double v) {
  if (!(hurst >= 0.01 && hurst <= 0.5 && u >= 0.0 && v >= 0.0)) return nan_value;
  const double low = std::min(u, v), high = std::max(u, v), a = hurst - 0.5;
  if (low == 0.0) return 0.0;
  if (hurst == 0.5) return low;
  const double x = low / high, y = (high - low) / high;
  double f = 0.0;
  if (x <= 0.5) {
    f = gauss_series(-a, a + 2.0, x);
  } else {
    f = (a + 1.0) / (2.0 * hurst) * gauss_series(-a, 1.0 - 2.0 * hurst, y);
    f +=
        power(y, 2.0 * hurst) * power(x, -a - 1.0) * std::tgamma(a + 2.0) * std::tgamma(-2.0 * hurst) / std::tgamma(-a);
  }
  return 2.0 * hurst / (a + 1.0) * power(low, a + 1.0) * power(high, a) * f;
}

double volterra_driver_covariance(double hurst, double u, double v) {
  if (!(hurst >= 0.01 && hurst <= 0.5 && u >= 0.0 && v >= 0.0)) return nan_value;
  const double p = hurst + 0.5, front = std::sqrt(2.0 * hurst) / p;
  if (u >= v) return front * power(v, p);
  // v^p - (v - u)^p without the cancellation of a small u.
  return -front * power(v, p) * math::expm1(p * math::log1p(-u / v));
}

double kernel_mean(double hurst, double near, double far) {
  if (!(hurst >= 0.01 && hurst <= 0.5 && near >= 0.0 && far > near)) return nan_value;
  const double p = hurst + 0.5, length = far - near;
  const double part = near == 0.0 ? 1.0 : -math::expm1(p * math::log1p(-length / far));
  return power(far, p) * part / (p * length);
}

NewestCell newest_cell(double hurst, double length) {
  const double p = hurst + 0.5;
  return {length, power(length, p) / p, power(length, 2.0 * hurst) / (2.0 * hurst)};
}

double optimal_point(double hurst, std::size_t k) {
  const double far = static_cast<double>(k);
  return power(kernel_mean(hurst, far - 1.0, far), 1.0 / (hurst - 0.5));
}

}  // namespace ballast::model
