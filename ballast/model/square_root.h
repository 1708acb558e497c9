#pragma once
#include "ballast/model/parameters.h"

namespace ballast::model {

/// Exact moments of the square-root variance of Heston's model at a time, and of its integral up to it.
struct SquareRootMoments {
  double mean = 0.0, variance = 0.0;                    ///< of v(T), per year
  double integral_mean = 0.0, integral_variance = 0.0;  ///< of the integral of v over [0, T]
};

/// Domain   the ranges of Heston's parameters, kappa = 0 included; years >= 0. Outside: NaN.
/// Error    1e-12 relative, tests/data/cir_moments.csv and quadrature at small kappa T.
/// Source   J. C. Cox, J. E. Ingersoll, S. A. Ross, Econometrica 53 (1985) 385-407, eq. 19; the integral: twice the
///          integral of Var v(s) (1 - e^(-kappa (T - s)))/kappa, worked out and expanded where it cancels.
SquareRootMoments square_root_moments(const Heston& model, double years);

}  // namespace ballast::model
