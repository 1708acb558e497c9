#include <algorithm>
#include <ostream>

#include "ballast/app/commands.h"
#include "ballast/app/inputs.h"
#include "ballast/store/snapshot.h"

namespace ballast::app {
namespace {

std::vector<Cell> row(const market::Instrument& i) {
  const bool option = i.is_option();
  return {i.name,
          std::string(market::name(i.kind)),
          std::string(market::name(i.settlement)),
          i.underlying,
          i.settlement_currency,
          i.expiry == never ? Cell() : Cell(to_string(i.expiry)),
          option ? Cell(i.strike) : Cell(),
          option ? Cell(std::string(market::name(i.option_type))) : Cell(),
          i.contract_size,
          std::string(market::name(i.size_unit())),
          i.lot,
          i.ticks.tick,
          i.fees.taker,
          std::string(i.from_venue ? "venue" : "default")};
}

}  // namespace

int cmd_instruments(const InstrumentsOptions& options, Streams streams) {
  Table table{{{"instrument"},
               {"kind"},
               {"settlement"},
               {"underlying"},
               {"settles_in"},
               {"expiry"},
               {"strike"},
               {"type"},
               {"contract_size"},
               {"size_unit"},
               {"lot"},
               {"tick"},
               {"taker_fee"},
               {"source"}},
              {}};
  market::Snapshot market;
  if (!options.chain.empty()) {
    auto loaded = store::read_snapshot(options.chain);
    if (!loaded) return fail(loaded.error(), streams);
    market = std::move(loaded).value();
  }
  if (const auto error = add_instruments(market, options.names)) return fail(*error, streams);
  for (const auto& [name, instrument] : market.instruments) {
    const bool asked =
        options.names.empty() || std::find(options.names.begin(), options.names.end(), name) != options.names.end();
    if (asked) table.rows.push_back(row(instrument));
  }
  if (table.rows.empty()) return fail({Fault::bad_flag, "name an instrument, or give --chain FILE"}, streams);
  streams.out << render(table, options.format);
  return Exit::done;
}

}  // namespace ballast::app
