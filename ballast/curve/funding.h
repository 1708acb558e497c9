#pragma once
#include <span>

#include "ballast/base/result.h"
#include "ballast/base/time.h"
#include "ballast/base/units.h"

namespace ballast::curve {

/// One payment of a perpetual's funding. Longs pay a positive rate.
struct FundingPayment {
  Time at;            ///< end of the interval that it is for
  double rate = 0.0;  ///< fraction of the notional for `interval`
  Years interval;     ///< > 0
};

inline constexpr Years eight_hours{8.0 / 8760.0};

/// The same rate per year, without compounding: fraction of the notional a year.
constexpr double annual(double rate, Years interval) { return rate / interval.value; }

/// Exponentially weighted mean of past payments, per year: each weighs its interval, halved for every `half_life` of
/// age. Payments after `as_of` are not known yet and play no part.
/// Faults   bad_input names the value: half life or an interval not over 0, a rate that is no number; missing_data
///          without a payment at or before `as_of`.
/// Error    <= (n + 4) epsilon of the mean of the |rates| for n payments.
Result<double> mean_funding(std::span<const FundingPayment> history, Time as_of, Years half_life);

/// How funding is expected to go on: rate(h) = mean + (now - mean)·2^(-h/half_life), per year. With half_life infinite
/// it stays where it is. The expectation of an Ornstein-Uhlenbeck process of speed ln 2/half_life.
struct FundingCurve {
  double now = 0.0;   ///< per year
  double mean = 0.0;  ///< per year, the long run's
  Years half_life;    ///< > 0
};

/// The curve from a present rate and a history, from whose mean it is taken. Faults  as mean_funding(), and bad_input
/// for a rate that is no number.
Result<FundingCurve> funding_curve(FundingPayment now, std::span<const FundingPayment> history, Years mean_half_life,
                                   Years half_life);

/// The expected rate `horizon` from now, per year.
/// Domain   horizon >= 0, half_life > 0, rates finite; else NaN, here and below.
/// Error    <= 8 epsilon·max(|now|, |mean|).
double funding_rate(const FundingCurve& curve, Years horizon);

/// The funding expected until `horizon`, as a fraction of the notional: the integral of the rate, what a long pays.
/// Beside curve::carry()·T: what a long pays in the basis of a future. Error  <= 16 epsilon·horizon·max(|now|, |mean|).
double expected_funding(const FundingCurve& curve, Years horizon);

/// The same per year of the horizon; at 0 the present rate.
double mean_rate(const FundingCurve& curve, Years horizon);

/// Standard deviation of the funding until `horizon`, a fraction of the notional, for rates that move by `vol` per
/// square root of a year: (s/a)·sqrt(h - 2(1 - e^(-ah))/a + (1 - e^(-2ah))/(2a)) with a = ln 2/half_life, s h^1.5/sqrt
/// 3 for h far below the half life. Domain   vol, horizon >= 0. Error  <= 1e-10 relative. Source  docs/sources.md:
/// funding over a horizon.
double funding_deviation(const FundingCurve& curve, double vol, Years horizon);

/// USD for one basis point of annual funding on a hedge of `size` coins held for `horizon`: a long pays it.
constexpr Usd funding01(Coin size, Price index, Years horizon) {
  return Usd(size.value * index.value * horizon.value / 10000.0);
}

}  // namespace ballast::curve
