#include "ballast/store/chain_archive.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "ballast/store/internal/chain_block.h"
#include "ballast/store/internal/packing.h"
#include "ballast/store/internal/record_file.h"
#include "ballast/store/internal/zstd.h"
#include "ballast/store/part_file.h"

namespace ballast::store {
namespace {

// Kinds of records. A snapshot's is its unpacked size, u32, and a zstd frame; the end's is the number of snapshots,
// u64.
constexpr std::uint32_t snapshot_kind = 1, end_kind = 2;

}  // namespace

struct ChainArchiveWriter::Parts {
  PartFile file;
  ChainPacker packer;
  std::uint64_t snapshots = 0;
  bool whole = true;  // nothing has failed that would be missing

  std::optional<Error> append(std::uint32_t kind, std::string_view bytes) {
    auto fault = file.write(packed_record(snapshots + 1, kind, chain_schema, bytes));
    if (fault) whole = false;
    return fault;
  }
};

ChainArchiveWriter::ChainArchiveWriter(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
ChainArchiveWriter::ChainArchiveWriter(ChainArchiveWriter&&) noexcept = default;
ChainArchiveWriter& ChainArchiveWriter::operator=(ChainArchiveWriter&&) noexcept = default;
ChainArchiveWriter::~ChainArchiveWriter() = default;

Result<ChainArchiveWriter> ChainArchiveWriter::create(const std::string& path) {
  auto file = PartFile::create(path);
  if (!file) return file.error();
  auto parts = std::make_unique<Parts>(Parts{std::move(file).value(), {}});
  if (auto fault = parts->file.write(file_head(chain_format))) return *std::move(fault);
  return ChainArchiveWriter(std::move(parts));
}

std::uint64_t ChainArchiveWriter::snapshots() const { return parts_->snapshots; }

std::optional<Error> ChainArchiveWriter::add(const market::Snapshot& snapshot) {
  const std::string& path = parts_->file.path();
  if (!parts_->whole)
    return Error{Fault::unavailable, path + ": cannot be written: the archive has failed or is finished"};
  const auto failed = [&](Error error) {
    parts_->whole = parts_->whole && error.fault == Fault::bad_input;
    return in(path, in(fmt::format("snapshot {}", parts_->snapshots + 1), std::move(error)));
  };
  const auto bytes = parts_->packer.pack(snapshot);
  if (!bytes) return failed(bytes.error());
  const std::size_t size = bytes.value().size();
  const auto frame = zstd_packed(bytes.value());
  if (!frame) return failed({Fault::unavailable, "cannot be compressed"});
  if (size > record_limit || frame->size() + 4 > record_limit)
    return failed({Fault::limit, fmt::format("{} bytes, over {}", size, record_limit)});
  std::string record;
  record.reserve(frame->size() + 4);
  put(record, static_cast<std::uint32_t>(size));
  record += *frame;
  if (auto fault = parts_->append(snapshot_kind, record)) return fault;
  ++parts_->snapshots;
  return std::nullopt;
}

std::optional<Error> ChainArchiveWriter::finish() {
  if (!parts_->whole)
    return Error{Fault::unavailable,
                 parts_->file.path() + ": cannot be written: the archive has failed or is finished"};
  std::string count;
  put(count, parts_->snapshots);
  if (auto fault = parts_->append(end_kind, count)) return fault;
  parts_->whole = false;
  return parts_->file.commit();
}

bool is_chain_archive(const std::string& path) {
  // A pipe is not opened to have a look: what it gives, it gives once.
  std::error_code fault;
  if (path == "-" || !std::filesystem::is_regular_file(path, fault)) return false;
  const FileCloser opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const std::string_view magic = chain_format.magic;
  std::string begin(magic.size(), '\0');
  return opened.file >= 0 &&
         ::pread(opened.file, begin.data(), begin.size(), 0) == static_cast<ssize_t>(begin.size()) && begin == magic;
}

Result<std::size_t> read_chains(const std::string& path,
                                const std::function<bool(const market::Snapshot& snapshot, double share)>& visit) {
  const FileCloser opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (opened.file < 0)
    return Error{Fault::unavailable, fmt::format("{}: cannot be read: {}", path, std::strerror(errno))};
  ChainUnpacker unpacker;
  std::size_t visited = 0;
  bool ended = false, stopped = false;
  std::optional<Error> fault;
  const auto take = [&](const Record& record, const RecordPlace& place) {
    const auto refuse = [&](Fault why, const std::string& what) {
      fault = Error{why, fmt::format("{}: byte {}: {}, record {}", path, place.offset, what, record.sequence)};
      return false;
    };
    if (ended) return refuse(Fault::bad_syntax, "something stands behind the archive's end");
    if (record.schema == 0 || record.schema > chain_schema) {
      return refuse(Fault::not_ours,
                    fmt::format("chains of schema {}, this version of Ballast knows {}", record.schema, chain_schema));
    }
    Unpacker in(record.bytes);
    if (record.kind == end_kind) {
      ended = in.take<std::uint64_t>() == visited && !in.broken() && in.left() == 0;
      return ended || refuse(Fault::bad_syntax, "the archive is damaged: another number of snapshots at its end");
    }
    if (record.kind != snapshot_kind)
      return refuse(Fault::not_ours, fmt::format("a record of an unknown kind {}", record.kind));
    const auto size = in.take<std::uint32_t>();
    if (size > record_limit) return refuse(Fault::limit, fmt::format("{} bytes, over {}", size, record_limit));
    const auto bytes = zstd_unpacked(in.take_bytes(in.left()), size);
    if (!bytes || !unpacker.unpack(*bytes)) return refuse(Fault::bad_syntax, "the archive is damaged: no snapshot");
    ++visited;
    stopped = !visit(unpacker.snapshot(), static_cast<double>(place.end) / static_cast<double>(place.file_size));
    return !stopped;
  };
  const auto end = scan_records(path, opened.file, chain_format, take);
  if (fault) return *fault;
  if (!end) return end.error();
  if (!ended && !stopped) {
    return Error{Fault::bad_syntax,
                 fmt::format("{}: byte {}: the archive is cut: it has no end", path, end.value().whole_bytes)};
  }
  // Behind the end there is nothing, not even part of a record.
  if (ended && end.value().torn_bytes > 0) {
    return Error{Fault::bad_syntax,
                 fmt::format("{}: byte {}: something stands behind the archive's end", path, end.value().whole_bytes)};
  }
  return visited;
}

}  // namespace ballast::store
