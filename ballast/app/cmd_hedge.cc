#include <optional>
#include <ostream>
#include <utility>

#include <fmt/format.h>

#include "ballast/app/commands.h"
#include "ballast/app/decision_json.h"
#include "ballast/app/inputs.h"
#include "ballast/app/learned_history.h"
#include "ballast/desk/decide.h"

namespace ballast::app {
namespace {

Table legs_table(const desk::Decision& decision) {
  Table table{{{"instrument"},
               {"side"},
               {"amount"},
               {"unit"},
               {"contracts"},
               {"price"},
               {"price_source"},
               {"ratio", 6},
               {"convention"},
               {"spread_usd", 2},
               {"fee_usd", 2},
               {"residual_delta", 8},
               {"quality"}},
              {}};
  for (const hedge::Plan& plan : decision.plans) {
    for (const hedge::Leg& leg : plan.legs) {
      const Cell spread = leg.cost.spread ? Cell(leg.cost.spread->value) : Cell();
      table.rows.push_back({leg.instrument.name, std::string(name(leg.side)), leg.amount,
                            std::string(market::name(leg.instrument.size_unit())), leg.contracts, leg.unit.price,
                            std::string(risk::name(leg.unit.price_source)), leg.ratio,
                            convention(plan, decision.smiles), spread, leg.cost.fee.value, plan.residual.delta,
                            std::string(desk::name(decision.quality))});
    }
  }
  return table;
}

bool needs_a_trade(const desk::Decision& decision) {
  for (const hedge::Plan& plan : decision.plans) {
    if (!plan.legs.empty()) return true;
  }
  return false;
}

}  // namespace

int cmd_hedge(const HedgeOptions& options, Streams streams) {
  const bool adaptive = options.dynamics && options.dynamics->rule == vol::SmileRule::adaptive;
  if (adaptive && options.history.empty()) {
    return fail({Fault::bad_flag, "--dynamics adaptive learns from recorded chains: name them with --history PATH"},
                streams);
  }
  if (!adaptive && !options.history.empty())
    return fail({Fault::bad_flag, "--history is for --dynamics adaptive"}, streams);
  auto loaded = load_market(options.market);
  if (!loaded) return fail(loaded.error(), streams);
  market::Snapshot market = std::move(loaded).value();
  const auto portfolio = load_portfolio(options.book, options.account, options.equity);
  if (!portfolio) return fail(portfolio.error(), streams);

  // Names that the chain does not list: what the book holds, what the user hedges with, and the default hedges.
  if (const auto error = add_instruments(market, options.with)) return fail(*error, streams);
  if (const auto error = add_book_instruments(market, portfolio.value())) return fail(*error, streams);
  std::optional<vol::SmileDynamics> dynamics = options.dynamics;
  if (adaptive) {
    auto learned = learned_history(options.history, market, options.with, portfolio.value(), streams.err);
    if (!learned) return fail(learned.error(), streams);
    dynamics->learned = std::move(learned).value();
  }
  desk::Decision decision = desk::decide({.with = options.with,
                                          .targets = options.neutral,
                                          .numeraire = options.numeraire,
                                          .cleaning = cleaning_rules(options.market),
                                          .dynamics = std::move(dynamics),
                                          .vega_reference_days = options.vega_reference_days},
                                         std::move(market), portfolio.value());
  if (options.strict && decision.quality == desk::Quality::degraded) {
    decision.quality = desk::Quality::refused;
    decision.reasons.push_back("--strict asks for quality OK");
  }
  if (decision.quality == desk::Quality::refused) {
    std::string why;
    for (const std::string& reason : decision.reasons) why += (why.empty() ? "" : "; ") + reason;
    return fail({Fault::missing_data, "no hedge: " + why}, streams);
  }
  if (options.format == Format::json || options.format == Format::jsonl) {
    streams.out << decision_json(decision, options.format == Format::jsonl);
    if (options.explain) streams.err << explanation(decision);
  } else if (options.format == Format::table) {
    streams.out << decision_table(decision);
    if (options.explain) streams.out << explanation(decision);
  } else {
    streams.out << render(legs_table(decision), options.format);
    for (const std::string& reason : decision.reasons) streams.err << "warning: " << reason << "\n";
    if (options.explain) streams.err << explanation(decision);
  }
  return options.exit_code && needs_a_trade(decision) ? Exit::refused : Exit::done;
}

}  // namespace ballast::app
