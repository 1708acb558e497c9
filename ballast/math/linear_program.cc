#include "ballast/math/linear_program.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <ClpSimplex.hpp>

#include "ballast/math/dual_bound.h"
#include "ballast/math/internal/linear_form.h"

namespace ballast::math {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::optional<Error> not_linear(const PiecewiseProgram& p) {
  if (!p.hessian.empty()) return Error{Fault::bad_input, "a Hessian in a linear program"};
  for (std::size_t j = 0; j < p.n(); ++j) {
    const double c = p.columns[j].curvature;
    if (c != 0.0) return Error{Fault::bad_input, fmt::format("column {}: curvature {} in a linear program", j, c)};
  }
  for (std::size_t i = 0; i < p.m(); ++i) {
    const double c = p.rows[i].curvature;
    if (c != 0.0) return Error{Fault::bad_input, fmt::format("row {}: curvature {} in a linear program", i, c)};
  }
  return std::nullopt;
}

// The largest |A_ij| of each row, 1 of an empty one.
std::vector<double> coefficient_scale(const PiecewiseProgram& p) {
  std::vector<double> scale(p.m());
  for (std::size_t k = 0; k < p.matrix.size(); ++k)
    scale[k % p.m()] = std::max(scale[k % p.m()], std::abs(p.matrix[k]));
  for (double& s : scale) s = s > 0.0 ? s : 1.0;
  return scale;
}

// The same columns and rows, but all that counts is by how much rows miss their bounds. A PiecewiseConvex is 0 at 0:
// the violations are the objective and what rows of 0 would miss.
struct Violations {
  PiecewiseProgram program;
  double at_zero = 0.0;
};

Violations violations_of(const PiecewiseProgram& program) {
  Violations violations{.program = program};
  PiecewiseProgram& elastic = violations.program;
  const auto scale = coefficient_scale(program);
  for (auto& column : elastic.columns) {
    column.kinks.clear();
    column.slopes = {0.0};
  }
  for (std::size_t i = 0; i < program.m(); ++i) {
    PiecewiseConvex misses{.lowest = -infinity, .highest = infinity};
    misses.slopes.clear();
    if (std::isfinite(program.rows[i].lowest)) {
      misses.kinks.push_back(program.rows[i].lowest);
      misses.slopes.push_back(-1.0 / scale[i]);
    }
    misses.slopes.push_back(0.0);
    if (std::isfinite(program.rows[i].highest)) {
      misses.kinks.push_back(program.rows[i].highest);
      misses.slopes.push_back(1.0 / scale[i]);
    }
    violations.at_zero += std::max({program.rows[i].lowest, -program.rows[i].highest, 0.0}) / scale[i];
    elastic.rows[i] = misses;
  }
  return violations;
}

struct Answer {
  int status = 4;  // Clp's: 0 optimal, 1 infeasible, 2 unbounded, 3 stopped, 4 errors
  LinearSolution solution;
};

Answer simplex(const PiecewiseProgram& p, const LinearLimits& limits) {
  const std::size_t n = p.n(), m = p.m();
  const LinearForm form = linear_form(p);
  ClpSimplex model;
  model.setLogLevel(0);
  model.setPrimalTolerance(1e-9);
  model.setDualTolerance(1e-9);
  model.setMaximumIterations(limits.iterations);
  model.setMaximumSeconds(limits.seconds);
  model.loadProblem(static_cast<int>(form.cost.size()), static_cast<int>(m), form.start.data(), form.row.data(),
                    form.entry.data(), form.lowest.data(), form.highest.data(), form.cost.data(),
                    form.row_lowest.data(), form.row_highest.data());
  model.dual();

  Answer answer{.status = model.status()};
  LinearSolution& s = answer.solution;
  s.iterations = model.numberIterations();
  s.x = form.amounts(model.primalColumnSolution(), n);
  for (std::size_t j = 0; j < n; ++j) s.x[j] = std::clamp(s.x[j], p.columns[j].lowest, p.columns[j].highest);
  s.y = p.offset;
  for (std::size_t j = 0; j < n; ++j) {
    s.objective += p.columns[j].value(s.x[j]);
    for (std::size_t i = 0; i < m; ++i) s.y[i] += p.matrix[j * m + i] * s.x[j];
  }
  for (std::size_t i = 0; i < m; ++i) {
    s.objective += p.rows[i].value(s.y[i]);
    s.row_prices.push_back(form.row_slope[i] - model.dualRowSolution()[i]);
  }
  s.bound = dual_bound(p, s.x, s.row_prices);
  return answer;
}

// Rows within 1e-9 of their scale, and as low as the bound says.
std::optional<std::string> doubt(const PiecewiseProgram& p, const LinearSolution& s) {
  const std::size_t m = p.m();
  double parts = 0.0;
  for (std::size_t j = 0; j < p.n(); ++j) parts += std::abs(p.columns[j].value(s.x[j]));
  for (std::size_t i = 0; i < m; ++i) {
    double scale = std::abs(p.offset[i]);
    for (std::size_t j = 0; j < p.n(); ++j) {
      scale = std::max(scale, std::abs(p.matrix[j * m + i]) *
                                  std::max(std::abs(p.columns[j].lowest), std::abs(p.columns[j].highest)));
    }
    const double beyond = std::max(p.rows[i].lowest - s.y[i], s.y[i] - p.rows[i].highest);
    if (!(beyond <= 1e-9 * std::max(scale, 1.0))) return fmt::format("row {} is {} outside its bounds", i, beyond);
    parts += std::abs(p.rows[i].value(s.y[i]));
  }
  const double gap = s.objective - s.bound;
  if (!(gap <= 1e-8 * std::max({1.0, std::abs(s.objective), parts}))) {
    return fmt::format("the objective {} is not proved, the bound is {}", s.objective, s.bound);
  }
  return std::nullopt;
}

}  // namespace

Result<LinearSolution> solve_large(const PiecewiseProgram& program, const LinearLimits& limits) {
  if (auto why = misshapen(program)) return *why;
  if (auto why = not_linear(program)) return *why;
  if (limits.iterations <= 0 || !(limits.seconds > 0.0)) {
    return Error{Fault::bad_input, fmt::format("limits of {} iterations and {} s", limits.iterations, limits.seconds)};
  }
  Answer answer = simplex(program, limits);
  LinearSolution& solution = answer.solution;
  if (answer.status == 1) {
    // Clp has shown that there is none, not how near one can come: that is a linear program of its own.
    const Violations violations = violations_of(program);
    Answer nearest = simplex(violations.program, limits);
    const auto why =
        nearest.status == 0 ? doubt(violations.program, nearest.solution) : std::string("no nearest point found");
    const double least = violations.at_zero + nearest.solution.bound;
    if (why || !(least > 0.0)) {
      return Error{Fault::no_solution, fmt::format("Clp says infeasible, but {}; violations are at least {}",
                                                   why.value_or("nothing shows it"), least)};
    }
    LinearSolution& s = nearest.solution;
    s.status = PiecewiseStatus::infeasible;
    s.iterations += solution.iterations;
    s.bound = infinity;
    s.objective = 0.0;
    for (std::size_t j = 0; j < program.n(); ++j) s.objective += program.columns[j].value(s.x[j]);
    for (std::size_t i = 0; i < program.m(); ++i) s.objective += program.rows[i].value(s.y[i]);
    return std::move(nearest.solution);
  }
  if (answer.status == 3) {
    solution.status = PiecewiseStatus::limit;
    return std::move(solution);
  }
  if (answer.status != 0) return Error{Fault::no_solution, fmt::format("Clp gave up with status {}", answer.status)};
  if (const auto why = doubt(program, solution)) return Error{Fault::no_solution, "Clp's answer is none: " + *why};
  solution.status = PiecewiseStatus::optimal;
  return std::move(solution);
}

}  // namespace ballast::math
