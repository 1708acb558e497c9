#include <map>
#include <ostream>

#include <fmt/format.h>

#include "ballast/app/commands.h"
#include "ballast/app/inputs.h"
#include "ballast/pricing/black.h"
#include "ballast/vol/quoted.h"

namespace ballast::app {
namespace {

Table forwards_table(const vol::QuotedChain& surface) {
  Table table{{{"index"}, {"expiry"}, {"forward", 4}, {"source"}, {"pairs"}, {"outliers"}, {"spread_usd", 4}}, {}};
  for (const auto& [key, f] : surface.forwards) {
    table.rows.push_back({key.index, to_string(key.expiry), f.price.value, std::string(curve::name(f.source)),
                          static_cast<long long>(f.pairs), static_cast<long long>(f.outliers), f.spread});
  }
  return table;
}

Table dropped_table(const std::vector<market::Dropped>& dropped) {
  Table table{{{"instrument"}, {"reason"}, {"detail"}}, {}};
  for (const market::Dropped& d : dropped) table.rows.push_back({d.instrument, d.reason, d.detail});
  return table;
}

Table options_table(const market::Snapshot& market, const vol::QuotedChain& surface) {
  Table table{{{"instrument"},
               {"expiry"},
               {"strike", 0},
               {"type"},
               {"bid", 4},
               {"ask", 4},
               {"mark", 6},
               {"vol", 4},
               {"vol_source"},
               {"forward", 2},
               {"forward_source"},
               {"black_delta", 5},
               {"net_delta", 5}},
              {}};
  for (const auto& [name, o] : surface.options) {
    const market::Instrument& instrument = market.instruments.at(name);
    const market::Quote& quote = market.quotes.at(name);
    const double delta = pricing::black_delta({.forward = o.forward,
                                               .strike = Price(instrument.strike),
                                               .vol = o.vol,
                                               .years = o.years,
                                               .type = instrument.option_type});
    const double premium = instrument.settlement == market::Settlement::inverse ? o.price : 0.0;
    const curve::Forward& forward = surface.forwards.at({instrument.index, instrument.expiry});
    table.rows.push_back({name, to_string(instrument.expiry), instrument.strike,
                          std::string(market::name(instrument.option_type)), cell(quote.bid), cell(quote.ask),
                          cell(quote.mark), o.vol.value, std::string(vol::name(o.source)), o.forward.value,
                          std::string(curve::name(forward.source)), delta, delta - premium});
  }
  return table;
}

}  // namespace

int cmd_chain(const ChainOptions& options, Streams streams) {
  auto loaded = load_market(options.market);
  if (!loaded) return fail(loaded.error(), streams);
  const market::Snapshot market = market::clean(std::move(loaded).value(), cleaning_rules(options.market));
  const vol::QuotedChain surface = vol::quoted(market);
  std::vector<market::Dropped> dropped = market.dropped;
  dropped.insert(dropped.end(), surface.dropped.begin(), surface.dropped.end());
  if (surface.options.empty() && !options.dropped) {
    std::string first = dropped.empty()
                            ? "there is none"
                            : dropped[0].instrument + ": " + dropped[0].reason + " (" + dropped[0].detail + ")";
    return fail({Fault::missing_data, "no usable option in the chain: " + first}, streams);
  }
  const Table table = options.dropped    ? dropped_table(dropped)
                      : options.forwards ? forwards_table(surface)
                                         : options_table(market, surface);
  streams.out << render(table, options.format);
  std::map<std::string, std::size_t> count;
  for (const market::Dropped& d : dropped) ++count[d.reason];
  std::string reasons;
  for (const auto& [reason, n] : count) reasons += fmt::format(" {} {}", n, reason);
  streams.err << fmt::format("as of {}: {} options, {} dropped{}\n", to_string(market.as_of), surface.options.size(),
                             dropped.size(), reasons.empty() ? "" : ":" + reasons);
  return Exit::done;
}

}  // namespace ballast::app
