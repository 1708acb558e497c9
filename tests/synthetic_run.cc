#include "tests/synthetic_run.h"

#include <cmath>
#include <numbers>

namespace ballast::test {
namespace {

double normal(Rng& rng) {
  return std::sqrt(-2.0 * std::log(rng.uniform())) * std::cos(2.0 * std::numbers::pi * rng.uniform());
}

// Of the book as the rules see it: the same for all of them.
struct Step {
  double index, move, vol_move, noise;
};

struct Habit {
  const char* name;
  bool hedges;
  double wrong;       // share of the delta that the rule does not see
  double half_width;  // coin
  std::size_t every;  // instants
};

}  // namespace

std::vector<sim::RuleRows> synthetic_rules(std::uint64_t seed, std::size_t instants) {
  Rng rng(seed);
  std::vector<Step> steps{{60'000.0, 0.0, 0.0, 0.0}};
  for (std::size_t i = 1; i < instants; ++i) {
    double move = 0.018 * normal(rng);
    if (rng.uniform() < 0.02) move -= 0.05 + 0.04 * rng.uniform();
    steps.push_back({steps.back().index * (1.0 + move), move, -0.5 * move + 0.01 * normal(rng), normal(rng)});
  }
  const Habit habits[] = {{"no hedge", false, 0.0, 0.0, 1},
                          {"net delta", true, 0.0, 0.0, 1},
                          {"black delta", true, 0.35, 0.0, 1},
                          {"band", true, 0.0, 0.25, 1},
                          {"weekly", true, 0.0, 0.0, 21}};
  std::vector<sim::RuleRows> rules;
  for (const Habit& habit : habits) {
    sim::RuleRows rule{.name = habit.name, .hedges = habit.hedges};
    double equity = 10.0, delta = 0.0, hedge = 0.0;
    for (std::size_t i = 0; i < instants; ++i) {
      const Step& step = steps[i];
      sim::Lines coin{};
      // Short gamma 60 coin for a move of 100 %, short vega, and the premium that pays for both.
      const double gamma = -60.0, vega = -0.8;
      if (i > 0) {
        coin[sim::delta] = (delta + hedge) * step.move;
        coin[sim::gamma] = 0.5 * gamma * step.move * step.move;
        coin[sim::vega] = vega * step.vol_move;
        coin[sim::theta] = 0.0115;
        coin[sim::vanna] = 0.3 * step.move * step.vol_move;
        coin[sim::carry] = 0.0002;
        coin[sim::basis] = 0.0004 * step.noise;
        coin[sim::funding] = -0.00003 * hedge;
        coin[sim::residual] = 0.0006 * step.noise;
        delta = 0.97 * delta + gamma * step.move + 0.2 * step.noise;  // new options pull it back to the middle
      }
      const double seen = delta * (1.0 - habit.wrong) + hedge;
      sim::Row row{.at = Time{1'764'547'200'000 + static_cast<std::int64_t>(i) * 28'800'000}, .index = step.index};
      row.delta_before = seen;
      row.delta_after = seen;
      row.half_width = habit.half_width;
      row.gamma = gamma;
      row.vega = vega;
      row.why = habit.hedges ? "in its band" : "";
      if (habit.hedges && i % 50 == 49) {
        row.quality = desk::Quality::refused;
        row.why = "an option of the book has no quote, \"BTC-25DEC26\"";
      } else if (habit.hedges && i % habit.every == 0 && std::abs(seen) > habit.half_width) {
        const double trade = -seen;
        hedge += trade;
        row.delta_after = 0.0;
        row.turnover_usd = std::abs(trade) * step.index;
        row.tickets = row.fills = 1;
        row.why = "1 ticket";
        coin[sim::fees] = -0.0005 * std::abs(trade);
        coin[sim::slippage] = -0.0001 * std::abs(trade);
      }
      const double before = equity;
      for (std::size_t l = 0; l < sim::lines; ++l) {
        equity += coin[l];
        row.change.usd[l] = coin[l] * step.index;
      }
      row.change.coin = coin;
      if (i > 0) row.change.usd[sim::collateral] = before * (step.index - steps[i - 1].index);
      row.equity = {equity, 0.0};
      rule.rows.push_back(row);
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace ballast::test
