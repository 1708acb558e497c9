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

/// A rule that hardly hedged is no hedge: its figures are those of something else.
void warn_of(const sim::RuleRows& rule, std::ostream& err) {
  std::size_t refused = 0, unfilled = 0, fills = 0;
  std::string why;
  for (const sim::Row& row : rule.rows) {
    fills += static_cast<std::size_t>(row.fills), unfilled += row.unfilled > 0 ? 1 : 0;
    if (row.quality != desk::Quality::refused) continue;
    if (refused++ == 0) why = row.why;
  }
  const std::size_t often = rule.rows.size() / 10;
  if (rule.hedges && refused > often) {
    err << fmt::format("warning: {}: refused at {} of {} instants, first: {}\n", rule.name, refused, rule.rows.size(),
                       why);
  }
  if (rule.hedges && unfilled > often) {
    err << fmt::format("warning: {}: tickets were not filled at {} of {} instants\n", rule.name, unfilled,
                       rule.rows.size());
  }
  if (rule.hedges && fills == 0) err << fmt::format("warning: {}: not one hedge was traded\n", rule.name);
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
  for (const sim::RuleRows& rule : ran.value().rules) warn_of(rule, streams.err);
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
