#include "ballast/math/normal.h"

#include <cmath>
#include <cstddef>
#include <limits>

#include "ballast/math/elementary.h"
#include "ballast/math/internal/moments.h"

namespace ballast::math {
namespace {

constexpr double half_log_2pi = 0.9189385332046727417803297364056176;  // mpmath, 40 digits

// The asymptotic ratio N(-y)/(phi(y)/y) - 1 = -1/y^2 + 3/y^4 - 15/y^6 + 105/y^8 (A&S 26.2.12); y >= 37 leaves 4e-14
// of a term 7e-4 that is added to ln N of size 700.
double tail_series(double y) {
  const double v = 1.0 / (y * y);
  return v * (-1.0 + v * (3.0 + v * (-15.0 + v * 105.0)));
}

}  // namespace

double log_norm_cdf(double x) {
  if (x > 0.0) return log1p(-norm_cdf(-x));
  if (x >= -37.0 || std::isnan(x)) return log(norm_cdf(x));
  return -0.5 * x * x - log(-x) - half_log_2pi + log1p(tail_series(-x));
}

double mills_slope(double x) {
  if (!(x >= 0.0)) return std::numeric_limits<double>::quiet_NaN();
  if (x < internal::table_from) return 1.0 - x * mills(x);  // at most half of it cancels
  if (x >= internal::table_to) return internal::taylor_coefficients<2, double>(x)[1];
  const auto [c, offset] = internal::node_near(x);
  double sum = 13.0 * c[13];
  for (std::size_t k = 12; k > 0; --k) sum = static_cast<double>(k) * c[k] - offset * sum;
  return sum;
}

}  // namespace ballast::math
