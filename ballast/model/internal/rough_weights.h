#pragma once
#include <array>
#include <cstddef>

/// The weights of the fractional Adams scheme, by the number of steps back.
namespace ballast::model::internal {

inline constexpr std::size_t rough_steps = 64, most_rough_steps = 4 * rough_steps;

struct RoughWeights {
  double alpha = 1.0;                            ///< hurst + 1/2
  double per_gamma = 1.0;                        ///< 1/Gamma(alpha + 2)
  std::array<double, most_rough_steps> first{};  ///< of the start, after k steps
  std::array<double, most_rough_steps> inner{};  ///< of a step m back
};
/// For up to `steps` steps.
RoughWeights rough_weights(double hurst, std::size_t steps = most_rough_steps);

}  // namespace ballast::model::internal
