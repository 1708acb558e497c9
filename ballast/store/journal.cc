#include "ballast/store/journal.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "ballast/store/internal/record_file.h"

namespace ballast::store {
namespace {

Error unavailable(const std::string& path, const char* doing, int why) {
  return {Fault::unavailable, fmt::format("{}: cannot be {}: {}", path, doing, std::strerror(why))};
}

}  // namespace

Result<JournalEnd> read_journal(const std::string& path, const std::function<bool(const Record&)>& visit) {
  const FileCloser opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (opened.file < 0) return unavailable(path, "read", errno);
  return scan_records(path, opened.file, journal_format,
                      [&visit](const Record& record, const RecordPlace&) { return visit(record); });
}

Result<JournalWriter> JournalWriter::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file < 0) return unavailable(path, "opened", errno);
  JournalWriter writer(path, file);
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return unavailable(path, "locked", errno);
    return Error{Fault::unavailable, path + ": cannot be opened: another writer has this journal"};
  }
  const auto found = scan_records(path, file, journal_format, nullptr);
  if (!found) return found.error();
  const JournalEnd& end = found.value();
  writer.next_ = end.records + 1;
  writer.dropped_ = end.torn_bytes;
  // What is cut off has to stay away, or it would lie behind the next record's short cousin after another crash.
  if (end.torn_bytes > 0 && (::ftruncate(file, static_cast<off_t>(end.whole_bytes)) != 0 || ::fsync(file) != 0))
    return unavailable(path, "cut to its last whole record", errno);
  if (end.whole_bytes == 0) {
    if (const int why = write_all(file, file_head(journal_format))) return unavailable(path, "written", why);
  }
  return writer;
}

JournalWriter::JournalWriter(JournalWriter&& other) noexcept { *this = std::move(other); }

JournalWriter& JournalWriter::operator=(JournalWriter&& other) noexcept {
  if (this == &other) return *this;
  if (file_ >= 0) ::close(file_);
  path_ = std::move(other.path_);
  file_ = std::exchange(other.file_, -1);
  next_ = other.next_, dropped_ = other.dropped_, folder_due_ = other.folder_due_;
  failed_ = std::move(other.failed_);
  return *this;
}

JournalWriter::~JournalWriter() {
  if (file_ >= 0) ::close(file_);  // and with it the lock
}

Error JournalWriter::fail(const std::string& what, int why) {
  failed_ = Error{Fault::unavailable, fmt::format("{}: the journal takes no more: {} failed before", path_, what)};
  return {Fault::unavailable, fmt::format("{}: {} failed: {}", path_, what, std::strerror(why))};
}

Result<std::uint64_t> JournalWriter::append(std::uint32_t kind, std::uint32_t schema, std::string_view bytes) {
  if (failed_) return *failed_;
  if (bytes.size() > record_limit) {
    return Error{Fault::limit, fmt::format("{}: a record of {} bytes, over {}", path_, bytes.size(), record_limit)};
  }
  // In one piece: whatever part of it is written after all is a torn tail for the next one who opens it.
  if (const int why = write_all(file_, packed_record(next_, kind, schema, bytes)))
    return fail(fmt::format("writing record {}", next_), why);
  return next_++;
}

std::optional<Error> JournalWriter::sync() {
  if (failed_) return failed_;
  const auto fault = [this](int why) { return fail(fmt::format("the sync behind record {}", next_ - 1), why); };
  if (::fsync(file_) != 0) return fault(errno);
  if (folder_due_) {
    if (const int why = sync_folder_of(path_)) return fault(why);
    folder_due_ = false;
  }
  return std::nullopt;
}

}  // namespace ballast::store
