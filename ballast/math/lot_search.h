#pragma once
#include "ballast/math/lot_program.h"

namespace ballast::math {

/// The best whole lots: branch and bound over steps and legs on the relaxation that PiecewiseSolver solves, with
/// rounding, exchange of lots and of legs, and growth from nothing as its first answers.
/// Feasible  an exact multiple of the step in every column, columns within their bounds, rows within theirs to 1e-9 of
///           the row's largest possible term, legs within their number.
/// Bound     no feasible x has an objective below `bound`: it is Lagrange's bound, worked out from the program for the
///           solver's prices, with a margin for its rounding; no status of the solver is believed. `proved` says that
///           objective - bound <= max(gap |objective|, absolute_gap). With columns of step 0 the proof can stop short
///           of a gap near 1e-9 |objective|.
/// Never worse than doing nothing, where that is feasible, than growth leg by leg, or than the relaxation rounded.
/// Deterministic: the same program gives the same bits; no clock is read.
/// Domain    a Hessian without negative curvature: it is not checked, and the bound rests on it.
/// Faults    bad_input: what PiecewiseSolver::make refuses; a step, leg, leg cost, limit or rule out of its range, by
///           column or leg. no_solution: proved that nothing is feasible. limit: nothing feasible found within the
///           nodes, and not proved that there is nothing.
/// Cost      a relaxation a node; docs/performance.md has how many.
/// Memory    at most 2 · nodes + 1 branches of 40 bytes, and O(n m + n²).
/// Source    A. H. Land and A. G. Doig, Econometrica 28 (1960) 497-520;
///           A. M. Geoffrion, "Lagrangean relaxation for integer programming", Math. Programming Study 2 (1974) 82-114.
Result<LotSolution> search_lots(const LotProgram& program, const LotRules& rules = {});

}  // namespace ballast::math
