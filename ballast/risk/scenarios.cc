#include "ballast/risk/scenarios.h"

#include <cmath>

#include <fmt/format.h>

#include "ballast/risk/book.h"

namespace ballast::risk {

Result<ScenarioProfit> scenario_profit(const Exposure& exposure, std::span<const pricing::Scenario> scenarios) {
  for (const pricing::Scenario& s : scenarios) {
    if (!(s.price_factor >= 0.01 && s.price_factor <= 100.0 && s.vol_factor >= 0.0 && s.vol_factor <= 100.0 &&
          std::abs(s.vol_shift) <= 100.0))
      return Error{Fault::bad_input,
                   fmt::format("no scenario of prices times {}, vols times {} plus {}: prices go from 0.01 to 100 "
                               "times, vols from 0 to 100 times, shifts to 100",
                               s.price_factor, s.vol_factor, s.vol_shift)};
  }
  OptionRows inverse, linear;
  std::vector<double> inverse_quantity, linear_quantity;
  double inverse_futures = 0.0;  // coin: sum of N / p, whose profit is (1 - 1/factor) of it
  double linear_usd = 0.0;       // USD: sum of coins times price, whose profit is (factor - 1) of it
  for (const PositionRisk& p : exposure.positions) {
    const bool coin_settled = p.instrument.settlement == market::Settlement::inverse;
    if (!p.instrument.is_option()) {
      // Spot in a book counted in coin is the money itself.
      if (p.instrument.kind == market::Kind::spot && exposure.coin_settled) continue;
      const double coins = p.coins.value * p.unit.still_exposed;
      (coin_settled ? inverse_futures : linear_usd) += coin_settled ? coins : coins * p.unit.price;
      continue;
    }
    OptionRows& rows = coin_settled ? inverse : linear;
    rows.forward.push_back(p.unit.forward.value);
    rows.strike.push_back(p.instrument.strike);
    rows.vol.push_back(p.unit.vol.value);
    rows.years.push_back(p.unit.years.value);
    rows.sign.push_back(p.instrument.option_type == market::OptionType::call ? 1.0 : -1.0);
    (coin_settled ? inverse_quantity : linear_quantity).push_back(p.coins.value * p.unit.still_exposed);
  }
  const std::vector<double> coin_options = grid_profit_coin(inverse, inverse_quantity, scenarios),
                            usd_options = grid_profit_usd(linear, linear_quantity, scenarios);
  ScenarioProfit result{exposure.underlying, exposure.coin_settled ? Numeraire::coin : Numeraire::usd, {}};
  for (std::size_t j = 0; j < scenarios.size(); ++j) {
    const double factor = scenarios[j].price_factor;
    const double usd = usd_options[j] + linear_usd * (factor - 1.0);
    const double coin = coin_options[j] + inverse_futures * (1.0 - 1.0 / factor);
    result.profit.push_back(exposure.coin_settled ? coin + usd / (exposure.index.value * factor) : usd);
  }
  return result;
}

}  // namespace ballast::risk
