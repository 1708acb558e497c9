#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "ballast/math/piecewise_program.h"

namespace ballast::hedge {

/// What the book and one unit of each trade gain in each scenario, in one unit of money. Use full revaluation for both.
struct ScenarioPnl {
  std::vector<double> book;           ///< S
  std::vector<double> unit;           ///< S x k, trade after trade: unit[j * S + s]; trade j is column j of the program
  std::vector<double> probabilities;  ///< S, or empty: equally likely
};

/// The losses -(book + unit x) of each scenario. Shapes  x: at least the k trades.
std::vector<double> losses(const ScenarioPnl& pnl, std::span<const double> x);

/// Where a term of tail risk lies in the program it was appended to.
struct TailTerm {
  std::size_t level = 0;      ///< the column that holds the VaR, or the worst loss; n where there is none
  std::size_t first_row = 0;  ///< of S scenario rows; the limit's own row follows them
};

/// Adds weight times the expected shortfall of the losses to the objective: one column z, the VaR, and a row
/// (loss_s - z)+ of slope weight p_s / (1 - alpha) for each scenario. A VaR is an interval where alpha falls between
/// two scenarios; z is one of its points. The program stays linear if it was. Units    weight: objective per unit of
/// loss, >= 0. Cost     O(rows x columns) of the grown matrix, which is dense. Faults   bad_input: shapes, numbers that
/// are not finite, probabilities as above, alpha outside [0, 1), weight < 0.
///          limit: the grown matrix has more than 2^27 coefficients.
/// Source   R. T. Rockafellar, S. Uryasev, "Optimization of conditional value-at-risk", J. Risk 2 (2000) 21-41, (17).
Result<TailTerm> append_expected_shortfall(math::PiecewiseProgram& program, const ScenarioPnl& pnl, double alpha,
                                           double weight);

/// Demands expected shortfall <= limit. A row can only bound a sum of columns, so each scenario's (loss_s - z)+ is a
/// column here: S + 1 columns and S + 1 rows, for some 3,000 scenarios at most.
/// Units    limit: of the losses, finite. Faults, source  as above.
Result<TailTerm> append_expected_shortfall_limit(math::PiecewiseProgram& program, const ScenarioPnl& pnl, double alpha,
                                                 double limit);

/// Adds weight times the largest loss to the objective: one column t and a row loss_s - t <= 0 for each scenario,
/// whatever its probability. Faults  as above.
Result<TailTerm> append_worst_case(math::PiecewiseProgram& program, const ScenarioPnl& pnl, double weight);

/// Demands loss_s <= limit in each scenario: S rows, no column. Faults  as above.
Result<TailTerm> append_worst_case_limit(math::PiecewiseProgram& program, const ScenarioPnl& pnl, double limit);

}  // namespace ballast::hedge
