#include "ballast/pricing/settlement_window.h"

#include <algorithm>
#include <limits>

#include "ballast/pricing/inverse.h"

namespace ballast::pricing {

double settlement_elapsed(Time as_of, Time expiry) {
  if (expiry == never) return 0.0;
  return std::clamp(1.0 - seconds_between(as_of, expiry) / settlement_window_s, 0.0, 1.0);
}

double decayed_delta(double delta, double elapsed) {
  if (!(elapsed >= 0.0 && elapsed <= 1.0)) return std::numeric_limits<double>::quiet_NaN();
  return delta * (1.0 - elapsed);
}

double decayed_net_delta(double black_delta, Coin mark, double elapsed) {
  return decayed_delta(net_delta(black_delta, mark), elapsed);
}

}  // namespace ballast::pricing
