#include <algorithm>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "ballast/app/commands.h"
#include "ballast/app/inputs.h"
#include "ballast/desk/decide.h"
#include "ballast/risk/book.h"
#include "ballast/risk/scenarios.h"

namespace ballast::app {
namespace {

std::string percent(double move) { return fmt::format("{:+g}%", 100.0 * move); }

// A picture for people: prices down, vols across, the worst cell starred.
void draw(std::ostream& out, const risk::ScenarioProfit& book, desk::Quality quality, const std::vector<double>& prices,
          const std::vector<double>& vols) {
  const bool coin = book.numeraire == Numeraire::coin;
  const auto worst = std::min_element(book.profit.begin(), book.profit.end());
  out << fmt::format("{}: profit in {} ({} account), prices down, vols across; * the worst; quality {}\n\n",
                     book.underlying, coin ? book.underlying : "USD", coin ? "coin" : "USD", desk::name(quality));
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
  market::Snapshot market = std::move(loaded).value();
  if (const auto error = add_book_instruments(market, portfolio.value())) return fail(*error, streams);
  // The one path: what is not good enough for a hedge is not good enough for a grid.
  const desk::Decision decision =
      desk::decide({.cleaning = cleaning_rules(options.market)}, std::move(market), portfolio.value());
  std::string why;
  for (const std::string& reason : decision.reasons) why += (why.empty() ? "" : "; ") + reason;
  if (decision.quality == desk::Quality::refused) return fail({Fault::missing_data, "no scenarios: " + why}, streams);
  if (!why.empty()) streams.err << "warning: " << why << "\n";

  const auto scenarios = risk::scenario_grid(options.price_moves, options.vol_moves);
  Table table{{{"underlying"}, {"price_move", 4}, {"vol_move", 4}, {"numeraire"}, {"profit", 6}, {"quality"}}, {}};
  for (const risk::Exposure& exposure : decision.exposures) {
    const auto book = risk::scenario_profit(exposure, scenarios);
    if (!book) return fail(book.error(), streams);
    if (options.format == Format::table) {
      draw(streams.out, book.value(), decision.quality, options.price_moves, options.vol_moves);
      continue;
    }
    for (std::size_t j = 0; j < scenarios.size(); ++j)
      table.rows.push_back({exposure.underlying, options.price_moves[j / options.vol_moves.size()],
                            options.vol_moves[j % options.vol_moves.size()],
                            std::string(book.value().numeraire == Numeraire::coin ? "coin" : "usd"),
                            book.value().profit[j], std::string(desk::name(decision.quality))});
  }
  if (options.format != Format::table) streams.out << render(table, options.format);
  return Exit::done;
}

}  // namespace ballast::app
