#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/base/rng.h"
#include "ballast/math/rule_comparison.h"
#include "ballast/risk/regimes.h"

/// How well several hedge rules did on the same steps, from what each of them gained a step.
namespace ballast::sim {

/// What one rule's account gained a step, without the costs of trading: a perfect hedge gains nothing.
struct RuleErrors {
  std::string name;
  bool hedges = true;
  std::vector<double> pnl;              ///< a step, in one unit for all rules; finite
  std::optional<std::size_t> unhedged;  ///< which of the series left the same book alone
};

struct ErrorRules {
  std::optional<std::string> base;         ///< what the others are compared with; absent: the first that hedges
  double alpha = 0.95;                     ///< [0, 1), of the expected shortfall
  math::RuleComparisonOptions comparison;  ///< its draws and intervals
};

struct RegimeErrors {
  risk::Regime regime = risk::Regime::calm;
  std::size_t steps = 0;
  std::optional<double> rmse, rmse_reduction;  ///< absent without steps, or without a book left alone
};

/// A rule beside the base. A loss is a squared P&L of a step.
struct AgainstBase {
  double mean_difference = 0.0;  ///< of the base's loss less the rule's: positive where the rule is better
  double statistic = 0.0;        ///< Diebold-Mariano; NaN where every difference is the same
  double p = 0.0;                ///< of that statistic, two-sided, of this rule alone
  /// Romano-Wolf: of this rule among all that hedge, which is what was tried. Absent for a book left alone.
  std::optional<double> p_deflated;
  double ratio = 0.0;  ///< of the sums of the losses, the rule's over the base's; below 1: better. NaN: the base's is 0
  double ratio_low = 0.0, ratio_high = 0.0;  ///< its bootstrap interval; the low end may be below 0
};

struct ErrorFigures {
  double rmse = 0.0;                                         ///< of the P&L against nothing
  std::optional<double> rmse_reduction, variance_reduction;  ///< 1 - rmse/rmse0, 1 - ss/ss0; absent where 0 is nothing
  double mean = 0.0, std = 0.0, worst = 0.0;                 ///< worst: the smallest
  double es95 = 0.0;                        ///< a loss, > 0: the mean of the worst 1 - alpha of the steps
  std::vector<RegimeErrors> regimes;        ///< crash, rally, calm; unknown steps are in none
  std::optional<AgainstBase> against_base;  ///< absent for the base, and below 10 steps: too few to say
};

struct ErrorTable {
  std::string base;
  std::vector<ErrorFigures> rules;  ///< one for each
};

/// The figures of all rules and their comparison with the base. Deterministic: chance comes from `rng` alone.
/// Units    those of the P&L. Shapes  regime: one a step.
/// Cost     that of math::compare_rules().
/// Faults   bad_input: no rule, two of a name, series that differ in length or have fewer than 2 steps, a P&L that is
///          not finite, figures outside their domain, a base that is none of the rules.
Result<ErrorTable> compare_errors(std::span<const RuleErrors> rules, std::span<const risk::Regime> regime,
                                  const ErrorRules& settings, Rng& rng);

}  // namespace ballast::sim
