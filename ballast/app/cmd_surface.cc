#include <map>
#include <ostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ballast/app/commands.h"
#include "ballast/app/inputs.h"
#include "ballast/app/surface_page.h"
#include "ballast/app/surface_report.h"
#include "ballast/base/text.h"
#include "ballast/store/file.h"

namespace ballast::app {
namespace {

constexpr std::size_t most_told = 3;  // reasons in one line of error

/// "27 of btc_usd, 40 of eth_usd": what a chain has.
std::string listed(const std::map<std::string, std::size_t>& options_of) {
  std::string all;
  for (const auto& [index, n] : options_of) all += fmt::format("{}{} of {}", all.empty() ? "" : ", ", n, index);
  return all;
}

std::string told(const std::vector<market::Dropped>& dropped) {
  std::string all;
  for (std::size_t i = 0; i < std::min(dropped.size(), most_told); ++i)
    all += fmt::format("{}{}: {} ({})", i ? "; " : "", dropped[i].instrument, dropped[i].reason, dropped[i].detail);
  if (dropped.size() > most_told) all += fmt::format("; and {} more", dropped.size() - most_told);
  return all.empty() ? "the chain has no option" : all;
}

/// The one index that the options name, or the only one that there is.
Result<std::string> chosen_index(const SurfaceOptions& options, const market::Snapshot& market,
                                 const vol::QuotedChain& chain) {
  std::map<std::string, std::size_t> all, fitting;
  for (const auto& [name, option] : chain.options) {
    const market::Instrument& instrument = market.instruments.at(name);
    ++all[instrument.index];
    if ((!options.index || *options.index == instrument.index) &&
        (!options.underlying || *options.underlying == instrument.underlying))
      ++fitting[instrument.index];
  }
  if (fitting.size() == 1) return fitting.begin()->first;
  const std::string asked = options.index        ? "--index " + ballast::quoted(*options.index) + ": "
                            : options.underlying ? "--underlying " + ballast::quoted(*options.underlying) + ": "
                                                 : "";
  if (all.empty()) {
    std::vector<market::Dropped> dropped = market.dropped;
    dropped.insert(dropped.end(), chain.dropped.begin(), chain.dropped.end());
    return Error{Fault::missing_data, asked + "no usable option: " + told(dropped)};
  }
  if (fitting.empty()) return Error{Fault::missing_data, asked + "the chain has options " + listed(all)};
  return Error{Fault::bad_flag, asked + "the chain has options " + listed(fitting) + ": choose with --index"};
}

void warn(const SurfaceReport& report, const Streams& streams) {
  for (const SliceReport& s : report.slices) {
    for (const std::string& warning : s.warnings)
      streams.err << fmt::format("warning: {}: {}\n", to_string(s.slice.expiry).substr(0, 10), warning);
  }
  std::size_t quotes = 0;
  for (const SliceReport& s : report.slices) quotes += s.quotes.size();
  std::map<std::string, std::size_t> count;
  for (const SetAside& d : report.dropped) ++count[d.reason];
  std::string reasons;
  for (const auto& [reason, n] : count) reasons += fmt::format(" {} {}", n, reason);
  streams.err << fmt::format("{} as of {}: {} expiries, {} quotes, {} set aside{}\n", report.index,
                             to_string(report.surface.as_of), report.slices.size(), quotes, report.dropped.size(),
                             reasons.empty() ? "" : ":" + reasons);
}

void print(const SurfaceReport& report, const SurfaceOptions& options, std::ostream& out) {
  const Format format = options.format;
  if (options.list_quotes || options.dropped) {
    out << render(options.dropped ? set_aside_table(report) : quotes_table(report), format);
  } else if (format == Format::json) {
    out << surface_json(report, options.grid).dump(2) << "\n";
  } else if (options.grid) {
    out << render(grid_table(report), format);
  } else {
    out << (format == Format::table ? surface_text(report) : render(slices_table(report), format));
  }
}

}  // namespace

int cmd_surface(const SurfaceOptions& options, Streams streams) {
  const auto raw = load_market(options.market);
  if (!raw) return fail(raw.error(), streams);
  const market::Snapshot market = market::clean(raw.value(), cleaning_rules(options.market));
  const vol::QuotedChain chain = vol::quoted(market);
  const auto index = chosen_index(options, market, chain);
  if (!index) return fail(index.error(), streams);
  const auto history = read_skew_history(options.skew_history, index.value());
  if (!history) return fail(history.error(), streams);

  const vol::SmileQuotes quotes = vol::smile_quotes(market, chain, index.value(), options.quotes);
  if (quotes.slices.empty())
    return fail({Fault::missing_data, index.value() + ": no usable expiry: " + told(quotes.dropped)}, streams);
  auto surface = vol::fit(quotes.slices, options.fit);
  if (!surface) return fail(in(index.value(), surface.error()), streams);
  SurfaceReport report =
      surface_report(raw.value(), market, chain, quotes, std::move(surface).value(), options.quotes, options.fit);
  report.history = history.value();

  if (options.html) {
    if (const auto error = store::write_bytes(*options.html, surface_page(surface_json(report, true))))
      return fail(*error, streams);
  }
  print(report, options, streams.out);
  warn(report, streams);
  if (options.html) streams.err << "page: " << *options.html << "\n";
  return Exit::done;
}

}  // namespace ballast::app
