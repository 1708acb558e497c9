#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/base/units.h"
#include "ballast/hedge/bands.h"
#include "ballast/market/instrument.h"

/// What hedging rules do on simulated markets: one option, delta-hedged to its expiry by several rules on the same
/// paths. Made in three steps so that a caller may share out the paths among threads: `prepare` once, `simulate` blocks
/// of paths, `outcomes` at the end. Same bits whoever ran which block, on all processors of one class of arithmetic.
namespace ballast::sim {

/// The option, the market it lives in, and the rules. The price moves by geometric Brownian motion; the hedge is the
/// coin (or a future on it, rate 0), and money not in it earns the rate.
struct HedgeStudy {
  market::OptionType type = market::OptionType::call;
  double quantity = -1.0;                   ///< coins of the option, signed: negative sold; not 0
  Price spot, strike;                       ///< > 0, USD per coin
  Years years;                              ///< > 0, to expiry
  double drift = 0.0;                       ///< of the price, per year
  double rate = 0.0;                        ///< per year, continuous
  Vol vol;                                  ///< > 0, that the price moves with
  Vol hedge_vol;                            ///< > 0, that the option is sold at and its deltas are taken at
  int steps = 0;                            ///< looks at the hedge, evenly spaced, the first at inception; 1 to 10^7
  double cost_rate = 0.0;                   ///< [0, 1), of the value of each trade and of the last liquidation
  std::vector<hedge::RebalanceRule> rules;  ///< their own cost_rate is what their bands believe
  std::uint64_t seed = 1;
};

/// The constants of a study, checked and laid out for the kernel.
class PreparedStudy {
 public:
  struct Plan;
  explicit PreparedStudy(std::shared_ptr<const Plan> plan) : plan_(std::move(plan)) {}
  const Plan& plan() const { return *plan_; }

 private:
  std::shared_ptr<const Plan> plan_;
};

/// Fault bad_input names what is outside its range: a field above, a rule (hedge::checked), an interval of a rule that
/// is no whole number of steps (to a billionth), Leland's vol where there is none.
Result<PreparedStudy> prepare(const HedgeStudy& study);

/// What became of each path, in USD at inception: rule r, path p at [r * paths + p].
struct HedgePaths {
  std::size_t paths = 0;
  std::vector<double> pnl;     ///< premium at hedge_vol, payoff, gains of the hedge and costs
  std::vector<double> cost;    ///< of all trades and the liquidation, >= 0
  std::vector<double> trades;  ///< the first included, the liquidation not
};
HedgePaths room_for(const PreparedStudy& study, std::size_t paths);

/// Runs paths first .. first + count - 1 and writes their places in `out`, no others: blocks may run at the same time.
/// Every rule sees the same prices. A look at the last step trades still; at expiry the hedge is sold, at a cost.
/// ln(S/strike) is held within 300, hundreds of standard deviations away.
/// Cost     5 to 10 ns for each step of each path with one rule, a third of that for each rule more.
void simulate(const PreparedStudy& study, std::size_t first, std::size_t count, HedgePaths& out);

/// One number of all paths, and the standard error of its mean.
struct Estimate {
  double mean = 0.0, error = 0.0, stdev = 0.0;
};

inline constexpr std::array<double, 7> outcome_levels = {0.01, 0.05, 0.25, 0.50, 0.75, 0.95, 0.99};

/// A rule on all paths: P&L and costs in USD at inception.
struct RuleOutcome {
  Estimate pnl, cost, trades;
  double stdev_error = 0.0;               ///< standard error of pnl.stdev: stdev sqrt((kurtosis - 1)/(4 n))
  double skewness = 0.0, kurtosis = 0.0;  ///< of pnl; a normal's are 0 and 3
  double shortfall_95 = 0.0;              ///< risk::expected_shortfall of -pnl at 0.95: a loss, USD
  std::array<double, outcome_levels.size()>
      quantiles{};  ///< of pnl, at outcome_levels: smallest value that reaches each
};

/// The outcome of each rule, sums in the order of paths; none of fewer than 2 paths.
std::vector<RuleOutcome> outcomes(const HedgePaths& paths);

}  // namespace ballast::sim
