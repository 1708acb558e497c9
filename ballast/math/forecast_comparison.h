#pragma once
#include <cstddef>
#include <optional>
#include <span>

#include "ballast/base/result.h"

namespace ballast::math {

struct ComparisonRules {
  std::optional<int> lag;  ///< of Newey and West, [0, observations); absent: newey_west_lag(observations)
  int horizon = 1;         ///< steps that a forecast looks ahead, >= 1; enters small_sample only
  /// The factor sqrt((n + 1 - 2h + h(h - 1)/n) / n) of Harvey, Leybourne and Newbold on the statistic. Their
  /// Student distribution with n - 1 degrees is taken as normal all the same.
  bool small_sample = false;
};

/// Whether one forecast (or hedge) loses less than another, from the losses of both at the same instants.
struct Comparison {
  double mean = 0.0;       ///< of first - second, in the unit of a loss: positive where the second is better
  double statistic = 0.0;  ///< mean over its HAC standard error; NaN where that is 0
  double p = 0.0;          ///< two-sided, normal: the chance of a statistic as large when both are equally good
  std::size_t observations = 0;
  int lag = 0;
};

/// The test of Diebold and Mariano on two series of losses (squared errors, say), in the order of time.
/// Losses of one instant are one observation: add them up before.
/// Error    that of the differences and of one regression on a constant: 1e-12 relative where first - second keeps its
///          digits.
/// Size     of 2,000 simulated series of 300 equally good forecasts 5 % +- 1 % reject at p < 0.05: the test beside it.
///          The normal distribution and the Bartlett kernel are large-sample answers: below 50 or so observations, or
///          where differences keep their sign for longer than the lag, they reject too often.
/// Faults   bad_input: lengths that differ, fewer than 2, a loss that is not finite, a lag or horizon outside its
///          range.
/// Source   F. X. Diebold and R. S. Mariano, J. Business & Economic Statistics 13 (1995) 253-263; D. Harvey,
///          S. Leybourne and P. Newbold, Int. J. Forecasting 13 (1997) 281-291.
Result<Comparison> compare_losses(std::span<const double> first, std::span<const double> second,
                                  const ComparisonRules& rules = {});

}  // namespace ballast::math
