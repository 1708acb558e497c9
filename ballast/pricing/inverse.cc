#include "ballast/pricing/inverse.h"

#include <cmath>
#include <limits>

#include "ballast/math/elementary.h"
#include "ballast/math/normalised_black.h"
#include "ballast/pricing/internal/lognormal.h"

namespace ballast::pricing {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

InverseGreeks outside() {
  return {.price = Coin(nan),
          .black_delta = nan,
          .net_delta = nan,
          .gamma = nan,
          .dcoin_df = nan,
          .d2coin_df2 = nan,
          .d3coin_df3 = nan,
          .vega_coin = nan,
          .theta_coin = nan,
          .vanna_coin = nan,
          .volga_coin = nan,
          .charm = nan,
          .usd_notional_hedge = Usd(nan)};
}

}  // namespace

InverseGreeks inverse_greeks(const Vanilla& o, double coin_yield) {
  const double f = o.forward.value, k = o.strike.value, vol = o.vol.value, years = o.years.value;
  if (!(internal::positive(f) && internal::positive(k) && internal::at_least_zero(vol) &&
        internal::at_least_zero(years) && std::abs(coin_yield * years) <= 300.0))
    return outside();
  const auto l = internal::lognormal(math::log_ratio(f, k), vol, years, o.type);
  const double w = l.sign, m = k / f, discount = math::exp(-coin_yield * years);
  const double density = discount * l.density;  // e^{-yT} phi(d1) = e^{-yT} m phi(d2)
  const double tail = discount * m * l.n2;      // e^{-yT} m N(w d2)

  InverseGreeks g;
  g.price = Coin(discount * (internal::option_value(l, f, k, f - k) / f));
  g.black_delta = w * discount * l.n1;
  g.net_delta = w * tail;  // equals black_delta - price without their difference
  g.gamma = density * l.per_stdev / f;
  g.dcoin_df = g.net_delta / f;
  g.d2coin_df2 = (density * l.per_stdev - 2.0 * w * tail) / (f * f);
  g.d3coin_df3 = (6.0 * w * tail - density * l.per_stdev * (5.0 + l.d2 * l.per_stdev)) / (f * f * f);
  g.vega_coin = density * l.root_years;
  g.theta_coin = coin_yield * g.price.value - 0.5 * g.vega_coin * vol * l.per_year;
  g.vanna_coin = -density * l.d1 * l.per_vol / f;
  g.volga_coin = g.vega_coin * l.d1 * l.d2 * l.per_vol;
  g.charm = coin_yield * g.dcoin_df + 0.5 * density * l.d1 * l.per_year / f;
  g.usd_notional_hedge = Usd(-w * discount * k * l.n2);
  return g;
}

double net_delta(double black_delta, Coin price) { return black_delta - price.value; }

double net_gamma(Price forward, double gamma, double net_delta) { return forward.value * gamma - 2.0 * net_delta; }

}  // namespace ballast::pricing
