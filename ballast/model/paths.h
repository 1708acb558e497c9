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

/// A model laid out over a time grid, ready to draw any of its paths.
class PathPlan {
 public:
  /// `years` the grid: rising strictly, the first above 0, at most 100,000 of them; the start (0) is not in it.
  /// Faults   bad_input: the model's, or the grid's value that does not rise; limit: more Sobol dimensions than there
  ///          are.
  static Result<PathPlan> prepare(const PathModel& model, std::span<const double> years, const Draws& draws);

  std::size_t steps() const;

  /// Paths first .. first + paths - 1. Shapes: log_price[t · paths + i] = ln(S/F) of path first + i at years[t], and
  /// variance the same of its instantaneous variance per year (at years[t]; empty: not wanted; NaN where a model has
  /// none). Bits depend on model, grid, draws and the path's number alone: not on `first`, the block or the thread.
  void fill(std::uint64_t first, std::size_t paths, std::span<double> log_price, std::span<double> variance) const;

  class Kernel;  ///< internal
 private:
  explicit PathPlan(std::shared_ptr<const Kernel> kernel);
  std::shared_ptr<const Kernel> kernel_;
};

}  // namespace ballast::model
