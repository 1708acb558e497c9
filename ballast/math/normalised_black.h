#pragma once

namespace ballast::math {

/// b(x, s) = e^{x/2} N(x/s + s/2) - e^{-x/2} N(x/s - s/2): the undiscounted out-of-the-money Black value divided by
/// sqrt(forward * strike), for log-moneyness x = ln(forward/strike) and stdev s = vol sqrt(years). It is even in x:
/// the sign of x only says whether the call or the put is out of the money.
/// Domain   x finite; s >= 0 (0 and e^{-|x|/2} at s = 0 and infinity). Outside: NaN.
/// Error    <= 5 epsilon (2^-52) relative for results above 1e-290, tests/data/normalised_black.csv.
/// Source   the difference of two Mills ratios around |x|/s; where the two are close, their Taylor series: the
///          coefficients are moments of exp(-u |x|/s - u^2/2), and the first term is nearly all of the difference.
double normalised_black(double x, double s);

enum class ImpliedOutcome {
  ok,
  below_intrinsic,  ///< the price is under the intrinsic value: beta < 0
  at_intrinsic,     ///< no time value: stdev 0
  above_bound,      ///< the price is at or over its bound, forward for a call and strike for a put: no stdev is enough
  not_finite,       ///< an input is NaN, infinite, or a forward or strike is not positive
  limit             ///< the bound on iterations was reached; no input is known that does
};

const char* name(ImpliedOutcome outcome);

struct ImpliedStdev {
  ImpliedOutcome outcome = ImpliedOutcome::not_finite;
  double stdev = 0.0;  ///< vol sqrt(years), >= 0; NaN unless ok or at_intrinsic
  int iterations = 0;  ///< [0, 64]
};

/// The s with b(x, s) = beta. `complement` is e^{-|x|/2} - beta, the distance to the upper bound, which a caller who
/// knows it better than this difference should hand over: near the bound it carries all of the information.
/// Domain   x finite, 0 < beta < e^{-|x|/2}; every other input gets its outcome.
/// Error    see implied_stdev_of_price.
/// Cost     <= 64 evaluations of b; at most 5 on the hard table, 15 in the sweep of the test.
/// Source   objective functions by zone as P. Jaeckel, "Let's Be Rational", Wilmott 75 (2015) 40-53: 1/ln b below the
///          inflexion point sqrt(2|x|), ln b in the middle, ln of the complement above; Householder's third-order step
///          inside a bracket that is halved whenever the step leaves it.
ImpliedStdev implied_stdev(double x, double beta, double complement);
ImpliedStdev implied_stdev(double x, double beta);

/// The stdev = vol sqrt(years) of an undiscounted option price in the unit of forward and strike. A price in the
/// money goes through parity first; what its rounding lost, nothing recovers.
/// Domain   forward, strike > 0, all finite; every other input gets its outcome.
/// Error    <= max(8 * 2^-53, 3 * change of stdev by half an ulp of price) relative, on all of
///          tests/data/implied_vol_hard.csv.
/// Source   implied_stdev.
ImpliedStdev implied_stdev_of_price(double forward, double strike, double price, bool call);

}  // namespace ballast::math
