#include "ballast/pricing/smile_greeks.h"

#include <cmath>
#include <limits>

#include "ballast/math/elementary.h"
#include "ballast/pricing/inverse.h"

namespace ballast::pricing {

SmileGreeks smile_greeks(const Vanilla& option, const vol::VolMove& move) {
  const BlackGreeks g = black_greeks(option);
  const double f = option.forward.value, s = move.to_forward;
  SmileGreeks result;
  result.delta = g.delta + g.vega * s;
  result.net_delta = net_delta(result.delta, Coin(g.price.value / f));
  result.gamma = g.gamma + 2.0 * g.vanna * s + g.volga * s * s + g.vega * move.to_forward_twice;
  result.net_gamma = net_gamma(option.forward, result.gamma, result.net_delta);
  result.vega = g.vega;
  result.vanna = g.vanna + g.volga * s;
  result.theta = g.theta + g.vega * move.to_time;
  return result;
}

SabrGreeks sabr_greeks(const vol::Sabr& sabr, Price strike, market::OptionType type) {
  const BlackGreeks g = black_greeks({.forward = sabr.forward,
                                      .strike = strike,
                                      .vol = vol::hagan_vol(sabr, strike),
                                      .years = sabr.years,
                                      .type = type});
  const vol::HaganSlopes slopes = vol::hagan_slopes(sabr, strike);
  const double backbone = math::exp(sabr.beta * math::log(sabr.forward.value));  // forward^beta
  SabrGreeks result;
  result.price = g.price;
  result.hagan_delta = g.delta + g.vega * slopes.to_forward;
  result.bartlett_delta = g.delta + g.vega * (slopes.to_forward + slopes.to_alpha * sabr.rho * sabr.nu / backbone);
  result.hagan_vega = g.vega * slopes.to_alpha;
  result.bartlett_vega = sabr.nu > 0.0 ? g.vega * (slopes.to_alpha + slopes.to_forward * sabr.rho * backbone / sabr.nu)
                                       : std::numeric_limits<double>::quiet_NaN();
  return result;
}

}  // namespace ballast::pricing
