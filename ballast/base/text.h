#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ballast {

/// A finite decimal number and nothing else: no white space, `nan`, `inf`, hex or sign `+`; the locale plays no part.
std::optional<double> parse_number(std::string_view text);

/// A whole number of 64 bits and nothing else.
std::optional<std::int64_t> parse_integer(std::string_view text);

/// A plain decimal number, digits with at most one point between them, as a whole number of 10^-places: `0.014` with 8
/// places is 1,400,000. Exact or nothing: no sign, no exponent, no digit but 0 beyond the places, nothing over 63 bits.
/// `places` 0 to 18.
std::optional<std::int64_t> parse_decimal(std::string_view text, int places);

/// The shortest text that reads back as the same double: `0.1`, `63718.97`, `1e-07`.
std::string shortest(double value);

/// `text` cut to 64 bytes and with control and non-ASCII bytes escaped: safe in a message, a log line or a terminal.
std::string quoted(std::string_view text);

/// The fields of `text` between `separator`, empty ones kept.
std::vector<std::string_view> split(std::string_view text, char separator);

/// The candidate nearest to `text` in edit distance if it is within 3, for "did you mean"; else empty.
std::string nearest(std::string_view text, const std::vector<std::string>& candidates);

}  // namespace ballast
