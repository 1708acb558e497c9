#pragma once
#include <map>
#include <string>
#include <vector>

#include "ballast/base/time.h"
#include "ballast/vol/surface.h"

namespace ballast::desk {

/// When and where an underlying was hedged last.
struct Anchor {
  Time at;
  double price = 0.0;  ///< USD per coin, of the index, > 0
};

/// What one decision leaves for the next. A decision without it is a first one: cold fits, no trade to wait after.
struct Memory {
  std::map<std::string, Anchor> anchors;         ///< by underlying
  std::map<std::string, vol::Surface> surfaces;  ///< by index: where the next fits start
  /// By index, the numbers of the model that the dynamics name: where the next fit starts and what it is drawn to.
  std::map<std::string, std::vector<double>> models;
};

}  // namespace ballast::desk
