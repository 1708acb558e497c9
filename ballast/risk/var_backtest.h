#pragma once
#include <cstddef>
#include <span>

#include "ballast/base/result.h"

namespace ballast::risk {

/// A likelihood ratio and the chance of one as large where the forecasts are right (chi-squared, large samples).
struct LikelihoodRatio {
  double statistic = 0.0;  ///< >= 0
  double p = 1.0;          ///< small: the forecasts are not right
};

/// Whether losses exceed a VaR as often as it says.
/// `exceptions` of `observations` > 0, expected with 1 - alpha, alpha in (0, 1). Outside: NaN.
/// Error    1e-12 relative.
/// Source   P. H. Kupiec, "Techniques for verifying the accuracy of risk measurement models", J. Derivatives 3(2)
///          (1995) 73-84. Exceptions are whole numbers: at 99 % and 250 days the size is far from the nominal one.
LikelihoodRatio kupiec(std::size_t observations, std::size_t exceptions, double alpha);

struct VarBacktest {
  std::size_t observations = 0;
  std::size_t exceptions = 0;    ///< loss > VaR
  LikelihoodRatio coverage;      ///< Kupiec: as many exceptions as there should be; one degree of freedom
  LikelihoodRatio independence;  ///< Christoffersen: as many after an exception as after none; one degree
  LikelihoodRatio both;          ///< conditional coverage, the sum; two degrees
};

/// A VaR forecast for each instant against the loss that came, in the order of time.
/// Faults   bad_input: lengths that differ, fewer than 2, a number that is not finite, alpha outside (0, 1).
/// Source   P. F. Christoffersen, "Evaluating interval forecasts", Int. Economic Review 39 (1998) 841-862, 3.1-3.3. The
///          coverage part counts every instant, the independence part the pairs.
Result<VarBacktest> backtest_var(std::span<const double> losses, std::span<const double> value_at_risk, double alpha);

/// sum of loss over expected shortfall where loss > VaR, over n (1 - alpha), less 1: 0 is expected of right forecasts,
/// 1 says that the tail loses twice what was forecast. This is -Z2 of the paper, whose P&L is our -loss; there -0.7 is
/// the 5 % point for tails of financial returns at 97.5 % and 250 days.
/// Faults   as backtest_var; bad_input: an expected shortfall <= 0.
/// Source   C. Acerbi, B. Szekely, "Back-testing expected shortfall", Risk (Dec 2014), (6).
Result<double> shortfall_backtest(std::span<const double> losses, std::span<const double> value_at_risk,
                                  std::span<const double> expected_shortfall, double alpha);

/// The largest fall of a series from a level to a later one, in its unit. For a fraction of a positive series hand in
/// its logarithms: 1 - e^-depth.
struct Drawdown {
  double depth = 0.0;      ///< >= 0; NaN where a level is
  std::size_t peak = 0;    ///< the first of the deepest fall
  std::size_t trough = 0;  ///< >= peak; the same where nothing falls
};
Drawdown max_drawdown(std::span<const double> levels);

}  // namespace ballast::risk
