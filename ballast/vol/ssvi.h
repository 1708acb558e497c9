#pragma once
#include "ballast/vol/svi.h"

namespace ballast::vol {

/// A slice of the extended surface SVI: w(k) = (theta/2)(1 + rho phi k + sqrt((phi k + rho)² + 1 - rho²)) with
/// phi = psi / theta. It is natural SVI with delta = mu = 0, omega = theta, zeta = phi.
/// Domain   theta > 0, |rho| < 1, psi >= 0.
/// Source   J. Gatheral and A. Jacquier (2014), section 4; S. Hendriks and C. Martini, "The extended SSVI volatility
///          surface", J. Computational Finance 22 (2019); J. Corbetta et al., "Robust calibration and arbitrage-free
///          interpolation of SSVI slices", Decisions in Economics and Finance 42 (2019) 665-677.
struct Essvi {
  double theta = 0.0;  ///< at-the-money total variance
  double rho = 0.0;
  double psi = 0.0;  ///< theta phi
};

SmilePoint at(const Essvi& slice, double k);
Svi raw(const Essvi& slice);

/// The largest psi for which the slice has no butterfly arbitrage: min(4/(1+|rho|), 2 sqrt(theta/(1+|rho|))).
double largest_psi(double theta, double rho);

/// No butterfly arbitrage, by the theorem: psi <= largest_psi.
bool butterfly_free(const Essvi& slice);

/// What is known of two neighbouring slices without looking at their difference.
enum class CalendarVerdict {
  free,      ///< theta rises, psi2/psi1 >= max((1+rho1)/(1+rho2), (1-rho1)/(1-rho2)) and phi2 <= phi1
  crossing,  ///< one of the necessary conditions, the first two, fails
  unknown    ///< they hold, but phi rises: the difference has to be looked at
};
CalendarVerdict calendar(const Essvi& near, const Essvi& far);

/// The surface SVI with phi(theta) = eta theta^-gamma (1 + theta)^(gamma-1).
/// Domain   eta > 0, 0 < gamma <= 1/2; eta (1 + |rho|) <= 2 makes every surface with rising theta free of arbitrage.
struct PowerLawSsvi {
  double rho = 0.0, eta = 1.0, gamma = 0.5;

  Essvi slice(double theta) const;
  /// d w / d theta at fixed k: times theta'(t) it is the surface's dw/dt.
  double theta_slope(double theta, double k) const;
  bool arbitrage_free() const;
};

}  // namespace ballast::vol
