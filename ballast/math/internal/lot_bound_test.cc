#include "ballast/math/internal/lot_bound.h"

#include <doctest/doctest.h>

#include "ballast/math/internal/small_lots_test.h"

using namespace ballast;
using namespace ballast::math::internal;

namespace {

double uniform(std::mt19937_64& rng) { return std::uniform_real_distribution<double>(0.0, 1.0)(rng); }

std::vector<double> lots_of(const LotModel& model, const std::vector<double>& x) {
  std::vector<double> lots;
  for (std::size_t j = 0; j < x.size(); ++j) lots.push_back(std::nearbyint(model.lots(j, x[j])));
  return lots;
}

// Some part of the whole, as a search would have it.
LotNode some_node(const LotModel& model, std::mt19937_64& rng) {
  LotNode node{{model.low, model.high}, std::vector<LegState>(model.columns_of.size(), LegState::open)};
  for (std::size_t j = 0; j < model.n; ++j) {
    if (uniform(rng) < 0.3) {
      const double at = std::floor(model.low[j] + (model.high[j] - model.low[j]) * uniform(rng));
      node.narrow(j, at, model.high[j]);
    }
    if (uniform(rng) < 0.3) {
      const double at = std::ceil(node.box.low[j] + (node.box.high[j] - node.box.low[j]) * uniform(rng));
      node.narrow(j, node.box.low[j], at);
    }
  }
  for (std::size_t l = 0; l < model.columns_of.size(); ++l) {
    if (uniform(rng) < 0.2) node.put_in(model, l);
    if (uniform(rng) < 0.2 && node.legs[l] == LegState::open) node.put_out(model, l);
  }
  return node;
}

// The least objective of the points of a node: those that use every leg that is in.
double best_of(const math::LotProgram& p, const LotModel& model, const LotNode& node) {
  double best = HUGE_VAL;
  if (node.empty) return best;
  test::for_each_point(p, std::vector<double>(model.n), [&](const std::vector<double>& x) {
    const std::vector<double> lots = lots_of(model, x);
    std::vector<char> used(model.columns_of.size(), 0);
    for (std::size_t j = 0; j < model.n; ++j) {
      if (lots[j] < node.box.low[j] || lots[j] > node.box.high[j]) return;
      if (lots[j] != 0.0) used[model.leg[j]] = 1;
    }
    for (std::size_t l = 0; l < used.size(); ++l)
      if (used[l] == 0 && node.legs[l] == LegState::in) return;
    best = std::min(best, test::worth(p, x));
  });
  return best;
}

}  // namespace

TEST_CASE("the bound holds for any prices") {
  std::mt19937_64 rng(71);
  int finite = 0;
  for (int round = 0; round < 2'000; ++round) {
    CAPTURE(round);
    const math::LotProgram p = test::small_program(rng);
    const auto model = LotModel::make(p);
    if (!model) continue;
    const LotNode node = some_node(model.value(), rng);
    const double best = best_of(p, model.value(), node);
    LotBound bound(model.value());
    std::vector<double> prices(model.value().m), x(model.value().n);
    double size = 0.0;
    for (const auto& f : p.program.rows) size = std::max({size, std::abs(f.slopes.front()), std::abs(f.slopes.back())});
    for (int trial = 0; trial < 5; ++trial) {
      for (double& price : prices) price = size * (2.0 * uniform(rng) - 1.0);
      for (std::size_t j = 0; j < x.size(); ++j) x[j] = p.program.columns[j].highest * uniform(rng);
      const double lower = bound.evaluate(node, prices, x);
      CHECK(lower <= best);
      finite += std::isfinite(lower) ? 1 : 0;
      if (bound.infeasible(node, prices)) CHECK(best == HUGE_VAL);
    }
  }
  CHECK(finite > 5'000);
}

TEST_CASE("tightening takes out nothing that is below the cutoff") {
  std::mt19937_64 rng(72);
  int changed = 0;
  for (int round = 0; round < 3'000; ++round) {
    CAPTURE(round);
    const math::LotProgram p = test::small_program(rng);
    const auto model = LotModel::make(p);
    if (!model) continue;
    LotNode node = some_node(model.value(), rng);
    if (node.empty) continue;
    const double best = best_of(p, model.value(), node);
    LotBound bound(model.value());
    std::vector<double> prices(model.value().m), x(model.value().n);
    for (std::size_t i = 0; i < prices.size(); ++i) {
      const auto& s = p.program.rows[i].slopes;
      prices[i] = s.front() + (s.back() - s.front()) * uniform(rng);
    }
    const double lower = bound.evaluate(node, prices, x);
    if (!std::isfinite(lower)) continue;
    // A cutoff just above the best: it must stay. One below: anything may go.
    const double cutoff = std::isfinite(best) ? best + 1e-9 * std::abs(best) : lower + std::abs(lower);
    changed += bound.tighten(node, cutoff) ? 1 : 0;
    if (std::isfinite(best)) {
      REQUIRE_FALSE(node.empty);
      CHECK(best_of(p, model.value(), node) == best);
    }
  }
  CHECK(changed > 300);
}
