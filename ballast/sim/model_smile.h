#pragma once
#include <span>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/base/units.h"
#include "ballast/model/parameters.h"

namespace ballast::sim {

/// The vols that a model quotes an expiry at: implied from its own prices of the options out of the money. A strike
/// whose option is worth less than 1e-12 of the forward has the vol of the nearest one toward the money that is not.
/// Domain   strikes rising, > 0; years in (0, 100]; vols are held within [0.01, 5], as a modelled chain's are.
/// Faults   of model::transform; no_solution: no strike has a price.
Result<std::vector<double>> model_smile(const model::TransformModel& model, Price forward, Years years,
                                        std::span<const double> strike);

}  // namespace ballast::sim
