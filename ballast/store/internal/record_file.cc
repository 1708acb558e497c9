#include "ballast/store/internal/record_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "ballast/store/internal/packing.h"

namespace ballast::store {
namespace {

constexpr std::size_t head_bytes = 16, record_head = 24, checksum_bytes = 4;
constexpr std::uint64_t sector = 512;  // what a disk writes whole or not at all
constexpr std::size_t read_ahead = std::size_t{1} << 20;

Error unavailable(const std::string& path, const char* doing, int why) {
  return {Fault::unavailable, fmt::format("{}: cannot be {}: {}", path, doing, std::strerror(why))};
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
Result<bool> check_head(const std::string& path, const RecordFormat& format, Reader& reader) {
  const auto wrong = [&path](const std::string& what) {
    return Error{Fault::bad_syntax, fmt::format("{}: byte 0: {}", path, what)};
  };
  const std::string ours = file_head(format);
  const std::string_view found =
      reader.at(0, static_cast<std::size_t>(std::min<std::uint64_t>(head_bytes, reader.size())));
  if (reader.fault()) return *reader.fault();
  if (reader.size() < head_bytes) {
    if (ours.starts_with(found) || only_zeros(found)) return false;
    return wrong(fmt::format("this is no {}", format.noun));
  }
  if (reader.size() == head_bytes && only_zeros(found)) return false;
  if (!found.starts_with(format.magic)) return wrong(fmt::format("this is no {}", format.noun));
  Unpacker head(found.substr(format.magic.size()));
  const auto version = head.take<std::uint32_t>();
  if (head.take<std::uint32_t>() != crc32_of(found.substr(0, head_bytes - checksum_bytes)))
    return wrong(fmt::format("the {} is damaged: wrong checksum of its head", format.noun));
  if (version == 0 || version > format.newest) {
    return Error{Fault::not_ours, fmt::format("{}: byte {}: {} of format {}, this version of Ballast knows {}", path,
                                              format.magic.size(), format.noun, version, format.newest)};
  }
  return true;
}

}  // namespace

std::string file_head(const RecordFormat& format) {
  std::string bytes(format.magic);
  put(bytes, format.newest);
  put(bytes, crc32_of(bytes));
  return bytes;
}

std::string packed_record(std::uint64_t sequence, std::uint32_t kind, std::uint32_t schema, std::string_view bytes) {
  std::string record;
  record.reserve(record_head + bytes.size() + checksum_bytes);
  put(record, static_cast<std::uint32_t>(bytes.size()));
  put(record, sequence);
  put(record, kind);
  put(record, schema);
  put(record, crc32_of(record));
  record += bytes;
  put(record, crc32_of(record));
  return record;
}

Result<JournalEnd> scan_records(const std::string& path, int file, const RecordFormat& format,
                                const std::function<bool(const Record&, const RecordPlace&)>& visit) {
  Reader reader(path, file);
  if (reader.fault()) return *reader.fault();
  JournalEnd end;
  const auto head = check_head(path, format, reader);
  if (!head) return head.error();
  if (!head.value()) {
    end.torn_bytes = reader.size();
    return end;
  }
  end.whole_bytes = head_bytes;
  Record record;
  while (end.whole_bytes < reader.size()) {
    const std::uint64_t offset = end.whole_bytes, left = reader.size() - offset;
    end.torn_bytes = left;  // until the record turns out whole
    const auto damage = [&](const std::string& what) {
      return reader.fault() ? *reader.fault()
                            : Error{Fault::bad_syntax, fmt::format("{}: byte {}: the {} is damaged: {}, record {}",
                                                                   path, offset, format.noun, what, end.records + 1)};
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
    if (!visit) continue;
    record.bytes.assign(all.substr(record_head, length));
    if (!visit(record, {offset, end.whole_bytes, reader.size()})) return end;
  }
  return end;
}

FileCloser::~FileCloser() {
  if (file >= 0) ::close(file);
}

int write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file, bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR) return errno;
    if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

int sync_folder_of(const std::string& path) {
  std::error_code fault;
  const std::filesystem::path target = std::filesystem::canonical(path, fault);
  if (fault) return fault.value();
  const FileCloser folder(::open(target.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return folder.file < 0 || ::fsync(folder.file) != 0 ? errno : 0;
}

}  // namespace ballast::store
