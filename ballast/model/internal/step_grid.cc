#include "ballast/model/internal/step_grid.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace ballast::model {

Result<StepGrid> step_grid(std::string_view model, std::span<const double> years, double longest, double share) {
  const auto refusal = [&](Fault fault, const std::string& what) {
    return Error{fault, std::string(model) + " paths: " + what};
  };
  if (years.empty()) return refusal(Fault::bad_input, "no time to step to");
  StepGrid grid;
  double before = 0.0;
  for (const double time : years) {
    if (!(time > before && std::isfinite(time)))
      return refusal(Fault::bad_input,
                     "year " + std::to_string(time) + " does not come after " + std::to_string(before));
    const double allowed = share > 0.0 ? std::min(longest, time / share) : longest;
    // A date that is a whole number of steps away but for its rounding takes that number.
    const double parts = std::max(1.0, std::ceil((time - before) / allowed * (1.0 - 1e-9)));
    if (parts + static_cast<double>(grid.steps()) > static_cast<double>(most_fine_steps))
      return refusal(Fault::limit,
                     "year " + std::to_string(time) + " takes more than " + std::to_string(most_fine_steps) + " steps");
    for (double i = 0.0; i < parts; i += 1.0) {
      grid.start.push_back(before + (time - before) * (i / parts));
      grid.length.push_back((time - before) / parts);
    }
    grid.after.push_back(grid.steps());
    before = time;
  }
  return grid;
}

}  // namespace ballast::model
