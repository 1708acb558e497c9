#include "ballast/math/lot_search.h"

#include <cmath>
#include <cstring>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include "ballast/math/internal/small_lots_test.h"
#include "ballast/math/lot_books_bench.h"
#include "tests/support.h"

using namespace ballast;
using math::LotProgram;
using math::PiecewiseConvex;
using math::search_lots;

namespace {

constexpr math::LotRules exact{.gap = 0.0, .absolute_gap = 0.0};

PiecewiseConvex column(double cost, double lowest, double highest) {
  return {.lowest = lowest, .highest = highest, .kinks = {0.0}, .slopes = {-cost, cost}};
}

// One row; a column of its own leg for each coefficient.
LotProgram one_row(const std::vector<double>& coefficients, const std::vector<double>& costs, double reach,
                   const PiecewiseConvex& row, double offset) {
  LotProgram p;
  for (std::size_t j = 0; j < coefficients.size(); ++j) {
    p.program.columns.push_back(column(costs[j], -reach, reach));
    p.step.push_back(1.0);
    p.leg.push_back(static_cast<int>(j));
    p.leg_cost.push_back(0.0);
  }
  p.program.matrix = coefficients;
  p.program.rows = {row};
  p.program.offset = {offset};
  return p;
}

void check_feasible(const LotProgram& p, const math::LotSolution& s) {
  CHECK(std::isfinite(test::worth(p, s.x)));
  CHECK(std::abs(s.objective - test::worth(p, s.x)) <= 1e-11 * (std::abs(s.objective) + std::abs(test::worth(p, s.x))));
  for (std::size_t j = 0; j < s.x.size(); ++j) {
    const double reach = 1e-9 * std::max(std::abs(p.program.columns[j].lowest), std::abs(p.program.columns[j].highest));
    CHECK(s.x[j] >= p.program.columns[j].lowest - reach);
    CHECK(s.x[j] <= p.program.columns[j].highest + reach);
    if (p.step[j] > 0.0) CHECK(s.x[j] == std::nearbyint(s.x[j] / p.step[j]) * p.step[j]);
  }
  CHECK(s.bound <= s.objective);
}

}  // namespace

TEST_CASE("whole lots of the reference table, and the case that has none") {
  int found = 0, none = 0;
  for (const test::Row& row : test::read_csv("tests/data/integer_lots.csv")) {
    CAPTURE(row.text("case"));
    std::vector<double> deltas, costs, wanted;
    std::istringstream units(row.text("instruments"));
    for (std::string unit; units >> unit;) {
      deltas.push_back(std::stod(unit));
      costs.push_back(std::stod(unit.substr(unit.find(':') + 1)));
    }
    // The residual decides where costs tie: 1e-4 of it is far below any difference of costs.
    const double target = row["target"], tolerance = row["tol"];
    const PiecewiseConvex band{.lowest = -tolerance, .highest = tolerance, .kinks = {0.0}, .slopes = {-1e-4, 1e-4}};
    LotProgram p = one_row(deltas, costs, row["hi"], band, -target);
    const auto solution = search_lots(p, {.gap = 0.0});
    if (row.text("feasible") == "no") {
      REQUIRE_FALSE(solution);
      CHECK(solution.error().fault == Fault::no_solution);
      ++none;
      continue;
    }
    REQUIRE(solution);
    std::istringstream lots(row.text("q"));
    for (double q; lots >> q;) wanted.push_back(q);
    CHECK(solution.value().x == wanted);
    CHECK(solution.value().proved);
    double cost = 0.0, delta = 0.0;
    for (std::size_t j = 0; j < deltas.size(); ++j)
      cost += costs[j] * std::abs(solution.value().x[j]), delta += deltas[j] * solution.value().x[j];
    CHECK(std::abs(cost - row["cost"]) <= 1e-12);
    CHECK(std::abs(delta - row["delta"]) <= 1e-12);
    ++found;
  }
  CHECK(found == 2);
  CHECK(none == 1);
}

TEST_CASE("a thousand small programs agree with trying every point") {
  std::mt19937_64 rng(20261125);
  int feasible = 0, infeasible = 0, limited = 0, priced = 0;
  for (int round = 0; round < 1'000; ++round) {
    CAPTURE(round);
    const LotProgram p = test::small_program(rng);
    const double best = test::best_by_search(p);
    const auto exactly = search_lots(p, exact), nearly = search_lots(p, {.absolute_gap = 0.0}),
               hurried = search_lots(p, {.absolute_gap = 0.0, .nodes = 1});
    if (best == HUGE_VAL) {
      ++infeasible;
      REQUIRE_FALSE(exactly);
      CHECK(exactly.error().fault == Fault::no_solution);
      REQUIRE_FALSE(nearly);
      CHECK(nearly.error().fault == Fault::no_solution);
      CHECK_FALSE(hurried);
      continue;
    }
    ++feasible;
    limited += p.most_legs > 0 && static_cast<std::size_t>(p.most_legs) < p.leg_cost.size() ? 1 : 0;
    for (const double cost : p.leg_cost) priced += cost > 0.0 ? 1 : 0;
    REQUIRE(exactly);
    REQUIRE(nearly);
    const double size = std::abs(best), rounding = 1e-13 * test::scale(p);
    check_feasible(p, exactly.value());
    check_feasible(p, nearly.value());
    CHECK(std::abs(exactly.value().objective - best) <= 1e-12 * size + rounding);
    CHECK(exactly.value().bound <= best + 1e-14 * size);
    CHECK(exactly.value().bound >= best - rounding);
    if (size > 1e3 * rounding) CHECK(nearly.value().proved);
    CHECK(nearly.value().objective - best <= 1e-3 * std::abs(nearly.value().objective) + rounding);
    CHECK(nearly.value().bound <= best + 1e-14 * size);
    if (hurried) {
      check_feasible(p, hurried.value());
      CHECK(hurried.value().bound <= best + 1e-14 * size);
      CHECK(hurried.value().nodes <= 1);
    } else {
      CHECK(hurried.error().fault == Fault::limit);
    }
  }
  MESSAGE(feasible << " feasible, " << infeasible << " not; " << limited << " with a limit, " << priced << " prices");
  CHECK(feasible > 600);
  CHECK(infeasible > 30);
  CHECK(limited > 150);
}

TEST_CASE("without rows every column stands where it is cheapest") {
  LotProgram p;
  p.program.columns = {{.lowest = -2.1, .highest = 2.0, .slopes = {1.0}},
                       {.lowest = -1.0, .highest = 1.0, .slopes = {-1.0}}};
  p.step = {0.5, 0.0};
  p.leg = {0, 1};
  p.leg_cost = {0.0, 0.0};
  const auto solution = search_lots(p, exact);
  REQUIRE(solution);
  CHECK(solution.value().x == std::vector{-2.0, 1.0});
}

TEST_CASE("a column without steps is as good as a fine grid of it") {
  std::mt19937_64 rng(7);
  int tried = 0;
  for (int round = 0; round < 150; ++round) {
    CAPTURE(round);
    LotProgram p = test::small_program(rng, {.hard_rows = 0.0});
    p.step[0] = 0.0;
    // By the definition: for every lattice point a search over the free column, and nothing of it.
    double best = HUGE_VAL;
    const PiecewiseConvex& f = p.program.columns[0];
    const bool may_rest = f.lowest <= 0.0 && f.highest >= 0.0;
    test::for_each_point(p, std::vector<double>(p.program.n()), [&](const std::vector<double>& point) {
      std::vector<double> x = point;
      const auto at = [&](double free) {
        x[0] = free;
        return test::worth(p, x);
      };
      if (may_rest) best = std::min(best, at(0.0));
      double low = f.lowest, high = f.highest;
      for (int k = 0; k < 100; ++k) {
        const double a = low + (high - low) / 3.0, b = high - (high - low) / 3.0;
        (at(a) < at(b) ? high : low) = at(a) < at(b) ? b : a;
      }
      best = std::min(best, at(0.5 * (low + high)));
    });
    const auto solution = search_lots(p, {.gap = 1e-6, .absolute_gap = 0.0});
    if (best == HUGE_VAL) {
      CHECK_FALSE(solution);
      continue;
    }
    REQUIRE(solution);
    check_feasible(p, solution.value());
    const double size = std::abs(best);
    CHECK(solution.value().objective <= best + 1e-6 * std::abs(solution.value().objective) + 1e-9 * size);
    CHECK(solution.value().bound <= best + 1e-12 * size);
    ++tried;
  }
  CHECK(tried > 120);
}

TEST_CASE("the unit of money, of amounts and of rows does not matter") {
  std::mt19937_64 rng(11);
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    const LotProgram p = test::small_program(rng);
    const auto plain = search_lots(p, exact);
    if (!plain) continue;
    for (const double by : {1e12, 1e-12}) {
      CAPTURE(by);
      LotProgram money = p, amounts = p, rows = p;
      const auto scale = [](PiecewiseConvex& f, double argument, double value) {
        f.lowest *= argument, f.highest *= argument;
        for (double& k : f.kinks) k *= argument;
        for (double& s : f.slopes) s *= value / argument;
        f.curvature *= value / argument / argument;
      };
      for (auto& f : money.program.columns) scale(f, 1.0, by);
      for (auto& f : money.program.rows) scale(f, 1.0, by);
      for (double& h : money.program.hessian) h *= by;
      for (double& c : money.leg_cost) c *= by;
      for (auto& f : amounts.program.columns) scale(f, by, 1.0);
      for (double& a : amounts.program.matrix) a /= by;
      for (double& h : amounts.program.hessian) h = h / by / by;
      for (double& s : amounts.step) s *= by;
      for (auto& f : rows.program.rows) scale(f, by, 1.0);
      for (double& a : rows.program.matrix) a *= by;
      for (double& o : rows.program.offset) o *= by;
      for (const auto& [scaled, unit] : {std::pair{&money, by}, {&amounts, 1.0}, {&rows, 1.0}}) {
        const auto solution = search_lots(*scaled, exact);
        REQUIRE(solution);
        CHECK(std::abs(solution.value().objective / unit - plain.value().objective) <=
              1e-12 * std::abs(plain.value().objective));
        for (std::size_t j = 0; j < p.program.n(); ++j) {
          CHECK(std::nearbyint(solution.value().x[j] / scaled->step[j]) ==
                std::nearbyint(plain.value().x[j] / p.step[j]));
        }
      }
    }
  }
}

TEST_CASE("an instrument twice, one for nothing and one of no use change nothing") {
  std::mt19937_64 rng(12);
  for (int round = 0; round < 100; ++round) {
    CAPTURE(round);
    LotProgram p = test::small_program(rng);
    p.most_legs = 0;
    const double best = test::best_by_search(p);
    if (best == HUGE_VAL || !p.program.hessian.empty()) continue;
    LotProgram more = p;
    const std::size_t m = p.program.m();
    const auto add = [&](const PiecewiseConvex& f, const std::vector<double>& a) {
      more.program.columns.push_back(f);
      more.program.matrix.insert(more.program.matrix.end(), a.begin(), a.end());
      more.step.push_back(0.1);
      more.leg.push_back(static_cast<int>(more.leg_cost.size()));
      more.leg_cost.push_back(0.0);
    };
    add(column(1.0, -1.0, 1.0), std::vector<double>(m));  // no use
    add(column(0.0, -1.0, 1.0), std::vector<double>(m));  // no use and no cost
    const auto solution = search_lots(more, exact);
    REQUIRE(solution);
    CHECK(std::abs(solution.value().objective - best) <= 1e-12 * (std::abs(best) + std::abs(solution.value().bound)));
    CHECK(solution.value().x[p.program.n()] == 0.0);
    // The same instrument once more, and one that is free: what trying every point says.
    LotProgram twice = p;
    std::swap(twice, more);
    more = p;
    add(p.program.columns[0], {p.program.matrix.begin(), p.program.matrix.begin() + static_cast<std::ptrdiff_t>(m)});
    more.step.back() = p.step[0];
    const auto doubled = search_lots(more, exact);
    REQUIRE(doubled);
    const double best_doubled = test::best_by_search(more);
    CHECK(std::abs(doubled.value().objective - best_doubled) <=
          1e-12 * (std::abs(best_doubled) + std::abs(doubled.value().bound)));
    more = p;
    add(column(0.0, -0.3, 0.3), std::vector<double>(m, 0.7));
    const auto freely = search_lots(more, exact);
    REQUIRE(freely);
    const double best_free = test::best_by_search(more);
    CHECK(std::abs(freely.value().objective - best_free) <=
          1e-12 * (std::abs(best_free) + std::abs(freely.value().bound)));
  }
}

TEST_CASE("the same bits every time") {
  const auto chain = bench::made_chain(20, 3), held = bench::made_chain(60, 4);
  const LotProgram p = bench::made_book(chain, held, 5, {.most_legs = 4, .leg_cost = 40.0, .risk_price = 30.0});
  const auto one = search_lots(p), two = search_lots(p);
  REQUIRE(one);
  REQUIRE(two);
  CHECK(one.value().x == two.value().x);
  CHECK(one.value().objective == two.value().objective);
  CHECK(one.value().bound == two.value().bound);
  CHECK(one.value().nodes == two.value().nodes);
}

TEST_CASE("more nodes never give a worse answer nor a worse bound by more than rounding") {
  const auto chain = bench::made_chain(20, 13), held = bench::made_chain(60, 14);
  for (const bool absolute : {false, true}) {
    const LotProgram p =
        bench::made_book(chain, held, 15, {.most_legs = 4, .leg_cost = 40.0, .absolute = absolute, .risk_price = 100});
    double objective = HUGE_VAL, bound = -HUGE_VAL;
    for (int nodes = 1; nodes <= 4096; nodes *= 4) {
      CAPTURE(nodes);
      const auto solution = search_lots(p, {.gap = 1e-4, .nodes = nodes});
      REQUIRE(solution);
      check_feasible(p, solution.value());
      CHECK(solution.value().nodes <= nodes);
      CHECK(solution.value().objective <= objective);
      CHECK(solution.value().bound >= bound - 1e-9 * std::abs(bound));
      objective = solution.value().objective, bound = solution.value().bound;
      CHECK(solution.value().proved == (solution.value().gap() <= 1e-4));
    }
  }
}

TEST_CASE("what is wrong is named") {
  const LotProgram good = one_row({1.0, 0.5}, {0.1, 0.1}, 5.0, {.lowest = -0.1, .highest = 0.1}, -2.0);
  REQUIRE(search_lots(good));
  const auto refused = [&](auto change, const std::string& word, Fault fault = Fault::bad_input) {
    LotProgram p = good;
    change(p);
    const auto solution = search_lots(p);
    REQUIRE_FALSE(solution);
    CAPTURE(solution.error().what);
    CHECK(solution.error().fault == fault);
    CHECK(solution.error().what.find(word) != std::string::npos);
  };
  refused([](LotProgram& p) { p.step[1] = -0.5; }, "column 1: a step of -0.5");
  refused([](LotProgram& p) { p.step[1] = NAN; }, "column 1: a step of nan");
  refused([](LotProgram& p) { p.step.pop_back(); }, "1 steps");
  refused([](LotProgram& p) { p.step[0] = 1e-300; }, "column 0");
  refused([](LotProgram& p) { p.leg[1] = 7; }, "column 1: leg 7 of 2");
  refused([](LotProgram& p) { p.leg[0] = -1; }, "column 0: leg -1");
  refused([](LotProgram& p) { p.leg.clear(); }, "0 legs");
  refused([](LotProgram& p) { p.leg_cost[1] = -3.0; }, "leg 1: a cost of -3");
  refused([](LotProgram& p) { p.most_legs = -2; }, "-2 legs");
  refused([](LotProgram& p) { p.program.columns[1].slopes = {1.0, -1.0}; }, "column 1");
  refused([](LotProgram& p) { p.program.columns[1].highest = INFINITY; }, "column 1");
  refused([](LotProgram& p) { p.program.matrix[1] = NAN; }, "column 1");
  refused([](LotProgram& p) { p.program.rows[0].lowest = 3.0; }, "row 0");
  refused([](LotProgram& p) { p.program.columns[1].lowest = 0.2, p.program.columns[1].highest = 0.8; }, "column 1",
          Fault::no_solution);
  refused([](LotProgram& p) { p.program.offset[0] = -20.0; }, "rows", Fault::no_solution);
  refused([](LotProgram& p) { p.program.offset[0] = -2.25; }, "rows", Fault::no_solution);
  for (const math::LotRules& rules : {math::LotRules{.gap = -1.0}, {.gap = NAN}, {.absolute_gap = -1.0}, {.nodes = 0}})
    CHECK(search_lots(good, rules).error().fault == Fault::bad_input);
}
