#pragma once
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "ballast/app/backtest_json.h"
#include "ballast/app/run_toml.h"

namespace ballast::app {

/// How a run is carried out; none of it changes a bit of its result.
struct RunSettings {
  std::optional<std::string> store;    ///< SQLite file: rows are kept there, and a run that was cut goes on
  std::optional<std::string> journal;  ///< folder: a journal for each rule, RULE.journal, that `ballast replay` reads
  int threads = 1;                     ///< >= 1: rules are shared out
  std::string folder;                  ///< of the run's file, absolute: where its paths are from, for the journals
};

/// What a run left.
struct RunRows {
  RunHead head;
  std::vector<sim::RuleRows> rules;
};

/// Takes every rule of a run through every instant of its market. With a store, instants up to its last checkpoint are
/// not worked out again. Progress on `err`.
/// `text`   of the run's file: with the program's version and the names and sizes of its data, what the run is
/// Faults   those of the market, the store and sim::advance(), with the rule's name; missing_data: no instant.
Result<RunRows> run_backtest(const RunFile& file, const std::string& text, const RunSettings& settings,
                             std::ostream& err);

/// Puts a run's result beside its rows. Faults  those of store::RunStore.
std::optional<Error> finish_run(const std::string& store, const std::string& run, const std::string& result_json);

}  // namespace ballast::app
