#include "ballast/model/paths.h"

#include <doctest/doctest.h>
#include <hwy/highway.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <thread>
#include <vector>

#include "ballast/math/arithmetic.h"
#include "ballast/math/random_columns.h"
#include "ballast/model/estimate.h"
#include "ballast/model/qe_step.h"
#include "ballast/model/square_root.h"
#include "tests/path_sets.h"
#include "tests/support.h"

namespace ballast::model {
namespace {

const Heston btc{.v0 = 0.36, .kappa = 3.0, .theta = 0.42, .xi = 1.6, .rho = -0.15};
const NormalJumps jumps{.rate = 6.0, .mean = -0.05, .deviation = 0.1};
const std::vector<PathModel> models = {
    BlackScholes{0.6}, Merton{0.5, jumps},         Kou{0.5, 8.0, 0.4, 15.0, 12.0}, btc,
    Bates{btc, jumps}, Svcj{btc, jumps, 0.2, -0.1}};

std::vector<double> prices_at_end(const PathPlan& plan, std::size_t paths) {
  std::vector<double> rows(plan.steps() * paths);
  plan.fill(0, paths, rows, {});
  rows.erase(rows.begin(), rows.end() - static_cast<std::ptrdiff_t>(paths));
  for (double& x : rows) x = std::exp(x);
  return rows;
}

std::vector<double> payoffs(const std::vector<double>& price, double strike) {
  const double sign = strike < 1.0 ? -1.0 : 1.0;
  std::vector<double> payoff(price.size());
  for (std::size_t i = 0; i < price.size(); ++i) payoff[i] = std::max(sign * (price[i] - strike), 0.0);
  return payoff;
}

}  // namespace

TEST_CASE("a plan says what it cannot be made of") {
  const std::vector<double> grid = {0.1, 0.2};
  CHECK(PathPlan::prepare(btc, grid, {}).value().steps() == 2);
  CHECK(PathPlan::prepare(btc, {}, {}).error().fault == Fault::bad_input);
  CHECK(PathPlan::prepare(btc, std::vector<double>{0.1, 0.1}, {}).error().what.find("0.1") != std::string::npos);
  CHECK(PathPlan::prepare(btc, std::vector<double>{0.0, 0.1}, {}).error().fault == Fault::bad_input);
  CHECK(PathPlan::prepare(btc, std::vector<double>{0.1, NAN}, {}).error().fault == Fault::bad_input);
  CHECK(PathPlan::prepare(Heston{.rho = -1.5}, grid, {}).error().fault == Fault::bad_input);
  const auto long_grid = test::equal_steps(1.0, 2000);
  CHECK(PathPlan::prepare(btc, long_grid, {.source = DrawSource::sobol}).error().fault == Fault::limit);
  CHECK(PathPlan::prepare(BlackScholes{0.6}, long_grid, {.source = DrawSource::sobol}));
  CHECK(PathPlan::prepare(Merton{0.5, {.rate = 500.0}}, std::vector<double>{300.0}, {}).error().fault == Fault::limit);
  CHECK(name(models[4]) == "bates");
}

TEST_CASE("a path's bits do not depend on the block it is drawn in") {
  const auto grid = test::equal_steps(0.25, 9);
  for (const PathModel& model : models)
    for (const DrawSource source : {DrawSource::philox, DrawSource::sobol})
      for (const bool antithetic : {false, true}) {
        CAPTURE(name(model));
        CAPTURE(antithetic);
        const auto plan =
            PathPlan::prepare(model, grid, {.source = source, .seed = 9, .antithetic = antithetic}).value();
        constexpr std::size_t all = 300;
        std::vector<double> price(9 * all), variance(9 * all);
        plan.fill(50, all, price, variance);
        // The same paths in pieces of other sizes, from the last to the first, and without variances.
        for (std::size_t end = all, size = 1; end > 0; size = size * 3 + 1) {
          const std::size_t n = std::min(size, end), first = end - n;
          std::vector<double> part(9 * n), part_variance(9 * n), alone(9 * n);
          plan.fill(50 + first, n, part, part_variance);
          plan.fill(50 + first, n, alone, {});
          std::size_t same = 0;
          for (std::size_t t = 0; t < 9; ++t)
            for (std::size_t i = 0; i < n; ++i)
              same += part[t * n + i] == price[t * all + first + i] && alone[t * n + i] == part[t * n + i] &&
                              part_variance[t * n + i] == variance[t * all + first + i]
                          ? 1
                          : 0;
          CHECK(same == 9 * n);
          end = first;
        }
      }
}

TEST_CASE("every instruction set with a fused multiply-add draws the same bits") {
  if (math::arithmetic() != math::Arithmetic::fused) return;  // --separate: its one set at a time is enough
  struct OwnAgain {
    ~OwnAgain() { hwy::SetSupportedTargetsForTest(0); }
  } own_again;
  const auto grid = test::equal_steps(0.25, 4);
  for (const PathModel& model : models)
    for (const DrawSource source : {DrawSource::philox, DrawSource::sobol}) {
      CAPTURE(name(model));
      std::vector<double> first;
      for (const char* set : {"AVX2", "AVX3", "AVX3_DL", "AVX3_ZEN4"}) {
        if (!math::use_instruction_set(set)) continue;
        std::vector<double> price(4 * 1000), variance(4 * 1000);
        PathPlan::prepare(model, grid, {.source = source}).value().fill(0, 1000, price, variance);
        price.insert(price.end(), variance.begin(), variance.end());
        if (first.empty()) first = price;
        CHECK(first == price);
      }
    }
}

TEST_CASE("two threads and one give the same bits of an estimate") {
  const auto plan = PathPlan::prepare(models[5], test::equal_steps(0.25, 5), {.antithetic = true}).value();
  constexpr std::size_t block = 500, blocks = 6;
  const auto moments = [&](std::size_t i) {
    std::vector<double> rows(5 * block);
    plan.fill(i * block, block, rows, {});
    return sample_moments(std::span(rows).last(block), {}, true);
  };
  std::vector<SampleMoments> one(blocks), two(blocks);
  for (std::size_t i = 0; i < blocks; ++i) one[i] = moments(i);
  std::thread other([&] {
    for (std::size_t i = 1; i < blocks; i += 2) two[i] = moments(i);
  });
  for (std::size_t i = 0; i < blocks; i += 2) two[i] = moments(i);
  other.join();
  const auto total = [](const std::vector<SampleMoments>& all) {
    return estimate(std::accumulate(all.begin(), all.end(), SampleMoments{}, joined));
  };
  CHECK(total(one).mean == total(two).mean);
  CHECK(total(one).error == total(two).error);
}

TEST_CASE("geometric Brownian paths are the sums of their normals, and antithetic ones mirror each other") {
  const std::vector<double> grid = {0.1, 0.15, 0.4};
  const auto plain = PathPlan::prepare(BlackScholes{0.6}, grid, {.seed = 4}).value();
  const auto paired = PathPlan::prepare(BlackScholes{0.6}, grid, {.seed = 4, .antithetic = true}).value();
  std::vector<double> rows(300), twins(600), z(100), sum(100, 0.0);
  plain.fill(0, 100, rows, {});
  paired.fill(0, 200, twins, {});
  for (std::size_t t = 0; t < 3; ++t) {
    math::normal_draws(4, 0, t, z);
    const double dt = t == 0 ? grid[0] : grid[t] - grid[t - 1];
    for (std::size_t i = 0; i < 100; ++i) {
      sum[i] += 0.6 * std::sqrt(dt) * z[i];
      const double drift = -0.18 * grid[t];
      CHECK(std::abs(rows[t * 100 + i] - (sum[i] + drift)) <= 1e-14);
      CHECK(std::abs(twins[t * 200 + 2 * i] - (drift + sum[i])) <= 1e-14);
      CHECK(std::abs(twins[t * 200 + 2 * i + 1] - (drift - sum[i])) <= 1e-14);
    }
  }
}

TEST_CASE("the kernel of Heston's model walks the written-out steps") {
  for (const Heston& model : {btc, Heston{.v0 = 0.04, .kappa = 0.5, .theta = 0.04, .xi = 1.0, .rho = -0.9},
                              Heston{.v0 = 0.3, .kappa = 0.0, .theta = 0.2, .xi = 0.5, .rho = 0.6},
                              Heston{.v0 = 0.09, .kappa = 2.0, .theta = 0.09, .xi = 1e-4, .rho = -1.0},
                              Heston{.v0 = 0.5, .kappa = 228.8, .theta = 5.594, .xi = 39.48, .rho = 0.984}}) {
    const auto grid = test::equal_steps(4.0, 16);
    constexpr std::size_t n = 200;
    std::vector<double> price(16 * n), variance(16 * n), u(n), z(n);
    PathPlan::prepare(model, grid, {.seed = 2}).value().fill(0, n, price, variance);
    const QeStep step = qe_step(model, 0.25);
    for (std::size_t t = 0; t < 16; ++t) {
      math::uniform_draws(2, 0, 2 * t, u);
      math::normal_draws(2, 0, 2 * t + 1, z);
      for (std::size_t i = 0; i < n; ++i) {
        const double before = t == 0 ? model.v0 : variance[(t - 1) * n + i];
        const double from = t == 0 ? 0.0 : price[(t - 1) * n + i];
        const QeMove move = qe_move(step, before, u[i]);
        // A step from no variance and to none stays there.
        const double next = move.mean == 0.0 ? 0.0 : move.next;
        const double front = move.mean == 0.0 ? 0.0 : std::isnan(move.corrected) ? step.k0 : move.corrected;
        const double to =
            from + front + step.k1 * before + step.k2 * next + std::sqrt(step.k3 * (before + next)) * z[i];
        // Terms of the size rho/xi v cancel in the price.
        const double scale = 1.0 + std::abs(model.rho) / model.xi * (before + next) + std::abs(to);
        REQUIRE(std::abs(variance[t * n + i] - next) <= 1e-12 * (next + 1e-3));
        REQUIRE(std::abs(price[t * n + i] - to) <= 1e-12 * scale);
      }
    }
  }
}

TEST_CASE("prices are martingales under every model, from both sources of numbers") {
  constexpr std::size_t paths = 16'384;
  for (const PathModel& model : models) {
    CAPTURE(name(model));
    const auto grid = test::equal_steps(0.25, 6);
    const auto plan = PathPlan::prepare(model, grid, {.seed = 21, .antithetic = true}).value();
    std::vector<double> rows(6 * paths);
    plan.fill(0, paths, rows, {});
    for (double& x : rows) x = std::exp(x);
    for (const std::size_t t : {0u, 5u}) {
      const Estimate e = estimate(sample_moments(std::span(rows).subspan(t * paths, paths), {}, true));
      CHECK(std::abs(e.mean - 1.0) <= 3.0 * e.error);
    }
    std::vector<double> means;
    for (std::uint64_t seed = 1; seed <= least_randomisations; ++seed) {
      const auto sobol = PathPlan::prepare(model, grid, {.source = DrawSource::sobol, .seed = seed}).value();
      means.push_back(estimate(sample_moments(prices_at_end(sobol, 1024), {}, false)).mean);
    }
    const Estimate e = of_randomisations(means).value();
    CHECK(std::abs(e.mean - 1.0) <= 3.0 * e.error);
  }
}

TEST_CASE("Sobol points through the bridge are many times as exact as pseudo-random numbers") {
  const auto grid = test::equal_steps(1.0, 16);
  constexpr std::size_t paths = 1024;
  const auto call = [](const std::vector<double>& price) {
    return estimate(sample_moments(payoffs(price, 1.0), {}, false)).mean;
  };
  for (const auto& [model, gain] : {std::pair<PathModel, double>{BlackScholes{0.2}, 8.0}, {btc, 3.0}}) {
    std::vector<double> sobol, philox;
    for (std::uint64_t seed = 1; seed <= 32; ++seed) {
      sobol.push_back(call(
          prices_at_end(PathPlan::prepare(model, grid, {.source = DrawSource::sobol, .seed = seed}).value(), paths)));
      philox.push_back(call(prices_at_end(PathPlan::prepare(model, grid, {.seed = seed}).value(), paths)));
    }
    CHECK(of_randomisations(sobol).value().error * gain <= of_randomisations(philox).value().error);
  }
}

TEST_CASE("the simulated square-root variance has its exact mean and variance") {
  constexpr std::size_t paths = 40'000, steps = 16;
  for (const test::Row& row : test::read_csv("tests/data/cir_moments.csv")) {
    CAPTURE(row.line);
    const Heston model{.v0 = row["v0"], .kappa = row["kappa"], .theta = row["theta"], .xi = row["eps"], .rho = -0.5};
    const auto plan = PathPlan::prepare(model, test::equal_steps(row["T"], steps), {.seed = 8}).value();
    std::vector<double> price(paths * steps), variance(paths * steps);
    plan.fill(0, paths, price, variance);
    std::vector<double> v(variance.end() - paths, variance.end()), square(paths);
    const Estimate mean = estimate(sample_moments(v, {}, false));
    CHECK(std::abs(mean.mean - row["mean_v"]) <= 3.0 * mean.error);
    for (std::size_t i = 0; i < paths; ++i) square[i] = (v[i] - row["mean_v"]) * (v[i] - row["mean_v"]);
    const Estimate spread = estimate(sample_moments(square, {}, false));
    CHECK(std::abs(spread.mean - row["var_v"]) <= 3.0 * spread.error);
  }
}

// Seventy jumps in one step: the log-price has the moments of a compound Poisson sum, T rate E[J] and T rate E[J²] on
// top of the Brownian part; and the variance of SVCJ grows by what jumps bring, less what the pull has taken again.
TEST_CASE("many jumps in a step have the moments of their law") {
  constexpr std::size_t paths = 20'000;
  const double years = 0.25, rate = 280.0;
  const NormalJumps often{.rate = rate, .mean = 0.01, .deviation = 0.02};
  const Kou two_sided{0.3, rate, 0.3, 40.0, 50.0};
  const double kou_mean = 0.3 / 40.0 - 0.7 / 50.0, kou_square = 2.0 * (0.3 / 1600.0 + 0.7 / 2500.0);
  const double kou_growth = 0.3 * 40.0 / 39.0 + 0.7 * 50.0 / 51.0 - 1.0;
  struct Case {
    PathModel model;
    double mean, square, growth;
  };
  for (const Case& c : {Case{Merton{0.3, often}, 0.01, 0.0005, std::exp(0.0102) - 1.0},
                        Case{two_sided, kou_mean, kou_square, kou_growth}}) {
    CAPTURE(name(c.model));
    const auto plan = PathPlan::prepare(c.model, std::vector<double>{years}, {.seed = 3}).value();
    std::vector<double> x(paths), square(paths);
    plan.fill(0, paths, x, {});
    const double mean = years * (-0.045 - rate * c.growth + rate * c.mean), spread = years * (0.09 + rate * c.square);
    const Estimate first = estimate(sample_moments(x, {}, false));
    CHECK(std::abs(first.mean - mean) <= 3.0 * first.error);
    for (std::size_t i = 0; i < paths; ++i) square[i] = (x[i] - mean) * (x[i] - mean);
    const Estimate second = estimate(sample_moments(square, {}, false));
    CHECK(std::abs(second.mean - spread) <= 3.0 * second.error);
  }
  for (const double jump_rate : {6.0, rate}) {
    Svcj model{btc, {.rate = jump_rate, .mean = -0.01, .deviation = 0.02}, 0.05, -0.1};
    const auto plan = PathPlan::prepare(model, test::equal_steps(years, 4), {.seed = 6, .antithetic = true}).value();
    std::vector<double> x(4 * paths), v(4 * paths);
    plan.fill(0, paths, x, v);
    const double brought = jump_rate * 0.05 * -std::expm1(-btc.kappa * years) / btc.kappa;
    const Estimate e = estimate(sample_moments(std::span(v).last(paths), {}, true));
    CHECK(std::abs(e.mean - square_root_moments(btc, years).mean - brought) <= 3.0 * e.error);
    std::vector<double> price(x.end() - paths, x.end());
    for (double& p : price) p = std::exp(p);
    const Estimate forward = estimate(sample_moments(price, {}, true));
    CHECK(std::abs(forward.mean - 1.0) <= 3.0 * forward.error);
  }
}

// All sets, strikes and a million paths: tools/path_check.
TEST_CASE("options out of the money agree with the reference prices of every model") {
  for (const test::PathSet& set : test::path_sets()) {
    const bool exact = set.table == "merton" || set.table == "kou";
    if (!exact && set.years > 1.0) continue;
    const std::size_t steps = exact ? 2 : 32, paths = exact ? 16'384 : 8'192;
    const auto plan =
        PathPlan::prepare(set.model, test::equal_steps(set.years, steps), {.seed = 33, .antithetic = true}).value();
    const auto price = prices_at_end(plan, paths);
    for (std::size_t i = 0; i < set.strikes.size(); ++i) {
      const double strike = set.strikes[i] / set.forward;
      const auto payoff = payoffs(price, strike);
      if (std::ranges::count_if(payoff, [](double x) { return x > 0.0; }) < 200)
        continue;  // an error of a handful is none
      const double wanted = set.calls[i] / set.forward - (strike < 1.0 ? 1.0 - strike : 0.0);
      const Estimate e = controlled(sample_moments(payoff, price, true), 1.0);
      CAPTURE(set.table + " " + set.set);
      CAPTURE(set.strikes[i]);
      CHECK(std::abs(e.mean - wanted) <= 3.0 * e.error);
    }
  }
}

TEST_CASE("a simulated call has the variance of the exact one, and the price as control takes its share") {
  for (const test::Row& row : test::read_csv("tests/data/mc_estimator_std.csv")) {
    if (row.text("estimator") != "price") continue;
    CAPTURE(row.line);
    constexpr std::size_t paths = 60'000;
    const double growth = std::exp(row["r"] * row["T"]), strike = row["K"] / (row["S"] * growth);
    const auto plan = PathPlan::prepare(BlackScholes{row["sigma"]}, std::vector<double>{row["T"]}, {.seed = 5}).value();
    const auto price = prices_at_end(plan, paths);
    std::vector<double> payoff(paths);
    for (std::size_t i = 0; i < paths; ++i) payoff[i] = row["S"] * std::max(price[i] - strike, 0.0);  // S = D F
    const SampleMoments moments = sample_moments(payoff, price, false);
    const Estimate plain = estimate(moments), better = controlled(moments, 1.0);
    CHECK(std::abs(plain.mean - row["mean"]) <= 3.0 * plain.error);
    CHECK(std::abs(better.mean - row["mean"]) <= 3.0 * better.error);
    // Sampling errors of a standard deviation with tails, 1 or 2 % at these sizes.
    CHECK(std::abs(plain.error * std::sqrt(double{paths}) / row["std"] - 1.0) <= 0.05);
    CHECK(std::abs(better.error * better.error / (plain.error * plain.error) / row["cv_ratio"] - 1.0) <= 0.1);
  }
}

}  // namespace ballast::model
