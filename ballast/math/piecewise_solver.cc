// A primal active-set method for PiecewiseProgram. All n + m variables v = (x, y) are tied by A x - y = -offset. At any
// time m of them are basic (found from the others), some are free (`super`: inside a straight piece, held there by
// curvature), the rest stand at a kink or a bound. Along a direction the objective is convex and piecewise quadratic:
// the step goes over kinks for as long as it falls, which is what a long ratio test does in a simplex method and what
// filling the levels of a ladder is on a market. Without curvature there are no free variables and this is that simplex
// method; with it the inverse of the reduced Hessian over the free variables is kept, so that a solve after a small
// change is two products with it. Source of the parts: docs/sources.md, hedge optimiser.
#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

#include "ballast/math/piecewise_program.h"

namespace ballast::math {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double feasible = 1e-10;    // of a variable's scale: a basic variable may be this far beyond a bound
constexpr double optimal_to = 1e-12;  // of the terms of a reduced gradient: their rounding, with room
constexpr double least_pivot = 1e-10;
constexpr double least_curvature = 1e-9;  // of the curvature before what the free variables take away
constexpr int refresh_after = 60;         // updates of an inverse before it is made anew

double power_of_two(double x) { return x > 0.0 && std::isfinite(x) ? std::exp2(std::round(std::log2(x))) : 1.0; }

enum class Where : std::uint8_t { basic, super, lowest, highest, kink, parked };

using Index = std::size_t;

/// to += sum over k of by[k] · column columns[k]; four columns a pass, so that `to` is read and written a quarter as
/// often.
void add_products(double* __restrict to, Index rows, const double* matrix, Index stride, std::span<const Index> columns,
                  std::span<const double> by) {
  Index k = 0;
  for (; k + 4 <= columns.size(); k += 4) {
    const double* __restrict a = matrix + columns[k] * stride, * __restrict b = matrix + columns[k + 1] * stride, * __restrict c = matrix + columns[k + 2] * stride, * __restrict d = matrix + columns[k + 3] * stride;
    const double p = by[k], q = by[k + 1], r = by[k + 2], t = by[k + 3];
    for (Index i = 0; i < rows; ++i) to[i] += (p * a[i] + q * b[i]) + (r * c[i] + t * d[i]);
  }
  for (; k < columns.size(); ++k) {
    const double* __restrict a = matrix + columns[k] * stride;
    for (Index i = 0; i < rows; ++i) to[i] += by[k] * a[i];
  }
}

}  // namespace

struct PiecewiseSolver::State {
  // The program, scaled by powers of two: columns to bounds near 1, rows to coefficients near 1, the objective to
  // slopes near 1.
  Index n = 0, m = 0, all = 0;
  PiecewiseProgram original;
  std::vector<double> scale, matrix, offset, hessian, lowest, highest, curvature, tilt;
  std::vector<Index> first;  // of the kinks of a variable; its slopes start at first + its number
  std::vector<double> kinks, slopes, column_size;
  double objective_scale = 1.0;
  bool curved = false;

  // The point.
  std::vector<double> v, hx;
  std::vector<Index> piece;  // the straight piece that counts for a basic or free variable
  std::vector<Where> where;
  std::vector<Index> place;  // in `basis`, in `supers`, or the kink it stands at
  std::vector<Index> basis, supers;
  std::vector<double> inverse;  // of the basic columns, m x m, column after column
  std::vector<double> reduced;  // inverse of the reduced Hessian over `supers`, stride `most_supers`
  Index most_supers = 0;
  bool rebuilt = false;  // in this solve, out of doubt
  bool stale = false;    // `reduced` no longer belongs to the basis
  int pivots = 0, updates = 0, hx_updates = 0, stalled = 0, refined = 0, iterations = 0;

  // Work space.
  std::vector<double> prices, basic_gradient, basic_move, column, move, next, hmove, work, u, w, z, r;
  std::vector<Index> moving, product_columns, counted, order;
  std::vector<double> product_by;
  std::vector<int> stage;
  mutable std::vector<double> x_out, y_out, prices_out, costs_out;

  bool is_row(Index j) const { return j >= n; }
  const double* column_of(Index j) const { return matrix.data() + j * m; }

  double times_column(const double* rows, Index j) const {
    if (is_row(j)) return -rows[j - n];
    const double* c = column_of(j);
    double sum = 0.0;
    for (Index i = 0; i < m; ++i) sum += rows[i] * c[i];
    return sum;
  }
  void add_column(double* rows, Index j, double by) const {
    if (is_row(j)) {
      rows[j - n] -= by;
      return;
    }
    const double* c = column_of(j);
    for (Index i = 0; i < m; ++i) rows[i] += by * c[i];
  }
  void add_hessian(double* to, Index j, double by) const {
    const double* h = hessian.data() + j * n;
    for (Index i = 0; i < n; ++i) to[i] += by * h[i];
  }

  Index kinks_of(Index j) const { return first[j + 1] - first[j]; }
  double kink(Index j, Index k) const { return kinks[first[j] + k]; }
  double slope(Index j, Index k) const { return slopes[first[j] + j + k]; }
  /// The piece that holds `at`; at a kink the one on the left.
  Index piece_at(Index j, double at) const {
    const double* from = kinks.data() + first[j];
    return static_cast<Index>(std::lower_bound(from, from + kinks_of(j), at) - from);
  }
  Index piece_right_of(Index j, double at) const {
    const double* from = kinks.data() + first[j];
    return static_cast<Index>(std::upper_bound(from, from + kinks_of(j), at) - from);
  }
  /// The slope without the piece's: tilt, curvature, Hessian.
  double smooth(Index j) const {
    return curvature[j] * v[j] + (is_row(j) ? 0.0 : tilt[j] + (hessian.empty() ? 0.0 : hx[j]));
  }

  void load(const PiecewiseProgram& p);
  void clear_basis();
  void refresh();
  void correct_basics();
  bool invert_basis();
  void take_columns(Index j, double by) {
    v[j] += by;
    if (!is_row(j) && !hessian.empty()) add_hessian(hx.data(), j, by), ++hx_updates;
  }
  bool violated(Index j) const { return v[j] < lowest[j] - feasible || v[j] > highest[j] + feasible; }
  bool any_violated() const {
    for (const Index j : basis) {
      if (violated(j)) return true;
    }
    return false;
  }

  void price_rows();
  void to_supers(Index j);
  void drop_super(Index at);
  void stand(Index j, double at, bool up_bound, bool low_bound);
  void pivot(Index at, Index entering);
  bool step_to_feasible();
  bool step_to_optimal();
  void rebuild_supers();
  bool border(Index j, bool commit, double& pivot_curvature);
  void project(Index leaving);
  void project_singular(Index leaving);
  double objective() const;
};

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

/// Rows basic, columns where they are, or at nothing traded.
void PiecewiseSolver::State::clear_basis() {
  supers.clear(), basis.clear();
  for (Index j = 0; j < n; ++j) {
    where[j] = Where::parked;
    const Index k = piece_at(j, v[j]);
    if (k < kinks_of(j) && kink(j, k) == v[j]) where[j] = Where::kink, place[j] = k;
  }
  std::fill(inverse.begin(), inverse.end(), 0.0);
  for (Index i = 0; i < m; ++i) {
    basis.push_back(n + i), where[n + i] = Where::basic, place[n + i] = i;
    inverse[i * m + i] = -1.0;
  }
  pivots = updates = 0, stale = false;
}

/// Puts what is not basic inside its bounds, at its kink, and finds the basic variables from it.
void PiecewiseSolver::State::refresh() {
  if (!hessian.empty() && hx_updates > refresh_after * static_cast<int>(n)) {
    std::fill(hx.begin(), hx.end(), 0.0);
    for (Index j = 0; j < n; ++j) add_hessian(hx.data(), j, v[j]);
    hx_updates = 0;
  }
  for (Index j = 0; j < all; ++j) {
    if (where[j] == Where::basic) continue;
    double at = v[j];
    if (where[j] == Where::lowest) at = lowest[j];
    if (where[j] == Where::highest) at = highest[j];
    if (where[j] == Where::kink) at = kink(j, place[j]);
    if (!std::isfinite(at)) at = v[j], where[j] = Where::parked;  // a row whose bound went to infinity
    const bool low = at <= lowest[j], high = at >= highest[j];
    at = std::clamp(at, lowest[j], highest[j]);
    if (low || high) {
      if (where[j] == Where::super) drop_super(place[j]);
      where[j] = low ? Where::lowest : Where::highest;
    } else if (where[j] == Where::lowest || where[j] == Where::highest) {
      where[j] = Where::parked;  // the bound moved away
    }
    if (at != v[j]) take_columns(j, at - v[j]), v[j] = at;
  }
  if (pivots > refresh_after && !invert_basis()) clear_basis();
  correct_basics();
  for (const Index j : basis) piece[j] = piece_at(j, v[j]);
}

/// v_B -= B^-1 (A x - y + offset), until it no longer gets better.
void PiecewiseSolver::State::correct_basics() {
  double before = infinity;
  for (int round = 0; round < 4; ++round) {
    for (Index i = 0; i < m; ++i) column[i] = offset[i] - v[n + i];
    for (Index j = 0; j < n; ++j) {
      if (v[j] != 0.0) add_column(column.data(), j, v[j]);
    }
    double size = 0.0;
    for (Index i = 0; i < m; ++i) size = std::max(size, std::abs(column[i]));
    if (!(size > 0.0) || size >= before) return;
    before = 0.25 * size;
    std::fill(basic_move.begin(), basic_move.end(), 0.0);
    for (Index c = 0; c < m; ++c) {
      const double by = column[c];
      if (by == 0.0) continue;
      for (Index i = 0; i < m; ++i) basic_move[i] -= inverse[c * m + i] * by;
    }
    for (Index i = 0; i < m; ++i) {
      if (basic_move[i] != 0.0) take_columns(basis[i], basic_move[i]);
    }
  }
}

/// Gauss-Jordan with row pivoting. False: the basis has become singular.
bool PiecewiseSolver::State::invert_basis() {
  std::vector<double>& b = work;
  std::fill(b.begin(), b.end(), 0.0);
  std::fill(inverse.begin(), inverse.end(), 0.0);
  for (Index c = 0; c < m; ++c) {
    add_column(b.data() + c * m, basis[c], 1.0);
    inverse[c * m + c] = 1.0;
  }
  for (Index i = 0; i < m; ++i) order[i] = i;
  for (Index c = 0; c < m; ++c) {
    Index best = c;
    for (Index i = c; i < m; ++i) {
      if (std::abs(b[c * m + order[i]]) > std::abs(b[c * m + order[best]])) best = i;
    }
    std::swap(order[c], order[best]);
    const Index at = order[c];
    const double by = b[c * m + at];
    if (!(std::abs(by) > 1e-13)) return false;
    for (Index k = 0; k < m; ++k) b[k * m + at] /= by, inverse[k * m + at] /= by;
    for (Index i = 0; i < m; ++i) {
      const double of = b[c * m + i];
      if (i == at || of == 0.0) continue;
      for (Index k = 0; k < m; ++k) b[k * m + i] -= of * b[k * m + at], inverse[k * m + i] -= of * inverse[k * m + at];
    }
  }
  // Row order[c] of the work holds row c of the inverse.
  for (Index k = 0; k < m; ++k) {
    for (Index c = 0; c < m; ++c) column[c] = inverse[k * m + order[c]];
    std::copy(column.begin(), column.end(), inverse.begin() + static_cast<std::ptrdiff_t>(k * m));
  }
  pivots = 0;
  return true;
}

/// prices = B^-T basic_gradient
void PiecewiseSolver::State::price_rows() {
  for (Index c = 0; c < m; ++c) {
    const double* col = inverse.data() + c * m;
    double sum = 0.0;
    for (Index i = 0; i < m; ++i) sum += col[i] * basic_gradient[i];
    prices[c] = sum;
  }
}

void PiecewiseSolver::State::to_supers(Index j) {
  where[j] = Where::super, place[j] = supers.size();
  supers.push_back(j);
}

/// Takes one out of `supers` and its row out of `reduced`, as it stands there: the last takes its place.
void PiecewiseSolver::State::drop_super(Index at) {
  const Index last = supers.size() - 1;
  // What a variable held fixed takes away from the inverse.
  if (!stale) {
    const double diagonal = reduced[at * most_supers + at];
    if (diagonal > 0.0) {
      for (Index a = 0; a <= last; ++a) w[a] = reduced[at * most_supers + a];
      for (Index a = 0; a <= last; ++a) {
        const double by = w[a] / diagonal;
        for (Index b = 0; b <= last; ++b) reduced[a * most_supers + b] -= by * w[b];
      }
    } else {
      stale = true;
    }
  }
  for (Index a = 0; a <= last; ++a) reduced[a * most_supers + at] = reduced[a * most_supers + last];
  for (Index a = 0; a <= last; ++a) reduced[at * most_supers + a] = reduced[last * most_supers + a];
  supers[at] = supers[last];
  place[supers[at]] = at;
  supers.pop_back();
  ++updates;
}

/// basis[at] goes, `entering` comes; `column` holds B^-1 of the entering column.
void PiecewiseSolver::State::pivot(Index at, Index entering) {
  const double by = column[at];
  for (Index c = 0; c < m; ++c) {
    double* col = inverse.data() + c * m;
    const double scaled = col[at] / by;
    if (scaled == 0.0) continue;
    for (Index i = 0; i < m; ++i) col[i] -= column[i] * scaled;
    col[at] = scaled;
  }
  basis[at] = entering, where[entering] = Where::basic, place[entering] = at;
  ++pivots;
}

/// One step that lowers the sum of violations. False when there is none.
bool PiecewiseSolver::State::step_to_feasible() {
  for (Index i = 0; i < m; ++i) {
    const Index j = basis[i];
    stage[i] = v[j] < lowest[j] - feasible ? -1 : v[j] > highest[j] + feasible ? 1 : 0;
    basic_gradient[i] = stage[i];
  }
  price_rows();
  double largest = 0.0;
  for (Index i = 0; i < m; ++i) largest = std::max(largest, std::abs(prices[i]));
  Index entering = all;
  double best = 0.0, towards = 0.0;
  for (Index j = 0; j < all; ++j) {
    if (where[j] == Where::basic || lowest[j] == highest[j]) continue;
    const double slope_up = -times_column(prices.data(), j);
    if (!(std::abs(slope_up) > optimal_to * largest * column_size[j])) continue;
    if (slope_up < 0.0 ? where[j] == Where::highest : where[j] == Where::lowest) continue;
    if (std::abs(slope_up) <= best) continue;
    best = std::abs(slope_up), entering = j, towards = slope_up < 0.0 ? 1.0 : -1.0;
    if (stalled > 2 * static_cast<int>(all)) break;
  }
  if (entering == all) return false;

  std::fill(basic_move.begin(), basic_move.end(), 0.0);
  for (Index c = 0; c < m; ++c) {
    const double by = is_row(entering) ? (c == entering - n ? -1.0 : 0.0) : column_of(entering)[c];
    if (by == 0.0) continue;
    for (Index i = 0; i < m; ++i) basic_move[i] += inverse[c * m + i] * by;
  }
  column = basic_move;  // B^-1 of the entering column
  double widest = 1.0;
  for (Index i = 0; i < m; ++i) basic_move[i] *= -towards, widest = std::max(widest, std::abs(basic_move[i]));
  const double self = towards > 0.0 ? highest[entering] - v[entering] : v[entering] - lowest[entering];
  const auto reach = [&](Index i) {
    const Index j = basis[i];
    const double by = basic_move[i];
    if (std::abs(by) < least_pivot * widest) return infinity;
    double to = infinity;
    if (by > 0.0) to = stage[i] < 0 ? lowest[j] : stage[i] == 0 ? highest[j] : infinity;
    if (by < 0.0) to = stage[i] > 0 ? highest[j] : stage[i] == 0 ? lowest[j] : -infinity;
    if (!std::isfinite(to)) return infinity;
    return std::max((to - v[j]) / by, 0.0);
  };
  double falling = -best, length = 0.0;
  Index blocked = m;
  bool flips = false;
  for (;;) {
    Index at = m;
    double nearest = infinity;
    for (Index i = 0; i < m; ++i) {
      const double far = reach(i);
      if (far < nearest || (far == nearest && at < m && std::abs(basic_move[i]) > std::abs(basic_move[at])))
        nearest = far, at = i;
    }
    if (self <= nearest) {
      length = self, flips = true;
      break;
    }
    length = nearest;
    falling += std::abs(basic_move[at]);
    if (falling >= -optimal_to * best) {
      blocked = at;
      break;
    }
    stage[at] += basic_move[at] > 0.0 ? 1 : -1;
  }
  if (!std::isfinite(length)) return false;
  stalled = length * best > 0.0 ? 0 : stalled + 1;
  const bool upwards = towards > 0.0;
  take_columns(entering, towards * length);
  for (Index i = 0; i < m; ++i) {
    if (basic_move[i] != 0.0 && length > 0.0) take_columns(basis[i], basic_move[i] * length);
  }
  if (flips) {
    if (where[entering] == Where::super) drop_super(place[entering]);
    where[entering] = upwards ? Where::highest : Where::lowest;
    v[entering] = upwards ? highest[entering] : lowest[entering];
  } else {
    const Index leaving = basis[blocked];
    const bool at_lowest = basic_move[blocked] > 0.0 ? stage[blocked] < 0 : stage[blocked] == 0;
    if (where[entering] == Where::super) stale = true, drop_super(place[entering]);
    if (!supers.empty()) stale = true;
    pivot(blocked, entering);
    where[leaving] = at_lowest ? Where::lowest : Where::highest;
    v[leaving] = at_lowest ? lowest[leaving] : highest[leaving];
  }
  for (const Index j : basis) piece[j] = piece_at(j, v[j]);
  return true;
}

/// u = reduced * (curvature between the free variables and j); what is left of j's own. With `commit`, j joins them.
bool PiecewiseSolver::State::border(Index j, bool commit, double& left) {
  // The null-space column of j: 1 at j, -B^-1 C_j at the basic variables.
  std::fill(basic_move.begin(), basic_move.end(), 0.0);
  if (is_row(j)) {
    for (Index i = 0; i < m; ++i) basic_move[i] = inverse[(j - n) * m + i];
  } else {
    for (Index c = 0; c < m; ++c) {
      const double by = column_of(j)[c];
      for (Index i = 0; i < m; ++i) basic_move[i] -= inverse[c * m + i] * by;
    }
  }
  double own = curvature[j];
  const bool dense = !hessian.empty();
  if (dense) {
    std::fill(hmove.begin(), hmove.end(), 0.0);
    if (!is_row(j)) add_hessian(hmove.data(), j, 1.0);
    for (Index i = 0; i < m; ++i) {
      if (!is_row(basis[i]) && basic_move[i] != 0.0) add_hessian(hmove.data(), basis[i], basic_move[i]);
    }
    if (!is_row(j)) own += hmove[j];
  }
  for (Index i = 0; i < m; ++i) {
    const Index b = basis[i];
    double t = curvature[b] * basic_move[i];
    if (dense && !is_row(b)) t += hmove[b];
    basic_gradient[i] = t;
    own += t * basic_move[i];
  }
  const Index s = supers.size();
  price_rows();  // as if the curvature times the column were a gradient
  for (Index k = 0; k < s; ++k) {
    const Index of = supers[k];
    const double here = dense && !is_row(of) ? hmove[of] : 0.0;
    z[k] = here - times_column(prices.data(), of);
  }
  std::fill(u.begin(), u.begin() + static_cast<std::ptrdiff_t>(s), 0.0);
  for (Index k = 0; k < s; ++k) {
    const double by = z[k];
    const double* col = reduced.data() + k * most_supers;
    for (Index a = 0; a < s; ++a) u[a] += by * col[a];
  }
  left = own;
  for (Index k = 0; k < s; ++k) left -= u[k] * z[k];
  if (!(left > least_curvature * own) || s + 1 > most_supers) {
    left = 0.0;
    return false;
  }
  if (commit) {
    for (Index a = 0; a < s; ++a) {
      const double by = u[a] / left;
      double* col = reduced.data() + a * most_supers;
      for (Index b = 0; b < s; ++b) col[b] += by * u[b];
      col[s] = -by;
      reduced[s * most_supers + a] = -by;
    }
    reduced[s * most_supers + s] = 1.0 / left;
    to_supers(j);
    ++updates;
  }
  return true;
}

/// A basic variable stops and free variable `leaving` (a place in `supers`) will take its place in the basis. z is how
/// fast the stopped one moves with each: the inverse on the directions that leave it alone is M - M z z'M / z'Mz.
void PiecewiseSolver::State::project(Index leaving) {
  const Index s = supers.size();
  double of = 0.0;
  for (Index a = 0; a < s; ++a) {
    double sum = 0.0;
    for (Index b = 0; b < s; ++b) sum += reduced[b * most_supers + a] * z[b];
    w[a] = sum;
  }
  for (Index a = 0; a < s; ++a) of += w[a] * z[a];
  if (!(of > 0.0)) {
    stale = true;
  } else {
    for (Index a = 0; a < s; ++a) {
      const double by = w[a] / of;
      for (Index b = 0; b < s; ++b) reduced[a * most_supers + b] -= by * w[b];
    }
  }
  const bool was = std::exchange(stale, true);  // already projected: only its row goes
  drop_super(leaving);
  stale = was;
}

/// The same where the last of `supers` came along a direction t = (-u, 1) without curvature: the limit of project() as
/// that curvature goes to 0, M + (w'z/tau²) tt' - (wt' + tw')/tau with tau = z't.
void PiecewiseSolver::State::project_singular(Index leaving) {
  const Index s = supers.size();
  double tau = 0.0, of = 0.0;
  for (Index a = 0; a < s; ++a) reduced[(s - 1) * most_supers + a] = reduced[a * most_supers + s - 1] = 0.0;
  for (Index a = 0; a + 1 < s; ++a) u[a] = -u[a];
  u[s - 1] = 1.0;
  for (Index a = 0; a < s; ++a) {
    double sum = 0.0;
    for (Index b = 0; b < s; ++b) sum += reduced[b * most_supers + a] * z[b];
    w[a] = sum;
    tau += z[a] * u[a];
  }
  for (Index a = 0; a < s; ++a) of += w[a] * z[a];
  if (tau == 0.0) {
    stale = true;
  } else {
    for (Index a = 0; a < s; ++a) {
      for (Index b = 0; b < s; ++b) {
        reduced[a * most_supers + b] += (of / tau * u[a] * u[b] - (w[a] * u[b] + u[a] * w[b])) / tau;
      }
    }
  }
  const bool was = std::exchange(stale, true);
  drop_super(leaving);
  stale = was;
}

/// The free variables join one by one; those without curvature of their own stay where they are and are priced again.
void PiecewiseSolver::State::rebuild_supers() {
  moving = supers;  // within its capacity
  const std::vector<Index>& list = moving;
  supers.clear();
  for (const Index j : list) where[j] = Where::parked;
  stale = false, updates = 0;
  double left = 0.0;
  for (const Index j : list) border(j, true, left);
}

/// One step that lowers the objective inside the bounds. False when there is none.
bool PiecewiseSolver::State::step_to_optimal() {
  for (Index i = 0; i < m; ++i) basic_gradient[i] = smooth(basis[i]) + slope(basis[i], piece[basis[i]]);
  price_rows();
  double largest = 0.0;
  for (Index i = 0; i < m; ++i) largest = std::max(largest, std::abs(prices[i]));

  // Free variables first: they have moved away from the least where something else has.
  bool free = false, doubtful = false;
  const Index held = supers.size();
  for (Index k = 0; k < held; ++k) {
    const Index j = supers[k];
    const double own = smooth(j) + slope(j, piece[j]);
    r[k] = own - times_column(prices.data(), j);
    const double terms = largest * column_size[j] + std::abs(own);
    if (std::abs(r[k]) > 16.0 * optimal_to * terms) free = true;
    if (std::abs(r[k]) > 1e-10 * terms) doubtful = true;
  }
  // A step to the bottom and two for its rounding; what is left then is rounding, or an inverse that has lost its
  // digits.
  if (refined >= 3 && free) {
    free = false;
    if (doubtful && !rebuilt) {
      stale = rebuilt = true, refined = 0;
      return true;
    }
  }
  Index entering = all;
  double towards = 0.0, left = 0.0;
  bool singular = false;
  if (!free) {
    double best = 0.0;
    for (Index j = 0; j < all; ++j) {
      if (where[j] == Where::basic || where[j] == Where::super || lowest[j] == highest[j]) continue;
      const double common = smooth(j) - times_column(prices.data(), j);
      double up = -infinity, down = infinity;
      Index left_piece = 0, right_piece = 0;
      switch (where[j]) {
        case Where::kink: left_piece = place[j], right_piece = place[j] + 1; break;
        case Where::lowest: left_piece = right_piece = piece_right_of(j, v[j]); break;
        case Where::highest: left_piece = right_piece = piece_at(j, v[j]); break;
        default: left_piece = piece_at(j, v[j]), right_piece = piece_right_of(j, v[j]); break;
      }
      const double a = slope(j, left_piece), b = slope(j, right_piece);
      if (where[j] != Where::highest) up = common + b;
      if (where[j] != Where::lowest) down = common + a;
      const double tolerance =
          optimal_to * (largest * column_size[j] + std::abs(common) + std::max(std::abs(a), std::abs(b)));
      const bool rises = up > -infinity && up < -tolerance && -up > best;
      const bool falls = down < infinity && down > tolerance && down > best;
      if (!rises && !falls) continue;
      entering = j;
      towards = rises && (!falls || -up >= down) ? 1.0 : -1.0;
      best = towards > 0.0 ? -up : down;
      piece[j] = towards > 0.0 ? right_piece : left_piece;
      if (stalled > 2 * static_cast<int>(all)) break;  // Bland: the first, so that nothing comes round
    }
    if (entering == all) return false;
    singular = !curved || !border(entering, true, left);
    if (singular) {
      if (!curved) left = 0.0;
      // It moves alone; the free ones answer along the direction without curvature.
      if (supers.size() + 1 > most_supers) {
        stale = true;
        return true;
      }
      to_supers(entering);
    }
    r[supers.size() - 1] = -best * towards;
  }

  // The direction over the free variables.
  const Index s = supers.size();
  if (singular) {
    for (Index k = 0; k + 1 < s; ++k) move[supers[k]] = -u[k] * towards;
    move[entering] = towards;
  } else {
    std::fill(w.begin(), w.begin() + static_cast<std::ptrdiff_t>(s), 0.0);
    add_products(w.data(), s, reduced.data(), most_supers, {counted.data(), s}, {r.data(), s});
    for (Index k = 0; k < s; ++k) move[supers[k]] = -w[k];
  }
  std::fill(column.begin(), column.end(), 0.0);
  for (const Index j : supers) add_column(column.data(), j, move[j]);
  std::fill(basic_move.begin(), basic_move.end(), 0.0);
  for (Index c = 0; c < m; ++c) {
    const double by = column[c];
    if (by == 0.0) continue;
    for (Index i = 0; i < m; ++i) basic_move[i] -= inverse[c * m + i] * by;
  }
  moving.clear();
  double widest = 0.0;
  for (const Index j : supers) widest = std::max(widest, std::abs(move[j]));
  for (const Index j : supers) {
    if (move[j] != 0.0) moving.push_back(j);
  }
  for (Index i = 0; i < m; ++i) {
    move[basis[i]] = basic_move[i];
    if (std::abs(basic_move[i]) > least_pivot * widest) moving.push_back(basis[i]);
  }
  // How steeply it falls and how that changes.
  double falling = 0.0, bend = 0.0;
  for (Index k = 0; k < s; ++k) falling += r[k] * move[supers[k]];
  const bool dense = !hessian.empty();
  if (dense) {
    std::fill(hmove.begin(), hmove.end(), 0.0);
    product_columns.clear(), product_by.clear();
    for (const auto* list : {&supers, &basis}) {
      for (const Index j : *list) {
        if (!is_row(j) && move[j] != 0.0) product_columns.push_back(j), product_by.push_back(move[j]);
      }
    }
    add_products(hmove.data(), n, hessian.data(), n, product_columns, product_by);
  }
  for (const Index j : moving) {
    bend += move[j] * (curvature[j] * move[j] + (dense && !is_row(j) ? hmove[j] : 0.0));
  }
  if (singular) bend = 0.0;

  // Over the kinks for as long as it falls.
  const auto reach = [&](Index j, double& to, bool& hard) {
    const double by = move[j];
    const Index at = piece[j];
    if (by > 0.0) {
      to = at < kinks_of(j) ? kink(j, at) : infinity;
      hard = highest[j] <= to;
      if (hard) to = highest[j];
    } else {
      to = at > 0 ? kink(j, at - 1) : -infinity;
      hard = lowest[j] >= to;
      if (hard) to = lowest[j];
    }
    return std::isfinite(to) ? std::max((to - v[j]) / by, 0.0) : infinity;
  };
  double length = 0.0;
  Index blocked = all;
  double stop = 0.0;
  bool hard = false;
  for (const Index j : moving) {
    double to;
    bool ends;
    next[j] = reach(j, to, ends);
  }
  const double start = falling;
  for (;;) {
    Index at = all;
    double nearest = infinity;
    for (const Index j : moving) {
      if (next[j] < nearest || (next[j] == nearest && at != all && std::abs(move[j]) > std::abs(move[at]))) {
        nearest = next[j], at = j;
      }
    }
    if (bend > 0.0) {
      const double rest = -falling / bend;
      if (length + rest <= nearest) {
        length += rest;
        break;
      }
    }
    if (at == all) return false;  // nothing ends it: every column has bounds, so this is rounding
    falling += bend * (nearest - length);
    length = nearest;
    double to;
    bool ends;
    reach(at, to, ends);
    const Index from = piece[at], beyond = move[at] > 0.0 ? from + 1 : from - 1;
    if (!ends) falling += std::abs(move[at]) * std::abs(slope(at, beyond) - slope(at, from));
    if (ends || falling >= optimal_to * start) {
      blocked = at, stop = to, hard = ends;
      break;
    }
    piece[at] = beyond;
    next[at] = reach(at, to, ends);
  }
  stalled = -start * length > 1e-15 ? 0 : stalled + 1;
  refined = free && blocked == all ? refined + 1 : 0;

  for (const Index j : supers) v[j] += move[j] * length;
  for (const Index j : basis) v[j] += move[j] * length;
  if (dense) {
    for (Index i = 0; i < n; ++i) hx[i] += hmove[i] * length;
    ++hx_updates;
  }
  if (blocked == all) return true;
  // Snapped to where it stops; the rounding in it is corrected with the basic variables at the end.
  const bool was_basic = where[blocked] == Where::basic;
  if (dense && !is_row(blocked)) add_hessian(hx.data(), blocked, stop - v[blocked]);
  v[blocked] = stop;
  const Index stands = move[blocked] > 0.0 ? piece[blocked] : piece[blocked] - 1;  // the kink's number, unless a bound
  if (was_basic) {
    const Index at = place[blocked];
    Index replacing = s;
    for (Index k = 0; k < s; ++k) {
      const Index j = supers[k];
      double sum = 0.0;
      if (is_row(j)) {
        sum = inverse[(j - n) * m + at];
      } else {
        for (Index c = 0; c < m; ++c) sum -= inverse[c * m + at] * column_of(j)[c];
      }
      z[k] = sum;
      if (replacing == s || std::abs(sum) > std::abs(z[replacing])) replacing = k;
    }
    const Index comes = supers[replacing];
    std::fill(column.begin(), column.end(), 0.0);
    for (Index c = 0; c < m; ++c) {
      const double by = is_row(comes) ? (c == comes - n ? -1.0 : 0.0) : column_of(comes)[c];
      if (by == 0.0) continue;
      for (Index i = 0; i < m; ++i) column[i] += inverse[c * m + i] * by;
    }
    if (singular) {
      project_singular(replacing);
    } else {
      project(replacing);
    }
    pivot(at, comes);
  } else {
    const Index at = place[blocked];
    std::fill(z.begin(), z.begin() + static_cast<std::ptrdiff_t>(s), 0.0);
    z[at] = 1.0;
    if (singular) {
      project_singular(at);
    } else {
      drop_super(at);
    }
  }
  where[blocked] = !hard                                            ? Where::kink
                   : stop == lowest[blocked] && move[blocked] < 0.0 ? Where::lowest
                                                                    : Where::highest;
  place[blocked] = stands;
  if (pivots > refresh_after) {
    if (!invert_basis()) clear_basis();
    correct_basics();
    for (const Index j : basis) piece[j] = piece_at(j, v[j]);
  }
  return true;
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

Result<PiecewiseSolver> PiecewiseSolver::make(const PiecewiseProgram& program) {
  if (const auto error = misshapen(program)) return *error;
  auto state = std::make_unique<State>();
  state->load(program);
  return PiecewiseSolver(std::move(state));
}

PiecewiseSolver::PiecewiseSolver(std::unique_ptr<State> state) : state_(std::move(state)) {}
PiecewiseSolver::PiecewiseSolver(PiecewiseSolver&&) noexcept = default;
PiecewiseSolver& PiecewiseSolver::operator=(PiecewiseSolver&&) noexcept = default;
PiecewiseSolver::PiecewiseSolver(const PiecewiseSolver& o) : state_(std::make_unique<State>(*o.state_)) {}
PiecewiseSolver& PiecewiseSolver::operator=(const PiecewiseSolver& o) {
  *state_ = *o.state_;
  return *this;
}
PiecewiseSolver::~PiecewiseSolver() = default;

void PiecewiseSolver::set_offset(std::span<const double> offset) {
  State& s = *state_;
  assert(offset.size() == s.m);
  for (Index i = 0; i < s.m; ++i) s.offset[i] = offset[i] / s.scale[s.n + i];
}

void PiecewiseSolver::set_bounds(std::size_t column, double lowest, double highest) {
  State& s = *state_;
  assert(column < s.n && lowest <= highest);
  s.lowest[column] = lowest / s.scale[column], s.highest[column] = highest / s.scale[column];
}

void PiecewiseSolver::set_row_bounds(std::size_t row, double lowest, double highest) {
  State& s = *state_;
  assert(row < s.m && lowest <= highest);
  s.lowest[s.n + row] = lowest / s.scale[s.n + row], s.highest[s.n + row] = highest / s.scale[s.n + row];
}

void PiecewiseSolver::set_tilt(std::span<const double> tilt) {
  State& s = *state_;
  assert(tilt.size() == s.n);
  for (Index j = 0; j < s.n; ++j) s.tilt[j] = tilt[j] * s.scale[j] * s.objective_scale;
}

PiecewiseStatus PiecewiseSolver::solve(int iterations) {
  State& s = *state_;
  s.iterations = s.stalled = s.refined = 0;
  s.rebuilt = false;
  s.refresh();
  int corrected = 0;
  for (;;) {
    if (s.iterations++ >= iterations) return PiecewiseStatus::limit;
    if (s.any_violated()) {
      if (s.step_to_feasible()) continue;
      s.correct_basics();
      return PiecewiseStatus::infeasible;
    }
    if (s.stale || s.updates > refresh_after * 4) s.rebuild_supers();
    if (s.step_to_optimal()) continue;
    s.correct_basics();
    // What the correction moved may have left a bound or a price behind; twice is enough, more is noise.
    if (corrected++ >= 2 || !s.any_violated()) return PiecewiseStatus::optimal;
  }
}

std::span<const double> PiecewiseSolver::x() const {
  const State& s = *state_;
  for (Index j = 0; j < s.n; ++j) s.x_out[j] = s.v[j] * s.scale[j];
  return s.x_out;
}

std::span<const double> PiecewiseSolver::y() const {
  const State& s = *state_;
  for (Index i = 0; i < s.m; ++i) s.y_out[i] = s.v[s.n + i] * s.scale[s.n + i];
  return s.y_out;
}

double PiecewiseSolver::objective() const { return state_->objective(); }

std::span<const double> PiecewiseSolver::row_prices() const {
  const State& s = *state_;
  for (Index i = 0; i < s.m; ++i) s.prices_out[i] = -s.prices[i] / (s.scale[s.n + i] * s.objective_scale);
  return s.prices_out;
}

std::span<const double> PiecewiseSolver::reduced_costs() const {
  const State& s = *state_;
  for (Index j = 0; j < s.n; ++j) {
    const double smooth = s.hessian.empty() ? 0.0 : s.hx[j];
    s.costs_out[j] = (smooth - s.times_column(s.prices.data(), j)) / (s.scale[j] * s.objective_scale);
  }
  return s.costs_out;
}

int PiecewiseSolver::iterations() const { return state_->iterations; }

}  // namespace ballast::math
