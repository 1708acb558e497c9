#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <variant>

#include "ballast/math/elementary.h"
#include "ballast/model/transform.h"

namespace ballast::model {
namespace {

using Four = std::array<double, 4>;

/// The first moments of a normal jump, from the second on; the first comes with the compensator.
struct JumpMoments {
  double first, second, third, fourth;
};
JumpMoments moments_of(const NormalJumps& jumps) {
  const double m = jumps.mean, v = jumps.deviation * jumps.deviation;
  return {m - math::expm1(m + 0.5 * v), m * m + v, m * (m * m + 3.0 * v), m * m * (m * m + 6.0 * v) + 3.0 * v * v};
}
Four with_jumps(Four c, const NormalJumps& jumps, double years) {
  const JumpMoments j = moments_of(jumps);
  const double n = jumps.rate * years;
  return {c[0] + n * j.first, c[1] + n * j.second, c[2] + n * j.third, c[3] + n * j.fourth};
}

Four of(const BlackScholes& m, double years) {
  const double variance = m.vol * m.vol * years;
  return {-0.5 * variance, variance, 0.0, 0.0};
}
Four of(const Merton& m, double years) { return with_jumps(of(BlackScholes{m.vol}, years), m.jumps, years); }
Four of(const Kou& m, double years) {
  const double up = 1.0 / m.up_rate, down = 1.0 / m.down_rate, n = m.rate * years, p = m.up_share, q = 1.0 - p;
  const Four c = of(BlackScholes{m.vol}, years);
  // The mean jump less its compensator, 1/up - 1/(up - 1), in one piece.
  return {c[0] - n * (p * up / (m.up_rate - 1.0) + q * down / (m.down_rate + 1.0)),
          c[1] + 2.0 * n * (p * up * up + q * down * down), 6.0 * n * (p * up * up * up - q * down * down * down),
          24.0 * n * (p * up * up * up * up + q * down * down * down * down)};
}
Four of(const VarianceGamma& m, double years) {
  const double v = m.sigma * m.sigma, t = m.theta, nu = m.nu;
  return {years * (t + math::log1p(-nu * (t + 0.5 * v)) / nu), years * (v + nu * t * t),
          years * nu * t * (3.0 * v + 2.0 * nu * t * t),
          3.0 * years * nu * (v * v + nu * t * t * (4.0 * v + 2.0 * nu * t * t))};
}
Four of(const Nig& m, double years) {
  const double a2 = m.alpha * m.alpha, b = m.beta, r0 = std::sqrt((m.alpha - b) * (m.alpha + b));
  const double r1 = std::sqrt((m.alpha - b - 1.0) * (m.alpha + b + 1.0)), scale = years * m.delta, r2 = r0 * r0;
  return {-scale * (b * (2.0 * b + 1.0) / (r0 + r1) + r0) / (r0 * (r0 + r1)), scale * a2 / (r2 * r0),
          3.0 * scale * a2 * b / (r2 * r2 * r0), 3.0 * scale * a2 * (a2 + 4.0 * b * b) / (r2 * r2 * r2 * r0)};
}
Four of(const Cgmy& m, double years) {
  const double scale = years * m.c, y = m.y;
  const auto power = [&](double n, double sign) {
    return scale * std::tgamma(n - y) * (std::pow(m.m, y - n) + sign * std::pow(m.g, y - n));
  };
  const double one = std::pow(m.m - 1.0, y) - std::pow(m.m, y) + std::pow(m.g + 1.0, y) - std::pow(m.g, y);
  return {power(1.0, -1.0) - scale * std::tgamma(-y) * one, power(2.0, 1.0), power(3.0, -1.0), power(4.0, 1.0)};
}

/// A polynomial in s to its fourth power.
struct Powers {
  std::array<double, 5> c{};

  friend Powers operator+(Powers a, const Powers& b) {
    for (std::size_t i = 0; i < 5; ++i) a.c[i] += b.c[i];
    return a;
  }
  friend Powers operator*(double x, Powers a) {
    for (double& each : a.c) each *= x;
    return a;
  }
  friend Powers operator*(const Powers& a, const Powers& b) {
    Powers out;
    for (std::size_t i = 0; i < 5; ++i)
      for (std::size_t j = 0; i + j < 5; ++j) out.c[i + j] += a.c[i] * b.c[j];
    return out;
  }
};
Powers inverse(const Powers& a) {
  Powers out;
  out.c[0] = 1.0 / a.c[0];
  for (std::size_t i = 1; i < 5; ++i) {
    double sum = 0.0;
    for (std::size_t j = 1; j <= i; ++j) sum += a.c[j] * out.c[i - j];
    out.c[i] = -sum * out.c[0];
  }
  return out;
}

/// Heston's Riccati functions and the jumps' time as polynomials in s, by Taylor's series in time: each power of s is a
/// polynomial times exponentials e^{-n kappa t}, n <= 4, an entire function, and no step cancels what the closed form
/// loses at short times. After kappa t = 60 nothing moves any more.
struct Path {
  Powers A, B, time;
};
Path path_of(const Heston& p, double variance_jump, double jump_slope, double years) {
  constexpr int order = 20;  // (4 kappa h)^21/21! of the largest exponential: 2e-20
  const double settled = p.kappa > 0.0 ? std::min(years, 60.0 / p.kappa) : years;
  const int steps = std::max(1, static_cast<int>(std::ceil(4.0 * p.kappa * settled)));
  const double h = settled / steps;
  const Powers b{{p.kappa, -p.rho * p.xi}}, half_q{{0.0, 0.5, -0.5}};
  const Powers c{{1.0, -jump_slope * variance_jump}};
  Path out;
  std::array<Powers, order + 1> B, W;
  for (int step = 0; step < steps; ++step) {
    B[0] = out.B;
    W[0] = inverse(c + (-variance_jump) * B[0]);
    for (int k = 0; k < order; ++k) {
      Powers square, moved;
      for (int j = 0; j <= k; ++j) square = square + B[j] * B[k - j];
      B[k + 1] = (1.0 / (k + 1)) * ((-1.0) * (b * B[k]) + (0.5 * p.xi * p.xi) * square);
      if (k == 0) B[1] = B[1] + (-1.0) * half_q;
      if (variance_jump == 0.0) continue;
      for (int j = 1; j <= k + 1; ++j) moved = moved + B[j] * W[k + 1 - j];
      W[k + 1] = variance_jump * (W[0] * moved);
    }
    Powers next = B[order], area, time;
    for (int k = order; k > 0; --k) {
      next = B[k - 1] + h * next;
      area = (1.0 / k) * B[k - 1] + h * area;
      time = (1.0 / k) * W[k - 1] + h * time;
    }
    out.A = out.A + h * area;
    out.time = out.time + h * time;
    out.B = next;
  }
  const double rest = years - settled;
  if (rest > 0.0) {
    out.A = out.A + rest * out.B;
    out.time = out.time + rest * inverse(c + (-variance_jump) * out.B);
  }
  return out;
}
Four of_powers(const Powers& k) { return {k.c[1], 2.0 * k.c[2], 6.0 * k.c[3], 24.0 * k.c[4]}; }
Powers diffusion(const Heston& p, const Path& path) { return (p.kappa * p.theta) * path.A + p.v0 * path.B; }

Four of(const Heston& m, double years) { return of_powers(diffusion(m, path_of(m, 0.0, 0.0, years))); }
Four of(const Bates& m, double years) { return with_jumps(of(m.heston, years), m.jumps, years); }
Four of(const Svcj& m, double years) {
  const Path path = path_of(m.heston, m.variance_jump, m.jump_slope, years);
  const double mean = m.jumps.mean, v = m.jumps.deviation * m.jumps.deviation, shared = m.jump_slope * m.variance_jump;
  // e^{s mean + s² v/2} by its moments.
  const Powers jump{{1.0, mean, (mean * mean + v) / 2.0, mean * (mean * mean + 3.0 * v) / 6.0,
                     (mean * mean * (mean * mean + 6.0 * v) + 3.0 * v * v) / 24.0}};
  Powers k = m.jumps.rate * (jump * path.time);
  k.c[1] -= m.jumps.rate * years * (math::expm1(mean + 0.5 * v) + shared) / (1.0 - shared);
  return of_powers(diffusion(m.heston, path) + k);
}

}  // namespace

std::array<double, 4> cumulants(const TransformModel& model, Years years) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  if (fault(model) || !(years.value >= 0.0 && years.value <= 100.0)) return {nan, nan, nan, nan};
  return std::visit([&](const auto& m) { return of(m, years.value); }, model);
}

}  // namespace ballast::model
