#include <cmath>
#include <cstdint>
#include <optional>
#include <ostream>

#include <fmt/format.h>

#include "ballast/app/commands.h"
#include "ballast/app/inputs.h"
#include "ballast/curve/funding.h"
#include "ballast/curve/term_structure.h"

namespace ballast::app {
namespace {

const std::vector<Column> columns = {{"index"},
                                     {"expiry"},
                                     {"years", 5},
                                     {"forward", 2},
                                     {"basis_usd", 2},
                                     {"basis_per_year", 5},
                                     {"carry_per_year", 5},
                                     {"forward_carry_per_year", 5},
                                     {"basis01_usd", 4},
                                     {"discount", 6},
                                     {"funding_per_year", 5},
                                     {"source"}};

Cell finite_cell(double value) { return std::isfinite(value) ? Cell(value) : Cell(); }

std::vector<Cell> row(const curve::TermStructure& t, const std::string& expiry, Years years, const std::string& source,
                      const std::optional<curve::FundingCurve>& funding) {
  const double forward = curve::forward(t.curve, years).value;
  return {t.index,
          expiry,
          years.value,
          forward,
          forward - t.curve.spot.value,
          curve::simple_basis(t.curve, years),
          curve::carry(t.curve, years),
          curve::forward_carry(t.curve, years),
          curve::basis01(t.curve, years).value,
          finite_cell(curve::discount(t.curve, years)),
          funding ? finite_cell(curve::mean_rate(*funding, years)) : Cell(),
          source};
}

/// The perpetual on the index, with its present funding, if the snapshot has one.
const market::Quote* perpetual(const market::Snapshot& market, const std::string& index) {
  for (const auto& [name, quote] : market.quotes) {
    const market::Instrument& i = market.instruments.at(name);
    if (i.kind == market::Kind::perpetual && i.index == index && quote.funding_8h) return &quote;
  }
  return nullptr;
}

std::optional<double> price(const market::Quote& quote) {
  if (quote.mark) return quote.mark;
  if (quote.bid && quote.ask) return 0.5 * (*quote.bid + *quote.ask);
  return std::nullopt;
}

}  // namespace

int cmd_curve(const CurveOptions& options, Streams streams) {
  auto loaded = load_market(options.market);
  if (!loaded) return fail(loaded.error(), streams);
  const market::Snapshot market = market::clean(std::move(loaded).value(), cleaning_rules(options.market));
  const curve::TermStructures all = curve::term_structures(market, curve::diagnose(market));
  if (all.by_index.empty()) {
    const std::string why = all.absent.empty() ? "no option or dated future in the chain"
                                               : all.absent[0].index + ": " + all.absent[0].error.what;
    return fail({Fault::missing_data, "no curve: " + why}, streams);
  }
  Table table{columns, {}};
  bool mean_missing = false;
  for (const auto& [index, t] : all.by_index) {
    std::optional<curve::FundingCurve> funding;
    if (const market::Quote* quote = perpetual(market, index)) {
      const double now = curve::annual(*quote->funding_8h, curve::eight_hours);
      const auto paid = price(*quote);
      mean_missing = mean_missing || !options.funding_mean;
      if (options.funding_mean)
        funding = curve::FundingCurve{now, *options.funding_mean, Years(options.funding_half_life_days / 365.0)};
      const Cell none;
      table.rows.push_back({index, none, none, cell(paid), paid ? Cell(*paid - t.curve.spot.value) : none, none, none,
                            none, none, none, now, "funding of " + quote->instrument});
    }
    for (const auto& node : t.nodes)
      table.rows.push_back(row(t, to_string(node.expiry), node.years, curve::name(node.forward.source), funding));
    for (const double days : options.days) {
      const Time at{market.as_of.ms + static_cast<std::int64_t>(days * 86'400'000.0)};
      const bool between = !(days / 365.0 > t.nodes.back().years.value);
      table.rows.push_back(
          row(t, to_string(at), Years(days / 365.0), between ? "interpolated" : "extrapolated", funding));
    }
    for (const market::Dropped& d : t.left_out)
      streams.err << fmt::format("left out: {}: {} ({})\n", d.instrument, d.reason, d.detail);
  }
  streams.out << render(table, options.format);
  for (const auto& absent : all.absent)
    streams.err << fmt::format("no curve: {}: {}\n", absent.index, absent.error.what);
  if (mean_missing)
    streams.err << "funding_per_year to an expiry needs the rate it returns to: --funding-mean, such as 0.05\n";
  streams.err << fmt::format("as of {}; per year, continuous (basis_per_year: simple), years are ACT/365F\n",
                             to_string(market.as_of));
  return Exit::done;
}

}  // namespace ballast::app
