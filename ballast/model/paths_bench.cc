// Paths a step at a time: items are path steps. Beside them the same schemes as plain lines over the C library, in the
// same run; quote their ratio.
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <hwy/highway.h>

#include "ballast/base/philox.h"
#include "ballast/math/arithmetic.h"
#include "ballast/math/columns.h"
#include "ballast/math/random_columns.h"
#include "ballast/model/paths.h"

namespace {

using namespace ballast;
using namespace ballast::model;

// A month by half days: docs/performance.md. Columns of 256 paths stay in the second cache.
constexpr std::size_t steps = 60, paths = 256;
constexpr double years = 30.0 / 365.0, dt = years / steps;

const Heston btc{.v0 = 0.36, .kappa = 3.0, .theta = 0.42, .xi = 1.6, .rho = -0.15};  // sets of tests/data
const Svcj svcj{{.v0 = 0.32, .kappa = 3.2, .theta = 0.34, .xi = 1.1, .rho = -0.15}, {2.5, -0.05, 0.1}, 0.25, -0.1};

void drawn_paths(benchmark::State& state, const PathModel& model, DrawSource source, const char* set) {
  if (set != nullptr && !math::use_instruction_set(set)) {
    state.SkipWithError("this processor lacks the instruction set");
    return;
  }
  std::vector<double> grid(steps), log_price(steps * paths), variance(steps * paths);
  for (std::size_t t = 0; t < steps; ++t) grid[t] = dt * static_cast<double>(t + 1);
  const auto plan = PathPlan::prepare(model, grid, {.source = source}).value();
  std::uint64_t first = 0;
  for (auto _ : state) {
    plan.fill(first, paths, log_price, variance);
    benchmark::DoNotOptimize(log_price.data());
    first = (first + paths) % 1'000'000;
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(steps * paths));
  hwy::SetSupportedTargetsForTest(0);  // the processor's own again
}

// Two normals from one block by the cheapest way with the C library: G. E. P. Box, M. E. Muller.
struct TwoNormals {
  double a, b;
};
TwoNormals two_normals(std::uint64_t path, std::uint64_t counter) {
  const PhiloxBlock w = philox(philox_counter(path, counter), philox_key(1));
  const double radius = std::sqrt(-2.0 * std::log(philox_uniform(w[0], w[1])));
  const double angle = 6.283185307179586 * philox_uniform(w[2], w[3]);
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

void plain_black(benchmark::State& state) {
  std::vector<double> out(steps * paths);
  const double stdev = 0.6 * std::sqrt(dt), drift = -0.5 * stdev * stdev;
  for (auto _ : state) {
    for (std::size_t i = 0; i < paths; ++i) {
      double x = 0.0;
      for (std::size_t t = 0; t < steps; t += 2) {
        const auto [a, b] = two_normals(i, t / 2);
        out[t * paths + i] = x += drift + stdev * a;
        out[(t + 1) * paths + i] = x += drift + stdev * b;
      }
    }
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(steps * paths));
}
BENCHMARK(plain_black);

// L. Andersen's QE-M as a reader of the paper writes it, its constants taken out of the loop.
void plain_heston(benchmark::State& state) {
  std::vector<double> out(steps * paths);
  const auto& m = btc;
  const double decay = std::exp(-m.kappa * dt), h = (1.0 - decay) / m.kappa,
               tilt = 0.5 * dt * (m.kappa * m.rho / m.xi - 0.5);
  const double s1 = m.xi * m.xi * decay * h, s0 = 0.5 * m.theta * m.xi * m.xi * m.kappa * h * h;
  const double k1 = tilt - m.rho / m.xi, k2 = tilt + m.rho / m.xi, k3 = 0.5 * dt * (1.0 - m.rho * m.rho);
  const double a_m = k2 + 0.5 * k3;
  for (auto _ : state) {
    for (std::size_t i = 0; i < paths; ++i) {
      double x = 0.0, v = m.v0;
      for (std::size_t t = 0; t < steps; ++t) {
        const auto [z_v, z] = two_normals(i, t);
        const double mean = m.theta + (v - m.theta) * decay, s2 = s0 + s1 * v, psi = s2 / (mean * mean);
        double next, k0 = -(k1 + 0.5 * k3) * v;
        if (psi <= 1.5) {
          const double r = 2.0 / psi, b2 = r - 1.0 + std::sqrt(r) * std::sqrt(r - 1.0), a = mean / (1.0 + b2);
          const double root = std::sqrt(b2) + z_v;
          next = a * root * root;
          k0 += -a_m * b2 * a / (1.0 - 2.0 * a_m * a) + 0.5 * std::log(1.0 - 2.0 * a_m * a);
        } else {
          const double p = (psi - 1.0) / (psi + 1.0), beta = (1.0 - p) / mean,
                       upper = 0.5 * std::erfc(z_v * 0.70710678118654752);
          next = upper >= 1.0 - p ? 0.0 : std::log((1.0 - p) / upper) / beta;
          k0 -= std::log(p + beta * (1.0 - p) / (beta - a_m));
        }
        x += k0 + k1 * v + k2 * next + std::sqrt(k3 * (v + next)) * z;
        v = next;
        out[t * paths + i] = x;
      }
    }
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(steps * paths));
}
BENCHMARK(plain_heston);

// What a step cannot do without: its random numbers.
void path_normals(benchmark::State& state) {
  std::vector<double> row(paths);
  std::uint64_t step = 0;
  for (auto _ : state) {
    math::normal_draws(1, 0, step++, row);
    benchmark::DoNotOptimize(row.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(paths));
}
BENCHMARK(path_normals);

const bool registered = [] {
  const std::vector<std::pair<std::string, PathModel>> models = {
      {"black", BlackScholes{0.6}},
      {"merton", Merton{0.5, {6.0, -0.03, 0.08}}},
      {"kou", Kou{0.5, 8.0, 0.45, 18.0, 14.0}},
      {"heston", btc},
      {"heston_low", Heston{.v0 = 0.04, .kappa = 0.5, .theta = 0.04, .xi = 1.0, .rho = -0.9}},  // often at zero
      {"bates", Bates{btc, {2.0, -0.06, 0.12}}},
      {"svcj", svcj}};
  for (const auto& [name, model] : models) {
    const auto add = [&](const std::string& suffix, DrawSource source, const char* set) {
      benchmark::RegisterBenchmark(
          ("drawn_paths/" + name + suffix).c_str(),
          [model = model, source, set](benchmark::State& state) { drawn_paths(state, model, source, set); });
    };
    add("", DrawSource::philox, nullptr);
    add("/AVX2", DrawSource::philox, "AVX2");
    add("/sobol", DrawSource::sobol, nullptr);
  }
  return true;
}();

}  // namespace
