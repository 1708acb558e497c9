#include <algorithm>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "ballast/app/commands.h"
#include "ballast/app/inputs.h"
#include "ballast/risk/book.h"
#include "ballast/risk/scenarios.h"
#include "ballast/vol/quoted.h"

namespace ballast::app {
namespace {

std::string percent(double move) { return fmt::format("{:+g}%", 100.0 * move); }

// A picture for people: prices down, vols across, the worst cell starred.
void draw(std::ostream& out, const risk::ScenarioProfit& book, const std::vector<double>& prices,
          const std::vector<double>& vols) {
  const bool coin = book.numeraire == Numeraire::coin;
  const auto worst = std::min_element(book.profit.begin(), book.profit.end());
  out << fmt::format("{}: profit in {} ({} account), prices down, vols across; * the worst\n\n", book.underlying,
                     coin ? book.underlying : "USD", coin ? "coin" : "USD");
  out << fmt::format("{:>9}", "");
  for (const double vol : vols) out << fmt::format(" {:>14} ", "vol " + percent(vol));
  out << "\n";
  auto cell = book.profit.begin();
  for (const double price : prices) {
    out << fmt::format("{:>9}", percent(price));
    for (std::size_t i = 0; i < vols.size(); ++i, ++cell)
      out << fmt::format(" {:>14}{}", grouped(*cell, coin ? 4 : 0), cell == worst ? "*" : " ");
    out << "\n";
  }
  out << "\n";
}

}  // namespace

int cmd_scenarios(const ScenariosOptions& options, Streams streams) {
  auto loaded = load_market(options.market);
  if (!loaded) return fail(loaded.error(), streams);
  const auto portfolio = load_portfolio(options.book, std::nullopt, {});
  if (!portfolio) return fail(portfolio.error(), streams);
  market::Snapshot snapshot = std::move(loaded).value();
  std::vector<std::string> names;
  for (const auto& position : portfolio.value().positions) names.push_back(position.instrument);
  if (const auto error = add_instruments(snapshot, names)) return fail(*error, streams);
  const market::Snapshot market = market::clean(std::move(snapshot), cleaning_rules(options.market));
  const auto exposures = risk::exposure(portfolio.value(), market, vol::quoted(market));
  if (!exposures) return fail(exposures.error(), streams);

  const auto scenarios = risk::scenario_grid(options.price_moves, options.vol_moves);
  Table table{{{"underlying"}, {"price_move", 4}, {"vol_move", 4}, {"numeraire"}, {"profit", 6}}, {}};
  for (const risk::Exposure& exposure : exposures.value()) {
    const auto book = risk::scenario_profit(exposure, scenarios);
    if (!book) return fail(book.error(), streams);
    if (options.format == Format::table) {
      draw(streams.out, book.value(), options.price_moves, options.vol_moves);
      continue;
    }
    for (std::size_t j = 0; j < scenarios.size(); ++j)
      table.rows.push_back({exposure.underlying, options.price_moves[j / options.vol_moves.size()],
                            options.vol_moves[j % options.vol_moves.size()],
                            std::string(book.value().numeraire == Numeraire::coin ? "coin" : "usd"),
                            book.value().profit[j]});
  }
  if (options.format != Format::table) streams.out << render(table, options.format);
  return Exit::done;
}

}  // namespace ballast::app
