#include "ballast/app/archive.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "ballast/app/progress.h"
#include "ballast/store/chain_archive.h"
#include "ballast/store/file.h"
#include "ballast/store/snapshot.h"

namespace ballast::app {
namespace {

namespace fs = std::filesystem;
using Visit = std::function<std::optional<Error>(const std::string& name, const market::Snapshot& snapshot)>;

bool ends(const std::string& text, std::initializer_list<const char*> endings) {
  return std::any_of(endings.begin(), endings.end(), [&](const char* ending) { return text.ends_with(ending); });
}

bool is_archive(const std::string& path) { return ends(path, {".tar", ".tar.gz", ".tar.zst", ".tgz"}); }

bool is_market_file(const std::string& path) {
  return ends(path, {".json", ".json.gz", ".json.zst", ".csv", ".csv.gz", ".csv.zst"});
}

/// The files that a folder stands for.
Result<std::vector<std::string>> files_of(const std::string& folder) {
  std::vector<std::string> archives, files;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    if (!entry.is_regular_file(failed)) continue;
    const std::string path = entry.path().string();
    if (is_archive(path) || ends(path, {".chains"})) archives.push_back(path);
    if (is_market_file(path)) files.push_back(path);
  }
  if (failed) return Error{Fault::unavailable, folder + ": " + failed.message()};
  auto& found = archives.empty() ? files : archives;
  if (found.empty()) return Error{Fault::missing_data, folder + ": the folder has no archive, .json or .csv file"};
  std::sort(found.begin(), found.end());
  return std::move(found);
}

/// An archive's snapshots with their names, or one file as the only one.
Result<std::map<std::string, std::string>> contents_of(const std::string& path) {
  std::map<std::string, std::string> members;  // by name, which is by time
  if (!is_archive(path)) {
    auto bytes = store::read_bytes(path);
    if (!bytes) return bytes.error();
    members.emplace(path, std::move(bytes).value());
    return members;
  }
  const auto read =
      store::for_each_member(path, store::file_limit, [&](const std::string& name, const std::string& bytes) {
        return members.emplace(path + ": " + name, bytes).second;
      });
  if (!read) return read.error();
  if (members.empty()) return Error{Fault::missing_data, path + ": the archive has no file"};
  if (read.value() != members.size()) return Error{Fault::bad_input, path + ": a member's name is there twice"};
  return members;
}

/// What goes on over all files.
class Walk {
 public:
  Walk(std::size_t files, std::ostream& err, const Visit& visit)
      : files_(files), visit_(visit), progress_(err, "snapshots") {}

  /// One snapshot; `share` of its file is done with it.
  std::optional<Error> take(const std::string& name, const market::Snapshot& snapshot, double share) {
    if (done_ == most_snapshots)
      return Error{Fault::limit, fmt::format("{}: over {} snapshots in one run", name, most_snapshots)};
    if (auto fault = visit_(name, snapshot)) return in(name, std::move(*fault));
    progress_.at((static_cast<double>(at_) + share) / static_cast<double>(files_), ++done_);
    return std::nullopt;
  }
  void next_file() { ++at_; }

 private:
  std::size_t files_, at_ = 0, done_ = 0;
  const Visit& visit_;
  Progress progress_;
};

std::optional<Error> walk_chains(const std::string& path, Walk& walk) {
  std::optional<Error> fault;
  std::size_t here = 0;
  const auto read = store::read_chains(path, [&](const market::Snapshot& snapshot, double share) {
    fault = walk.take(fmt::format("{}: snapshot {} of {}", path, ++here, to_string(snapshot.as_of)), snapshot, share);
    return !fault;
  });
  if (fault) return fault;
  if (!read) return read.error();
  if (here == 0) return Error{Fault::missing_data, path + ": the archive has no snapshot"};
  return std::nullopt;
}

std::optional<Error> walk_contents(const std::string& path, Walk& walk) {
  auto contents = contents_of(path);
  if (!contents) return contents.error();
  const auto members = std::move(contents).value();
  std::size_t here = 0;
  for (const auto& [name, bytes] : members) {
    const auto snapshot = store::snapshot_of(bytes);
    if (!snapshot) return in(name, snapshot.error());
    const double share = static_cast<double>(++here) / static_cast<double>(members.size());
    if (auto fault = walk.take(name, snapshot.value(), share)) return fault;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Error> for_each_snapshot(const std::vector<std::string>& paths, std::ostream& err, const Visit& visit) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code failed;
    if (!fs::is_directory(path, failed)) {
      files.push_back(path);
      continue;
    }
    const auto found = files_of(path);
    if (!found) return found.error();
    files.insert(files.end(), found.value().begin(), found.value().end());
  }
  Walk walk(files.size(), err, visit);
  for (const std::string& file : files) {
    if (auto fault = store::is_chain_archive(file) ? walk_chains(file, walk) : walk_contents(file, walk)) return fault;
    walk.next_file();
  }
  return std::nullopt;
}

}  // namespace ballast::app
