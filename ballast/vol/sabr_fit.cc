#include "ballast/vol/sabr_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "ballast/math/elementary.h"

namespace ballast::vol {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double largest_rho = 0.995, least_nu_root = 1e-3, largest_nu_root = 4.0;  // nu sqrt(years)
constexpr int reweightings = 4;

using Vector = std::array<double, 3>;  // ln alpha, rho, nu

struct Problem {
  const SliceQuotes& quotes;
  Sabr base;                   ///< beta, forward, years
  std::vector<double> weight;  ///< of the quotes, times what the robust loss leaves of them
  double least_nu, largest_nu;
  double nothing;  ///< a weighted sum of squares that no vol shows: 1e-12 each

  Sabr sabr(const Vector& p) const {
    Sabr s = base;
    s.alpha = math::exp(p[0]);
    s.rho = p[1];
    s.nu = p[2];
    return s;
  }
  Vector inside(Vector p) const {
    p[1] = std::clamp(p[1], -largest_rho, largest_rho);
    p[2] = std::clamp(p[2], least_nu, largest_nu);
    return p;
  }
};

/// The weighted sum of squares, its half gradient and the Gauss-Newton matrix; the sum is infinite where a vol is none.
struct Normal {
  double cost = 0.0;
  Vector gradient{};
  std::array<Vector, 3> matrix{};
};

Normal normal_equations(const Problem& problem, const Vector& p) {
  Normal n;
  const Sabr s = problem.sabr(p);
  for (std::size_t i = 0; i < problem.quotes.vol.size(); ++i) {
    const SabrGradient g = gradient(s, problem.quotes.log_moneyness[i]);
    const double off = g.vol - problem.quotes.vol[i], weight = problem.weight[i];
    const Vector slope = {g.to_log_alpha, g.to_rho, g.to_nu};
    n.cost += weight * off * off;
    for (std::size_t a = 0; a < 3; ++a) {
      n.gradient[a] += weight * off * slope[a];
      for (std::size_t b = 0; b < 3; ++b) n.matrix[a][b] += weight * slope[a] * slope[b];
    }
  }
  if (!std::isfinite(n.cost)) n.cost = infinity;
  return n;
}

/// -(M + damping diag M)^-1 g by Cholesky; a variable that nothing depends on stays. A variable at its bound that the
/// step would push further out is held.
Vector step_of(const Normal& n, double damping, const std::array<bool, 3>& held) {
  std::array<Vector, 3> l{};
  Vector y{};
  for (std::size_t i = 0; i < 3; ++i) {
    if (held[i] || !(n.matrix[i][i] > 0.0)) continue;
    double pivot = n.matrix[i][i] * (1.0 + damping), sum = -n.gradient[i];
    for (std::size_t j = 0; j < i; ++j) {
      if (l[j][j] == 0.0) continue;
      double entry = n.matrix[i][j];
      for (std::size_t m = 0; m < j; ++m) entry -= l[i][m] * l[j][m];
      l[i][j] = entry / l[j][j];
      pivot -= l[i][j] * l[i][j];
      sum -= l[i][j] * y[j];
    }
    l[i][i] = std::sqrt(std::max(pivot, 1e-14 * n.matrix[i][i]));
    y[i] = sum / l[i][i];
  }
  Vector step{};
  for (std::size_t i = 3; i-- > 0;) {
    if (l[i][i] == 0.0) continue;
    double sum = y[i];
    for (std::size_t j = i + 1; j < 3; ++j) sum -= l[j][i] * step[j];
    step[i] = sum / l[i][i];
  }
  return step;
}

struct Descended {
  Vector point;
  double cost;
  int steps;
};

Descended descend(const Problem& problem, Vector start, int steps) {
  Vector p = problem.inside(start);
  Normal here = normal_equations(problem, p);
  double damping = 1e-3;
  int taken = 0;
  while (taken < steps && here.cost > problem.nothing && here.cost < infinity && damping < 1e10) {
    ++taken;
    std::array<bool, 3> held{};
    held[1] = (p[1] <= -largest_rho && here.gradient[1] > 0.0) || (p[1] >= largest_rho && here.gradient[1] < 0.0);
    held[2] =
        (p[2] <= problem.least_nu && here.gradient[2] > 0.0) || (p[2] >= problem.largest_nu && here.gradient[2] < 0.0);
    Vector next = p;
    const Vector step = step_of(here, damping, held);
    for (std::size_t i = 0; i < 3; ++i) next[i] += step[i];
    next = problem.inside(next);
    if (next == p) break;
    Normal there = normal_equations(problem, next);
    if (!(there.cost < here.cost)) {
      damping *= 10.0;
      continue;
    }
    const bool arrived = here.cost - there.cost <= 1e-10 * here.cost;
    p = next;
    here = there;
    damping = std::max(0.1 * damping, 1e-12);
    if (arrived) break;
  }
  return {p, here.cost, taken};
}

/// Level, slope and bend of the vols by a weighted parabola in k over the middle of the smile, turned into parameters
/// by the expansion vol = a (1 + ..) at the money: skew (rho nu - (1 - beta) a)/2, curvature by nu² and rho nu.
std::optional<Vector> from_parabola(const Problem& problem) {
  const SliceQuotes& q = problem.quotes;
  const std::size_t n = q.vol.size();
  std::size_t nearest = 0;
  for (std::size_t i = 1; i < n; ++i) {
    if (std::abs(q.log_moneyness[i]) < std::abs(q.log_moneyness[nearest])) nearest = i;
  }
  const double scale = 1.5 * q.vol[nearest] * std::sqrt(q.years.value);
  // Gauss elimination of the 3 x 3 normal equations; quotes fade with their distance, so that the wings do not bend it.
  std::array<std::array<double, 4>, 3> m{};
  for (std::size_t i = 0; i < n; ++i) {
    const double u = q.log_moneyness[i] / scale, weight = 1.0 / ((1.0 + u * u) * (1.0 + u * u));
    const Vector powers = {1.0, u, u * u};
    for (std::size_t a = 0; a < 3; ++a) {
      for (std::size_t b = 0; b < 3; ++b) m[a][b] += weight * powers[a] * powers[b];
      m[a][3] += weight * powers[a] * q.vol[i];
    }
  }
  for (std::size_t i = 0; i < 3; ++i) {
    if (!(m[i][i] > 1e-12)) return std::nullopt;
    for (std::size_t r = 0; r < 3; ++r) {
      if (r == i) continue;
      const double share = m[r][i] / m[i][i];
      for (std::size_t c = i; c < 4; ++c) m[r][c] -= share * m[i][c];
    }
  }
  const double atm = m[0][3] / m[0][0], skew = m[1][3] / m[1][1] / scale,
               bend = 2.0 * m[2][3] / m[2][2] / (scale * scale);
  if (!(atm > 0.0)) return std::nullopt;
  const double rho_nu = 2.0 * skew + (1.0 - problem.base.beta) * atm;
  const double nu2 = 3.0 * atm * bend + 1.5 * rho_nu * rho_nu;
  const double nu = std::max(std::sqrt(std::max(nu2, 0.0)), 1.1 * std::abs(rho_nu));
  Sabr s = problem.base;
  s.nu = std::clamp(nu, problem.least_nu, problem.largest_nu);
  s.rho = std::clamp(rho_nu / s.nu, -0.9, 0.9);
  s.alpha = alpha_at_the_money(s, Vol(atm));
  if (!(s.alpha > 0.0)) return std::nullopt;
  return Vector{math::log(s.alpha), s.rho, s.nu};
}

Vector round_smile(const Problem& problem) {
  const SliceQuotes& q = problem.quotes;
  std::vector<double> vols = q.vol;
  std::nth_element(vols.begin(), vols.begin() + static_cast<std::ptrdiff_t>(vols.size() / 2), vols.end());
  const double level = math::log(vols[vols.size() / 2]) + (1.0 - problem.base.beta) * math::log(q.forward.value);
  return {level, 0.0, 0.3 / std::sqrt(q.years.value)};
}

std::vector<double> errors(const Problem& problem, const Vector& p) {
  const Sabr s = problem.sabr(p);
  std::vector<double> off;
  for (std::size_t i = 0; i < problem.quotes.vol.size(); ++i)
    off.push_back(gradient(s, problem.quotes.log_moneyness[i]).vol - problem.quotes.vol[i]);
  return off;
}

/// Tukey's weights, from the median of |error| as the robust deviation; false when every error is small already.
bool reweigh(Problem& problem, const std::vector<double>& off, double robust) {
  std::vector<double> size;
  for (const double e : off) size.push_back(std::abs(e));
  std::nth_element(size.begin(), size.begin() + static_cast<std::ptrdiff_t>(size.size() / 2), size.end());
  const double deviation = 1.4826 * size[size.size() / 2];  // of the normal distribution
  if (!(deviation > 1e-9)) return false;
  for (std::size_t i = 0; i < off.size(); ++i) {
    const double u = off[i] / (robust * deviation), left = std::max(1.0 - u * u, 0.0);
    problem.weight[i] = problem.quotes.weight[i] * left * left;
  }
  return true;
}

std::optional<Error> fault_of(const SliceQuotes& q, const SabrFitRules& rules) {
  const auto bad = [&](std::string what) {
    return Error{Fault::bad_input, fmt::format("{} {}: {}", q.index, to_string(q.expiry), std::move(what))};
  };
  if (!(rules.beta >= 0.0 && rules.beta <= 1.0)) return bad(fmt::format("beta {} is outside [0, 1]", rules.beta));
  if (!(rules.robust >= 0.0)) return bad(fmt::format("robust {} is under 0", rules.robust));
  if (rules.iterations < 1) return bad(fmt::format("{} iterations are none", rules.iterations));
  const std::size_t n = q.vol.size();
  if (n < 4 || q.log_moneyness.size() != n || q.weight.size() != n)
    return bad(fmt::format("SABR needs 4 quotes, in columns of one length: {} vols, {} log-moneynesses, {} weights", n,
                           q.log_moneyness.size(), q.weight.size()));
  if (!(q.years.value > 0.0 && q.forward.value > 0.0 && std::isfinite(q.years.value) && std::isfinite(q.forward.value)))
    return bad(fmt::format("years {} or forward {} is not over 0", q.years.value, q.forward.value));
  for (std::size_t i = 0; i < n; ++i) {
    if (!(q.vol[i] > 0.0 && std::isfinite(q.vol[i]) && q.weight[i] > 0.0 && std::isfinite(q.weight[i]) &&
          std::abs(q.log_moneyness[i]) <= 10.0))
      return bad(fmt::format("no quote to fit: vol {}, weight {}, log-moneyness {}", q.vol[i], q.weight[i],
                             q.log_moneyness[i]));
  }
  return std::nullopt;
}

}  // namespace

Result<SabrFit> fit_sabr(const SliceQuotes& quotes, const SabrFitRules& rules, const Sabr* warm) {
  if (auto fault = fault_of(quotes, rules)) return *fault;
  const double root = std::sqrt(quotes.years.value);
  Problem problem{.quotes = quotes,
                  .base = {.beta = rules.beta, .forward = quotes.forward, .years = quotes.years},
                  .weight = quotes.weight,
                  .least_nu = least_nu_root / root,
                  .largest_nu = largest_nu_root / root,
                  .nothing = 1e-24 * std::accumulate(quotes.weight.begin(), quotes.weight.end(), 0.0)};
  Descended best{.point = {}, .cost = infinity, .steps = 0};
  const auto from = [&](const Vector& start) {
    const Descended found = descend(problem, start, rules.iterations);
    const int steps = best.steps + found.steps;
    if (found.cost < best.cost) best = found;
    best.steps = steps;
  };
  if (warm != nullptr && warm->beta == rules.beta && warm->alpha > 0.0) {
    // The same vols at the money on the moved forward: alpha scales with forward^(1 - beta).
    from({math::log(warm->alpha) + (1.0 - rules.beta) * math::log_ratio(quotes.forward.value, warm->forward.value),
          warm->rho, warm->nu});
  }
  if (!std::isfinite(best.cost)) {
    if (const auto start = from_parabola(problem)) from(*start);
    from(round_smile(problem));
  }
  if (!std::isfinite(best.cost)) {
    return Error{Fault::no_solution, fmt::format("{} {}: no SABR smile has a vol at all {} quotes", quotes.index,
                                                 to_string(quotes.expiry), quotes.vol.size())};
  }
  for (int i = 0; rules.robust > 0.0 && i < reweightings; ++i) {
    if (!reweigh(problem, errors(problem, best.point), rules.robust)) break;
    const Descended found = descend(problem, best.point, rules.iterations);
    best = {found.point, found.cost, best.steps + found.steps};
  }
  SabrFit fit{.sabr = problem.sabr(best.point), .iterations = best.steps};
  const std::vector<double> off = errors(problem, best.point);
  for (const double e : off) {
    fit.rmse += e * e;
    fit.worst = std::max(fit.worst, std::abs(e));
  }
  fit.rmse = std::sqrt(fit.rmse / static_cast<double>(off.size()));
  return fit;
}

}  // namespace ballast::vol
