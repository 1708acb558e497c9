#include "ballast/math/dual_bound.h"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace ballast::math {
namespace {

// The least f(t) + tilt t between the bounds; -infinity where it falls for ever.
double least(const PiecewiseConvex& f, double tilt) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < f.slopes.size(); ++i) {
    const double from = std::max(i == 0 ? -infinity : f.kinks[i - 1], f.lowest);
    const double to = std::min(i == f.kinks.size() ? infinity : f.kinks[i], f.highest);
    const bool last = to == f.highest || i == f.kinks.size();
    if (from > to) continue;
    const double slope = f.slopes[i] + tilt;
    double at = to;
    if (f.curvature > 0.0) {
      at = std::clamp(-slope / f.curvature, from, to);
    } else if (slope >= 0.0) {
      // A level line to the left is as low everywhere: its right end is finite, or 0 is as good as any.
      at = slope > 0.0 || std::isfinite(from) ? from : std::isfinite(to) ? to : 0.0;
    }
    if (at == to && !last) continue;
    if (!std::isfinite(at)) return slope == 0.0 ? f.value(0.0) : -infinity;
    return f.value(at) + tilt * at;
  }
  return -infinity;
}

}  // namespace

double dual_bound(const PiecewiseProgram& p, std::span<const double> x, std::span<const double> row_prices) {
  const std::size_t n = p.n(), m = p.m();
  assert(row_prices.size() == m && (p.hessian.empty() || x.size() == n));
  std::vector<double> price(row_prices.begin(), row_prices.end());
  double sum = 0.0;
  for (std::size_t i = 0; i < m; ++i) {
    const PiecewiseConvex& g = p.rows[i];
    if (g.curvature == 0.0) {
      if (!std::isfinite(g.lowest)) price[i] = std::max(price[i], g.slopes.front());
      if (!std::isfinite(g.highest)) price[i] = std::min(price[i], g.slopes.back());
    }
    sum += least(g, -price[i]) + price[i] * p.offset[i];
  }
  for (std::size_t j = 0; j < n; ++j) {
    double tilt = 0.0;
    for (std::size_t i = 0; i < m; ++i) tilt += p.matrix[j * m + i] * price[i];
    if (!p.hessian.empty()) {
      double gradient = 0.0;
      for (std::size_t k = 0; k < n; ++k) gradient += p.hessian[j * n + k] * x[k];
      tilt += gradient;
      sum -= 0.5 * x[j] * gradient;
    }
    sum += least(p.columns[j], tilt);
  }
  return sum;
}

}  // namespace ballast::math
