#include "ballast/math/piecewise_program.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace ballast::math {
namespace {

std::optional<std::string> misshapen(const PiecewiseConvex& f, bool bounded) {
  if (!(f.lowest <= f.highest)) return fmt::format("bounds {} and {}", f.lowest, f.highest);
  if (bounded && !(std::isfinite(f.lowest) && std::isfinite(f.highest))) {
    return fmt::format("bounds {} and {}: both must be finite", f.lowest, f.highest);
  }
  if (f.lowest == std::numeric_limits<double>::infinity() || f.highest == -std::numeric_limits<double>::infinity()) {
    return fmt::format("bounds {} and {}", f.lowest, f.highest);
  }
  if (f.slopes.size() != f.kinks.size() + 1) {
    return fmt::format("{} slopes for {} kinks, one more is due", f.slopes.size(), f.kinks.size());
  }
  for (std::size_t i = 0; i < f.slopes.size(); ++i) {
    if (!std::isfinite(f.slopes[i])) return fmt::format("a slope of {}", f.slopes[i]);
    if (i > 0 && !(f.slopes[i - 1] <= f.slopes[i])) {
      return fmt::format("slopes that fall from {} to {}: not convex", f.slopes[i - 1], f.slopes[i]);
    }
  }
  for (std::size_t i = 0; i < f.kinks.size(); ++i) {
    if (!std::isfinite(f.kinks[i])) return fmt::format("a kink at {}", f.kinks[i]);
    if (i > 0 && !(f.kinks[i - 1] <= f.kinks[i]))
      return fmt::format("a kink at {} after {}", f.kinks[i], f.kinks[i - 1]);
  }
  if (!(f.curvature >= 0.0 && std::isfinite(f.curvature))) return fmt::format("a curvature of {}", f.curvature);
  return std::nullopt;
}

}  // namespace

double PiecewiseConvex::value(double x) const {
  const auto zero = static_cast<std::size_t>(std::lower_bound(kinks.begin(), kinks.end(), 0.0) - kinks.begin());
  double sum = 0.5 * curvature * x * x, from = 0.0;
  if (x >= 0.0) {
    for (std::size_t i = zero; i < kinks.size() && kinks[i] < x; ++i) {
      sum += slopes[i] * (kinks[i] - from);
      from = kinks[i];
    }
    const auto last = static_cast<std::size_t>(std::lower_bound(kinks.begin(), kinks.end(), x) - kinks.begin());
    return sum + slopes[last] * (x - from);
  }
  std::size_t i = zero;
  for (; i > 0 && kinks[i - 1] > x; --i) {
    sum += slopes[i] * (kinks[i - 1] - from);
    from = kinks[i - 1];
  }
  return sum + slopes[i] * (x - from);
}

std::optional<Error> misshapen(const PiecewiseProgram& p) {
  const std::size_t n = p.n(), m = p.m();
  if (n == 0) return Error{Fault::bad_input, "a program without columns"};
  if (p.matrix.size() != n * m || p.offset.size() != m) {
    return Error{Fault::bad_input,
                 fmt::format("a program of {} columns and {} rows with {} coefficients and {} offsets", n, m,
                             p.matrix.size(), p.offset.size())};
  }
  if (!p.hessian.empty() && p.hessian.size() != n * n) {
    return Error{Fault::bad_input, fmt::format("a Hessian of {} numbers for {} columns", p.hessian.size(), n)};
  }
  for (std::size_t j = 0; j < n; ++j) {
    if (const auto why = misshapen(p.columns[j], true))
      return Error{Fault::bad_input, fmt::format("column {}: {}", j, *why)};
    for (std::size_t i = 0; i < m; ++i) {
      if (!std::isfinite(p.matrix[j * m + i])) {
        return Error{Fault::bad_input, fmt::format("column {}: coefficient {} in row {}", j, p.matrix[j * m + i], i)};
      }
    }
  }
  for (std::size_t i = 0; i < m; ++i) {
    if (const auto why = misshapen(p.rows[i], false))
      return Error{Fault::bad_input, fmt::format("row {}: {}", i, *why)};
    if (!std::isfinite(p.offset[i])) return Error{Fault::bad_input, fmt::format("row {}: offset {}", i, p.offset[i])};
  }
  for (std::size_t j = 0; j < p.hessian.size(); ++j) {
    const double mirrored = p.hessian[(j % n) * n + j / n];
    if (!(std::abs(p.hessian[j] - mirrored) <= 1e-12 * (std::abs(p.hessian[j]) + std::abs(mirrored)))) {
      return Error{Fault::bad_input,
                   fmt::format("column {}: the Hessian is not symmetric, {} and {}", j / n, p.hessian[j], mirrored)};
    }
  }
  return std::nullopt;
}

PiecewiseCheck check(const PiecewiseProgram& p, std::span<const double> x, std::span<const double> row_prices) {
  const std::size_t n = p.n(), m = p.m();
  PiecewiseCheck found;
  std::vector<double> y = p.offset, row_scale(m), gradient(n), terms(n);
  for (std::size_t i = 0; i < m; ++i) row_scale[i] = std::abs(p.offset[i]);
  for (std::size_t j = 0; j < n; ++j) {
    for (std::size_t i = 0; i < m; ++i) {
      const double a = p.matrix[j * m + i];
      y[i] += a * x[j];
      row_scale[i] =
          std::max(row_scale[i], std::abs(a) * std::max(std::abs(p.columns[j].lowest), std::abs(p.columns[j].highest)));
      gradient[j] += a * row_prices[i];
      terms[j] = std::max(terms[j], std::abs(a * row_prices[i]));
    }
  }
  double quadratic = 0.0;
  if (!p.hessian.empty()) {
    for (std::size_t j = 0; j < n; ++j) {
      double sum = 0.0;
      for (std::size_t k = 0; k < n; ++k) {
        sum += p.hessian[j * n + k] * x[k];
        terms[j] = std::max(terms[j], std::abs(p.hessian[j * n + k] * x[k]));
      }
      gradient[j] += sum;
      quadratic += 0.5 * x[j] * sum;
    }
  }
  found.objective = quadratic;
  // A point may stand beside where it belongs by a rounding error: the slopes nearby are admitted.
  const auto judge = [&](const PiecewiseConvex& f, double at, double scale, double wanted, double size) {
    found.objective += f.value(at);
    const double beyond = std::max({f.lowest - at, at - f.highest, 0.0});
    found.infeasibility = std::max(found.infeasibility, scale > 0.0 ? beyond / scale : beyond);
    const double near = 1e-9 * scale, smooth = f.curvature * at;
    const auto left =
        static_cast<std::size_t>(std::lower_bound(f.kinks.begin(), f.kinks.end(), at - near) - f.kinks.begin());
    const auto right =
        static_cast<std::size_t>(std::upper_bound(f.kinks.begin(), f.kinks.end(), at + near) - f.kinks.begin());
    const double low =
        at <= f.lowest + near ? -std::numeric_limits<double>::infinity() : f.slopes[left] + smooth - f.curvature * near;
    const double high = at >= f.highest - near ? std::numeric_limits<double>::infinity()
                                               : f.slopes[right] + smooth + f.curvature * near;
    const double off = std::max({low - wanted, wanted - high, 0.0});
    const double of =
        std::max({size, std::abs(wanted), std::abs(f.slopes[left]), std::abs(f.slopes[right]), std::abs(smooth)});
    if (off > 0.0) found.stationarity = std::max(found.stationarity, off / of);
    if (!std::isfinite(at) || !std::isfinite(wanted)) found.infeasibility = found.stationarity = NAN;
  };
  double dearest = 0.0;  // prices are found together: each is as exact as the largest, in its own row's unit
  for (std::size_t i = 0; i < m; ++i) dearest = std::max(dearest, std::abs(row_prices[i]) * row_scale[i]);
  for (std::size_t i = 0; i < m; ++i) {
    judge(p.rows[i], y[i], row_scale[i], row_prices[i], row_scale[i] > 0.0 ? dearest / row_scale[i] : 0.0);
  }
  for (std::size_t j = 0; j < n; ++j) {
    double noise = 0.0;  // of prices, which are small differences of large terms where they are small
    for (std::size_t i = 0; i < m; ++i) {
      const double price = p.rows[i].curvature * row_scale[i] + (row_scale[i] > 0.0 ? dearest / row_scale[i] : 0.0);
      noise += std::abs(p.matrix[j * m + i]) * price;
    }
    const double rounding = 16.0 * std::numeric_limits<double>::epsilon() * noise;
    const double scale = std::max(std::abs(p.columns[j].lowest), std::abs(p.columns[j].highest));
    judge(p.columns[j], x[j], scale, -gradient[j], std::max(terms[j], rounding / 1e-10));
  }
  return found;
}

}  // namespace ballast::math
