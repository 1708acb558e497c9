#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace ballast::store {

/// CRC-32 (IEEE 802.3, as in gzip) of `bytes`, going on from the checksum of what stands before them. zlib's: it is
/// the checksum that the rest of the house meets in gzip files, and finds every burst of up to 32 bits.
std::uint32_t crc32_of(std::string_view bytes, std::uint32_t before = 0);

// Whole numbers lie in our files least significant byte first, as in the memory of every machine that we build for.
static_assert(std::endian::native == std::endian::little, "here the bytes of a number have to be turned round");

template <class T>
void put(std::string& out, T value) {
  static_assert(std::is_unsigned_v<T>);
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

/// Appends a text of at most 4 GiB with its length in front.
inline void put_text(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

template <class T>
T whole_number(const char* at) {
  static_assert(std::is_unsigned_v<T>);
  T value;
  std::memcpy(&value, at, sizeof(T));
  return value;
}

/// Takes apart what put() wrote. Past the end everything is 0 or empty and broken() stays true: the caller asks once.
class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : rest_(bytes) {}

  template <class T>
  T take() {
    const std::string_view bytes = take_bytes(sizeof(T));
    return broken_ ? T{0} : whole_number<T>(bytes.data());
  }
  std::string_view take_text() { return take_bytes(take<std::uint32_t>()); }
  std::string_view take_bytes(std::size_t n) {
    if (broken_ || n > rest_.size()) {
      broken_ = true;
      return {};
    }
    const std::string_view taken = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return taken;
  }
  /// For what was read but cannot be: the caller says it here and asks broken() at the end.
  void refuse() { broken_ = true; }
  bool broken() const { return broken_; }
  std::size_t left() const { return rest_.size(); }

 private:
  std::string_view rest_;
  bool broken_ = false;
};

}  // namespace ballast::store
