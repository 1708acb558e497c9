#pragma once
#include <complex>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/model/draws.h"

/// A price whose vol is one of several, as a Markov chain in continuous time says: dS/S = vol[regime] dW, the chain
/// independent of W. J. Buffington, R. J. Elliott, Int. J. Theoretical and Applied Finance 5 (2002) 497-514.
namespace ballast::model {

struct RegimeSwitching {
  std::vector<double> vol;   ///< of each regime, [0, 10]; 1 to 16 of them
  std::vector<double> rate;  ///< [from · regimes + to], [0, 10000] a year; the diagonal is not read
  std::size_t start = 0;     ///< the regime now
};
std::optional<Error> fault(const RegimeSwitching& model);

/// E[e^{iuX}], X = ln(S(T)/F): row `start` of exp((Q + diag(psi)) T) times ones, psi = -vol² (u² + iu)/2.
/// Domain   a model without fault, years >= 0. Error   that of Eigen's matrix exponential, some 1e-14 for |Im u| <= 1.
/// Source   N. J. Higham, SIAM J. Matrix Anal. Appl. 26 (2005) 1179-1193, for the exponential.
std::complex<double> characteristic(const RegimeSwitching& model, double years, std::complex<double> u);

/// Its paths: exact in law at every date, whatever the grid. The chain switches at its own exponential times, so that
/// the variance of a step is the integral over the regimes visited. variance: that of the regime at the date.
/// Antithetic paths 2k and 2k + 1 share their chain.
/// Cost     a normal a date, two uniforms and a logarithm a switch; at most 100,000 switches expected on a path.
class RegimeSwitchingPaths {
 public:
  /// Shapes and bits as PathPlan has them (paths.h). Faults   bad_input: the model's, the grid's; limit: too many
  /// switches.
  static Result<RegimeSwitchingPaths> prepare(const RegimeSwitching& model, std::span<const double> years,
                                              const Draws& draws);
  std::size_t steps() const;
  void fill(std::uint64_t first, std::size_t paths, std::span<double> log_price, std::span<double> variance) const;
  /// As RoughBergomiPaths::condition: given the chain. The conditional forward is the forward.
  void condition(std::uint64_t first, std::span<double> log_forward, std::span<double> left_variance) const;

  struct Plan;  ///< internal
 private:
  std::shared_ptr<const Plan> plan_;
};

}  // namespace ballast::model
