#pragma once
#include "ballast/base/units.h"

namespace ballast::vol {

/// One point of a smile: total variance w = vol² · years as a function of log-moneyness k = ln(strike/forward), with
/// its derivatives to k at fixed expiry. All dimensionless.
struct SmilePoint {
  double total_variance = 0.0;  ///< w > 0
  double slope = 0.0;           ///< dw/dk
  double curvature = 0.0;       ///< d²w/dk²
};

/// vol = sqrt(w / years), per square root of a year. Domain  w >= 0, years > 0, else NaN.
Vol vol_of(const SmilePoint& point, Years years);

/// dvol/dk = w' / (2 sqrt(w years)): the skew at this point.
double vol_slope(const SmilePoint& point, Years years);

/// d²vol/dk² = (w'' - w'²/(2w)) / (2 sqrt(w years)).
double vol_curvature(const SmilePoint& point, Years years);

/// Durrleman's function g(k) = (1 - k w'/(2w))² - (w'²/4)(1/w + 1/4) + w''/2. A smile has no butterfly arbitrage where
/// g >= 0 and vol d1 falls to minus infinity with k, which wing slopes below 2 ensure.
/// Source   J. Gatheral and A. Jacquier, "Arbitrage-free SVI volatility surfaces", Quantitative Finance 14 (2014)
/// 59-71,
///          lemma 2.2.
double butterfly(double k, const SmilePoint& point);

/// The risk-neutral density of ln(S_T/F) at k: g(k) / sqrt(2 pi w) · exp(-d2²/2), d2 = -k/sqrt(w) - sqrt(w)/2.
double density(double k, const SmilePoint& point);

}  // namespace ballast::vol
