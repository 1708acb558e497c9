#include <cmath>
#include <random>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "ballast/hedge/tail_risk.h"
#include "ballast/math/linear_program.h"
#include "ballast/math/normal.h"

// The least expected shortfall of a short-gamma book over seeded scenarios, hedged with so many trades, from nothing:
// where solve_large gets ahead of PiecewiseSolver. Both must agree to 1e-7.
namespace {

using namespace ballast;

math::PiecewiseProgram program(std::size_t scenarios, std::size_t trades) {
  std::mt19937_64 rng(20261125);
  std::uniform_real_distribution<double> unit(1e-9, 1.0);
  hedge::ScenarioPnl pnl;
  std::vector<double> spot, vol;
  for (std::size_t s = 0; s < scenarios; ++s) {
    spot.push_back(0.03 * math::norm_quantile(unit(rng)));
    vol.push_back(-0.3 * spot.back() + 0.02 * math::norm_quantile(unit(rng)));
    pnl.book.push_back(2e5 * spot[s] - 8e6 * spot[s] * spot[s] - 4e5 * vol[s]);
  }
  math::PiecewiseProgram p;
  for (std::size_t j = 0; j < trades; ++j) {  // the first a future, then options
    const double delta = j == 0 ? 1.0 : 2.0 * unit(rng) - 1.0, gamma = j == 0 ? 0.0 : 20.0 * unit(rng),
                 vega = j == 0 ? 0.0 : unit(rng);
    const double carry = j == 0 ? 0.0 : -0.5 * gamma * 0.0009;
    for (std::size_t s = 0; s < scenarios; ++s) {
      pnl.unit.push_back(1e4 * (delta * spot[s] + 0.5 * gamma * spot[s] * spot[s] + vega * vol[s] + carry));
    }
    const double cost = j == 0 ? 2.0 : 10.0 + 20.0 * unit(rng);
    p.columns.push_back({.lowest = -100.0, .highest = 100.0, .kinks = {0.0}, .slopes = {-cost, cost}});
  }
  const auto term = hedge::append_expected_shortfall(p, pnl, 0.975, 1.0);
  if (!term) abort_with(term.error());
  return p;
}

void shortfall(benchmark::State& state, bool large) {
  const auto p = program(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)));
  const double known = math::solve_large(p).value().objective;
  double found = NAN;
  for (auto _ : state) {
    if (large) {
      found = math::solve_large(p).value().objective;
    } else {
      auto solver = math::PiecewiseSolver::make(p).value();
      if (solver.solve() == math::PiecewiseStatus::optimal) found = solver.objective();
    }
  }
  if (!(std::abs(found - known) <= 1e-7 * std::abs(known)))
    state.SkipWithError(fmt::format("{} and {}", found, known).c_str());
}

void sizes(benchmark::internal::Benchmark* b) {
  b->ArgNames({"scenarios", "trades"})
      ->ArgsProduct({{10, 30, 100, 300, 1000}, {2, 10, 40}})
      ->Unit(benchmark::kMicrosecond);
}
BENCHMARK_CAPTURE(shortfall, small, false)->Apply(sizes);
BENCHMARK_CAPTURE(shortfall, large, true)->Apply(sizes)->Args({5000, 10});

}  // namespace
