#include "ballast/base/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

namespace ballast {

std::optional<double> parse_number(std::string_view text) {
  double value = 0.0;
  const char* end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, value, std::chars_format::general);
  if (fault != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, value);
  if (fault != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<std::int64_t> parse_decimal(std::string_view text, int places) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const std::size_t point = std::min(text.find('.'), text.size());
  if (point == 0 || point + 1 == text.size()) return std::nullopt;
  std::int64_t value = 0;
  int left = places;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == point) continue;
    const int digit = text[i] - '0';
    if (digit < 0 || digit > 9) return std::nullopt;
    if (i > point && left-- <= 0) {
      if (digit != 0) return std::nullopt;
      continue;
    }
    if (value > (most - digit) / 10) return std::nullopt;
    value = 10 * value + digit;
  }
  for (; left > 0; --left) {
    if (value > most / 10) return std::nullopt;
    value *= 10;
  }
  return value;
}

std::string shortest(double value) { return fmt::format("{}", value); }

std::string quoted(std::string_view text) {
  constexpr std::size_t longest = 64;
  std::string out = "'";
  for (const char c : text.substr(0, longest)) {
    if (c >= 0x20 && c < 0x7f) {
      out += c;
    } else {
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
  return out + (text.size() > longest ? "'..." : "'");
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> fields;
  for (;;) {
    const std::size_t at = text.find(separator);
    fields.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return fields;
    text.remove_prefix(at + 1);
  }
}

namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest(std::string_view text, const std::vector<std::string>& candidates) {
  constexpr std::size_t tolerated = 3;
  std::size_t best = tolerated + 1;
  std::string found;
  for (const std::string& candidate : candidates) {
    if (const std::size_t d = edit_distance(text.substr(0, 64), candidate); d < best) {
      best = d;
      found = candidate;
    }
  }
  return found;
}

}  // namespace ballast
