#pragma once
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/model/internal/path_numbers.h"
#include "ballast/model/internal/step_grid.h"

/// The fine steps of a scheme and the normals for them, prepared together.
namespace ballast::model {

struct FineNumbers {
  StepGrid grid;
  PathNumbers numbers;
  std::vector<double> root_length;  ///< sqrt(years) of each step
};

/// Faults   step_grid's; limit: `a_step` normals for every fine step are more than Sobol has dimensions.
Result<FineNumbers> fine_numbers(std::string_view model, std::span<const double> years, double longest, double share,
                                 const Draws& draws, std::size_t a_step);

/// Stops the program where the columns of a fill are not of steps · paths rows; `second` may be empty.
void check_columns(std::string_view model, std::size_t steps, std::size_t paths, std::span<const double> first,
                   std::span<const double> second);

}  // namespace ballast::model
