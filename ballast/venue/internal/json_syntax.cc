#include "ballast/venue/internal/json_syntax.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "ballast/base/text.h"

namespace ballast::venue::json {
namespace {

bool is_digit(unsigned char c) { return c >= '0' && c <= '9'; }

int hex_digit(unsigned char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_utf8(std::string& out, unsigned code) {
  const auto put = [&out](unsigned byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6), put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12), put(0x80 | (code >> 6 & 0x3f)), put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18), put(0x80 | (code >> 12 & 0x3f)), put(0x80 | (code >> 6 & 0x3f)), put(0x80 | (code & 0x3f));
  }
}

/// Bytes of a string that need no second look: printable ASCII but the quote and the backslash.
constexpr std::array<bool, 256> plain = [] {
  std::array<bool, 256> t{};
  for (std::size_t c = 0x20; c < 0x80; ++c) t[c] = c != '"' && c != '\\';
  return t;
}();

class Checker {
 public:
  Checker(std::string_view bytes, std::size_t limit) : text_(bytes), limit_(limit) {}

  std::optional<Error> run() {
    if (text_.size() > limit_) return fault(limit_, fmt::format("the document is over {} bytes", limit_));
    skip_space();
    if (at_ == text_.size()) return fault(at_, "there is no document");
    if (text_.substr(at_, 3) == "\xef\xbb\xbf") return fault(at_, "a byte order mark");
    document();
    return error_;
  }

 private:
  struct Key {
    std::uint64_t hash;
    std::size_t at;  // of the opening quote
  };
  struct Level {
    bool object;
    std::size_t first_key;  // in keys_
    std::size_t keys;
  };

  std::optional<Error> fault(std::size_t at, const std::string& why) {
    if (!error_) error_ = Error{Fault::bad_syntax, fmt::format("byte {}: {}", at, why)};
    return error_;
  }

  unsigned char peek() const { return at_ < text_.size() ? static_cast<unsigned char>(text_[at_]) : 0; }

  void skip_space() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return;
      ++at_;
    }
  }

  std::optional<Error> unexpected(const char* wanted) {
    if (at_ >= text_.size()) return fault(at_, fmt::format("the document ends where {} is due", wanted));
    const unsigned char c = peek();
    if (c >= 0x20 && c < 0x7f) return fault(at_, fmt::format("'{}' where {} is due", static_cast<char>(c), wanted));
    return fault(at_, fmt::format("0x{:02x} where {} is due", unsigned{c}, wanted));
  }

  void document() {
    for (;;) {  // at the start of a value
      skip_space();
      const unsigned char c = peek();
      if (c == '{' || c == '[') {
        if (depth_ == depth_limit) {
          fault(at_, fmt::format("nested deeper than {}", depth_limit));
          return;
        }
        levels_[depth_++] = {c == '{', keys_.size(), 0};
        ++at_;
        skip_space();
        if (peek() == (c == '{' ? '}' : ']') && at_ < text_.size()) {
          ++at_;
          --depth_;
          if (!next()) return;
          continue;
        }
        if (c == '{' && !key()) return;
        continue;
      }
      if (c == '"' ? !string() : !scalar(c)) return;
      if (!next()) return;
    }
  }

  /// After a value: closes what ends here and stops in front of the next value. False at the end or on a fault.
  bool next() {
    for (;;) {
      skip_space();
      if (depth_ == 0) {
        if (at_ != text_.size()) fault(at_, "more bytes after the document");
        return false;
      }
      const Level& level = levels_[depth_ - 1];
      if (peek() == ',') {
        ++at_;
        if (level.object) {
          skip_space();
          return key();
        }
        return true;
      }
      if (at_ >= text_.size() || peek() != (level.object ? '}' : ']')) {
        unexpected(level.object ? "',' or '}'" : "',' or ']'");
        return false;
      }
      ++at_;
      const Level closed = levels_[--depth_];
      if (closed.object && !keys_differ(closed)) return false;
      keys_.resize(closed.first_key);
    }
  }

  bool key() {
    if (peek() != '"' || at_ >= text_.size()) {
      unexpected("a key");
      return false;
    }
    const std::size_t start = at_;
    if (!string()) return false;
    Level& level = levels_[depth_ - 1];
    if (++level.keys > key_limit) {
      fault(start, fmt::format("more than {} keys in one object", key_limit));
      return false;
    }
    std::uint64_t hash = 1469598103934665603u;  // FNV-1a
    const std::string_view raw = text_.substr(start + 1, at_ - start - 2);
    if (raw.find('\\') == std::string_view::npos) {
      for (const char c : raw) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
    } else {
      for (const char c : decoded(start)) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
    }
    keys_.push_back({hash, start});
    skip_space();
    if (peek() != ':') {
      unexpected("':'");
      return false;
    }
    ++at_;
    return true;
  }

  /// The key that begins at `start`, whose syntax has been checked, without its escapes.
  std::string decoded(std::size_t start) const {
    std::string out;
    for (std::size_t i = start + 1; text_[i] != '"'; ++i) {
      if (text_[i] != '\\') {
        out += text_[i];
        continue;
      }
      const char c = text_[++i];
      if (c == 'u') {
        unsigned code = unit(i + 1);
        i += 4;
        if (code >= 0xd800 && code < 0xdc00) {
          code = 0x10000 + ((code - 0xd800) << 10) + (unit(i + 3) - 0xdc00);
          i += 6;
        }
        append_utf8(out, code);
      } else {
        constexpr std::string_view from = "bfnrt", to = "\b\f\n\r\t";
        const std::size_t known = from.find(c);
        out += known == std::string_view::npos ? c : to[known];
      }
    }
    return out;
  }

  unsigned unit(std::size_t at) const {
    unsigned code = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      code = code * 16 + static_cast<unsigned>(hex_digit(static_cast<unsigned char>(text_[at + i])));
    }
    return code;
  }

  bool keys_differ(const Level& level) {
    Key* const first = keys_.data() + level.first_key;
    Key* const last = keys_.data() + keys_.size();
    constexpr std::ptrdiff_t few = 48;  // pairwise comparison of hashes is faster up to here
    if (last - first <= few) {
      for (const Key* b = first; b < last; ++b) {
        for (const Key* a = first; a < b; ++a) {
          if (a->hash == b->hash && !differ(*a, *b)) return false;
        }
      }
      return true;
    }
    std::sort(first, last, [](const Key& a, const Key& b) { return a.hash != b.hash ? a.hash < b.hash : a.at < b.at; });
    for (const Key* b = first + 1; b < last; ++b) {
      if ((b - 1)->hash == b->hash && !differ(*(b - 1), *b)) return false;
    }
    return true;
  }

  bool differ(const Key& a, const Key& b) {
    if (decoded(a.at) != decoded(b.at)) return true;
    fault(b.at,
          fmt::format("the key {} for the second time in its object, first at byte {}", quoted(decoded(b.at)), a.at));
    return false;
  }

  bool string() {
    const std::size_t start = at_++;
    for (;;) {
      while (at_ < text_.size() && plain[static_cast<unsigned char>(text_[at_])]) ++at_;
      if (at_ >= text_.size()) {
        fault(at_, "the document ends inside a string");
        return false;
      }
      const unsigned char c = peek();
      if (c == '"') break;
      if (c < 0x20) {
        fault(at_, fmt::format("control byte 0x{:02x} inside a string", unsigned{c}));
        return false;
      }
      if (c == '\\' ? !escape() : !multibyte()) return false;
    }
    ++at_;
    if (at_ - start - 2 > text_limit) {
      fault(start, fmt::format("a string over {} bytes", text_limit));
      return false;
    }
    return true;
  }

  bool four_hex(std::size_t at) const {
    for (std::size_t i = 0; i < 4; ++i) {
      if (at + i >= text_.size() || hex_digit(static_cast<unsigned char>(text_[at + i])) < 0) return false;
    }
    return true;
  }

  bool escape() {
    const std::size_t start = at_++;
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    if (c != 'u') {
      if (c != '\0' && std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos) return ++at_, true;
      fault(start, "no such escape");
      return false;
    }
    if (!four_hex(at_ + 1)) {
      fault(start, "an escape \\u without four hex digits");
      return false;
    }
    const unsigned code = unit(at_ + 1);
    at_ += 5;
    if (code < 0xd800 || code > 0xdfff) return true;
    if (code < 0xdc00 && text_.substr(at_, 2) == "\\u" && four_hex(at_ + 2)) {
      const unsigned low = unit(at_ + 2);
      if (low >= 0xdc00 && low <= 0xdfff) return at_ += 6, true;
    }
    fault(start, "half of a surrogate pair");
    return false;
  }

  /// One UTF-8 sequence of two to four bytes: shortest form, no surrogates, at most U+10FFFF.
  bool multibyte() {
    const auto byte = [this](std::size_t i) -> unsigned {
      return at_ + i < text_.size() ? static_cast<unsigned char>(text_[at_ + i]) : 0u;
    };
    const auto follows = [&byte](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
    const unsigned a = byte(0), b = byte(1);
    std::size_t n = 0;
    if (a >= 0xc2 && a <= 0xdf && follows(1)) n = 2;
    if (a >= 0xe0 && a <= 0xef && follows(1) && follows(2) && !(a == 0xe0 && b < 0xa0) && !(a == 0xed && b >= 0xa0))
      n = 3;
    if (a >= 0xf0 && a <= 0xf4 && follows(1) && follows(2) && follows(3) && !(a == 0xf0 && b < 0x90) &&
        !(a == 0xf4 && b >= 0x90)) {
      n = 4;
    }
    if (n == 0) fault(at_, "not UTF-8");
    at_ += n;
    return n != 0;
  }

  bool scalar(unsigned char c) {
    if (c == '-' || is_digit(c)) return number();
    for (const std::string_view word : {"true", "false", "null"}) {
      if (text_.substr(at_, word.size()) == word) return at_ += word.size(), true;
    }
    unexpected("a value");
    return false;
  }

  std::size_t digits() {
    const std::size_t start = at_;
    while (at_ < text_.size() && is_digit(static_cast<unsigned char>(text_[at_]))) ++at_;
    return at_ - start;
  }

  bool number() {
    const std::size_t start = at_;
    if (peek() == '-') ++at_;
    const std::size_t whole_at = at_, whole = digits();
    if (whole == 0) return unexpected("a digit"), false;
    if (whole > 1 && text_[whole_at] == '0') return fault(start, "a number with a leading zero"), false;
    bool integer = true, exponent = false;
    if (peek() == '.') {
      integer = false;
      ++at_;
      if (digits() == 0) return unexpected("a digit"), false;
    }
    if (peek() == 'e' || peek() == 'E') {
      integer = false;
      exponent = true;
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      if (digits() == 0) return unexpected("a digit"), false;
    }
    if (integer && whole >= 19) {
      std::int64_t value = 0;
      if (std::from_chars(text_.data() + start, text_.data() + at_, value).ec != std::errc()) {
        return fault(start, "a whole number over 64 bits"), false;
      }
    }
    // A number can only overflow with an exponent or with hundreds of digits. from_chars tells overflow and underflow
    // alike, so the place of the first digit decides; what is too small for a double is 0, as everywhere.
    if (!integer && (exponent || whole > 300)) {
      double value = 0.0;
      if (std::from_chars(text_.data() + start, text_.data() + at_, value).ec != std::errc() &&
          is_huge(whole_at, whole)) {
        return fault(start, fmt::format("no double can hold {}", quoted(text_.substr(start, at_ - start)))), false;
      }
    }
    return true;
  }

  /// Whether the number whose integer part is the `whole` digits at `whole_at`, and which ends at at_, is above 1.
  bool is_huge(std::size_t whole_at, std::size_t whole) const {
    const std::string_view text = text_.substr(whole_at, at_ - whole_at);
    const std::size_t e = text.find_first_of("eE");
    const bool negative = e != std::string_view::npos && text[e + 1] == '-';
    std::size_t exponent = 0;
    for (std::size_t i = e; i < text.size(); ++i) {
      if (is_digit(static_cast<unsigned char>(text[i])) && exponent < text_limit * 1024) {
        exponent = exponent * 10 + static_cast<std::size_t>(text[i] - '0');
      }
    }
    const std::size_t first = text.find_first_of("123456789");
    if (first == std::string_view::npos || first > e) return false;
    const auto power =
        first < whole ? static_cast<std::int64_t>(whole - first) : -static_cast<std::int64_t>(first - whole);
    return power + (negative ? -1 : 1) * static_cast<std::int64_t>(exponent) > 0;
  }

  std::string_view text_;
  std::size_t limit_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::array<Level, depth_limit> levels_{};
  std::vector<Key> keys_;  // of the open objects
  std::optional<Error> error_;
};

}  // namespace

std::optional<Error> syntax_fault(std::string_view bytes, std::size_t limit) { return Checker(bytes, limit).run(); }

}  // namespace ballast::venue::json
