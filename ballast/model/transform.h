#pragma once
#include <array>
#include <complex>
#include <cstddef>
#include <span>

#include "ballast/base/result.h"
#include "ballast/base/units.h"
#include "ballast/model/parameters.h"

/// Prices and Greeks of all options of one expiry from a model's characteristic function, in one pass.
///
/// Method   A. Lewis's integral ("Option valuation under stochastic volatility", 2000; formulas in docs/sources.md) on
///          Im u = -1/2 by the trapezoidal rule, with the integrand of Black's formula subtracted that has the same
///          value at u = -i/2. The rule sums the images of the price function at distances 2 pi/step: the step is taken
///          so that Chernoff's bound on the model's own tails, from its moments, puts them below the tolerance times
///          sqrt(forward · strike); the nodes end where what is left is below a tenth of that. Where 1024 nodes do not
///          get there the line is bent into the plane, where every model falls fast. docs/decisions/0011.
/// Bits     depend on the arguments alone (not on the order of strikes; but on the farthest, which set the step), by
/// class of arithmetic (math::arithmetic()).
namespace ballast::model {

/// E[e^{iuX}], X = ln(S(T)/F).
/// Domain   a model without a fault, years in [0, 100], u where the mean exists; NaN outside.
/// Error    <= 1e-14 absolute, tests/data/characteristic_functions.csv.
std::complex<double> characteristic_function(const TransformModel& model, std::complex<double> u, Years years);

/// ln E[(S(T)/F)^power], infinite where the moment is; of the double-jump model an upper bound, tight to how much the
/// jumps of the variance add during the option's life; of rough Heston by 64 steps and, where above 0, 2 % more.
double log_moment(const TransformModel& model, double power, Years years);

/// The first four cumulants of X.
/// Error    <= 1e-12 relative, tests/data/cumulants.csv; rough Heston 1e-5, by Cauchy's integral.
std::array<double, 4> cumulants(const TransformModel& model, Years years);

/// The options of one expiry, in columns of one length.
struct ExpiryOptions {
  Price forward;                   ///< > 0
  Years years;                     ///< (0, 100]
  std::span<const double> strike;  ///< USD, > 0
  std::span<const double> sign;    ///< +1 call, -1 put
};

/// Where the answers go, undiscounted and for one long option on one coin. A column is as long as the options, or empty
/// where it is not wanted.
struct TransformColumns {
  std::span<double> price;  ///< USD per coin
  std::span<double> delta;  ///< dC/dF, the other numbers of the model held
  std::span<double> gamma;  ///< d2C/dF2, per USD
  std::span<double> theta;  ///< -dC/dT per year, F held
  /// dC's covariance with dF over dF's variance, instantaneous and under the model's own measure: the delta that leaves
  /// the least variance to a hedge with the forward alone. NaN where dF has none.
  std::span<double> minimum_variance_delta;
  std::span<double> gradient;  ///< dC/d parameter: [parameter · options + option], parameters as values() has them
};

struct TransformReport {
  std::size_t nodes = 0;
  double step = 0.0;   ///< of the frequency
  double error = 0.0;  ///< estimate of what the nodes left out, of a price over sqrt(forward · strike)
};

/// Most nodes of an expiry. 32 to 128 serve as a rule.
inline constexpr std::size_t most_nodes = std::size_t{1} << 15;

/// Error    on tests/data/*_prices.csv, over the spot: price 1e-15 (variance gamma 2e-15, CGMY 1e-14), delta 4e-15,
///          gamma 5e-13 of 1/spot, gradient to v0 1e-14, minimum-variance delta 5e-14. Theta and the other slopes agree
///          with differences of the price to 1e-11 forward. Anywhere in the domain of every model, years in [1e-4, 30]:
///          price <= 1e-11 (forward + strike), 4e-15 as a rule; rough Heston 1e-6, its solver's
///          (tools/transform_sweep.cc: of 100,000 sets one Bates, whose jumps go by e^3, is off by 1.8e-11). A strike beyond Chernoff's
///          reach, where the option out of the money is worth less than the tolerance times sqrt(forward · strike), is
///          worth its intrinsic value. Next to the strike where a model's density is infinite (variance gamma with
///          years < nu) gamma is as large as it is. Rough Heston: 1e-8 forward, tests/data/rough_heston_prices.csv; its
///          slopes to kappa, xi, rho and hurst are central differences of the exponent; 0.1 ms a block of 32 nodes. A
///          tolerance wider than 1e-14 adds as much of sqrt(forward · strike), and takes fewer nodes: some 40 % less at
///          1e-10.
/// Domain   tolerance in [1e-14, 1e-4].
/// Faults   bad_input: the model's, forward, years or a strike or sign out of range, columns of another length. limit:
///          most_nodes were not enough, see above. no_solution: the exponent is no number.
/// Cost     nodes · (10 to 40 ns + options · (2 + 2 columns) multiply-adds); on the bent line an exponential more for
///          each node and option. <= 1024 nodes but for jumps of nearly one size, where it may be 5 ms.
Result<TransformReport> transform(const TransformModel& model, const ExpiryOptions& options,
                                  const TransformColumns& out, double tolerance = 1e-14);

}  // namespace ballast::model
