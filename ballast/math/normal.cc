#include "ballast/math/normal.h"

#include <cmath>
#include <limits>

#include "ballast/math/internal/moments.h"

namespace ballast::math {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// Each constant below is the binary64 nearest to the mathematical one, computed with mpmath to 40 digits.
constexpr double inv_sqrt_2pi = 0.3989422804014326779399460599343819;
constexpr double sqrt_2pi = 2.5066282746310005024157652848110453;
constexpr double half_log_2pi = 0.9189385332046727417803297364056176;
constexpr double inv_sqrt_pi = 0.5641895835477562869480794515607726;
constexpr double inv_sqrt_2 = 0.7071067811865475244008443621048490;  // its upper half ...
constexpr double inv_sqrt_2_low = -4.8336466567264567e-17;           // ... and what the rounding left

// exp(sign x^2/2): the square in two parts, so that the relative error does not grow with x^2.
double exp_half_square(double x, double sign) {
  const double square = x * x;
  if (!(square < 1600.0)) return sign > 0.0 ? infinity : 0.0;  // exp(800) is out of range on both sides
  const double rest = std::fma(x, x, -square);
  const double bulk = std::exp(sign * 0.5 * square);
  return std::isinf(bulk) ? bulk : bulk + bulk * (sign * 0.5 * rest);
}

// The asymptotic ratio N(-y)/(phi(y)/y) - 1 = -1/y^2 + 3/y^4 - 15/y^6 + 105/y^8 (A&S 26.2.12); y >= 37 leaves 4e-14
// of a term 7e-4 that is added to ln N of size 700.
double tail_series(double y) {
  const double v = 1.0 / (y * y);
  return v * (-1.0 + v * (3.0 + v * (-15.0 + v * 105.0)));
}

// AS 241, PPND16: coefficients from the published listing.
double as241(double p) {  // 0 < p <= 0.5
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q *
           (((((((r * 2509.0809287301226727 + 33430.575583588128105) * r + 67265.770927008700853) * r +
                45921.953931549871457) *
                   r +
               13731.693765509461125) *
                  r +
              1971.5909503065514427) *
                 r +
             133.14166789178437745) *
                r +
            3.387132872796366608) /
           (((((((r * 5226.495278852545925 + 28729.085735721942674) * r + 39307.89580009271061) * r +
                21213.794301586595867) *
                   r +
               5394.1960214247511077) *
                  r +
              687.1870074920579083) *
                 r +
             42.313330701600911252) *
                r +
            1.0);
  }
  double r = std::sqrt(-std::log(p));
  double x = 0.0;
  if (r <= 5.0) {
    r -= 1.6;
    x = (((((((r * 7.7454501427834140764e-4 + .0227238449892691845833) * r + .24178072517745061177) * r +
             1.27045825245236838258) *
                r +
            3.64784832476320460504) *
               r +
           5.7694972214606914055) *
              r +
          4.6303378461565452959) *
             r +
         1.42343711074968357734) /
        (((((((r * 1.05075007164441684324e-9 + 5.475938084995344946e-4) * r + .0151986665636164571966) * r +
             .14810397642748007459) *
                r +
            .68976733498510000455) *
               r +
           1.6763848301838038494) *
              r +
          2.05319162663775882187) *
             r +
         1.0);
  } else {
    r -= 5.0;
    x = (((((((r * 2.01033439929228813265e-7 + 2.71155556874348757815e-5) * r + .0012426609473880784386) * r +
             .026532189526576123093) *
                r +
            .29656057182850489123) *
               r +
           1.7848265399172913358) *
              r +
          5.4637849111641143699) *
             r +
         6.6579046435011037772) /
        (((((((r * 2.04426310338993978564e-15 + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5) * r +
             7.868691311456132591e-4) *
                r +
            .0148753612908506148525) *
               r +
           .13692988092273580531) *
              r +
          .59983220655588793769) *
             r +
         1.0);
  }
  return -x;
}

}  // namespace

double norm_pdf(double x) { return std::isnan(x) ? x : inv_sqrt_2pi * exp_half_square(x, -1.0); }

double norm_cdf(double x) {
  const double y = -x * inv_sqrt_2;
  const double value = 0.5 * std::erfc(y);
  if (!(y > 0.25 && y < 27.5)) return value;  // above, erfc is 0; below, the correction is under half an ulp
  const double rest = std::fma(-x, inv_sqrt_2, -y) - x * inv_sqrt_2_low;
  return value - inv_sqrt_pi * std::exp(-y * y) * rest;
}

double log_norm_cdf(double x) {
  if (x > 0.0) return std::log1p(-norm_cdf(-x));
  if (x >= -37.0 || std::isnan(x)) return std::log(norm_cdf(x));
  return -0.5 * x * x - std::log(-x) - half_log_2pi + std::log1p(tail_series(-x));
}

double mills(double x) {
  if (std::isnan(x)) return x;
  if (x < internal::table_from) return norm_cdf(-x) * sqrt_2pi * exp_half_square(x, 1.0);
  if (x >= internal::table_to) return internal::taylor_coefficients<2, double>(x)[0];
  // |offset| <= 1/8 and c_k < 2^-k for the worst node: 13 terms leave 3e-18.
  const auto [c, offset] = internal::node_near(x);
  double sum = c[12];
  for (std::size_t k = 12; k-- > 0;) sum = c[k] - offset * sum;
  return sum;
}

double mills_slope(double x) {
  if (!(x >= 0.0)) return nan;
  if (x < internal::table_from) return 1.0 - x * mills(x);  // at most half of it cancels
  if (x >= internal::table_to) return internal::taylor_coefficients<2, double>(x)[1];
  const auto [c, offset] = internal::node_near(x);
  double sum = 13.0 * c[13];
  for (std::size_t k = 12; k > 0; --k) sum = static_cast<double>(k) * c[k] - offset * sum;
  return sum;
}

double norm_quantile(double p) {
  if (!(p >= 0.0 && p <= 1.0)) return nan;
  const double tail = p > 0.5 ? 1.0 - p : p;  // exact: 1 - p for p in [1/2, 1]
  if (tail == 0.0) return p > 0.5 ? infinity : -infinity;
  double x = as241(tail);
  // Below 1e-280 phi loses digits to underflow: there the step is taken on ln N instead of N.
  const double step =
      tail < 1e-280 ? (log_norm_cdf(x) - std::log(tail)) * mills(-x) : (norm_cdf(x) - tail) / norm_pdf(x);
  x -= tail < 1e-280 ? step : step / (1.0 + 0.5 * x * step);
  return p > 0.5 ? -x : x;
}

}  // namespace ballast::math
