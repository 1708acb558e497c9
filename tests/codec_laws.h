#pragma once
#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "ballast/base/codec.h"
#include "tests/random_value.h"

/// What holds of everything that is written to bytes, whatever it is. `write` gives a T's bytes, `read` a Result<T>.
namespace ballast::test {

/// One number for all the bytes that a type may take: what is read into it and in which order. FNV-1a, 64 bits.
template <class T>
std::uint64_t form_of() {
  Rng rng(1);
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325;
  for (int i = 0; i < 20; ++i)
    for (const char c : encoded(random_value<T>(rng))) {
      hash ^= static_cast<unsigned char>(c);
      hash *= 0x0000'0100'0000'01b3;
    }
  return hash;
}

/// Values come back bit for bit.
template <class T>
void check_round_trip(std::uint64_t seed, int count, auto write, auto read) {
  Rng rng(seed);
  for (int i = 0; i < count; ++i) {
    CAPTURE(i);
    const std::string bytes = write(random_value<T>(rng));
    const Result<T> back = read(bytes);
    REQUIRE_MESSAGE(back, (back ? "" : back.error().what));
    REQUIRE(write(back.value()) == bytes);
  }
}

/// Whatever is done to the bytes, they are refused or are another value's only bytes: cut anywhere, with something
/// behind them, with a byte changed, with eight in a row full of ones where lengths may stand, made up altogether.
/// Every byte of `count` values that take at most `most` bytes.
template <class T>
void check_hostile(std::uint64_t seed, int count, auto write, auto read, std::size_t most = 2000) {
  Rng rng(seed);
  const auto holds = [&](const std::string& bytes) {
    const Result<T> back = read(bytes);
    return back ? write(back.value()) == bytes : !back.error().what.empty();
  };
  for (int i = 0; i < count;) {
    const std::string whole = write(random_value<T>(rng));
    if (whole.size() > most) continue;
    CAPTURE(i);
    ++i;
    CHECK_FALSE(read(whole + std::string(1, '\0')));
    for (std::size_t at = 0; at < whole.size(); ++at) {
      CAPTURE(at);
      REQUIRE_FALSE(read(whole.substr(0, at)));
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ (1 << rng.below(8)));
      REQUIRE(holds(changed));
      changed[at] = static_cast<char>(rng.bits());
      REQUIRE(holds(changed));
      std::fill(changed.begin() + static_cast<std::ptrdiff_t>(at),
                changed.begin() + static_cast<std::ptrdiff_t>(std::min(at + 8, whole.size())), '\xff');
      REQUIRE(holds(changed));
    }
    REQUIRE(holds(random_value<std::string>(rng)));
  }
}

}  // namespace ballast::test
