#include "ballast/vol/svi.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace ballast::vol {

SmilePoint at(const Svi& svi, double k) {
  const double y = k - svi.m, root = std::sqrt(y * y + svi.sigma * svi.sigma);
  // rho y + root loses its digits in the wing that falls: there it is (root² - rho² y²) / (root - rho y).
  const double s2 = svi.sigma * svi.sigma;
  const double sum =
      svi.rho * y >= 0.0 ? svi.rho * y + root : (s2 + (1.0 - svi.rho) * (1.0 + svi.rho) * y * y) / (root - svi.rho * y);
  return {.total_variance = svi.a + svi.b * sum,
          .slope = svi.b * (svi.rho + y / root),
          .curvature = svi.b * s2 / (root * root * root)};
}

SviMinimum minimum(const Svi& svi) {
  const double flat = std::sqrt((1.0 - svi.rho) * (1.0 + svi.rho));
  return {.k = svi.m - svi.rho * svi.sigma / flat, .total_variance = svi.a + svi.b * svi.sigma * flat};
}

double steepest_wing(const Svi& svi) { return svi.b * (1.0 + std::abs(svi.rho)); }

NaturalSvi natural(const Svi& svi) {
  const double flat = std::sqrt((1.0 - svi.rho) * (1.0 + svi.rho)), omega = 2.0 * svi.b * svi.sigma / flat;
  return {.delta = svi.a - 0.5 * omega * flat * flat,
          .mu = svi.m + svi.rho * svi.sigma / flat,
          .rho = svi.rho,
          .omega = omega,
          .zeta = flat / svi.sigma};
}

Svi raw(const NaturalSvi& n) {
  const double flat = std::sqrt((1.0 - n.rho) * (1.0 + n.rho));
  return {.a = n.delta + 0.5 * n.omega * flat * flat,
          .b = 0.5 * n.omega * n.zeta,
          .rho = n.rho,
          .m = n.mu - n.rho / n.zeta,
          .sigma = flat / n.zeta};
}

JumpWings jump_wings(const Svi& svi, Years years) {
  if (!(svi.b > 0.0)) {
    const double none = std::nan("");
    return {.v = none, .psi = none, .p = none, .c = none, .v_min = none, .years = years.value};
  }
  const double w0 = at(svi, 0.0).total_variance, root = std::sqrt(w0);
  return {.v = w0 / years.value,
          .psi = svi.b / (2.0 * root) * (svi.rho - svi.m / std::sqrt(svi.m * svi.m + svi.sigma * svi.sigma)),
          .p = svi.b * (1.0 - svi.rho) / root,
          .c = svi.b * (1.0 + svi.rho) / root,
          .v_min = minimum(svi).total_variance / years.value,
          .years = years.value};
}

Result<Svi> raw(const JumpWings& j) {
  const double w0 = j.v * j.years, root = std::sqrt(w0);
  if (!(j.v > 0.0 && j.years > 0.0 && j.p > 0.0 && j.c > 0.0 && j.v_min >= 0.0)) {
    return Error{Fault::bad_input,
                 fmt::format("jump wings need v, p, c, years > 0 and v_min >= 0: v {} p {} c {} v_min {} "
                             "years {}",
                             j.v, j.p, j.c, j.v_min, j.years)};
  }
  if (!(std::max(j.p, j.c) * root <= 2.0)) {
    return Error{Fault::bad_input,
                 fmt::format("a wing of {} is steeper than Lee's bound of 2", std::max(j.p, j.c) * root)};
  }
  Svi svi;
  svi.b = 0.5 * root * (j.c + j.p);
  svi.rho = 1.0 - j.p * root / svi.b;
  const double beta = svi.rho - 2.0 * j.psi * root / svi.b;  // m / sqrt(m² + sigma²)
  if (!(std::abs(beta) < 1.0)) {
    return Error{Fault::bad_input,
                 fmt::format("skew psi {} lies outside its wings -p/2 {} and c/2 {}", j.psi, -0.5 * j.p, 0.5 * j.c)};
  }
  const double flat = std::sqrt((1.0 - svi.rho) * (1.0 + svi.rho)), excess = (j.v - j.v_min) * j.years;
  // With m = beta h and sigma = sqrt(1 - beta²) h: w(0) - w_min = b h (1 - rho beta - flat level), whose last factor is
  // (rho - beta)² over the same with a plus, and loses nothing there.
  const double level = std::sqrt((1.0 - beta) * (1.0 + beta)), apart = 2.0 * j.psi * root / svi.b;
  const double gap = apart * apart / (1.0 - svi.rho * beta + flat * level);
  if (!(excess > 0.0 && gap > 0.0)) {
    return Error{
        Fault::bad_input,
        fmt::format("v_min {} against v {}: it has to lie below, and psi {} away from (c - p)/2 = {}, where the "
                    "minimum is at the money",
                    j.v_min, j.v, j.psi, 0.5 * (j.c - j.p))};
  }
  const double h = excess / (svi.b * gap);
  svi.m = beta * h;
  svi.sigma = level * h;
  svi.a = j.v_min * j.years - svi.b * svi.sigma * flat;
  return svi;
}

}  // namespace ballast::vol
