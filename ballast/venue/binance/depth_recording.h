#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ballast/market/level_history.h"
#include "ballast/venue/binance/depth.h"

namespace ballast::venue::binance {

/// One line of a recording.
struct RecordedDepth {
  std::int64_t received_ns = 0;  ///< since 1970, by the recorder's clock
  std::variant<DepthUpdate, DepthSnapshot> message;
};

/// The depth messages of one file, of one instrument.
struct DepthRecording {
  market::LevelInstrument instrument;  ///< named by market and symbol: "spot:BTCUSDT", "usd-m:BTCUSDT"
  std::vector<RecordedDepth> messages;
  std::size_t passed_over = 0;  ///< lines of other streams
};

/// Reads lines `received_ns JSON` of one instrument: depth updates and REST snapshots, as the recorder of hftbacktest
/// writes them. Which market it is the updates say: those of futures name the update before them, and COIN-M's pairs
/// end in USD. COIN-M counts contracts of 100 USD for BTC and 10 USD for all others (docs/sources.md: binance).
/// Faults  those of the decoders but not_ours, with the line; bad_syntax for a line without a time; bad_field for a
/// symbol over 64 bytes; bad_input for a
///         second symbol; missing_data without any update.
Result<DepthRecording> decode_depth_recording(std::string_view bytes);

/// What became of an instrument's messages.
struct DepthCounts {
  std::size_t updates = 0;    ///< in the recording
  std::size_t applied = 0;    ///< of them: the rest is older than a snapshot, or has none
  std::size_t snapshots = 0;  ///< applied
  std::size_t gaps = 0;       ///< breaks of the sequence and updates that made no sense; each lost the book
};

struct RecordedLevels {
  market::LevelHistory history;
  std::vector<DepthCounts> counts;  ///< an entry an instrument
};

/// The books of several recordings by the venue's rules (DepthBook), one after the other as they were received.
/// Recordings of one instrument (days) are one. A break of the sequence is no fault: it is counted, and the book is
/// lost until the next snapshot. Fault  limit: over 65,536 instruments.
Result<RecordedLevels> level_history(std::span<const DepthRecording> recordings);

}  // namespace ballast::venue::binance
