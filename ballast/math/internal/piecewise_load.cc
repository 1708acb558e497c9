#include "ballast/math/internal/piecewise_state.h"

#include <algorithm>
#include <cmath>

namespace ballast::math {

using namespace internal;
namespace {

double power_of_two(double x) { return x > 0.0 && std::isfinite(x) ? std::exp2(std::round(std::log2(x))) : 1.0; }

}  // namespace

void PiecewiseSolver::State::load(const PiecewiseProgram& p) {
  original = p;
  n = p.n(), m = p.m(), all = n + m;
  scale.assign(all, 1.0);
  column_size.assign(all, 1.0);
  for (Index j = 0; j < n; ++j) {
    scale[j] = power_of_two(std::max(std::abs(p.columns[j].lowest), std::abs(p.columns[j].highest)));
  }
  for (Index i = 0; i < m; ++i) {
    double size = 0.0;
    for (Index j = 0; j < n; ++j) size = std::max(size, std::abs(p.matrix[j * m + i]) * scale[j]);
    scale[n + i] = power_of_two(size > 0.0 ? size : std::abs(p.offset[i]));
  }
  matrix.resize(n * m);
  for (Index j = 0; j < n; ++j) {
    double size = 0.0;
    for (Index i = 0; i < m; ++i) {
      matrix[j * m + i] = p.matrix[j * m + i] * scale[j] / scale[n + i];
      size = std::max(size, std::abs(matrix[j * m + i]));
    }
    column_size[j] = size;
  }
  offset.resize(m);
  for (Index i = 0; i < m; ++i) offset[i] = p.offset[i] / scale[n + i];

  const auto function = [&](Index j) -> const PiecewiseConvex& { return is_row(j) ? p.rows[j - n] : p.columns[j]; };
  double steepest = 0.0;
  for (Index j = 0; j < all; ++j) {
    const PiecewiseConvex& f = function(j);
    for (const double s : f.slopes) steepest = std::max(steepest, std::abs(s) * scale[j]);
    steepest = std::max(steepest, f.curvature * scale[j] * scale[j]);
    if (!is_row(j) && !p.hessian.empty()) steepest = std::max(steepest, p.hessian[j * n + j] * scale[j] * scale[j]);
  }
  objective_scale = 1.0 / power_of_two(steepest);
  lowest.resize(all), highest.resize(all), curvature.resize(all);
  first.assign(1, 0), kinks.clear(), slopes.clear();
  curved = !p.hessian.empty();
  Index rank = p.hessian.empty() ? 0 : n;
  for (Index j = 0; j < all; ++j) {
    const PiecewiseConvex& f = function(j);
    const double by = objective_scale * scale[j];
    lowest[j] = f.lowest / scale[j], highest[j] = f.highest / scale[j];
    curvature[j] = f.curvature * by * scale[j];
    if (curvature[j] > 0.0) curved = true, ++rank;
    slopes.push_back(f.slopes[0] * by);
    for (Index k = 0; k < f.kinks.size(); ++k) {
      const double at = f.kinks[k] / scale[j], after = f.slopes[k + 1] * by;
      if (after == slopes.back()) continue;  // no kink
      if (kinks.size() > first[j] && kinks.back() == at) {
        slopes.back() = after;  // two in one place
        continue;
      }
      kinks.push_back(at), slopes.push_back(after);
    }
    first.push_back(kinks.size());
  }
  hessian.resize(p.hessian.size());
  for (Index j = 0; j < hessian.size(); ++j) {
    hessian[j] = p.hessian[j] * objective_scale * scale[j / n] * scale[j % n];
  }
  tilt.assign(n, 0.0);
  most_supers = std::min(n, rank) + 1;

  v.assign(all, 0.0), hx.assign(hessian.empty() ? 0 : n, 0.0);
  piece.assign(all, 0), where.assign(all, Where::parked), place.assign(all, 0);
  inverse.assign(m * m, 0.0), reduced.assign(most_supers * most_supers, 0.0);
  prices.assign(m, 0.0), basic_gradient.assign(m, 0.0), basic_move.assign(m, 0.0), column.assign(m, 0.0);
  move.assign(all, 0.0), next.assign(all, 0.0), work.assign(m * m, 0.0);
  hmove.assign(n, 0.0), u.assign(most_supers, 0.0), w.assign(most_supers, 0.0), z.assign(most_supers, 0.0);
  r.assign(most_supers, 0.0), stage.assign(m, 0);
  moving.reserve(all), supers.reserve(most_supers), basis.reserve(m);
  product_columns.reserve(all), product_by.reserve(all);
  order.resize(m), counted.resize(most_supers);
  for (Index k = 0; k < most_supers; ++k) counted[k] = k;
  x_out.assign(n, 0.0), y_out.assign(m, 0.0), prices_out.assign(m, 0.0), costs_out.assign(n, 0.0);
  clear_basis();
}

double PiecewiseSolver::State::objective() const {
  double sum = 0.0;
  for (Index j = 0; j < all; ++j) {
    const PiecewiseConvex& f = is_row(j) ? original.rows[j - n] : original.columns[j];
    sum += f.value(v[j] * scale[j]);
    if (is_row(j)) continue;
    sum += tilt[j] * v[j] / objective_scale;
    if (!hessian.empty()) sum += 0.5 * hx[j] * v[j] / objective_scale;
  }
  return sum;
}

}  // namespace ballast::math
