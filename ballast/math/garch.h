#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "ballast/base/result.h"

/// Variances that move: GARCH(1,1) of one series of changes, mean zero, Gaussian likelihood.
///
///   h_t = omega + alpha x_(t-1)² + beta h_(t-1)
///
/// h_1 is the mean square of the sample that is fitted. Source: T. Bollerslev, J. Econometrics 31 (1986) 307-327.
namespace ballast::math {

struct Garch {
  double omega = 0.0;  ///< > 0, in the square of the unit of x
  double alpha = 0.0;  ///< >= 0, alpha + beta < 1
  double beta = 0.0;   ///< >= 0
};

struct GarchPath {
  std::vector<double> variance;  ///< h_t: of observation t, given those before it
  double next = 0.0;             ///< of the observation after the last
  double log_likelihood = 0.0;   ///< -1/2 sum (ln 2 pi + ln h + x²/h), of all observations
};

/// `sample`  h_1 is the mean square of so many first observations: all of them, unless what follows must stay unseen.
/// Error    1e-10 relative, tests/data/garch_loglik.csv.
/// Faults   bad_input: parameters outside their range, a number that is not finite, an empty series, a sample of 0 or
///          over the series, one that is all 0.
Result<GarchPath> garch_path(std::span<const double> x, const Garch& garch, std::optional<std::size_t> sample = {});

struct GarchFit {
  Garch garch;
  double log_likelihood = 0.0;
  int agreeing = 0;  ///< of the starts, how many ended within 1e-6 of this log-likelihood; there are garch_starts
};
inline constexpr int garch_starts = 6;

/// Maximum likelihood over omega > 0, alpha, beta >= 0, alpha + beta < 1 by simplex search from six persistences and
/// shares of alpha. A maximum on the bound is answered from within 1e-6 of it.
/// Error    log-likelihood 1e-8, parameters 1e-5 of the maximum that was found, where there is one inside.
/// Faults   those of garch_path; bad_input below 30 observations; no_solution where no start ends.
/// Cost     some 2,500 passes over the series: 18 ms for 500 observations (hedge/minimum_variance_bench.cc).
Result<GarchFit> fit_garch(std::span<const double> x);

}  // namespace ballast::math
