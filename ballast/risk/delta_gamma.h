#pragma once
#include "ballast/risk/value_at_risk.h"

namespace ballast::risk {

/// A P&L that is quadratic in one normal move: delta x + gamma x^2 / 2, x ~ N(0, stdev^2). One unit of money
/// throughout. Domain   all finite, stdev > 0; alpha in (0, 1). Outside: NaN.
struct DeltaGamma {
  double delta = 0.0;  ///< money per unit of the move
  double gamma = 0.0;  ///< money per unit of the move squared
  double stdev = 0.0;  ///< of the move, in its unit
};

struct Moments {
  double mean = 0.0;
  double stdev = 0.0;
  double skew = 0.0;             ///< third cumulant over stdev^3; NaN where stdev is 0
  double excess_kurtosis = 0.0;  ///< fourth cumulant over stdev^4
};

/// The P&L's moments, exact.
/// Source   cumulants of a quadratic form: S. R. Jaschke, "The Cornish-Fisher expansion in the context of delta-gamma-
///          normal approximations", J. Risk 4 (2002) 33-52.
Moments moments(const DeltaGamma& pnl);

/// The loss quantile by the expansion in skew and kurtosis. Where gamma dominates it is some percent off, to either
/// side (5 % for pure short gamma at 99 %, tests/data/delta_gamma_var.csv): prefer delta_gamma_tail.
/// Source   E. A. Cornish, R. A. Fisher, Revue de l'Institut International de Statistique 5 (1938) 307-320; Jaschke.
double cornish_fisher_var(const DeltaGamma& pnl, double alpha);

/// VaR and expected shortfall of the quadratic itself: the tail beyond a loss is one or two tails of the normal, its
/// edge a root.
/// Error    1e-12 of |delta| stdev + |gamma| stdev^2 for alpha up to 0.9999.
TailRisk delta_gamma_tail(const DeltaGamma& pnl, double alpha);

}  // namespace ballast::risk
