#pragma once
#include "ballast/math/lot_program.h"

namespace ballast::math {

/// The best whole lots that Cbc or a short search_lots finds and a bound that Cbc proves: offline, to judge what
/// search_lots says on the way.
/// Cbc knows no parabola. A Hessian becomes rows along its eigenvectors, and every parabola is replaced by tangents,
/// which lie below it: what is least over them is a true bound. Where the answer's objective is still above it,
/// tangents are added at the answer and Cbc starts again. Feasible  as for search_lots: lots are whole, rows keep their
/// bounds to 1e-9 of their largest term. The objective is
///           that of the program, not of the tangents.
/// Bound     holds up to Cbc's tolerances, for which 1e-9 of the dearest cost is taken off.
///           `proved` says that objective - bound <= gap |objective|. A column without steps is
///           as good as the tangents around it: a gap under 1e-6 can take many rounds.
/// `seconds` of processor time, > 0, for all of it: with the same limit another machine may prove less.
/// Faults    those of search_lots: bad_input; no_solution: Cbc says that nothing is feasible; limit: out of time before
///           anything was found.
/// Source    J. Forrest, R. Lougee-Heimer, "CBC User Guide" (2005); tangents: M. A. Duran, I. E. Grossmann, Math.
///           Programming 36 (1986) 307-339.
Result<LotSolution> certify(const LotProgram& program, double seconds, double gap = 1e-6);

}  // namespace ballast::math
