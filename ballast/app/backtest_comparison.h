#pragma once
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ballast/base/result.h"
#include "ballast/base/rng.h"
#include "ballast/sim/summary.h"

namespace ballast::app {

/// A stored result with the name of its file, for messages.
struct NamedResult {
  std::string file;
  nlohmann::ordered_json result;
};

/// Reads a result: all that a comparison needs is there and of one length. Faults  bad_syntax: no JSON; bad_field: a
/// schema that is not 1, a field that is missing or mistyped, series of different lengths, times that do not rise.
Result<nlohmann::ordered_json> result_of(const std::string& text);

/// Results side by side as one result of the same schema, over the instants that all of them have. Between two of those
/// a P&L is the sum of the steps between them, so that results of different pace meet. A rule's figures of errors are
/// made anew, with the comparison against the base over all rules of all results; P&L and drawdown are those between
/// the common instants, and what only all instants can tell (costs, attribution, counts) is null where a result has
/// more of them. A name that several results have takes its result's name in front; a book left alone that several
/// results have with the same P&L stands there once.
/// `settings` its base: a name of the joined result.
/// Faults   bad_input: results of another underlying or numeraire, fewer than 3 common instants, another index at one
/// of
///          them, those of sim::compare_errors().
Result<nlohmann::ordered_json> compared_results(const std::vector<NamedResult>& results,
                                                const sim::SummaryRules& settings, Rng rng);

}  // namespace ballast::app
