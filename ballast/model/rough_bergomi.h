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

/// Rough Bergomi: dS/S = sqrt(V) (rho dW + sqrt(1 - rho²) dB), V(t) = xi0(t) exp(eta Y(t) - eta² Var Y(t) / 2), Y the
/// Volterra process of volterra.h. C. Bayer, P. Friz, J. Gatheral, Quantitative Finance 16 (2016) 887-904.
namespace ballast::model {

struct RoughBergomi {
  ForwardVariance variance;  ///< xi0
  double eta = 0.0;          ///< [0, 20] per year^hurst
  double rho = 0.0;          ///< [-1, 1]
  double hurst = 0.1;        ///< [0.01, 0.5]
};
std::optional<Error> fault(const RoughBergomi& model);

/// Its paths by the hybrid scheme with kappa = 1: the newest cell exactly, an older one by the kernel's mean over it,
/// the price by log-Euler at the variance of the step's start. So E[S] = F and E[V(t)] = xi0(t) hold for the scheme
/// itself at every number of steps: Var Y is the scheme's own, a little below t^(2H) (0.2 % at H = 0.07).
/// Error    of prices falls with the longest step h as h^H or so times a small constant; with 100 steps the vols of
///          tests/data/rough_bergomi_mc.csv are met within 0.2 points. Intervals are cut so that no step is longer than
///          a day or a hundredth of the last date.
/// Cost     n²/2 multiply-adds and 3 n normals a path of n steps, in lanes: an FFT (Eigen's) catches up at some 3,500
///          steps (path_models_bench); on a grid of equal steps one row of
/// weights,
///          on any other n²/2 of them, for at most 4,000 steps.
/// Source   M. Bennedsen, A. Lunde, M. S. Pakkanen, Finance and Stochastics 21 (2017) 931-965.
class RoughBergomiPaths {
 public:
  /// Shapes and bits as PathPlan has them (paths.h). Faults   bad_input: the model's, the grid's; limit: too many
  /// steps.
  static Result<RoughBergomiPaths> prepare(const RoughBergomi& model, std::span<const double> years,
                                           const Draws& draws);
  std::size_t steps() const;
  void fill(std::uint64_t first, std::size_t paths, std::span<double> log_price, std::span<double> variance) const;

  /// At the last date, given the driver W of the variance, ln S is normal: its forward e^log_forward, its variance
  /// left_variance = (1 - rho²) int V. Shapes   both one number for each path.
  void condition(std::uint64_t first, std::span<double> log_forward, std::span<double> left_variance) const;

  struct Plan;  ///< internal
 private:
  std::shared_ptr<const Plan> plan_;
};

}  // namespace ballast::model
