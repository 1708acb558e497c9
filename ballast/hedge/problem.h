#pragma once
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ballast/hedge/greek.h"
#include "ballast/hedge/ladder.h"
#include "ballast/pricing/grid_columns.h"

namespace ballast::hedge {

/// Where a Greek of the book should be after the trade.
struct Goal {
  Greek greek = Greek::delta;
  /// Of what expires in [from_days, to_days) only; both absent: the whole book. Perpetuals and spot never expire.
  std::optional<double> from_days, to_days;
  double lowest = 0.0, highest = 0.0;  ///< lowest <= highest, may be infinite; equal: exact, to half the finest lot
  std::optional<double> penalty;       ///< > 0: USD per unit outside, instead of a must
  int priority = 0;  ///< 0: a must (or weighed by its penalty). 1, 2, ...: kept as well as can be, 1 before 2, all
                     ///< before money
  std::string text() const;  ///< "delta", "vega 7 to 30 days"
};

/// An instrument that may be traded. Amounts in its size unit.
struct Candidate {
  std::string instrument;
  std::optional<double> most_buy, most_sell;                ///< >= 0; absent: as far as its cost curve goes
  std::optional<double> lowest_position, highest_position;  ///< of the position after the trade, signed
  bool closing_only = false;                                ///< towards no position, never beyond
};

/// What is left open is risk over a horizon: normal moves of the coin and of vols.
struct RiskRules {
  double aversion = 0.0;      ///< >= 0, 1/USD: the objective is cost + aversion/2 · variance (USD²)
  double horizon_days = 1.0;  ///< > 0
  std::optional<Vol> vol;     ///< of the coin; absent: of the option nearest to the money and to 30 days
  double vol_move = 0.058;    ///< daily deviation of ln vol of 30 days, others by sqrt(30/days): docs/costs.md
  double correlation = 0.0;   ///< of the coin's moves and the vols', (-1, 1)
};

enum class TailMeasure { expected_shortfall, worst_case };

/// Losses in scenarios, fully revalued, in USD.
struct TailRules {
  std::vector<pricing::Scenario> scenarios;  ///< of price and vol
  std::vector<double> basis;          ///< empty, or one a scenario: dated futures and perpetuals move by this more, a
                                      ///< fraction
  std::vector<double> probabilities;  ///< empty: equally likely
  TailMeasure measure = TailMeasure::worst_case;
  double alpha = 0.95;          ///< [0, 1), of expected_shortfall
  double weight = 0.0;          ///< >= 0: the objective has weight times it
  std::optional<double> limit;  ///< USD: it may not be more
};

struct TradeLimits {
  std::optional<double> turnover_usd;  ///< >= 0: sum of what is bought and sold, options by their underlying
  std::optional<double> leverage;  ///< > 0: notional of futures, perpetuals and spot after the trade, over `equity_usd`
  std::optional<double> margin_usd;  ///< >= 0: initial margin after the trade, standard model (docs/optimiser.md)
  std::optional<double> equity_usd;  ///< > 0, for leverage
  double futures_margin = 0.02;      ///< of notional: Deribit's first tier until August 2026; a rate is data
  int most_legs = 0;                 ///< 0: any number
  double leg_cost_usd = 0.0;         ///< >= 0, for each instrument that is traded
};

/// What to trade: reach the goals within the limits at the least cost.
struct Problem {
  std::vector<Goal> goals;
  std::vector<Candidate> candidates;  ///< of one underlying
  RiskRules risk;
  std::optional<TailRules> tail;
  TradeLimits limits;
  CostRules costs;
  double carry_days = 0.0;                ///< >= 0: what the legs pay or earn until then counts: funding and basis
  std::map<std::string, double> funding;  ///< a year, by perpetual; absent: its quote's rate of eight hours, if quoted
  double gap = 1e-3;                      ///< > 0: whole lots are good enough this near to the bound
  int nodes = 20'000;                     ///< of the search
};

}  // namespace ballast::hedge
