#include <doctest/doctest.h>

#include <hwy/targets.h>

#include <cmath>
#include <vector>

#include "ballast/math/arithmetic.h"
#include "ballast/model/paths.h"

// The models without a transform through the one interface of paths.
namespace ballast::model {
namespace {

std::vector<PathModel> path_models() {
  const LocalVol local{.surface = [](double t, double k) {
    return VariancePoint{0.36 * t * (1.0 + 0.2 * k * k), 0.144 * t * k, 0.144 * t, 0.36 * (1.0 + 0.2 * k * k)};
  }};
  return {RoughBergomi{ForwardVariance::flat(0.36), 1.6, -0.2, 0.1},
          BergomiTwoFactor{ForwardVariance::flat(0.36), 2.1, 0.3, 12.0, 0.9, 0.2, -0.25, -0.1},
          local,
          Sabr{.alpha = 0.6, .beta = 0.7, .rho = -0.3, .nu = 1.0},
          RegimeSwitching{.vol = {0.4, 1.1}, .rate = {0.0, 4.0, 9.0, 0.0}},
          ReturnBootstrap{
              .log_return = {0.02, -0.03, 0.01, 0.04, -0.01}, .row_years = 0.025, .vol = {0.5, 0.6, 0.7, 0.6, 0.5}}};
}
const std::vector<double> grid = {0.025, 0.05, 0.1};

}  // namespace

TEST_CASE("every model without a transform walks through PathPlan, in any block") {
  for (const PathModel& model : path_models())
    for (const DrawSource source : {DrawSource::philox, DrawSource::sobol}) {
      CAPTURE(name(model));
      const auto plan = PathPlan::prepare(model, grid, {.source = source, .seed = 5, .antithetic = true});
      if (source == DrawSource::sobol && std::holds_alternative<ReturnBootstrap>(model)) {
        CHECK(!plan);
        continue;
      }
      REQUIRE(plan);
      CHECK(plan.value().steps() == 3);
      std::vector<double> whole(3 * 200), part(3 * 37), v(whole.size()), w(part.size());
      plan.value().fill(1001, 200, whole, v);
      plan.value().fill(1114, 37, part, w);
      for (std::size_t t = 0; t < 3; ++t)
        for (std::size_t i = 0; i < 37; ++i) {
          CHECK(part[t * 37 + i] == whole[t * 200 + 113 + i]);
          CHECK(w[t * 37 + i] == v[t * 200 + 113 + i]);
          CHECK(w[t * 37 + i] >= 0.0);
        }
    }
}

TEST_CASE("models without a transform have the same bits on every instruction set with a fused multiply-add") {
  if (math::arithmetic() != math::Arithmetic::fused) return;
  struct OwnAgain {
    ~OwnAgain() { hwy::SetSupportedTargetsForTest(0); }
  } own_again;
  for (const PathModel& model : path_models()) {
    CAPTURE(name(model));
    std::vector<double> first;
    for (const char* set : {"AVX2", "AVX3", "AVX3_DL", "AVX3_ZEN4"}) {
      if (!math::use_instruction_set(set)) continue;
      std::vector<double> price(3 * 300), variance(3 * 300);
      PathPlan::prepare(model, grid, {}).value().fill(0, 300, price, variance);
      price.insert(price.end(), variance.begin(), variance.end());
      if (first.empty()) first = price;
      CHECK(first == price);
    }
  }
}

}  // namespace ballast::model
