#include "ballast/math/internal/piecewise_state.h"

#include <algorithm>
#include <cmath>

namespace ballast::math {

using namespace internal;

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

/// u = reduced * (curvature between the free variables and j); what is left of j's own; j joins them
/// where that is anything.
bool PiecewiseSolver::State::border(Index j, double& left) {
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
  for (const Index j : list) border(j, left);
}

}  // namespace ballast::math
