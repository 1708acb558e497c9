#include "ballast/model/internal/contour.h"

#include <algorithm>
#include <cmath>
#include <variant>

#include "ballast/math/elementary.h"
#include "ballast/model/internal/exponent.h"

namespace ballast::model::internal {
namespace {

constexpr double half_pi = 1.5707963267948966;

/// The widest angle from the line at which E[e^{sX}] still falls. A Brownian part falls within pi/4. To the right a
/// mean jump up grows, |E[e^{sJ}]| to e^{mean² sin²/(2 deviation² cos 2w)}: what that adds to the exponent may be 3,
/// and what it adds to the slope to the jumps' rate e^10.
double jump_angle(const NormalJumps& jumps, double years, double side) {
  if (side * jumps.mean >= 0.0) return 0.5 * half_pi;
  const double ratio = jumps.deviation / jumps.mean, grown = std::log1p(3.0 / (jumps.rate * years));
  const double share = 2.0 * ratio * ratio * std::min(grown, 10.0);
  return std::asin(std::sqrt(share / (1.0 + 2.0 * share)));
}
double widest_angle(const BlackScholes&, double, double) { return 0.5 * half_pi; }
double widest_angle(const Kou&, double, double) { return 0.5 * half_pi; }
double widest_angle(const Heston&, double, double) { return 0.5 * half_pi; }
double widest_angle(const Merton& m, double years, double side) { return jump_angle(m.jumps, years, side); }
double widest_angle(const Bates& m, double years, double side) { return jump_angle(m.jumps, years, side); }
double widest_angle(const Svcj& m, double years, double side) { return jump_angle(m.jumps, years, side); }
double widest_angle(const VarianceGamma&, double, double) { return half_pi; }
double widest_angle(const Nig&, double, double) { return half_pi; }
double widest_angle(const Cgmy& m, double years, double side) {
  if (m.y > 1.0) return half_pi / m.y;
  if (m.y > 0.0) return half_pi;
  // Finitely many jumps: |1 - s/m|^y passes the pole at a distance of cos w, and the exponent may grow by 3.
  const double expected = m.c * years * std::tgamma(-m.y) * std::pow(side > 0.0 ? m.g : m.m, m.y);
  return std::acos(math::exp(std::max(math::log(expected / (expected + 3.0)) / -m.y, -700.0)));
}

/// See swing().
template <class M>
double jump_swing(const M&, double, double) {
  return 0.0;
}
double jump_swing(const NormalJumps& jumps, double years, double u) {
  const double half = 0.5 * jumps.deviation * jumps.deviation;
  return 2.0 * jumps.rate * years * math::exp(std::min(0.5 * jumps.mean + half * (0.25 - u * u), 700.0));
}
double jump_swing(const Merton& m, double years, double u) { return jump_swing(m.jumps, years, u); }
double jump_swing(const Bates& m, double years, double u) { return jump_swing(m.jumps, years, u); }
double jump_swing(const Svcj& m, double years, double u) { return jump_swing(m.jumps, years, u); }

}  // namespace

std::complex<double> Contour::at(double y) const {
  const double up = math::exp(0.5 * y), down = 1.0 / up, half = 0.5 * (up - down);  // sinh(y/2)
  return {0.5 - side * size * std::sin(angle) * 2.0 * half * half, size * std::cos(angle) * half * (up + down)};
}
std::complex<double> Contour::slope(double y) const {
  const double up = math::exp(y), down = 1.0 / up;
  return {-side * size * std::sin(angle) * 0.5 * (up - down), size * std::cos(angle) * 0.5 * (up + down)};
}

Contour contour(const TransformModel& model, double years, double side) {
  const double widest = 0.95 * std::visit([&](const auto& m) { return widest_angle(m, years, side); }, model);
  if (!(widest >= 0.02)) return {};
  Contour c{.angle = 0.5 * widest, .side = side};
  // In y's strip of analyticity, angles from 0 to the widest, the crossing of the real axis keeps between the poles.
  c.size = 0.48 / std::max(std::sin(c.angle), std::sin(widest) - std::sin(c.angle));
  c.step = 6.283185307179586 * 0.5 * widest / 37.0;  // e^{-2 pi (half width)/step} is 1e-16
  return c;
}

double swing(const TransformModel& model, double years, double u) {
  return std::visit([&](const auto& m) { return jump_swing(m, years, u); }, model);
}

double far_drift(const TransformModel& model, double years) {
  double drift = 0.0;
  for (double u = 4.0; u < 1e12; u *= 4.0) {
    const std::complex<double> exponent = exponent_at(model, years, {0.5, u});
    if (!std::isfinite(exponent.imag())) break;
    drift = exponent.imag() / u;
    if (!(exponent.real() > -40.0)) break;
  }
  return drift;
}

}  // namespace ballast::model::internal
