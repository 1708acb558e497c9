#pragma once
#include <vector>

#include "ballast/math/piecewise_program.h"

namespace ballast::math {

struct LinearLimits {
  int iterations = 1'000'000;  ///< of the simplex
  double seconds = 60.0;       ///< processor time. An answer that this one stops is not reproducible
};

struct LinearSolution {
  PiecewiseStatus status = PiecewiseStatus::limit;
  std::vector<double> x, y;        ///< n, m. infeasible: of least sum of violations, each over its row's largest |A_ij|
  std::vector<double> row_prices;  ///< derivative of the least objective by the row's offset; infeasible: of that sum
  double objective = 0.0;          ///< of the program at x, whatever the rows' bounds say
  double bound = 0.0;              ///< no feasible point has a lower objective (dual_bound). infeasible: +infinity
  int iterations = 0;
};

/// Solves a large program without parabolas and Hessian, anew each time: Clp's dual simplex, every piece of a function
/// one column. For few columns and many solves PiecewiseSolver is the faster one: docs/performance.md has the crossing.
/// Error    columns keep their bounds exactly, rows to 1e-9 of their scale (largest |A_ij| times the columns' bounds);
///          an optimal answer has objective - bound within 1e-8 of the larger of 1, |objective| and the sum of the
///          objective's parts, or it is a fault.
/// Faults   bad_input: misshapen(), a parabola or a Hessian, limits that are not positive.
///          no_solution: Clp gave up, or what it says does not hold when checked.
/// Source   J. Forrest, R. Lougee-Heimer, "CBC User Guide", INFORMS Tutorials in OR (2005) 257-277 (Clp).
Result<LinearSolution> solve_large(const PiecewiseProgram& program, const LinearLimits& limits = {});

}  // namespace ballast::math
