#include "ballast/pricing/screen.h"

#include <algorithm>
#include <cmath>

namespace ballast::pricing {

ScreenGreeks screen_greeks(const BlackGreeks& g, Years left) {
  const double day =
      g.theta / 365.0 * std::min(1.0, 365.0 * left.value);  // ACT/365F; in its last day: all of what is left
  const double most = g.price.value;
  return {.delta = g.delta,
          .gamma = g.gamma,
          .vega = g.vega / 100.0,
          .theta = std::abs(day) > most ? std::copysign(most, day) : day,
          .rho = g.rho / 100.0};
}

ScreenGreeks screen_greeks(const Vanilla& option) { return screen_greeks(black_greeks(option), option.years); }

}  // namespace ballast::pricing
