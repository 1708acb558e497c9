#pragma once
#include <complex>

#include "ballast/base/units.h"
#include "ballast/model/parameters.h"

/// Rough Heston's fractional Riccati equation D^alpha h = -s (1 - s)/2 - (kappa - rho xi s) h + xi² h²/2, h(0) = 0,
/// alpha = hurst + 1/2, on which its characteristic function stands.
namespace ballast::model {

/// h(T) by the scheme that prices use: fractional Adams in 32 to 256 steps, the corrector solved exactly, and
/// Richardson's extrapolation. Error    1e-6 max(1, |h|) on tests/data/rough_heston_pade.csv. NaN for a model with a
/// fault or years outside (0, 100].
std::complex<double> rough_riccati(const RoughHeston& model, std::complex<double> s, Years years);

/// The same where kappa is 0 by a rational function in T^alpha that has three terms of the short and three of the long
/// time: no steps, but only 1 % of |h| right. Prices do not use it.
/// Error    1e-11 against the same function in 30 digits. NaN where kappa is not 0 too.
/// Source   J. Gatheral and R. Radoicic, Int. J. Theoretical and Applied Finance 22(3) (2019).
std::complex<double> rough_riccati_rational(const RoughHeston& model, std::complex<double> s, Years years);

}  // namespace ballast::model
