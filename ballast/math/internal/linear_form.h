#pragma once
#include <cstddef>
#include <vector>

#include "ballast/math/piecewise_program.h"

namespace ballast::math {

/// The plain linear program behind a piecewise one without parabolas: minimise cost'v + constant with
/// row_lowest <= B v <= row_highest and bounds on v. The first n variables are the home pieces of the columns. Every
/// further piece of a column or row is one more variable, the distance gone along it: convexity fills them in order.
/// A row's home piece is its own range, so a row (y)+ costs one variable and not two.
struct LinearForm {
  std::vector<double> cost, lowest, highest;  // a variable; a row's far pieces may be infinite
  std::vector<std::size_t> owner;             // a variable: the column j it moves, or n + i for a piece of row i
  std::vector<int> start, row;                // B by columns: entries start[k] .. start[k + 1] of row and entry
  std::vector<double> entry;
  std::vector<double> row_lowest, row_highest;  // m, the offset taken off
  std::vector<double> row_slope;                // m, of the home piece; counted in the costs of the columns
  double constant = 0.0;                        // what the home pieces' slopes leave out

  /// The amounts x of the n columns for the variables v.
  std::vector<double> amounts(const double* v, std::size_t n) const;
};

LinearForm linear_form(const PiecewiseProgram& program);

}  // namespace ballast::math
