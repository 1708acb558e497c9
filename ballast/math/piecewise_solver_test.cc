#include <algorithm>
#include <cmath>
#include <random>

#include <doctest/doctest.h>

#include "ballast/math/piecewise_program.h"

namespace ballast::math {
namespace {

using Rng = std::mt19937_64;

double uniform(Rng& rng, double low, double high) { return std::uniform_real_distribution<>(low, high)(rng); }

/// A ladder around 0: buying costs more and more, selling too.
PiecewiseConvex ladder(Rng& rng, int levels, double size) {
  PiecewiseConvex f{.lowest = -size, .highest = size, .kinks = {0.0}, .slopes = {}};
  double cost = uniform(rng, 0.0, 0.5);
  std::vector<double> buy{cost}, sell{uniform(rng, 0.0, 0.5)};
  for (int k = 1; k < levels; ++k) {
    f.kinks.push_back(size * k / levels);
    f.kinks.insert(f.kinks.begin(), -size * k / levels);
    buy.push_back(buy.back() + uniform(rng, 0.0, 0.3));
    sell.push_back(sell.back() + uniform(rng, 0.0, 0.3));
  }
  for (auto s = sell.rbegin(); s != sell.rend(); ++s) f.slopes.push_back(-*s);
  for (const double s : buy) f.slopes.push_back(s);
  return f;
}

struct Kind {
  bool ladders = true, curvature = false, hessian = false, hard = false;
};

PiecewiseProgram random_program(Rng& rng, std::size_t n, std::size_t m, Kind kind) {
  PiecewiseProgram p;
  for (std::size_t j = 0; j < n; ++j) {
    p.columns.push_back(kind.ladders ? ladder(rng, 1 + static_cast<int>(rng() % 4), uniform(rng, 0.5, 20.0))
                                     : PiecewiseConvex{.lowest = uniform(rng, -5.0, 0.0),
                                                       .highest = uniform(rng, 0.0, 5.0),
                                                       .slopes = {uniform(rng, -1.0, 1.0)}});
    for (std::size_t i = 0; i < m; ++i) p.matrix.push_back(rng() % 4 == 0 ? 0.0 : uniform(rng, -1.0, 1.0));
  }
  for (std::size_t i = 0; i < m; ++i) {
    PiecewiseConvex row{.lowest = -INFINITY, .highest = INFINITY};
    const auto what = kind.hard ? rng() % 4 : 1 + rng() % 3;
    if (what == 0) row.lowest = row.highest = uniform(rng, -0.5, 0.5);
    if (what == 1) row = {.lowest = -INFINITY, .highest = INFINITY, .kinks = {0.0}, .slopes = {-3.0, 5.0}};
    if (what == 2)
      row = {.lowest = kind.hard ? -3.0 : -INFINITY,
             .highest = INFINITY,
             .kinks = {-1.0, 1.0},
             .slopes = {-2.0, 0.0, 2.0}};
    if (kind.curvature && what == 3) row.curvature = uniform(rng, 0.0, 4.0);
    p.rows.push_back(row);
    p.offset.push_back(uniform(rng, -8.0, 8.0));
  }
  if (kind.curvature) {
    for (auto& c : p.columns) c.curvature = rng() % 3 == 0 ? uniform(rng, 0.0, 1.0) : 0.0;
  }
  if (kind.hessian) {
    std::vector<double> factor(n * 3);
    for (double& x : factor) x = uniform(rng, -1.0, 1.0);
    p.hessian.assign(n * n, 0.0);
    for (std::size_t a = 0; a < n; ++a) {
      for (std::size_t b = 0; b < n; ++b) {
        for (std::size_t f = 0; f < 3; ++f) p.hessian[a * n + b] += factor[a * 3 + f] * factor[b * 3 + f];
      }
      p.hessian[a * n + a] += rng() % 2 == 0 ? 0.1 : 0.0;
    }
  }
  return p;
}

void solved(const PiecewiseProgram& p, PiecewiseSolver& solver, int& infeasible) {
  const auto status = solver.solve();
  REQUIRE(status != PiecewiseStatus::limit);
  if (status == PiecewiseStatus::infeasible) {
    ++infeasible;
    return;
  }
  const auto found = check(p, solver.x(), solver.row_prices());
  CHECK(found.infeasibility <= 1e-9);
  CHECK(found.stationarity <= 1e-9);
  CHECK(std::abs(found.objective - solver.objective()) <= 1e-9 * (1.0 + std::abs(found.objective)));
}

}  // namespace

TEST_CASE("the value of a piecewise function is the integral of its slopes") {
  const PiecewiseConvex f{
      .lowest = -9, .highest = 9, .kinks = {-2.0, 1.0}, .slopes = {-3.0, 0.5, 2.0}, .curvature = 4.0};
  CHECK(f.value(0.0) == 0.0);
  CHECK(f.value(1.0) == doctest::Approx(0.5 + 2.0));
  CHECK(f.value(3.0) == doctest::Approx(0.5 + 4.0 + 18.0));
  CHECK(f.value(-2.0) == doctest::Approx(-1.0 + 8.0));
  CHECK(f.value(-3.0) == doctest::Approx(-1.0 + 3.0 + 18.0));
}

TEST_CASE("piecewise programs are solved to their conditions, cold and again after a change") {
  Rng rng(20261125);
  const Kind kinds[] = {{true, false, false, false}, {false, false, false, true}, {true, false, false, true},
                        {true, true, false, false},  {true, true, false, true},   {false, false, true, false},
                        {true, false, true, true},   {true, true, true, true},    {false, true, true, true}};
  for (const Kind& kind : kinds) {
    int infeasible = 0;
    for (int round = 0; round < 150; ++round) {
      CAPTURE(round);
      CAPTURE(&kind - kinds);
      const std::size_t n = 1 + rng() % 14, m = rng() % 6;
      PiecewiseProgram p = random_program(rng, n, m, kind);
      auto made = PiecewiseSolver::make(p);
      REQUIRE(made);
      PiecewiseSolver solver = std::move(made).value();
      solved(p, solver, infeasible);
      for (int again = 0; again < 6; ++again) {
        for (double& e : p.offset) e += uniform(rng, -1.0, 1.0) * (again % 2 ? 0.01 : 2.0);
        solver.set_offset(p.offset);
        if (again == 3) {
          const std::size_t j = rng() % n;
          p.columns[j].lowest = 0.25 * p.columns[j].lowest, p.columns[j].highest *= 0.5;
          solver.set_bounds(j, p.columns[j].lowest, p.columns[j].highest);
        }
        solved(p, solver, infeasible);
      }
    }
    if (!kind.hard) CHECK(infeasible == 0);
  }
}

}  // namespace ballast::math
