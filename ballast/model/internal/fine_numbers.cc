#include "ballast/model/internal/fine_numbers.h"

#include <cmath>
#include <string>
#include <utility>

namespace ballast::model {

Result<FineNumbers> fine_numbers(std::string_view model, std::span<const double> years, double longest, double share,
                                 const Draws& draws, std::size_t a_step) {
  auto steps = step_grid(model, years, longest, share);
  if (!steps) return steps.error();
  StepGrid grid = std::move(steps.value());
  if (const std::size_t dimensions = grid.steps() * a_step;
      draws.source == DrawSource::sobol && dimensions > math::Sobol::most_dimensions)
    return Error{Fault::limit, std::string(model) + " paths: " + std::to_string(dimensions) +
                                   " Sobol dimensions, more than " + std::to_string(math::Sobol::most_dimensions)};
  PathGrid path_grid{.years = {}, .length = grid.length, .draws = draws};
  std::vector<double> roots;
  for (std::size_t i = 0; i < grid.steps(); ++i) {
    path_grid.years.push_back(grid.start[i] + grid.length[i]);
    roots.push_back(std::sqrt(grid.length[i]));
  }
  return FineNumbers{std::move(grid), PathNumbers(path_grid, a_step), std::move(roots)};
}

void check_columns(std::string_view model, std::size_t steps, std::size_t paths, std::span<const double> first,
                   std::span<const double> second) {
  if (first.size() == steps * paths && (second.empty() || second.size() == first.size())) return;
  abort_with({Fault::bad_input, std::string(model) + " paths: columns of " + std::to_string(first.size()) + " and " +
                                    std::to_string(second.size()) + " for " + std::to_string(paths) + " paths"});
}

}  // namespace ballast::model
