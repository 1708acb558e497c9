#pragma once
#include <optional>

#include "ballast/app/commands.h"

namespace CLI {
class App;
}

namespace ballast::app {

/// The commands of the stochastic models: calibrate, price, paths.
class ModelCommands {
 public:
  explicit ModelCommands(CLI::App& app);  ///< declares them
  /// What the one that was asked for answers; nothing where it was another command.
  std::optional<int> run(const CLI::App& app, Streams streams) const;

 private:
  CalibrateOptions calibrate_;
  PriceOptions price_;
  PathsOptions paths_;
};

}  // namespace ballast::app
