#include "ballast/app/hedge_decision.h"

#include <utility>

#include "ballast/app/inputs.h"
#include "ballast/app/learned_history.h"
#include "ballast/app/problem_flags.h"

namespace ballast::app {

Result<Decided> hedge_decision(const HedgeOptions& options, std::ostream& err) {
  const bool adaptive = options.dynamics && options.dynamics->rule == vol::SmileRule::adaptive;
  if (adaptive && options.history.empty()) {
    return Error{Fault::bad_flag, "--dynamics adaptive learns from recorded chains: name them with --history PATH"};
  }
  if (!adaptive && !options.history.empty()) return Error{Fault::bad_flag, "--history is for --dynamics adaptive"};
  auto written = written_problem(options.problem);
  if (!written) return written.error();
  std::optional<WrittenProblem> problem = std::move(written).value();
  if (problem && problem->numeraire && options.numeraire && *problem->numeraire != *options.numeraire) {
    return Error{Fault::bad_flag,
                 "--numeraire is not the numeraire of " + options.problem.file.value_or("the problem")};
  }
  auto loaded = load_market(options.market);
  if (!loaded) return loaded.error();
  market::Snapshot market = std::move(loaded).value();
  const auto portfolio = load_portfolio(options.book, options.account, options.equity);
  if (!portfolio) return portfolio.error();

  // Names that the chain does not list: what the book holds, what the user hedges with, and the default hedges.
  if (const auto error = add_instruments(market, options.with)) return *error;
  if (const auto error = add_book_instruments(market, portfolio.value())) return *error;
  std::vector<std::string> with = options.with;
  if (problem) {
    if (const auto error = add_candidates(*problem, market, portfolio.value(), cleaning_rules(options.market))) {
      return *error;
    }
    for (const hedge::Candidate& c : problem->problem.candidates) with.push_back(c.instrument);
    if (const auto error = add_instruments(market, with)) return *error;
  }
  std::optional<vol::SmileDynamics> dynamics = options.dynamics;
  if (adaptive) {
    auto learned = learned_history(options.history, market, with, portfolio.value(), err);
    if (!learned) return learned.error();
    dynamics->learned = std::move(learned).value();
  }
  Decided decided{.config = {.with = options.with,
                             .targets = options.neutral,
                             .numeraire = options.numeraire,
                             .cleaning = cleaning_rules(options.market),
                             .dynamics = std::move(dynamics),
                             .vega_reference_days = options.vega_reference_days},
                  .decision = {}};
  if (problem) {
    if (problem->numeraire) decided.config.numeraire = problem->numeraire;
    decided.config.problem = std::move(problem->problem);
  }
  decided.decision = desk::decide(decided.config, std::move(market), portfolio.value());
  desk::Decision& decision = decided.decision;
  if (options.strict && decision.quality == desk::Quality::degraded) {
    decision.quality = desk::Quality::refused;
    decision.reasons.push_back("--strict asks for quality OK");
  }
  if (decision.quality == desk::Quality::refused) {
    std::string why;
    for (const std::string& reason : decision.reasons) why += (why.empty() ? "" : "; ") + reason;
    return Error{Fault::missing_data, "no hedge: " + why};
  }
  return decided;
}

}  // namespace ballast::app
