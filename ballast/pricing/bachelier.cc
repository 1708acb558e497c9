#include "ballast/pricing/bachelier.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ballast/math/elementary.h"
#include "ballast/math/normal.h"
#include "ballast/pricing/internal/lognormal.h"

namespace ballast::pricing {
namespace {

BachelierGreeks outside() {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  return {nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan};
}

}  // namespace

BachelierGreeks bachelier_greeks(const Bachelier& o) {
  const double years = o.years.value, vol = o.normal_vol, r = o.rate;
  if (!(std::isfinite(o.forward) && std::isfinite(o.strike) && internal::at_least_zero(vol) &&
        internal::at_least_zero(years) && std::abs(r * years) <= 300.0))
    return outside();
  const double w = internal::sign_of(o.type), gap = o.forward - o.strike, discount = math::exp(-r * years);
  const double intrinsic = discount * std::max(w * gap, 0.0);

  BachelierGreeks g;
  if (vol < internal::smallest || years < internal::smallest) {
    const double step = gap == 0.0 ? 0.5 : (w * gap > 0.0 ? 1.0 : 0.0);
    g.price = intrinsic;
    g.delta = w * discount * step;
    g.dual_delta = -g.delta;
    g.theta = r * g.price;
    g.rho = -years * g.price;
    g.charm = r * g.delta;
    return g;
  }
  const double root = std::sqrt(years), stdev = vol * root;
  double d = gap / stdev;
  const double density = discount * math::norm_pdf(d);
  g.delta = w * discount * math::norm_cdf(w * d);
  if (density == 0.0) d = 0.0;  // further out than 38 stdev: every term below is 0, never 0 times infinity
  g.price = intrinsic + stdev * density * math::mills_slope(std::abs(d));
  g.dual_delta = -g.delta;
  g.gamma = density / stdev;
  g.vega = density * root;
  g.theta = r * g.price - 0.5 * density * vol / root;
  g.rho = -years * g.price;
  g.vanna = -density * d / vol;
  g.volga = g.vega * d * d / vol;
  g.charm = r * g.delta + 0.5 * density * d / years;
  g.veta = g.vega * (r - 0.5 * (1.0 + d * d) / years);
  g.speed = -g.gamma * d / stdev;
  g.zomma = g.gamma * (d * d - 1.0) / vol;
  g.color = g.gamma * (r + 0.5 * (1.0 - d * d) / years);
  g.ultima = g.vega * d * d * (d * d - 3.0) / vol / vol;
  return g;
}

}  // namespace ballast::pricing
