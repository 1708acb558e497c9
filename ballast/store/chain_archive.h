#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "ballast/base/result.h"
#include "ballast/market/snapshot.h"

namespace ballast::store {

// An archive of chains is a file of many snapshots, `.chains` by custom, which is read in a small part of the time that
// the venue's own files take. It is built once and never changed: records as in journal.h, each one snapshot in columns
// and compressed (internal/chain_block.h), and a last one that says how many there are. All of a snapshot comes back,
// every double bit for bit.

/// Builds an archive, which is there when finish() has answered and not before: a file beside it is written meanwhile.
class ChainArchiveWriter {
 public:
  /// Fault unavailable, as write_bytes().
  static Result<ChainArchiveWriter> create(const std::string& path);
  ChainArchiveWriter(ChainArchiveWriter&&) noexcept;
  ChainArchiveWriter& operator=(ChainArchiveWriter&&) noexcept;
  ~ChainArchiveWriter();

  /// Adds a snapshot behind those that are there; order and times are the caller's.
  /// Faults  bad_input: a quote without its instrument, or something under another name than its own; limit: a snapshot
  ///         of over 64 MiB; unavailable: see create(). After the last two the archive cannot be finished.
  std::optional<Error> add(const market::Snapshot& snapshot);

  /// Puts the archive in its place, over what was there. Faults as add(). Nothing can be added any more.
  std::optional<Error> finish();

  std::uint64_t snapshots() const;

 private:
  struct Parts;
  explicit ChainArchiveWriter(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// Whether a regular file begins as an archive of chains does; false also when it cannot be read.
bool is_chain_archive(const std::string& path);

/// Calls visit(snapshot, share) for every snapshot of an archive, in its order, until it answers false; the snapshot is
/// the reader's own, good until visit returns, and share of the file, (0, 1], has been read. The value is the number
/// visited.
/// Faults  unavailable: the file cannot be read; bad_syntax: it is no archive, cut or damaged; not_ours: a newer format
///         or schema; limit: a snapshot of over 64 MiB unpacked. The message begins with the file's name and the offset
///         of the record. Snapshots before it were visited.
Result<std::size_t> read_chains(const std::string& path,
                                const std::function<bool(const market::Snapshot& snapshot, double share)>& visit);

}  // namespace ballast::store
