#pragma once
#include <optional>
#include <string>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/base/units.h"
#include "ballast/hedge/problem.h"

namespace ballast::app {

/// A hedge problem as a user writes it.
struct WrittenProblem {
  hedge::Problem problem;               ///< in the library's units
  std::vector<std::string> candidates;  ///< names, or the words futures, options, all; beside problem.candidates
  std::optional<Numeraire> numeraire;
};

/// Reads a problem from TOML, docs/optimiser.md has its keys. Vega is per point of vol and theta per day, as screens
/// show them; everything else is in the units of hedge/problem.h.
/// Faults   bad_syntax, no TOML; bad_field: an unknown key, with the nearest one that is known, a value of a wrong type
///          or out of its range, and keys that contradict each other, each with its line and column.
Result<WrittenProblem> parse_problem(const std::string& text);

}  // namespace ballast::app
