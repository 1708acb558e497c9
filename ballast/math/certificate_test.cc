#include "ballast/math/certificate.h"

#include <cmath>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include "ballast/math/internal/small_lots_test.h"
#include "ballast/math/lot_books_bench.h"
#include "ballast/math/lot_search.h"
#include "tests/support.h"

using namespace ballast;
using math::certify;
using math::LotProgram;
using math::PiecewiseConvex;

TEST_CASE("Cbc finds the whole lots of the reference table, and that one case has none") {
  int found = 0, none = 0;
  for (const test::Row& row : test::read_csv("tests/data/integer_lots.csv")) {
    CAPTURE(row.text("case"));
    const double target = row["target"], tolerance = row["tol"];
    LotProgram p;
    std::istringstream units(row.text("instruments"));
    for (std::string unit; units >> unit;) {
      const double cost = std::stod(unit.substr(unit.find(':') + 1));
      p.program.columns.push_back({.lowest = row["lo"], .highest = row["hi"], .kinks = {0.0}, .slopes = {-cost, cost}});
      p.program.matrix.push_back(std::stod(unit));
      p.leg.push_back(static_cast<int>(p.step.size()));
      p.step.push_back(1.0);
      p.leg_cost.push_back(0.0);
    }
    // The residual decides where costs tie: 1e-4 of it is far below any difference of costs.
    p.program.rows = {{.lowest = -tolerance, .highest = tolerance, .kinks = {0.0}, .slopes = {-1e-4, 1e-4}}};
    p.program.offset = {-target};
    const auto solution = certify(p, 20.0);
    if (row.text("feasible") == "no") {
      REQUIRE_FALSE(solution);
      CHECK(solution.error().fault == Fault::no_solution);
      ++none;
      continue;
    }
    REQUIRE(solution);
    std::vector<double> wanted;
    std::istringstream lots(row.text("q"));
    for (double q; lots >> q;) wanted.push_back(q);
    CHECK(solution.value().x == wanted);
    CHECK(solution.value().proved);
    ++found;
  }
  CHECK(found == 2);
  CHECK(none == 1);
}

TEST_CASE("small programs, curved ones too: the best of all points, and a bound that is not above it") {
  std::mt19937_64 rng(1);
  int feasible = 0, infeasible = 0, proved = 0;
  for (int round = 0; round < 500; ++round) {
    CAPTURE(round);
    const LotProgram p = test::small_program(rng);
    const double best = test::best_by_search(p);
    const auto solution = certify(p, 10.0);
    if (best == HUGE_VAL) {
      ++infeasible;
      REQUIRE_FALSE(solution);
      CHECK(solution.error().fault == Fault::no_solution);
      continue;
    }
    ++feasible;
    REQUIRE_MESSAGE(solution, (solution ? std::string() : solution.error().what));
    const math::LotSolution& s = solution.value();
    const double size = 1e-6 * std::abs(best), rounding = 1e-13 * test::scale(p);
    CHECK(std::abs(s.objective - test::worth(p, s.x)) <= 1e-11 * std::abs(best) + rounding);
    CHECK(s.bound <= best + rounding);
    CHECK(s.objective >= best - rounding);
    proved += s.proved ? 1 : 0;
    if (s.proved) CHECK(s.objective <= best + size + rounding);
  }
  MESSAGE(feasible << " feasible, " << infeasible << " not; " << proved << " proved");
  CHECK(feasible > 250);
  CHECK(infeasible > 5);
  CHECK(proved > 93 * feasible / 100);
}

TEST_CASE("a column without steps stands where it is best") {
  // Whole lots of 1 and any amount of a dearer future: 7.3 = 7 + 0.3, or 0.7 sold back from 8.
  LotProgram p;
  p.program.columns = {{.lowest = -20.0, .highest = 20.0, .kinks = {0.0}, .slopes = {-1.0, 1.0}},
                       {.lowest = -20.0, .highest = 20.0, .kinks = {0.0}, .slopes = {-3.0, 3.0}}};
  p.program.rows = {{.lowest = -INFINITY, .highest = INFINITY, .curvature = 100.0}};
  p.program.matrix = {1.0, 1.0};
  p.program.offset = {-7.3};
  p.step = {1.0, 0.0};
  p.leg = {0, 1};
  p.leg_cost = {0.0, 0.0};
  // 50 y² + 3 f: f stops 0.03 short of 0.3.
  const auto solution = certify(p, 10.0, 1e-5);
  REQUIRE(solution);
  CHECK(solution.value().x[0] == 7.0);
  CHECK(std::abs(solution.value().x[1] - 0.27) <= 1e-9);
  CHECK(std::abs(solution.value().objective - (7.0 + 3.0 * 0.27 + 50.0 * 0.0009)) <= 1e-9);
  CHECK(solution.value().proved);
}

TEST_CASE("books of eight instruments: branch and bound of our own, and Cbc") {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    CAPTURE(seed);
    const bench::BookRules rules{.most_legs = 3, .leg_cost = 20.0, .absolute = seed % 2 == 0, .risk_price = 10.0};
    const LotProgram p =
        bench::made_book(bench::made_chain(8, 100 + seed), bench::made_chain(60, 500 + seed), 1000 + seed, rules);
    const auto ours = math::search_lots(p, {.gap = 1e-6});
    const auto cbc = certify(p, 5.0, 1e-4);
    REQUIRE(ours);
    REQUIRE_MESSAGE(cbc, (cbc ? std::string() : cbc.error().what));
    const double size = std::abs(ours.value().objective);
    CHECK(cbc.value().bound <= ours.value().objective + 1e-9 * size);
    CHECK(ours.value().bound <= cbc.value().objective + 1e-9 * size);
  }
}

TEST_CASE("a certificate needs time and a program") {
  LotProgram p;
  CHECK_FALSE(certify(p, 1.0));
  p.program.columns = {{.lowest = -2.0, .highest = 2.0, .slopes = {1.0}}};
  p.step = {0.5};
  p.leg = {0};
  p.leg_cost = {0.0};
  REQUIRE(certify(p, 1.0));
  CHECK(certify(p, 1.0).value().x[0] == -2.0);
  for (const double seconds : {0.0, -1.0, double(NAN)}) {
    const auto refused = certify(p, seconds);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().fault == Fault::bad_input);
  }
}
