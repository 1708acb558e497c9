#pragma once
#include <string>
#include <vector>

#include "ballast/model/paths.h"

namespace ballast::test {

/// One parameter set of the reference price tables, with its strikes and undiscounted calls.
struct PathSet {
  std::string table, set;
  model::PathModel model;
  double forward = 0.0, years = 0.0;
  std::vector<double> strikes, calls;  // E[max(S - K, 0)]
};

/// Every set of merton, kou, heston, bates and svcj_prices.csv whose rows share one expiry.
std::vector<PathSet> path_sets();

/// `steps` equal steps to `years`.
std::vector<double> equal_steps(double years, std::size_t steps);

}  // namespace ballast::test
