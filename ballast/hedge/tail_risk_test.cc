#include "ballast/hedge/tail_risk.h"

#include <algorithm>
#include <cmath>
#include <random>

#include <doctest/doctest.h>

#include "ballast/math/linear_program.h"
#include "ballast/math/normal.h"
#include "ballast/risk/value_at_risk.h"
#include "tests/support.h"

using namespace ballast;
using hedge::append_expected_shortfall;
using hedge::append_expected_shortfall_limit;
using hedge::append_worst_case;
using hedge::append_worst_case_limit;
using hedge::ScenarioPnl;
using math::PiecewiseProgram;
using math::PiecewiseStatus;
using math::solve_large;
using risk::expected_shortfall;
using risk::value_at_risk;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

double uniform(std::mt19937_64& random, double from, double to) {
  return from + (to - from) * (static_cast<double>(random() >> 11) + 0.5) * 0x1p-53;
}

// The book, the future and the option in the header of cvar_lp.csv.
const ScenarioPnl cvar_case{.book = {-5200, -3300, -1700, -900, -250, 160, 330, 190, -230, -1000, -2050, -4100, -6900},
                            .unit = {-9000, -6500, -4000, -2500, -1200, -500, 0,    600,  1400, 2600, 4200, 6800, 9500,
                                     3900,  2450,  1200,  500,   -130,  -410, -560, -450, -40,  660,  1690, 3440, 5590},
                            .probabilities = {}};

PiecewiseProgram two_trades() {
  PiecewiseProgram p;
  p.columns = {{.lowest = -5.0, .highest = 5.0, .kinks = {0.0}, .slopes = {-2.0, 2.0}},
               {.lowest = -5.0, .highest = 5.0, .kinks = {0.0}, .slopes = {-18.0, 18.0}}};
  return p;
}

ScenarioPnl random_pnl(std::mt19937_64& random, std::size_t scenarios, std::size_t trades) {
  ScenarioPnl pnl;
  double sum = 0.0;
  for (std::size_t s = 0; s < scenarios; ++s) {
    const double move = uniform(random, -2.0, 2.0);
    pnl.book.push_back(-10.0 * move * move + 3.0 * move + uniform(random, -1.0, 1.0));
    pnl.probabilities.push_back(uniform(random, 0.1, 1.0));
    sum += pnl.probabilities.back();
  }
  for (double& p : pnl.probabilities) p /= sum;
  for (std::size_t k = 0; k < scenarios * trades; ++k)
    pnl.unit.push_back(uniform(random, -3.0, 3.0) - 0.3 * pnl.book[k % scenarios]);
  return pnl;
}

}  // namespace

TEST_CASE("the least expected shortfall with costs agrees with the reference table") {
  for (const test::Row& row : test::read_csv("tests/data/cvar_lp.csv")) {
    CAPTURE(row.line);
    const double alpha = row["alpha"];
    PiecewiseProgram p = two_trades();
    const auto term = append_expected_shortfall(p, cvar_case, alpha, 1.0);
    REQUIRE(term);
    const auto solution = solve_large(p);
    REQUIRE(solution);
    const auto& s = solution.value();
    REQUIRE(s.status == PiecewiseStatus::optimal);
    CHECK(std::abs(s.objective - row["objective"]) <= 1e-8);
    CHECK(std::abs(s.bound - row["objective"]) <= 1e-8);
    CHECK(std::abs(s.x[0] - row["x_future"]) <= 1e-8);
    CHECK(std::abs(s.x[1] - row["x_option"]) <= 1e-8);
    const auto loss = hedge::losses(cvar_case, s.x);
    CHECK(std::abs(expected_shortfall(loss, {}, alpha) - row["cvar_hedged"]) <= 1e-8);
    const auto unhedged = hedge::losses(cvar_case, std::vector{0.0, 0.0});
    CHECK(std::abs(expected_shortfall(unhedged, {}, alpha) - row["cvar_unhedged"]) <= 1e-8);
    CHECK(std::abs(s.x[term.value().level] - value_at_risk(loss, {}, alpha)) <= 1e-8);

    // The small solver, from nothing: the same point.
    auto small = math::PiecewiseSolver::make(p).value();
    REQUIRE(small.solve() == PiecewiseStatus::optimal);
    CHECK(std::abs(small.objective() - row["objective"]) <= 1e-8);
    CHECK(std::abs(small.x()[0] - row["x_future"]) <= 1e-8);
    CHECK(std::abs(small.x()[1] - row["x_option"]) <= 1e-8);

    // As a limit: the least cost at which that shortfall can be had is the table's cost.
    PiecewiseProgram limited = two_trades();
    REQUIRE(append_expected_shortfall_limit(limited, cvar_case, alpha, row["cvar_hedged"]));
    const auto least_cost = solve_large(limited);
    REQUIRE(least_cost);
    REQUIRE(least_cost.value().status == PiecewiseStatus::optimal);
    CHECK(std::abs(least_cost.value().objective - row["cost"]) <=
          1e-7);  // the limit is rounded to 1e-9, times its price
    // Less than the least shortfall of all, which costs 36 or more over this one, cannot be had.
    PiecewiseProgram impossible = two_trades();
    REQUIRE(append_expected_shortfall_limit(impossible, cvar_case, alpha, row["cvar_hedged"] - 100.0));
    CHECK(solve_large(impossible).value().status == PiecewiseStatus::infeasible);
  }
}

TEST_CASE(
    "normal returns: the least variance at a given mean is the least shortfall, as Rockafellar and Uryasev print it") {
  const std::vector<double> mean{0.0101110, 0.0043532, 0.0137058};
  PiecewiseProgram p;
  p.columns.assign(3, {.lowest = 0.0, .highest = 1.0});
  p.rows = {{.lowest = 1.0, .highest = 1.0}, {.lowest = 0.011, .highest = 0.011}};
  for (const double mu : mean) p.matrix.insert(p.matrix.end(), {1.0, mu});
  p.offset = {0.0, 0.0};
  p.hessian = {0.00324625, 0.00022983, 0.00420395, 0.00022983, 0.00049937,
               0.00019247, 0.00420395, 0.00019247, 0.00764097};
  auto solver = math::PiecewiseSolver::make(p).value();
  REQUIRE(solver.solve() == PiecewiseStatus::optimal);
  const double sd = std::sqrt(2.0 * solver.objective());
  for (const test::Row& row : test::read_csv("tests/data/cvar_portfolio.csv")) {
    const std::string& quantity = row.text("quantity");
    CAPTURE(quantity);
    double value = NAN;
    if (quantity == "w_sp500") value = solver.x()[0];
    if (quantity == "w_gov_bond") value = solver.x()[1];
    if (quantity == "w_small_cap") value = solver.x()[2];
    if (quantity == "variance") value = sd * sd;
    if (quantity.starts_with("VaR") || quantity.starts_with("CVaR")) {
      const double alpha = std::stod(quantity.substr(quantity.find('_') + 1)), z = math::norm_quantile(alpha);
      const double density = std::exp(-0.5 * z * z) / std::sqrt(2.0 * std::numbers::pi);
      value = sd * (quantity[0] == 'V' ? z : density / (1.0 - alpha)) - 0.011;
    }
    CHECK(std::abs(value - row["value"]) <= 1e-10);
  }
}

TEST_CASE("the objective is the shortfall of the losses it leads to, and no trade nearby has less") {
  std::mt19937_64 random(20261125);
  for (int round = 0; round < 20; ++round) {
    CAPTURE(round);
    const std::size_t scenarios = 5 + random() % 60, trades = 1 + random() % 4;
    const ScenarioPnl pnl = random_pnl(random, scenarios, trades);
    const double alpha = uniform(random, 0.0, 0.97), weight = uniform(random, 0.5, 2.0);
    const double lowest = round % 2 == 0 ? 0.0 : -2.0;  // buyers only, every second time
    PiecewiseProgram p;
    p.columns.assign(trades, {.lowest = lowest, .highest = 2.0, .kinks = {0.0}, .slopes = {-0.1, 0.1}});
    PiecewiseProgram worst = p;
    REQUIRE(append_expected_shortfall(p, pnl, alpha, weight));
    REQUIRE(append_worst_case(worst, pnl, weight));
    const auto s = solve_large(p).value(), w = solve_large(worst).value();
    const auto total = [&](std::span<const double> x, bool largest) {
      double cost = 0.0;
      for (std::size_t j = 0; j < trades; ++j) cost += 0.1 * std::abs(x[j]);
      const auto loss = hedge::losses(pnl, x);
      return cost + weight * (largest ? *std::max_element(loss.begin(), loss.end())
                                      : expected_shortfall(loss, pnl.probabilities, alpha));
    };
    CHECK(std::abs(s.objective - total(s.x, false)) <= 1e-9);
    CHECK(std::abs(w.objective - total(w.x, true)) <= 1e-9);
    for (int step = 0; step < 50; ++step) {
      auto near = s.x, near_worst = w.x;
      for (std::size_t j = 0; j < trades; ++j) {
        const double move = uniform(random, -0.2, 0.2);
        near[j] = std::clamp(near[j] + move, lowest, 2.0);
        near_worst[j] = std::clamp(near_worst[j] + move, lowest, 2.0);
      }
      CHECK(total(near, false) >= s.objective - 1e-9);
      CHECK(total(near_worst, true) >= w.objective - 1e-9);
    }
    // A limit between the best and doing nothing is kept, at no more than the price of the best.
    const double best = expected_shortfall(hedge::losses(pnl, s.x), pnl.probabilities, alpha);
    const double none = expected_shortfall(hedge::losses(pnl, std::vector<double>(trades)), pnl.probabilities, alpha);
    PiecewiseProgram limited;
    limited.columns.assign(trades, {.lowest = lowest, .highest = 2.0, .kinks = {0.0}, .slopes = {-0.1, 0.1}});
    PiecewiseProgram limited_worst = limited;
    REQUIRE(append_expected_shortfall_limit(limited, pnl, alpha, 0.5 * (best + none)));
    const auto kept = solve_large(limited).value();
    REQUIRE(kept.status == PiecewiseStatus::optimal);
    CHECK(expected_shortfall(hedge::losses(pnl, kept.x), pnl.probabilities, alpha) <= 0.5 * (best + none) + 1e-8);
    CHECK(kept.objective <= s.objective - weight * best + 1e-8);
    const double largest = (w.objective - 0.0) / weight;  // over the worst loss of the best by its cost: it can be kept
    REQUIRE(append_worst_case_limit(limited_worst, pnl, largest));
    const auto kept_worst = solve_large(limited_worst).value();
    REQUIRE(kept_worst.status == PiecewiseStatus::optimal);
    const auto loss = hedge::losses(pnl, kept_worst.x);
    CHECK(*std::max_element(loss.begin(), loss.end()) <= largest + 1e-8);
  }
}

TEST_CASE("the VaR may be anything that the trades can make of it") {
  // Loses 100 everywhere; each unit, of which only 50 can be bought, takes one off it. Sold, it puts one on.
  for (const double sign : {1.0, -1.0}) {
    const ScenarioPnl pnl{.book = {-100.0, -100.0}, .unit = {sign, sign}, .probabilities = {}};
    PiecewiseProgram p;
    p.columns = {{.lowest = sign > 0.0 ? 0.0 : -50.0, .highest = sign > 0.0 ? 50.0 : 0.0}};
    PiecewiseProgram worst = p;
    REQUIRE(append_expected_shortfall(p, pnl, 0.5, 1.0));
    REQUIRE(append_worst_case(worst, pnl, 1.0));
    CHECK(std::abs(solve_large(p).value().objective - 50.0) <= 1e-9);
    CHECK(std::abs(solve_large(worst).value().objective - 50.0) <= 1e-9);
  }
}

TEST_CASE("terms can be appended to one another, and a Hessian and rows stay where they were") {
  PiecewiseProgram p = two_trades();
  p.rows = {{.lowest = -1.0, .highest = 1.0}};
  p.matrix = {3.0, 4.0};
  p.offset = {0.5};
  p.hessian = {1.0, 0.5, 0.5, 2.0};
  const auto first = append_expected_shortfall(p, cvar_case, 0.9, 1.0);
  REQUIRE(first);
  const auto second = append_worst_case(p, cvar_case, 0.1);
  REQUIRE(second);
  CHECK(first.value().level == 2);
  CHECK(first.value().first_row == 1);
  CHECK(second.value().level == 3);
  CHECK(second.value().first_row == 14);
  CHECK_FALSE(math::misshapen(p));
  CHECK(p.m() == 27);
  CHECK(p.matrix[0] == 3.0);
  CHECK(p.matrix[27] == 4.0);
  CHECK(p.hessian[1] == 0.5);
  CHECK(p.hessian[5] == 2.0);
  CHECK(p.hessian[15] == 0.0);
}

TEST_CASE("refused, with the number that is to blame") {
  const auto why = [](ScenarioPnl pnl, double alpha, double weight) {
    PiecewiseProgram p = two_trades();
    const auto term = append_expected_shortfall(p, pnl, alpha, weight);
    REQUIRE_FALSE(term);
    CHECK(p.n() == 2);  // nothing half done
    return term.error().what;
  };
  CHECK(why(cvar_case, 1.0, 1.0).find("alpha = 1") != std::string::npos);
  CHECK(why(cvar_case, 0.9, -2.0).find("-2") != std::string::npos);
  ScenarioPnl broken = cvar_case;
  broken.book[3] = NAN;
  CHECK(why(broken, 0.9, 1.0).find("scenario 3") != std::string::npos);
  broken = cvar_case;
  broken.unit[15] = INFINITY;
  CHECK(why(broken, 0.9, 1.0).find("scenario 2: trade 1") != std::string::npos);
  broken = cvar_case;
  broken.probabilities.assign(13, 0.1);
  CHECK(why(broken, 0.9, 1.0).find("1.3") != std::string::npos);
  broken.probabilities.assign(12, 1.0 / 12.0);
  CHECK(why(broken, 0.9, 1.0).find("12 probabilities") != std::string::npos);
  broken = cvar_case;
  broken.unit.pop_back();
  CHECK(why(broken, 0.9, 1.0).find("25 gains") != std::string::npos);
  CHECK(why({}, 0.9, 1.0) == "no scenarios");
  PiecewiseProgram p = two_trades();
  CHECK_FALSE(append_worst_case_limit(p, cvar_case, NAN));
  ScenarioPnl many;
  many.book.assign(20'000, 1.0);
  const auto large = append_expected_shortfall_limit(p, many, 0.9, 1.0);
  REQUIRE_FALSE(large);
  CHECK(large.error().fault == Fault::limit);
}
