#include "ballast/app/cli_runs.h"

#include <string>

#include "ballast/app/cli_words.h"

namespace ballast::app {
namespace {

using namespace cli;

void add_backtest(CLI::App& app, BacktestOptions& o) {
  CLI::App* command = app.add_subcommand(
      "backtest", "what hedge rules would have done: a book, a market and the desk, through one account");
  command->add_option("run", o.run, "the run, TOML: market, book, venue and rules")->type_name("FILE")->required();
  command
      ->add_option("--store", o.store,
                   "SQLite file for rows and result: a run that was cut goes on, one that is done is not done again")
      ->type_name("FILE");
  command->add_option("--html", o.html, "writes a page that needs no network")->type_name("FILE");
  command->add_option("--result", o.result, "writes the result as JSON: what `ballast compare` reads")
      ->type_name("FILE");
  command->add_option("--rows", o.rows, "writes every instant of every rule as CSV")->type_name("FILE");
  command->add_option("--journal", o.journal, "writes what each desk was told and did: what `ballast replay` reads")
      ->type_name("FOLDER");
  command->add_option("--threads", o.threads, "rules are shared out; the result does not depend on it (default: 1)")
      ->type_name("COUNT")
      ->check(CLI::Range(1, 256));
  add_format(command, o.format);
  command->footer(
      "Exit: 0 done, 1 refused, 2 usage or the run's file, 3 a file cannot be read or written, 4 internal "
      "fault.");
}

void add_compare(CLI::App& app, CompareOptions& o) {
  CLI::App* command =
      app.add_subcommand("compare", "the rules of backtests side by side, over the instants that all of them have");
  command->add_option("results", o.results, "results of backtests, JSON: docs/backtest-json.md")
      ->type_name("FILE")
      ->required();
  command->add_option("--base", o.base, "the rule that the others are compared with (default: the first that hedges)")
      ->type_name("RULE");
  command->add_option("--seed", o.seed, "of the bootstrap (default: 1)")->type_name("COUNT")->check(count);
  command
      ->add_option("--html", o.html, "writes a page that needs no network: rules, equity, errors, attribution, delta")
      ->type_name("FILE");
  add_format(command, o.format);
  command->footer(
      "p is of Diebold-Mariano for each rule alone, p_deflated of Romano-Wolf for all rules that were tried.\n"
      "Exit: 0 done, 1 refused, 2 usage, 3 a file cannot be read or written, 4 internal fault.");
}

void add_archive(CLI::App& app, ArchiveOptions& o) {
  CLI::App* command = app.add_subcommand("archive", "recorded chains as one file that is read many times as fast");
  command
      ->add_option("--chain", o.chain,
                   "recorded chains: folders of archives or of files, archives, files; each file or member is one "
                   "snapshot, and they stay in the order of their names")
      ->type_name("PATH")
      ->required();
  command->add_option("--output", o.output, "the archive, month.chains; one that is there is replaced")
      ->type_name("FILE")
      ->required();
  // --output is the file here: the summary is for people or, on request, JSON.
  command->add_flag_callback("--json", [&o] { o.format = Format::json; }, "the summary as JSON");
  command->footer(
      "Every flag that takes recorded chains takes the archive, and every figure comes out the same: all of a snapshot "
      "is\n"
      "in it. Exit: 0 done, 1 refused, 2 usage, 3 a file cannot be read or written, 4 internal fault.");
}

void add_levels(CLI::App& app, LevelsOptions& o) {
  CLI::App* command = app.add_subcommand("levels", "recorded order books, level by level: one archive, and its replay");
  command
      ->add_option("--depth", o.depth,
                   "recordings of Binance depth streams, in any order, each of one instrument: lines of a receive time "
                   "in ns and a message, with a REST snapshot among them; plain, gz or zst")
      ->type_name("FILE");
  command->add_option("--archive", o.archive, "writes all of their changes in the order received; .zst compresses it")
      ->type_name("FILE");
  command->add_option("--replay", o.replay, "replays an archive and shows where its books end")->type_name("FILE");
  add_format(command, o.format);
  command->footer(
      "Gaps lose a book until its next snapshot; they and crossed books are counted, not repaired.\n"
      "The bytes of an archive: docs/level-archive.md.");
}

void add_simulate(CLI::App& app, SimulateOptions& o) {
  CLI::App* command = app.add_subcommand(
      "simulate",
      "what rules for trading the hedge cost and leave: one option, many simulated paths, the same for all");
  command->add_option("--forward", o.forward, "price of the hedge now, in USD (default: 100, so that USD are percent)")
      ->type_name("USD")
      ->check(positive);
  command->add_option("--strike", o.strike, "of the option, in USD (default: the forward)")
      ->type_name("USD")
      ->check(positive);
  command->add_option("--vol", o.vol, "that the price moves with, 0.6 is 60 % a year (default: 0.6)")
      ->type_name("VOL")
      ->check(positive);
  command->add_option("--hedge-vol", o.hedge_vol, "of the premium and the deltas (default: that of the price)")
      ->type_name("VOL")
      ->check(positive);
  command->add_option("--days", o.days, "to expiry (default: 30)")->type_name("DAYS")->check(positive);
  command->add_option("--type", o.type, "call (default) or put")->check(CLI::IsMember({"call", "put"}));
  command->add_option("--quantity", o.quantity, "coins of the option, negative sold (default: -1)")
      ->type_name("COIN")
      ->check(finite);
  command->add_option("--drift", o.drift, "of the price, per year (default: 0)")->type_name("RATE")->check(finite);
  command->add_option("--steps", o.steps, "looks at the hedge to expiry, evenly spaced (default: every half hour)")
      ->type_name("COUNT")
      ->check(CLI::Range(1, 10'000'000));
  command->add_option("--paths", o.paths, "simulated paths (default: 20000)")
      ->type_name("COUNT")
      ->check(CLI::Range(std::size_t{2}, std::size_t{100'000'000}));
  command->add_option("--cost-bps", o.cost_bps, "of a trade's value: half spread, fee and impact (default: 5)")
      ->type_name("BP")
      ->check(not_negative);
  o.rules = {"time:30m", "time:8h", "time:1d", "leland:8h", "band:0.05", "band:0.05:middle", "ww:1", "ww:10", "zak:1"};
  command->add_option("--rules", o.rules, "when to trade, see below")->type_name("RULES")->delimiter(',');
  command->add_option("--seed", o.seed, "of the random numbers (default: 1)")->type_name("NUMBER")->check(count);
  command->add_option("--threads", o.threads, "paths are shared out; the result does not depend on it (default: 1)")
      ->type_name("COUNT")
      ->check(CLI::Range(1, 256));
  add_format(command, o.format);
  command->footer(
      "Rules: time:8h (or 30m, 1d), leland:8h, move:0.02, band:0.05, ww:AVERSION, zak:AVERSION; :middle behind the "
      "last\n"
      "three trades to the middle of the band instead of its edge. Aversions in 1/USD: what 1 is at a forward of 100,\n"
      "100/65000 = 0.0015 is at 65000. How to read the result: docs/simulate.md");
}

void add_replay(CLI::App& app, ReplayOptions& o) {
  CLI::App* command =
      app.add_subcommand("replay", "goes through a desk's journal again and compares every ticket, bit for bit");
  command->add_option("file", o.file, "a journal, as ballast backtest --journal writes one for each rule")
      ->type_name("FILE")
      ->required();
  command->add_option("--at", o.at, "shows this decision, counted from 1, and stops there")
      ->type_name("COUNT")
      ->check(CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max()));
  command->add_option("--folder", o.folder, "where the run's paths are from (default: as recorded)")->type_name("PATH");
  add_format(command, o.format);
  command->footer(
      "Exit: 0 the same, 1 different or no desk's journal, 2 usage, 3 the file cannot be read, 4 internal fault.");
}

}  // namespace

RunCommands::RunCommands(CLI::App& app) {
  add_backtest(app, backtest_);
  add_compare(app, compare_);
  add_simulate(app, simulate_);
  add_archive(app, archive_);
  add_levels(app, levels_);
  add_replay(app, replay_);
}

std::optional<int> RunCommands::run(const CLI::App& app, Streams streams) const {
  if (app.got_subcommand("backtest")) return cmd_backtest(backtest_, streams);
  if (app.got_subcommand("compare")) return cmd_compare(compare_, streams);
  if (app.got_subcommand("simulate")) return cmd_simulate(simulate_, streams);
  if (app.got_subcommand("archive")) return cmd_archive(archive_, streams);
  if (app.got_subcommand("levels")) return cmd_levels(levels_, streams);
  if (app.got_subcommand("replay")) return cmd_replay(replay_, streams);
  return std::nullopt;
}

}  // namespace ballast::app
