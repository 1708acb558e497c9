#include "ballast/hedge/internal/hedge_program.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "ballast/hedge/tail_risk.h"
#include "ballast/math/dual_bound.h"

namespace ballast::hedge {
namespace {

using math::PiecewiseConvex;

constexpr double infinity = std::numeric_limits<double>::infinity();

std::optional<std::string> misuse(const Problem& p) {
  if (p.candidates.empty()) return "a problem without candidates";
  for (const Goal& g : p.goals) {
    if (!(g.lowest <= g.highest) || g.lowest == infinity || g.highest == -infinity)
      return fmt::format("goal {}: from {} to {}", g.text(), g.lowest, g.highest);
    if (g.penalty && !(*g.penalty > 0.0 && std::isfinite(*g.penalty)))
      return fmt::format("goal {}: a penalty of {}", g.text(), *g.penalty);
    if (g.priority < 0) return fmt::format("goal {}: a priority of {}", g.text(), g.priority);
    if (g.priority > 0 && g.penalty) return fmt::format("goal {}: a priority and a penalty", g.text());
    if (g.from_days && !(*g.from_days >= 0.0)) return fmt::format("goal {}: from {} days", name(g.greek), *g.from_days);
    if (g.to_days && !(*g.to_days > g.from_days.value_or(0.0)))
      return fmt::format("goal {}: to {} days", name(g.greek), *g.to_days);
  }
  const auto least = [](const char* what, double value, double bound, bool may_equal) -> std::optional<std::string> {
    if (std::isfinite(value) && (value > bound || (may_equal && value == bound))) return std::nullopt;
    return fmt::format("{} of {}: {} {}", what, value, may_equal ? "at least" : "more than", bound);
  };
  const auto first = [](std::initializer_list<std::optional<std::string>> list) -> std::optional<std::string> {
    for (const auto& one : list) {
      if (one) return one;
    }
    return std::nullopt;
  };
  const TradeLimits& l = p.limits;
  if (auto why = first(
          {least("aversion", p.risk.aversion, 0.0, true), least("horizon_days", p.risk.horizon_days, 0.0, false),
           least("vol", p.risk.vol.value_or(Vol(1.0)).value, 0.0, false), least("vol_move", p.risk.vol_move, 0.0, true),
           least("turnover_usd", l.turnover_usd.value_or(0.0), 0.0, true),
           least("leverage", l.leverage.value_or(1.0), 0.0, false),
           least("margin_usd", l.margin_usd.value_or(0.0), 0.0, true),
           least("equity_usd", l.equity_usd.value_or(1.0), 0.0, false),
           least("futures_margin", l.futures_margin, 0.0, true), least("leg_cost_usd", l.leg_cost_usd, 0.0, true),
           least("carry_days", p.carry_days, 0.0, true), least("gap", p.gap, 0.0, false)}))
    return why;
  if (!(std::abs(p.risk.correlation) < 1.0)) return fmt::format("a correlation of {}", p.risk.correlation);
  if (l.leverage && !l.equity_usd) return "a leverage without equity_usd";
  if (l.most_legs < 0) return fmt::format("most_legs of {}", l.most_legs);
  if (p.nodes < 1) return fmt::format("{} nodes", p.nodes);
  for (const auto& [instrument, rate] : p.funding) {
    if (!std::isfinite(rate)) return fmt::format("funding of {} for {}", rate, instrument);
  }
  if (!p.tail) return std::nullopt;
  const TailRules& t = *p.tail;
  if (t.scenarios.empty()) return "a tail without scenarios";
  if (!t.basis.empty() && t.basis.size() != t.scenarios.size())
    return fmt::format("{} basis moves for {} scenarios", t.basis.size(), t.scenarios.size());
  if (!t.probabilities.empty() && t.probabilities.size() != t.scenarios.size())
    return fmt::format("{} probabilities for {} scenarios", t.probabilities.size(), t.scenarios.size());
  for (const double b : t.basis) {
    if (!(b > -1.0 && std::isfinite(b))) return fmt::format("a basis move of {}", b);
  }
  double sum = 0.0;
  for (const double q : t.probabilities) {
    if (!(q >= 0.0)) return fmt::format("a probability of {}", q);
    sum += q;
  }
  if (!t.probabilities.empty() && !(std::abs(sum - 1.0) <= 1e-9))
    return fmt::format("probabilities that sum to {}", sum);
  if (!(t.alpha >= 0.0 && t.alpha < 1.0)) return fmt::format("an alpha of {}", t.alpha);
  if (t.limit && !std::isfinite(*t.limit)) return fmt::format("a tail limit of {}", *t.limit);
  return least("tail weight", t.weight, 0.0, true);
}

/// The cost of trading in lots: the curve's pieces on both sides of nothing, carry on top.
PiecewiseConvex cost_in_lots(const Tradable& t) {
  PiecewiseConvex f{.lowest = t.lowest, .highest = t.highest, .kinks = {}, .slopes = {}};
  const double lot = t.instrument.lot;
  std::vector<double> left_kinks, left_slopes;
  double at = 0.0;
  for (const CostPiece& piece : t.curve.sell) {
    left_slopes.push_back(-piece.per_unit * lot + t.carry);
    at -= piece.amount / lot;
    left_kinks.push_back(at);
  }
  if (left_slopes.empty()) left_slopes.push_back(t.carry), left_kinks.push_back(-1.0);
  f.slopes.assign(left_slopes.rbegin(), left_slopes.rend());
  f.kinks.assign(std::next(left_kinks.rbegin()), left_kinks.rend());  // where the last piece ends is a bound
  f.kinks.push_back(0.0);
  at = 0.0;
  for (std::size_t k = 0; k < t.curve.buy.size(); ++k) {
    f.slopes.push_back(t.curve.buy[k].per_unit * lot + t.carry);
    at += t.curve.buy[k].amount / lot;
    if (k + 1 < t.curve.buy.size()) f.kinks.push_back(at);
  }
  if (t.curve.buy.empty()) f.slopes.push_back(std::max(t.carry, f.slopes.back()));
  // Rounding may let neighbours of one price fall by a last digit.
  for (std::size_t k = 1; k < f.slopes.size(); ++k) f.slopes[k] = std::max(f.slopes[k], f.slopes[k - 1]);
  return f;
}

/// f on one side of the split, counted from where its part begins.
PiecewiseConvex part(const PiecewiseConvex& f, double from, double to, double base) {
  PiecewiseConvex p{.lowest = from - base, .highest = to - base, .kinks = f.kinks, .slopes = f.slopes};
  for (double& kink : p.kinks) kink -= base;
  return p;
}

void add_row(math::PiecewiseProgram& p, PiecewiseConvex row, double offset) {
  p.rows.push_back(std::move(row)), p.offset.push_back(offset);
}

/// Outside [lowest, highest] at a price, no bounds.
PiecewiseConvex outside(double lowest, double highest, double price) {
  PiecewiseConvex row{.lowest = -infinity, .highest = infinity, .kinks = {}, .slopes = {0.0}};
  if (std::isfinite(lowest)) row.kinks.push_back(lowest), row.slopes.insert(row.slopes.begin(), -price);
  if (std::isfinite(highest)) row.kinks.push_back(highest), row.slopes.push_back(price);
  return row;
}

enum class Purpose { whole, rank, elastic };

HedgeProgram program_for(const HedgeModel& model, const Problem& problem, Purpose purpose, int rank) {
  HedgeProgram built;
  math::PiecewiseProgram& p = built.lots.program;
  const TradeLimits& limits = problem.limits;
  const bool whole = purpose == Purpose::whole;
  const bool split_at_nothing = limits.turnover_usd.has_value();
  const bool split_at_held = limits.leverage || limits.margin_usd;

  for (std::size_t j = 0; j < model.tradables.size(); ++j) {
    const Tradable& t = model.tradables[j];
    std::vector<double> at = {t.lowest};
    const double held = std::nearbyint(-t.position);
    std::vector<double> inner;
    if (split_at_nothing || split_at_held) inner.push_back(0.0);
    if (split_at_held) inner.push_back(held);
    std::sort(inner.begin(), inner.end());
    for (const double x : inner) {
      if (x > at.back() && x < t.highest) at.push_back(x);
    }
    if (at.size() > 1 || t.highest > t.lowest) at.push_back(t.highest);
    if (at.size() == 1) at.push_back(t.highest);
    const PiecewiseConvex f = cost_in_lots(t);
    for (std::size_t k = 0; k + 1 < at.size(); ++k) {
      // Parts above nothing traded grow from their lower end, parts below from their upper: all are 0 with no trade.
      const double base = at[k] >= 0.0       ? (k == 0 ? 0.0 : at[k])
                          : at[k + 1] <= 0.0 ? (k + 2 == at.size() ? 0.0 : at[k + 1])
                                             : 0.0;
      PiecewiseConvex column = part(f, at[k], at[k + 1], base);
      if (!whole) column.kinks.clear(), column.slopes = {0.0};
      p.columns.push_back(std::move(column));
      built.tradable.push_back(j), built.base.push_back(base);
      built.lots.step.push_back(1.0), built.lots.leg.push_back(static_cast<int>(j));
    }
    built.lots.leg_cost.push_back(whole ? limits.leg_cost_usd : 0.0);
  }
  built.lots.most_legs = limits.most_legs;

  for (std::size_t g = 0; g < problem.goals.size(); ++g) {
    const Goal& goal = problem.goals[g];
    const double price = 1.0 / model.size[g];
    PiecewiseConvex row{.lowest = model.lowest[g], .highest = model.highest[g]};
    if (purpose == Purpose::elastic) row = outside(model.lowest[g], model.highest[g], price);
    if (purpose == Purpose::rank && goal.priority == rank)
      row = outside(model.exact_lowest[g], model.exact_highest[g], price);
    if (whole && goal.penalty) {
      row = outside(goal.lowest, goal.highest, *goal.penalty);
      built.constant += *goal.penalty * std::max({goal.lowest, -goal.highest, 0.0});
    }
    add_row(p, std::move(row), model.before[g]);
  }
  built.first_limit = p.rows.size();
  const auto limit_row = [&](double most, double offset) {
    PiecewiseConvex row{.lowest = -infinity, .highest = most};
    if (purpose == Purpose::elastic) row = outside(-infinity, most, 1.0 / std::max(std::abs(most), 1.0));
    add_row(p, std::move(row), offset);
  };
  if (limits.turnover_usd) limit_row(*limits.turnover_usd, 0.0);
  if (limits.leverage) limit_row(*limits.leverage * *limits.equity_usd, model.leverage_before);
  if (limits.margin_usd) limit_row(*limits.margin_usd, model.margin_before);
  const bool worst = problem.tail && problem.tail->limit && problem.tail->measure == TailMeasure::worst_case;
  if (worst) {
    for (const double gain : model.pnl) limit_row(*problem.tail->limit, -gain);
  }
  const std::size_t risk_rows = whole ? 3 : 0;
  if (whole) {
    for (const double risk : {model.risks.coin, model.risks.vols, model.risks.gamma}) {
      add_row(p, {.lowest = -infinity, .highest = infinity, .curvature = problem.risk.aversion}, risk);
    }
  }

  p.matrix.reserve(p.n() * p.m());
  for (std::size_t k = 0; k < p.n(); ++k) {
    const Tradable& t = model.tradables[built.tradable[k]];
    const double middle = built.base[k] + 0.5 * (p.columns[k].lowest + p.columns[k].highest);
    for (const double per_lot : t.goals) p.matrix.push_back(per_lot);
    const double held = middle + std::nearbyint(t.position);
    if (limits.turnover_usd) p.matrix.push_back(middle >= 0.0 ? t.notional : -t.notional);
    if (limits.leverage) p.matrix.push_back(t.instrument.is_option() ? 0.0 : held >= 0.0 ? t.notional : -t.notional);
    if (limits.margin_usd) p.matrix.push_back(held >= 0.0 ? t.margin_long : -t.margin_short);
    if (worst) {
      for (const double gain : t.pnl) p.matrix.push_back(-gain);
    }
    if (risk_rows > 0) p.matrix.insert(p.matrix.end(), {t.risks.coin, t.risks.vols, t.risks.gamma});
  }
  built.terms = 0.5 * problem.risk.aversion * model.risks.variance();
  return built;
}

ScenarioPnl scenario_pnl(const HedgeProgram& built, const HedgeModel& model, const Problem& problem) {
  ScenarioPnl pnl{.book = model.pnl, .unit = {}, .probabilities = problem.tail->probabilities};
  for (std::size_t k = 0; k < built.tradable.size(); ++k) {
    const std::vector<double>& unit = model.tradables[built.tradable[k]].pnl;
    pnl.unit.insert(pnl.unit.end(), unit.begin(), unit.end());
  }
  return pnl;
}

/// What one unit above the VaR costs in a scenario; the worst case is the shortfall of the last scenario alone.
double tail_price(const TailRules& tail, std::size_t s) {
  const double count = static_cast<double>(tail.scenarios.size());
  if (tail.measure == TailMeasure::worst_case) return tail.weight;
  const double probability = tail.probabilities.empty() ? 1.0 / count : tail.probabilities[s];
  return tail.weight * probability / (1.0 - tail.alpha);
}

}  // namespace

Result<HedgeModel> hedge_model(const risk::Exposure& exposure, const market::Snapshot& snapshot,
                               const vol::QuotedChain& surface, const Problem& problem, Numeraire numeraire,
                               const risk::Smiles* smiles) {
  if (const auto why = misuse(problem)) return Error{Fault::bad_input, *why};
  HedgeModel model;
  auto made = tradables(exposure, snapshot, surface, problem, numeraire, smiles);
  if (!made) return made.error();
  model.tradables = std::move(made).value();
  const auto whole = distance(exposure, numeraire);
  if (!whole) return whole.error();
  for (std::size_t g = 0; g < problem.goals.size(); ++g) {
    const Goal& goal = problem.goals[g];
    const auto now = before(goal, exposure, numeraire, snapshot.as_of);
    if (!now) return now.error();
    model.before.push_back(now.value());
    double finest = infinity, largest = std::abs(now.value());
    for (const Tradable& t : model.tradables) {
      const double lot = std::abs(t.goals[g]);
      if (lot > 0.0 && t.lowest < t.highest) finest = std::min(finest, lot);
      largest = std::max(largest, lot * std::max(std::abs(t.lowest), std::abs(t.highest)));
    }
    for (const double bound : {goal.lowest, goal.highest}) {
      if (std::isfinite(bound)) largest = std::max(largest, std::abs(bound));
    }
    model.size.push_back(largest > 0.0 ? largest : 1.0);
    const bool exact = goal.lowest == goal.highest && std::isfinite(finest);
    const double room = exact ? 0.5 * finest * (1.0 + 1e-9) : 0.0;
    model.exact_lowest.push_back(goal.lowest - room), model.exact_highest.push_back(goal.highest + room);
    const bool must = !goal.penalty && goal.priority == 0;
    model.lowest.push_back(must ? model.exact_lowest.back() : -infinity);
    model.highest.push_back(must ? model.exact_highest.back() : infinity);
  }
  const Vol vol = risk_vol(problem.risk, snapshot, surface, exposure.underlying);
  for (const risk::PositionRisk& p : exposure.positions) {
    model.risks.add(p.coins.value, risks_of(p.instrument, p.unit, problem.risk, vol));
    const auto [margin_long, margin_short] = standard_margin(p.instrument, p.unit, problem.limits.futures_margin);
    const double held = p.coins.value;
    model.margin_before += held > 0.0 ? held * margin_long : -held * margin_short;
    if (!p.instrument.is_option()) model.leverage_before += std::abs(held) * p.unit.price;
  }
  // The delta that is at risk is the one that is hedged: with the equity in USD, without what lies in USDC in coin.
  const double move = vol.value * std::sqrt(problem.risk.horizon_days / 365.0);
  double counted = 0.0;
  for (const risk::PositionRisk& p : exposure.positions) counted += p.coins.value * p.unit.hedge_delta();
  model.risks.coin += (whole.value().delta - counted) * exposure.index.value * move;
  if (problem.tail) {
    auto pnl = tail_pnl(exposure, *problem.tail);
    if (!pnl) return pnl.error();
    model.pnl = std::move(pnl).value();
  }
  return model;
}

std::vector<Limited> limits_of(const Problem& problem, double turnover, double leverage_usd, double margin,
                               std::optional<double> tail) {
  std::vector<Limited> found;
  const TradeLimits& l = problem.limits;
  if (l.turnover_usd) found.push_back({"turnover in USD", turnover, *l.turnover_usd});
  if (l.leverage) found.push_back({"leverage", leverage_usd / *l.equity_usd, *l.leverage});
  if (l.margin_usd) found.push_back({"initial margin in USD", margin, *l.margin_usd});
  if (problem.tail && problem.tail->limit) {
    const bool worst = problem.tail->measure == TailMeasure::worst_case;
    found.push_back(
        {worst ? "worst loss in USD" : "expected shortfall in USD", tail.value_or(0.0), *problem.tail->limit});
  }
  return found;
}

HedgeProgram hedge_program(const HedgeModel& model, const Problem& problem) {
  return program_for(model, problem, Purpose::whole, 0);
}
HedgeProgram priority_program(const HedgeModel& model, const Problem& problem, int rank) {
  return program_for(model, problem, Purpose::rank, rank);
}
HedgeProgram elastic_program(const HedgeModel& model, const Problem& problem) {
  return program_for(model, problem, Purpose::elastic, 0);
}

Result<std::pair<double, double>> relaxed_tail(const HedgeModel& model, const Problem& problem) {
  HedgeProgram built = hedge_program(model, problem);
  const ScenarioPnl pnl = scenario_pnl(built, model, problem);
  const TailRules& tail = *problem.tail;
  const bool worst = tail.measure == TailMeasure::worst_case;
  const auto term = worst ? append_worst_case(built.lots.program, pnl, tail.weight)
                          : append_expected_shortfall(built.lots.program, pnl, tail.alpha, tail.weight);
  if (!term) return term.error();
  if (tail.limit && !worst) {
    const auto limit = append_expected_shortfall_limit(built.lots.program, pnl, tail.alpha, *tail.limit);
    if (!limit) return limit.error();
  }
  auto made = math::PiecewiseSolver::make(built.lots.program);
  if (!made) return made.error();
  math::PiecewiseSolver solver = std::move(made).value();
  const auto status = solver.solve();
  if (status == math::PiecewiseStatus::infeasible) return Error{Fault::no_solution, "the musts contradict each other"};
  if (status != math::PiecewiseStatus::optimal)
    return Error{Fault::limit, "the relaxed problem did not come to an end"};
  return std::pair{solver.x()[term.value().level],
                   math::dual_bound(built.lots.program, solver.x(), solver.row_prices()) + built.constant};
}

void add_tail_at(HedgeProgram& built, const HedgeModel& model, const Problem& problem, double level) {
  math::PiecewiseProgram& p = built.lots.program;
  const std::size_t n = p.n(), m = p.m(), more = model.pnl.size() + 1;
  std::vector<double> matrix;
  matrix.reserve(n * (m + more));
  for (std::size_t k = 0; k < n; ++k) {
    matrix.insert(matrix.end(), p.matrix.begin() + static_cast<std::ptrdiff_t>(k * m),
                  p.matrix.begin() + static_cast<std::ptrdiff_t>((k + 1) * m));
    for (const double gain : model.tradables[built.tradable[k]].pnl) matrix.push_back(-gain);
    matrix.push_back(0.0);
  }
  p.matrix = std::move(matrix);
  for (std::size_t s = 0; s < model.pnl.size(); ++s) {
    add_row(p, outside(-infinity, level, tail_price(*problem.tail, s)), -model.pnl[s]);
    built.constant += tail_price(*problem.tail, s) * std::max(-level, 0.0);
    built.terms += std::abs(model.pnl[s]) * tail_price(*problem.tail, s);
  }
  // weight · VaR is a constant: a row that nothing moves.
  add_row(p, {.lowest = -infinity, .highest = infinity, .slopes = {problem.tail->weight}}, level);
}

Relaxed relax(const HedgeModel& model, const Problem& problem) {
  HedgeProgram built = hedge_program(model, problem);
  if (problem.tail && problem.tail->weight > 0.0) {
    if (const auto level = relaxed_tail(model, problem)) add_tail_at(built, model, problem, level.value().first);
  }
  Relaxed found;
  auto made = math::PiecewiseSolver::make(built.lots.program);
  if (!made) return found;
  math::PiecewiseSolver solver = std::move(made).value();
  if (solver.solve() != math::PiecewiseStatus::optimal) return found;
  found.lots.assign(model.tradables.size(), 0.0);
  for (std::size_t k = 0; k < built.tradable.size(); ++k) found.lots[built.tradable[k]] += solver.x()[k];
  const auto prices = solver.row_prices();
  for (std::size_t g = 0; g < problem.goals.size(); ++g) found.goal_prices.push_back(std::abs(prices[g]));
  std::size_t row = built.first_limit;
  const TradeLimits& l = problem.limits;
  if (l.turnover_usd) found.limit_prices.push_back(std::abs(prices[row++]));
  if (l.leverage) found.limit_prices.push_back(std::abs(prices[row++]) * *l.equity_usd);
  if (l.margin_usd) found.limit_prices.push_back(std::abs(prices[row++]));
  if (problem.tail && problem.tail->limit && problem.tail->measure == TailMeasure::worst_case) {
    double sum = 0.0;
    for (std::size_t s = 0; s < model.pnl.size(); ++s) sum += std::abs(prices[row++]);
    found.limit_prices.push_back(sum);
  }
  found.check = math::check(built.lots.program, solver.x(), prices);
  return found;
}

}  // namespace ballast::hedge
