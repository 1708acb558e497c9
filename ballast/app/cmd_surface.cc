#include <map>
#include <ostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ballast/app/commands.h"
#include "ballast/app/smile_source.h"
#include "ballast/app/surface_page.h"
#include "ballast/app/surface_report.h"
#include "ballast/store/file.h"

namespace ballast::app {
namespace {

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
  const auto loaded = load_smiles(options.market, options.index, options.underlying, options.quotes);
  if (!loaded) return fail(loaded.error(), streams);
  const SmileSource& source = loaded.value();
  const auto history = read_skew_history(options.skew_history, source.index);
  if (!history) return fail(history.error(), streams);
  auto surface = vol::fit(source.quotes.slices, options.fit);
  if (!surface) return fail(in(source.index, surface.error()), streams);
  SurfaceReport report = surface_report(source.raw, source.market, source.chain, source.quotes,
                                        std::move(surface).value(), options.quotes, options.fit);
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
