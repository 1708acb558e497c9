#pragma once
#include <optional>

#include "ballast/app/commands.h"

namespace CLI {
class App;
}

namespace ballast::app {

/// The commands that prove a rule: backtest, compare, simulate, and the archives and journals they live on.
class RunCommands {
 public:
  explicit RunCommands(CLI::App& app);  ///< declares them
  /// What the one that was asked for answers; nothing where it was another command.
  std::optional<int> run(const CLI::App& app, Streams streams) const;

 private:
  BacktestOptions backtest_;
  CompareOptions compare_;
  SimulateOptions simulate_;
  ArchiveOptions archive_;
  LevelsOptions levels_;
  ReplayOptions replay_;
};

}  // namespace ballast::app
