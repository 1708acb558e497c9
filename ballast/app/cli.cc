#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <ostream>

#include <fmt/format.h>

#include "ballast/app/cli_models.h"
#include "ballast/app/cli_runs.h"
#include "ballast/app/cli_words.h"
#include "ballast/app/commands.h"
#include "ballast/base/text.h"

namespace ballast::app {
namespace {

using namespace cli;

const std::map<std::string, hedge::Target> targets = {
    {"delta", hedge::Target::delta}, {"gamma", hedge::Target::gamma}, {"vega", hedge::Target::vega}};
const std::map<std::string, vol::SmileDelta> smile_deltas = {{"forward", vol::SmileDelta::forward},
                                                             {"premium-adjusted", vol::SmileDelta::premium_adjusted}};
const std::map<std::string, vol::Model> models = {
    {"essvi", vol::Model::essvi}, {"svi", vol::Model::svi}, {"sabr", vol::Model::sabr}, {"spline", vol::Model::spline}};
const std::map<std::string, hedge::RatioMethod> ratio_methods = {
    {"ols", hedge::RatioMethod::ols},     {"ewma", hedge::RatioMethod::ewma},
    {"ridge", hedge::RatioMethod::ridge}, {"ecm", hedge::RatioMethod::error_correction},
    {"ccc", hedge::RatioMethod::ccc},     {"dcc", hedge::RatioMethod::dcc}};
const std::map<std::string, hedge::Changes> changes = {{"log", hedge::Changes::log},
                                                       {"difference", hedge::Changes::difference}};
const std::map<std::string, Numeraire> numeraires = {{"coin", Numeraire::coin}, {"usd", Numeraire::usd}};

/// Help that starts with an example; the list of commands shows what each is for.
class ExampleFirst : public CLI::Formatter {
 public:
  std::string make_description(const CLI::App* command) const override {
    const auto found = examples_.find(command->get_name());
    const std::string example = found == examples_.end() ? "" : "Example: " + found->second + "\n\n";
    return example + CLI::Formatter::make_description(command);
  }

 private:
  const std::map<std::string, std::string> examples_ = {
      {"ballast", "ballast ratio --position-delta 3.4 --hedge-delta 0.5"},
      {"hedge",
       "ballast hedge --chain examples/btc-chain.json examples/btc-instruments.json \\\n"
       "             examples/btc-perpetual.json --book examples/btc-book.csv"},
      {"frontier",
       "ballast frontier --chain examples/btc-chain.json examples/btc-instruments.json \\\n"
       "             examples/btc-perpetual.json --book examples/btc-book.csv --candidates futures --aversion 1e-6"},
      {"backtest", "ballast backtest examples/backtest.toml --html backtest.html"},
      {"ratio",
       "ballast ratio --position-delta 3.4 --hedge-delta 0.5\n"
       "         ballast ratio --prices examples/daily-prices.csv --of ETH --with BTC"},
      {"greeks",
       "ballast greeks --forward 60000 --strike 65000 --vol 0.6 --days 30\n"
       "         ballast greeks --chain examples/btc-chain.json -o csv"},
      {"scenarios",
       "ballast scenarios --chain examples/btc-chain.json examples/btc-instruments.json \\\n"
       "             examples/btc-perpetual.json --book examples/btc-book.csv"},
      {"simulate",
       "ballast simulate --forward 65000 --vol 0.6 --days 30 --cost-bps 5 --rules time:8h,band:0.05,ww:0.0015"},
      {"chain", "ballast chain --chain examples/btc-chain.json"},
      {"curve", "ballast curve --chain examples/btc-chain.json examples/btc-perpetual.json"},
      {"skew",
       "ballast skew --chain examples/btc-chain.json\n"
       "         ballast skew --history RECORDED_FOLDER --underlying BTC --alerts"},
      {"surface", "ballast surface --chain examples/btc-chain.json --html surface.html"},
      {"calibrate", "ballast calibrate --chain examples/btc-chain.json --model heston,bates --html calibration.html"},
      {"price",
       "ballast price --model heston --parameters v0=0.36,kappa=3,theta=0.4,xi=1.5,rho=-0.3 \\\n"
       "             --forward 60000 --strikes 50000,60000,70000 --years 0.25"},
      {"paths",
       "ballast paths --model heston --parameters v0=0.36,kappa=3,theta=0.4,xi=1.5,rho=-0.3 \\\n"
       "             --years 0.25 --steps 90 --paths 1000 --forward 60000 --out paths.csv"},
      {"instruments", "ballast instruments BTC-25DEC26-100000-C BTC-PERPETUAL"},
      {"compare", "ballast compare first.json second.json --base 'net delta' --html compare.html"},
      {"archive",
       "ballast archive --chain examples/btc-chain.json --output month.chains\n"
       "         ballast skew --history month.chains"},
      {"replay", "ballast replay journals/delta.journal"},
      {"levels",
       "ballast levels --depth RECORDED.gz NEXT_DAY.gz --archive day.levels.zst\n"
       "         ballast levels --replay day.levels.zst"},
      {"check", "ballast check --format ticker examples/btc-perpetual.json"}};
};

std::vector<hedge::Target> parse_targets(const std::vector<std::string>& words) {
  std::vector<hedge::Target> list;
  for (const std::string& word : words) {
    const auto found = targets.find(word);
    if (found == targets.end())
      throw CLI::ValidationError("--neutral", "'" + word + "' is not one of " + keys(targets));
    list.push_back(found->second);
  }
  return list;
}

void add_book(CLI::App* command, HedgeOptions& o) {
  add_market(command, o.market, true);
  command
      ->add_option("--book", o.book,
                   "positions: CSV venue,instrument,quantity,unit,average_price, or Deribit's get_positions JSON")
      ->required();
  command->add_option("--account", o.account,
                      "Deribit's account summary JSON: its equity is used for the USD-neutral point");
  command->add_option("--equity", o.equity, "equity of the coin account, for the USD-neutral point")
      ->type_name("COIN=AMOUNT");
  add_choice<Numeraire>(command, "--numeraire", numeraires,
                        "the money that stays flat: coin or usd (default: coin where something settles in coin)",
                        [&o](Numeraire n) { o.numeraire = n; });
  command
      ->add_option_function<std::string>(
          "--dynamics",
          [&o](const std::string& word) {
            o.dynamics.reset();
            if (word == "net") return;
            const auto dynamics = vol::smile_dynamics(word);
            if (!dynamics) throw CLI::ValidationError("--dynamics", dynamics.error().what);
            o.dynamics = dynamics.value();
          },
          "how vols move with the forward: net (default: no vol moves, the delta is net delta), sticky-strike (the "
          "same "
          "delta, with the fitted smiles and the sensitivity to R shown), sticky-moneyness (R = 0), local-vol (R = 2, "
          "first order), ssr=R (vol at the money moves by R times the skew), adaptive (as vols have moved in "
          "--history, "
          "where that has been hedging better than net; else net), model=NAME (heston, bates, svcj, ..: fitted to the "
          "same "
          "quotes, its minimum-variance delta)")
      ->type_name("WORD");
  command
      ->add_option(
          "--history", o.history,
          "what --dynamics adaptive learns from: recorded snapshots in time order, 4 to 9 hours apart: archives "
          "(.tar, .tar.gz, .tar.zst, .chains), files, or folders of either; those before --as-of count")
      ->type_name("PATH");
}

/// What to reach at the least cost. `always`: the command has no other meaning.
void add_problem(CLI::App* command, ProblemOptions& o, bool always) {
  CLI::Option* file = command
                          ->add_option("--problem", o.file,
                                       "what to reach, with what and within which limits, from a TOML file: "
                                       "docs/optimiser.md, examples/problem.toml")
                          ->type_name("FILE");
  CLI::Option* optimise = nullptr;
  if (always) {
    o.optimise = o.sweeps = true;
  } else {
    optimise = command->add_flag("--optimise", o.optimise, "the cheapest trade for the goals and limits of these flags")
                   ->excludes(file);
  }
  const auto part = [&](CLI::Option* option) {
    option->excludes(file);
    if (optimise) option->needs(optimise);
    return option;
  };
  part(command->add_option("--goal", o.goals,
                           "where a Greek should be, any number of them: delta=0, vega=-10:10, vega[7:30]=0 of what "
                           "expires in 7 to 30 days; vega a vol point, theta a day"))
      ->type_name("GOAL");
  part(command->add_option("--candidates", o.candidates,
                           "what may be traded: instruments, or the words futures, options, all (default)"))
      ->type_name("NAME")
      ->delimiter(',');
  part(command->add_option("--most-legs", o.most_legs, "at most so many instruments"))
      ->type_name("COUNT")
      ->check(CLI::Range(1, 1'000'000));
  part(command->add_option("--aversion", o.aversion, "what risk weighs, 1/USD: cost + aversion/2 x variance"))
      ->type_name("X")
      ->check(not_negative);
  part(command->add_option("--turnover", o.turnover_usd, "at most so much is bought and sold"))
      ->type_name("USD")
      ->check(not_negative);
  part(command->add_option("--carry-days", o.carry_days, "funding and basis count for so long (default: 0)"))
      ->type_name("DAYS")
      ->check(days_ahead);
  part(
      command->add_option("--depth-share", o.depth_share, "the share of the shown depth that may be used (default: 1)"))
      ->type_name("SHARE")
      ->check(depth_share);
}

void add_hedge(CLI::App& app, HedgeOptions& o) {
  CLI::App* command =
      app.add_subcommand("hedge", "the exact trade that makes a book neutral, its cost and what remains");
  add_book(command, o);
  command
      ->add_option("--with", o.with,
                   "hedge instruments: at least one for each target; more share the hedge (default: the perpetual)")
      ->type_name("INSTRUMENT")
      ->delimiter(',');
  command
      ->add_option_function<std::vector<std::string>>(
          "--neutral", [&o](const std::vector<std::string>& words) { o.neutral = parse_targets(words); },
          "what to neutralise: delta, gamma, vega (default: delta)")
      ->type_name("TARGET")
      ->delimiter(',');
  add_problem(command, o.problem, false);
  for (const char* exact : {"--with", "--neutral"}) {
    command->get_option(exact)->excludes(command->get_option("--problem"));
    command->get_option(exact)->excludes(command->get_option("--optimise"));
  }
  command
      ->add_option("--vega-reference", o.vega_reference_days,
                   "the tenor whose vega counts once in the weighted vega of --explain and JSON (default: 30)")
      ->check(positive)
      ->type_name("DAYS");
  add_format(command, o.format);
  command->add_flag("--explain", o.explain,
                    "derive every number, line by line (to standard error for machine formats)");
  command->add_flag("--strict", o.strict, "refuse unless the quality is OK");
  command->add_flag("--exit-code", o.exit_code, "exit 1 when a trade is needed");
  command->footer(
      "Exit: 0 done, 1 refused (or, with --exit-code, a trade is needed), 2 usage, 3 a file cannot be read, 4 internal "
      "fault.\n"
      "More: --neutral delta,gamma --with BTC-PERPETUAL,BTC-25DEC26-100000-C; --numeraire usd --equity BTC=10; -o "
      "json;\n"
      "--optimise --goal delta=0 --goal vega=-0.01:0.01 --candidates all; --problem examples/problem.toml;\n"
      "--dynamics adaptive --history RECORDED_FOLDER");
}

void add_frontier(CLI::App& app, FrontierOptions& o) {
  CLI::App* command =
      app.add_subcommand("frontier", "what less risk costs: the cheapest hedges from no trade to the least risk");
  add_book(command, o.hedge);
  add_problem(command, o.hedge.problem, true);
  command->add_option("--points", o.points, "hedges along the way (default: 25)")
      ->type_name("COUNT")
      ->check(CLI::Range(2, 200));
  command->add_option("--html", o.html, "writes a page that needs no network: the curve, and the legs of each point")
      ->type_name("FILE");
  command->add_flag("--strict", o.hedge.strict, "refuse unless the quality is OK");
  add_format(command, o.hedge.format);
  command->footer("Exit: 0 done, 1 refused, 2 usage, 3 a file cannot be read or written, 4 internal fault.");
}

void add_ratio(CLI::App& app, RatioOptions& o) {
  CLI::App* command =
      app.add_subcommand("ratio", "the bare ratio of two deltas, or the minimum-variance ratio from prices over time");
  CLI::Option* position = command->add_option("--position-delta", o.position_delta, "delta of the position, in coin")
                              ->type_name("COIN")
                              ->check(finite);
  CLI::Option* unit =
      command->add_option("--hedge-delta", o.hedge_delta, "delta of one unit of the hedge instrument, in coin")
          ->type_name("COIN")
          ->check(finite);
  CLI::Option* prices =
      command
          ->add_option("--prices", o.prices,
                       "CSV with named columns of prices, a line an instant, equally apart; plain, gz or zst")
          ->type_name("FILE")
          ->excludes(position)
          ->excludes(unit);
  CLI::Option* of = command->add_option("--of", o.of, "the column that is hedged")->type_name("COLUMN")->needs(prices);
  CLI::Option* with = command->add_option("--with", o.with, "the columns that hedge it")
                          ->type_name("COLUMN")
                          ->delimiter(',')
                          ->needs(prices);
  prices->needs(of)->needs(with);
  position->needs(unit);
  unit->needs(position);
  add_choice<hedge::RatioMethod>(
      command, "--method", ratio_methods,
      "ols (default), ewma, ridge (drawn to 1), ecm (levels that return to one another), ccc, "
      "dcc (GARCH variances, constant or moving correlation)",
      [&o](hedge::RatioMethod m) { o.rules.method = m; });
  command->add_option("--lambda", o.rules.lambda, "of ewma: what a change keeps of its weight a line (default: 0.94)")
      ->type_name("WEIGHT")
      ->check(inner_share);
  add_choice<hedge::Changes>(command, "--changes", changes,
                             "log (default): a ratio of values; difference: a ratio of amounts",
                             [&o](hedge::Changes c) { o.changes = c; });
  command->add_option("--expected-sd", o.rules.expected_sd, "of ridge: how far from 1 it may well be (default: 0.1)")
      ->type_name("RATIO")
      ->check(positive);
  command
      ->add_option("--holdout", o.holdout,
                   "so many last changes judge the ratio estimated without them; 0: none (default: a quarter)")
      ->type_name("COUNT")
      ->check(count);
  command->add_option("--confidence", o.rules.confidence, "of the intervals (default: 0.95)")
      ->type_name("SHARE")
      ->check(inner_share);
  command->add_option("--seed", o.seed, "of the bootstrap (default: 1)")->type_name("COUNT")->check(count);
  add_format(command, o.format);
  command->footer("More: ballast ratio --prices examples/daily-prices.csv --of ETH --with BTC --method dcc -o json");
}

void add_greeks(CLI::App& app, GreeksOptions& o) {
  CLI::App* command =
      app.add_subcommand("greeks", "price and Greeks of one option or of a whole chain, with both deltas");
  add_market(command, o.market, false);
  command->add_option("--instrument", o.instruments, "only these of the chain")->type_name("NAME")->delimiter(',');
  command->add_option("--forward", o.forward, "forward, USD per coin")->check(finite);
  command->add_option("--strike", o.strike, "strike, USD per coin")->check(finite);
  command->add_option("--vol", o.vol, "volatility a year, 0.6 is 60 %")->check(finite);
  command->add_option("--days", o.days, "days to expiry, a year has 365")->check(finite);
  command->add_option("--type", o.type, "call (default) or put");
  command->add_flag("--linear", o.linear, "USDC-settled instead of coin-settled");
  command->add_flag("--venue-convention", o.venue_convention,
                    "theta capped at the option's value, as Deribit shows it");
  add_format(command, o.format);
}

void add_scenarios(CLI::App& app, ScenariosOptions& o) {
  CLI::App* command = app.add_subcommand("scenarios", "what a book gains in a grid of price and vol moves");
  add_market(command, o.market, true);
  command->add_option("--book", o.book, "positions, as for hedge")->required();
  command->add_option("--price-moves", o.price_moves, "relative moves of spot and forwards: -0.1,0,0.1")
      ->delimiter(',')
      ->type_name("MOVES")
      ->check(finite);
  command->add_option("--vol-moves", o.vol_moves, "relative moves of every vol: -0.3,0,0.3")
      ->delimiter(',')
      ->type_name("MOVES")
      ->check(finite);
  add_format(command, o.format);
  command->footer(
      "Counted in the coin where something settles in it, else in USD; nothing else moves, no time passes.");
}

void add_chain(CLI::App& app, ChainOptions& o) {
  CLI::App* command =
      app.add_subcommand("chain", "the cleaned chain: quotes, vols, forwards, and where each came from");
  add_market(command, o.market, true);
  command->add_flag("--forwards", o.forwards,
                    "the forward of each expiry instead, with its carry and what agrees with it");
  command->add_flag("--violations", o.violations,
                    "what does not agree instead: parity beyond the spread, verticals, butterflies, absent forwards");
  command->add_flag("--dropped", o.dropped, "what was dropped and why instead");
  add_format(command, o.format);
}

void add_curve(CLI::App& app, CurveOptions& o) {
  CLI::App* command = app.add_subcommand("curve", "basis, carry, discount and funding over time, by expiry");
  add_market(command, o.market, true);
  command->add_option("--days", o.days, "further times, in days from now: 30,90")
      ->delimiter(',')
      ->type_name("DAYS")
      ->check(days_ahead);
  command
      ->add_option(
          "--funding-mean", o.funding_mean,
          "the rate a year that the perpetual's funding returns to; with it the funding expected to each expiry")
      ->type_name("RATE")
      ->check(finite);
  command
      ->add_option("--funding-half-life", o.funding_half_life_days,
                   "days in which half of the way is gone (default: 3)")
      ->type_name("DAYS")
      ->check(positive);
  add_format(command, o.format);
  command->footer(
      "Between expiries ln(forward/index) is linear: constant forward carry; after the last the last one goes on.");
}

void add_skew(CLI::App& app, SkewOptions& o) {
  CLI::App* command = app.add_subcommand(
      "skew", "term structure, risk reversals, butterflies, variance swap; over time with z-scores and alerts");
  add_market(command, o.market, false);
  command
      ->add_option(
          "--history", o.history,
          "recorded snapshots, in any order: archives (.tar, .tar.gz, .tar.zst, .chains), files, or folders of either; "
          "each file or member is one snapshot")
      ->type_name("PATH");
  command->add_option("--index", o.index, "only this index: btc_usd")->type_name("NAME")->delimiter(',');
  command->add_option("--underlying", o.underlying, "only this coin: BTC")->type_name("COIN")->delimiter(',');
  command->add_option("--tenors", o.tenors, "constant tenors in days (default: 7,14,30,60,90,180)")
      ->delimiter(',')
      ->type_name("DAYS")
      ->check(finite);
  add_choice<vol::SmileDelta>(
      command, "--delta", smile_deltas,
      "forward or premium-adjusted (default: premium-adjusted where options settle in the coin, else forward)",
      [&o](vol::SmileDelta d) { o.delta = d; });
  command->add_option("--window", o.window_days, "days that a z-score looks back (default: 30)")
      ->type_name("DAYS")
      ->check(positive);
  command->add_option("--least", o.least, "fewer readings in the window give no z-score (default: 20)")
      ->type_name("COUNT")
      ->check(CLI::Range(2, 1'000'000));
  command->add_flag("--robust", o.robust, "score against the median and its deviations instead of the mean");
  command
      ->add_option("--rule", o.rule, "an alert rule in place of the default ones; any number: NAME:key=value,key=value")
      ->type_name("RULE");
  command
      ->add_option("--rules", o.rules, "alert rules from a JSON file: a list of objects with a name and the same keys")
      ->type_name("FILE");
  command->add_flag("--series", o.series, "every reading of every tenor with its z-scores instead of the last one");
  command->add_flag("--alerts", o.alerts, "the alerts instead");
  command->add_flag("--exit-code", o.exit_code, "exit 1 when the last snapshot raises an alert");
  add_format(command, o.format);
  command->footer(
      "Rule: --rule jump:kind=iv_jump,metric=atm_vol,tenor_days=30,threshold=0.05,within_hours=6\n"
      "Kinds: iv_jump, skew_flip, term_inversion, fit_health_lost, stale_quotes; their keys: docs/skew.md");
}

void add_surface(CLI::App& app, SurfaceOptions& o) {
  CLI::App* command = app.add_subcommand(
      "surface", "the fitted smiles: parameters, quality, arbitrage checks, and a page to look at them");
  add_market(command, o.market, true);
  CLI::Option* index =
      command->add_option("--index", o.index, "which smiles, where the chain has several: btc_usd")->type_name("INDEX");
  command->add_option("--underlying", o.underlying, "the same by coin: BTC")->type_name("COIN")->excludes(index);
  add_choice<vol::Model>(command, "--model", models, "essvi, svi, sabr or spline (default)",
                         [&o](vol::Model m) { o.fit.model = m; });
  add_choice<vol::FitTarget>(command, "--target", fit_targets, "what to fit to: mark (default) or mid",
                             [&o](vol::FitTarget t) { o.quotes.target = t; });
  add_choice<vol::FitWeight>(command, "--weight", fit_weights, "how a quote counts: equal (default), spread or vega",
                             [&o](vol::FitWeight w) { o.quotes.weight = w; });
  command->add_option("--html", o.html, "writes a page that needs no network: smiles, residuals, densities, 3-D")
      ->type_name("FILE");
  command
      ->add_option("--skew-history", o.skew_history,
                   "earlier readings of the skew, for the page: what ballast skew --series -o json printed")
      ->type_name("FILE");
  CLI::Option* quotes = command->add_flag("--quotes", o.list_quotes, "every quote beside the model instead");
  CLI::Option* dropped = command->add_flag("--dropped", o.dropped, "what was set aside and why instead");
  command->add_flag("--grid", o.grid, "the model between the quotes instead (in JSON: as well)")
      ->excludes(quotes)
      ->excludes(dropped);
  quotes->excludes(dropped);
  add_format(command, o.format);
  command->footer("Exit: 0 done, 1 refused, 2 usage, 3 a file cannot be read or written, 4 internal fault.");
}

void add_instruments(CLI::App& app, InstrumentsOptions& o) {
  CLI::App* command =
      app.add_subcommand("instruments", "contract data, from the venue's list or its documented defaults");
  command->add_option("names", o.names, "instrument names")->type_name("NAME");
  command->add_option("--chain", o.chain, "instrument lists and other market files");
  add_format(command, o.format);
}

void add_check(CLI::App& app, CheckOptions& o) {
  CLI::App* command = app.add_subcommand("check", "decodes one input and says what becomes of it");
  command->add_option(
      "--format", o.form,
      "auto (default), instruments, book-summary, ticker, order-book, quote, index, positions, account, "
      "chain-csv, perpetual-prices-csv, positions-csv");
  command->add_option("--as-of", o.as_of, "judge ages against this instant (default: the data's own)")
      ->type_name("TIME");
  command->add_option("file", o.file, "the input; - is standard input")->required();
  command->footer(
      "Outcomes: OK, OK_ABSENT, IGNORE, REJECT_SYNTAX, REJECT_FIELD, RESYNC, QUARANTINE, REFUSE (docs/safety.md).\n"
      "Exit: 0 for OK, OK_ABSENT and IGNORE, 1 for the rest, 2 usage, 3 the file cannot be read.");
}

}  // namespace

int fail(const Error& error, Streams streams) {
  if (error.fault == Fault::bad_flag) {
    streams.err << "usage: " << error.what << "; try: ballast --help\n";
    return Exit::usage;
  }
  streams.err << "error: " << error.what << "\n";
  return error.fault == Fault::unavailable ? Exit::unavailable : Exit::refused;
}

int run(std::vector<std::string> words, Streams streams) {
  CLI::App app("Ballast: from a book of options and a market to the exact hedge.", "ballast");
  app.formatter(std::make_shared<ExampleFirst>());
  app.set_version_flag("--version", "ballast " + version());
  app.require_subcommand(1);
  const std::string first = words.empty() || words[0].starts_with("-") ? "" : words[0];
  app.failure_message([first](const CLI::App* command, const CLI::Error& error) {
    if (!first.empty() && command->get_subcommands().empty()) {
      return fmt::format("usage: no such command: {}; try: ballast --help\n", ballast::quoted(first));
    }
    std::string asked = command->get_name();
    for (const CLI::App* used : command->get_subcommands()) asked += " " + used->get_name();
    return fmt::format("usage: {}; try: {} --help\n", error.what(), asked);
  });
  HedgeOptions hedge_options;
  FrontierOptions frontier_options;
  RatioOptions ratio_options;
  GreeksOptions greeks_options;
  ScenariosOptions scenarios_options;
  ChainOptions chain_options;
  CurveOptions curve_options;
  SurfaceOptions surface_options;
  InstrumentsOptions instruments_options;
  SkewOptions skew_options;
  CheckOptions check_options;
  add_hedge(app, hedge_options);
  add_frontier(app, frontier_options);
  add_ratio(app, ratio_options);
  add_greeks(app, greeks_options);
  add_scenarios(app, scenarios_options);
  add_chain(app, chain_options);
  add_curve(app, curve_options);
  add_surface(app, surface_options);
  add_instruments(app, instruments_options);
  add_skew(app, skew_options);
  add_check(app, check_options);
  const ModelCommands models_of(app);
  const RunCommands runs(app);
  try {
    std::reverse(words.begin(), words.end());  // CLI11 takes its words from the back
    app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error, streams.out, streams.err);
    return code == 0 ? Exit::done : Exit::usage;  // help and version are no faults
  }
  if (app.got_subcommand("hedge")) return cmd_hedge(hedge_options, streams);
  if (app.got_subcommand("frontier")) return cmd_frontier(frontier_options, streams);
  if (app.got_subcommand("ratio")) return cmd_ratio(ratio_options, streams);
  if (app.got_subcommand("greeks")) return cmd_greeks(greeks_options, streams);
  if (app.got_subcommand("scenarios")) return cmd_scenarios(scenarios_options, streams);
  if (app.got_subcommand("chain")) return cmd_chain(chain_options, streams);
  if (app.got_subcommand("curve")) return cmd_curve(curve_options, streams);
  if (app.got_subcommand("surface")) return cmd_surface(surface_options, streams);
  if (app.got_subcommand("instruments")) return cmd_instruments(instruments_options, streams);
  if (app.got_subcommand("skew")) return cmd_skew(skew_options, streams);
  if (const auto answered = models_of.run(app, streams)) return *answered;
  if (const auto answered = runs.run(app, streams)) return *answered;
  return cmd_check(check_options, streams);
}

}  // namespace ballast::app
