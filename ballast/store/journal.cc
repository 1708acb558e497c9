#include "ballast/store/journal.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "ballast/store/internal/packing.h"

namespace ballast::store {
namespace {

constexpr std::string_view magic = "BALJRNL\n";
constexpr std::uint32_t newest = 1;
constexpr std::size_t file_head = 16, record_head = 24, checksum_bytes = 4;
constexpr std::uint64_t sector = 512;  // what a disk writes whole or not at all
constexpr std::size_t read_ahead = std::size_t{1} << 20;

Error unavailable(const std::string& path, const char* doing, int why) {
  return {Fault::unavailable, fmt::format("{}: cannot be {}: {}", path, doing, std::strerror(why))};
}

std::string file_header() {
  std::string bytes(magic);
  put(bytes, newest);
  put(bytes, crc32_of(bytes));
  return bytes;
}

bool only_zeros(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

/// A file from its front to the size that it had at first, read ahead in large pieces.
class Reader {
 public:
  Reader(const std::string& path, int file) : path_(path), file_(file) {
    struct stat about{};
    if (::fstat(file, &about) != 0) {
      fault_ = unavailable(path, "read", errno);
    } else if (!S_ISREG(about.st_mode)) {
      fault_ = Error{Fault::unavailable, path + ": cannot be read: not a regular file"};
    } else {
      size_ = static_cast<std::uint64_t>(about.st_size);
    }
  }

  const std::optional<Error>& fault() const { return fault_; }
  std::uint64_t size() const { return size_; }

  /// `n` bytes at `offset`, which has to be within the file; good until the next call. Empty with a fault.
  std::string_view at(std::uint64_t offset, std::size_t n) {
    if (offset < from_ || offset + n > from_ + buffer_.size()) fill(offset, n);
    if (fault_) return {};
    return std::string_view(buffer_).substr(static_cast<std::size_t>(offset - from_), n);
  }

 private:
  void fill(std::uint64_t offset, std::size_t n) {
    from_ = offset;
    buffer_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(std::max(n, read_ahead), size_ - offset)));
    for (std::size_t have = 0; have < buffer_.size();) {
      const ssize_t got =
          ::pread(file_, buffer_.data() + have, buffer_.size() - have, static_cast<off_t>(offset + have));
      if (got > 0) {
        have += static_cast<std::size_t>(got);
      } else if (got == 0) {
        fault_ = Error{Fault::unavailable, path_ + ": became shorter while it was read"};
        return;
      } else if (errno != EINTR) {
        fault_ = unavailable(path_, "read", errno);
        return;
      }
    }
  }

  const std::string& path_;
  int file_;
  std::uint64_t size_ = 0, from_ = 0;
  std::string buffer_;
  std::optional<Error> fault_;
};

/// Whether a record that is cut or wrong, and the last thing in the file, is what a crash leaves: the file had grown,
/// and some sector of the record's never came.
bool has_empty_sector(std::string_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const auto piece = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), sector - offset % sector));
    if (only_zeros(bytes.substr(0, piece))) return true;
    bytes.remove_prefix(piece);
    offset += piece;
  }
  return false;
}

/// The same for a head that is wrong, so that nobody knows how long its record is: from one of its sectors on there has
/// to be nothing.
bool ends_in_zeros(Reader& reader, std::uint64_t offset) {
  const std::uint64_t border = (offset / sector + 1) * sector;
  for (std::uint64_t at = border < offset + record_head ? border : offset; at < reader.size();) {
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(read_ahead, reader.size() - at));
    if (!only_zeros(reader.at(at, n)) || reader.fault()) return false;
    at += n;
  }
  return true;
}

/// The file's own head. True: records follow; false: the file is new, or its making was cut.
Result<bool> check_head(const std::string& path, Reader& reader) {
  const auto wrong = [&path](const std::string& what) {
    return Error{Fault::bad_syntax, fmt::format("{}: byte 0: {}", path, what)};
  };
  const std::string ours = file_header();
  const std::string_view found =
      reader.at(0, static_cast<std::size_t>(std::min<std::uint64_t>(file_head, reader.size())));
  if (reader.fault()) return *reader.fault();
  if (reader.size() < file_head) {
    if (ours.starts_with(found) || only_zeros(found)) return false;
    return wrong("this is no journal");
  }
  if (reader.size() == file_head && only_zeros(found)) return false;
  if (!found.starts_with(magic)) return wrong("this is no journal");
  Unpacker head(found.substr(magic.size()));
  const auto version = head.take<std::uint32_t>();
  if (head.take<std::uint32_t>() != crc32_of(found.substr(0, file_head - checksum_bytes)))
    return wrong("the journal is damaged: wrong checksum of its head");
  if (version == 0 || version > newest) {
    return Error{Fault::not_ours, fmt::format("{}: byte {}: journal format {}, this version of Ballast knows {}", path,
                                              magic.size(), version, newest)};
  }
  return true;
}

/// All of a journal. `record` is the visitor's, its room is used again and again.
Result<JournalEnd> scan(const std::string& path, int file, const std::function<bool(const Record&)>* visit) {
  Reader reader(path, file);
  if (reader.fault()) return *reader.fault();
  JournalEnd end;
  const auto head = check_head(path, reader);
  if (!head) return head.error();
  if (!head.value()) {
    end.torn_bytes = reader.size();
    return end;
  }
  end.whole_bytes = file_head;
  Record record;
  while (end.whole_bytes < reader.size()) {
    const std::uint64_t offset = end.whole_bytes, left = reader.size() - offset;
    end.torn_bytes = left;  // until the record turns out whole
    const auto damage = [&](const std::string& what) {
      return reader.fault() ? *reader.fault()
                            : Error{Fault::bad_syntax, fmt::format("{}: byte {}: the journal is damaged: {}, record {}",
                                                                   path, offset, what, end.records + 1)};
    };
    if (left < record_head) return end;
    const std::string_view bytes = reader.at(offset, record_head);
    if (reader.fault()) return *reader.fault();
    Unpacker fields(bytes);
    const auto length = fields.take<std::uint32_t>();
    record.sequence = fields.take<std::uint64_t>();
    record.kind = fields.take<std::uint32_t>();
    record.schema = fields.take<std::uint32_t>();
    const auto head_sum = fields.take<std::uint32_t>();
    if (head_sum != crc32_of(bytes.substr(0, record_head - checksum_bytes))) {
      if (ends_in_zeros(reader, offset)) return end;
      return damage("wrong checksum of a head");
    }
    if (record.sequence != end.records + 1) return damage(fmt::format("sequence {}", record.sequence));
    if (length > record_limit) return damage(fmt::format("{} bytes, over {}", length, record_limit));
    const std::size_t whole = record_head + length + checksum_bytes;
    if (left < whole) return end;
    const std::string_view all = reader.at(offset, whole);
    if (reader.fault()) return *reader.fault();
    if (whole_number<std::uint32_t>(all.data() + whole - checksum_bytes) !=
        crc32_of(all.substr(0, whole - checksum_bytes))) {
      if (left == whole && has_empty_sector(all, offset)) return end;
      return damage("wrong checksum");
    }
    end.records += 1;
    end.whole_bytes += whole;
    end.torn_bytes = 0;
    if (visit == nullptr) continue;
    record.bytes.assign(all.substr(record_head, length));
    if (!(*visit)(record)) return end;
  }
  return end;
}

struct FileCloser {
  int file;
  ~FileCloser() {
    if (file >= 0) ::close(file);
  }
};

/// The absent value: it is all written.
std::optional<int> write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file, bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR) return errno;
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return std::nullopt;
}

/// A new file's name is only safe when its folder is.
std::optional<int> sync_folder_of(const std::string& path) {
  std::error_code fault;
  const std::filesystem::path target = std::filesystem::canonical(path, fault);
  if (fault) return fault.value();
  const FileCloser folder{::open(target.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (folder.file < 0 || ::fsync(folder.file) != 0) return errno;
  return std::nullopt;
}

}  // namespace

Result<JournalEnd> read_journal(const std::string& path, const std::function<bool(const Record&)>& visit) {
  const FileCloser opened{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (opened.file < 0) return unavailable(path, "read", errno);
  return scan(path, opened.file, &visit);
}

Result<JournalWriter> JournalWriter::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file < 0) return unavailable(path, "opened", errno);
  JournalWriter writer(path, file);
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return unavailable(path, "locked", errno);
    return Error{Fault::unavailable, path + ": cannot be opened: another writer has this journal"};
  }
  const auto found = scan(path, file, nullptr);
  if (!found) return found.error();
  const JournalEnd& end = found.value();
  writer.next_ = end.records + 1;
  writer.dropped_ = end.torn_bytes;
  // What is cut off has to stay away, or it would lie behind the next record's short cousin after another crash.
  if (end.torn_bytes > 0 && (::ftruncate(file, static_cast<off_t>(end.whole_bytes)) != 0 || ::fsync(file) != 0))
    return unavailable(path, "cut to its last whole record", errno);
  if (end.whole_bytes == 0) {
    if (const auto why = write_all(file, file_header())) return unavailable(path, "written", *why);
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
  std::string record;
  record.reserve(record_head + bytes.size() + checksum_bytes);
  put(record, static_cast<std::uint32_t>(bytes.size()));
  put(record, next_);
  put(record, kind);
  put(record, schema);
  put(record, crc32_of(record));
  record += bytes;
  put(record, crc32_of(record));
  // In one piece: whatever part of it is written after all is a torn tail for the next one who opens it.
  if (const auto why = write_all(file_, record)) return fail(fmt::format("writing record {}", next_), *why);
  return next_++;
}

std::optional<Error> JournalWriter::sync() {
  if (failed_) return failed_;
  const auto fault = [this](int why) { return fail(fmt::format("the sync behind record {}", next_ - 1), why); };
  if (::fsync(file_) != 0) return fault(errno);
  if (folder_due_) {
    if (const auto why = sync_folder_of(path_)) return fault(*why);
    folder_due_ = false;
  }
  return std::nullopt;
}

}  // namespace ballast::store
