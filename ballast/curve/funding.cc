#include "ballast/curve/funding.h"

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "ballast/math/elementary.h"

namespace ballast::curve {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double ln2 = 0.69314718055994531;

/// Speed of the decay per year, 0 where the rate stays; NaN outside the domain.
double speed(const FundingCurve& curve, Years horizon) {
  const bool defined = curve.half_life.value > 0.0 && std::isfinite(curve.now) && std::isfinite(curve.mean) &&
                       horizon.value >= 0.0 && std::isfinite(horizon.value);
  return defined ? ln2 / curve.half_life.value : nan;
}

/// (1 - e^(-x))/x, the part of the present rate that is left on average; 1 at 0.
double average_left(double x) { return x == 0.0 ? 1.0 : -math::expm1(-x) / x; }

}  // namespace

Result<double> mean_funding(std::span<const FundingPayment> history, Time as_of, Years half_life) {
  if (!(half_life.value > 0.0))
    return Error{Fault::bad_input, fmt::format("half life of {} years: over 0 is due", half_life.value)};
  double sum = 0.0, weights = 0.0;
  for (const FundingPayment& p : history) {
    if (!std::isfinite(p.rate) || !(p.interval.value > 0.0) || !std::isfinite(p.interval.value)) {
      return Error{Fault::bad_input,
                   fmt::format("funding at {}: rate {} for {} years", to_string(p.at), p.rate, p.interval.value)};
    }
    if (p.at > as_of) continue;
    const double left = math::exp(-ln2 * years_between(p.at, as_of).value / half_life.value);
    sum += left * p.rate;  // the rate is for the interval: weighed by it, it is a rate per year again
    weights += left * p.interval.value;
  }
  if (!(weights > 0.0)) {
    return Error{Fault::missing_data,
                 fmt::format("no funding at or before {} among {} payments", to_string(as_of), history.size())};
  }
  return sum / weights;
}

Result<FundingCurve> funding_curve(FundingPayment now, std::span<const FundingPayment> history, Years mean_half_life,
                                   Years half_life) {
  if (!std::isfinite(now.rate) || !(now.interval.value > 0.0)) {
    return Error{Fault::bad_input, fmt::format("present funding: rate {} for {} years", now.rate, now.interval.value)};
  }
  if (!(half_life.value > 0.0))
    return Error{Fault::bad_input, fmt::format("half life of {} years: over 0 is due", half_life.value)};
  const auto mean = mean_funding(history, now.at, mean_half_life);
  if (!mean) return mean.error();
  return FundingCurve{.now = annual(now.rate, now.interval), .mean = mean.value(), .half_life = half_life};
}

double funding_rate(const FundingCurve& curve, Years horizon) {
  const double left = math::exp(-speed(curve, horizon) * horizon.value);
  return left * curve.now + (1.0 - left) * curve.mean;
}

double mean_rate(const FundingCurve& curve, Years horizon) {
  const double left = average_left(speed(curve, horizon) * horizon.value);
  return left * curve.now + (1.0 - left) * curve.mean;
}

double expected_funding(const FundingCurve& curve, Years horizon) { return mean_rate(curve, horizon) * horizon.value; }

double funding_deviation(const FundingCurve& curve, double vol, Years horizon) {
  const double h = horizon.value, x = speed(curve, horizon) * h;
  if (!(vol >= 0.0) || std::isnan(x)) return nan;
  // With x = a h the bracket is h·q(x), q = 1 - 2(1 - e^-x)/x + (1 - e^-2x)/(2x), and the result vol·h·sqrt(h q)/x.
  // Near 0 its terms cancel: there the series q/x² = sum of (-x)^n (2^(n+2) - 2)/(n + 3)!, from 1/3.
  double q_over_x2 = 0.0;
  if (x < 0.1) {
    double term = 1.0 / 6.0, power = 4.0;  // x^n/(n + 3)! and 2^(n + 2)
    for (int n = 0; n < 12; ++n) {
      q_over_x2 += term * (power - 2.0);
      term *= -x / (n + 4);
      power *= 2.0;
    }
  } else {
    q_over_x2 = (1.0 - 2.0 * average_left(x) + average_left(2.0 * x)) / (x * x);
  }
  return vol * h * std::sqrt(h * q_over_x2);
}

}  // namespace ballast::curve
