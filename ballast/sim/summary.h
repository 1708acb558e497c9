#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ballast/sim/backtest.h"
#include "ballast/sim/hedge_errors.h"

/// What a backtest comes to, rule by rule, from its rows alone: a run that was stored is summed up as one that was
/// just made.
namespace ballast::sim {

/// The rows of one rule, in the order of time.
struct RuleRows {
  std::string name;
  bool hedges = true;
  std::vector<Row> rows;
};

struct SummaryRules {
  ErrorRules errors;
  double residual_share = 0.10;  ///< >= 0: up to it a step counts as explained
  risk::RegimeRules regimes;     ///< of the index; a step has the regime of the instant at which it begins
};

/// One rule over the whole run, in the run's numeraire where nothing else is said.
struct RuleSummary {
  std::string name;
  bool hedges = true;
  std::size_t instants = 0;
  ErrorFigures errors;
  double pnl = 0.0;           ///< what the equity gained, all costs and the trades of the first instant included
  double max_drawdown = 0.0;  ///< >= 0: the largest fall of the equity below what it had been
  double fees = 0.0, slippage = 0.0, funding = 0.0;  ///< sums of those lines: below 0 is paid
  double turnover_usd = 0.0;                         ///< of hedges
  long long fills = 0, tickets = 0;
  long long refusals = 0;       ///< instants whose answer was refused
  double worst_gap_coin = 0.0;  ///< the largest |gap| of the account's identity
  double residual_ok_share =
      0.0;  ///< [0, 1]: of the steps, those whose |residual| is within residual_share of the gross
            ///< of the market's lines (all but fees, slippage, collateral and the residual)
  double start_coin = 0.0, start_usd = 0.0;  ///< equity before the trades of the first instant
  double end_coin = 0.0, end_usd = 0.0;      ///< after those of the last
  Attribution attribution;  ///< sums of all lines: with the gaps they carry start to end, in both currencies
};

struct Summary {
  Numeraire numeraire = Numeraire::coin;
  Time from, to;
  std::string base;
  std::vector<RuleSummary> rules;
};

/// What the account gained at each step without the fees and slippage of its trades, in the numeraire: the change of
/// equity from row to row less those lines. One fewer than rows: at the first instant there is only trading.
std::vector<double> step_pnl(Numeraire numeraire, std::span<const Row> rows);

/// The equity of a row in the numeraire.
double equity_in(Numeraire numeraire, const Row& row);

/// Sums up what the rules did. Sums run in the order of time, so the same rows give the same bits.
/// `rng`    of the bootstrap.
/// Faults   bad_input: those of compare_errors(); rules with other instants or another index than the first, fewer
///          than 2 instants, times that do not rise, an index or an equity that is no number.
Result<Summary> summarise(Numeraire numeraire, std::span<const RuleRows> rules, const SummaryRules& settings, Rng rng);

}  // namespace ballast::sim
