#include "ballast/store/file.h"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include "ballast/base/text.h"
#include "ballast/store/internal/checksum.h"
#include "ballast/store/internal/packing.h"
#include "ballast/store/part_file.h"

namespace ballast::store {
namespace {

constexpr std::size_t block = std::size_t{64} << 10;
constexpr std::size_t most_members = 100'000;

std::string shown(const std::string& path) { return path == "-" ? "standard input" : path; }

Error over(const std::string& path, std::size_t limit) {
  return {Fault::bad_syntax, fmt::format("{}: byte {}: over {} bytes", shown(path), limit, limit)};
}

/// The bytes as they lie on disk.
Result<std::string> raw_bytes(const std::string& path, std::size_t limit) {
  const auto close = [](std::FILE* file) {
    if (file != stdin) std::fclose(file);
  };
  const std::unique_ptr<std::FILE, decltype(close)> file(path == "-" ? stdin : std::fopen(path.c_str(), "rb"), close);
  if (!file) return Error{Fault::unavailable, fmt::format("{}: {}", shown(path), std::strerror(errno))};
  std::string bytes;
  for (;;) {
    const std::size_t before = bytes.size();
    bytes.resize(before + block);
    const std::size_t n = std::fread(bytes.data() + before, 1, block, file.get());
    bytes.resize(before + n);
    if (bytes.size() > limit) return over(path, limit);
    if (n == block) continue;
    if (std::ferror(file.get()))
      return Error{Fault::unavailable, fmt::format("{}: {}", shown(path), std::strerror(errno))};
    break;
  }
  if (bytes.empty()) return Error{Fault::bad_syntax, shown(path) + ": byte 0: the file is empty"};
  return bytes;
}

bool is_gzip(std::string_view raw) { return raw.substr(0, 2) == "\x1f\x8b"; }
bool is_zstd(std::string_view raw) { return raw.substr(0, 4) == "\x28\xb5\x2f\xfd"; }

/// RFC 1952: the stream ends with the checksum and the length of what it holds. libarchive does not look at them, so a
/// flipped bit would pass. Streams joined to one file have more than one trailer; they are refused with the damaged.
bool trailer_holds(std::string_view raw, std::string_view content) {
  if (raw.size() < 18) return false;
  const auto word = [raw](std::size_t from_end) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      value |= std::uint32_t{static_cast<unsigned char>(raw[raw.size() - from_end + i])} << (8 * i);
    }
    return value;
  };
  return word(4) == static_cast<std::uint32_t>(content.size()) && word(8) == crc32_of(content);
}

struct Closed {
  void operator()(archive* a) const { archive_read_free(a); }
};
using Reader = std::unique_ptr<archive, Closed>;

/// Only the two filters that we promise: "all" would also try programs that happen to be installed.
Reader reader_of(std::string_view raw, bool tar) {
  Reader reader(archive_read_new());
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_filter_zstd(reader.get());
  tar ? archive_read_support_format_tar(reader.get()) : archive_read_support_format_raw(reader.get());
  if (archive_read_open_memory(reader.get(), raw.data(), raw.size()) != ARCHIVE_OK) reader.reset();
  return reader;
}

Error damaged(const std::string& path, archive* reader) {
  const char* why = reader == nullptr ? nullptr : archive_error_string(reader);
  return {Fault::bad_syntax,
          fmt::format("{}: byte 0: the stream is cut or damaged{}{}", shown(path), why ? ": " : "", why ? why : "")};
}

/// The data of the current entry.
Result<std::string> entry_bytes(const std::string& path, archive* reader, std::size_t limit) {
  std::string bytes;
  for (;;) {
    const std::size_t before = bytes.size();
    bytes.resize(before + block);
    const la_ssize_t n = archive_read_data(reader, bytes.data() + before, block);
    if (n < 0) return damaged(path, reader);
    bytes.resize(before + static_cast<std::size_t>(n));
    if (bytes.size() > limit) return over(path, limit);
    if (n == 0) return bytes;
  }
}

}  // namespace

Result<std::string> read_bytes(const std::string& path, std::size_t limit) {
  auto raw = raw_bytes(path, limit);
  if (!raw || (!is_gzip(raw.value()) && !is_zstd(raw.value()))) return raw;
  const Reader reader = reader_of(raw.value(), false);
  archive_entry* entry = nullptr;
  if (!reader || archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK) return damaged(path, reader.get());
  auto content = entry_bytes(path, reader.get(), limit);
  if (!content) return content;
  if (is_gzip(raw.value()) && !trailer_holds(raw.value(), content.value())) return damaged(path, nullptr);
  if (content.value().empty()) return Error{Fault::bad_syntax, shown(path) + ": byte 0: the file is empty"};
  return content;
}

Result<std::size_t> for_each_member(
    const std::string& path, std::size_t limit,
    const std::function<bool(const std::string& name, const std::string& bytes)>& visit) {
  const auto raw = raw_bytes(path, limit);
  if (!raw) return raw.error();
  const Reader reader = reader_of(raw.value(), true);
  if (!reader) return damaged(path, nullptr);
  for (std::size_t n = 0; n < most_members;) {
    archive_entry* entry = nullptr;
    const int outcome = archive_read_next_header(reader.get(), &entry);
    if (outcome == ARCHIVE_EOF) return n;
    if (outcome != ARCHIVE_OK) return damaged(path, reader.get());
    if (archive_entry_filetype(entry) != AE_IFREG) continue;
    const char* const name = archive_entry_pathname(entry);
    const auto bytes = entry_bytes(path, reader.get(), limit);
    if (!bytes) return bytes.error();
    ++n;
    if (!visit(name == nullptr ? "" : name, bytes.value())) return n;
  }
  return Error{Fault::bad_syntax, fmt::format("{}: more than {} members", shown(path), most_members)};
}

std::optional<Error> write_bytes(const std::string& path, std::string_view bytes) {
  auto created = PartFile::create(path);
  if (!created) return created.error();
  PartFile file = std::move(created).value();
  if (auto fault = file.write(bytes)) return fault;
  return file.commit();
}

}  // namespace ballast::store
