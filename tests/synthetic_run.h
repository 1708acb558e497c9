#pragma once
#include <cstdint>
#include <vector>

#include "ballast/sim/summary.h"

namespace ballast::test {

/// A run that nobody had: a random walk of the index every eight hours with jumps, a coin account of 10 that is short
/// options, and five rules ("no hedge", "net delta", "black delta", "band", "weekly"). Every row closes: the lines of
/// each currency add up to its change of equity. `instants` >= 2.
std::vector<sim::RuleRows> synthetic_rules(std::uint64_t seed, std::size_t instants);

}  // namespace ballast::test
