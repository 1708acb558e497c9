#pragma once
#include <cstddef>
#include <optional>
#include <string_view>

#include "ballast/base/result.h"

namespace ballast::venue::json {

inline constexpr std::size_t message_limit = std::size_t{1} << 20;  ///< bytes of one websocket message
inline constexpr std::size_t list_limit = std::size_t{64} << 20;    ///< bytes of one REST list
inline constexpr std::size_t depth_limit = 64;                      ///< nested arrays and objects
inline constexpr std::size_t text_limit = std::size_t{64} << 10;    ///< bytes of one string
inline constexpr std::size_t key_limit = 4096;                      ///< keys of one object

/// Checks that `bytes` are exactly one JSON document (RFC 8259): strict UTF-8 without a byte order mark, no comments,
/// trailing commas, NaN, hex or leading zeros, no key twice in one object, no number outside a double (or, without
/// fraction and exponent, outside a 64-bit integer), nothing after the document, and none of the limits above passed.
/// Empty when all holds, else bad_syntax whose message begins with `byte N`, N counted from 0.
/// Cost: one pass, no recursion; the memory is one hash a key of the objects that are open.
std::optional<Error> syntax_fault(std::string_view bytes, std::size_t limit);

}  // namespace ballast::venue::json
