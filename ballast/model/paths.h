#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <variant>

#include "ballast/base/result.h"
#include "ballast/model/bergomi_two_factor.h"
#include "ballast/model/draws.h"
#include "ballast/model/local_vol.h"
#include "ballast/model/parameters.h"
#include "ballast/model/regime_switching.h"
#include "ballast/model/return_bootstrap.h"
#include "ballast/model/rough_bergomi.h"
#include "ballast/model/sabr.h"

/// Paths of a model, in blocks of columns: what sim, Monte Carlo prices and other tools draw from.
namespace ballast::model {

/// The last six have no transform to price by; their own headers say how they walk and what else they answer.
using PathModel = std::variant<BlackScholes, Merton, Kou, Heston, Bates, Svcj, RoughBergomi, BergomiTwoFactor, LocalVol,
                               Sabr, RegimeSwitching, ReturnBootstrap>;
std::string_view name(const PathModel& model);

/// A model laid out over a time grid, ready to draw any of its paths. E[S] = F at every time of the grid, exactly but
/// for what stands under Martingale.
///
/// | model | scheme | law of ln S on the grid |
/// |---|---|---|
/// | black | exact normal increments | exact, for steps of any length |
/// | merton, kou | the same, and every jump at its own time, compensated | exact, for steps of any length |
/// | heston | QE-M: v' matches mean and variance of its exact law given v; integral of v by the trapezium | biased |
/// | bates | heston, and the jumps of merton | as heston |
/// | svcj | QE-M from jump to jump, both jumps at their own times: no combined or lost ones | as heston |
/// | the others | see their headers | |
///
/// Bias     of QE-M falls with the step; against tests/data/*_prices.csv at 64 steps a year (64 at least) it is below
///          what 2 million antithetic pairs see but for xi = 3 with kappa = 0.2: 0.7 % of the at-the-money option,
///          below 0.1 % at 256 a year (tools/path_check).
/// Martingale  the correction of QE-M exists but for steps of years with rho > 0 and kappa dt >> 1 (E[S'] itself is
///          infinite there); Andersen's uncorrected K0 stands in for it then, and E[S] = F holds as far as the bias
///          does.
/// Source   P. Glasserman, "Monte Carlo Methods in Financial Engineering" (2003), 3.2 and 3.5; L. Andersen,
///          J. Computational Finance 11(3) (2008) 1-42, psi_c = 3/2.
/// Cost     docs/performance.md: 4 ns a step of black, 12 of heston, 15 of svcj, some 100 ns a jump on top.
class PathPlan {
 public:
  /// `years` the grid: rising strictly, the first above 0, at most 100,000 of them; the start (0) is not in it.
  /// Faults   bad_input: the model's, or the grid's value that does not rise; limit: too many steps, more Sobol
  ///          dimensions (one a step of black, merton and kou, two of the others) than math::Sobol has, or more than
  ///          100,000 jumps expected on a path.
  static Result<PathPlan> prepare(const PathModel& model, std::span<const double> years, const Draws& draws);

  std::size_t steps() const;

  /// Paths first .. first + paths - 1. Shapes: log_price[t · paths + i] = ln(S/F) of path first + i at years[t], and
  /// variance the same of its instantaneous variance per year (at years[t]; empty: not wanted; NaN where a model has
  /// none; of models without a random one it is vol²). Other lengths stop the program. Sobol points end at path 2^32.
  /// Bits depend on model, grid, draws and the path's number alone: not on `first`, the block or the thread. Fastest
  /// where first and paths are multiples of 64: other paths of a block that is cut are drawn and dropped.
  void fill(std::uint64_t first, std::size_t paths, std::span<double> log_price, std::span<double> variance) const;

  class Kernel;  ///< internal
 private:
  explicit PathPlan(std::shared_ptr<const Kernel> kernel);
  std::shared_ptr<const Kernel> kernel_;
};

}  // namespace ballast::model
