#pragma once
#include <span>
#include <vector>

#include "ballast/base/units.h"
#include "ballast/model/parameters.h"

namespace ballast::app {

/// Black vols of a model's prices at log-moneynesses ln(strike/forward) of one expiry: NaN where the price is too near
/// to nothing to have one (below 1e-12 of the forward), or the model has a fault.
/// Domain   years in (0, 100].
std::vector<double> model_vols(const model::TransformModel& model, Years years, std::span<const double> log_moneyness);

/// The Black vol of an out-of-the-money price, undiscounted USD per coin; NaN as above. `sign` +1 call, -1 put.
double vol_of_price(double forward, double strike, double price, double years, double sign);

}  // namespace ballast::app
