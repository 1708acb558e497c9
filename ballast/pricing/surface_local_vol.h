#pragma once
#include "ballast/model/local_vol.h"
#include "ballast/vol/surface.h"

namespace ballast::pricing {

/// The local-vol model of a fitted surface, over a copy of it: total variance and its slopes as vol::at has them, its
/// rise over time that of the interval between two expiries (at an expiry: of the one before). Faults   missing_data: a
/// surface without slices.
Result<model::LocalVol> local_vol(const vol::Surface& surface);

}  // namespace ballast::pricing
