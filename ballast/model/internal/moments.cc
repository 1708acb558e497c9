#include "ballast/model/internal/moments.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ballast/math/complex.h"
#include "ballast/math/elementary.h"

namespace ballast::model::internal {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

/// Heston's Riccati functions at a real power; infinite from the moment's explosion on.
/// Source   L. Andersen and V. Piterbarg, "Moment explosions in stochastic volatility models", Finance and Stochastics
///          11 (2007) 29-50. B = -2 y'/(xi² y) and A = -2 ln y/xi² with y'' + b y' = xi² q y/4, y(0) = 1, y'(0) = 0;
///          the moment explodes where y comes to 0. Sums of b and d that cancel are written as their product's share.
struct RealRiccati {
  double A, B;
};
RealRiccati riccati_of(const Heston& p, double power, double years) {
  const double q = power * (1.0 - power), b = p.kappa - p.rho * p.xi * power, x2 = p.xi * p.xi;
  const double square = b * b + x2 * q;
  if (square <= 0.0) {
    const double w = std::sqrt(-square), half = 0.5 * w * years;
    // y e^{bt/2} = cos + b sin / w, whose first zero this is.
    if (half >= math::angle(w, -b)) return {infinite, infinite};
    const auto turn = math::sine_cosine(half);
    const double share = half < 1e-8 ? 0.5 * years : turn.sine / w;
    const double y = turn.cosine + b * share;
    if (!(y > 0.0)) return {infinite, infinite};
    return {-(2.0 / x2) * (math::log(y) - 0.5 * b * years), -q * share / y};
  }
  const double d = std::sqrt(square), fade = math::exp(-d * years), faded = -math::expm1(-d * years);
  if (b >= 0.0) {
    const double plus = d + b, minus = x2 * q / plus;
    return {-(2.0 / x2) * (0.5 * minus * years + math::log1p(-minus * faded / (2.0 * d))),
            -q * faded / (plus + minus * fade)};
  }
  const double minus = d - b, plus = x2 * q / minus;
  // The logarithm of 1 + plus (e^{d years} - 1)/(2 d); far out with e^{d years} before it.
  double log = 0.0;
  if (d * years < 1.0) {
    const double grown = plus * math::expm1(d * years) / (2.0 * d);
    if (!(grown > -1.0)) return {infinite, infinite};
    log = math::log1p(grown);
  } else {
    const double kept = fade + plus * faded / (2.0 * d);
    if (!(kept > 0.0)) return {infinite, infinite};
    log = d * years + math::log(kept);
  }
  return {-(2.0 / x2) * (-0.5 * plus * years + log), -q * faded / (plus + minus * fade)};
}

/// E[e^{power J}] - 1 - power (E[e^J] - 1) for a normal J.
double compensated(const NormalJumps& jumps, double power) {
  if (jumps.rate == 0.0) return 0.0;
  const double half = 0.5 * jumps.deviation * jumps.deviation;
  return math::expm1(power * (jumps.mean + half * power)) - power * math::expm1(jumps.mean + half);
}

}  // namespace

double log_moment_of(const BlackScholes& m, double power, double years) {
  return 0.5 * m.vol * m.vol * years * power * (power - 1.0);
}
double log_moment_of(const Merton& m, double power, double years) {
  return log_moment_of(BlackScholes{m.vol}, power, years) + m.jumps.rate * years * compensated(m.jumps, power);
}
double log_moment_of(const Heston& m, double power, double years) {
  const RealRiccati f = riccati_of(m, power, years);
  return f.A == infinite ? infinite : m.kappa * m.theta * f.A + m.v0 * f.B;
}
double log_moment_of(const Bates& m, double power, double years) {
  return log_moment_of(m.heston, power, years) + m.jumps.rate * years * compensated(m.jumps, power);
}
double log_moment_of(const Svcj& m, double power, double years) {
  const RealRiccati f = riccati_of(m.heston, power, years);
  if (f.A == infinite) return infinite;
  // B runs from 0 to its last value without turning back.
  const double c = 1.0 - power * m.jump_slope * m.variance_jump;
  const double least = c - m.variance_jump * std::max(f.B, 0.0);
  if (!(least > 0.0)) return infinite;
  const double half = 0.5 * m.jumps.deviation * m.jumps.deviation;
  const double jump = m.jumps.rate == 0.0 ? 1.0 : math::exp(power * (m.jumps.mean + half * power)) / least;
  const double mean = math::exp(m.jumps.mean + half) / (1.0 - m.jump_slope * m.variance_jump) - 1.0;
  return m.heston.kappa * m.heston.theta * f.A + m.heston.v0 * f.B + m.jumps.rate * years * (jump - 1.0 - power * mean);
}

double log_moment_of(const Kou& m, double power, double years) {
  const double p = m.up_share, up = m.up_rate, down = m.down_rate;
  if (!((p == 0.0 || power < up) && (p == 1.0 || power > -down))) return infinite;
  const double grown = p * up / (up - 1.0) + (1.0 - p) * down / (down + 1.0) - 1.0;
  const double jump = (p == 0.0 ? 0.0 : p * up / (up - power)) + (p == 1.0 ? 0.0 : (1.0 - p) * down / (down + power));
  return log_moment_of(BlackScholes{m.vol}, power, years) + m.rate * years * (jump - 1.0 - power * grown);
}
double log_moment_of(const VarianceGamma& m, double power, double years) {
  const double half = 0.5 * m.sigma * m.sigma, used = m.nu * power * (m.theta + half * power);
  if (!(used < 1.0)) return infinite;
  return years / m.nu * (power * math::log1p(-m.nu * (m.theta + half)) - math::log1p(-used));
}
double log_moment_of(const Nig& m, double power, double years) {
  const auto root = [&](double at) { return std::sqrt((m.alpha - at) * (m.alpha + at)); };
  if (!(std::abs(m.beta + power) <= m.alpha)) return infinite;
  const double r0 = root(m.beta), r1 = root(m.beta + 1.0), r = root(m.beta + power), odd = 2.0 * m.beta + 1.0;
  // r0 - r + power (r1 - r0) without what cancels.
  return years * m.delta * power * (power - 1.0) * (odd * (odd + power) / (r1 + r) + r0 + r1) / ((r0 + r) * (r0 + r1));
}
double log_moment_of(const Cgmy& m, double power, double years) {
  if (!(power < m.m && power > -m.g)) return infinite;
  const auto grown = [&](double by) {
    return std::pow(m.m, m.y) * math::expm1(m.y * math::log1p(-by / m.m)) +
           std::pow(m.g, m.y) * math::expm1(m.y * math::log1p(by / m.g));
  };
  return years * m.c * std::tgamma(-m.y) * (grown(power) - power * grown(1.0));
}

double return_variance(const BlackScholes& m) { return m.vol * m.vol; }
double return_variance(const Merton& m) { return m.vol * m.vol + m.jumps.rate * compensated(m.jumps, 2.0); }
double return_variance(const Heston& m) { return m.v0; }
double return_variance(const Bates& m) { return m.heston.v0 + m.jumps.rate * compensated(m.jumps, 2.0); }
double return_variance(const Svcj& m) {
  const double shared = m.jump_slope * m.variance_jump;
  if (!(2.0 * shared < 1.0)) return infinite;
  const double half = 0.5 * m.jumps.deviation * m.jumps.deviation;
  const double square = math::exp(2.0 * (m.jumps.mean + 2.0 * half)) / (1.0 - 2.0 * shared);
  const double mean = math::exp(m.jumps.mean + half) / (1.0 - shared);
  return m.heston.v0 + m.jumps.rate * (square - 2.0 * mean + 1.0);
}
double return_variance(const Kou& m) { return log_moment_of(m, 2.0, 1.0); }
double return_variance(const VarianceGamma& m) { return log_moment_of(m, 2.0, 1.0); }
double return_variance(const Nig& m) { return log_moment_of(m, 2.0, 1.0); }
double return_variance(const Cgmy& m) { return log_moment_of(m, 2.0, 1.0); }

double digamma(double x) {
  double sum = 0.0;
  for (; x < 8.0; x += 1.0) sum -= 1.0 / x;
  const double z = 1.0 / (x * x);
  // Bernoulli numbers over their index: 1/12, 1/120, 1/252, 1/240, 1/132, 691/32760, 1/12.
  const double series =
      z *
      (1.0 / 12.0 - z * (1.0 / 120.0 -
                         z * (1.0 / 252.0 - z * (1.0 / 240.0 - z * (1.0 / 132.0 - z * (691.0 / 32760.0 - z / 12.0))))));
  return sum + std::log(x) - 0.5 / x - series;
}

}  // namespace ballast::model::internal
