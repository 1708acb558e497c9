#pragma once
#include <array>
#include <cstdint>

/// Random words by number: the block at a counter is a function of key and counter alone, so that draw 17 of path 5 is
/// the same whoever asks for it and whatever else was drawn. Not for secrets.
namespace ballast {

using PhiloxBlock = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

/// The multipliers and the key's steps of Philox4x32: Salmon et al., table 2 and Random123's philox.h.
inline constexpr std::uint32_t philox_multiplier[2] = {0xD2511F53u, 0xCD9E8D57u};
inline constexpr std::uint32_t philox_weyl[2] = {0x9E3779B9u, 0xBB67AE85u};  // golden ratio, sqrt(3) - 1
inline constexpr int philox_rounds = 10;

/// Philox4x32-10: four random words at this counter under this key.
/// Source   J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11
///          (2011). The known answers of their library Random123 are in the test.
constexpr PhiloxBlock philox(PhiloxBlock counter, PhiloxKey key) {
  for (int round = 0; round < philox_rounds; ++round) {
    const std::uint64_t a = std::uint64_t{philox_multiplier[0]} * counter[0];
    const std::uint64_t b = std::uint64_t{philox_multiplier[1]} * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
    key = {key[0] + philox_weyl[0], key[1] + philox_weyl[1]};
  }
  return counter;
}

/// The block that step `step` of path `path` draws from, and the key of a seed: how every simulation here counts.
constexpr PhiloxBlock philox_counter(std::uint64_t path, std::uint64_t step) {
  return {static_cast<std::uint32_t>(path), static_cast<std::uint32_t>(path >> 32), static_cast<std::uint32_t>(step),
          static_cast<std::uint32_t>(step >> 32)};
}
constexpr PhiloxKey philox_key(std::uint64_t seed) {
  return {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
}

/// In (0, 1), never an end: the middle of one of 2^52 equal cells, by the upper bits of high·2^32 + low.
constexpr double philox_uniform(std::uint32_t low, std::uint32_t high) {
  const std::uint64_t bits = (std::uint64_t{high} << 32 | low) >> 12;
  return (static_cast<double>(bits) + 0.5) * 0x1p-52;
}

}  // namespace ballast
