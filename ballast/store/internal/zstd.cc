#include "ballast/store/internal/zstd.h"

#include <memory>

#include <archive.h>
#include <archive_entry.h>

namespace ballast::store {
namespace {

using Entry = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;
using Reader = std::unique_ptr<archive, decltype(&archive_read_free)>;
using Writer = std::unique_ptr<archive, decltype(&archive_write_free)>;

}  // namespace

std::optional<std::string> zstd_packed(std::string_view bytes) {
  const Writer writer(archive_write_new(), &archive_write_free);
  const Entry entry(archive_entry_new(), &archive_entry_free);
  if (!writer || !entry) return std::nullopt;
  archive* const a = writer.get();
  // zstd's own bound is n + n / 256 and some 100 bytes.
  std::string packed(bytes.size() + bytes.size() / 128 + 4096, '\0');
  std::size_t used = 0;
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  const bool done = archive_write_add_filter_zstd(a) == ARCHIVE_OK && archive_write_set_format_raw(a) == ARCHIVE_OK &&
                    archive_write_set_bytes_per_block(a, 0) == ARCHIVE_OK &&
                    archive_write_open_memory(a, packed.data(), packed.size(), &used) == ARCHIVE_OK &&
                    archive_write_header(a, entry.get()) == ARCHIVE_OK &&
                    archive_write_data(a, bytes.data(), bytes.size()) == static_cast<la_ssize_t>(bytes.size()) &&
                    archive_write_close(a) == ARCHIVE_OK;
  if (!done) return std::nullopt;
  packed.resize(used);
  return packed;
}

std::optional<std::string> zstd_unpacked(std::string_view packed, std::size_t size) {
  const Reader reader(archive_read_new(), &archive_read_free);
  archive_entry* entry = nullptr;
  archive* const a = reader.get();
  if (a == nullptr || archive_read_support_filter_zstd(a) != ARCHIVE_OK ||
      archive_read_support_format_raw(a) != ARCHIVE_OK ||
      archive_read_open_memory(a, packed.data(), packed.size()) != ARCHIVE_OK ||
      archive_read_next_header(a, &entry) != ARCHIVE_OK)
    return std::nullopt;
  std::string bytes(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const la_ssize_t n = archive_read_data(a, bytes.data() + have, size - have);
    if (n <= 0) return std::nullopt;
    have += static_cast<std::size_t>(n);
  }
  char more = 0;
  if (archive_read_data(a, &more, 1) != 0) return std::nullopt;
  return bytes;
}

}  // namespace ballast::store
