#include "ballast/vol/smile.h"

#include <cmath>

#include "ballast/math/normal.h"

namespace ballast::vol {

Vol vol_of(const SmilePoint& point, Years years) {
  return Vol(years.value > 0.0 ? std::sqrt(point.total_variance / years.value) : std::nan(""));
}

double vol_slope(const SmilePoint& point, Years years) {
  return point.slope / (2.0 * std::sqrt(point.total_variance * years.value));
}

double vol_curvature(const SmilePoint& point, Years years) {
  const double w = point.total_variance;
  return (point.curvature - point.slope * point.slope / (2.0 * w)) / (2.0 * std::sqrt(w * years.value));
}

double butterfly(double k, const SmilePoint& point) {
  const double w = point.total_variance, slope = point.slope, tilt = 1.0 - k * slope / (2.0 * w);
  return tilt * tilt - 0.25 * slope * slope * (1.0 / w + 0.25) + 0.5 * point.curvature;
}

double density(double k, const SmilePoint& point) {
  const double stdev = std::sqrt(point.total_variance), d2 = -k / stdev - 0.5 * stdev;
  return butterfly(k, point) / stdev * math::norm_pdf(d2);
}

}  // namespace ballast::vol
