#include "ballast/pricing/implied_columns.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>
#include <ql/pricingengines/blackformula.hpp>

// The implied vol of a mixed chain, wings included: strikes out to 5 stdev on both sides, calls and puts out of the
// money, from one hour to a year; beside QuantLib's solver of Li and its rational start, in one process.
namespace {

using namespace ballast::pricing;

struct Quotes {
  std::vector<double> forward, strike, price, years, sign, vol, near, got;
  std::vector<ImpliedOutcome> outcome;

  explicit Quotes(std::size_t n) {
    std::mt19937_64 rng(20260401);
    std::uniform_real_distribution<double> unit(0.0, 1.0);
    for (std::size_t i = 0; i < n; ++i) {
      vol.push_back(0.3 + 0.7 * unit(rng));
      years.push_back(std::exp(-9.0 + 9.0 * unit(rng)));
      forward.push_back(65000.0);
      strike.push_back(65000.0 * std::exp(vol[i] * std::sqrt(years[i]) * (10.0 * unit(rng) - 5.0)));
      sign.push_back(strike[i] > 65000.0 ? 1.0 : -1.0);
      near.push_back(vol[i] * (1.0 + 2e-5 * (unit(rng) - 0.5)));  // the vol of a tick ago
    }
    price.resize(n);
    got.resize(n);
    outcome.resize(n);
    black(ForwardColumns{forward, strike, vol, years, sign}, price);
  }
  QuoteColumns columns() const { return {forward, strike, price, years, sign}; }
};

template <class Work>
void over(benchmark::State& state, Work work) {
  Quotes quotes(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    work(quotes);
    benchmark::ClobberMemory();
  }
  state.counters["not_ok"] = static_cast<double>(
      std::count_if(quotes.outcome.begin(), quotes.outcome.end(), [](auto o) { return o != ImpliedOutcome::ok; }));
  state.counters["ns_per_option"] = benchmark::Counter(static_cast<double>(state.iterations() * state.range(0)) * 1e-9,
                                                       benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void implied_cold(benchmark::State& state) {
  over(state, [](Quotes& q) { implied_vol(q.columns(), q.got, q.outcome); });
}
void implied_warm(benchmark::State& state) {
  over(state, [](Quotes& q) { implied_vol(q.columns(), q.near, q.got, q.outcome); });
}
void quantlib_implied_lirs(benchmark::State& state) {
  over(state, [](Quotes& q) {
    for (std::size_t i = 0; i < q.got.size(); ++i) {
      q.outcome[i] = ImpliedOutcome::ok;
      try {
        q.got[i] = QuantLib::blackFormulaImpliedStdDevLiRS(
            q.sign[i] > 0.0 ? QuantLib::Option::Call : QuantLib::Option::Put, q.strike[i], q.forward[i], q.price[i]);
      } catch (const std::exception&) {
        q.outcome[i] = ImpliedOutcome::limit;
      }
    }
  });
}

BENCHMARK(quantlib_implied_lirs)->Arg(16)->Arg(1024)->Arg(100'000);
BENCHMARK(implied_cold)->Arg(16)->Arg(1024)->Arg(100'000);
BENCHMARK(implied_warm)->Arg(16)->Arg(1024)->Arg(100'000);

}  // namespace
