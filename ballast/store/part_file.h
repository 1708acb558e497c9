#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "ballast/base/result.h"

namespace ballast::store {

/// A file that is there whole or not at all: written beside its place as `.part`, synced and renamed by commit(). Gone
/// without it. Faults as write_bytes().
class PartFile {
 public:
  static Result<PartFile> create(const std::string& path);
  PartFile(PartFile&& other) noexcept;
  PartFile& operator=(PartFile&& other) noexcept;
  ~PartFile();

  std::optional<Error> write(std::string_view bytes);
  std::optional<Error> commit();
  const std::string& path() const { return path_; }

 private:
  PartFile() = default;
  void discard();

  std::string path_, target_, part_;  // as asked for, with its links followed, and what is written meanwhile
  int file_ = -1;
};

}  // namespace ballast::store
