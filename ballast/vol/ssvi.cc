#include "ballast/vol/ssvi.h"

#include <algorithm>
#include <cmath>

#include "ballast/math/elementary.h"

namespace ballast::vol {

SmilePoint at(const Essvi& slice, double k) {
  // w = (theta + rho psi k + S) / 2, S = sqrt(psi² k² + 2 rho theta psi k + theta²), which psi = 0 leaves defined
  const double x = slice.psi * k, flat2 = (1.0 - slice.rho) * (1.0 + slice.rho);
  const double z = x + slice.rho * slice.theta, s = std::sqrt(z * z + flat2 * slice.theta * slice.theta);
  return {.total_variance = 0.5 * (slice.theta + slice.rho * x + s),
          .slope = 0.5 * slice.psi * (slice.rho + z / s),
          .curvature = 0.5 * slice.psi * slice.psi * flat2 * slice.theta * slice.theta / (s * s * s)};
}

Svi raw(const Essvi& slice) {
  if (slice.psi == 0.0) return {.a = slice.theta, .b = 0.0, .rho = slice.rho};  // flat: its natural form has no centre
  return raw(
      NaturalSvi{.delta = 0.0, .mu = 0.0, .rho = slice.rho, .omega = slice.theta, .zeta = slice.psi / slice.theta});
}

double largest_psi(double theta, double rho) {
  const double wing = 1.0 + std::abs(rho);
  return std::min(4.0 / wing, 2.0 * std::sqrt(theta / wing));
}

bool butterfly_free(const Essvi& slice) { return slice.psi <= largest_psi(slice.theta, slice.rho); }

CalendarVerdict calendar(const Essvi& near, const Essvi& far) {
  const double ratio = std::max((1.0 + near.rho) / (1.0 + far.rho), (1.0 - near.rho) / (1.0 - far.rho));
  if (!(far.theta >= near.theta && far.psi >= near.psi * ratio)) return CalendarVerdict::crossing;
  return far.psi / far.theta <= near.psi / near.theta ? CalendarVerdict::free : CalendarVerdict::unknown;
}

Essvi PowerLawSsvi::slice(double theta) const {
  // theta phi = eta theta^(1-gamma) (1 + theta)^(gamma-1)
  return {.theta = theta, .rho = rho, .psi = eta * math::exp((1.0 - gamma) * math::log(theta / (1.0 + theta)))};
}

double PowerLawSsvi::theta_slope(double theta, double k) const {
  const double phi = slice(theta).psi / theta;
  const double phi_slope = -phi * (gamma / theta + (1.0 - gamma) / (1.0 + theta));  // d phi / d theta
  const double z = phi * k, root = std::sqrt((z + rho) * (z + rho) + (1.0 - rho) * (1.0 + rho));
  return 0.5 * (1.0 + rho * z + root) + 0.5 * theta * k * phi_slope * (rho + (z + rho) / root);
}

bool PowerLawSsvi::arbitrage_free() const {
  return gamma > 0.0 && gamma <= 0.5 && eta > 0.0 && eta * (1.0 + std::abs(rho)) <= 2.0;
}

}  // namespace ballast::vol
