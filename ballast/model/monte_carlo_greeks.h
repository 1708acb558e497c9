#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/base/units.h"
#include "ballast/model/draws.h"
#include "ballast/model/estimate.h"
#include "ballast/model/paths.h"

/// Prices and Greeks of European options by Monte Carlo on the paths of paths.h, each with its standard error: a check
/// on other ways to the same number, and the estimators themselves for payoffs that have no other way.
///
/// With S = F e^X at expiry, the payoff P = max(sign (S - K), 0), I = 1 in the money, and Z the standard normal that X
/// holds with the standard deviation s once the variance's path and the jumps are known (s = vol sqrt(T) of black):
///
/// | estimator | of a path | black | heston, bates | svcj |
/// |---|---|---|---|---|
/// | price | P | yes | yes | yes |
/// | delta_pathwise | sign I S/F, by scale invariance: S is proportional to F | yes | yes | yes |
/// | delta_likelihood_ratio | P Z/(F s) | yes | yes | |
/// | gamma_likelihood_ratio | P (Z² - 1 - Z s)/(F² s²) | yes | yes | |
/// | gamma_mixed | sign I K Z/(F² s): the score's delta, differentiated along the path | yes | yes | |
/// | vega_pathwise | sign I S (Z sqrt(T) - vol T) | yes | | |
/// | vega_likelihood_ratio | P ((Z² - 1)/vol - Z sqrt(T)) | yes | | |
/// | price_conditional | E[P given R] = sign (F R N(sign d1) - K N(sign d2)), Black's price of F R and s | | yes | |
/// | delta_conditional | sign R N(sign d1) | | yes | |
/// | gamma_conditional | R phi(d1)/(F s) | | yes | |
/// | v0_slope | (P at v0 (1 + b) - P at v0 (1 - b))/(2 b v0), b = v0_bump, from the same numbers | | yes | yes |
///
/// R is S/F averaged over Z alone, and d1 = ln(F R/K)/s + s/2, d2 = d1 - s. Black's own would be its formulas.
/// Where nothing stands the estimate is NaN, of no samples; so are those with Z where rho is 1 or -1, as then the
/// variance leaves no normal. Between its jumps svcj moves in steps of its own, which the
/// paths do not show: its Z is not known.
/// Units    undiscounted, one long option on one coin. Settled in USD: price in USD, delta dC/dF in coin, gamma per
///          USD, vega per 1.00 of vol, v0_slope per 1.00 of v0. Settled in coin the payoff is P/S coin, worth
///          C/F under the measure of the coin (S/F is its density on the one of USD); the same Greeks of C/F, delta
///          d(C/F)/dF per USD and so on, each from the path's own numbers of C.
/// Control  S/F, and R for the conditional ones; the expectation of both is 1.
/// Error    the standard error of each estimate, and the bias of the scheme (paths.h; black has none). That of
///          gamma_mixed, half a year at 64 steps a year: below the 0.3 % that 10^5 pairs see with xi = 1.6 and
///          kappa = 3; 1.6 % with xi = 3 and kappa = 0.2, below 1 % at 256 a year. The conditional estimators see more
///          of it, their errors being some 10 times smaller (median, gamma_mixed to gamma_conditional): with 10^5 paths
///          and 64 steps a year, 64 at least, 0.4 % at most; but two years at xi = 3 and kappa = 0.2 have -3 % of delta
///          and 3 % of gamma, -0.6 % and 1.5 % at 256 a year, below 0.4 % at 768 (tools/path_check --greeks).
///          v0_slope has the error of the central difference besides: b² v0² d3C/dv0³ / 6.
/// Source   P. Glasserman, "Monte Carlo Methods in Financial Engineering" (2003), 7.1 to 7.3; M. Broadie,
///          P. Glasserman, Management Science 42 (1996) 269-285; the control S/F: Glasserman 4.1;
///          conditional: G. A. Willard, Journal of Derivatives 5(1) (1997) 45-61.
namespace ballast::model {

enum class Estimator {
  price,
  delta_pathwise,
  delta_likelihood_ratio,
  gamma_likelihood_ratio,
  gamma_mixed,
  vega_pathwise,
  vega_likelihood_ratio,
  v0_slope,
  price_conditional,
  delta_conditional,
  gamma_conditional
};
inline constexpr std::size_t estimators = 11;
std::string_view name(Estimator estimator);

/// Relative, of v0. The difference is off by 5e-4 of the slope at most (half a year, four sets of parameters); 0.03
/// raises the error of the estimate by up to half where the variance is often near 0, as paths of v0 moved up and down
/// take different branches of the scheme there.
inline constexpr double v0_bump = 0.1;

struct SimulatedOption {
  Price forward;              ///< > 0
  Price strike;               ///< > 0
  double sign = 1.0;          ///< +1 call, -1 put
  bool coin_settled = false;  ///< the payoff over S, in coin
};

/// What the estimators read of one path. NaN: not known.
struct PathEnd {
  double ratio;                  ///< S/F
  double normal, stdev;          ///< Z and s
  double mean_ratio;             ///< R
  double ratio_up, ratio_down;   ///< S/F with v0 moved
  double vol, years, v0_change;  ///< black's vol, the time to expiry, and v0 up less v0 down
};

/// The table above for one path and one option, by Estimator; NaN what needs a number that is not known.
std::array<double, estimators> path_values(const SimulatedOption& option, const PathEnd& path);

/// Of some options, all estimators: what a block of paths leaves behind.
struct GreekMoments {
  std::vector<SampleMoments> moments;  ///< [option · estimators + estimator]

  Estimate plain(std::size_t option, Estimator estimator) const;
  Estimate controlled(std::size_t option, Estimator estimator) const;  ///< see Control, and estimate.h
};

/// Of both; either may be empty.
GreekMoments joined(const GreekMoments& a, const GreekMoments& b);

/// Options of one expiry on one model's paths. A pair of antithetic paths is averaged first and is one sample. The
/// errors are for DrawSource::philox: of Sobol points take the means of several seeds to of_randomisations().
class GreekPlan {
 public:
  static constexpr std::size_t block_paths = 4096;

  /// `years` the grid of the paths, whose last time is the expiry; one step is enough for black.
  /// Domain   black, heston, bates and svcj; v0 > 0 and v0 (1 + v0_bump) within Heston's bounds.
  /// Faults   bad_input: another model, the model's own, v0 = 0, no option, a forward, strike or sign out of range;
  ///          and those of PathPlan.
  static Result<GreekPlan> prepare(const PathModel& model, std::span<const double> years,
                                   std::span<const SimulatedOption> options, const Draws& draws);

  /// Paths block_paths · index and on, `paths` of them (<= block_paths, even with antithetic draws: else the program
  /// stops). Any thread may compute any block: its bits depend on its own index alone, and blocks joined in their order
  /// are run()'s bits.
  GreekMoments block(std::uint64_t index, std::size_t paths = block_paths) const;

  /// The first `paths` paths in blocks, one after the other.
  /// Cost     each step that of paths.h, three times for v0_slope; heston and bates some 0.1 us a step for Z.
  GreekMoments run(std::size_t paths) const;

 private:
  struct Parts;
  explicit GreekPlan(std::shared_ptr<const Parts> parts);
  std::shared_ptr<const Parts> parts_;
};

}  // namespace ballast::model
