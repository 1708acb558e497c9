#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "ballast/base/result.h"
#include "ballast/market/level_history.h"

namespace ballast::store {

/// Books as they changed, on disk: docs/level-archive.md has the bytes. A head with the instruments, then blocks of up
/// to 4,096 updates; a block is columns of fixed width with a CRC-32, so that reading is copying. 16 bytes a level and
/// 19 an update; zstd, undone when the file is read, leaves about a third of that.
inline constexpr std::size_t level_archive_limit = std::size_t{2} << 30;  ///< bytes, after decompression
inline constexpr std::size_t most_level_instruments = 65'536;

/// Domain   rows, counts and levels of `history` agree with each other, and at most most_level_instruments.
std::string encode_levels(const market::LevelHistory& history);

/// Faults   bad_syntax with the byte: no archive of ours, another version, cut, a checksum that does not hold, bytes
///          after the end; bad_field with the byte: a row, a kind, a price or an amount out of range, a contract that
///          is not positive, two instruments of one name, over market::OrderBook::most_levels levels a side.
Result<market::LevelHistory> decode_levels(std::string_view bytes);

/// The same of a file, plain, gzip or zstd. Faults  those of read_bytes() and decode_levels(), with the file's name.
Result<market::LevelHistory> read_levels(const std::string& path);

/// As write_bytes(); compressed with zstd where the name ends in ".zst".
std::optional<Error> write_levels(const std::string& path, const market::LevelHistory& history);

}  // namespace ballast::store
