#pragma once
#include <algorithm>
#include <cmath>

#include "ballast/market/instrument.h"
#include "ballast/math/normal.h"
#include "ballast/math/normalised_black.h"

namespace ballast::pricing::internal {

/// +1 call, -1 put.
inline double sign_of(market::OptionType type) { return type == market::OptionType::call ? 1.0 : -1.0; }

/// A vol or a time under this is 0: the third-order Greeks divide by its square, which has to stay in range.
inline constexpr double smallest = 1e-60;

inline bool at_least_zero(double v) { return v >= 0.0 && std::isfinite(v); }
inline bool positive(double v) { return v > 0.0 && std::isfinite(v); }

/// What every lognormal formula here is made of. Where the density at d1 is 0 (no time, no vol, or further out than 38
/// standard deviations) the quotients are 0 as well, so that each Greek built on the density is 0 and never 0 / 0.
struct Lognormal {
  double sign = 1.0;           ///< +1 call, -1 put
  double log_moneyness = 0.0;  ///< x = ln(forward / strike): here forward over strike, as the formulas have it
  double stdev = 0.0;          ///< s = vol sqrt(years)
  double root_years = 0.0;
  double d1 = 0.0, d2 = 0.0;
  double density = 0.0;       ///< phi(d1)
  double n1 = 0.0, n2 = 0.0;  ///< N(sign d1), N(sign d2); steps without time or vol, 1/2 at the money
  double per_stdev = 0.0, per_vol = 0.0, per_year = 0.0;  ///< 1/s, 1/vol, 1/years
};

/// Domain: x finite, vol and years >= 0 and finite.
inline Lognormal lognormal(double x, double vol, double years, market::OptionType type) {
  Lognormal l;
  l.sign = sign_of(type);
  l.log_moneyness = x;
  if (vol < smallest || years < smallest) {
    l.n1 = l.n2 = x == 0.0 ? 0.5 : (l.sign * x > 0.0 ? 1.0 : 0.0);
    return l;
  }
  l.root_years = std::sqrt(years);
  l.stdev = vol * l.root_years;
  const double h = x / l.stdev, t = 0.5 * l.stdev;
  const double d1 = h + t, d2 = h - t;
  l.n1 = math::norm_cdf(l.sign * d1);
  l.n2 = math::norm_cdf(l.sign * d2);
  l.density = math::norm_pdf(d1);
  if (l.density == 0.0) return l;
  l.d1 = d1;
  l.d2 = d2;
  l.per_stdev = 1.0 / l.stdev;
  l.per_vol = 1.0 / vol;
  l.per_year = 1.0 / years;
  return l;
}

/// sign (a N(sign d1) - k N(sign d2)) for a/k = e^x and gap = a - k: intrinsic value plus time value through b(x, s),
/// so that neither is the difference of large terms. a: what the option delivers, k: what it costs, both discounted.
inline double option_value(const Lognormal& l, double a, double k, double gap) {
  const double time_value = std::sqrt(a) * std::sqrt(k) * math::normalised_black(l.log_moneyness, l.stdev);
  return std::max(l.sign * gap, 0.0) + time_value;
}

}  // namespace ballast::pricing::internal
