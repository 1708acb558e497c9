#pragma once
#include <span>
#include <string>
#include <vector>

#include "ballast/base/result.h"

namespace ballast::hedge {

enum class Target { delta, gamma, vega };
const char* name(Target target);

/// One number per possible target, all in one numeraire: delta in coin; gamma q·F·Γ coin or q·F²·Γ USD; vega per 1.00
/// of vol in coin or USD.
struct Greeks {
  double delta = 0.0, gamma = 0.0, vega = 0.0;

  double of(Target target) const { return target == Target::delta ? delta : target == Target::gamma ? gamma : vega; }
  /// Adds `size` units that carry `unit` each.
  void add(double size, const Greeks& unit) {
    delta += size * unit.delta;
    gamma += size * unit.gamma;
    vega += size * unit.vega;
  }
};

struct Neutral {
  std::vector<double> sizes;  ///< units of each instrument, signed: buy > 0
  double condition = 1.0;     ///< of the equilibrated system
  bool least_norm = false;  ///< one of many answers: the instruments can share the hedge; the smallest sizes are given
};

/// The sizes x with exposure + sum x_j · unit_j = 0 in every target, by at least as many instruments as targets. Where
/// many do, those of least norm, each size times what its instrument moves.
/// Faults  bad_input: no target, a target twice, fewer instruments than targets, a number that is not finite;
///         no_solution: the instruments cannot reach the targets (none has any of one; condition over 1e10, or
///         multiples of each other that miss), in words.
/// Error   condition · 2^-52 relative to the largest size. Cost O(targets · instruments²).
/// Source  docs/sources.md: hedge ratio 3; least_squares() with rows divided by their largest entry, so that the
///         condition speaks of the instruments' likeness and not of their units.
Result<Neutral> neutralise(const Greeks& exposure, std::span<const Greeks> units, std::span<const Target> targets);

}  // namespace ballast::hedge
