#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ballast::store {

/// `bytes` as one zstd frame, by libarchive as everything compressed here (docs/decisions/0003). Absent: no memory.
std::optional<std::string> zstd_packed(std::string_view bytes);

/// What zstd_packed() was given, where it is exactly `size` bytes; absent where it is not, or the frame is damaged.
std::optional<std::string> zstd_unpacked(std::string_view packed, std::size_t size);

}  // namespace ballast::store
