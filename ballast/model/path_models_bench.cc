#include <benchmark/benchmark.h>

#include <complex>
#include <vector>

#include <unsupported/Eigen/FFT>

#include "ballast/model/paths.h"

// Nanoseconds a path and step: items are paths times fine steps.
namespace {

using namespace ballast::model;

std::vector<double> even(std::int64_t n, double last) {
  std::vector<double> years;
  for (std::int64_t i = 1; i <= n; ++i) years.push_back(last * static_cast<double>(i) / static_cast<double>(n));
  return years;
}

void walk(benchmark::State& state, const PathModel& model, std::int64_t n, double last) {
  constexpr std::size_t paths = 256;
  const auto plan = PathPlan::prepare(model, even(n, last), {}).value();
  std::vector<double> x(paths * plan.steps());
  std::uint64_t first = 0;
  for (auto _ : state) {
    plan.fill(first, paths, x, {});
    benchmark::DoNotOptimize(x.data());
    first += paths;
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(paths) * n);
}

void rough_bergomi(benchmark::State& state) {
  // Dates so near that no interval is cut: n steps are n dates.
  walk(state, RoughBergomi{ForwardVariance::flat(0.36), 1.6, -0.2, 0.1}, state.range(0), 0.25);
}
BENCHMARK(rough_bergomi)->Arg(100)->Arg(400)->Arg(1600)->Arg(3200);

// What an FFT of the convolution alone takes a path, two paths as real and imaginary part: its weights are transformed
// once. Eigen's is kissfft.
void rough_convolution_fft(benchmark::State& state) {
  const auto n = static_cast<std::size_t>(state.range(0));
  std::size_t size = 1;
  while (size < 2 * n) size *= 2;
  Eigen::FFT<double> fft;
  std::vector<std::complex<double>> w(size, {0.1, 0.2}), weights(size, {0.3, 0.0}), spectrum(size), y(size);
  fft.fwd(spectrum, weights);
  const auto by = spectrum;
  for (auto _ : state) {
    fft.fwd(spectrum, w);
    for (std::size_t i = 0; i < size; ++i) spectrum[i] *= by[i];
    fft.inv(y, spectrum);
    benchmark::DoNotOptimize(y.data());
  }
  state.SetItemsProcessed(state.iterations() * 2 * state.range(0));
}
BENCHMARK(rough_convolution_fft)->Arg(100)->Arg(400)->Arg(1600)->Arg(3200);

// At a year's end a day's step is no more than a 50th of the date for all dates from the 50th day on: the finer steps
// before count as part of the cost of a date.
void bergomi_two_factor(benchmark::State& state) {
  walk(state, BergomiTwoFactor{ForwardVariance::flat(0.36), 2.1, 0.3, 12.0, 0.9, 0.2, -0.25, -0.1}, state.range(0),
       1.0);
}
BENCHMARK(bergomi_two_factor)->Arg(365);

void local_vol(benchmark::State& state) {
  // sqrt-shaped smiles, free of arbitrage: w = 0.36 t (1 + 0.2 k²).
  const LocalVol model{.surface = [](double t, double k) {
    const double v = 0.36;
    return VariancePoint{v * t * (1.0 + 0.2 * k * k), v * t * 0.4 * k, v * t * 0.4, v * (1.0 + 0.2 * k * k)};
  }};
  walk(state, model, state.range(0), 1.0);
}
BENCHMARK(local_vol)->Arg(365);

void sabr(benchmark::State& state) {
  walk(state, Sabr{.alpha = 0.6, .beta = 0.7, .rho = -0.3, .nu = 1.0}, state.range(0), 1.0);
}
BENCHMARK(sabr)->Arg(365);

}  // namespace
