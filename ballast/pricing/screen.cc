#include "ballast/pricing/screen.h"

#include <algorithm>
#include <cmath>

namespace ballast::pricing {

ScreenGreeks screen_greeks(const BlackGreeks& g) {
  const double day = g.theta / 365.0;  // ACT/365F
  const double most = g.price.value;
  return {.delta = g.delta,
          .gamma = g.gamma,
          .vega = g.vega / 100.0,
          .theta = std::abs(day) > most ? std::copysign(most, day) : day,
          .rho = g.rho / 100.0};
}

ScreenGreeks screen_greeks(const Vanilla& option) { return screen_greeks(black_greeks(option)); }

}  // namespace ballast::pricing
