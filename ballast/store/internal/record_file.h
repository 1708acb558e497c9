#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "ballast/base/result.h"
#include "ballast/store/journal.h"

namespace ballast::store {

/// One kind of files that are a head and then records, as journal.h lays them out.
struct RecordFormat {
  std::string_view magic;    ///< 8 bytes
  std::uint32_t newest = 1;  ///< format version that we write, and the last that we read
  const char* noun = "";     ///< "journal"
};

inline constexpr RecordFormat journal_format{"BALJRNL\n", 1, "journal"};
inline constexpr RecordFormat chain_format{"BALCHNS\n", 1, "archive of chains"};

/// What such a file begins with.
std::string file_head(const RecordFormat& format);

/// A record as it lies in the file; `bytes` at most record_limit.
std::string packed_record(std::uint64_t sequence, std::uint32_t kind, std::uint32_t schema, std::string_view bytes);

/// Where a record was found, for messages and progress.
struct RecordPlace {
  std::uint64_t offset = 0;     ///< of its head
  std::uint64_t end = 0;        ///< of the record
  std::uint64_t file_size = 0;  ///< when the reading began
};

/// Calls visit(record, place) for every whole record of an open file until it answers false; a null visit only checks.
/// Faults as read_journal(), with `path` as the name.
Result<JournalEnd> scan_records(const std::string& path, int file, const RecordFormat& format,
                                const std::function<bool(const Record&, const RecordPlace&)>& visit);

/// Closes a file at the end of its block.
struct FileCloser {
  int file;
  explicit FileCloser(int opened) : file(opened) {}
  ~FileCloser();
  FileCloser(const FileCloser&) = delete;
  FileCloser& operator=(const FileCloser&) = delete;
};

/// Writes all of `bytes`; what it answers is the errno of the fault, 0 for none.
int write_all(int file, std::string_view bytes);

/// Syncs the folder that holds `path`: a new file's name is only safe when its folder is. An errno, or 0.
int sync_folder_of(const std::string& path);

}  // namespace ballast::store
