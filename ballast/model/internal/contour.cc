#include "ballast/model/internal/contour.h"

#include <algorithm>
#include <cmath>
#include <variant>

#include "ballast/math/elementary.h"

namespace ballast::model::internal {
namespace {

constexpr double half_pi = 1.5707963267948966;

/// The widest angle from the line at which E[e^{sX}] still falls, or grows no more than e^3; 0 if there is none that
/// serves. A Brownian part falls within pi/4.
double jump_angle(const NormalJumps& jumps, double years, double side) {
  // To the right a mean jump up grows: |E[e^{sJ}]| at most e^{mean² sin²/(2 deviation² cos 2w)}.
  const double expected = jumps.rate * years;
  if (expected == 0.0 || side * jumps.mean >= 0.0) return 0.5 * half_pi;
  const double ratio = jumps.deviation / jumps.mean, share = 2.0 * ratio * ratio * std::log1p(3.0 / expected);
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
double widest_angle(const Cgmy& m, double, double) { return m.y > 1.0 ? half_pi / m.y : half_pi; }

double drift(const BlackScholes& m) { return -0.5 * m.vol * m.vol; }
double drift(const NormalJumps& jumps) {
  return -jumps.rate * math::expm1(jumps.mean + 0.5 * jumps.deviation * jumps.deviation);
}
double drift(const Merton& m) { return drift(BlackScholes{m.vol}) + drift(m.jumps); }
double drift(const Kou& m) {
  return drift(BlackScholes{m.vol}) -
         m.rate * (m.up_share / (m.up_rate - 1.0) - (1.0 - m.up_share) / (m.down_rate + 1.0));
}
double drift(const VarianceGamma& m) { return math::log1p(-m.nu * (m.theta + 0.5 * m.sigma * m.sigma)) / m.nu; }
double drift(const Nig& m) {
  const double r0 = std::sqrt((m.alpha - m.beta) * (m.alpha + m.beta));
  const double r1 = std::sqrt((m.alpha - m.beta - 1.0) * (m.alpha + m.beta + 1.0));
  return -m.delta * (2.0 * m.beta + 1.0) / (r0 + r1);
}
double drift(const Cgmy& m) {
  const double one = std::pow(m.m - 1.0, m.y) - std::pow(m.m, m.y) + std::pow(m.g + 1.0, m.y) - std::pow(m.g, m.y);
  return -m.c * std::tgamma(-m.y) * one;
}
template <class M>
double far(const M& m, double years) {
  return drift(m) * years;
}
double far(const Heston& m, double years) { return -m.rho * (m.v0 + m.kappa * m.theta * years) / m.xi; }
double far(const Bates& m, double years) { return far(m.heston, years) + drift(m.jumps) * years; }
double far(const Svcj& m, double years) {
  const double half = 0.5 * m.jumps.deviation * m.jumps.deviation, shared = m.jump_slope * m.variance_jump;
  return far(m.heston, years) - m.jumps.rate * years * (math::expm1(m.jumps.mean + half) + shared) / (1.0 - shared);
}

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

double far_drift(const TransformModel& model, double years) {
  return std::visit([&](const auto& m) { return far(m, years); }, model);
}

}  // namespace ballast::model::internal
