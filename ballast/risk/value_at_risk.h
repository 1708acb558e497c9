#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace ballast::risk {

/// A tail's measure, in the unit of the losses: the loss that is exceeded with at most 1 - alpha, and the mean of the
/// worst 1 - alpha. A loss is positive where money is lost.
struct TailRisk {
  double value_at_risk = 0.0;
  double expected_shortfall = 0.0;
};

/// The smallest loss x with P(loss <= x) >= alpha; probabilities within 1e-12 count as equal.
/// Shapes   one probability a loss; none at all: every loss is as likely as the others.
/// Domain   at least one loss, losses finite, probabilities >= 0 that sum to 1 within 1e-9, alpha in [0, 1). Outside:
///          NaN.
/// Cost     O(S log S).
double value_at_risk(std::span<const double> losses, std::span<const double> probabilities, double alpha);

/// The mean of the worst 1 - alpha of all outcomes, in the losses' unit. An atom at the edge counts with the part of
/// its probability that falls into the tail, so it is right for fractions of a scenario too.
/// Shapes, domain, cost   as value_at_risk.
/// Error    4 epsilon times the largest |loss| of the tail, over the rounding of 1 - alpha.
/// Source   R. T. Rockafellar, S. Uryasev, "Conditional value-at-risk for general loss distributions", J. Banking &
///          Finance 26 (2002) 1443-1471, (25): VaR + E[(loss - VaR)+] / (1 - alpha).
double expected_shortfall(std::span<const double> losses, std::span<const double> probabilities, double alpha);

/// What is wrong with the probabilities of so many scenarios, in words; nothing where they, or none, will do.
std::optional<std::string> bad_probabilities(std::span<const double> probabilities, std::size_t scenarios);

/// P&L N(mean, stdev^2).
/// Domain   alpha in (0, 1), stdev >= 0, all finite. Outside: NaN. The same for the two below.
/// Error    1e-14 of each term, beyond what half an ulp of alpha makes of the quantile; tests/data/var_es.csv.
TailRisk normal_tail(double alpha, double stdev, double mean = 0.0);

/// P&L mean + stdev sqrt((nu - 2) / nu) T with nu = `freedom` degrees: stdev is its standard deviation.
/// Domain   besides, 2 < freedom <= 1e6.
/// Error    1e-12 up to 100 degrees, 1e-14 times the degrees above.
/// Source   A. J. McNeil, R. Frey, P. Embrechts, "Quantitative Risk Management" (2015), chapter 2.
TailRisk student_tail_risk(double alpha, double freedom, double stdev, double mean = 0.0);

/// A long coin of which ln(S1 / S0) is N(drift, stdev^2), per unit of its value: the loss 1 - S1 / S0.
/// Error    1e-14 of the measures' own size (expm1 for small stdev).
TailRisk lognormal_tail(double alpha, double stdev, double drift = 0.0);

}  // namespace ballast::risk
