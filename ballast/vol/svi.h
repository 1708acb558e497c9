#pragma once
#include "ballast/base/result.h"
#include "ballast/vol/smile.h"

namespace ballast::vol {

/// Gatheral's raw SVI: w(k) = a + b (rho (k - m) + sqrt((k - m)² + sigma²)).
/// Domain   b >= 0, |rho| < 1, sigma > 0, w_min = a + b sigma sqrt(1 - rho²) >= 0, wings b (1 + |rho|) <= 2 (Lee).
/// Source   J. Gatheral and A. Jacquier, "Arbitrage-free SVI volatility surfaces", Quantitative Finance 14 (2014)
/// 59-71.
struct Svi {
  double a = 0.0, b = 0.0, rho = 0.0, m = 0.0, sigma = 1.0;
};

/// The natural form: w(k) = delta + (omega/2)(1 + zeta rho (k - mu) + sqrt((zeta (k - mu) + rho)² + 1 - rho²)).
struct NaturalSvi {
  double delta = 0.0, mu = 0.0, rho = 0.0, omega = 0.0, zeta = 1.0;
};

/// The jump-wings form at its expiry of `years`: what a trader reads off a smile.
struct JumpWings {
  double v = 0.0;           ///< at-the-money variance per year, > 0
  double psi = 0.0;         ///< at-the-money skew: d sqrt(w) / dk
  double p = 0.0, c = 0.0;  ///< slopes of the put and call wing over sqrt(w(0)), >= 0
  double v_min = 0.0;       ///< least variance per year
  double years = 1.0;       ///< > 0
};

/// Error    <= 4 ulp of w and 16 ulp of the largest term of each derivative, tests/data/svi_grid.csv.
SmilePoint at(const Svi& svi, double k);

/// The least total variance and the log-moneyness that has it.
struct SviMinimum {
  double k, total_variance;
};
SviMinimum minimum(const Svi& svi);

/// The larger of the two wing slopes, b (1 + |rho|): Lee's bound is 2.
double steepest_wing(const Svi& svi);

NaturalSvi natural(const Svi& svi);
Svi raw(const NaturalSvi& natural);

/// Domain   w(0) > 0 and b > 0, else NaN fields.
JumpWings jump_wings(const Svi& svi, Years years);

/// Fault bad_input, with the offending value, when no raw SVI of the domain has these wings: one of v, p, c, years not
/// positive, a negative v_min or one that is not below v, a wing over Lee's bound, |rho - 2 psi sqrt(w0)/b| >= 1.
Result<Svi> raw(const JumpWings& wings);

}  // namespace ballast::vol
