#include "ballast/pricing/columns.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>
#include <ql/pricingengines/blackcalculator.hpp>

#include "ballast/pricing/plain_loop_bench.h"
#include "ballast/pricing/tick_columns.h"

// Chains of 16 (an expiry), 1,024 (a coin) and 100,000 options, one core: the column kernels beside thirty plain lines
// with -Ofast -mavx2 -mfma and beside QuantLib's BlackCalculator, in one process.
namespace {

using namespace ballast::pricing;

// All columns from one pool, each on its own cache lines at an odd distance: streams at the same distance from a page
// share the sets of the first cache.
class Chain {
 public:
  explicit Chain(std::size_t n) : n_(n), stride_((n + 7) / 8 * 8 + 8 * 9), pool_(40 * stride_) {
    std::mt19937_64 rng(20260401);
    std::uniform_real_distribution<double> unit(0.0, 1.0);
    for (std::size_t i = 0; i < n; ++i) {
      const double vol = 0.4 + 0.4 * unit(rng), years = 0.003 + unit(rng);
      column(0)[i] = 65000.0;
      column(1)[i] = 65000.0 * std::exp(vol * std::sqrt(years) * (5.0 * unit(rng) - 2.5));
      column(2)[i] = vol;
      column(3)[i] = years;
      column(4)[i] = column(1)[i] > 65000.0 ? 1.0 : -1.0;
      column(5)[i] = 0.04;
      column(6)[i] = 0.01;
    }
  }
  std::size_t size() const { return n_; }
  double* column(std::size_t i) { return pool_.data() + i * stride_; }
  std::span<const double> in(std::size_t i) { return {column(i), n_}; }
  std::span<double> out(std::size_t i) { return {column(7 + i), n_}; }
  ForwardColumns forwards() { return {in(0), in(1), in(2), in(3), in(4)}; }
  SpotColumns spots() { return {in(0), in(1), in(2), in(3), in(5), in(6), in(4)}; }
  GreekColumns greeks() { return {out(0), out(1), out(2), out(3), out(4), out(5), out(6), out(7), out(8)}; }
  ThirdOrderColumns third() { return {out(9), out(10), out(11), out(12), out(13)}; }
  TickConstants constants() { return {out(14), out(15), out(16), out(17), out(18), out(19), out(20), out(21)}; }
  TickColumns tick() { return {out(14), out(15), out(16), out(17), out(18), out(19), out(20), out(21)}; }

 private:
  std::size_t n_, stride_;
  std::vector<double> pool_;
};

template <class Work>
void over(benchmark::State& state, Work work) {
  Chain chain(static_cast<std::size_t>(state.range(0)));
  prepare_tick(chain.forwards(), 65000.0, chain.constants());
  for (auto _ : state) {
    work(chain);
    benchmark::ClobberMemory();
  }
  state.counters["ns_per_option"] = benchmark::Counter(static_cast<double>(state.iterations() * state.range(0)) * 1e-9,
                                                       benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void plain_loop(benchmark::State& state) {
  over(state, [](Chain& c) {
    ballast::bench::plain_black(c.column(0), c.column(1), c.column(2), c.column(3), c.column(4), c.column(7),
                                c.column(8), c.column(9), c.column(10), c.column(11), c.column(12), c.column(13),
                                c.column(14), c.column(15), c.size());
  });
}
void quantlib_black_calculator(benchmark::State& state) {
  over(state, [](Chain& c) {
    for (std::size_t i = 0; i < c.size(); ++i) {
      const double f = c.column(0)[i], k = c.column(1)[i], vol = c.column(2)[i], years = c.column(3)[i];
      const QuantLib::BlackCalculator calculator(c.column(4)[i] > 0.0 ? QuantLib::Option::Call : QuantLib::Option::Put,
                                                 k, f, vol * std::sqrt(years), 1.0);
      c.column(7)[i] = calculator.value();
      c.column(8)[i] = calculator.deltaForward();
      c.column(9)[i] = calculator.gammaForward();
      c.column(10)[i] = calculator.vega(years);
      c.column(11)[i] = calculator.theta(f, years);
      c.column(12)[i] = calculator.rho(years);
    }
  });
}
void price(benchmark::State& state) {
  over(state, [](Chain& c) { black(c.forwards(), c.out(0)); });
}
void price_and_8(benchmark::State& state) {
  over(state, [](Chain& c) { black(c.forwards(), c.greeks()); });
}
void price_and_13(benchmark::State& state) {
  over(state, [](Chain& c) { black(c.forwards(), c.greeks(), c.third()); });
}
void inverse_price_and_13(benchmark::State& state) {
  over(state, [](Chain& c) { inverse(c.forwards(), c.greeks(), c.third()); });
}
void spot_price_and_13(benchmark::State& state) {
  over(state, [](Chain& c) { black_scholes(c.spots(), c.greeks(), c.third()); });
}
void spot_tick(benchmark::State& state) {
  over(state, [](Chain& c) { black_tick(c.tick(), 65000.0, 65010.0, c.out(0), c.out(1), c.out(2), c.out(3)); });
}

#define SIZES Arg(16)->Arg(1024)->Arg(100'000)
BENCHMARK(plain_loop)->SIZES;
BENCHMARK(quantlib_black_calculator)->SIZES;
BENCHMARK(price)->SIZES;
BENCHMARK(price_and_8)->SIZES;
BENCHMARK(price_and_13)->SIZES;
BENCHMARK(inverse_price_and_13)->SIZES;
BENCHMARK(spot_price_and_13)->SIZES;
BENCHMARK(spot_tick)->SIZES;

}  // namespace
