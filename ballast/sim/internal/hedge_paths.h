#pragma once
#include <cstddef>

#include "ballast/sim/hedge_study.h"
#include "ballast/sim/internal/hedge_plan.h"

namespace ballast::sim::internal {

/// The kernel behind `simulate`: paths first .. first + count - 1, which must have their places in `out`.
void run_paths(const PreparedStudy::Plan& plan, std::size_t first, std::size_t count, HedgePaths& out);

}  // namespace ballast::sim::internal
