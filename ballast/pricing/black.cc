#include "ballast/pricing/black.h"

#include <limits>

#include "ballast/math/elementary.h"
#include "ballast/math/normalised_black.h"
#include "ballast/pricing/black_scholes.h"
#include "ballast/pricing/internal/lognormal.h"

namespace ballast::pricing {
namespace {

BlackScholes at_zero_rate(const Vanilla& o) {
  return {
      .spot = o.forward, .strike = o.strike, .rate = 0.0, .yield = 0.0, .vol = o.vol, .years = o.years, .type = o.type};
}

}  // namespace

Price black_price(const Vanilla& option) { return black_scholes_price(at_zero_rate(option)); }

double black_delta(const Vanilla& o) {
  if (!(internal::positive(o.forward.value) && internal::positive(o.strike.value) &&
        internal::at_least_zero(o.vol.value) && internal::at_least_zero(o.years.value)))
    return std::numeric_limits<double>::quiet_NaN();
  const double x = math::log_ratio(o.forward.value, o.strike.value);
  const auto l = internal::lognormal(x, o.vol.value, o.years.value, o.type);
  return l.sign * l.n1;
}

BlackGreeks black_greeks(const Vanilla& option) {
  const BlackScholesGreeks g = black_scholes_greeks(at_zero_rate(option));
  return {.price = g.price,
          .delta = g.delta,
          .gamma = g.gamma,
          .vega = g.vega,
          .theta = g.theta,
          .rho = g.rho,
          .vanna = g.vanna,
          .volga = g.volga,
          .charm = g.charm};
}

}  // namespace ballast::pricing
