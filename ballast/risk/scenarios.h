#pragma once
#include <span>
#include <string>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/pricing/grid_columns.h"
#include "ballast/risk/exposure.h"

namespace ballast::risk {

/// What one underlying's book gains in each scenario, at once, counted in one money: spot, forwards, futures and the
/// index move by the price factor, the vols of all options as the scenario says.
struct ScenarioProfit {
  std::string underlying;
  Numeraire numeraire = Numeraire::coin;  ///< coin where some position settles in the coin, else USD
  std::vector<double> profit;             ///< coin or USD, one a scenario
};

/// Domain   an exposure with its valuations, as risk::exposure made it; scenarios as pricing::black_grid.
/// Faults   bad_input: a scenario outside its range, named.
/// Error    options as pricing::black_grid; everything else a few epsilon of each leg.
/// Source   inverse option q (V'/F' - V/F); inverse future N (1/p - 1/p'); linear legs q (V' - V) USD, over the moved
///          index where the book is counted in coin (docs/conventions.md).
Result<ScenarioProfit> scenario_profit(const Exposure& exposure, std::span<const pricing::Scenario> scenarios);

}  // namespace ballast::risk
