#include <cmath>
#include <map>
#include <random>

#include <doctest/doctest.h>

#include "ballast/hedge/internal/tradable.h"
#include "ballast/hedge/optimise.h"
#include "ballast/math/lot_search.h"
#include "ballast/store/snapshot.h"

namespace ballast::hedge {
namespace {

struct Desk {
  market::Snapshot market;
  vol::QuotedChain chain;
  risk::Exposure exposure;
};

/// The bundled chain with a short strangle of BTC.
const Desk& desk() {
  static const Desk made = [] {
    const std::string at = std::string(BALLAST_SOURCE_DIR) + "/examples/";
    Desk d;
    d.market =
        store::read_snapshot({at + "btc-chain.json", at + "btc-instruments.json", at + "btc-perpetual.json"}).value();
    d.chain = vol::quoted(d.market);
    market::Portfolio book;
    book.positions = store::read_positions(at + "btc-book.csv").value();
    d.exposure = risk::exposure(book, d.market, d.chain).value().at(0);
    return d;
  }();
  return made;
}

/// The perpetual and so many options near the money whose two sides are quoted, from all expiries alike.
std::vector<Candidate> candidates(std::size_t options) {
  std::vector<Candidate> all, found{{.instrument = "BTC-PERPETUAL"}};
  for (const auto& [name, o] : desk().chain.options) {
    const auto quote = desk().market.quotes.find(name);
    if (quote == desk().market.quotes.end() || !quote->second.bid || !quote->second.ask || o.years.value < 0.02)
      continue;
    if (std::abs(std::log(desk().market.instruments.at(name).strike / o.forward.value)) > 0.15) continue;
    all.push_back({.instrument = name, .most_buy = 50.0, .most_sell = 50.0});
  }
  for (std::size_t k = 0; k < options; ++k) found.push_back(all[k * all.size() / options]);
  return found;
}

Result<Plan> run(const Problem& problem, const LotSolver& solver = {}) {
  return optimise(desk().exposure, desk().market, desk().chain, problem, Numeraire::coin, nullptr, solver);
}

const Goal flat{.greek = Greek::delta};

}  // namespace

TEST_CASE("a delta goal with the perpetual is the plan of the exact solve") {
  const auto plan = run({.goals = {flat}, .candidates = {{.instrument = "BTC-PERPETUAL"}}});
  REQUIRE(plan);
  const auto exact = solve(desk().exposure, desk().market, desk().chain, {.instruments = {"BTC-PERPETUAL"}});
  REQUIRE(exact);
  REQUIRE(plan.value().legs.size() == 1);
  CHECK(plan.value().legs[0].lots == exact.value().legs[0].lots);
  CHECK(plan.value().legs[0].side == exact.value().legs[0].side);
  CHECK(plan.value().residual.delta == doctest::Approx(exact.value().residual.delta).epsilon(1e-9));
  CHECK(plan.value().optimum->proved);
}

TEST_CASE("bands on gamma and vega are kept with options, at a cost that adds up") {
  const double vega = 0.5 * run({.goals = {{.greek = Greek::vega, .lowest = -INFINITY, .highest = INFINITY}},
                                 .candidates = candidates(0)})
                                .value()
                                .optimum->goals[0]
                                .before;
  Problem problem{.goals = {flat, {.greek = Greek::vega, .lowest = -std::abs(vega), .highest = std::abs(vega)}},
                  .candidates = candidates(12)};
  const auto plan = run(problem);
  REQUIRE_MESSAGE(plan, plan.error().what);
  const Optimum& o = *plan.value().optimum;
  CHECK(std::abs(o.goals[1].after) <= std::abs(vega) * (1 + 1e-6));
  double spread = 0.0, fee = 0.0;
  Greeks left = plan.value().before;
  for (const Leg& leg : plan.value().legs) {
    spread += leg.cost.spread->value + leg.cost.impact.value, fee += leg.cost.fee.value;
    left.add(leg.coins.value, leg.per_coin);
  }
  CHECK(o.spread + o.impact == doctest::Approx(spread));
  CHECK(o.fee == doctest::Approx(fee));
  CHECK(left.vega == doctest::Approx(o.goals[1].after).epsilon(1e-9));
  CHECK(o.objective == doctest::Approx(o.cost()).epsilon(1e-6));
  CHECK(o.bound <= o.objective);
  CHECK(o.next_best);
  CHECK(o.next_best->objective >= o.objective * (1.0 - 2e-3));
  CHECK(o.stationarity <= 1e-8);
  CHECK(o.infeasibility <= 1e-8);
}

TEST_CASE("a legs limit is kept and costs no less") {
  Problem problem{.goals = {flat, {.greek = Greek::gamma}, {.greek = Greek::vega}}, .candidates = candidates(12)};
  for (Goal& goal : problem.goals) goal.penalty = goal.greek == Greek::delta ? 200.0 : 1.0;
  const auto free = run(problem);
  REQUIRE_MESSAGE(free, free.error().what);
  problem.limits.most_legs = 2;
  const auto two = run(problem);
  REQUIRE_MESSAGE(two, two.error().what);
  CHECK(two.value().legs.size() <= 2);
  CHECK(two.value().optimum->objective >= free.value().optimum->bound - 1e-6);
}

TEST_CASE("turnover, leverage and margin limits are counted by instrument") {
  Problem problem{.goals = {flat}, .candidates = {{.instrument = "BTC-PERPETUAL"}}};
  const auto free = run(problem);
  REQUIRE(free);
  const double usd = free.value().legs[0].amount;
  problem.limits.turnover_usd = 0.5 * usd;
  const auto tight = run(problem);
  REQUIRE(!tight);
  CHECK(tight.error().fault == Fault::no_solution);
  CHECK(tight.error().what.find("relaxation") != std::string::npos);
  problem.goals[0].priority = 1;  // as near as the turnover lets it
  const auto near = run(problem);
  REQUIRE_MESSAGE(near, near.error().what);
  CHECK(near.value().legs[0].amount <= 0.5 * usd);
  CHECK(near.value().legs[0].amount >= 0.5 * usd - 10.0);
  problem.limits.turnover_usd.reset();
  problem.limits.margin_usd = 1.0;
  CHECK(!run(problem));  // the book's own short options need more
  problem.limits.margin_usd = 1e9, problem.limits.leverage = 100.0, problem.limits.equity_usd = 1e7;
  const auto wide = run(problem);
  REQUIRE_MESSAGE(wide, wide.error().what);
  CHECK(wide.value().legs[0].amount == usd);
}

TEST_CASE("a margin limit holds back the options that would be sold, and frees itself by what is bought back") {
  // Vega to be brought far down: only selling options does that, and each one sold needs margin.
  Problem problem{.goals = {flat, {.greek = Greek::vega, .lowest = -INFINITY, .highest = -2.0, .penalty = 1e5}},
                  .candidates = candidates(12)};
  problem.limits.margin_usd = 1e12;
  const auto free = run(problem);
  REQUIRE_MESSAGE(free, free.error().what);
  const Held loose = free.value().optimum->limits.at(0);
  REQUIRE(loose.after > loose.before);
  for (const double share : {0.2, 0.5, 0.8}) {
    problem.limits.margin_usd = loose.before + share * (loose.after - loose.before);
    const auto held = run(problem);
    REQUIRE_MESSAGE(held, held.error().what);
    const Optimum& o = *held.value().optimum;
    CHECK(o.limits.at(0).after <= *problem.limits.margin_usd * (1 + 1e-9));
    CHECK(o.limits.at(0).after >= 0.97 * *problem.limits.margin_usd);  // it is used: vega is worth more than any cost
    CHECK(o.limits.at(0).price > 0.0);
    CHECK(o.objective > free.value().optimum->objective);
    // Counted again position by position.
    double margin = 0.0;
    std::map<std::string, double> coins;
    std::map<std::string, std::pair<market::Instrument, risk::Valuation>> units;
    for (const risk::PositionRisk& p : desk().exposure.positions) {
      coins[p.instrument.name] += p.coins.value, units[p.instrument.name] = {p.instrument, p.unit};
    }
    for (const Leg& leg : held.value().legs) {
      coins[leg.instrument.name] += leg.coins.value, units[leg.instrument.name] = {leg.instrument, leg.unit};
    }
    for (const auto& [name, held_coins] : coins) {
      const auto [margin_long, margin_short] = standard_margin(units[name].first, units[name].second, 0.02);
      margin += held_coins > 0.0 ? held_coins * margin_long : -held_coins * margin_short;
    }
    CHECK(o.limits.at(0).after == doctest::Approx(margin).epsilon(1e-9));
  }
}

TEST_CASE("a tail limit and a tail weight lower the loss of the scenarios") {
  Problem problem{.goals = {{.greek = Greek::delta, .lowest = -1.0, .highest = 1.0}}, .candidates = candidates(10)};
  problem.tail = TailRules{};
  for (const double price : {0.85, 0.95, 1.0, 1.05, 1.15}) {
    for (const double vol : {0.8, 1.0, 1.3}) problem.tail->scenarios.push_back({price, vol, 0.0});
  }
  const auto idle = run(problem);
  REQUIRE_MESSAGE(idle, idle.error().what);
  for (const TailMeasure measure : {TailMeasure::worst_case, TailMeasure::expected_shortfall}) {
    problem.tail->measure = measure, problem.tail->alpha = 0.8;
    problem.tail->limit.reset(), problem.tail->weight = 0.0;
    const double loss = *run(problem).value().optimum->tail_after;
    problem.tail->limit = 0.8 * loss;
    const auto held = run(problem);
    REQUIRE_MESSAGE(held, held.error().what);
    CHECK(*held.value().optimum->tail_after <= 0.8 * loss * (1 + 1e-6));
    problem.tail->limit.reset(), problem.tail->weight = 10.0;
    const auto weighed = run(problem);
    REQUIRE_MESSAGE(weighed, weighed.error().what);
    CHECK(*weighed.value().optimum->tail_after < loss);
    CHECK(weighed.value().optimum->bound <= weighed.value().optimum->objective);
  }
}

TEST_CASE("no answer of a lying solver is used") {
  const Problem problem{.goals = {flat, {.greek = Greek::vega, .lowest = -1e5, .highest = 1e5}},
                        .candidates = candidates(6),
                        .risk = {.aversion = 1e-6}};
  REQUIRE(run(problem));
  int refused = 0, lies = 0;
  const auto lie = [&](auto change) {
    const auto plan = run(problem, [&](const math::LotProgram& program, const math::LotRules& rules) {
      auto honest = math::search_lots(program, rules);
      math::LotSolution s = std::move(honest).value();
      change(s);
      return Result<math::LotSolution>(s);
    });
    ++lies, refused += !plan;
    if (plan) MESSAGE("lie " << lies << " was used");
  };
  lie([](math::LotSolution& s) { s.x[0] = NAN; });
  lie([](math::LotSolution& s) { s.x[0] = INFINITY; });
  lie([](math::LotSolution& s) { s.x[0] += 0.5; });
  lie([](math::LotSolution& s) { s.x[0] += 1000; });
  lie([](math::LotSolution& s) { s.x[0] = -s.x[0]; });
  lie([](math::LotSolution& s) { s.x[1] = 1e9; });
  lie([](math::LotSolution& s) { s.objective *= 0.5; });
  lie([](math::LotSolution& s) { s.objective = NAN; });
  lie([](math::LotSolution& s) { s.bound = 2.0 * s.objective + 1.0; });
  lie([](math::LotSolution& s) { s.bound = NAN; });
  lie([](math::LotSolution& s) { s.x.pop_back(); });
  lie([](math::LotSolution& s) { s.x.clear(); });
  CHECK(refused == lies);
}

TEST_CASE("contradictions come back with the least relaxation, bad problems with their value") {
  Problem problem{.goals = {{.greek = Greek::vega, .lowest = 1e7, .highest = INFINITY}}, .candidates = candidates(3)};
  const auto far = run(problem);
  REQUIRE(!far);
  CHECK(far.error().fault == Fault::no_solution);
  CHECK(far.error().what.find("let vega (per 1.00 of vol) down to") != std::string::npos);
  problem.goals = {{.greek = Greek::delta, .lowest = 2.0, .highest = 1.0}};
  CHECK(run(problem).error().what.find("from 2 to 1") != std::string::npos);
  problem.goals = {flat};
  problem.candidates = {{.instrument = "BTC-PERPETUAL"}, {.instrument = "BTC-PERPETUAL"}};
  CHECK(run(problem).error().what.find("twice") != std::string::npos);
  problem.candidates = {{.instrument = "BTC-PERPETUAL", .most_buy = -3.0}};
  CHECK(run(problem).error().what.find("most_buy of -3") != std::string::npos);
  problem.candidates = {{.instrument = "BTC-PERPETUAL"}};
  problem.risk.aversion = NAN;
  CHECK(run(problem).error().what.find("aversion of nan") != std::string::npos);
}

TEST_CASE("along the frontier cost rises and risk falls") {
  const Problem problem{.goals = {}, .candidates = candidates(20)};
  const auto points = frontier(desk().exposure, desk().market, desk().chain, problem, Numeraire::coin, 12);
  REQUIRE_MESSAGE(points, points.error().what);
  const auto& list = points.value();
  CHECK(list.size() == 12);
  CHECK(list.front().plan.legs.empty());
  for (std::size_t k = 1; k < list.size(); ++k) {
    const Optimum &a = *list[k - 1].plan.optimum, &b = *list[k].plan.optimum;
    CHECK(b.risk_after <= a.risk_after * (1 + 1e-9));
    CHECK(b.cost() >= a.cost() - 2e-3 * std::abs(b.objective) - 1e-6);
  }
  CHECK(list.back().plan.optimum->risk_after < 0.5 * list.front().plan.optimum->risk_after);
}

TEST_CASE(
    "random problems of the sample keep their musts, never lose against no trade, and never raise what they weigh") {
  std::mt19937_64 rng(20261125);
  const auto uniform = [&](double low, double high) { return std::uniform_real_distribution<>(low, high)(rng); };
  int solved = 0, impossible = 0, proved = 0;
  for (int round = 0; round < 200; ++round) {
    CAPTURE(round);
    Problem problem{.candidates = candidates(1 + rng() % 12), .nodes = 500};
    for (const Greek greek : {Greek::delta, Greek::gamma, Greek::vega, Greek::theta, Greek::vanna, Greek::volga}) {
      if (greek != Greek::delta && rng() % 2 == 0) continue;
      Goal goal{.greek = greek};
      if (rng() % 4 == 0) goal.from_days = 0.0, goal.to_days = uniform(20.0, 100.0);
      const double width = uniform(0.0, 2.0);
      if (rng() % 2 == 0) goal.lowest = -width, goal.highest = width;
      if (greek != Greek::delta || rng() % 2 == 0) goal.penalty = std::pow(10.0, uniform(0.0, 4.0));
      problem.goals.push_back(goal);
    }
    if (rng() % 3 == 0) problem.limits.most_legs = 1 + static_cast<int>(rng() % 4);
    if (rng() % 3 == 0) problem.limits.leg_cost_usd = uniform(0.0, 50.0);
    if (rng() % 3 == 0) problem.limits.turnover_usd = std::pow(10.0, uniform(4.0, 7.0));
    if (rng() % 3 == 0) problem.risk.aversion = std::pow(10.0, uniform(-7.0, -3.0));
    if (rng() % 3 == 0) problem.carry_days = uniform(0.0, 30.0);
    const auto plan = run(problem);
    if (!plan) {
      CHECK_MESSAGE(plan.error().fault == Fault::no_solution, plan.error().what);
      CHECK(plan.error().what.starts_with("no trade keeps every must"));
      ++impossible;
      continue;
    }
    ++solved;
    const Optimum& o = *plan.value().optimum;
    proved += o.proved;
    CHECK(o.objective <= o.do_nothing + 1e-6 * std::abs(o.objective) + 1e-6);
    CHECK(o.bound <= o.objective);
    // What is weighed (penalties, risk) is never worth less than before by more than was saved: no trade was possible.
    if (std::isfinite(o.do_nothing)) {
      const double weighed = o.penalties + 0.5 * o.aversion * o.risk_after * o.risk_after;
      CHECK(weighed + std::min(o.carry, 0.0) <= o.do_nothing + 1e-6 * std::abs(o.do_nothing) + 1e-6);
    }
    Greeks left = plan.value().before;
    for (const Leg& leg : plan.value().legs) left.add(leg.coins.value, leg.per_coin);
    for (std::size_t g = 0; g < problem.goals.size(); ++g) {
      const Goal& goal = problem.goals[g];
      if (goal.from_days || (goal.greek != Greek::delta && goal.greek != Greek::gamma && goal.greek != Greek::vega))
        continue;
      const double after = goal.greek == Greek::delta   ? left.delta
                           : goal.greek == Greek::gamma ? left.gamma
                                                        : left.vega;
      CHECK(std::abs(after - o.goals[g].after) <= 1e-9 * (1.0 + std::abs(after)));
    }
  }
  MESSAGE(solved << " solved, " << proved << " of them to 0.1 %, " << impossible << " impossible");
  CHECK(solved >= 100);
}

}  // namespace ballast::hedge
