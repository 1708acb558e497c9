#include "ballast/pricing/strike_from_delta.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ballast/math/elementary.h"
#include "ballast/math/normal.h"
#include "ballast/pricing/internal/lognormal.h"

namespace ballast::pricing {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double epsilon = std::numeric_limits<double>::epsilon();
constexpr int most_iterations = 200;

// phi(d) / N(d), falling and convex, above -d for d < 0.
double hazard(double d) { return 1.0 / math::mills(-d); }

// The d2 at which the premium-adjusted call delta is largest: hazard(d2) = s. Newton on a falling convex function
// climbs monotonically from the left, and hazard(-s) > s.
double d2_of_largest_delta(double s) {
  double d = -s;
  for (int i = 0; i < most_iterations; ++i) {
    const double rate = hazard(d);
    const double step = (rate - s) / (rate * (d + rate));
    d += step;
    if (std::abs(step) <= 4.0 * epsilon * (1.0 + std::abs(d))) break;
  }
  return d;
}

StrikeAnswer at(const DeltaTarget& target, double log_moneyness, int iterations) {
  return {StrikeOutcome::ok, Price(target.forward.value * math::exp(log_moneyness)), iterations};
}

}  // namespace

StrikeAnswer strike_from_delta(const DeltaTarget& t) {
  const double s = t.vol.value * std::sqrt(t.years.value);
  if (!(internal::positive(t.forward.value) && internal::positive(t.vol.value) && internal::positive(t.years.value) &&
        internal::positive(s) && internal::positive(t.abs_delta) && std::isfinite(t.yield)))
    return {StrikeOutcome::bad_input, Price(nan), 0};
  const bool spot = t.convention == DeltaConvention::spot || t.convention == DeltaConvention::spot_premium_adjusted;
  const bool adjusted = t.convention == DeltaConvention::forward_premium_adjusted ||
                        t.convention == DeltaConvention::spot_premium_adjusted;
  const double w = internal::sign_of(t.type);
  const double delta = spot ? t.abs_delta * math::exp(t.yield * t.years.value) : t.abs_delta;

  if (!adjusted) {
    if (delta >= 1.0) return {StrikeOutcome::no_solution, Price(nan), 0};
    return at(t, -w * math::norm_quantile(delta) * s + 0.5 * s * s, 0);
  }

  // ln|delta| = ln(K/F) + ln N(w d2) with ln(K/F) = -s d2 - s^2/2. In v = w d2 this is concave; it rises for puts
  // everywhere and for calls below the maximum. Newton from the left of the root climbs, from its right it first
  // falls to the left.
  const double goal = math::log(delta) + 0.5 * s * s;
  const auto miss = [&](double v) { return math::log_norm_cdf(v) - w * s * v - goal; };
  double v = delta < 1.0 ? math::norm_quantile(delta) - s : -s;
  if (w > 0.0) {
    const double top = d2_of_largest_delta(s);
    if (miss(top) < 0.0) return {StrikeOutcome::no_solution, Price(nan), 0};
    v = std::min(v, top - s);
  }
  for (int i = 1; i <= most_iterations; ++i) {
    const double slope = hazard(v) - w * s;
    if (!(slope > 0.0)) break;  // on the maximum itself: v is the answer
    const double step = -miss(v) / slope;
    v += step;
    // From the second step on the iteration climbs; the first step that does not is rounding.
    if (std::abs(step) <= 2.0 * epsilon * (1.0 + std::abs(v)) || (i > 2 && step <= 0.0))
      return at(t, -s * w * v - 0.5 * s * s, i);
  }
  return at(t, -s * w * v - 0.5 * s * s, most_iterations);
}

Price delta_neutral_strike(Price forward, Vol vol, Years years, bool premium_adjusted) {
  if (!(internal::positive(forward.value) && internal::at_least_zero(vol.value) &&
        internal::at_least_zero(years.value)))
    return Price(nan);
  const double half = 0.5 * vol.value * vol.value * years.value;
  return Price(forward.value * math::exp(premium_adjusted ? -half : half));
}

}  // namespace ballast::pricing
