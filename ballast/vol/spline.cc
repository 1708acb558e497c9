#include "ballast/vol/spline.h"

#include <algorithm>
#include <cmath>

#include "ballast/math/elementary.h"

namespace ballast::vol {
namespace {

double asinh(double z) {
  const double size = std::abs(z), root = std::sqrt(size * size + 1.0);
  return std::copysign(math::log1p(size + size * size / (1.0 + root)), z);
}

}  // namespace

SmilePoint at(const VarianceSpline& spline, double k) {
  SmilePoint point = at(spline.backbone, k);
  const double u = (asinh(k / spline.scale) - spline.first) / spline.step;
  const double per2 = 1.0 / (k * k + spline.scale * spline.scale);
  const double u1 = std::sqrt(per2) / spline.step, u2 = -k * per2 * u1;
  double first = 0.0, second = 0.0;
  for (std::size_t j = 0; j < spline.terms.size(); ++j) {
    const double t = u - static_cast<double>(j), size = std::abs(t);
    if (!(size < 2.0)) continue;
    const double a = 2.0 - size, b = std::max(1.0 - size, 0.0);
    point.total_variance += spline.terms[j] * (a * a * a - 4.0 * b * b * b) / 6.0;
    first -= spline.terms[j] * std::copysign(0.5 * (a * a - 4.0 * b * b), t);
    second += spline.terms[j] * (a - 4.0 * b);
  }
  point.slope += first * u1;
  point.curvature += second * u1 * u1 + first * u2;
  return point;
}

}  // namespace ballast::vol
