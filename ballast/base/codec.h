#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "ballast/base/members.h"
#include "ballast/base/result.h"
#include "ballast/base/time.h"
#include "ballast/base/units.h"

/// Values as bytes and back, bit for bit, for what is saved and journalled.
///
///   whole number   its width, least significant byte first        bool, enum   one byte
///   double         its 64 bits, NaN payloads and all              struct       its members in order (base/members.h)
///   string, vector, map   length u64, then the elements           optional     0, or 1 and the value
///   variant        index u8 and the value                         array, pair  the elements
///
/// Every value has one form: what is read and written again are the same bytes. Anything else is refused: a flag that
/// is neither 0 nor 1, an enum without a name, keys that do not rise, bytes left over.
namespace ballast {

class ByteWriter {
 public:
  template <std::unsigned_integral U>
  void number(U x) {
    std::array<char, sizeof(U)> out{};
    for (char& byte : out) {
      byte = static_cast<char>(x & 0xff);
      x = static_cast<U>(x >> (sizeof(U) > 1 ? 8 : 0));
    }
    bytes_.append(out.data(), out.size());
  }
  void raw(std::string_view bytes) { bytes_.append(bytes); }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Total: any bytes can be read. After the first fault every number is 0 and every length too, so that reading ends.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  template <std::unsigned_integral U>
  U number() {
    if (left() < sizeof(U)) {
      fail("the bytes end");
      return 0;
    }
    U x = 0;
    for (std::size_t i = sizeof(U); i-- > 0;)
      x = static_cast<U>((sizeof(U) > 1 ? x << 8 : 0) | static_cast<unsigned char>(bytes_[at_ + i]));
    at_ += sizeof(U);
    return x;
  }

  /// A length whose elements take `least` bytes or more each: never one that the bytes left cannot hold.
  std::size_t length(std::size_t least) {
    assert(least > 0);
    const auto n = number<std::uint64_t>();
    if (n <= left() / least) return static_cast<std::size_t>(n);
    fail("a length of " + std::to_string(n) + " where " + std::to_string(left()) + " bytes are left", 8);
    return 0;
  }
  /// A byte below `count`.
  std::size_t choice(std::size_t count, const char* of) {
    const auto x = number<std::uint8_t>();
    if (x < count) return x;
    fail(std::string(of) + " " + std::to_string(x) + " of " + std::to_string(count), 1);
    return 0;
  }
  std::string_view raw(std::size_t size) {
    assert(size <= left());
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }

  std::size_t left() const { return failed() ? 0 : bytes_.size() - at_; }
  bool failed() const { return error_.has_value(); }
  const std::optional<Error>& error() const { return error_; }
  /// The offset is that of what was read last, `back` bytes before the reader. The first fault stays.
  void fail(const std::string& what, std::size_t back = 0) {
    if (!error_) error_ = Error{Fault::bad_syntax, "offset " + std::to_string(at_ - back) + ": " + what};
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  std::optional<Error> error_;
};

/// How values of a type are written and read. `least`: the fewest bytes that one takes.
template <class T>
struct Codec;

template <std::integral T>
  requires(!std::same_as<T, bool>)
struct Codec<T> {
  using Bits = std::make_unsigned_t<T>;
  static constexpr std::size_t least = sizeof(T);
  static void write(ByteWriter& out, T x) { out.number(static_cast<Bits>(x)); }
  static void read(ByteReader& in, T& x) { x = static_cast<T>(in.number<Bits>()); }
};

template <>
struct Codec<bool> {
  static constexpr std::size_t least = 1;
  static void write(ByteWriter& out, bool x) { out.number(static_cast<std::uint8_t>(x)); }
  static void read(ByteReader& in, bool& x) { x = in.choice(2, "flag") == 1; }
};

template <>
struct Codec<double> {
  static_assert(std::numeric_limits<double>::is_iec559);
  static constexpr std::size_t least = 8;
  static void write(ByteWriter& out, double x) { out.number(std::bit_cast<std::uint64_t>(x)); }
  static void read(ByteReader& in, double& x) { x = std::bit_cast<double>(in.number<std::uint64_t>()); }
};

template <class E>
  requires std::is_enum_v<E>
struct Codec<E> {
  static constexpr std::size_t least = 1;
  static_assert(enumerators<E>() > 0 && enumerators<E>() < 256);
  static void write(ByteWriter& out, E x) {
    assert(static_cast<std::size_t>(x) < enumerators<E>());
    out.number(static_cast<std::uint8_t>(x));
  }
  static void read(ByteReader& in, E& x) { x = static_cast<E>(in.choice(enumerators<E>(), "enum value")); }
};

template <class Tag>
struct Codec<Unit<Tag>> {
  static constexpr std::size_t least = 8;
  static void write(ByteWriter& out, Unit<Tag> x) { Codec<double>::write(out, x.value); }
  static void read(ByteReader& in, Unit<Tag>& x) { Codec<double>::read(in, x.value); }
};

template <>
struct Codec<std::string> {
  static constexpr std::size_t least = 8;
  static void write(ByteWriter& out, const std::string& x) {
    out.number(std::uint64_t{x.size()});
    out.raw(x);
  }
  static void read(ByteReader& in, std::string& x) {
    const std::size_t size = in.length(1);
    x = in.raw(size);
  }
};

template <class T>
struct Codec<std::optional<T>> {
  static constexpr std::size_t least = 1;
  static void write(ByteWriter& out, const std::optional<T>& x) {
    Codec<bool>::write(out, x.has_value());
    if (x) Codec<T>::write(out, *x);
  }
  static void read(ByteReader& in, std::optional<T>& x) {
    x.reset();
    if (in.choice(2, "flag") == 1) Codec<T>::read(in, x.emplace());
  }
};

template <class T>
struct Codec<std::vector<T>> {
  static_assert(!std::same_as<T, bool>, "has no elements to refer to");
  static_assert(Codec<T>::least > 0, "a length would have no bound");
  static constexpr std::size_t least = 8;
  static void write(ByteWriter& out, const std::vector<T>& x) {
    out.number(std::uint64_t{x.size()});
    for (const T& element : x) Codec<T>::write(out, element);
  }
  static void read(ByteReader& in, std::vector<T>& x) {
    const std::size_t size = in.length(Codec<T>::least);
    x.clear();
    x.reserve(std::min(size, in.left() / sizeof(T)));  // no more memory ahead of the elements than there are bytes
    for (std::size_t i = 0; i < size && !in.failed(); ++i) Codec<T>::read(in, x.emplace_back());
  }
};

template <class K, class T>
struct Codec<std::map<K, T>> {
  static constexpr std::size_t least = 8;
  static void write(ByteWriter& out, const std::map<K, T>& x) {
    out.number(std::uint64_t{x.size()});
    for (const auto& [key, value] : x) {
      Codec<K>::write(out, key);
      Codec<T>::write(out, value);
    }
  }
  static void read(ByteReader& in, std::map<K, T>& x) {
    const std::size_t size = in.length(Codec<K>::least + Codec<T>::least);
    x.clear();
    for (std::size_t i = 0; i < size && !in.failed(); ++i) {
      K key{};
      Codec<K>::read(in, key);
      if (!in.failed() && !x.empty() && !(x.rbegin()->first < key))
        in.fail("a key that is not above the one before it");
      if (in.failed()) return;
      Codec<T>::read(in, x.emplace_hint(x.end(), std::move(key), T{})->second);
    }
  }
};

template <class T, std::size_t n>
struct Codec<std::array<T, n>> {
  static constexpr std::size_t least = n * Codec<T>::least;
  static void write(ByteWriter& out, const std::array<T, n>& x) {
    for (const T& element : x) Codec<T>::write(out, element);
  }
  static void read(ByteReader& in, std::array<T, n>& x) {
    for (T& element : x) Codec<T>::read(in, element);
  }
};

template <class A, class B>
struct Codec<std::pair<A, B>> {
  static constexpr std::size_t least = Codec<A>::least + Codec<B>::least;
  static void write(ByteWriter& out, const std::pair<A, B>& x) {
    Codec<A>::write(out, x.first);
    Codec<B>::write(out, x.second);
  }
  static void read(ByteReader& in, std::pair<A, B>& x) {
    Codec<A>::read(in, x.first);
    Codec<B>::read(in, x.second);
  }
};

template <class... T>
struct Codec<std::variant<T...>> {
  static_assert(sizeof...(T) < 256);
  static constexpr std::size_t least = 1 + std::min({Codec<T>::least...});
  static void write(ByteWriter& out, const std::variant<T...>& x) {
    assert(!x.valueless_by_exception());
    out.number(static_cast<std::uint8_t>(x.index()));
    std::visit([&]<class V>(const V& value) { Codec<V>::write(out, value); }, x);
  }
  static void read(ByteReader& in, std::variant<T...>& x) {
    const std::size_t index = in.choice(sizeof...(T), "alternative");
    std::size_t i = 0;
    ((i++ == index ? read_one<T>(in, x) : void()), ...);
  }

 private:
  template <class V>
  static void read_one(ByteReader& in, std::variant<T...>& x) {
    Codec<V>::read(in, x.template emplace<V>());
  }
};

template <Described T>
struct Codec<T> {
  static constexpr std::size_t least = []<class... M>(std::tuple<M&...>*) {
    return (std::size_t{0} + ... + Codec<M>::least);
  }(static_cast<decltype(members_of(std::declval<T&>()))*>(nullptr));
  static void write(ByteWriter& out, const T& x) {
    std::apply([&]<class... M>(const M&... member) { (Codec<M>::write(out, member), ...); }, members_of(x));
  }
  static void read(ByteReader& in, T& x) {
    std::apply([&]<class... M>(M&... member) { (Codec<M>::read(in, member), ...); }, members_of(x));
  }
};

template <>
inline constexpr std::size_t member_count<Time> = 1;

template <class T>
std::string encoded(const T& value) {
  ByteWriter out;
  Codec<T>::write(out, value);
  return out.take();
}

/// Reads what is left of the bytes, all of it.
template <class T>
Result<T> rest_of(ByteReader& in) {
  T value{};
  Codec<T>::read(in, value);
  if (in.left() > 0) in.fail(std::to_string(in.left()) + " bytes too many");
  if (in.failed()) return *in.error();
  return value;
}

/// The value of all the bytes.
/// Fault   bad_syntax with the offset: no value is written like this.
/// Cost    O(bytes), in time and in memory: elements are made as they are read, never by a length alone.
template <class T>
Result<T> decoded(std::string_view bytes) {
  ByteReader in(bytes);
  return rest_of<T>(in);
}

/// What stands before a value that is kept: what it is, and in which version of its form. Any change of the structs is
/// a new version.
struct Seal {
  std::string_view magic;     ///< eight bytes
  std::uint32_t version = 1;  ///< > 0
};

template <class T>
std::string sealed(const Seal& seal, const T& value) {
  assert(seal.magic.size() == 8);
  ByteWriter out;
  out.raw(seal.magic);
  out.number(seal.version);
  Codec<T>::write(out, value);
  return out.take();
}

/// Faults   bad_syntax: something else, or damaged; not_ours: another version.
template <class T>
Result<T> unsealed(const Seal& seal, std::string_view bytes) {
  ByteReader in(bytes);
  if (bytes.size() < seal.magic.size() || in.raw(seal.magic.size()) != seal.magic)
    return Error{Fault::bad_syntax, "does not begin with " + std::string(seal.magic.substr(0, seal.magic.size() - 1))};
  const auto version = in.number<std::uint32_t>();
  if (!in.failed() && version != seal.version)
    return Error{Fault::not_ours,
                 "version " + std::to_string(version) + ", this program has " + std::to_string(seal.version)};
  return rest_of<T>(in);
}

}  // namespace ballast
