#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ballast/base/result.h"

namespace ballast::store {

inline constexpr std::size_t file_limit = std::size_t{64} << 20;  ///< bytes, after decompression

/// The content of a file, plain, gzip or zstd by its first bytes; `-` is standard input.
/// Faults  unavailable when it cannot be read; bad_syntax when it is empty, over `limit` bytes (before or after
///         decompression), or a compressed stream that is cut or damaged. The message begins with the file's name.
Result<std::string> read_bytes(const std::string& path, std::size_t limit = file_limit);

/// Calls visit(name, bytes) for each regular file of a .tar, .tar.gz or .tar.zst, in the archive's order, until it
/// answers false. Names are text for messages: nothing is written to disk. The value is the number of files visited.
/// Faults  as read_bytes(), `limit` for each member and for the archive as it lies on disk; bad_syntax for an archive
///         that is cut, and for more than 100,000 members.
Result<std::size_t> for_each_member(
    const std::string& path, std::size_t limit,
    const std::function<bool(const std::string& name, const std::string& bytes)>& visit);

/// Writes a whole file or none: to a file beside it, then renamed over it, so that a reader never sees half of it and
/// what was there stays until all of the new is on the disk. A symbolic link keeps pointing where it did.
/// Faults  unavailable, with the file's name and why: a folder that is not there, no room, no permission, or something
///         at `path` that is not a regular file (a device, a folder). The error is absent when the file is written.
std::optional<Error> write_bytes(const std::string& path, std::string_view bytes);

}  // namespace ballast::store
