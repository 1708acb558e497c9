#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/base/rng.h"
#include "ballast/math/conditional_correlation.h"
#include "ballast/math/forecast_comparison.h"
#include "ballast/math/stability.h"

/// Hedge ratios from data: how many units of each hedge to be short for one unit of the position so that the variance
/// of what is left is least. The position's changes s and those f of the hedges come in the order of time, equally
/// apart and over the same intervals; both as returns or both as differences, and the ratio is in the unit of one over
/// the other. docs/ratio-study.md has what such ratios are worth on recorded chains.
namespace ballast::hedge {

enum class RatioMethod {
  ols,               ///< least squares on changes with a constant: L. H. Ederington, J. Finance 34 (1979) 157-170
  ewma,              ///< covariances that fade by lambda, means of zero: RiskMetrics, 4th ed. (1996) 5.2
  ridge,             ///< least squares drawn to what is expected beforehand: 1 for futures on the same coin
  error_correction,  ///< one hedge; a third regressor, how far the levels have drifted apart: A. Ghosh, J. Futures
                     ///< Markets 13 (1993) 743-752
  ccc,               ///< GARCH(1,1) variances, constant correlation: K. F. Kroner and J. Sultan, J. Financial and
                     ///< Quantitative Analysis 28 (1993) 535-551, of the covariances in math/conditional_correlation.h
  dcc                ///< the same with moving correlations
};

struct MinimumVarianceRules {
  RatioMethod method = RatioMethod::ols;
  double confidence = 0.95;        ///< of the intervals, (0, 1)
  std::optional<int> lag;          ///< of Newey and West; absent: math::newey_west_lag
  double lambda = 0.94;            ///< of ewma, (0, 1): RiskMetrics' daily value
  std::size_t warm_up = 20;        ///< of ewma: it starts from the mean products of so many, [1, observations)
  std::vector<double> expected;    ///< of ridge: a ratio a hedge; empty: equal ones that sum to 1
  double expected_sd = 0.1;        ///< of ridge: how far from it a ratio is thought to be, > 0
  std::vector<math::Garch> garch;  ///< of ccc, dcc: position first; empty: fitted
  std::optional<math::Dcc> dcc;    ///< absent: fitted
  std::size_t holdout = 0;         ///< so many last observations judge ratios estimated without them; [0, observations)
  int resamples = 999;             ///< of the bootstrap, >= 0; 0: no interval for effectiveness
  std::optional<double> mean_block;  ///< of the bootstrap, observations, >= 1; absent: math::mean_block
};

struct RatioEstimate {
  double ratio = 0.0;            ///< units of the hedge to be short for one unit of the position, for the next interval
  double error = 0.0;            ///< standard error, see below
  double low = 0.0, high = 0.0;  ///< ratio -+ quantile · error
};

/// What hedging leaves of variance, of one row of observations.
struct Effectiveness {
  double value = 0.0;               ///< 1 - variance(hedged)/variance(unhedged); in sample under ols it is R²
  std::optional<double> low, high;  ///< bootstrap percentiles at the rules' confidence, the ratios held
  double downside = 0.0;            ///< the same of the mean square of losses below 0
  std::size_t observations = 0;
};

struct OutOfSample {
  Effectiveness effectiveness;
  std::vector<double> ratio;  ///< of the first observation held out
  /// One hedge: the same for the ratio 1, and whether it loses more (positive: the estimate is better).
  std::optional<Effectiveness> of_one;
  std::optional<math::Comparison> against_one;
};

struct MinimumVariance {
  std::vector<RatioEstimate> ratios;  ///< in the order of the hedges
  /// Ratios used at each observation, from what was known before it (ewma, ccc, dcc) or of the whole sample; empty
  /// while ewma warms up.
  std::vector<std::vector<double>> path;
  double residual_sd = 0.0;  ///< standard deviation of what is left over, in the position's unit
  Effectiveness in_sample;
  std::optional<OutOfSample> out_of_sample;
  math::Stability stability;          ///< whether the slopes of ols stay what they are over the sample
  std::optional<double> drift_speed;  ///< of error_correction: the coefficient of the drift, < 0 pulls back
  std::vector<math::Garch> garch;     ///< of ccc, dcc: as used, position first
  std::optional<math::Dcc> dcc;       ///< of dcc: as used
  std::size_t observations = 0;
};

/// Standard errors. ols, error_correction: Newey-West. ewma: Newey-West of the weighted regression. ridge: of the
/// posterior, with the Newey-West covariance of least squares in the place of a likelihood. ccc, dcc: the position is
/// regressed on what the path of ratios hedged; the Newey-West error of that multiplier (1 where the ratios are right)
/// times the ratio. It says how well the level of the path is known, not its last step.
/// ewma, ccc and dcc move on through the held-out part with parameters estimated before it; the others stay.
/// `rng`    of the bootstrap only; where it stands afterwards is part of the answer to the next call.
/// Error    1e-12 relative on tests/data/minvar_hull_results.csv, 1e-10 on hedge_timeseries_results.csv.
/// Faults   bad_input: no hedge or over 16, lengths that differ, fewer than 10 observations (or than a method needs) in
///          any part, a number that is not finite, a rule outside its range; no_solution: hedges that depend on one
///          another, changes that are all 0.
/// Cost     O(n k²) and resamples · n; ccc and dcc see math/garch.h.
Result<MinimumVariance> minimum_variance(std::span<const double> position, std::span<const std::vector<double>> hedges,
                                         const MinimumVarianceRules& rules, Rng& rng);

/// From prices to changes: ln(p1/p0), for ratios of values, or p1 - p0, for ratios of amounts.
enum class Changes { log, difference };

/// One change fewer than prices.
/// Domain   log: prices > 0, else NaN in the changes that touch the price.
std::vector<double> changes_of(std::span<const double> prices, Changes changes);

/// Contracts to be short: ratio × position / contract. A ratio of differences takes both as sizes (gallons, coins); one
/// of returns takes both as values in one money, which tails the hedge of a future that settles daily.
/// Domain   contract > 0, else NaN.
/// Source   J. C. Hull, "Options, Futures, and Other Derivatives", 3.4.
double contracts(double ratio, double position, double contract);

}  // namespace ballast::hedge
