#pragma once
#include <cstddef>
#include <optional>
#include <span>

#include "ballast/base/result.h"

/// Means over simulated paths and how far they may be off.
namespace ballast::model {

struct Estimate {
  double mean = 0.0;
  double error = 0.0;       ///< standard error of the mean
  std::size_t samples = 0;  ///< independent ones: an antithetic pair is one
};

/// What a block of paths leaves behind: counts, means and centred second moments of a value and a control.
struct SampleMoments {
  std::size_t samples = 0;
  double value = 0.0, control = 0.0;                                     ///< means
  double value_value = 0.0, value_control = 0.0, control_control = 0.0;  ///< sums of centred products
};

/// Of one value a path, and of a control (empty: none), equal lengths (else the program stops). `antithetic`: paths 2k
/// and 2k + 1 are averaged first and count as one sample; an even number of them then.
/// Bits     the same on every processor of a class: the sums are math::sum and math::dot.
SampleMoments sample_moments(std::span<const double> values, std::span<const double> controls, bool antithetic);

/// Of both. Blocks cut alike and joined in their order give the same bits, whoever computed which.
/// Source   T. F. Chan, G. H. Golub, R. J. LeVeque, The American Statistician 37 (1983) 242-247.
SampleMoments joined(const SampleMoments& a, const SampleMoments& b);

/// The mean as it stands. error is NaN below two samples.
Estimate estimate(const SampleMoments& moments);

/// The mean with a control of known expectation, E[S] = F as a rule: value - b (control - expectation), b the
/// coefficient of least squares from the same samples. Its bias is of order 1/samples, far below the error; a control
/// that does not vary is left out. error is NaN below three samples.
/// Source   P. Glasserman, "Monte Carlo Methods in Financial Engineering" (2003), section 4.1.
Estimate controlled(const SampleMoments& moments, double expectation);

inline constexpr std::size_t least_randomisations = 16;

/// From the means of independent randomisations of one Sobol set (other seeds): the points of one set are not
/// independent, so their own spread says nothing.
/// Faults   missing_data: fewer than least_randomisations of them.
Result<Estimate> of_randomisations(std::span<const double> means);

}  // namespace ballast::model
