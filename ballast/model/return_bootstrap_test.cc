#include "ballast/model/return_bootstrap.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "ballast/base/rng.h"
#include "ballast/math/stationary_bootstrap.h"
#include "ballast/model/estimate.h"

namespace ballast::model {
namespace {

// Returns whose size persists and whose mean is not 0, beside the vol that made them.
ReturnBootstrap record(std::size_t rows, double mean_block) {
  Rng rng(17);
  ReturnBootstrap model{.log_return = {}, .row_years = 1.0 / 365.0, .mean_block = mean_block};
  double vol = 0.6;
  for (std::size_t i = 0; i < rows; ++i) {
    vol = std::min(std::max(vol * (0.9 + 0.2 * rng.uniform()), 0.2), 2.0);
    const double skewed = rng.uniform() < 0.1 ? -3.0 * rng.uniform() : 1.2 * (rng.uniform() - 0.4);
    model.vol.push_back(vol);
    model.log_return.push_back(0.002 + vol * skewed / std::sqrt(365.0));
  }
  return model;
}

}  // namespace

TEST_CASE("the forward is exact over all resamples of a small record") {
  // Three returns, three rows walked, mean block 2: every resample has its chance, and the mean of S is their sum.
  const ReturnBootstrap model{.log_return = {0.3, -0.2, 0.05}, .row_years = 1.0, .mean_block = 2.0};
  const std::vector<double> years = {1.0, 2.0, 3.0};
  const auto plan = ReturnBootstrapPaths::prepare(model, years, {.seed = 1}).value();
  std::vector<double> x(3 * 64);
  plan.fill(0, 64, x, {});
  std::vector<std::uint32_t> rows(3 * 64);
  plan.rows(0, 64, rows);
  double mean[3] = {};
  for (std::size_t a = 0; a < 3; ++a)
    for (std::size_t b = 0; b < 3; ++b)
      for (std::size_t c = 0; c < 3; ++c) {
        const auto chance = [](std::size_t from, std::size_t to) {
          return 0.5 / 3.0 + (to == (from + 1) % 3 ? 0.5 : 0.0);
        };
        const double p = chance(a, b) * chance(b, c) / 3.0;
        const double r[] = {model.log_return[a], model.log_return[b], model.log_return[c]};
        mean[0] += p * std::exp(r[0]), mean[1] += p * std::exp(r[0] + r[1]),
            mean[2] += p * std::exp(r[0] + r[1] + r[2]);
      }
  for (std::size_t i = 0; i < 64; ++i) {
    double sum = 0.0;
    for (std::size_t t = 0; t < 3; ++t) {
      sum += model.log_return[rows[t * 64 + i]];
      CHECK(std::abs(x[t * 64 + i] - (sum - std::log(mean[t]))) <= 1e-14);
    }
  }
}

TEST_CASE("bootstrapped paths keep the forward") {
  const ReturnBootstrap model = record(500, 20.0);
  const std::vector<double> years = {1.0 / 365.0, 30.0 / 365.0, 90.0 / 365.0};
  constexpr std::size_t paths = 8'192;
  const auto plan = ReturnBootstrapPaths::prepare(model, years, {.seed = 8}).value();
  std::vector<double> x(3 * paths), v(3 * paths), price(paths);
  plan.fill(0, paths, x, v);
  for (std::size_t t = 0; t < 3; ++t) {
    for (std::size_t i = 0; i < paths; ++i) price[i] = std::exp(x[t * paths + i]);
    const Estimate forward = estimate(sample_moments(price, {}, false));
    CHECK(std::abs(forward.mean - 1.0) <= 3.0 * forward.error);
  }
  std::vector<std::uint32_t> rows(3 * paths);
  plan.rows(0, paths, rows);
  for (std::size_t i = 0; i < rows.size(); ++i) CHECK(v[i] == model.vol[rows[i]] * model.vol[rows[i]]);
}

TEST_CASE("blocks are as long and as placed as the stationary bootstrap's of an Rng") {
  const ReturnBootstrap model = record(300, 8.0);
  std::vector<double> years;
  for (int i = 1; i <= 200; ++i) years.push_back(i / 365.0);
  constexpr std::size_t paths = 1024;
  const auto plan = ReturnBootstrapPaths::prepare(model, years, {.seed = 2}).value();
  std::vector<std::uint32_t> rows(200 * paths);
  plan.rows(0, paths, rows);
  double goes_on = 0.0, other = 0.0, place = 0.0;
  for (std::size_t i = 0; i < paths; ++i)
    for (std::size_t t = 1; t < 200; ++t)
      goes_on += rows[t * paths + i] == (rows[(t - 1) * paths + i] + 1) % 300, place += rows[t * paths + i];
  Rng rng(5);
  std::vector<std::size_t> reference(200 * paths);
  for (std::size_t i = 0; i < paths; ++i) {
    std::vector<std::size_t> drawn(300);
    math::stationary_bootstrap(rng, 8.0, drawn);
    for (std::size_t t = 1; t < 200; ++t) other += drawn[t] == (drawn[t - 1] + 1) % 300;
  }
  const double n = 199.0 * paths, truth = 7.0 / 8.0 + 1.0 / 8.0 / 300.0;
  const double error = std::sqrt(truth * (1.0 - truth) / n);
  CHECK(std::abs(goes_on / n - truth) <= 3.0 * error);
  CHECK(std::abs(goes_on / n - other / n) <= 3.0 * std::sqrt(2.0) * error);
  CHECK(std::abs(place / n - 149.5) <=
        3.0 * std::sqrt(300.0 * 300.0 / 12.0 / n * 15.0));  // 15: rows of a block move together
}

TEST_CASE("a bootstrapped path's bits depend on seed and number alone, and faults name their number") {
  const ReturnBootstrap model = record(100, 0.0);
  const std::vector<double> years = {2.0 / 365.0, 7.0 / 365.0};
  const auto plan = ReturnBootstrapPaths::prepare(model, years, {.seed = 5}).value();
  std::vector<double> whole(2 * 200), part(2 * 37);
  plan.fill(1001, 200, whole, {});
  plan.fill(1114, 37, part, {});
  for (std::size_t t = 0; t < 2; ++t)
    for (std::size_t i = 0; i < 37; ++i) CHECK(part[t * 37 + i] == whole[t * 200 + 113 + i]);
  const auto refused = [](const ReturnBootstrap& wrong, std::vector<double> dates, const char* word) {
    const auto none = ReturnBootstrapPaths::prepare(wrong, dates, {});
    REQUIRE(!none);
    CHECK(none.error().what.find(word) != std::string::npos);
  };
  refused(model, {2.5 / 365.0}, "whole number of rows");
  ReturnBootstrap wrong = model;
  wrong.log_return[3] = NAN;
  refused(wrong, years, "return 3 is nan");
  wrong = model, wrong.vol.pop_back();
  refused(wrong, years, "99 vols");
  wrong = model, wrong.mean_block = 0.5;
  refused(wrong, years, "mean_block is 0.5");
  CHECK(!ReturnBootstrapPaths::prepare(model, years, {.source = DrawSource::sobol}));
}

}  // namespace ballast::model
