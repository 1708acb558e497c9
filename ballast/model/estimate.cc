#include "ballast/model/estimate.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "ballast/math/sums.h"

namespace ballast::model {
namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

std::vector<double> pairs(std::span<const double> paths) {
  std::vector<double> mean(paths.size() / 2);
  for (std::size_t i = 0; i < mean.size(); ++i) mean[i] = 0.5 * (paths[2 * i] + paths[2 * i + 1]);
  return mean;
}

// Takes the mean out of the column and gives it back.
double centre(std::vector<double>& column) {
  const double mean = math::sum(column) / static_cast<double>(column.size());
  for (double& x : column) x -= mean;
  return mean;
}

// From the sum of squared deviations, of what has lost `used` degrees of freedom.
Estimate with_error(double mean, double squares, std::size_t samples, std::size_t used) {
  if (samples <= used) return {mean, none, samples};
  const auto n = static_cast<double>(samples), free = static_cast<double>(samples - used);
  return {mean, std::sqrt(std::max(squares, 0.0) / (free * n)), samples};
}

}  // namespace

SampleMoments sample_moments(std::span<const double> values, std::span<const double> controls, bool antithetic) {
  if ((!controls.empty() && controls.size() != values.size()) || (antithetic && values.size() % 2 != 0))
    abort_with({Fault::bad_input, "sample_moments: " + std::to_string(values.size()) + " values, " +
                                      std::to_string(controls.size()) + " controls"});
  const auto samples = [&](std::span<const double> paths) {
    return antithetic ? pairs(paths) : std::vector<double>(paths.begin(), paths.end());
  };
  std::vector<double> value = samples(values), control = samples(controls);
  SampleMoments moments{.samples = value.size()};
  if (value.empty()) return moments;
  moments.value = centre(value);
  moments.value_value = math::dot(value, value);
  if (control.empty()) return moments;
  moments.control = centre(control);
  moments.value_control = math::dot(value, control);
  moments.control_control = math::dot(control, control);
  return moments;
}

SampleMoments joined(const SampleMoments& a, const SampleMoments& b) {
  if (a.samples == 0) return b;
  if (b.samples == 0) return a;
  const auto n = static_cast<double>(a.samples), m = static_cast<double>(b.samples);
  const double share = m / (n + m), between = n * share;
  const double value = b.value - a.value, control = b.control - a.control;
  return {.samples = a.samples + b.samples,
          .value = a.value + share * value,
          .control = a.control + share * control,
          .value_value = a.value_value + b.value_value + between * value * value,
          .value_control = a.value_control + b.value_control + between * value * control,
          .control_control = a.control_control + b.control_control + between * control * control};
}

Estimate estimate(const SampleMoments& m) { return with_error(m.value, m.value_value, m.samples, 1); }

Estimate controlled(const SampleMoments& m, double expectation) {
  if (!(m.control_control > 0.0)) return estimate(m);
  const double slope = m.value_control / m.control_control;
  return with_error(m.value - slope * (m.control - expectation), m.value_value - slope * m.value_control, m.samples, 2);
}

Result<Estimate> of_randomisations(std::span<const double> means) {
  if (means.size() < least_randomisations)
    return Error{Fault::missing_data, std::to_string(means.size()) + " randomisations, at least " +
                                          std::to_string(least_randomisations) + " make an error"};
  return estimate(sample_moments(means, {}, false));
}

}  // namespace ballast::model
