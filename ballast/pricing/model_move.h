#pragma once
#include "ballast/base/result.h"
#include "ballast/base/units.h"
#include "ballast/model/parameters.h"
#include "ballast/vol/dynamics.h"

namespace ballast::pricing {

/// How a stochastic model expects the vol of one strike to move with the forward: such that Black's delta at the
/// model's vol plus vega times the move is the model's minimum-variance delta,
///
///     dsigma/dF = (minimum-variance delta - N(d1)) / vega        (all of the model, at its own implied vol)
///
/// On the quoted vol it carries over what the model knows (variance that moves with the price, jumps) and leaves the
/// quotes where they are. With m(k) = F dsigma/dF at k = ln(K/F), d²sigma/dF² = -(m' + m)/F²: the model's other numbers
/// held while the forward moves on. dsigma/dt is 0: a strike keeps its vol.
/// Domain   a model without a fault; forward, strike > 0; years in (0, 100]. An option whose price the transform cannot
///          tell from nothing, below 1e-11 of the forward, has no vol to move: 0.
/// Error    1e-8 of the move where vega is above a hundredth of its value at the money; d²sigma/dF² by a central
///          difference, 1e-3 of it.
/// Faults   of model::transform; no_solution: the minimum-variance delta does not exist (jumps without a variance).
Result<vol::VolMove> model_move(const model::TransformModel& model, Price forward, Price strike, Years years);

}  // namespace ballast::pricing
