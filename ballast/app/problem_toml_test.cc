// The file of a hedge problem: every key lands where it belongs, and what is wrong is named with its line.
#include "ballast/app/problem_toml.h"

#include <cmath>

#include <doctest/doctest.h>

#include "ballast/app/commands.h"
#include "ballast/app/problem_flags.h"
#include "ballast/store/file.h"

using namespace ballast;
using app::parse_problem;
using doctest::Approx;

namespace {

/// The words of the fault that a text has; empty for a text that reads.
std::string fault(const std::string& text) {
  const auto parsed = parse_problem(text);
  if (parsed) return "";
  return parsed.error().what;
}

hedge::Problem problem(const std::string& text) {
  const auto parsed = parse_problem(text);
  REQUIRE_MESSAGE(parsed, fault(text));
  return parsed.value().problem;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("problem file: every key") {
  const auto parsed = parse_problem(R"(
numeraire = "usd"
candidates = ["futures", "BTC-25DEC26-100000-C"]
carry_days = 7
gap = 2e-3
nodes = 500

[[goal]]
greek = "delta"
exact = 0.25
priority = 2

[[goal]]
greek = "vega"
from_days = 7
to_days = 30.5
lowest = -10
highest = inf
penalty = 300

[[candidate]]
instrument = "BTC-PERPETUAL"
most_buy = 1000
most_sell = 2000.5
lowest_position = -5
highest_position = 6
closing_only = true

[risk]
aversion = 1e-5
horizon_days = 2
vol = 0.5
vol_move = 0.04
correlation = -0.3

[tail]
price_moves = [-0.2, 0.1]
vol_moves = [-0.1, 0.5]
basis_moves = [0.01]
probabilities = [0.1, 0.2, 0.3, 0.4]
measure = "expected_shortfall"
alpha = 0.9
weight = 0.5
limit = 1e5

[limits]
turnover_usd = 1e6
leverage = 3
margin_usd = 2e5
equity_usd = 1e6
futures_margin = 0.04
most_legs = 5
leg_cost_usd = 2.5

[costs]
believed = 0.9
share = 0.25
future_collar = 0.02
option_collar = inf

[costs.impact]
factor = 1.5
vol = 0.7
vol_move = 0.05
daily_volume = 1e8
participation = 0.1
pieces = 8
perpetual = { best_usd = 1.0, turnover = 2.0, day_usd = 3.0 }
future = { best_usd = 4.0 }
option = { day_usd = 5.0 }

[funding]
BTC-PERPETUAL = 0.08
)");
  REQUIRE_MESSAGE(parsed, parsed.error().what);
  const app::WrittenProblem& w = parsed.value();
  const hedge::Problem& p = w.problem;
  CHECK(w.numeraire == Numeraire::usd);
  CHECK(w.candidates == std::vector<std::string>{"futures", "BTC-25DEC26-100000-C"});
  CHECK(p.carry_days == 7.0);
  CHECK(p.gap == 2e-3);
  CHECK(p.nodes == 500);
  REQUIRE(p.goals.size() == 2);
  CHECK(p.goals[0].greek == hedge::Greek::delta);
  CHECK(p.goals[0].lowest == 0.25);
  CHECK(p.goals[0].highest == 0.25);
  CHECK(p.goals[0].priority == 2);
  CHECK_FALSE(p.goals[0].penalty);
  CHECK(p.goals[1].greek == hedge::Greek::vega);
  CHECK(p.goals[1].from_days == 7.0);
  CHECK(p.goals[1].to_days == 30.5);
  CHECK(p.goals[1].lowest == -1000.0);  // -10 a point
  CHECK(p.goals[1].highest == INFINITY);
  CHECK(*p.goals[1].penalty == Approx(3.0));  // 300 a point
  REQUIRE(p.candidates.size() == 1);
  CHECK(p.candidates[0].instrument == "BTC-PERPETUAL");
  CHECK(p.candidates[0].most_buy == 1000.0);
  CHECK(p.candidates[0].most_sell == 2000.5);
  CHECK(p.candidates[0].lowest_position == -5.0);
  CHECK(p.candidates[0].highest_position == 6.0);
  CHECK(p.candidates[0].closing_only);
  CHECK(p.risk.aversion == 1e-5);
  CHECK(p.risk.horizon_days == 2.0);
  CHECK(p.risk.vol->value == 0.5);
  CHECK(p.risk.vol_move == 0.04);
  CHECK(p.risk.correlation == -0.3);
  REQUIRE(p.tail);
  REQUIRE(p.tail->scenarios.size() == 4);
  CHECK(p.tail->scenarios[1].price_factor == Approx(0.8));
  CHECK(p.tail->scenarios[1].vol_factor == Approx(1.5));
  CHECK(p.tail->scenarios[2].price_factor == Approx(1.1));
  CHECK(p.tail->scenarios[2].vol_factor == Approx(0.9));
  CHECK(p.tail->basis == std::vector<double>(4, 0.01));
  CHECK(p.tail->probabilities == std::vector<double>{0.1, 0.2, 0.3, 0.4});
  CHECK(p.tail->measure == hedge::TailMeasure::expected_shortfall);
  CHECK(p.tail->alpha == 0.9);
  CHECK(p.tail->weight == 0.5);
  CHECK(p.tail->limit == 1e5);
  CHECK(p.limits.turnover_usd == 1e6);
  CHECK(p.limits.leverage == 3.0);
  CHECK(p.limits.margin_usd == 2e5);
  CHECK(p.limits.equity_usd == 1e6);
  CHECK(p.limits.futures_margin == 0.04);
  CHECK(p.limits.most_legs == 5);
  CHECK(p.limits.leg_cost_usd == 2.5);
  CHECK(p.costs.believed == 0.9);
  CHECK(p.costs.share == 0.25);
  CHECK(p.costs.future_collar == 0.02);
  CHECK(p.costs.option_collar == INFINITY);
  REQUIRE(p.costs.impact);
  CHECK(p.costs.impact->factor == 1.5);
  CHECK(p.costs.impact->vol.value == 0.7);
  CHECK(p.costs.impact->vol_move == 0.05);
  CHECK(p.costs.impact->daily_volume == 1e8);
  CHECK(p.costs.impact->participation == 0.1);
  CHECK(p.costs.impact->pieces == 8);
  CHECK(p.costs.impact->perpetual.best_usd == 1.0);
  CHECK(p.costs.impact->perpetual.turnover == 2.0);
  CHECK(p.costs.impact->perpetual.day_usd == 3.0);
  CHECK(p.costs.impact->future.best_usd == 4.0);
  CHECK(p.costs.impact->future.day_usd == hedge::ImpactRules{}.future.day_usd);
  CHECK(p.costs.impact->option.day_usd == 5.0);
  CHECK(p.funding.at("BTC-PERPETUAL") == 0.08);
}

TEST_CASE("problem file: shorthands and scenarios one by one") {
  CHECK_FALSE(problem("costs = { impact = false }").costs.impact);
  CHECK(problem("costs = { impact = true }").costs.impact);
  CHECK(problem("[[goal]]\ngreek = 'theta'\nhighest = 2").goals[0].highest == 730.0);  // 2 a day
  CHECK(problem("[[goal]]\ngreek = 'theta'\nhighest = 2").goals[0].lowest == -INFINITY);
  CHECK(problem("[[goal]]\ngreek = 'volga'\nexact = 2").goals[0].highest == 2.0);
  CHECK_FALSE(problem("").tail);
  const auto tail = *problem(R"(
[[tail.scenario]]
price_move = -0.3
vol_shift = 0.05
probability = 0.25
[[tail.scenario]]
vol_move = 0.5
basis_move = -0.01
probability = 0.75
)")
                         .tail;
  REQUIRE(tail.scenarios.size() == 2);
  CHECK(tail.scenarios[0].price_factor == Approx(0.7));
  CHECK(tail.scenarios[0].vol_shift == 0.05);
  CHECK(tail.scenarios[1].vol_factor == 1.5);
  CHECK(tail.basis == std::vector<double>{0.0, -0.01});
  CHECK(tail.probabilities == std::vector<double>{0.25, 0.75});
}

TEST_CASE("problem file: an unknown key is named with line, column and the one that was meant") {
  CHECK(fault("carry_day = 3") == "line 1, column 1: unknown key carry_day; did you mean 'carry_days'?");
  CHECK(fault("[limits]\n  most_leg = 3") ==
        "line 2, column 3: unknown key limits.most_leg; did you mean 'most_legs'?");
  CHECK(
      has(fault("[[goal]]\ngreek='delta'\nexakt=0"), "line 3, column 1: unknown key goal.exakt; did you mean 'exact'"));
  CHECK(has(fault("[[candidate]]\ninstrument='X'\nzebra=1"), "unknown key candidate.zebra"));
  CHECK(has(fault("[risk]\naversoin=1"), "did you mean 'aversion'"));
  CHECK(has(fault("[tail]\nprice_move=[0.1]"), "unknown key tail.price_move; did you mean 'price_moves'"));
  CHECK(has(fault("[[tail.scenario]]\nprice=0.1"), "unknown key tail.scenario.price"));
  CHECK(has(fault("[costs]\nimpact={factr=1.0}"), "unknown key costs.impact.factr; did you mean 'factor'"));
  CHECK(has(fault("[costs.impact.future]\nbest=1"), "unknown key costs.impact.future.best"));
}

TEST_CASE("problem file: a wrong type or range names key, value and line") {
  CHECK(fault("gap = 'x'") == "line 1, column 7: gap is 'x', a number over 0 is due");
  CHECK(fault("\n[risk]\naversion = -2") == "line 3, column 12: risk.aversion is -2, a number of 0 or more is due");
  CHECK(has(fault("[risk]\naversion = nan"), "risk.aversion is nan"));
  CHECK(has(fault("[risk]\naversion = true"), "risk.aversion is true"));
  CHECK(has(fault("[risk]\ncorrelation = 1"), "risk.correlation is 1, a number between -1 and 1"));
  CHECK(has(fault("[limits]\nmost_legs = 2.5"), "limits.most_legs is 2.5, a whole number"));
  CHECK(has(fault("[costs]\nshare = 0"), "costs.share is 0"));
  CHECK(has(fault("[costs]\nimpact = 3"), "costs.impact is 3, a table"));
  CHECK(has(fault("nodes = 0"), "nodes is 0"));
  CHECK(has(fault("numeraire = 'eur'"), "numeraire is 'eur', one of coin, usd"));
  CHECK(has(fault("candidates = 'all'"), "candidates is 'all', a list of texts"));
  CHECK(has(fault("candidates = [1]"), "candidates is 1"));
  CHECK(has(fault("[goal]\ngreek='delta'"), "goal is a table, tables, each under [[goal]]"));
  CHECK(has(fault("risk = 3"), "risk is 3, a table, [risk]"));
  CHECK(has(fault("[[goal]]\ngreek='rho'\nexact=0"), "goal.greek is 'rho', one of delta"));
  CHECK(has(fault("[[goal]]\nexact=0"), "goal.greek is missing"));
  CHECK(has(fault("[[goal]]\ngreek='delta'"), "exact, lowest or highest"));
  CHECK(has(fault("[[goal]]\ngreek='delta'\nexact=0\nlowest=1"), "stands beside"));
  CHECK(has(fault("[[goal]]\ngreek='delta'\nlowest=1\nhighest=0"), "goal.lowest is 1, goal.highest 0"));
  CHECK(has(fault("[[goal]]\ngreek='vega'\nexact=0\nfrom_days=30\nto_days=7"), "goal.from_days is 30"));
  CHECK(has(fault("[[goal]]\ngreek='vega'\nexact=0\npenalty=0"), "goal.penalty is 0"));
  CHECK(has(fault("[[goal]]\ngreek='vega'\nexact=0\npenalty=1\npriority=1"), "exclude each other"));
  CHECK(has(fault("[[candidate]]\nmost_buy=1"), "candidate.instrument is missing"));
  CHECK(has(fault("[[candidate]]\ninstrument='X'\nclosing_only=1"), "candidate.closing_only is 1, true or false"));
  CHECK(has(fault("[limits]\nleverage=2"), "limits.leverage needs limits.equity_usd"));
  CHECK(has(fault("[funding]\nX='a'"), "funding.X is 'a'"));
  CHECK(has(fault("[tail]\nweight=1"), "tail needs either"));
  CHECK(has(fault("[tail]\nprice_moves=[-1.5]"), "tail.price_moves is -1.5"));
  CHECK(has(fault("[tail]\nprice_moves=[0.1]\nprobabilities=[0.5]"), "add up to 0.5"));
  CHECK(has(fault("[tail]\nprice_moves=[0.1]\nprobabilities=[0.5,0.5]"), "2 probabilities for 1 scenarios"));
  CHECK(has(fault("[tail]\nprice_moves=[0.1]\nalpha=0.9"), "tail.alpha is for"));
  CHECK(has(fault("a = "), "line 1"));
  CHECK(parse_problem("a = ").error().fault == Fault::bad_syntax);
}

TEST_CASE("goals of the command line") {
  const auto goal = app::parse_goal("vega[7:30]=-10:10");
  REQUIRE(goal);
  CHECK(goal.value().greek == hedge::Greek::vega);
  CHECK(goal.value().from_days == 7.0);
  CHECK(goal.value().to_days == 30.0);
  CHECK(goal.value().lowest == -1000.0);
  CHECK(goal.value().highest == 1000.0);
  CHECK(app::parse_goal("delta=0.5").value().lowest == 0.5);
  CHECK(app::parse_goal("delta=0.5").value().highest == 0.5);
  CHECK(app::parse_goal("gamma=:3").value().lowest == -INFINITY);
  CHECK(app::parse_goal("gamma[:30]=3:").value().highest == INFINITY);
  CHECK_FALSE(app::parse_goal("gamma[:30]=3:").value().from_days);
  for (const char* wrong : {"delta", "delta=", "delta=a", "delta=1:0", "delta=1:2:3", "delta=:", "rho=0", "delta[7]=0",
                            "delta[30:7]=0", "delta[7:30=0", "delta[-1:2]=0", "=0", ""}) {
    CAPTURE(wrong);
    const auto read = app::parse_goal(wrong);
    REQUIRE_FALSE(read);
    CHECK(read.error().fault == Fault::bad_flag);
  }
  CHECK(has(app::parse_goal("detla=0").error().what, "did you mean delta"));
}

TEST_CASE("the example of a problem reads") {
  const auto text = store::read_bytes(std::string(BALLAST_SOURCE_DIR) + "/examples/problem.toml");
  REQUIRE(text);
  const hedge::Problem p = problem(text.value());
  CHECK(p.goals.size() == 3);
  CHECK(p.goals[1].highest == Approx(0.5));
}
