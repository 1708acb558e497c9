#include "ballast/math/lot_search.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include <benchmark/benchmark.h>

#include "ballast/math/lot_books_bench.h"

// Whole lots by branch and bound on 40 seeded books a line. `gap` is the largest of them, in percent; `nodes` a mean;
// `median_us` and `most_us` of single books. Rows: 4 = delta, gamma, vega, theta; 16 = vega and gamma of six expiries
// as well. Risk is priced at the square of the P&L or at its absolute value, `price` times 20 to 25 cents on the
// dollar.
namespace {

using namespace ballast;

constexpr std::uint64_t books = 40;

void search(benchmark::State& state, std::size_t instruments, const bench::BookRules& book,
            const math::LotRules& rules) {
  std::vector<math::LotProgram> programs;
  for (std::uint64_t b = 0; b < books; ++b) {
    programs.push_back(
        bench::made_book(bench::made_chain(instruments, 100 + b), bench::made_chain(60, 500 + b), 1000 + b, book));
  }
  double gap = 0.0, nodes = 0.0;
  std::vector<double> micros;
  for (auto _ : state) {
    for (const math::LotProgram& p : programs) {
      const auto from = std::chrono::steady_clock::now();
      const auto found = math::search_lots(p, rules);
      micros.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - from).count());
      if (!found) return state.SkipWithError(found.error().what.c_str());
      gap = std::max(gap, 100.0 * found.value().gap());
      nodes += found.value().nodes;
    }
  }
  std::sort(micros.begin(), micros.end());
  state.counters["gap"] = gap;
  state.counters["nodes"] = nodes / static_cast<double>(micros.size());
  state.counters["median_us"] = micros[micros.size() / 2];
  state.counters["p90_us"] = micros[micros.size() * 9 / 10];
  state.counters["most_us"] = micros.back();
}

// 20 instruments, at most so many legs, to 1 % and 0.1 %.
void twenty(benchmark::State& state) {
  const bench::BookRules book{.most_legs = static_cast<int>(state.range(0)),
                              .leg_cost = 20.0,
                              .by_expiry = state.range(1) == 16,
                              .absolute = state.range(2) == 1,
                              .risk_price = static_cast<double>(state.range(3))};
  search(state, 20, book, {.gap = 1e-4 * static_cast<double>(state.range(4))});
}
BENCHMARK(twenty)
    ->ArgNames({"legs", "rows", "absolute", "price", "gap_bp"})
    ->ArgsProduct({{3, 4, 5}, {4}, {0, 1}, {10}, {100, 10}})
    ->ArgsProduct({{3, 5}, {4}, {0, 1}, {1, 100}, {100, 10}})
    ->ArgsProduct({{3, 5}, {16}, {0, 1}, {10}, {100, 10}})
    ->Iterations(3)
    ->Unit(benchmark::kMillisecond);

// 200 instruments with books of four levels, no limit on legs, to 0.5 %.
void two_hundred(benchmark::State& state) {
  const bench::BookRules book{.by_expiry = state.range(0) == 16,
                              .absolute = state.range(1) == 1,
                              .risk_price = static_cast<double>(state.range(2)),
                              .levels = 4};
  search(state, 200, book, {.gap = 5e-3, .nodes = 300});
}
BENCHMARK(two_hundred)
    ->ArgNames({"rows", "absolute", "price"})
    ->ArgsProduct({{4, 16}, {0, 1}, {1, 4, 30}})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
