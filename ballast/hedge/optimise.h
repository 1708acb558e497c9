#pragma once
#include <functional>

#include "ballast/hedge/problem.h"
#include "ballast/hedge/solve.h"
#include "ballast/math/lot_program.h"

namespace ballast::hedge {

using LotSolver = std::function<Result<math::LotSolution>(const math::LotProgram&, const math::LotRules&)>;

/// The cheapest whole-lot plan that keeps the problem's musts, with what it rests on in Plan::optimum.
/// The objective is USD: spread, impact, fee and carry of the legs, leg costs, penalties, aversion/2 · variance and
/// weight · tail loss. Whatever the solver says is checked apart from it before it is used: whole lots, boxes, limits,
/// goals, costs counted again on the curves, the objective not above that of doing nothing where that is allowed.
/// Faults   those of solve(); not_believable: a solver's answer that fails that check; bad_input: a rule out of its
/// range, named; no_solution: the musts contradict each other,
///          with the smallest relaxation that would make them possible, in words; limit: the search found nothing
///          within its nodes; missing_data: a candidate without a two-sided quote.
/// Source   docs/optimiser.md, docs/decisions/0007-one-program.md.
Result<Plan> optimise(const risk::Exposure& exposure, const market::Snapshot& snapshot, const vol::QuotedChain& surface,
                      const Problem& problem, Numeraire numeraire, const risk::Smiles* smiles = nullptr,
                      const LotSolver& solver = {});

/// One point of cost against risk: the plan at one aversion.
struct FrontierPoint {
  double aversion = 0.0;  ///< 1/USD
  Plan plan;
};

/// Cost against risk: plans at aversions from 0 to where hardly any risk is left, chosen so that the risk of the
/// problem in any sizes falls in equal steps. Each is the best plan known at its aversion, the earlier ones included;
/// so cost does not fall and risk does not rise along them, but where a search ended early (Optimum::proved). `points`
/// from 2 to 200; `told` hears how many are done.
Result<std::vector<FrontierPoint>> frontier(const risk::Exposure& exposure, const market::Snapshot& snapshot,
                                            const vol::QuotedChain& surface, const Problem& problem,
                                            Numeraire numeraire, int points, const risk::Smiles* smiles = nullptr,
                                            const std::function<void(int)>& told = {});

}  // namespace ballast::hedge
