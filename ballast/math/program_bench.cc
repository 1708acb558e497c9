#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "ballast/math/hedge_programs_bench.h"
#include "ballast/math/lot_search.h"
#include "ballast/math/peers_bench.h"
#include "ballast/math/piecewise_program.h"

// A hedge solved again after its exposures have moved by a percentage of themselves, beside the solvers one could take
// instead. 16 seeded books a line and 64 moves of each, one after the other; before anything is timed all solvers must
// agree on every objective to 1e-7, Clp's barrier, which comes no nearer, to 1e-6. Time is that of one solve.
namespace {

using namespace ballast;
using bench::Moves;
using math::PiecewiseProgram;
using math::PiecewiseSolver;

constexpr std::uint64_t books = 16;

struct Task {
  PiecewiseProgram program;
  Moves moves;
  std::size_t at = 0;
};

enum class Kind { greeks, ladder, variance };

std::vector<Task> tasks(Kind kind, std::int64_t n, std::int64_t percent) {
  const auto size = static_cast<std::size_t>(n);
  std::vector<Task> all;
  for (std::uint64_t b = 1; b <= books; ++b) {
    PiecewiseProgram p = kind == Kind::greeks   ? bench::greek_program(size, b)
                         : kind == Kind::ladder ? bench::ladder_program(size, 20, b)
                                                : bench::variance_program(size, b);
    Moves moves(p, 0.01 * static_cast<double>(percent), 7000 + b);
    all.push_back({std::move(p), std::move(moves)});
  }
  return all;
}

double solve(PiecewiseSolver& solver, const Moves& moves, std::size_t at) {
  solver.set_offset(moves.offset[at]);
  if (!moves.tilt.empty()) solver.set_tilt(moves.tilt[at]);
  return solver.solve() == math::PiecewiseStatus::optimal ? solver.objective() : NAN;
}

// The terms of the small ones are around 1 and cancel.
bool agree(double a, double b, double tolerance) {
  return std::abs(a - b) <= tolerance * std::max({1.0, std::abs(a), std::abs(b)});
}

// `next(book, at)` solves with the exposures of step `at`.
template <class Next>
void time_solves(benchmark::State& state, std::vector<Task>& all, const std::optional<std::string>& disagreement,
                 Next next) {
  if (disagreement) return state.SkipWithError(disagreement->c_str());
  std::size_t book = 0, at = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(next(book, at));
    if (++at == Moves::steps) at = 0, book = (book + 1) % all.size();
  }
}

// Once a line, although a line is set up several times; of the largest programs every 16th step.
template <class Peer>
std::optional<std::string> disagreement(const benchmark::State& state, const std::vector<Task>& all, const char* name,
                                        Peer peer, double tolerance = 1e-7) {
  static std::map<std::string, std::optional<std::string>> known;
  const std::string line = fmt::format("{} {} {} {}", name, all[0].program.m(), state.range(0), state.range(1));
  if (const auto found = known.find(line); found != known.end()) return found->second;
  const std::size_t stride = all[0].program.n() > 100 ? 16 : 1;
  for (std::size_t b = 0; b < all.size(); ++b) {
    auto solver = PiecewiseSolver::make(all[b].program).value();
    for (std::size_t s = 0; s < Moves::steps; s += stride) {
      const double ours = solve(solver, all[b].moves, s), theirs = peer(b, s);
      if (std::isnan(ours) && std::isnan(theirs)) continue;
      if (!agree(ours, theirs, tolerance)) {
        return known[line] = fmt::format("book {}, step {}: {} here, {} by {}", b + 1, s, ours, theirs, name);
      }
    }
  }
  return known[line] = std::nullopt;
}

void ours(benchmark::State& state, Kind kind) {
  auto all = tasks(kind, state.range(0), state.range(1));
  std::vector<PiecewiseSolver> solvers;
  for (const Task& t : all) solvers.push_back(PiecewiseSolver::make(t.program).value());
  double steps = 0.0, solves = 0.0;
  time_solves(state, all, std::nullopt, [&](std::size_t b, std::size_t s) {
    const double objective = solve(solvers[b], all[b].moves, s);
    steps += solvers[b].iterations(), solves += 1.0;
    return objective;
  });
  state.counters["steps"] = steps / solves;
}

template <class Peer>
void linear_peer(benchmark::State& state, Kind kind, const char* name, bool textbook = false) {
  auto all = tasks(kind, state.range(0), state.range(1));
  std::vector<std::unique_ptr<Peer>> peers;
  for (const Task& t : all)
    peers.push_back(std::make_unique<Peer>(textbook ? bench::textbook_form(t.program) : t.program));
  const auto next = [&](std::size_t b, std::size_t s) { return peers[b]->solve(all[b].moves.offset[s]); };
  time_solves(state, all, disagreement(state, all, name, next), next);
}

void glpk(benchmark::State& state, Kind kind) {
  linear_peer<bench::GlpkLinear>(state, kind, kind == Kind::ladder ? "GLPK on ladders" : "GLPK");
}
void glpk_textbook(benchmark::State& state) {
  linear_peer<bench::GlpkLinear>(state, Kind::greeks, "GLPK by the textbook", true);
}
void clp(benchmark::State& state, Kind kind) {
  linear_peer<bench::ClpLinear>(state, kind, kind == Kind::ladder ? "Clp on ladders" : "Clp");
}

void plain_peer(benchmark::State& state) {
  auto all = tasks(Kind::variance, state.range(0), state.range(1));
  std::vector<std::unique_ptr<bench::PlainActiveSet>> peers;
  for (const Task& t : all) peers.push_back(std::make_unique<bench::PlainActiveSet>(t.program));
  const auto next = [&](std::size_t b, std::size_t s) {
    return peers[b]->solve(all[b].moves.offset[s], all[b].moves.tilt[s]);
  };
  time_solves(state, all, disagreement(state, all, "the plain active set", next), next);
}

void barrier_peer(benchmark::State& state) {
  auto all = tasks(Kind::variance, state.range(0), state.range(1));
  const auto next = [&](std::size_t b, std::size_t s) {
    return bench::clp_barrier(all[b].program, all[b].moves.offset[s], all[b].moves.tilt[s]);
  };
  time_solves(state, all, disagreement(state, all, "Clp's barrier", next, 1e-6), next);
}

// From nothing: a solver made and solved once.
void ours_cold(benchmark::State& state, Kind kind) {
  auto all = tasks(kind, state.range(0), state.range(1));
  time_solves(state, all, std::nullopt, [&](std::size_t b, std::size_t s) {
    auto solver = PiecewiseSolver::make(all[b].program).value();
    return solve(solver, all[b].moves, s);
  });
}

// Every single solve timed: what a tick may have to wait for.
void hot_path(benchmark::State& state, Kind kind) {
  auto all = tasks(kind, state.range(0), state.range(1));
  std::vector<PiecewiseSolver> solvers;
  for (const Task& t : all) solvers.push_back(PiecewiseSolver::make(t.program).value());
  std::vector<double> micros;
  for (auto _ : state) {
    micros.clear();
    for (std::size_t k = 0; k < 10'000; ++k) {
      const std::size_t b = k / Moves::steps % all.size(), s = k % Moves::steps;
      const auto from = std::chrono::steady_clock::now();
      benchmark::DoNotOptimize(solve(solvers[b], all[b].moves, s));
      micros.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - from).count());
    }
  }
  std::sort(micros.begin(), micros.end());
  state.counters["p50_us"] = micros[micros.size() / 2];
  state.counters["p99_us"] = micros[micros.size() * 99 / 100];
  state.counters["most_us"] = micros.back();
}

void sizes(benchmark::internal::Benchmark* b, const std::vector<std::int64_t>& n) {
  b->ArgNames({"n", "move"})->ArgsProduct({n, {1, 20}})->Unit(benchmark::kMicrosecond);
}
void small(benchmark::internal::Benchmark* b) { sizes(b, {20, 50}); }
void ladders(benchmark::internal::Benchmark* b) { sizes(b, {50}); }
void quadratic(benchmark::internal::Benchmark* b) { sizes(b, {5, 8, 10, 20, 40, 50, 200}); }
void few(benchmark::internal::Benchmark* b) {
  b->ArgNames({"n", "move"})->ArgsProduct({{3, 5, 8}, {1, 20}})->Iterations(1)->Unit(benchmark::kMillisecond);
}

BENCHMARK_CAPTURE(ours, lp, Kind::greeks)->Apply(small);
BENCHMARK_CAPTURE(ours_cold, lp, Kind::greeks)->Apply(small);
BENCHMARK_CAPTURE(glpk, lp, Kind::greeks)->Apply(small);
BENCHMARK(glpk_textbook)->Apply(small);
BENCHMARK_CAPTURE(clp, lp, Kind::greeks)->Apply(small);
BENCHMARK_CAPTURE(ours, ladder, Kind::ladder)->Apply(ladders);
BENCHMARK_CAPTURE(ours_cold, ladder, Kind::ladder)->Apply(ladders);
BENCHMARK_CAPTURE(glpk, ladder, Kind::ladder)->Apply(ladders);
BENCHMARK_CAPTURE(clp, ladder, Kind::ladder)->Apply(ladders);
BENCHMARK_CAPTURE(ours, qp, Kind::variance)->Apply(quadratic);
BENCHMARK_CAPTURE(ours_cold, qp, Kind::variance)->Apply(quadratic);
BENCHMARK(plain_peer)->Apply(quadratic);
BENCHMARK(barrier_peer)->Apply(quadratic);
BENCHMARK_CAPTURE(hot_path, lp, Kind::greeks)->Apply(few);
BENCHMARK_CAPTURE(hot_path, qp, Kind::variance)->Apply(few);

// Whole lots, a limit on legs, risk by its absolute value: linear, so that the others can take it. Eight books a line,
// 2 s each for the others: `open` had not reached the gap by then, `nothing` had no answer. Nobody's answer may be
// below another's bound.
enum class Lots { ours, cbc, glpk };

void lots(benchmark::State& state, Lots by) {
  const auto n = static_cast<std::size_t>(state.range(0));
  const double gap = 1e-4 * static_cast<double>(state.range(1)), limit = 2.0;
  const bench::BookRules rules =
      n < 100 ? bench::BookRules{.most_legs = 4, .leg_cost = 20.0, .absolute = true, .risk_price = 10.0}
              : bench::BookRules{.absolute = true, .risk_price = 4.0, .levels = 4};
  std::vector<math::LotProgram> programs;
  for (std::uint64_t b = 0; b < 8; ++b) {
    programs.push_back(
        bench::made_book(bench::made_chain(n, 100 + b), bench::made_chain(60, 500 + b), 1000 + b, rules));
  }
  double open = 0.0, missed = 0.0;
  std::vector<double> millis;
  for (auto _ : state) {
    for (const auto& p : programs) {
      const auto from = std::chrono::steady_clock::now();
      double objective = NAN, bound = -INFINITY;
      if (by == Lots::ours) {
        const auto s = math::search_lots(p, {.gap = gap});
        if (s) objective = s.value().objective, bound = s.value().bound;
      } else {
        const auto s = by == Lots::cbc ? bench::cbc_lots(p, gap, limit) : bench::glpk_lots(p, gap, limit);
        objective = s.objective, bound = s.bound;
      }
      const double took = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - from).count();
      millis.push_back(took);
      if (!(objective - bound <= 1.0001 * gap * std::abs(objective)) && took > 900.0 * limit) open += 1.0;
      if (std::isnan(objective)) missed += 1.0;
      const auto check = math::search_lots(p, {.gap = 1e-2});
      const double slack = 1e-6 * std::abs(objective);
      if (check && (objective < check.value().bound - slack || check.value().objective < bound - slack)) {
        return state.SkipWithError(fmt::format("objective {}, bound {}; {} and {} here", objective, bound,
                                               check.value().objective, check.value().bound)
                                       .c_str());
      }
    }
  }
  std::sort(millis.begin(), millis.end());
  state.counters["median_ms"] = millis[millis.size() / 2];
  state.counters["most_ms"] = millis.back();
  state.counters["open"] = open;
  state.counters["nothing"] = missed;
}
void whole(benchmark::internal::Benchmark* b) {
  b->ArgNames({"n", "gap_bp"})
      ->Args({20, 100})
      ->Args({20, 10})
      ->Args({200, 50})
      ->Iterations(1)
      ->Unit(benchmark::kMillisecond);
}
BENCHMARK_CAPTURE(lots, ours, Lots::ours)->Apply(whole);
BENCHMARK_CAPTURE(lots, cbc, Lots::cbc)->Apply(whole);
BENCHMARK_CAPTURE(lots, glpk, Lots::glpk)->Apply(whole);

}  // namespace
