#include <algorithm>
#include <cassert>

#include "ballast/math/internal/piecewise_state.h"

namespace ballast::math {

using internal::Index;

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
      s.correct_basics(false);
      return PiecewiseStatus::infeasible;
    }
    if (s.stale || s.updates > internal::refresh_after * 4) s.rebuild_supers();
    if (s.step_to_optimal()) continue;
    s.correct_basics(false);
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
