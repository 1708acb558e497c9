#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ballast::math {

/// Sobol's sequence by index: any point on its own, in Gray-code order (I. A. Antonov, V. M. Saleev, USSR Comput.
/// Maths. Math. Phys. 19 (1980) 252-256): point i is the sum modulo 2 of the direction numbers at the bits of i ^ (i >>
/// 1). Coordinates are whole numbers of 2^-32; point 0 is the origin. The first 2^k points, and every later 2^k that
/// start at a multiple of 2^k, fill the cube evenly; so take powers of two. Source   direction numbers: S. Joe, F. Y.
/// Kuo, SIAM J. Sci. Comput. 30 (2008) 2635-2654, their set D6, as Boost.Random
///          carries it (docs/decisions/0011). tests/data/sobol_joe_kuo.csv, exact.
class Sobol {
 public:
  static constexpr std::size_t most_dimensions = 3667;
  static constexpr std::uint64_t points = std::uint64_t{1} << 32;
  using Directions = std::array<std::uint32_t, 32>;

  explicit Sobol(std::size_t dimensions);  ///< [1, most_dimensions]: others stop the program

  std::size_t dimensions() const { return directions_.size(); }

  /// Coordinate `dimension` of point `index`, in units of 2^-32. index < points.
  std::uint32_t point(std::uint64_t index, std::size_t dimension) const {
    std::uint32_t sum = 0;
    const Directions& direction = directions_[dimension];
    std::uint64_t gray = index ^ (index >> 1);
    for (std::size_t bit = 0; gray != 0; gray >>= 1, ++bit)
      if (gray & 1) sum ^= direction[bit];
    return sum;
  }

  const Directions& directions(std::size_t dimension) const { return directions_[dimension]; }

 private:
  std::vector<Directions> directions_;
};

/// A coordinate under a digital shift, in (0, 1) and never an end: the middle of one of 2^52 equal cells. With a shift
/// of 64 random bits for each dimension every point is uniform, and the set as even as it was.
/// Source   digital shift: C. Lemieux, "Monte Carlo and Quasi-Monte Carlo Sampling" (2009), section 6.2.2.
constexpr double shifted_uniform(std::uint32_t coordinate, std::uint64_t shift) {
  return (static_cast<double>(((std::uint64_t{coordinate} << 32) ^ shift) >> 12) + 0.5) * 0x1p-52;
}

}  // namespace ballast::math
