#include "ballast/app/problem_toml.h"

#include <cmath>

#include <fmt/format.h>

#include "ballast/app/problem_units.h"
#include "ballast/app/toml_section.h"

namespace ballast::app {
namespace {

using namespace toml_in;

// of pricing::Scenario: a price factor of 0.01 to 100, a vol factor of 0 or more
constexpr Range price_move{-0.99, 99.0, false, false, "a relative move of -0.99 to 99"};
constexpr Range vol_move{-1.0, infinity, false, true, "a relative move of -1 or more"};
constexpr Range basis_move{-1.0, infinity, true, true, "a relative move over -1"};

hedge::Goal goal_of(Section s) {
  hedge::Goal goal;
  const std::vector<std::pair<std::string, hedge::Greek>> greeks = {
      {"delta", hedge::Greek::delta}, {"gamma", hedge::Greek::gamma}, {"vega", hedge::Greek::vega},
      {"theta", hedge::Greek::theta}, {"vanna", hedge::Greek::vanna}, {"volga", hedge::Greek::volga}};
  if (!s.has("greek")) s.refuse("goal.greek is missing");
  goal.greek = s.word("greek", greeks).value_or(hedge::Greek::delta);
  goal.from_days = s.number("from_days", not_negative), goal.to_days = s.number("to_days", positive);
  if (goal.from_days.value_or(0.0) >= goal.to_days.value_or(infinity)) {
    s.refuse(fmt::format("goal.from_days is {}, it is due below goal.to_days, {}", goal.from_days.value_or(0.0),
                         *goal.to_days),
             "to_days");
  }
  const auto exact = s.number("exact", any), lowest = s.number("lowest", bound), highest = s.number("highest", bound);
  if (s.has("exact") && (s.has("lowest") || s.has("highest"))) {
    s.refuse("goal.exact stands beside goal.lowest or goal.highest: it is both of them", "exact");
  }
  if (!s.has("exact") && !s.has("lowest") && !s.has("highest")) {
    s.refuse("a goal has to say exact, lowest or highest");
  }
  goal.lowest = exact ? *exact : lowest.value_or(-infinity), goal.highest = exact ? *exact : highest.value_or(infinity);
  if (goal.lowest > goal.highest || goal.lowest == infinity || goal.highest == -infinity) {
    s.refuse(fmt::format("goal.lowest is {}, goal.highest {}: that leaves no room", goal.lowest, goal.highest),
             "lowest");
  }
  goal.penalty = s.number("penalty", positive);
  goal.priority = s.whole("priority", 0, 100).value_or(0);
  if (goal.penalty && goal.priority > 0) s.refuse("goal.priority and goal.penalty exclude each other", "priority");
  return from_screen(goal);
}

hedge::Candidate candidate_of(Section s) {
  hedge::Candidate c;
  if (!s.has("instrument")) s.refuse("candidate.instrument is missing");
  c.instrument = s.text("instrument").value_or("");
  c.most_buy = s.number("most_buy", not_negative), c.most_sell = s.number("most_sell", not_negative);
  c.lowest_position = s.number("lowest_position", any), c.highest_position = s.number("highest_position", any);
  if (c.lowest_position && c.highest_position && *c.lowest_position > *c.highest_position) {
    s.refuse(fmt::format("candidate.lowest_position is {}, over candidate.highest_position, {}", *c.lowest_position,
                         *c.highest_position),
             "lowest_position");
  }
  c.closing_only = s.yes_or_no("closing_only").value_or(false);
  return c;
}

void read_risk(Section s, hedge::RiskRules& risk) {
  s.number("aversion", not_negative, risk.aversion);
  s.number("horizon_days", positive, risk.horizon_days);
  if (const auto vol = s.number("vol", positive)) risk.vol = Vol(*vol);
  s.number("vol_move", not_negative, risk.vol_move);
  s.number("correlation", correlation, risk.correlation);
}

void add_grid(Section& s, hedge::TailRules& tail) {
  auto price = s.numbers("price_moves", price_move), vol = s.numbers("vol_moves", vol_move),
       basis = s.numbers("basis_moves", basis_move);
  const bool moves_basis = !basis.empty();
  for (auto* moves : {&price, &vol, &basis}) {
    if (moves->empty()) moves->push_back(0.0);
  }
  constexpr std::size_t most = 100'000;  // a full revaluation each; more is a slip of the keyboard
  if (price.size() * vol.size() > most || price.size() * vol.size() * basis.size() > most) {
    return s.refuse(fmt::format("tail has a grid of over {} scenarios", most));
  }
  for (const double p : price) {
    for (const double v : vol) {
      for (const double b : basis) {
        tail.scenarios.push_back({.price_factor = 1.0 + p, .vol_factor = 1.0 + v});
        if (moves_basis) tail.basis.push_back(b);
      }
    }
  }
}

hedge::TailRules tail_of(Section s, std::optional<Error>& error) {
  hedge::TailRules tail;
  const bool grid = s.has("price_moves") || s.has("vol_moves") || s.has("basis_moves"), listed = s.has("scenario");
  if (grid == listed) s.refuse("tail needs either price_moves, vol_moves, basis_moves or [[tail.scenario]]");
  if (grid) add_grid(s, tail);
  for (const toml::table* one : s.tables("scenario")) {
    Section scenario(*one, "tail.scenario", error,
                     {"price_move", "vol_move", "vol_shift", "basis_move", "probability"});
    tail.scenarios.push_back({.price_factor = 1.0 + scenario.number("price_move", price_move).value_or(0.0),
                              .vol_factor = 1.0 + scenario.number("vol_move", vol_move).value_or(0.0),
                              .vol_shift = scenario.number("vol_shift", any).value_or(0.0)});
    tail.basis.push_back(scenario.number("basis_move", basis_move).value_or(0.0));
    if (const auto p = scenario.number("probability", probability)) tail.probabilities.push_back(*p);
  }
  if (s.has("probabilities")) {
    if (!tail.probabilities.empty()) s.refuse("tail.probabilities stands beside scenarios with a probability");
    tail.probabilities = s.numbers("probabilities", probability);
  }
  double sum = 0.0;
  for (const double p : tail.probabilities) sum += p;
  if (!tail.probabilities.empty() && tail.probabilities.size() != tail.scenarios.size()) {
    s.refuse(
        fmt::format("tail has {} probabilities for {} scenarios", tail.probabilities.size(), tail.scenarios.size()));
  } else if (!tail.probabilities.empty() && !(std::abs(sum - 1.0) <= 1e-9)) {
    s.refuse(fmt::format("the probabilities of tail add up to {}, 1 is due", sum));
  }
  const std::vector<std::pair<std::string, hedge::TailMeasure>> measures = {
      {"worst_case", hedge::TailMeasure::worst_case}, {"expected_shortfall", hedge::TailMeasure::expected_shortfall}};
  tail.measure = s.word("measure", measures).value_or(tail.measure);
  if (s.has("alpha") && tail.measure == hedge::TailMeasure::worst_case) {
    s.refuse("tail.alpha is for measure = \"expected_shortfall\"", "alpha");
  }
  s.number("alpha", below_one, tail.alpha);
  s.number("weight", not_negative, tail.weight);
  tail.limit = s.number("limit", any);
  return tail;
}

void read_limits(Section s, hedge::TradeLimits& limits) {
  limits.turnover_usd = s.number("turnover_usd", not_negative);
  limits.leverage = s.number("leverage", positive), limits.equity_usd = s.number("equity_usd", positive);
  if (s.has("leverage") && !s.has("equity_usd")) s.refuse("limits.leverage needs limits.equity_usd", "leverage");
  limits.margin_usd = s.number("margin_usd", not_negative);
  s.number("futures_margin", share, limits.futures_margin);
  limits.most_legs = s.whole("most_legs", 0, 1'000'000).value_or(0);
  s.number("leg_cost_usd", not_negative, limits.leg_cost_usd);
}

void read_assumed(const toml::table* table, const char* name, std::optional<Error>& error, hedge::AssumedMarket& into) {
  if (!table) return;
  Section s(*table, name, error, {"best_usd", "turnover", "day_usd"});
  s.number("best_usd", positive, into.best_usd);
  s.number("turnover", positive, into.turnover);
  s.number("day_usd", positive, into.day_usd);
}

void read_costs(Section s, std::optional<Error>& error, hedge::CostRules& costs) {
  s.number("believed", share, costs.believed);
  s.number("share", share, costs.share);
  s.number("future_collar", positive_or_inf, costs.future_collar);
  s.number("option_collar", positive_or_inf, costs.option_collar);
  const toml::node* impact = s.raw().get("impact");
  if (!impact) return;
  if (impact->is_boolean()) {
    if (!*impact->value<bool>()) costs.impact.reset();
    return;
  }
  const toml::table* table = s.table("impact");
  if (!table) return;
  Section i(*table, "costs.impact", error,
            {"factor", "vol", "vol_move", "daily_volume", "participation", "pieces", "perpetual", "future", "option"});
  i.number("factor", positive, costs.impact->factor);
  if (const auto vol = i.number("vol", positive)) costs.impact->vol = Vol(*vol);
  i.number("vol_move", positive, costs.impact->vol_move);
  costs.impact->daily_volume = i.number("daily_volume", positive);
  i.number("participation", share, costs.impact->participation);
  costs.impact->pieces = i.whole("pieces", 1, 256).value_or(costs.impact->pieces);
  read_assumed(i.table("perpetual"), "costs.impact.perpetual", error, costs.impact->perpetual);
  read_assumed(i.table("future"), "costs.impact.future", error, costs.impact->future);
  read_assumed(i.table("option"), "costs.impact.option", error, costs.impact->option);
}

}  // namespace

Result<WrittenProblem> parse_problem(const std::string& text) {
  toml::table table;
  try {
    table = toml::parse(text);
  } catch (const toml::parse_error& error) {
    return Error{Fault::bad_syntax, fmt::format("{}: {}", at(error.source()), error.description())};
  }
  std::optional<Error> error;
  WrittenProblem written;
  hedge::Problem& problem = written.problem;
  Section top(table, "", error,
              {"goal", "candidate", "candidates", "risk", "tail", "limits", "costs", "carry_days", "funding", "gap",
               "nodes", "numeraire"});
  for (const toml::table* one : top.tables("goal")) {
    problem.goals.push_back(goal_of(Section(
        *one, "goal", error, {"greek", "from_days", "to_days", "exact", "lowest", "highest", "penalty", "priority"})));
  }
  for (const toml::table* one : top.tables("candidate")) {
    problem.candidates.push_back(candidate_of(
        Section(*one, "candidate", error,
                {"instrument", "most_buy", "most_sell", "lowest_position", "highest_position", "closing_only"})));
  }
  written.candidates = top.texts("candidates");
  if (const toml::table* risk = top.table("risk")) {
    read_risk(Section(*risk, "risk", error, {"aversion", "horizon_days", "vol", "vol_move", "correlation"}),
              problem.risk);
  }
  if (const toml::table* tail = top.table("tail")) {
    problem.tail = tail_of(Section(*tail, "tail", error,
                                   {"price_moves", "vol_moves", "basis_moves", "scenario", "probabilities", "measure",
                                    "alpha", "weight", "limit"}),
                           error);
  }
  if (const toml::table* limits = top.table("limits")) {
    read_limits(Section(*limits, "limits", error,
                        {"turnover_usd", "leverage", "margin_usd", "equity_usd", "futures_margin", "most_legs",
                         "leg_cost_usd"}),
                problem.limits);
  }
  if (const toml::table* costs = top.table("costs")) {
    read_costs(Section(*costs, "costs", error, {"believed", "share", "future_collar", "option_collar", "impact"}),
               error, problem.costs);
  }
  if (const toml::table* funding = top.table("funding")) {
    // Its keys are instruments: any name is known here.
    for (const auto& [key, node] : *funding) {
      const std::string name(key.str());
      if (const auto rate = top.number(node, "funding." + name, any)) problem.funding.emplace(name, *rate);
    }
  }
  top.number("carry_days", not_negative, problem.carry_days);
  top.number("gap", positive, problem.gap);
  problem.nodes = top.whole("nodes", 1, 1'000'000'000).value_or(problem.nodes);
  const std::vector<std::pair<std::string, Numeraire>> moneys = {{"coin", Numeraire::coin}, {"usd", Numeraire::usd}};
  written.numeraire = top.word("numeraire", moneys);
  if (error) return *error;
  return written;
}

}  // namespace ballast::app
