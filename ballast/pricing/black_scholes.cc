#include "ballast/pricing/black_scholes.h"

#include <cmath>
#include <limits>

#include "ballast/math/elementary.h"
#include "ballast/math/normalised_black.h"
#include "ballast/pricing/internal/lognormal.h"

namespace ballast::pricing {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

bool in_domain(const BlackScholes& o) {
  // exp(300) = 1.9e130 leaves the products with prices and times in range.
  return internal::positive(o.spot.value) && internal::positive(o.strike.value) &&
         internal::at_least_zero(o.vol.value) && internal::at_least_zero(o.years.value) &&
         std::abs(o.rate * o.years.value) <= 300.0 && std::abs(o.yield * o.years.value) <= 300.0;
}

double log_forward_over_strike(const BlackScholes& o) {
  return math::log_ratio(o.spot.value, o.strike.value) + (o.rate - o.yield) * o.years.value;
}

// S e^{-qT} - K e^{-rT} in two terms: the difference of the two products would be off by an ulp of the spot, which is
// 1e-11 of an option that expires within the second.
double gap(const BlackScholes& o, double discount, double yield_discount) {
  return yield_discount * (o.spot.value - o.strike.value) +
         o.strike.value * discount * math::expm1((o.rate - o.yield) * o.years.value);
}

BlackScholesGreeks outside() {
  return {.price = Price(nan),
          .delta = nan,
          .delta_fwd = nan,
          .dual_delta = nan,
          .gamma = nan,
          .dual_gamma = nan,
          .cross_sk = nan,
          .vega = nan,
          .theta = nan,
          .rho = nan,
          .phi = nan,
          .vanna = nan,
          .volga = nan,
          .dual_vanna = nan,
          .charm = nan,
          .veta = nan,
          .speed = nan,
          .zomma = nan,
          .color = nan,
          .ultima = nan,
          .dvanna_dvol = nan};
}

}  // namespace

Price black_scholes_price(const BlackScholes& o) {
  if (!in_domain(o)) return Price(nan);
  const double years = o.years.value;
  const auto l = internal::lognormal(log_forward_over_strike(o), o.vol.value, years, o.type);
  const double discount = math::exp(-o.rate * years), yield_discount = math::exp(-o.yield * years);
  return Price(internal::option_value(l, o.spot.value * yield_discount, o.strike.value * discount,
                                      gap(o, discount, yield_discount)));
}

BlackScholesGreeks black_scholes_greeks(const BlackScholes& o) {
  if (!in_domain(o)) return outside();
  const double s = o.spot.value, k = o.strike.value, r = o.rate, q = o.yield, vol = o.vol.value, years = o.years.value;
  const auto l = internal::lognormal(log_forward_over_strike(o), vol, years, o.type);
  const double w = l.sign, d1 = l.d1, d2 = l.d2;
  const double discount = math::exp(-r * years), yield_discount = math::exp(-q * years);
  const double delivered = s * yield_discount, paid = k * discount;
  const double density = yield_discount * l.density;  // e^{-qT} phi(d1); paid * phi(d2) = spot * density

  BlackScholesGreeks g;
  g.price = Price(internal::option_value(l, delivered, paid, gap(o, discount, yield_discount)));
  g.delta = w * yield_discount * l.n1;
  g.delta_fwd = w * discount * l.n1;
  g.dual_delta = -w * discount * l.n2;
  g.gamma = density * l.per_stdev / s;
  g.dual_gamma = density * l.per_stdev / k * (s / k);
  g.cross_sk = -density * l.per_stdev / k;
  g.vega = s * density * l.root_years;
  g.theta = -0.5 * g.vega * vol * l.per_year + w * (q * delivered * l.n1 - r * paid * l.n2);
  g.rho = w * paid * years * l.n2;
  g.phi = -w * delivered * years * l.n1;
  g.vanna = -density * d2 * l.per_vol;
  g.volga = g.vega * d1 * d2 * l.per_vol;
  g.dual_vanna = density * (s / k) * d1 * l.per_vol;
  g.charm = w * q * yield_discount * l.n1 - density * ((r - q) * l.per_stdev - 0.5 * d2 * l.per_year);
  g.veta = g.vega * (q + (r - q) * d1 * l.per_stdev - 0.5 * (1.0 + d1 * d2) * l.per_year);
  g.speed = -(g.gamma / s) * (1.0 + d1 * l.per_stdev);
  g.zomma = g.gamma * (d1 * d2 - 1.0) * l.per_vol;
  g.color = g.gamma * (q + (r - q) * d1 * l.per_stdev + 0.5 * (1.0 - d1 * d2) * l.per_year);
  g.ultima = -g.vega * l.per_vol * l.per_vol * (d1 * d2 * (1.0 - d1 * d2) + d1 * d1 + d2 * d2);
  g.dvanna_dvol = -density * l.per_vol * l.per_vol * (d1 * d2 * d2 - d1 - d2);
  return g;
}

}  // namespace ballast::pricing
