#include "ballast/store/part_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "ballast/store/internal/record_file.h"

namespace ballast::store {
namespace {

namespace fs = std::filesystem;

Error failed(const std::string& path, const std::string& why) {
  return {Fault::unavailable, fmt::format("{}: cannot be written: {}", path, why)};
}

}  // namespace

Result<PartFile> PartFile::create(const std::string& path) {
  std::error_code fault;
  const fs::file_status there = fs::status(path, fault);
  if (fs::exists(there) && !fs::is_regular_file(there)) return failed(path, "not a regular file");
  const fs::path target = fs::weakly_canonical(path, fault);
  if (fault) return failed(path, fault.message());
  PartFile file;
  file.path_ = path;
  file.target_ = target.string();
  file.part_ = fmt::format("{}.{}.part", file.target_, ::getpid());
  file.file_ = ::open(file.part_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file.file_ < 0) return failed(path, std::strerror(errno));
  return file;
}

PartFile::PartFile(PartFile&& other) noexcept { *this = std::move(other); }

PartFile& PartFile::operator=(PartFile&& other) noexcept {
  if (this == &other) return *this;
  discard();
  path_ = std::move(other.path_);
  target_ = std::move(other.target_);
  part_ = std::move(other.part_);
  file_ = std::exchange(other.file_, -1);
  return *this;
}

PartFile::~PartFile() { discard(); }

void PartFile::discard() {
  if (file_ < 0) return;
  ::close(std::exchange(file_, -1));
  std::error_code ignored;
  fs::remove(part_, ignored);
}

std::optional<Error> PartFile::write(std::string_view bytes) {
  if (file_ < 0) return failed(path_, "an earlier write failed");
  const int why = write_all(file_, bytes);
  if (why == 0) return std::nullopt;
  discard();
  return failed(path_, std::strerror(why));
}

std::optional<Error> PartFile::commit() {
  if (file_ < 0) return failed(path_, "an earlier write failed");
  if (::fsync(file_) != 0) {
    const int why = errno;
    discard();
    return failed(path_, std::strerror(why));
  }
  std::error_code fault;
  fs::rename(part_, target_, fault);
  if (fault) {
    discard();
    return failed(path_, fault.message());
  }
  // From here on the file is where it belongs: discard() must not look for it any more.
  const int closed = ::close(std::exchange(file_, -1));
  return closed == 0 ? std::nullopt : std::optional(failed(path_, std::strerror(errno)));
}

}  // namespace ballast::store
