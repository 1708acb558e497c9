#include "ballast/curve/perpetual.h"

#include <cmath>
#include <limits>

#include "ballast/math/elementary.h"

namespace ballast::curve {

Price perpetual_price(Price index, market::Settlement settlement, const PerpetualTerms& terms, FundingOn on) {
  const auto [kappa, iota, rate, yield, period] = terms;
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  if (!(index.value > 0.0 && kappa > iota && period.value >= 0.0)) return Price(nan);
  // The index (linear) or its inverse (inverse contract) grows by `growth` a period; a price of x indices pays
  // kappa (x - 1) + iota of it, so that linear x·growth = kappa (x - 1) + iota. The payment grows along where it is
  // counted on the current index.
  const bool inverse = settlement == market::Settlement::inverse;
  const double drift = inverse ? yield - rate : rate - yield;
  const double growth = period.value == 0.0 ? drift : math::expm1(drift * period.value);
  const double paid_on = period.value > 0.0 && on == FundingOn::current_index ? 1.0 + growth : 1.0;
  const double ratio = (kappa - iota) * paid_on / (kappa * paid_on - growth);
  const double price = inverse ? index.value / ratio : index.value * ratio;
  return price > 0.0 && std::isfinite(price) ? Price(price) : Price(nan);
}

}  // namespace ballast::curve
