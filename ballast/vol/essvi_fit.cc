#include "ballast/vol/essvi_fit.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace ballast::vol {
namespace {

constexpr double steepest_rho = 0.999;
constexpr double room = 1e-4;  // relative distance from the edges of the box
constexpr int most_steps = 60;

struct Box {
  const Essvi* near;

  double least_psi(double rho) const {
    if (!near) return 1e-6;
    return near->psi * std::max((1.0 + near->rho) / (1.0 + rho), (1.0 - near->rho) / (1.0 - rho)) * (1.0 + 0.1 * room);
  }
  double most_psi(double theta, double rho) const {
    const double butterfly = largest_psi(theta, rho) * (1.0 - room);
    return near ? std::min(butterfly, near->psi / near->theta * theta) : butterfly;
  }

  /// The point itself where the box has it, else one nearby that it has.
  Essvi project(Essvi p) const {
    const double least_theta = near ? near->theta * (1.0 + room) : 1e-9;
    p.theta = std::max(p.theta, least_theta);
    p.rho = std::clamp(p.rho, -steepest_rho, steepest_rho);
    if (near && least_psi(p.rho) > most_psi(p.theta, p.rho)) {
      double inside = near->rho, outside = p.rho;  // at the earlier rho there is room: find how far towards the other
      for (int i = 0; i < 40; ++i) {
        const double middle = 0.5 * (inside + outside);
        (least_psi(middle) <= most_psi(p.theta, middle) ? inside : outside) = middle;
      }
      p.rho = inside;
    }
    p.psi = std::max(std::min(p.psi, most_psi(p.theta, p.rho)), least_psi(p.rho));
    return p;
  }
};

using Triple = std::array<double, 3>;

struct Equations {
  double cost = 0.0;
  Triple gradient{};
  std::array<Triple, 3> matrix{};
};

/// w = (theta + rho psi k + S) / 2 with S = sqrt(psi² k² + 2 rho theta psi k + theta²).
Equations equations(const SliceQuotes& q, std::span<const double> trust, const Essvi& p) {
  Equations e;
  for (std::size_t i = 0; i < q.vol.size(); ++i) {
    const double k = q.log_moneyness[i], x = p.psi * k;
    const double s = std::sqrt(std::max(x * x + 2.0 * p.rho * p.theta * x + p.theta * p.theta, 1e-30));
    const double w = std::max(0.5 * (p.theta + p.rho * x + s), 1e-12);
    const double vol = std::sqrt(w / q.years.value), scale = 0.25 / (vol * q.years.value);  // half of dvol/dw
    const Triple slope = {scale * (1.0 + (p.rho * x + p.theta) / s), scale * (x + p.theta * x / s),
                          scale * (p.rho * k + (x * k + p.rho * p.theta * k) / s)};
    const double error = vol - q.vol[i], weight = q.weight[i] * trust[i];
    e.cost += weight * error * error;
    for (std::size_t a = 0; a < 3; ++a) {
      e.gradient[a] += weight * slope[a] * error;
      for (std::size_t b = 0; b <= a; ++b) e.matrix[a][b] += weight * slope[a] * slope[b];
    }
  }
  return e;
}

/// -(matrix with its diagonal raised)^-1 gradient.
Triple step_of(const Equations& e, double damping) {
  std::array<Triple, 3> l{};
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = e.matrix[i][j] * (i == j ? 1.0 + damping : 1.0) + (i == j ? 1e-280 : 0.0);
      const double floor = 1e-14 * sum;
      for (std::size_t m = 0; m < j; ++m) sum -= l[i][m] * l[j][m];
      l[i][j] = i == j ? std::sqrt(std::max(sum, floor)) : sum / l[j][j];
    }
  }
  Triple x{};
  for (std::size_t i = 0; i < 3; ++i) {
    double sum = -e.gradient[i];
    for (std::size_t j = 0; j < i; ++j) sum -= l[i][j] * x[j];
    x[i] = sum / l[i][i];
  }
  for (std::size_t i = 3; i-- > 0;) {
    double sum = x[i];
    for (std::size_t j = i + 1; j < 3; ++j) sum -= l[j][i] * x[j];
    x[i] = sum / l[i][i];
  }
  return x;
}

double variance_near_money(const SliceQuotes& q) {
  const auto nearest = std::min_element(q.log_moneyness.begin(), q.log_moneyness.end(),
                                        [](double a, double b) { return std::abs(a) < std::abs(b); });
  const double vol = q.vol[static_cast<std::size_t>(nearest - q.log_moneyness.begin())];
  return vol * vol * q.years.value;
}

}  // namespace

EssviFit fit_essvi(const SliceQuotes& quotes, std::span<const double> trust, const Essvi* near, const Essvi* start) {
  const Box box{near};
  const double theta = variance_near_money(quotes);
  EssviFit fit{.slice = box.project(start ? *start : Essvi{.theta = theta, .rho = 0.0, .psi = std::sqrt(theta)})};
  Equations here = equations(quotes, trust, fit.slice);
  double damping = 1e-3;
  while (fit.iterations < most_steps && damping < 1e8) {
    ++fit.iterations;
    const Triple step = step_of(here, damping);
    const Essvi next = box.project(
        {.theta = fit.slice.theta + step[0], .rho = fit.slice.rho + step[1], .psi = fit.slice.psi + step[2]});
    const Equations there = equations(quotes, trust, next);
    if (!(there.cost < here.cost)) {
      damping *= 8.0;
      continue;
    }
    const bool arrived = here.cost - there.cost <= 1e-9 * here.cost;
    fit.slice = next, here = there, damping = std::max(0.2 * damping, 1e-10);
    if (arrived) break;
  }
  return fit;
}

}  // namespace ballast::vol
