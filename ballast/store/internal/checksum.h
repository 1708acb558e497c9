#pragma once
#include <cstdint>
#include <string_view>

namespace ballast::store {

/// CRC-32 of ISO 3309, as gzip has it (RFC 1952, section 8).
std::uint32_t crc32(std::string_view bytes);

}  // namespace ballast::store
