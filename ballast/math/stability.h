#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "ballast/base/result.h"

namespace ballast::math {

/// P(sup |B| > x) for a Brownian bridge B on [0, 1]: 2 sum over k >= 1 of (-1)^(k+1) exp(-2 k² x²), the Kolmogorov
/// distribution's upper tail; 1 for x <= 0.
/// Error    1e-14 absolute. NaN gives NaN.
/// Source   A. N. Kolmogorov, Giornale dell'Istituto Italiano degli Attuari 4 (1933) 83-91; below x = 1 the theta
///          function's other form, which converges there.
double brownian_bridge_tail(double x);

/// Whether slopes stay what they are over a sample.
struct Stability {
  double statistic = 0.0;     ///< the largest |sum of scores| over its standard deviation, of the slopes and times
  double p = 0.0;             ///< the chance of one as large where no slope changes
  std::size_t regressor = 0;  ///< whose slope moves most, after the others' share is taken out
  std::size_t at = 0;         ///< the first observation after the likeliest change
  int lag = 0;                ///< of Newey and West
};

/// Score test of a regression with intercept: the running sum of x~ e (x~ the regressor around its mean, e the
/// residual), over the root of its long-run variance, tends to a Brownian bridge where the slope is constant, and
/// wanders off where it is not. Several slopes: sums are made independent by the root of the long-run covariance, and
/// p is that of the largest of k. Needs no guess of when the change is; residuals may be correlated and their
/// variance may move.
/// `lag`    of Newey and West, [0, n); absent: newey_west_lag(n).
/// Size     of 2,000 simulated series of 300, 2.5 to 6 % reject at p < 0.05, also where the variance is a GARCH's:
///          stability_test.cc. Below 100 observations it rejects less.
/// Faults   those of regress(); bad_input below 10 observations or without a regressor; no_solution: scores that depend
///          on one another. Where y is fitted to its rounding there is nothing to judge by: statistic and p are NaN.
/// Source   A. Zeileis and K. Hornik, Statistica Neerlandica 61 (2007) 488-508, the double maximum of scores;
///          J. Nyblom, J. American Statistical Association 84 (1989) 223-230. A CUSUM of residuals would not see a
///          slope change of a regressor with mean 0: W. Krämer, W. Ploberger, R. Alt, Econometrica 56 (1988) 1355-1369.
Result<Stability> slope_stability(std::span<const double> y, std::span<const std::vector<double>> regressors,
                                  std::optional<int> lag = {});

}  // namespace ballast::math
