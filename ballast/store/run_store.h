#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ballast/base/result.h"

namespace ballast::store {

/// Where a run goes on from: the state behind `step`, as the run itself wrote it.
struct Checkpoint {
  std::uint64_t step = 0;
  std::string state;
};

/// A run and how far it has come.
struct RunInfo {
  std::string run;          ///< hash of the configuration, hexadecimal
  std::string config_text;  ///< what the hash is of
  bool finished = false;
  std::uint64_t steps = 0;  ///< of the last checkpoint, 0 before the first
  std::uint64_t rows = 0;
  std::string result_json;  ///< empty until finished
};

/// Backtest runs and their results in one SQLite file. A run is named by the hash of its configuration, so that the
/// same work is done once: begin() it, ask checkpoint() where it stands, go on from there, put_checkpoint() now and
/// then, finish(). What a call has answered is on the disk (synchronous=FULL). A crash loses only what came after the
/// last checkpoint. Several stores, of one process or more, may have the file open; each is for one thread at a time.
///
/// Faults  every message begins with the file's name. unavailable: it cannot be opened, read or written, or another
///         writer holds it for over 10 s; bad_syntax: it is no store, or damaged (every text has a checksum);
///         not_ours: it was written by a newer version, or is another program's SQLite file; limit: a text over 64 MiB.
class RunStore {
 public:
  /// Opens the store, or makes it where there is no file.
  static Result<RunStore> open(const std::string& path);
  RunStore(RunStore&&) noexcept;
  RunStore& operator=(RunStore&&) noexcept;
  ~RunStore();

  /// Enters a run; a run that is there already with the same text is left as it is. bad_input: there with another text
  /// (then `run` is no hash of it), or `run` is not 1 to 128 lower-case hexadecimal digits.
  std::optional<Error> begin(const std::string& run, const std::string& config_text);

  /// In one transaction: `rows` since the last checkpoint (JSON, one text each) and the state that goes on from there.
  /// bad_input: an unknown run, a row that is not JSON. out_of_sequence: the step does not grow, the run is finished,
  /// or the last checkpoint is not the one that this store has read or written: then another process has gone on with
  /// the run, or checkpoint() was not asked.
  std::optional<Error> put_checkpoint(const std::string& run, std::uint64_t step, std::string_view state,
                                      std::span<const std::string> rows);

  /// The last checkpoint; nothing before the first. bad_input: an unknown run.
  Result<std::optional<Checkpoint>> checkpoint(const std::string& run) const;

  /// All rows up to the last checkpoint, in the order in which they were put. bad_input: an unknown run.
  Result<std::vector<std::string>> rows(const std::string& run) const;

  /// The run's result, JSON. The same result once more is no fault. bad_input: an unknown run, no JSON, or finished
  /// with another result.
  std::optional<Error> finish(const std::string& run, const std::string& result_json);

  /// All runs, by name.
  Result<std::vector<RunInfo>> runs() const;

 private:
  struct Database;
  explicit RunStore(std::unique_ptr<Database> database);
  std::unique_ptr<Database> database_;
};

}  // namespace ballast::store
