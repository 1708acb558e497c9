#include "ballast/pricing/digital.h"

#include <cmath>
#include <limits>

#include "ballast/math/elementary.h"
#include "ballast/math/normalised_black.h"
#include "ballast/pricing/internal/lognormal.h"

namespace ballast::pricing {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

bool in_domain(const BlackScholes& o) {
  return internal::positive(o.spot.value) && internal::positive(o.strike.value) &&
         internal::at_least_zero(o.vol.value) && internal::at_least_zero(o.years.value) &&
         std::abs(o.rate * o.years.value) <= 300.0 && std::abs(o.yield * o.years.value) <= 300.0;
}

internal::Lognormal lognormal(const BlackScholes& o) {
  const double x = math::log_ratio(o.spot.value, o.strike.value) + (o.rate - o.yield) * o.years.value;
  return internal::lognormal(x, o.vol.value, o.years.value, o.type);
}

}  // namespace

CashDigital cash_digital(const BlackScholes& o) {
  if (!in_domain(o)) return {nan, nan, nan, nan, nan};
  const auto l = lognormal(o);
  const double s = o.spot.value, w = l.sign, discount = math::exp(-o.rate * o.years.value);
  // D phi(d2) = (spot / strike) e^{-qT} phi(d1)
  const double density = (s / o.strike.value) * math::exp(-o.yield * o.years.value) * l.density;
  CashDigital g;
  g.price = discount * l.n2;
  g.delta = w * density * l.per_stdev / s;
  g.gamma = -w * density * l.d1 * (l.per_stdev / s) * (l.per_stdev / s);
  g.vega = -w * density * l.d1 * l.per_vol;
  g.theta = o.rate * g.price - w * density * ((o.rate - o.yield) * l.per_stdev - 0.5 * l.d1 * l.per_year);
  return g;
}

AssetDigital asset_digital(const BlackScholes& o) {
  if (!in_domain(o)) return {nan, nan, nan, nan};
  const auto l = lognormal(o);
  const double s = o.spot.value, w = l.sign, yield_discount = math::exp(-o.yield * o.years.value);
  const double density = yield_discount * l.density;
  AssetDigital g;
  g.price = s * yield_discount * l.n1;
  g.delta = yield_discount * l.n1 + w * density * l.per_stdev;
  g.gamma = -w * density * l.d2 * l.per_stdev * l.per_stdev / s;
  g.vega = -w * s * density * l.d2 * l.per_vol;
  return g;
}

}  // namespace ballast::pricing
