#pragma once
#include <cstddef>
#include <vector>

#include "ballast/math/internal/lot_model.h"
#include "ballast/math/lot_program.h"

namespace ballast::math::internal {

/// The plain mixed-integer program behind a LotProgram without parabolas and Hessian: minimise cost'v + constant with
/// row_lowest <= B v <= row_highest, bounds on v, some of v whole. A column in steps of one piece is its number of
/// lots; one of several pieces has a number of lots beside them. A leg that has a price, or counts, is a variable of 0
/// or 1.
struct MixedForm {
  std::vector<double> cost, lowest, highest;  // a variable
  std::vector<char> whole;
  std::vector<int> start, row;  // B by columns: entries start[k] .. start[k + 1] of row and entry
  std::vector<double> entry;
  std::vector<double> row_lowest, row_highest;
  double constant = 0.0;
  std::vector<std::size_t> owner;    // of the first variables: the column that they are, or are a piece of; else >= n
  std::vector<std::size_t> lots_of;  // a column: the variable that counts its lots; past the end where it has no steps

  /// What each column is: in lots where it has steps, rounded to whole ones, else in amounts.
  std::vector<double> lots(const double* v, const LotModel& model) const;
};

/// `model` of the same program. Rows are widened by their tolerance: nothing that counts as feasible is cut off.
MixedForm mixed_form(const LotProgram& program, const LotModel& model);

}  // namespace ballast::math::internal
