#pragma once
#include <complex>

#include "ballast/model/parameters.h"

/// Lewis's line bent aside: where the exponential of a model falls slowly along the line, it falls fast away from it.
///
/// s(y) = 1/2 -+ b sin w (cosh y - 1) + i b cos w sinh y, to the left for strikes below the drifted forward, to the
/// right for those above. |s| grows by a power of e with every node, so that even an integrand that falls like 1/s²
/// ends after 37/step of them. Singularities of the models lie on the real axis and are not met.
/// Source   S. Boyarchenko and S. Levendorskii, "Sinh-acceleration: efficient evaluation of probability distributions,
///          option pricing, and Monte Carlo simulations", Int. J. Theoretical and Applied Finance 22(3) (2019).
namespace ballast::model::internal {

struct Contour {
  double angle = 0.0;  ///< w; 0 where the model cannot bend so
  double size = 0.0;   ///< b
  double step = 0.0;   ///< of y
  double side = 1.0;   ///< +1 to the left, -1 to the right

  std::complex<double> at(double y) const;
  std::complex<double> slope(double y) const;  ///< ds/dy
};
Contour contour(const TransformModel& model, double years, double side);

/// The d of e^{iud} in the exponential where it has fallen, or at u = 1e12 if it has not: the density of X is least
/// smooth there.
double far_drift(const TransformModel& model, double years);

/// How much ln |E[e^{sX}]| at s = 1/2 + iu' may rise above what it is at u, for a u' beyond: jumps of nearly one size
/// come back into phase.
double swing(const TransformModel& model, double years, double u);

}  // namespace ballast::model::internal
