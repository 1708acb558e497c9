#include "ballast/model/qe_step.h"

#include <cmath>
#include <limits>

#include "ballast/math/elementary.h"
#include "ballast/math/normal.h"

namespace ballast::model {

QeStep qe_step(const Heston& m, double years) {
  QeStep step{};
  step.decay = math::exp(-m.kappa * years);
  const double h = m.kappa == 0.0 ? years : -math::expm1(-m.kappa * years) / m.kappa;
  step.pull = m.kappa * m.theta * h;
  step.s0 = 0.5 * m.theta * m.xi * m.xi * m.kappa * h * h;
  step.s1 = m.xi * m.xi * step.decay * h;
  const double tilt = 0.5 * years * (m.kappa * m.rho / m.xi - 0.5);
  step.k0 = -m.rho * m.kappa * m.theta * years / m.xi;
  step.k1 = tilt - m.rho / m.xi;
  step.k2 = tilt + m.rho / m.xi;
  step.k3 = 0.5 * years * (1.0 - m.rho) * (1.0 + m.rho);
  step.a = step.k2 + 0.5 * step.k3;
  return step;
}

QeMove qe_move(const QeStep& c, double v, double u) {
  constexpr double psi_c = 1.5;
  QeMove move{};
  move.mean = c.pull + c.decay * v;
  move.variance = c.s0 + c.s1 * v;
  move.psi = move.variance / (move.mean * move.mean);
  move.quadratic = move.psi <= psi_c;
  const double rest = -(c.k1 + 0.5 * c.k3) * v;
  bool exists;
  if (move.quadratic) {
    const double r = 2.0 / move.psi, b2 = r - 1.0 + std::sqrt(r) * std::sqrt(r - 1.0), a = move.mean / (1.0 + b2);
    const double b_and_z = std::sqrt(b2) + math::norm_quantile(u);
    move.first = a;
    move.second = b2;
    move.next = a * b_and_z * b_and_z;
    exists = 2.0 * c.a * a < 1.0;
    move.corrected = -c.a * b2 * a / (1.0 - 2.0 * c.a * a) + 0.5 * math::log1p(-2.0 * c.a * a) + rest;
  } else {
    const double p = (move.psi - 1.0) / (move.psi + 1.0), beta = (1.0 - p) / move.mean;
    move.first = p;
    move.second = beta;
    move.next = u <= p ? 0.0 : math::log((1.0 - p) / (1.0 - u)) / beta;
    exists = c.a < beta;
    move.corrected = -math::log(p + beta * (1.0 - p) / (beta - c.a)) + rest;
  }
  if (!exists) move.corrected = std::numeric_limits<double>::quiet_NaN();
  return move;
}

}  // namespace ballast::model
