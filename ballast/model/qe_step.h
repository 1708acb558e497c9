#pragma once
#include "ballast/model/parameters.h"

/// One step of Heston's model by the quadratic-exponential scheme with martingale correction.
/// Source   L. Andersen, J. Computational Finance 11(3) (2008) 1-42: sections 3.2 and 4.3, gamma_1 = gamma_2 = 1/2,
///          psi_c = 3/2. tests/data/qe_step.csv.
namespace ballast::model {

/// What depends on the step's length alone. Regular at kappa = 0.
struct QeStep {
  double decay;           ///< e^(-kappa dt)
  double pull;            ///< mean of v' = pull + decay v: theta (1 - e^(-kappa dt))
  double s0, s1;          ///< variance of v' = s0 + s1 v
  double k0, k1, k2, k3;  ///< of the log-price; K4 = K3
  double a;               ///< K2 + K4/2 of the correction
};
QeStep qe_step(const Heston& model, double years);

/// The scheme's move written out, plain: what walks a single path, and the reference of the kernel.
struct QeMove {
  bool quadratic;
  double mean, variance, psi;
  double first, second;  ///< quadratic: a, b²; exponential: p, beta
  double next;           ///< v'
  double corrected;      ///< K0*, which makes E[S'] = S; NaN where it does not exist and K0 stands in for it
};
QeMove qe_move(const QeStep& step, double v, double u);

}  // namespace ballast::model
