#include <ostream>

#include "ballast/app/commands.h"
#include "ballast/app/decision_json.h"
#include "ballast/app/hedge_decision.h"

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
  const auto decided = hedge_decision(options, streams.err);
  if (!decided) return fail(decided.error(), streams);
  const desk::Decision& decision = decided.value().decision;
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
