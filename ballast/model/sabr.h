#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "ballast/base/result.h"
#include "ballast/model/draws.h"

/// SABR on the forward over its start, f = F/F(0): df = a f^beta dW, da = nu a dZ, dW dZ = rho dt.
/// P. Hagan, D. Kumar, A. Lesniewski, D. Woodward, "Managing smile risk", Wilmott (September 2002) 84-108.
namespace ballast::model {

struct Sabr {
  double alpha = 0.0;  ///< [0.0001, 10], a at the start: that of dF = alpha F^beta dW times F(0)^(beta - 1)
  double beta = 1.0;   ///< [0, 1]
  double rho = 0.0;    ///< [-1, 1]
  double nu = 0.0;     ///< [0, 20] per square root of a year
};
std::optional<Error> fault(const Sabr& model);

/// Its paths: a exactly, ln F by the weak Taylor scheme of order 2, normalised so that E[S] = F holds for the scheme
/// itself; no step longer than a day or a 50th of the date at its end. (Log-Euler on these steps keeps a 50th of the
/// skew back.) With beta < 1 the forward can reach 0 and stays there: a path that falls to a thousandth of its start is
/// absorbed where it stands, which moves a put by less than a thousandth of the forward times the chance of it.
/// The variance is that of ln F, a² f^(2 beta - 2); 0 once absorbed.
/// Error    from 50 steps to 400 the vols of a week's and a month's expiry move by less than 1 bp (tools/rough_check);
///          the rest of a difference to Hagan's and Obloj's vols is the expansion's, of second order in nu² T.
/// Source   P. E. Kloeden, E. Platen, "Numerical Solution of Stochastic Differential Equations" (1992), (14.2.7).
/// Cost     2 normals, an exponential and a logarithm a step, with beta < 1 another exponential.
class SabrPaths {
 public:
  /// Shapes and bits as PathPlan has them (paths.h). Faults   bad_input: the model's, the grid's; limit: too many
  /// steps.
  static Result<SabrPaths> prepare(const Sabr& model, std::span<const double> years, const Draws& draws);
  std::size_t steps() const;
  void fill(std::uint64_t first, std::size_t paths, std::span<double> log_price, std::span<double> variance) const;
  /// As RoughBergomiPaths::condition: given a. beta = 1, else the program stops.
  void condition(std::uint64_t first, std::span<double> log_forward, std::span<double> left_variance) const;

  struct Plan;  ///< internal
 private:
  std::shared_ptr<const Plan> plan_;
};

}  // namespace ballast::model
