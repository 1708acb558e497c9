#pragma once
#include <cstdint>
#include <span>

/// Random numbers in columns, one for each path. A number depends on (seed, path, step) alone: not on its place, the
/// column's length or the thread; all processors of one class of arithmetic agree (math::arithmetic()).
namespace ballast::math {

/// out[i] = the uniform of path `first` + i at `step`, in (0, 1), a multiple of 2^-53: philox_uniform of words 0 and 1
/// (even steps) or 2 and 3 (odd ones) of philox(philox_counter(path, step / 2), philox_key(seed)). Any length.
void uniform_draws(std::uint64_t seed, std::uint64_t first, std::uint64_t step, std::span<double> out);

/// out[i] = the standard normal at that uniform.
/// Error    <= 1e-15 (1 + |x|) against norm_quantile of the uniform. |x| <= 8.3.
/// Source   M. J. Wichura, AS 241, Applied Statistics 37 (1988) 477-484.
void normal_draws(std::uint64_t seed, std::uint64_t first, std::uint64_t step, std::span<double> out);

}  // namespace ballast::math
