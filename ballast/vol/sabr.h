#pragma once
#include "ballast/base/units.h"
#include "ballast/vol/smile.h"

namespace ballast::vol {

/// One expiry's smile in the SABR model: dF = alpha F^beta dW, d alpha = nu alpha dZ, correlation rho.
/// Domain   alpha > 0, beta in [0, 1], |rho| < 1, nu >= 0, forward > 0, years >= 0, all finite. Outside every function
///          below is NaN, and so it is where the expansion's correction in time is not positive (nu²·years beyond 24 or
///          so): the expansion says nothing there.
struct Sabr {
  double alpha = 0.0;  ///< vol times forward^(1 - beta)
  double beta = 1.0;   ///< [0, 1]
  double rho = 0.0;
  double nu = 0.0;  ///< vol of alpha, per square root of a year
  Price forward;    ///< USD per coin
  Years years;      ///< to expiry
};

/// Hagan's lognormal vol of a strike, per square root of a year.
/// Error    <= 1e-14 relative, tests/data/sabr_vols_deltas.csv; the money and beta = 1 are no special points.
/// Source   P. Hagan, D. Kumar, A. Lesniewski and D. Woodward, "Managing smile risk", Wilmott (September 2002) 84-108,
///          (2.17a). An expansion for small nu²·years: at ten years it is off by four vol points (docs/sources.md), and
///          far from the money it can imply a negative density: butterfly() tells.
Vol hagan_vol(const Sabr& sabr, Price strike);

/// Hagan's vol with Obloj's leading term, which is right in the wings and for small strikes.
/// Error    <= 1e-14 relative, same table.
/// Source   J. Obloj, "Fine-tune your smile: correction to Hagan et al.", Wilmott (May 2008) 102-104.
Vol obloj_vol(const Sabr& sabr, Price strike);

/// Hagan's normal (Bachelier) vol, USD per coin per square root of a year.
/// Error    <= 1e-14 relative, same table.
/// Source   Hagan et al. (2002), (B.67a).
double hagan_normal_vol(const Sabr& sabr, Price strike);

/// Partial derivatives of Hagan's lognormal vol at a fixed strike.
struct HaganSlopes {
  double to_forward = 0.0;  ///< per USD, alpha fixed
  double to_alpha = 0.0;    ///< per unit of alpha, forward fixed
};
HaganSlopes hagan_slopes(const Sabr& sabr, Price strike);

/// The alpha whose vol at the money is `atm` (Hagan's and Obloj's are the same there); sabr.alpha is not looked at.
/// The smallest positive root of the cubic; NaN when there is none, which takes rho near -1 and a large nu²·years.
/// Cost     <= 200 steps of a bracketed Newton method, as a rule 5.
double alpha_at_the_money(const Sabr& sabr, Vol atm);

/// Obloj's vol as total variance over k = ln(strike/forward), with its exact derivatives to k.
/// Error    <= 1e-12 of w in each derivative, against the textbook's formula differentiated in long double.
SmilePoint at(const Sabr& sabr, double k);

/// Obloj's vol at k, and its derivatives to ln alpha, rho and nu: what a fit asks for.
struct SabrGradient {
  double vol, to_log_alpha, to_rho, to_nu;
};
SabrGradient gradient(const Sabr& sabr, double k);

}  // namespace ballast::vol
