#include <cmath>
#include <map>
#include <ostream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ballast/app/commands.h"
#include "ballast/app/inputs.h"
#include "ballast/curve/chain_arbitrage.h"
#include "ballast/math/elementary.h"
#include "ballast/pricing/black.h"
#include "ballast/vol/quoted.h"

namespace ballast::app {
namespace {

using Diagnoses = std::map<curve::ExpiryKey, curve::ForwardDiagnosis>;

Cell finite_cell(double value) { return std::isfinite(value) ? Cell(value) : Cell(); }

Table forwards_table(const market::Snapshot& market, const Diagnoses& expiries) {
  const auto arbitrages = curve::chain_arbitrages(market, expiries);
  Table table{{{"index"},
               {"expiry"},
               {"forward", 4},
               {"source"},
               {"pairs"},
               {"outliers"},
               {"spread_usd", 4},
               {"basis_usd", 2},
               {"carry_per_year", 5},
               {"discount", 6},
               {"discount_estimate", 5},
               {"discount_error", 5},
               {"quotes_low", 2},
               {"quotes_high", 2},
               {"quote_pairs"},
               {"violations"},
               {"arbitrages"},
               {"from_listed_usd", 2},
               {"from_underlying_usd", 2},
               {"notes"}},
              {}};
  for (const auto& [key, d] : expiries) {
    std::vector<Cell> row = {key.index, to_string(key.expiry)};
    if (d.forward) {
      const curve::Forward& f = *d.forward;
      const double years = years_between(market.as_of, key.expiry).value,
                   spot = f.price.value - d.from_index.value_or(NAN);
      row.insert(row.end(), {f.price.value, std::string(curve::name(f.source)), static_cast<long long>(f.pairs),
                             static_cast<long long>(f.outliers), f.spread, cell(d.from_index),
                             finite_cell(math::log_ratio(f.price.value, spot) / years), f.discount});
    } else {
      row.insert(row.end(), 8, Cell());
    }
    const auto estimate = [&](const std::optional<double> curve::ParityFit::* member) {
      return d.of_quotes ? cell((*d.of_quotes).*member) : Cell();
    };
    const bool bounded = d.forward && !d.quotes.empty();
    const auto found = arbitrages.find(key);
    std::string notes;
    for (const curve::ForwardNote& note : d.notes) notes += (notes.empty() ? "" : " ") + std::string(name(note.fault));
    row.insert(row.end(),
               {estimate(&curve::ParityFit::discount_estimate), estimate(&curve::ParityFit::discount_error),
                bounded ? finite_cell(d.interval.low) : Cell(), bounded ? finite_cell(d.interval.high) : Cell(),
                static_cast<long long>(d.quotes.size()), static_cast<long long>(d.violations.size()),
                static_cast<long long>(found == arbitrages.end() ? 0 : found->second.size()), cell(d.from_listed),
                cell(d.from_underlying), notes});
    table.rows.push_back(std::move(row));
  }
  return table;
}

/// What does not agree, one line each: `amount` is money for nothing at the quoted prices, in the options' quote unit.
Table violations_table(const market::Snapshot& market, const Diagnoses& expiries) {
  Table table{{{"index"}, {"expiry"}, {"kind"}, {"type"}, {"buy"}, {"sell"}, {"amount", 6}, {"unit"}, {"detail"}}, {}};
  const auto arbitrages = curve::chain_arbitrages(market, expiries);
  for (const auto& [key, d] : expiries) {
    const std::string expiry = to_string(key.expiry);
    const std::string unit = d.settlement == market::Settlement::inverse ? "coin" : "usd";
    for (const curve::ForwardNote& note : d.notes)
      table.rows.push_back(
          {key.index, expiry, std::string(name(note.fault)), Cell(), Cell(), Cell(), Cell(), Cell(), note.detail});
    for (const curve::ParityViolation& v : d.violations) {
      const bool rich = v.beyond > 0.0;  // the synthetic sells for more than the forward is worth
      table.rows.push_back({key.index, expiry, std::string("parity"), Cell(),
                            std::string(rich ? "forward" : "synthetic"), std::string(rich ? "synthetic" : "forward"),
                            std::abs(v.beyond), unit,
                            fmt::format("strike {}: call - put against the forward", v.strike)});
    }
    const auto found = arbitrages.find(key);
    if (found == arbitrages.end()) continue;
    for (const curve::ChainArbitrage& a : found->second) {
      table.rows.push_back({key.index, expiry, std::string(name(a.kind)), std::string(market::name(a.type)),
                            fmt::format("{}", fmt::join(a.buy, " ")), fmt::format("{}", a.sell), a.profit, unit,
                            Cell()});
    }
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
  const bool of_expiries = options.forwards || options.violations;
  const Diagnoses expiries = of_expiries ? curve::diagnose(market) : Diagnoses{};
  if (surface.options.empty() && !options.dropped && expiries.empty()) {
    std::string first = dropped.empty()
                            ? "there is none"
                            : dropped[0].instrument + ": " + dropped[0].reason + " (" + dropped[0].detail + ")";
    return fail({Fault::missing_data, "no usable option in the chain: " + first}, streams);
  }
  const Table table = options.dropped      ? dropped_table(dropped)
                      : options.violations ? violations_table(market, expiries)
                      : options.forwards   ? forwards_table(market, expiries)
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
