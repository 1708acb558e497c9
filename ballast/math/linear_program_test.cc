#include "ballast/math/linear_program.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <random>

#include <doctest/doctest.h>

#include "ballast/math/dual_bound.h"

using namespace ballast;
using math::LinearSolution;
using math::PiecewiseConvex;
using math::PiecewiseProgram;
using math::PiecewiseStatus;
using math::solve_large;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

double uniform(std::mt19937_64& random, double from, double to) {
  return from + (to - from) * (static_cast<double>(random() >> 11) + 0.5) * 0x1p-53;
}

PiecewiseConvex random_function(std::mt19937_64& random, bool row) {
  PiecewiseConvex f;
  const auto kinks = static_cast<std::size_t>(random() % 4);
  double slope = uniform(random, -3.0, 1.0);
  f.slopes = {slope};
  for (std::size_t i = 0; i < kinks; ++i) {
    f.kinks.push_back(uniform(random, -2.0, 2.0));
    f.slopes.push_back(slope += random() % 4 == 0 ? 0.0 : uniform(random, 0.0, 2.0));  // some kinks are none
  }
  std::sort(f.kinks.begin(), f.kinks.end());
  f.lowest = uniform(random, -3.0, 0.5);
  f.highest = f.lowest + uniform(random, 0.0, 4.0);
  if (row && random() % 3 == 0) f.lowest = -infinity;
  if (row && random() % 3 == 0) f.highest = infinity;
  if (random() % 10 == 0 && std::isfinite(f.lowest)) f.highest = f.lowest;
  return f;
}

PiecewiseProgram random_program(std::mt19937_64& random, std::size_t n, std::size_t m) {
  PiecewiseProgram p;
  for (std::size_t j = 0; j < n; ++j) p.columns.push_back(random_function(random, false));
  for (std::size_t i = 0; i < m; ++i) p.rows.push_back(random_function(random, true));
  for (std::size_t k = 0; k < n * m; ++k) p.matrix.push_back(random() % 5 == 0 ? 0.0 : uniform(random, -2.0, 2.0));
  for (std::size_t i = 0; i < m; ++i) p.offset.push_back(uniform(random, -2.0, 2.0));
  return p;
}

// The least objective of two columns by trying every corner: where two of all the lines x_j = bound or kink and
// y_i = bound or kink cross. A minimum of a piecewise linear function on a polygon is at one of them.
std::optional<double> least_of_corners(const PiecewiseProgram& p) {
  struct Line {
    double a, b, c;  // a x0 + b x1 = c
  };
  std::vector<Line> lines;
  const auto add = [&](const PiecewiseConvex& f, double a, double b, double offset) {
    for (const double k : f.kinks) lines.push_back({a, b, k - offset});
    if (std::isfinite(f.lowest)) lines.push_back({a, b, f.lowest - offset});
    if (std::isfinite(f.highest)) lines.push_back({a, b, f.highest - offset});
  };
  add(p.columns[0], 1.0, 0.0, 0.0);
  add(p.columns[1], 0.0, 1.0, 0.0);
  for (std::size_t i = 0; i < p.m(); ++i) add(p.rows[i], p.matrix[i], p.matrix[p.m() + i], p.offset[i]);
  std::optional<double> least;
  for (const Line& one : lines) {
    for (const Line& other : lines) {
      const double determinant = one.a * other.b - one.b * other.a;
      if (std::abs(determinant) < 1e-9) continue;
      const double x0 = (one.c * other.b - one.b * other.c) / determinant;
      const double x1 = (one.a * other.c - one.c * other.a) / determinant;
      const auto within = [](const PiecewiseConvex& f, double t) {
        return t >= f.lowest - 1e-9 && t <= f.highest + 1e-9;
      };
      if (!within(p.columns[0], x0) || !within(p.columns[1], x1)) continue;
      double objective = p.columns[0].value(x0) + p.columns[1].value(x1);
      bool feasible = true;
      for (std::size_t i = 0; i < p.m() && feasible; ++i) {
        const double y = p.offset[i] + p.matrix[i] * x0 + p.matrix[p.m() + i] * x1;
        feasible = within(p.rows[i], y);
        objective += p.rows[i].value(y);
      }
      if (feasible && (!least || objective < *least)) least = objective;
    }
  }
  return least;
}

}  // namespace

TEST_CASE("a ladder is filled from its best level, and the price of the target is that of the last level") {
  // Buy 10 where 4 cost 0.5 each, 5 cost 0.8, 20 cost 1.5: 2 + 4 + 1.5, one more costs 1.5.
  PiecewiseProgram p;
  p.columns = {
      {.lowest = -10.0, .highest = 29.0, .kinks = {-4.0, 0.0, 4.0, 9.0}, .slopes = {-0.9, -0.5, 0.5, 0.8, 1.5}}};
  p.rows = {{.lowest = 0.0, .highest = 0.0}};
  p.matrix = {1.0};
  p.offset = {-10.0};
  const auto solution = solve_large(p);
  REQUIRE(solution);
  const LinearSolution& s = solution.value();
  CHECK(s.status == PiecewiseStatus::optimal);
  CHECK(std::abs(s.x[0] - 10.0) <= 1e-12);
  CHECK(std::abs(s.objective - 7.5) <= 1e-12);
  CHECK(std::abs(s.bound - 7.5) <= 1e-12);
  CHECK(std::abs(s.row_prices[0] + 1.5) <= 1e-12);  // an offset one higher leaves one less to buy

  p.rows[0] = {.lowest = -1.5, .highest = 1.5};
  CHECK(std::abs(solve_large(p).value().objective - 5.6) <= 1e-12);
  p.rows[0] = {.lowest = -infinity, .highest = infinity, .kinks = {0.0}, .slopes = {-1.0, 1.0}};  // missing one costs 1
  CHECK(std::abs(solve_large(p).value().objective - 7.0) <= 1e-12);
  CHECK(std::abs(solve_large(p).value().x[0] - 9.0) <= 1e-12);
}

TEST_CASE("two columns: the least of all corners, and nothing where no corner is feasible") {
  std::mt19937_64 random(20261125);
  int feasible = 0, infeasible = 0;
  for (int round = 0; round < 500; ++round) {
    CAPTURE(round);
    const PiecewiseProgram p = random_program(random, 2, 1 + random() % 4);
    const auto least = least_of_corners(p);
    const auto solution = solve_large(p);
    REQUIRE_MESSAGE(solution, (solution ? std::string() : solution.error().what));
    const LinearSolution& s = solution.value();
    if (!least) {
      ++infeasible;
      CHECK(s.status == PiecewiseStatus::infeasible);
      continue;
    }
    ++feasible;
    REQUIRE(s.status == PiecewiseStatus::optimal);
    CHECK(std::abs(s.objective - *least) <= 1e-8);
    CHECK(s.bound <= *least + 1e-8);
    // A price is a slope of the least objective: between those on both sides.
    for (std::size_t i = 0; i < p.m(); ++i) {
      constexpr double step = 1e-4;
      PiecewiseProgram more = p, less = p;
      more.offset[i] += step;
      less.offset[i] -= step;
      const auto up = least_of_corners(more), down = least_of_corners(less);
      if (up) CHECK(*up - *least >= s.row_prices[i] * step - 1e-8);
      if (down) CHECK(*least - *down <= s.row_prices[i] * step + 1e-8);
    }
  }
  CHECK(feasible >= 200);
  CHECK(infeasible >= 50);
}

TEST_CASE("larger programs: the bound proves the objective, check() agrees") {
  std::mt19937_64 random(20261126);
  int solved = 0;
  for (int round = 0; round < 100; ++round) {
    CAPTURE(round);
    const PiecewiseProgram p = random_program(random, 5 + random() % 40, 1 + random() % 6);
    const auto solution = solve_large(p);
    REQUIRE_MESSAGE(solution, (solution ? std::string() : solution.error().what));
    const LinearSolution& s = solution.value();
    if (s.status != PiecewiseStatus::optimal) continue;
    ++solved;
    const auto checked = check(p, s.x, s.row_prices);
    CHECK(checked.infeasibility <= 1e-9);
    CHECK(checked.stationarity <= 1e-7);
    CHECK(std::abs(checked.objective - s.objective) <= 1e-10 * (1.0 + std::abs(s.objective)));
  }
  CHECK(solved >= 60);
}

TEST_CASE("Clp's dual simplex and our own active set agree on 300 programs, on those without a solution too") {
  std::mt19937_64 random(20261129);
  int feasible = 0, infeasible = 0;
  for (int round = 0; round < 300; ++round) {
    CAPTURE(round);
    const PiecewiseProgram p = random_program(random, 2 + random() % 20, 1 + random() % 8);
    const auto solution = solve_large(p);
    REQUIRE_MESSAGE(solution, (solution ? std::string() : solution.error().what));
    const LinearSolution& s = solution.value();
    auto solver = math::PiecewiseSolver::make(p).value();
    const PiecewiseStatus status = solver.solve();
    REQUIRE(status == s.status);
    if (status == PiecewiseStatus::infeasible) {
      ++infeasible;
      continue;
    }
    ++feasible;
    CHECK(std::abs(solver.objective() - s.objective) <= 1e-9 * (1.0 + std::abs(s.objective)));
    CHECK(math::dual_bound(p, {}, solver.row_prices()) >= s.objective - 1e-9 * (1.0 + std::abs(s.objective)));
  }
  CHECK(feasible >= 150);
  CHECK(infeasible >= 50);
}

TEST_CASE("what cannot be kept is missed by as little as possible") {
  // x in [0, 1] should reach 2x = 5: it misses by 3, 1.5 in units of the coefficient.
  PiecewiseProgram p;
  p.columns = {{.lowest = 0.0, .highest = 1.0, .slopes = {0.25}}};
  p.rows = {{.lowest = 0.0, .highest = 0.0}};
  p.matrix = {2.0};
  p.offset = {-5.0};
  const LinearSolution s = solve_large(p).value();
  CHECK(s.status == PiecewiseStatus::infeasible);
  CHECK(s.x[0] == 1.0);
  CHECK(s.y[0] == -3.0);
  CHECK(s.objective == 0.25);
  CHECK(s.bound == infinity);
}

TEST_CASE("the bound holds for any prices, with parabolas and a Hessian too") {
  std::mt19937_64 random(20261127);
  for (int round = 0; round < 200; ++round) {
    CAPTURE(round);
    const std::size_t n = 3, m = 2;
    PiecewiseProgram p = random_program(random, n, m);
    for (auto& f : p.columns) f.curvature = uniform(random, 0.0, 2.0);
    for (auto& f : p.rows) {
      f.lowest = -infinity;  // every point is feasible
      f.highest = infinity;
      f.curvature = random() % 2 == 0 ? 0.0 : uniform(random, 0.0, 2.0);
    }
    std::vector<double> g(n), at(n), prices(m), x(n);
    for (auto& v : g) v = uniform(random, -1.0, 1.0);
    for (std::size_t k = 0; k < n * n; ++k) p.hessian.push_back(g[k / n] * g[k % n] + (k / n == k % n ? 0.1 : 0.0));
    for (auto& v : at) v = uniform(random, -2.0, 2.0);
    for (auto& v : prices) v = uniform(random, -2.0, 2.0);
    const double bound = math::dual_bound(p, at, prices);
    CHECK(std::isfinite(bound));
    for (int point = 0; point < 50; ++point) {
      for (std::size_t j = 0; j < n; ++j) x[j] = uniform(random, p.columns[j].lowest, p.columns[j].highest);
      CHECK(math::check(p, x, prices).objective >= bound - 1e-12);
    }
  }
}

TEST_CASE("refused: parabolas, limits that are none, a shape that does not fit") {
  PiecewiseProgram p;
  p.columns = {{.lowest = 0.0, .highest = 1.0, .slopes = {-1.0}}};
  CHECK(solve_large(p).value().x[0] == 1.0);  // no rows at all are fine
  CHECK_FALSE(solve_large(p, {.iterations = 0}));
  CHECK_FALSE(solve_large(p, {.seconds = NAN}));
  p.columns[0].curvature = 2.0;
  const auto curved = solve_large(p);
  REQUIRE_FALSE(curved);
  CHECK(curved.error().fault == Fault::bad_input);
  CHECK(curved.error().what.find("column 0: curvature 2") != std::string::npos);
  p.columns[0].curvature = 0.0;
  p.hessian = {1.0};
  CHECK_FALSE(solve_large(p));
  p.hessian.clear();
  p.offset = {1.0};
  CHECK_FALSE(solve_large(p));
}

TEST_CASE("iterations run out") {
  std::mt19937_64 random(20261128);
  for (;;) {
    const PiecewiseProgram p = random_program(random, 40, 6);
    const LinearSolution s = solve_large(p).value();
    if (s.status != PiecewiseStatus::optimal || s.iterations < 10) continue;
    const LinearSolution stopped = solve_large(p, {.iterations = 1}).value();
    CHECK(stopped.status == PiecewiseStatus::limit);
    CHECK(stopped.bound <= s.objective + 1e-9);  // still a bound
    break;
  }
}
