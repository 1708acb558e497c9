#pragma once
#include <optional>
#include <vector>

#include "ballast/base/result.h"

namespace ballast::model {

/// xi0(t): today's expectation of the instantaneous variance per year at each time. Linear between its nodes, flat
/// before the first and after the last; one node is a flat curve.
struct ForwardVariance {
  std::vector<double> years;     ///< of the nodes, rising strictly, >= 0
  std::vector<double> variance;  ///< per year, [0, 25], one for each node

  static ForwardVariance flat(double variance_per_year) { return {{0.0}, {variance_per_year}}; }
};

double at(const ForwardVariance& curve, double years);  ///< per year; years >= 0
/// The first number outside its range, or nodes that do not rise or do not match.
std::optional<Error> fault(const ForwardVariance& curve);

}  // namespace ballast::model
