#include "ballast/math/internal/piecewise_state.h"

#include <algorithm>
#include <cmath>

namespace ballast::math {

using namespace internal;
namespace {

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

/// What lowers the sum of violations most a unit of its own; under Bland's rule the first that does.
PiecewiseSolver::State::Entering PiecewiseSolver::State::entering_for_feasibility() {
  double dearest = 0.0;
  for (Index i = 0; i < m; ++i) dearest = std::max(dearest, std::abs(prices[i]));
  Entering found{.column = all, .towards = 0.0, .slope = 0.0};
  for (Index j = 0; j < all; ++j) {
    if (where[j] == Where::basic || lowest[j] == highest[j]) continue;
    const double slope_up = -times_column(prices.data(), j);
    if (!(std::abs(slope_up) > optimal_to * dearest * column_size[j])) continue;
    if (slope_up < 0.0 ? where[j] == Where::highest : where[j] == Where::lowest) continue;
    if (std::abs(slope_up) <= found.slope) continue;
    found = {.column = j, .towards = slope_up < 0.0 ? 1.0 : -1.0, .slope = std::abs(slope_up)};
    if (stalled > 2 * static_cast<int>(all)) break;
  }
  return found;
}

/// One step that lowers the sum of violations. False when there is none.
bool PiecewiseSolver::State::step_to_feasible() {
  for (Index i = 0; i < m; ++i) {
    const Index j = basis[i];
    stage[i] = v[j] < lowest[j] - feasible ? -1 : v[j] > highest[j] + feasible ? 1 : 0;
    basic_gradient[i] = stage[i];
  }
  price_rows();
  const auto [entering, towards, best] = entering_for_feasibility();
  if (entering == all) return false;

  solve_column(entering);
  double widest = 1.0;
  for (Index i = 0; i < m; ++i) {
    basic_move[i] = -towards * column[i];
    widest = std::max(widest, std::abs(basic_move[i]));
  }
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
      if (far < nearest || (far == nearest && at < m && std::abs(basic_move[i]) > std::abs(basic_move[at]))) {
        nearest = far, at = i;
      }
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

/// Of what stands at a kink or a bound, what lowers the objective most a unit of its own; its piece is the one it moves
/// into. Under Bland's rule the first that does, so that nothing comes round.
PiecewiseSolver::State::Entering PiecewiseSolver::State::entering_for_objective(double dearest) {
  Entering found{.column = all, .towards = 0.0, .slope = 0.0};
  for (Index j = 0; j < all; ++j) {
    if (where[j] == Where::basic || where[j] == Where::super || lowest[j] == highest[j]) continue;
    const double common = smooth(j) - times_column(prices.data(), j);
    Index left = 0, right = 0;
    switch (where[j]) {
      case Where::kink: left = place[j], right = place[j] + 1; break;
      case Where::lowest: left = right = piece_right_of(j, v[j]); break;
      case Where::highest: left = right = piece_at(j, v[j]); break;
      default: left = piece_at(j, v[j]), right = piece_right_of(j, v[j]); break;
    }
    const double slope_left = slope(j, left), slope_right = slope(j, right);
    const double up = where[j] != Where::highest ? common + slope_right : 0.0;
    const double down = where[j] != Where::lowest ? common + slope_left : 0.0;
    const double tolerance = optimal_to * (dearest * column_size[j] + std::abs(common) +
                                           std::max(std::abs(slope_left), std::abs(slope_right)));
    const bool rises = up < -tolerance && -up > found.slope, falls = down > tolerance && down > found.slope;
    if (!rises && !falls) continue;
    const bool upwards = rises && (!falls || -up >= down);
    found = {.column = j, .towards = upwards ? 1.0 : -1.0, .slope = upwards ? -up : down};
    piece[j] = upwards ? right : left;
    if (stalled > 2 * static_cast<int>(all)) break;
  }
  return found;
}

/// The direction over the free variables, and what the basic ones answer: `move`, `moving`. To the bottom where there
/// is curvature; else `entering` moves alone and the free ones with it along the direction that has none.
void PiecewiseSolver::State::direct(bool singular, Index entering, double towards) {
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
  for (const Index j : supers) {
    widest = std::max(widest, std::abs(move[j]));
    if (move[j] != 0.0) moving.push_back(j);
  }
  for (Index i = 0; i < m; ++i) {
    move[basis[i]] = basic_move[i];
    if (std::abs(basic_move[i]) > least_pivot * widest) moving.push_back(basis[i]);
  }
  if (hessian.empty()) return;
  std::fill(hmove.begin(), hmove.end(), 0.0);
  product_columns.clear(), product_by.clear();
  for (const auto* list : {&supers, &basis}) {
    for (const Index j : *list) {
      if (!is_row(j) && move[j] != 0.0) product_columns.push_back(j), product_by.push_back(move[j]);
    }
  }
  add_products(hmove.data(), n, hessian.data(), n, product_columns, product_by);
}

/// Along the direction, over kinks for as long as the objective falls: `falling` < 0 is its slope, `bend` how that
/// grows.
PiecewiseSolver::State::Walk PiecewiseSolver::State::walk(double falling, double bend) {
  struct Next {
    double to;  // the next kink or bound of a variable
    bool bound;
    double far;
  };
  const auto ahead = [&](Index j) {
    const Index at = piece[j];
    Next found{};
    if (move[j] > 0.0) {
      const double kinked = at < kinks_of(j) ? kink(j, at) : infinity;
      found.bound = highest[j] <= kinked, found.to = found.bound ? highest[j] : kinked;
    } else {
      const double kinked = at > 0 ? kink(j, at - 1) : -infinity;
      found.bound = lowest[j] >= kinked, found.to = found.bound ? lowest[j] : kinked;
    }
    found.far = std::isfinite(found.to) ? std::max((found.to - v[j]) / move[j], 0.0) : infinity;
    return found;
  };
  Walk walked{.blocked = all};
  for (const Index j : moving) next[j] = ahead(j).far;
  const double start = falling;
  for (;;) {
    Index at = all;
    double nearest = infinity;
    for (const Index j : moving) {
      if (next[j] < nearest || (next[j] == nearest && at != all && std::abs(move[j]) > std::abs(move[at]))) {
        nearest = next[j], at = j;
      }
    }
    if (bend > 0.0 && walked.length - falling / bend <= nearest) {
      walked.length -= falling / bend;
      return walked;
    }
    if (at == all) {
      walked.ends = false;
      return walked;
    }
    falling += bend * (nearest - walked.length);
    walked.length = nearest;
    const Next here = ahead(at);
    const Index from = piece[at], beyond = move[at] > 0.0 ? from + 1 : from - 1;
    if (!here.bound) falling += std::abs(move[at]) * std::abs(slope(at, beyond) - slope(at, from));
    if (here.bound || falling >= optimal_to * start) {
      walked.blocked = at, walked.stop = here.to, walked.hard = here.bound;
      return walked;
    }
    piece[at] = beyond;
    next[at] = ahead(at).far;
  }
}

/// The variable that stopped a walk stands at its kink or bound; where it was basic, a free one takes its place.
void PiecewiseSolver::State::stop_at(const Walk& walked, bool singular) {
  const Index blocked = walked.blocked, s = supers.size();
  // Snapped to where it stops; the rounding in it is corrected with the basic variables at the end.
  if (!hessian.empty() && !is_row(blocked)) add_hessian(hx.data(), blocked, walked.stop - v[blocked]);
  v[blocked] = walked.stop;
  const bool upwards = move[blocked] > 0.0;
  if (where[blocked] == Where::basic) {
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
    solve_column(comes);
    if (singular) {
      project_singular(replacing);
    } else {
      project(replacing);
    }
    pivot(at, comes);
  } else if (singular) {
    std::fill(z.begin(), z.begin() + static_cast<std::ptrdiff_t>(s), 0.0);
    z[place[blocked]] = 1.0;
    project_singular(place[blocked]);
  } else {
    drop_super(place[blocked]);
  }
  where[blocked] = !walked.hard ? Where::kink : upwards ? Where::highest : Where::lowest;
  place[blocked] = upwards ? piece[blocked] : piece[blocked] - 1;  // the kink's number, unless a bound
  if (pivots > refresh_after) {
    if (!invert_basis()) clear_basis();
    correct_basics(false);
    for (const Index j : basis) piece[j] = piece_at(j, v[j]);
  }
}

/// One step that lowers the objective inside the bounds. False when there is none.
bool PiecewiseSolver::State::step_to_optimal() {
  for (Index i = 0; i < m; ++i) basic_gradient[i] = smooth(basis[i]) + slope(basis[i], piece[basis[i]]);
  price_rows();
  double dearest = 0.0;
  for (Index i = 0; i < m; ++i) dearest = std::max(dearest, std::abs(prices[i]));

  // Free variables first: they have moved away from the least where something else has.
  bool free = false, doubtful = false;
  for (Index k = 0; k < supers.size(); ++k) {
    const Index j = supers[k];
    const double own = smooth(j) + slope(j, piece[j]);
    r[k] = own - times_column(prices.data(), j);
    const double terms = dearest * column_size[j] + std::abs(own);
    free |= std::abs(r[k]) > 16.0 * optimal_to * terms;
    doubtful |= std::abs(r[k]) > 1e-10 * terms;
  }
  // A step to the bottom and two for its rounding; what is left then is rounding, or an inverse that has lost digits.
  if (refined >= 3 && free) {
    free = false;
    if (doubtful && !rebuilt) {
      stale = rebuilt = true, refined = 0;
      return true;
    }
  }
  Entering entering{.column = all, .towards = 0.0, .slope = 0.0};
  bool singular = false;
  if (!free) {
    entering = entering_for_objective(dearest);
    if (entering.column == all) return false;
    double left = 0.0;
    singular = !curved || !border(entering.column, left);
    if (singular) {
      if (supers.size() + 1 > most_supers) {
        stale = true;
        return true;
      }
      to_supers(entering.column);
    }
    r[supers.size() - 1] = -entering.slope * entering.towards;
  }
  direct(singular, entering.column, entering.towards);
  double falling = 0.0, bend = 0.0;
  for (Index k = 0; k < supers.size(); ++k) falling += r[k] * move[supers[k]];
  const bool dense = !hessian.empty();
  for (const Index j : moving) {
    bend += move[j] * (curvature[j] * move[j] + (dense && !is_row(j) ? hmove[j] : 0.0));
  }
  const Walk walked = walk(falling, singular ? 0.0 : bend);
  if (!walked.ends) return false;  // every column has bounds, so this is rounding
  stalled = -falling * walked.length > 1e-15 ? 0 : stalled + 1;
  refined = free && walked.blocked == all ? refined + 1 : 0;
  for (const Index j : supers) v[j] += move[j] * walked.length;
  for (const Index j : basis) v[j] += move[j] * walked.length;
  if (dense) {
    for (Index i = 0; i < n; ++i) hx[i] += hmove[i] * walked.length;
    ++hx_updates;
  }
  if (walked.blocked != all) stop_at(walked, singular);
  return true;
}

}  // namespace ballast::math
