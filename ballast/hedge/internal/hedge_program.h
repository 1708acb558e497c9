#pragma once
#include <cmath>

#include "ballast/hedge/internal/leg.h"
#include "ballast/hedge/internal/tradable.h"

namespace ballast::hedge {

/// A problem with its numbers: what the book is and what each candidate adds.
struct HedgeModel {
  std::vector<Tradable> tradables;
  std::vector<double> before;                       ///< of each goal
  std::vector<double> lowest, highest;              ///< bounds of each goal as a must; infinite where it is none
  std::vector<double> exact_lowest, exact_highest;  ///< where each goal should be, an exact one to half the finest lot
  std::vector<double> size;                         ///< of each goal: its largest possible term
  Risks risks;                                      ///< of the book
  std::vector<double> pnl;                          ///< of the book in each scenario, USD
  double leverage_before = 0.0, margin_before = 0.0;  ///< USD
};

/// Faults  bad_input: a rule of the problem out of its range, named; those of tradables().
Result<HedgeModel> hedge_model(const risk::Exposure& exposure, const market::Snapshot& snapshot,
                               const vol::QuotedChain& surface, const Problem& problem, Numeraire numeraire,
                               const risk::Smiles* smiles);

struct Limited {
  std::string what;
  double value, limit;
};
/// The limits that the problem sets, with what a trade comes to.
std::vector<Limited> limits_of(const Problem& problem, double turnover, double leverage_usd, double margin,
                               std::optional<double> tail);

/// The model as a program. An instrument is one column, or several where a limit adds up absolute values: split at
/// nothing traded and at nothing held, so that those are straight in each part.
struct HedgeProgram {
  math::LotProgram lots;
  std::vector<std::size_t> tradable;  ///< of each column
  std::vector<double> base;           ///< lots at which its part begins
  std::size_t first_limit = 0;        ///< the row of the first of limits_of()'s rows that are sums
  double constant = 0.0;              ///< USD: what the program's objective leaves out, a penalty at 0
  double terms = 0.0;                 ///< USD: the largest terms of the objective, for its rounding
};

/// Costs, penalties, risk, musts and limits; without the tail's weight.
HedgeProgram hedge_program(const HedgeModel& model, const Problem& problem);
/// Only the distance of the goals of one rank, each in its size.
HedgeProgram priority_program(const HedgeModel& model, const Problem& problem, int rank);
/// Only the distance of all musts and limits, each in its size.
HedgeProgram elastic_program(const HedgeModel& model, const Problem& problem);

/// VaR (or worst loss) of the program in any sizes with the tail's weight and its limit on expected shortfall, and an
/// objective that none of its points is below: Lagrange's bound, whatever the solver says.
Result<std::pair<double, double>> relaxed_tail(const HedgeModel& model, const Problem& problem);
/// Adds the tail's weight with its VaR held at `level`.
void add_tail_at(HedgeProgram& built, const HedgeModel& model, const Problem& problem, double level);

/// The solution in any sizes, whole lots, legs and their number left aside.
struct Relaxed {
  std::vector<double> lots;  ///< of each tradable
  std::vector<double> goal_prices, limit_prices;
  math::PiecewiseCheck check = {.objective = NAN, .infeasibility = NAN, .stationarity = NAN};  ///< NaN: not solved

  double price_of_goal(std::size_t g) const { return g < goal_prices.size() ? goal_prices[g] : 0.0; }
  double price_of_limit(std::size_t i) const { return i < limit_prices.size() ? limit_prices[i] : 0.0; }
};
Relaxed relax(const HedgeModel& model, const Problem& problem);

}  // namespace ballast::hedge
