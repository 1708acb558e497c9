#include <cmath>
#include <ostream>

#include <fmt/format.h>

#include "ballast/app/commands.h"
#include "ballast/app/inputs.h"
#include "ballast/pricing/black.h"
#include "ballast/pricing/screen.h"
#include "ballast/vol/quoted.h"

namespace ballast::app {
namespace {

using market::OptionType;
using market::Settlement;

const std::vector<Column> columns = {{"instrument"},
                                     {"forward", 2},
                                     {"vol", 4},
                                     {"years", 6},
                                     {"price", 8},
                                     {"price_usd", 4},
                                     {"black_delta", 6},
                                     {"net_delta", 6},
                                     {"gamma_per_usd", -5},
                                     {"vega_usd_per_point", 5},
                                     {"theta_usd_per_day", 5},
                                     {"rho_usd_per_percent", 5},
                                     {"vanna_per_vol", -5},
                                     {"volga_usd_per_vol2", -5},
                                     {"charm_per_day", -5}};

/// One row: `price` in the instrument's quote unit.
std::vector<Cell> row(const std::string& name, const pricing::Vanilla& option, Settlement settlement, double price,
                      bool venue) {
  const pricing::BlackGreeks g = pricing::black_greeks(option);
  const bool inverse = settlement == Settlement::inverse;
  const double usd = inverse ? price * option.forward.value : price;
  const pricing::ScreenGreeks screen = pricing::screen_greeks(g, option.years);
  return {name,
          option.forward.value,
          option.vol.value,
          option.years.value,
          price,
          usd,
          g.delta,
          inverse ? g.delta - price : g.delta,
          g.gamma,
          screen.vega,
          venue ? screen.theta : g.theta / 365.0,
          screen.rho,
          g.vanna,
          g.volga,
          g.charm / 365.0};
}

Result<std::vector<Cell>> given_row(const GreeksOptions& options) {
  if (!options.forward || !options.strike || !options.vol || !options.days) {
    return Error{Fault::bad_flag, "give --chain FILE, or all of --forward, --strike, --vol and --days"};
  }
  if (options.type != "call" && options.type != "put") {
    return Error{Fault::bad_flag, "--type " + options.type + ": call or put"};
  }
  const pricing::Vanilla option{.forward = Price(*options.forward),
                                .strike = Price(*options.strike),
                                .vol = Vol(*options.vol),
                                .years = Years(*options.days / 365.0),
                                .type = options.type == "call" ? OptionType::call : OptionType::put};
  const double usd = pricing::black_price(option).value;
  if (!std::isfinite(usd)) {
    return Error{Fault::bad_input,
                 fmt::format("no price at forward {}, strike {}, vol {}, days {}: forward and strike must be over 0, "
                             "vol and days not under 0",
                             *options.forward, *options.strike, *options.vol, *options.days)};
  }
  const Settlement settlement = options.linear ? Settlement::linear : Settlement::inverse;
  return row(fmt::format("{} {} {}", options.linear ? "linear" : "inverse", options.type, *options.strike), option,
             settlement, options.linear ? usd : usd / *options.forward, options.venue_convention);
}

}  // namespace

int cmd_greeks(const GreeksOptions& options, Streams streams) {
  Table table{columns, {}};
  if (options.market.chain.empty()) {
    auto given = given_row(options);
    if (!given) return fail(given.error(), streams);
    table.rows.push_back(std::move(given).value());
    streams.out << render(table, options.format);
    return Exit::done;
  }
  auto loaded = load_market(options.market);
  if (!loaded) return fail(loaded.error(), streams);
  const market::Snapshot market = market::clean(std::move(loaded).value(), cleaning_rules(options.market));
  const vol::QuotedChain surface = vol::quoted(market);
  std::vector<std::string> names = options.instruments;
  if (names.empty()) {
    for (const auto& [name, option] : surface.options) names.push_back(name);
  }
  for (const std::string& name : names) {
    const auto found = surface.options.find(name);
    if (found == surface.options.end()) {
      return fail({Fault::missing_data, name + ": no usable quote of it in the chain"}, streams);
    }
    const vol::QuotedOption& o = found->second;
    const market::Instrument& instrument = market.instruments.at(name);
    table.rows.push_back(row(name,
                             {.forward = o.forward,
                              .strike = Price(instrument.strike),
                              .vol = o.vol,
                              .years = o.years,
                              .type = instrument.option_type},
                             instrument.settlement, o.price, options.venue_convention));
  }
  if (table.rows.empty()) return fail({Fault::missing_data, "no usable option in the chain"}, streams);
  streams.out << render(table, options.format);
  return Exit::done;
}

}  // namespace ballast::app
