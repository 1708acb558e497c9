#include <algorithm>
#include <cmath>
#include <random>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "ballast/math/piecewise_program.h"
#include "tests/support.h"

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

TEST_CASE("the cheapest way through ladders agrees with the reference table") {
  for (const test::Row& row : test::read_csv("tests/data/ladder_lp.csv")) {
    CAPTURE(row.text("case"));
    // JSON with commas replaced by blanks: [delta [[cost size] ...] [[cost size] ...]] an instrument.
    std::string text = row.text("instruments");
    for (std::size_t i = 0; i + 1 < text.size(); ++i) {
      if (text[i] == ' ' && text[i + 1] == ' ') text[i] = ',';
    }
    const auto json = nlohmann::json::parse(text);
    PiecewiseProgram p;
    for (const auto& instrument : json) {
      PiecewiseConvex f{.kinks = {0.0}, .slopes = {}};
      for (const auto& level : instrument[1]) {
        f.slopes.push_back(level[0]);
        f.highest += level[1].get<double>();
        f.kinks.push_back(f.highest);
      }
      for (const auto& level : instrument[2]) {
        f.slopes.insert(f.slopes.begin(), -level[0].get<double>());
        f.lowest -= level[1].get<double>();
        f.kinks.insert(f.kinks.begin(), f.lowest);
      }
      f.kinks.erase(f.kinks.begin());
      f.kinks.pop_back();
      p.columns.push_back(f);
      p.matrix.push_back(instrument[0]);
    }
    p.offset = {0.0};
    p.rows = {{.lowest = row["target"] - row["tol"], .highest = row["target"] + row["tol"]}};
    PiecewiseSolver solver = PiecewiseSolver::make(p).value();
    REQUIRE(solver.solve() == PiecewiseStatus::optimal);
    CHECK(std::abs(solver.objective() - row["optimal_cost"]) <= 1e-9);
  }
}

TEST_CASE("units and scales of a program do not change its answer") {
  Rng rng(77);
  for (int round = 0; round < 200; ++round) {
    const PiecewiseProgram p =
        random_program(rng, 2 + rng() % 8, 1 + rng() % 4, {true, round % 2 == 0, round % 4 == 0, false});
    PiecewiseSolver plain = PiecewiseSolver::make(p).value();
    REQUIRE(plain.solve() == PiecewiseStatus::optimal);
    for (const double unit : {1e-12, 1e12}) {
      PiecewiseProgram q = p;  // x in another unit: bounds and kinks times it, slopes and coefficients over it
      for (auto& f : q.columns) {
        f.lowest *= unit, f.highest *= unit, f.curvature /= unit * unit;
        for (double& k : f.kinks) k *= unit;
        for (double& s : f.slopes) s /= unit;
      }
      for (double& a : q.matrix) a /= unit;
      for (double& h : q.hessian) h /= unit * unit;
      PiecewiseSolver other = PiecewiseSolver::make(q).value();
      REQUIRE(other.solve() == PiecewiseStatus::optimal);
      CHECK(std::abs(other.objective() - plain.objective()) <= 1e-9 * (1.0 + std::abs(plain.objective())));
      for (auto& f : q.rows) {
        f.curvature *= unit;
        for (double& s : f.slopes) s *= unit;
      }
      for (auto& f : q.columns) {
        f.curvature *= unit;
        for (double& s : f.slopes) s *= unit;
      }
      for (double& h : q.hessian) h *= unit;
      PiecewiseSolver priced = PiecewiseSolver::make(q).value();
      REQUIRE(priced.solve() == PiecewiseStatus::optimal);
      CHECK(std::abs(priced.objective() / unit - plain.objective()) <= 1e-9 * (1.0 + std::abs(plain.objective())));
    }
  }
}

TEST_CASE("columns that cost nothing, move nothing or stand twice come to an end") {
  Rng rng(78);
  for (int round = 0; round < 300; ++round) {
    PiecewiseProgram p =
        random_program(rng, 2 + rng() % 8, 1 + rng() % 4, {true, round % 2 == 0, round % 4 == 0, false});
    const std::size_t m = p.m();
    const std::size_t j = rng() % p.n();
    if (round % 3 == 0) p.columns[j] = {.lowest = -3.0, .highest = 3.0};
    if (round % 3 == 1) std::fill_n(p.matrix.begin() + static_cast<std::ptrdiff_t>(j * m), m, 0.0);
    if (round % 3 == 2) {
      p.hessian.clear();
      p.columns.push_back(p.columns[j]);
      p.matrix.insert(p.matrix.end(), m, 0.0);
      for (std::size_t i = 0; i < m; ++i) p.matrix[(p.n() - 1) * m + i] = p.matrix[j * m + i];
    }
    if (round % 5 == 0) {
      for (auto& f : p.columns) f = {.lowest = f.lowest, .highest = f.highest};
    }
    PiecewiseSolver solver = PiecewiseSolver::make(p).value();
    REQUIRE(solver.solve(2000) == PiecewiseStatus::optimal);
    const auto found = check(p, solver.x(), solver.row_prices());
    CHECK(found.stationarity <= 1e-9);
    CHECK(found.infeasibility <= 1e-9);
  }
}

}  // namespace ballast::math
