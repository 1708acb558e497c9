#pragma once
#include <optional>
#include <string>

#include "ballast/app/commands.h"
#include "ballast/app/problem_toml.h"
#include "ballast/market/clean.h"
#include "ballast/market/position.h"
#include "ballast/market/snapshot.h"

namespace ballast::app {

/// A goal as the command line has it: "delta=0", "vega=-10:10", "vega[7:30]=0", either end of a range may be left out.
/// Units as in parse_problem(). Fault bad_flag.
Result<hedge::Goal> parse_goal(const std::string& word);

/// The problem that the options ask for, from a file or from flags; absent where they ask for none.
/// Faults  bad_flag, and those of the file with its name.
Result<std::optional<WrittenProblem>> written_problem(const ProblemOptions& options);

/// Adds the candidates that are written as names or as the words of desk/candidates.h, in the market as cleaned by
/// `rules`. Faults  bad_input: the book is on several underlyings;
/// missing_data: a word finds nothing.
std::optional<Error> add_candidates(WrittenProblem& written, const market::Snapshot& market,
                                    const market::Portfolio& portfolio, const market::CleaningRules& rules);

}  // namespace ballast::app
