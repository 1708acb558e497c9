#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "ballast/math/brownian_bridge.h"
#include "ballast/math/sobol.h"
#include "ballast/model/internal/path_kernel.h"

/// The normals of a plan's steps, prepared once: what path_numbers-inl.h draws from.
namespace ballast::model {

/// The philox blocks of a path: steps draw from counter 0 on, two numbers a block, number n = step · a_step + k; what
/// happens now and then (jumps) draws from `events` on, so that neither moves the other.
inline constexpr std::uint64_t event_counter = std::uint64_t{1} << 62;
/// The digital shift of dimension d: words 0 and 1 of the block of "path" d at this counter.
inline constexpr std::uint64_t shift_counter = std::uint64_t{3} << 62;

struct PathNumbers {
  PathNumbers(const PathGrid& grid, std::size_t a_step);

  Draws draws;
  std::size_t a_step;  ///< normals a step takes
  std::size_t steps;
  // Of Sobol points: dimension piece · a_step + k is the bridge's piece of Brownian motion k.
  std::optional<math::Sobol> sobol;
  std::vector<std::uint64_t> shift;  ///< by dimension
  std::optional<math::BrownianBridge> bridge;
  std::vector<double> per_root_length;  ///< of each step: 1/sqrt(years)
};

}  // namespace ballast::model
