#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "ballast/base/result.h"

namespace ballast::app {

/// What stands in a file of paths. docs/models.md has the two forms for readers.
struct PathFileHead {
  std::string model;   ///< JSON object of the model, one line
  double years = 0.0;  ///< of a path
  int steps = 1;       ///< evenly spaced; every path also has its start
  std::uint64_t paths = 0;
  std::uint64_t seed = 0;
  std::string draws;  ///< "philox"
  bool antithetic = false;
  std::optional<double> forward;  ///< prices in USD stand in the file, else ln(price/forward)
  bool variance = false;          ///< the model has one
};

/// Bytes of a file, at most: refused before work. A CSV row counts 65.
inline constexpr double most_path_bytes = 64.0 * 1024 * 1024 * 1024;

/// Writes the paths of one model block by block into a file that is there whole or not at all: `.csv` or `.bin` by its
/// name.
class PathFile {
 public:
  /// Faults   bad_flag: another ending; limit: over most_path_bytes; unavailable: the file cannot be written.
  static Result<PathFile> create(const std::string& path, const PathFileHead& head);
  PathFile(PathFile&&) noexcept;
  PathFile& operator=(PathFile&&) noexcept;
  ~PathFile();

  /// The next `paths` paths. Shapes: price and variance [time · paths + path], times 0 .. steps; variance empty where
  /// the model has none.
  std::optional<Error> add(std::size_t paths, std::span<const double> price, std::span<const double> variance);
  /// Puts the file in its place. Domain: all paths of the head were added.
  std::optional<Error> finish();
  std::uint64_t bytes() const;

 private:
  struct Parts;
  explicit PathFile(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace ballast::app
