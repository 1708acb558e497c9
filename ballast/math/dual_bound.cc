#include "ballast/math/dual_bound.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "ballast/math/internal/piece_curve.h"

namespace ballast::math {
namespace {

// The least f(t) + tilt t between the bounds; -infinity where it falls for ever.
double least(const PiecewiseConvex& f, double tilt) {
  const internal::PieceCurve curve(f);
  const double at = curve.least(tilt, f.lowest, f.highest);
  return std::isfinite(at) ? curve.value(at) + tilt * at : -std::numeric_limits<double>::infinity();
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
