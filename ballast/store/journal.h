#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "ballast/base/result.h"

namespace ballast::store {

// A journal is a file of records, only ever appended to. What is in a record is its writer's business.
//
// Format 1, whole numbers with the least significant byte first:
//   file    "BALJRNL\n" | version u32 | CRC-32 of these 12 bytes
//   record  length u32 | sequence u64 | kind u32 | schema u32 | CRC-32 of these 20 bytes | bytes | CRC-32 of all before
//
// The head has a checksum of its own so that a damaged length is told from a record that was cut short. Torn is what
// an append leaves that was cut by a crash: a last record without its end, or with a sector of 512 zero bytes where the
// file grew before its content came. Everything else is damage, and no reader goes past it.

inline constexpr std::size_t record_limit = std::size_t{64} << 20;  ///< bytes of one record

struct Record {
  std::uint64_t sequence = 0;  ///< from 1, growing by one
  std::uint32_t kind = 0;      ///< what the bytes are
  std::uint32_t schema = 0;    ///< and which version of it
  std::string bytes;           ///< at most record_limit
};

/// What a journal holds, up to where it is whole.
struct JournalEnd {
  std::uint64_t records = 0;      ///< also the last sequence
  std::uint64_t whole_bytes = 0;  ///< of the file, up to the last whole record
  std::uint64_t torn_bytes = 0;   ///< behind them, of a record that was cut
};

/// Calls visit(record) for every whole record, in order, until it answers false. A torn tail is reported, not read, and
/// stays in the file. The writer may be at work meanwhile: its last record may then look torn.
/// Faults  unavailable: the file cannot be read; bad_syntax: it is no journal, or damaged; not_ours: a newer format.
///         The message begins with the file's name and the offset of the record. Records before it were visited.
Result<JournalEnd> read_journal(const std::string& path, const std::function<bool(const Record&)>& visit);

/// The one writer of a journal: the file is locked (flock) for as long as it lives.
class JournalWriter {
 public:
  /// Opens a journal to go on behind its last whole record, or makes it. A torn tail is cut off: dropped_bytes().
  /// Faults  those of read_journal(); unavailable also where another writer has it, or it is no regular file.
  static Result<JournalWriter> open(const std::string& path);
  JournalWriter(JournalWriter&& other) noexcept;
  JournalWriter& operator=(JournalWriter&& other) noexcept;
  ~JournalWriter();

  /// Appends a record; the value is its sequence. It is only safe behind the next sync().
  /// Faults  limit: over record_limit, nothing is written; unavailable: see sync().
  Result<std::uint64_t> append(std::uint32_t kind, std::uint32_t schema, std::string_view bytes);

  /// Answers when all that was appended is on the disk, and so is a new file's name.
  /// Fault   unavailable. After one failed write or sync nobody knows what the disk has: every later call fails too,
  ///         and only opening the journal again, which reads it, finds out.
  std::optional<Error> sync();

  std::uint64_t next_sequence() const { return next_; }
  std::uint64_t dropped_bytes() const { return dropped_; }  ///< of the torn tail that open() found

 private:
  JournalWriter(std::string path, int file) : path_(std::move(path)), file_(file) {}
  Error fail(const std::string& what, int why);

  std::string path_;
  int file_ = -1;
  std::uint64_t next_ = 1, dropped_ = 0;
  bool folder_due_ = true;  // the folder was not synced yet
  std::optional<Error> failed_;
};

}  // namespace ballast::store
