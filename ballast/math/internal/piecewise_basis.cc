#include "ballast/math/internal/piecewise_state.h"

#include <algorithm>
#include <cmath>

namespace ballast::math {

using namespace internal;

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
  correct_basics(true);
  for (const Index j : basis) piece[j] = piece_at(j, v[j]);
}

/// v_B -= B^-1 (A x - y + offset): once, or until it no longer gets better.
void PiecewiseSolver::State::correct_basics(bool once) {
  double before = infinity;
  for (int round = 0; round < 4; ++round) {
    double terms = 1.0;  // what a row adds up, in its scale
    for (Index i = 0; i < m; ++i) {
      column[i] = offset[i] - v[n + i];
      terms = std::max(terms, std::abs(offset[i]));
    }
    for (Index j = 0; j < n; ++j) {
      if (v[j] == 0.0) continue;
      const double* a = column_of(j);
      for (Index i = 0; i < m; ++i) column[i] += v[j] * a[i];
    }
    double size = 0.0;
    for (Index i = 0; i < m; ++i) size = std::max(size, std::abs(column[i]));
    if (size <= 0.5 * std::numeric_limits<double>::epsilon() * terms || size >= before) return;
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
    if (once) return;
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

/// column = B^-1 of the column of j
void PiecewiseSolver::State::solve_column(Index j) {
  std::fill(column.begin(), column.end(), 0.0);
  for (Index c = 0; c < m; ++c) {
    const double by = is_row(j) ? (c == j - n ? -1.0 : 0.0) : column_of(j)[c];
    if (by == 0.0) continue;
    for (Index i = 0; i < m; ++i) column[i] += inverse[c * m + i] * by;
  }
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

}  // namespace ballast::math
