#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/model/draws.h"
#include "ballast/model/forward_variance.h"

/// Bergomi's two-factor model of the forward variances xi_t^T:
///   d xi = 2 nu alpha xi [(1 - theta) e^{-k1 (T-t)} dW1 + theta e^{-k2 (T-t)} dW2],  dS/S = sqrt(xi_t^t) dW,
/// alpha = ((1-theta)² + theta² + 2 rho12 theta (1-theta))^(-1/2), so that nu is the lognormal vol of a very short vol.
/// L. Bergomi, "Stochastic Volatility Modeling" (2016), chapter 7; "Smile dynamics II", Risk (October 2005).
namespace ballast::model {

struct BergomiTwoFactor {
  ForwardVariance variance;  ///< xi_0^T
  double nu = 0.0;           ///< [0, 20] per square root of a year
  double theta = 0.0;        ///< [0, 1]
  double k1 = 0.0;           ///< [0, 1000] a year
  double k2 = 0.0;           ///< [0, 1000] a year
  double rho12 = 0.0;        ///< [-1, 1]
  double rho_s1 = 0.0;       ///< [-1, 1], of the price and W1; the three must be possible together
  double rho_s2 = 0.0;       ///< [-1, 1]
};
std::optional<Error> fault(const BergomiTwoFactor& model);

double alpha(const BergomiTwoFactor& model);
/// The lognormal vol of sqrt(xi_0^T), per square root of a year. Error of this and the next two <= 1e-13 relative,
/// tests/data/bergomi_2f.csv.
double forward_vol_vol(const BergomiTwoFactor& model, double years);
/// The lognormal vol of the variance-swap vol of maturity `years`, on a flat curve.
double swap_vol_vol(const BergomiTwoFactor& model, double years);
/// d vol / d ln(K/F) of the implied vol at the money, on a flat curve, to first order in nu.
/// Source   L. Bergomi, J. Guyon, "Stochastic volatility's orderly smiles", Risk (May 2012): S = C/(2 sigma³ T²), C the
///          integral of the covariance of ln S and the forward variances. The next term is of order nu².
double skew_at_the_money(const BergomiTwoFactor& model, double years);

/// xi_t^T from the factors at t, X_j = int_0^t e^{-k_j (t-s)} dW_j. Domain   0 <= t <= maturity.
double forward_variance(const BergomiTwoFactor& model, double t, double maturity, double x1, double x2);

/// Its paths: the factors by their exact joint law over a step, the variance from them, the price by log-Euler at the
/// variance of the step's start, its Brownian motion jointly exact with the factors. E[S] = F and E[V(t)] = xi_0^t hold
/// at every number of steps; no step is longer than a day or a 50th of the date at its end.
/// Cost     3 normals, one exponential and one root a step.
class BergomiTwoFactorPaths {
 public:
  /// Shapes and bits as PathPlan has them (paths.h). Faults   bad_input: the model's, the grid's; limit: too many
  /// steps.
  static Result<BergomiTwoFactorPaths> prepare(const BergomiTwoFactor& model, std::span<const double> years,
                                               const Draws& draws);
  std::size_t steps() const;
  void fill(std::uint64_t first, std::size_t paths, std::span<double> log_price, std::span<double> variance) const;
  /// The factors of the same paths at the dates, in the shape of log_price.
  void factors(std::uint64_t first, std::size_t paths, std::span<double> factor1, std::span<double> factor2) const;
  /// As RoughBergomiPaths::condition: given the factors.
  void condition(std::uint64_t first, std::span<double> log_forward, std::span<double> left_variance) const;

  struct Plan;  ///< internal
 private:
  std::shared_ptr<const Plan> plan_;
};

}  // namespace ballast::model
