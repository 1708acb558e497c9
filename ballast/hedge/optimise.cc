#include "ballast/hedge/optimise.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "ballast/hedge/internal/hedge_program.h"
#include "ballast/hedge/lots.h"
#include "ballast/hedge/tail_risk.h"
#include "ballast/math/lot_search.h"
#include "ballast/risk/value_at_risk.h"

namespace ballast::hedge {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double beyond = 1e-7;  // of a row's largest term: what the check of a must allows the search's own tolerance

/// What a trade comes to, counted from the instruments and not from the program.
struct Count {
  std::vector<double> goals;
  double turnover = 0.0, leverage_usd = 0.0, margin = 0.0;
  double carry = 0.0, leg_costs = 0.0, penalties = 0.0, trading = 0.0;
  Risks risks;
  std::optional<double> tail;
  double objective = 0.0;
};

Count count(const HedgeModel& model, const Problem& problem, std::span<const double> lots) {
  Count c;
  c.goals = model.before;
  c.risks = model.risks;
  c.leverage_usd = model.leverage_before, c.margin = model.margin_before;
  std::vector<double> pnl = model.pnl;
  for (std::size_t j = 0; j < model.tradables.size(); ++j) {
    const Tradable& t = model.tradables[j];
    const double x = lots[j];
    if (x == 0.0) continue;
    for (std::size_t g = 0; g < c.goals.size(); ++g) c.goals[g] += x * t.goals[g];
    c.turnover += std::abs(x) * t.notional;
    if (!t.instrument.is_option()) {
      c.leverage_usd += (std::abs(t.position + x) - std::abs(t.position)) * t.notional;
    }
    const auto margin = [&](double held) { return held > 0.0 ? held * t.margin_long : -held * t.margin_short; };
    c.margin += margin(t.position + x) - margin(t.position);
    c.carry += x * t.carry;
    c.leg_costs += problem.limits.leg_cost_usd;
    c.trading += cost(t.curve, amount_of_lots(t.instrument, static_cast<std::int64_t>(x)));
    c.risks.add(x, t.risks);
    for (std::size_t s = 0; s < pnl.size(); ++s) pnl[s] += x * t.pnl[s];
  }
  for (std::size_t g = 0; g < c.goals.size(); ++g) {
    const Goal& goal = problem.goals[g];
    if (!goal.penalty) continue;
    c.penalties += *goal.penalty * std::max({goal.lowest - c.goals[g], c.goals[g] - goal.highest, 0.0});
  }
  c.objective = c.trading + c.carry + c.leg_costs + c.penalties + 0.5 * problem.risk.aversion * c.risks.variance();
  if (problem.tail) {
    std::vector<double> losses(pnl.size());
    std::transform(pnl.begin(), pnl.end(), losses.begin(), [](double gain) { return -gain; });
    c.tail = problem.tail->measure == TailMeasure::worst_case
                 ? *std::max_element(losses.begin(), losses.end())
                 : risk::expected_shortfall(losses, problem.tail->probabilities, problem.tail->alpha);
    c.objective += problem.tail->weight * *c.tail;
  }
  return c;
}

/// Which must a trade breaks, in words; none when it keeps all. `musts` are the goals' bounds as the search had them.
std::optional<std::string> broken(const HedgeModel& model, const Problem& problem, std::span<const double> lots,
                                  const Count& c) {
  if (lots.size() != model.tradables.size())
    return fmt::format("{} sizes for {} instruments", lots.size(), model.tradables.size());
  int legs = 0;
  for (std::size_t j = 0; j < lots.size(); ++j) {
    const Tradable& t = model.tradables[j];
    if (!(std::abs(lots[j]) < 9e15) || lots[j] != std::nearbyint(lots[j])) {
      return fmt::format("{}: {} is no number of whole lots", t.instrument.name, lots[j]);
    }
    if (!(lots[j] >= t.lowest && lots[j] <= t.highest)) {
      return fmt::format("{}: {} lots are outside {} to {}", t.instrument.name, lots[j], t.lowest, t.highest);
    }
    legs += lots[j] != 0.0;
  }
  if (problem.limits.most_legs > 0 && legs > problem.limits.most_legs) {
    return fmt::format("{} instruments where {} are allowed", legs, problem.limits.most_legs);
  }
  for (std::size_t g = 0; g < c.goals.size(); ++g) {
    const double room = beyond * model.size[g];
    if (!(c.goals[g] >= model.lowest[g] - room && c.goals[g] <= model.highest[g] + room)) {
      return fmt::format("{} would be {:.10g}, outside {:.10g} to {:.10g}", problem.goals[g].text(), c.goals[g],
                         model.lowest[g], model.highest[g]);
    }
  }
  for (const auto& [what, value, limit] : limits_of(problem, c.turnover, c.leverage_usd, c.margin, c.tail)) {
    if (!(value <= limit + beyond * (std::abs(limit) + std::abs(value)))) {
      return fmt::format("{} would be {:.10g}, over {:.10g}", what, value, limit);
    }
  }
  if (!std::isfinite(c.objective)) return fmt::format("an objective of {}", c.objective);
  return std::nullopt;
}

struct Answer {
  std::vector<double> lots;  ///< of each tradable
  Count counted;
  double bound = -infinity;
  bool proved = false;
  int nodes = 0;
};

/// A goal with the unit that its figures are in, where a reader could take them for a screen's.
std::string words(const Goal& goal) {
  switch (goal.greek) {
    case Greek::delta:
    case Greek::gamma: return goal.text();
    case Greek::theta: return goal.text() + " (a year)";
    case Greek::vega:
    case Greek::vanna: return goal.text() + " (per 1.00 of vol)";
    case Greek::volga: return goal.text() + " (per 1.00 of vol squared)";
  }
  return goal.text();
}

/// The least relaxation, weighed by each must's own size, in words.
Error contradiction(const HedgeModel& model, const Problem& problem, const LotSolver& solver) {
  std::string what = "no trade keeps every must";
  const HedgeProgram elastic = elastic_program(model, problem);
  const auto found = solver(elastic.lots, {.gap = 1e-3, .absolute_gap = 1e-9, .nodes = problem.nodes});
  if (!found) return Error{Fault::no_solution, what + ", and what would help is not known: " + found.error().what};
  std::vector<double> lots(model.tradables.size(), 0.0);
  for (std::size_t k = 0; k < elastic.tradable.size(); ++k) lots[elastic.tradable[k]] += found.value().x[k];
  const Count c = count(model, problem, lots);
  std::string relax;
  const auto add = [&](const std::string& words) { relax += (relax.empty() ? "" : " and ") + words; };
  for (std::size_t g = 0; g < c.goals.size(); ++g) {
    const double room = 1e-9 * model.size[g];
    if (c.goals[g] < model.lowest[g] - room) {
      add(fmt::format("{} down to {:.6g} instead of {:.6g}", words(problem.goals[g]), c.goals[g],
                      problem.goals[g].lowest));
    }
    if (c.goals[g] > model.highest[g] + room) {
      add(fmt::format("{} up to {:.6g} instead of {:.6g}", words(problem.goals[g]), c.goals[g],
                      problem.goals[g].highest));
    }
  }
  for (const auto& [name, value, limit] : limits_of(problem, c.turnover, c.leverage_usd, c.margin, c.tail)) {
    if (value > limit * (1.0 + 1e-9)) add(fmt::format("{} up to {:.6g} instead of {:.6g}", name, value, limit));
  }
  if (relax.empty()) return Error{Fault::no_solution, what + " in whole lots and this number of instruments"};
  return Error{Fault::no_solution, what + "; the smallest relaxation that would allow one: let " + relax};
}

/// One search and the check of its answer; where there is none, why.
Result<Answer> searched(const HedgeModel& model, const Problem& problem, const HedgeProgram& built,
                        const LotSolver& solver, int nodes, bool whole_objective) {
  const auto found = solver(built.lots, {.gap = problem.gap, .absolute_gap = 1e-6, .nodes = nodes});
  if (!found) {
    return found.error().fault == Fault::no_solution ? contradiction(model, problem, solver) : found.error();
  }
  math::LotSolution s = found.value();
  s.objective += built.constant, s.bound += built.constant;
  const auto lies = [](const std::string& how) {
    return Error{Fault::not_believable, "the solver's answer fails its check: " + how};
  };
  if (s.x.size() != built.lots.program.n()) {
    return lies(fmt::format("{} sizes for {} columns", s.x.size(), built.lots.program.n()));
  }
  Answer answer;
  answer.lots.assign(model.tradables.size(), 0.0);
  for (std::size_t k = 0; k < built.tradable.size(); ++k) answer.lots[built.tradable[k]] += s.x[k];
  answer.bound = s.bound, answer.nodes = s.nodes;
  answer.proved = s.objective - s.bound <= std::max(problem.gap * std::abs(s.objective), 1e-6);
  answer.counted = count(model, problem, answer.lots);
  if (const auto fault = broken(model, problem, answer.lots, answer.counted)) {
    return lies(*fault);
  }
  if (whole_objective) {
    // With a fixed VaR the program's tail is an upper bound of the real one, so the count may come out lower.
    const double size = std::abs(answer.counted.objective) + std::abs(s.objective) + built.terms;
    const bool tail = problem.tail && problem.tail->weight > 0.0;
    const double off = answer.counted.objective - s.objective;
    if (!(tail ? off <= 1e-6 * size : std::abs(off) <= 1e-6 * size)) {
      return lies(
          fmt::format("it says {:.10g} USD, the trade comes to {:.10g}", s.objective, answer.counted.objective));
    }
    if (!tail && !(s.bound <= answer.counted.objective + 1e-6 * size)) {
      return lies(fmt::format("its bound {:.10g} USD is above the trade's {:.10g}", s.bound, answer.counted.objective));
    }
  }
  return answer;
}

/// Goals of priority 1, 2, ...: each as near as those before it leave room, then that near at least.
std::optional<Error> settle_priorities(HedgeModel& model, const Problem& problem, const LotSolver& solver) {
  std::set<int> ranks;
  for (const Goal& goal : problem.goals) {
    if (goal.priority > 0) ranks.insert(goal.priority);
  }
  for (const int rank : ranks) {
    const HedgeProgram built = priority_program(model, problem, rank);
    const auto answer = searched(model, problem, built, solver, problem.nodes, false);
    if (!answer) return answer.error();
    for (std::size_t g = 0; g < problem.goals.size(); ++g) {
      if (problem.goals[g].priority != rank) continue;
      const double reached = answer.value().counted.goals[g];
      model.lowest[g] = std::min(model.exact_lowest[g], reached),
      model.highest[g] = std::max(model.exact_highest[g], reached);
    }
  }
  return std::nullopt;
}

/// Search of the whole problem; where a limit on expected shortfall is asked, at the least weight that keeps it.
Result<Answer> best(const HedgeModel& model, const Problem& problem, const LotSolver& solver, int nodes) {
  const auto run = [&](const Problem& p) -> Result<Answer> {
    HedgeProgram built = hedge_program(model, p);
    if (!p.tail || p.tail->weight <= 0.0) return searched(model, p, built, solver, nodes, true);
    // The VaR of the relaxed problem is held; what the held one gives is an upper bound for the trade found, counted
    // again exactly. The relaxed optimum is the bound.
    const auto level = relaxed_tail(model, p);
    if (!level) {
      return level.error().fault == Fault::no_solution ? contradiction(model, p, solver) : level.error();
    }
    add_tail_at(built, model, p, level.value().first);
    auto answer = searched(model, p, built, solver, nodes, true);
    if (!answer) return answer.error();
    Answer a = std::move(answer).value();
    a.bound = std::min(level.value().second, a.counted.objective);
    a.proved = a.counted.objective - a.bound <= p.gap * std::abs(a.counted.objective);
    return a;
  };
  const bool by_weight =
      problem.tail && problem.tail->limit && problem.tail->measure == TailMeasure::expected_shortfall;
  if (!by_weight) return run(problem);
  Problem p = problem;
  p.tail->limit.reset();
  const auto keeps = [&](const Answer& a) { return *a.counted.tail <= *problem.tail->limit; };
  auto now = run(p);
  if (!now || keeps(now.value())) return now;
  double low = p.tail->weight, high = std::max(2.0 * low, 1e-4);
  std::optional<Answer> kept;
  for (int k = 0; k < 40 && !kept; ++k, low = high, high *= 4.0) {
    p.tail->weight = high;
    now = run(p);
    if (!now) return now;
    if (keeps(now.value())) kept = now.value();
    if (high > 1e8) break;
  }
  if (!kept) {
    return Error{Fault::no_solution, fmt::format("no trade keeps every must; the smallest expected shortfall found is "
                                                 "{:.6g} USD instead of {:.6g}",
                                                 *now.value().counted.tail, *problem.tail->limit)};
  }
  for (int k = 0; k < 12; ++k) {
    p.tail->weight = 0.5 * (low + high);
    now = run(p);
    if (!now) return now;
    if (keeps(now.value())) {
      kept = now.value(), high = p.tail->weight;
    } else {
      low = p.tail->weight;
    }
  }
  kept->counted = count(model, problem, kept->lots);
  // The search over weights proves nothing; the relaxed problem with the limit does.
  const auto relaxed = relaxed_tail(model, problem);
  kept->bound = relaxed ? std::min(relaxed.value().second, kept->counted.objective) : -infinity;
  kept->proved = kept->counted.objective - kept->bound <= problem.gap * std::abs(kept->counted.objective);
  return *kept;
}

Plan plan_of(const HedgeModel& model, const Problem& problem, const risk::Exposure& exposure,
             const market::Snapshot& snapshot, Numeraire numeraire, const Answer& answer, const Relaxed& relaxed) {
  Plan plan{.underlying = exposure.underlying, .numeraire = numeraire};
  const auto all = distance(exposure, numeraire);
  plan.before = plan.residual = all.value();
  plan.targets.clear();
  for (const Target target : {Target::delta, Target::gamma, Target::vega}) {
    const bool asked = std::any_of(problem.goals.begin(), problem.goals.end(),
                                   [&](const Goal& g) { return std::string_view(name(g.greek)) == name(target); });
    if (asked) plan.targets.push_back(target);
  }
  Optimum o;
  for (std::size_t j = 0; j < model.tradables.size(); ++j) {
    const Tradable& t = model.tradables[j];
    const auto lots = static_cast<std::int64_t>(answer.lots[j]);
    if (lots == 0) continue;
    const double relaxed_lots = j < relaxed.lots.size() ? relaxed.lots[j] : answer.lots[j];
    const auto quote = snapshot.quotes.find(t.instrument.name);
    Leg leg = leg_of(t.instrument, t.unit, numeraire, relaxed_lots * t.coins, lots,
                     quote == snapshot.quotes.end() ? nullptr : &quote->second, problem.costs);
    o.spread += leg.cost.spread ? leg.cost.spread->value : 0.0;
    o.impact += leg.cost.impact.value, o.fee += leg.cost.fee.value;
    plan.residual.add(leg.coins.value, leg.per_coin);
    plan.legs.push_back(std::move(leg));
  }
  const std::vector<double> none(model.tradables.size(), 0.0);
  const Count idle = count(model, problem, none);
  const Count& c = answer.counted;
  for (std::size_t g = 0; g < problem.goals.size(); ++g) {
    const Goal& goal = problem.goals[g];
    o.goals.push_back(
        {goal.greek, goal.text(), model.before[g], c.goals[g], goal.lowest, goal.highest, relaxed.price_of_goal(g)});
  }
  const auto limits_before = limits_of(problem, idle.turnover, idle.leverage_usd, idle.margin, idle.tail);
  const auto limits_after = limits_of(problem, c.turnover, c.leverage_usd, c.margin, c.tail);
  for (std::size_t i = 0; i < limits_after.size(); ++i) {
    o.limits.push_back({std::nullopt, limits_after[i].what, limits_before[i].value, limits_after[i].value, -infinity,
                        limits_after[i].limit, relaxed.price_of_limit(i)});
  }
  o.carry = c.carry, o.leg_costs = c.leg_costs, o.penalties = c.penalties;
  o.risk_before = std::sqrt(idle.risks.variance()), o.risk_after = std::sqrt(c.risks.variance());
  o.tail_before = idle.tail, o.tail_after = c.tail;
  o.aversion = problem.risk.aversion;
  o.objective = c.objective, o.bound = std::min(answer.bound, c.objective);
  o.do_nothing = broken(model, problem, none, idle) ? infinity : idle.objective;
  o.proved = answer.proved, o.nodes = answer.nodes;
  o.infeasibility = relaxed.check.infeasibility, o.stationarity = relaxed.check.stationarity;
  plan.optimum = std::move(o);
  return plan;
}

std::optional<Alternative> next_best(const HedgeModel& model, const Problem& problem, const LotSolver& solver,
                                     const Answer& answer) {
  std::optional<Alternative> found;
  for (std::size_t j = 0; j < model.tradables.size(); ++j) {
    if (answer.lots[j] == 0.0) continue;
    if (model.tradables[j].lowest > 0.0 || model.tradables[j].highest < 0.0) continue;  // it must be traded
    HedgeModel without = model;
    without.tradables[j].lowest = without.tradables[j].highest = 0.0;
    const auto other = best(without, problem, solver, std::max(problem.nodes / 8, 1));
    if (!other || (found && found->objective <= other.value().counted.objective)) continue;
    found = Alternative{model.tradables[j].instrument.name, {}, other.value().counted.objective};
    for (std::size_t k = 0; k < model.tradables.size(); ++k) {
      const auto lots = static_cast<std::int64_t>(other.value().lots[k]);
      const market::Instrument& instrument = model.tradables[k].instrument;
      if (lots != 0) found->trades.emplace_back(instrument.name, amount_of_lots(instrument, lots));
    }
  }
  return found;
}

/// Aversions at which the risk of the problem in any sizes falls in equal steps from none weighed to hardly any left;
/// empty where nothing takes risk away. Ascending, the first 0.
std::vector<double> aversions(const HedgeModel& model, const Problem& problem, int points) {
  double rate = infinity;  // USD of cost for a USD of risk taken away, by the first lot that does it cheapest
  for (const Tradable& t : model.tradables) {
    const double risk = std::sqrt(t.risks.variance());
    if (!(risk > 0.0)) continue;
    for (const double lot : {1.0, -1.0}) {
      const double paid = cost(t.curve, lot * t.instrument.lot) + lot * t.carry;
      if (paid > 0.0) rate = std::min(rate, paid / risk);
    }
  }
  if (!std::isfinite(rate)) return {};
  const double first = rate / std::sqrt(model.risks.variance());  // where that lot pays, were all risk of its kind
  constexpr int decades = 8, a_decade = 8;
  std::vector<std::pair<double, double>> sweep;  // aversion and risk
  Problem at = problem;
  for (int k = 0; k <= decades * a_decade; ++k) {
    at.risk.aversion = first * std::pow(10.0, static_cast<double>(k) / a_decade - 1.0);
    const Relaxed relaxed = relax(model, at);
    if (relaxed.lots.empty()) continue;
    Risks left = model.risks;
    for (std::size_t j = 0; j < relaxed.lots.size(); ++j) left.add(relaxed.lots[j], model.tradables[j].risks);
    sweep.emplace_back(at.risk.aversion, std::sqrt(left.variance()));
  }
  if (sweep.empty()) return {};
  const double most = sweep.front().second, least = sweep.back().second;
  std::vector<double> found = {0.0};
  for (int k = 1; k < points; ++k) {
    const double wanted = most - std::min(static_cast<double>(k) / (points - 1), 0.999) * (most - least);
    const auto reached = std::find_if(sweep.begin(), sweep.end(), [&](const auto& s) { return s.second <= wanted; });
    if (reached == sweep.begin() || reached == sweep.end()) {
      found.push_back(reached == sweep.end() ? sweep.back().first : sweep.front().first);
      continue;
    }
    // Between the two neighbours, in the logarithm.
    const auto& [before, high] = *std::prev(reached);
    const auto& [after, low] = *reached;
    found.push_back(before * std::pow(after / before, (high - wanted) / (high - low)));
  }
  return found;
}

}  // namespace

Result<Plan> optimise(const risk::Exposure& exposure, const market::Snapshot& snapshot, const vol::QuotedChain& surface,
                      const Problem& problem, Numeraire numeraire, const risk::Smiles* smiles, const LotSolver& given) {
  const LotSolver solver = given ? given : LotSolver(math::search_lots);
  auto made = hedge_model(exposure, snapshot, surface, problem, numeraire, smiles);
  if (!made) return made.error();
  HedgeModel model = std::move(made).value();
  if (const auto error = settle_priorities(model, problem, solver)) return *error;
  const auto answer = best(model, problem, solver, problem.nodes);
  if (!answer) return answer.error();
  const std::vector<double> none(model.tradables.size(), 0.0);
  const Count idle = count(model, problem, none);
  const double size = std::abs(idle.objective) + std::abs(answer.value().counted.objective);
  if (!broken(model, problem, none, idle) &&
      !(answer.value().counted.objective <= idle.objective + 1e-9 * size + 1e-9)) {
    return Error{Fault::not_believable,
                 fmt::format("the solver's answer fails its check: {:.10g} USD is worse than to do nothing, {:.10g}",
                             answer.value().counted.objective, idle.objective)};
  }
  const Relaxed relaxed = relax(model, problem);
  Plan plan = plan_of(model, problem, exposure, snapshot, numeraire, answer.value(), relaxed);
  plan.optimum->next_best = next_best(model, problem, solver, answer.value());
  return plan;
}

Result<std::vector<FrontierPoint>> frontier(const risk::Exposure& exposure, const market::Snapshot& snapshot,
                                            const vol::QuotedChain& surface, const Problem& problem,
                                            Numeraire numeraire, int points, const risk::Smiles* smiles,
                                            const std::function<void(int)>& told) {
  if (!(points >= 2 && points <= 200)) {
    return Error{Fault::bad_input, fmt::format("a frontier of {} points: 2 to 200", points)};
  }
  auto made = hedge_model(exposure, snapshot, surface, problem, numeraire, smiles);
  if (!made) return made.error();
  HedgeModel model = std::move(made).value();
  const LotSolver solver = math::search_lots;
  if (const auto error = settle_priorities(model, problem, solver)) return *error;
  if (!(model.risks.variance() > 0.0)) {
    return Error{Fault::no_solution, "the book has no risk to trade against cost"};
  }
  const auto list = aversions(model, problem, points);
  if (list.empty()) return Error{Fault::no_solution, "no candidate takes away any risk"};
  std::vector<FrontierPoint> found;
  for (int k = 0; k < points; ++k) {
    Problem at = problem;
    at.risk.aversion = list[static_cast<std::size_t>(k)];
    auto answer = best(model, at, solver, problem.nodes);
    if (!answer) return answer.error();
    Plan plan = plan_of(model, at, exposure, snapshot, numeraire, answer.value(), Relaxed{});
    // A search may miss what a neighbour's found: the best of all plans so far, at this aversion, stands.
    for (const FrontierPoint& earlier : found) {
      Optimum o = *earlier.plan.optimum;
      o.objective += 0.5 * (at.risk.aversion - o.aversion) * o.risk_after * o.risk_after;
      if (!(o.objective < plan.optimum->objective)) continue;
      o.aversion = at.risk.aversion;
      o.bound = std::min(answer.value().bound, o.objective), o.do_nothing = plan.optimum->do_nothing;
      o.proved = o.objective - o.bound <= std::max(problem.gap * std::abs(o.objective), 1e-6);
      plan = earlier.plan;
      plan.optimum = std::move(o);
    }
    found.push_back({at.risk.aversion, std::move(plan)});
    if (told) told(k + 1);
  }
  return found;
}

}  // namespace ballast::hedge
