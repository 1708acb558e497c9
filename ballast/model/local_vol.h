#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "ballast/base/result.h"
#include "ballast/model/draws.h"

/// Local volatility: dF/F = sigma(t, ln(F(t)/F(0))) dW, the one diffusion of the price alone that has a given surface
/// of vanilla prices. B. Dupire, "Pricing with a smile", Risk 7 (January 1994) 18-20.
namespace ballast::model {

/// A point of a surface of total variance w(k, T), k = ln(K/F) of its own expiry, with its derivatives.
struct VariancePoint {
  double w = 0.0;          ///< > 0
  double slope = 0.0;      ///< dw/dk
  double curvature = 0.0;  ///< d²w/dk²
  double rise = 0.0;       ///< dw/dT at fixed k, per year
};

/// sigma² = (dw/dT) / g, g = (1 - k w'/(2w))² - (w'²/4)(1/w + 1/4) + w''/2: variance per year.
/// Domain   w, g > 0 and dw/dT >= 0; NaN outside, where the surface has arbitrage.
/// Error    <= 1e-13 relative where g has no cancellation; tests/data/ssvi_dupire.csv within 1e-10.
double dupire_variance(double k, const VariancePoint& point);

struct LocalVol {
  std::function<VariancePoint(double years, double k)> surface;  ///< any years > 0, any k
  double floor = 0.05;  ///< [0, cap] of the local vol; taken where dw/dT < 0 too
  double cap = 4.0;     ///< (0, 10]; taken where g <= 0 too
};
std::optional<Error> fault(const LocalVol& model);

/// Its paths by the weak Taylor scheme of order 2 in the log-price, at the local vol of the middle of each step's time
/// and normalised so that E[S] = F holds for the scheme itself. No step is longer than a day or a 50th of the date at
/// its end: log-Euler on these steps, which a path's vol lags behind, was 30 bp off at the money of a week's expiry.
/// The local vol of a step is linear between 512 equal nodes that reach 7 deviations to each side (|k|/sqrt(w(k)), at
/// most |k| = 5), and constant beyond.
/// Error    vanillas of the surface within 5 bp of vol for expiries of a week to a year (tests/local_vol_test.cc,
/// tools/rough_check on SSVI). Source   P. E. Kloeden, E. Platen, "Numerical Solution of Stochastic Differential
/// Equations" (1992), (14.2.1). Cost     of a step one normal, four gathers and a logarithm; of prepare 513 points of
/// the surface a step and a date, for at most
///          20,000 of them.
class LocalVolPaths {
 public:
  /// Shapes and bits as PathPlan has them (paths.h). Faults   bad_input: the model's, the grid's, a point that the
  /// surface has no number at; limit: too many steps.
  static Result<LocalVolPaths> prepare(const LocalVol& model, std::span<const double> years, const Draws& draws);
  std::size_t steps() const;
  void fill(std::uint64_t first, std::size_t paths, std::span<double> log_price, std::span<double> variance) const;

  /// Shares of the nodes at which floor and cap took the place of the surface.
  double floored() const;
  double capped() const;

  struct Plan;  ///< internal
 private:
  std::shared_ptr<const Plan> plan_;
};

}  // namespace ballast::model
