#include "ballast/model/rough_heston.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "ballast/model/internal/exponent.h"
#include "ballast/model/internal/moments.h"
#include "ballast/model/internal/rough_weights.h"

namespace ballast::model {
namespace internal {

RoughWeights rough_weights(double hurst, std::size_t steps) {
  RoughWeights w{.alpha = hurst + 0.5};
  const double a = w.alpha;
  w.per_gamma = 1.0 / std::tgamma(a + 2.0);
  double before = 0.0, now = 1.0;  // k^(a + 1), (k + 1)^(a + 1)
  for (std::size_t k = 0; k < steps; ++k) {
    const double n = static_cast<double>(k), after = std::pow(n + 2.0, a + 1.0);
    w.first[k] = before - (n - a) * now / (n + 1.0);
    w.inner[k] = after + before - 2.0 * now;
    before = now, now = after;
  }
  return w;
}

double log_moment_of(const RoughHeston& m, double power, double years) {
  if (m.hurst == 0.5) return log_moment_of(m.heston, power, years);
  constexpr double infinite = std::numeric_limits<double>::infinity();
  const Heston& p = m.heston;
  const RoughWeights w = rough_weights(m.hurst, rough_steps);
  const double dt = years / static_cast<double>(rough_steps), c = std::pow(dt, w.alpha) * w.per_gamma;
  const double half_q = 0.5 * power * (1.0 - power), b = p.kappa - p.rho * p.xi * power, half_x2 = 0.5 * p.xi * p.xi;
  std::array<double, rough_steps + 1> pull;
  pull[0] = -half_q;
  double area = 0.0, total = 0.5 * pull[0];
  for (std::size_t k = 0; k < rough_steps; ++k) {
    double past = w.first[k] * pull[0];
    for (std::size_t j = 1; j <= k; ++j) past += w.inner[k - j] * pull[j];
    // As in rough-inl.h; where the quadratic has no root the moment has exploded.
    const double forward = 1.0 + c * b, known = c * (past - half_q);
    const double square = forward * forward - 4.0 * c * half_x2 * known;
    if (!(square >= 0.0 && forward + std::sqrt(square) > 0.0)) return infinite;
    const double h = 2.0 * known / (forward + std::sqrt(square)), share = k + 1 == rough_steps ? 0.5 : 1.0;
    pull[k + 1] = half_x2 * h * h - b * h - half_q;
    area += share * h;
    total += share * pull[k + 1];
  }
  const double exponent = dt * (p.kappa * p.theta * area + p.v0 * total);
  return exponent > 0.0 ? 1.02 * exponent : exponent;
}

}  // namespace internal

namespace {
const std::complex<double> nowhere(std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN());
bool bad(const RoughHeston& model, Years years) {
  return fault(TransformModel{model}).has_value() || !(years.value > 0.0 && years.value <= 100.0);
}
}  // namespace

std::complex<double> rough_riccati(const RoughHeston& model, std::complex<double> s, Years years) {
  return bad(model, years) ? nowhere : internal::rough_riccati_at(model, years.value, s);
}

std::complex<double> rough_riccati_rational(const RoughHeston& model, std::complex<double> s, Years years) {
  if (bad(model, years) || model.heston.kappa != 0.0) return nowhere;
  using C = std::complex<double>;
  const double alpha = model.hurst + 0.5, xi = model.heston.xi, rho = model.heston.rho;
  const auto gamma = [](double x) { return std::tgamma(x); };
  const C q = s * (1.0 - s);
  // Short times: h = b1 y + b2 y² + b3 y³, y = T^alpha.
  const C b1 = -0.5 * q / gamma(1.0 + alpha), c1 = rho * xi * s;
  const C b2 = c1 * b1 * gamma(1.0 + alpha) / gamma(1.0 + 2.0 * alpha);
  const C b3 = (c1 * b2 + 0.5 * xi * xi * b1 * b1) * gamma(1.0 + 2.0 * alpha) / gamma(1.0 + 3.0 * alpha);
  // Long times: h = g0 + g1/y + g2/y².
  const C root = std::sqrt(q + rho * rho * s * s), slope = -xi * root;
  const C g0 = (-rho * s - root) / xi, g1 = g0 / (gamma(1.0 - alpha) * slope);
  const double reflected = alpha == 1.0 ? 0.0 : gamma(1.0 - alpha) / gamma(1.0 - 2.0 * alpha);
  const C g2 = (g1 * reflected - 0.5 * xi * xi * g1 * g1) / slope;
  // p = (b1, b2 + b1 q1, b3 + b2 q1 + b1 q2) of the numerator meets g0 and its fellows: three equations for q1, q2, q3.
  C m[3][4] = {{b2, b1, -g0, -b3}, {b1, -g0, -g1, -b2}, {-g0, -g1, -g2, -b1}};
  for (int i = 0; i < 3; ++i) {
    int best = i;
    for (int r = i + 1; r < 3; ++r)
      if (std::abs(m[r][i]) > std::abs(m[best][i])) best = r;
    std::swap(m[i], m[best]);
    for (int r = i + 1; r < 3; ++r) {
      const C by = m[r][i] / m[i][i];
      for (int k = i; k < 4; ++k) m[r][k] -= by * m[i][k];
    }
  }
  const C q3 = m[2][3] / m[2][2], q2 = (m[1][3] - m[1][2] * q3) / m[1][1];
  const C q1 = (m[0][3] - m[0][1] * q2 - m[0][2] * q3) / m[0][0];
  const double y = std::pow(years.value, alpha);
  return y * (b1 + y * (b2 + b1 * q1 + y * (b3 + b2 * q1 + b1 * q2))) / (1.0 + y * (q1 + y * (q2 + y * q3)));
}

}  // namespace ballast::model
