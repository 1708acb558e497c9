#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/market/snapshot.h"

namespace ballast::store {

inline constexpr std::uint32_t chain_schema = 1;  ///< of the bytes that ChainPacker writes

/// Turns snapshots into bytes, column by column. Instruments and repeated texts are written once, in the block of the
/// snapshot that has them first, so blocks are only of use in order and from the first on.
class ChainPacker {
 public:
  /// bad_input: a quote without its instrument, or a name that is not its key; then nothing has changed. limit: more
  /// than chain_dictionary_limit instruments or texts in one archive; then no more can be packed.
  Result<std::string> pack(const market::Snapshot& snapshot);

 private:
  std::uint32_t text_id(const std::string& text);
  std::string packed(const market::Instrument& instrument);

  std::unordered_map<std::string, std::uint32_t> texts_, instruments_;  // what was written, by its bytes
  std::string fresh_texts_, fresh_instruments_;                         // of this block
};

/// The way back, into one snapshot that is used again: what changes little from one to the next is left where it lies.
class ChainUnpacker {
 public:
  /// False: these are not the next bytes of a ChainPacker, and snapshot() means nothing any more.
  bool unpack(std::string_view bytes);
  const market::Snapshot& snapshot() const { return snapshot_; }

 private:
  struct Columns;

  std::vector<std::string> texts_;
  std::vector<market::Instrument> instruments_;
  std::vector<std::int64_t> listed_;  // the instruments of snapshot_, by their place in instruments_
  market::Snapshot snapshot_;
};

inline constexpr std::size_t chain_dictionary_limit = std::size_t{1} << 20;  ///< instruments, and texts, of an archive

}  // namespace ballast::store
