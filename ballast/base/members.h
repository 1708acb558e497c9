#pragma once
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>

/// What a struct is made of, for code that goes through all of it: what is written to bytes (base/codec.h), for one.
namespace ballast {

inline constexpr std::size_t not_described = static_cast<std::size_t>(-1);

/// How many members an aggregate has. A specialisation describes it; members_of() then gives them in the order of the
/// struct. The number is held against the struct by the compiler: one member more or less does not compile.
template <class T>
inline constexpr std::size_t member_count = not_described;

template <class T>
concept Described = member_count<T> != not_described;

/// References to all members, in the order of the struct.
template <class T>
  requires Described<std::remove_const_t<T>>
constexpr auto members_of(T& x) {
  constexpr std::size_t n = member_count<std::remove_const_t<T>>;
  static_assert(n <= 20, "one line more below");
  // clang-format off
  if constexpr (n == 0) { static_assert(std::is_empty_v<T>); return std::tuple<>(); }
  else if constexpr (n == 1) { auto& [a] = x; return std::tie(a); }
  else if constexpr (n == 2) { auto& [a, b] = x; return std::tie(a, b); }
  else if constexpr (n == 3) { auto& [a, b, c] = x; return std::tie(a, b, c); }
  else if constexpr (n == 4) { auto& [a, b, c, d] = x; return std::tie(a, b, c, d); }
  else if constexpr (n == 5) { auto& [a, b, c, d, e] = x; return std::tie(a, b, c, d, e); }
  else if constexpr (n == 6) { auto& [a, b, c, d, e, f] = x; return std::tie(a, b, c, d, e, f); }
  else if constexpr (n == 7) { auto& [a, b, c, d, e, f, g] = x; return std::tie(a, b, c, d, e, f, g); }
  else if constexpr (n == 8) { auto& [a, b, c, d, e, f, g, h] = x; return std::tie(a, b, c, d, e, f, g, h); }
  else if constexpr (n == 9) { auto& [a, b, c, d, e, f, g, h, i] = x; return std::tie(a, b, c, d, e, f, g, h, i); }
  else if constexpr (n == 10) { auto& [a, b, c, d, e, f, g, h, i, j] = x; return std::tie(a, b, c, d, e, f, g, h, i, j); }
  else if constexpr (n == 11) { auto& [a, b, c, d, e, f, g, h, i, j, k] = x;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k); }
  else if constexpr (n == 12) { auto& [a, b, c, d, e, f, g, h, i, j, k, l] = x;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l); }
  else if constexpr (n == 13) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = x;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m); }
  else if constexpr (n == 14) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o] = x;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, o); }
  else if constexpr (n == 15) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o, p] = x;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, o, p); }
  else if constexpr (n == 16) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q] = x;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q); }
  else if constexpr (n == 17) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r] = x;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r); }
  else if constexpr (n == 18) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s] = x;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s); }
  else if constexpr (n == 19) { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s, t] = x;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s, t); }
  else { auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s, t, u] = x;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s, t, u); }
  // clang-format on
}

/// Whether an enum has a name for a value: GCC and Clang print `Kind::future` for one that has and `(Kind)17` for one
/// that has not.
template <auto value>
constexpr bool is_enumerator() {
  constexpr std::string_view text = __PRETTY_FUNCTION__, mark = "value = ";
  static_assert(text.find(mark) != std::string_view::npos);
  return text[text.find(mark) + mark.size()] != '(';
}

/// How many names an enum has: 0, 1, 2, … up to the first without one. For enums without gaps.
template <class E, std::size_t from = 0>
  requires std::is_enum_v<E>
constexpr std::size_t enumerators() {
  if constexpr (from < 256 && is_enumerator<static_cast<E>(from)>()) {
    return enumerators<E, from + 1>();
  } else {
    return from;
  }
}

}  // namespace ballast
