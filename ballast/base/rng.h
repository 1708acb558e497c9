#pragma once
#include <cassert>
#include <cstddef>
#include <cstdint>

namespace ballast {

/// Random bits from a seed: whoever needs chance is handed one of these. The same seed gives the same numbers on every
/// machine; a copy goes on where its origin was. Not for secrets.
/// Source   SplitMix64: G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators", OOPSLA
///          (2014), with the constants of their implementation in Java 8. Period 2^64.
class Rng {
 public:
  constexpr explicit Rng(std::uint64_t seed) : state_(seed) {}

  constexpr std::uint64_t bits() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  /// In (0, 1), never an end: the middle of one of 2^53 equal cells.
  constexpr double uniform() { return (static_cast<double>(bits() >> 11) + 0.5) * 0x1p-53; }

  /// A whole number in [0, count), count > 0 and below 2^53: no cell is off by more than count · 2^-53 of its chance.
  constexpr std::size_t below(std::size_t count) {
    assert(count > 0);
    const auto at = static_cast<std::size_t>(uniform() * static_cast<double>(count));
    return at < count ? at : count - 1;
  }

 private:
  std::uint64_t state_;
};

}  // namespace ballast
