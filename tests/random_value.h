#pragma once
#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "ballast/base/members.h"
#include "ballast/base/rng.h"
#include "ballast/base/units.h"

/// Random values of any type that base/codec.h knows: doubles of any bits, so NaNs of every payload, infinities,
/// denormals and -0 among them; strings of any bytes; lists of up to three.
namespace ballast::test {

template <class T>
struct Random;

template <class T>
T random_value(Rng& rng) {
  T x{};
  Random<T>::fill(rng, x);
  return x;
}

template <std::integral T>
struct Random<T> {
  static void fill(Rng& rng, T& x) { x = static_cast<T>(rng.bits()); }
};

template <>
struct Random<bool> {
  static void fill(Rng& rng, bool& x) { x = rng.below(2) == 1; }
};

template <class E>
  requires std::is_enum_v<E>
struct Random<E> {
  static void fill(Rng& rng, E& x) { x = static_cast<E>(rng.below(enumerators<E>())); }
};

template <>
struct Random<double> {
  static void fill(Rng& rng, double& x) {
    constexpr std::uint64_t exponent = 0x7ff0'0000'0000'0000;  // all set: NaN or infinity
    x = std::bit_cast<double>(rng.below(4) == 0 ? rng.bits() | exponent : rng.bits());
  }
};

template <class Tag>
struct Random<Unit<Tag>> {
  static void fill(Rng& rng, Unit<Tag>& x) { Random<double>::fill(rng, x.value); }
};

template <>
struct Random<std::string> {
  static void fill(Rng& rng, std::string& x) {
    x.resize(rng.below(9));
    for (char& c : x) c = static_cast<char>(rng.bits());
  }
};

template <class T>
struct Random<std::optional<T>> {
  static void fill(Rng& rng, std::optional<T>& x) {
    x.reset();
    if (rng.below(3) > 0) Random<T>::fill(rng, x.emplace());
  }
};

template <class T>
struct Random<std::vector<T>> {
  static void fill(Rng& rng, std::vector<T>& x) {
    x.resize(rng.below(4));
    for (T& element : x) Random<T>::fill(rng, element);
  }
};

template <class K, class T>
struct Random<std::map<K, T>> {
  static void fill(Rng& rng, std::map<K, T>& x) {
    x.clear();
    for (std::size_t n = rng.below(4); n > 0; --n) {
      const K key = random_value<K>(rng);  // first: arguments would be drawn in the compiler's order
      Random<T>::fill(rng, x[key]);
    }
  }
};

template <class T, std::size_t n>
struct Random<std::array<T, n>> {
  static void fill(Rng& rng, std::array<T, n>& x) {
    for (T& element : x) Random<T>::fill(rng, element);
  }
};

template <class A, class B>
struct Random<std::pair<A, B>> {
  static void fill(Rng& rng, std::pair<A, B>& x) {
    Random<A>::fill(rng, x.first);
    Random<B>::fill(rng, x.second);
  }
};

template <class... T>
struct Random<std::variant<T...>> {
  static void fill(Rng& rng, std::variant<T...>& x) {
    const std::size_t index = rng.below(sizeof...(T));
    std::size_t i = 0;
    ((i++ == index ? Random<T>::fill(rng, x.template emplace<T>()) : void()), ...);
  }
};

template <Described T>
struct Random<T> {
  static void fill(Rng& rng, T& x) {
    std::apply([&]<class... M>(M&... member) { (Random<M>::fill(rng, member), ...); }, members_of(x));
  }
};

}  // namespace ballast::test
