#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "ballast/base/result.h"

namespace ballast::math {

/// Weighted least squares of y on a few regressors, with the errors of its coefficients.
struct RegressionRules {
  bool intercept = true;   ///< a first coefficient on 1; false: the regressors alone, through the origin
  std::optional<int> lag;  ///< of Newey and West, [0, observations); absent: newey_west_lag(observations)
};

struct Regression {
  /// The intercept first where there is one, then a number a regressor, in the unit of y over that of the regressor.
  std::vector<double> coefficient;
  std::vector<double> error;           ///< classical standard errors: equal variance after weighting, no correlation
  std::vector<double> hac_error;       ///< Newey-West: right for unequal variances and correlation up to about `lag`
  std::vector<double> hac_covariance;  ///< of the coefficients, row by row; hac_error² on its diagonal
  std::vector<double> t;               ///< coefficient / error; NaN where the error is 0
  std::vector<double> hac_t;           ///< coefficient / hac_error; NaN where the error is 0
  double sum_of_squares = 0.0;         ///< of the weighted residuals, sum of w e²
  std::size_t observations = 0;
  int lag = 0;  ///< that hac_error was taken with
};

/// The lag floor(0.75 n^(1/3)) of the Bartlett kernel, exact for every n.
/// Source   growth and constant of D. W. K. Andrews, Econometrica 59 (1991) 817-858, eq. 6.2 and 6.4: bandwidth
///          1.1447 (alpha n)^(1/3), alpha = 4 r²/((1 - r)² (1 + r)²) for scores that follow an AR(1) with r = 0.25,
///          which makes 0.753; J. H. Stock and M. W. Watson, "Introduction to Econometrics", 3rd ed. (2011), 15.4,
///          print it as 0.75.
int newey_west_lag(std::size_t observations);

/// Least squares: the coefficients that make sum of w (y - x·coefficient)² least.
/// `regressors` one column each, of y's length; `weight` > 0 or 0, relative (their scale changes no result but
/// sum_of_squares); empty: all 1. Rows stand in the order of time, equally apart: the lags count rows.
/// Error    <= 1e-9 relative on tests/data/hull_white_results.csv, whose columns are nearly dependent; 1e-12 where they
///          are not (regression_test.cc). By a QR decomposition of columns of length 1, never the normal equations.
/// Faults   bad_input: lengths that differ, no regressor at all, more than 16, a number that is not finite, a weight
///          below 0, a lag outside its range, not more rows of weight > 0 than coefficients; no_solution: columns that
///          depend on one another to 1e-12.
/// Cost     O(n p² (1 + lag)) for p coefficients.
/// Source   W. K. Newey and K. D. West, Econometrica 55 (1987) 703-708: weights 1 - l/(lag + 1), no correction for
///          small samples.
Result<Regression> regress(std::span<const double> y, std::span<const std::vector<double>> regressors,
                           std::span<const double> weight = {}, const RegressionRules& rules = {});

}  // namespace ballast::math
