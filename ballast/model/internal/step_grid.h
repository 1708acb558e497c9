#pragma once
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "ballast/base/result.h"

/// The steps of a scheme that is not exact: finer than the dates it is asked for.
namespace ballast::model {

inline constexpr std::size_t most_fine_steps = 200'000;

struct StepGrid {
  std::vector<double> start;       ///< years, of each fine step
  std::vector<double> length;      ///< years
  std::vector<std::size_t> after;  ///< after[t]: fine steps walked when date t is reached; rising strictly
  std::size_t steps() const { return length.size(); }
};

/// Dates with every interval cut into equal steps that are at most `longest` years, and at most a `share`th of the date
/// at their end (0: not asked for): the first steps are the short ones where a scheme has its error.
/// Faults   bad_input: no dates, or one that is not finite or does not rise from 0; limit: more than most_fine_steps.
Result<StepGrid> step_grid(std::string_view model, std::span<const double> years, double longest, double share);

}  // namespace ballast::model
