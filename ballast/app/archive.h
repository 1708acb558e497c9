#pragma once
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/market/snapshot.h"

namespace ballast::app {

inline constexpr std::size_t most_snapshots = 100'000;  ///< of one run

/// Calls visit(name, snapshot) for every recorded snapshot of `paths`: an archive (.tar, .tar.gz, .tar.zst) by its
/// members' names, an archive of chains (store/chain_archive.h, known by its content) in its own order, a folder by its
/// archives of either kind, and where it has none by its .json and .csv files (plain, gz or zst), any other file as one
/// snapshot. The snapshot is good until visit returns. Draws progress on `err`.
/// Faults   those of the files, each with its name; missing_data for a folder or an archive without a snapshot; limit
///          over most_snapshots; what visit answers.
std::optional<Error> for_each_snapshot(
    const std::vector<std::string>& paths, std::ostream& err,
    const std::function<std::optional<Error>(const std::string& name, const market::Snapshot& snapshot)>& visit);

}  // namespace ballast::app
