#include "ballast/model/square_root.h"

#include <cmath>
#include <limits>

#include "ballast/math/elementary.h"

namespace ballast::model {
namespace {

// The sum of c_k (-x)^k/k! from k = first on, over (-x)^first; below x = 1 all terms are gone by k = 30.
template <class Coefficient>
double series(double x, int first, Coefficient c) {
  double term = 1.0, sum = 0.0;
  for (int k = 1; k < first; ++k) term /= k;
  for (int k = first; k <= 30; ++k) {
    term /= k;
    sum += c(k) * term;
    term *= -x;
  }
  return sum;
}

// (1 - e^-x)/x, and what it is short of 1, over x.
double decayed(double x) { return x == 0.0 ? 1.0 : -math::expm1(-x) / x; }
double shortfall(double x) {
  return x > 1.0 ? (1.0 - decayed(x)) / x : series(x, 2, [](int) { return 1.0; });
}

// ((1 - e^-2x)/2 - x e^-x)/x³: what the start's variance gives.
double start_weight(double x) {
  if (x > 1.0) return (0.5 * (1.0 - math::exp(-2.0 * x)) - x * math::exp(-x)) / (x * x * x);
  return series(x, 3, [](int k) { return std::ldexp(1.0, k - 1) - k; });
}

// (x + 2x e^-x - (1 - e^-x)(5 + e^-x)/2)/x⁴: what the level's variance gives.
double level_weight(double x) {
  if (x > 1.0) {
    const double e = math::exp(-x);
    return (x + 2.0 * x * e - 0.5 * (1.0 - e) * (5.0 + e)) / (x * x * x * x);
  }
  return series(x, 4, [](int k) { return std::ldexp(1.0, k - 1) - 2.0 * k + 2.0; });
}

}  // namespace

SquareRootMoments square_root_moments(const Heston& m, double years) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  if (fault(TransformModel(m)) || !(years >= 0.0 && std::isfinite(years))) return {nan, nan, nan, nan};
  const double x = m.kappa * years, h = years * decayed(x), decay = math::exp(-x), xi2 = m.xi * m.xi;
  const double years3 = years * years * years;
  return {.mean = m.v0 * decay + m.theta * m.kappa * h,
          .variance = xi2 * (m.v0 * decay * h + 0.5 * m.theta * m.kappa * h * h),
          .integral_mean = m.v0 * h + m.theta * years * x * shortfall(x),
          .integral_variance = xi2 * years3 * (2.0 * m.v0 * start_weight(x) + m.theta * x * level_weight(x))};
}

}  // namespace ballast::model
