#pragma once
#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "ballast/math/piecewise_program.h"

namespace ballast::math {
namespace internal {

inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double feasible = 1e-10;    // of a variable's scale: a basic variable may be this far beyond a bound
inline constexpr double optimal_to = 1e-12;  // of the terms of a reduced gradient: their rounding, with room
inline constexpr double least_pivot = 1e-10;
inline constexpr double least_curvature = 1e-9;  // of the curvature before what the free variables take away
inline constexpr int refresh_after = 60;         // updates of an inverse before it is made anew

enum class Where : std::uint8_t { basic, super, lowest, highest, kink, parked };

using Index = std::size_t;

}  // namespace internal

// A primal active-set method for PiecewiseProgram. All n + m variables v = (x, y) are tied by A x - y = -offset. At any
// time m of them are basic (found from the others), some are free (`super`: inside a straight piece, held there by
// curvature), the rest stand at a kink or a bound. Along a direction the objective is convex and piecewise quadratic:
// the step goes over kinks for as long as it falls, which is what a long ratio test does in a simplex method and what
// filling the levels of a ladder is on a market. Without curvature there are no free variables and this is that simplex
// method; with it the inverse of the reduced Hessian over the free variables is kept, so that a solve after a small
// change is two products with it. Source of the parts: docs/sources.md, hedge optimiser.
struct PiecewiseSolver::State {
  using Index = internal::Index;
  using Where = internal::Where;

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

  // piecewise_load.cc
  void load(const PiecewiseProgram& p);

  // piecewise_basis.cc: the basic variables, and the inverse they are found with.
  void clear_basis();
  void refresh();
  void correct_basics(bool once);
  bool invert_basis();
  void price_rows();
  void pivot(Index at, Index entering);
  void solve_column(Index j);  ///< column = B^-1 of the column of j
  void take_columns(Index j, double by) {
    v[j] += by;
    if (!is_row(j) && !hessian.empty()) add_hessian(hx.data(), j, by), ++hx_updates;
  }
  bool violated(Index j) const {
    return v[j] < lowest[j] - internal::feasible || v[j] > highest[j] + internal::feasible;
  }
  bool any_violated() const {
    for (const Index j : basis) {
      if (violated(j)) return true;
    }
    return false;
  }

  // reduced_inverse.cc: the free variables, and the inverse of their curvature.
  void to_supers(Index j);
  void drop_super(Index at);
  void rebuild_supers();
  bool border(Index j, double& left);
  void project(Index leaving);
  void project_singular(Index leaving);

  // piecewise_steps.cc
  struct Entering {
    Index column;    ///< `all` where nothing gets better
    double towards;  ///< 1 up, -1 down
    double slope;    ///< > 0: how steeply the objective falls that way
  };
  struct Walk {
    double length = 0.0;
    Index blocked = 0;  ///< the variable that stopped it; `all`: the bottom was reached between kinks
    double stop = 0.0;  ///< where that variable stands then
    bool hard = false;  ///< a bound, not a kink
    bool ends = true;   ///< false: nothing ended it, which is rounding
  };
  bool step_to_feasible();
  bool step_to_optimal();
  Entering entering_for_feasibility();
  Entering entering_for_objective(double dearest);
  void direct(bool singular, Index entering, double towards);
  Walk walk(double falling, double bend);
  void stop_at(const Walk& walked, bool singular);

  double objective() const;
};

}  // namespace ballast::math
