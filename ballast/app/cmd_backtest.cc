#include <filesystem>
#include <ostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ballast/app/backtest_json.h"
#include "ballast/app/backtest_page.h"
#include "ballast/app/backtest_run.h"
#include "ballast/app/commands.h"
#include "ballast/sim/summary.h"
#include "ballast/store/file.h"

namespace ballast::app {
namespace {

sim::SummaryRules summary_rules(const RunFile& file) {
  sim::SummaryRules rules;
  if (file.base) rules.errors.base = *file.base;
  return rules;
}

}  // namespace

int cmd_backtest(const BacktestOptions& options, Streams streams) {
  const auto text = store::read_bytes(options.run);
  if (!text) return fail(text.error(), streams);
  // Whole, so that a journal is replayed from any folder.
  std::error_code none;
  const std::string folder = std::filesystem::absolute(options.run, none).parent_path().string();
  const auto file = parse_run(text.value(), folder);
  if (!file) {
    fail(in(options.run, file.error()), streams);
    return file.error().fault == Fault::unavailable ? Exit::unavailable : Exit::usage;
  }
  const RunSettings settings{
      .store = options.store, .journal = options.journal, .threads = options.threads, .folder = folder};
  const auto ran = run_backtest(file.value(), text.value(), settings, streams.err);
  if (!ran) return fail(ran.error(), streams);
  const sim::Run& run = file.value().run;
  const auto summary =
      sim::summarise(run.numeraire, ran.value().rules, summary_rules(file.value()), Rng(file.value().seed));
  if (!summary) return fail(summary.error(), streams);
  const nlohmann::ordered_json result = backtest_json(ran.value().head, summary.value(), ran.value().rules);
  const std::string json = result.dump(2) + "\n";
  if (options.store) {
    if (const auto fault = finish_run(*options.store, ran.value().head.run, json)) return fail(*fault, streams);
  }
  if (options.result) {
    if (const auto fault = store::write_bytes(*options.result, json)) return fail(*fault, streams);
  }
  if (options.rows) {
    const std::string rows = render(rows_table(ran.value().rules), Format::csv);
    if (const auto fault = store::write_bytes(*options.rows, rows)) return fail(*fault, streams);
  }
  if (options.html) {
    if (const auto fault = store::write_bytes(*options.html, backtest_page(result))) return fail(*fault, streams);
    streams.err << "page: " << *options.html << "\n";
  }
  if (options.format == Format::json || options.format == Format::jsonl) {
    streams.out << (options.format == Format::json ? json : result.dump() + "\n");
  } else {
    streams.out << render(rules_table(result), options.format);
  }
  return Exit::done;
}

}  // namespace ballast::app
