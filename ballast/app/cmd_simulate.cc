#include <algorithm>
#include <atomic>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ballast/app/commands.h"
#include "ballast/app/progress.h"
#include "ballast/app/rule_words.h"
#include "ballast/pricing/black.h"
#include "ballast/sim/hedge_study.h"

namespace ballast::app {
namespace {

constexpr std::size_t share = 1024;              // paths that a thread takes at a time: some milliseconds
constexpr std::size_t most_places = 50'000'000;  // rules times paths: 1.2 GB of figures

// Whoever is free takes the next share of the paths; a path's numbers do not depend on who that was.
void run_paths(const sim::PreparedStudy& study, int threads, sim::HedgePaths& paths, std::ostream& err) {
  Progress progress(err, "paths");
  std::atomic<std::size_t> next = 0;
  const auto take = [&](bool reports) {
    for (std::size_t first; (first = next.fetch_add(share)) < paths.paths;) {
      sim::simulate(study, first, std::min(share, paths.paths - first), paths);
      if (reports) progress.at(static_cast<double>(first) / static_cast<double>(paths.paths), first);
    }
  };
  std::vector<std::thread> others;
  for (int t = 1; t < threads; ++t) others.emplace_back(take, false);
  take(true);
  for (std::thread& other : others) other.join();
}

std::string quantile_name(double level) { return fmt::format("pnl_q{:02.0f}_usd", 100.0 * level); }

Table rules_table(const std::vector<std::string>& names, const std::vector<sim::RuleOutcome>& outcomes, bool all) {
  Table table{{{"rule"},
               {"cost_usd", -4},
               {"cost_error", -2},
               {"pnl_usd", -4},
               {"pnl_error", -2},
               {"pnl_std_usd", -4},
               {"pnl_std_error", -2},
               {"es95_usd", -4},
               {"trades", 2},
               {"trades_error", -2},
               {"skewness", 2},
               {"kurtosis", 2}},
              {}};
  if (all)
    for (const double level : sim::outcome_levels) table.columns.push_back({quantile_name(level), -4});
  for (std::size_t r = 0; r < names.size(); ++r) {
    const sim::RuleOutcome& o = outcomes[r];
    table.rows.push_back({names[r], o.cost.mean, o.cost.error, o.pnl.mean, o.pnl.error, o.pnl.stdev, o.stdev_error,
                          o.shortfall_95, o.trades.mean, o.trades.error, o.skewness, o.kurtosis});
    if (all)
      for (const double value : o.quantiles) table.rows.back().push_back(value);
  }
  return table;
}

nlohmann::ordered_json as_json(const SimulateOptions& options, const sim::HedgeStudy& study, double premium,
                               const Table& table) {
  nlohmann::ordered_json rules = nlohmann::ordered_json::array();
  for (const auto& row : table.rows) {
    nlohmann::ordered_json one;
    one[table.columns[0].name] = std::get<std::string>(row[0]);
    for (std::size_t c = 1; c < row.size(); ++c) one[table.columns[c].name] = std::get<double>(row[c]);
    rules.push_back(one);
  }
  return {{"schema", "ballast.simulate/1"},
          {"type", options.type},
          {"quantity_coin", study.quantity},
          {"forward_usd", study.spot.value},
          {"strike_usd", study.strike.value},
          {"days", options.days},
          {"vol", study.vol.value},
          {"hedge_vol", study.hedge_vol.value},
          {"drift", study.drift},
          {"cost_bps", options.cost_bps},
          {"steps", study.steps},
          {"paths", options.paths},
          {"seed", study.seed},
          {"premium_usd", premium},
          {"program", version()},
          {"rules", rules}};
}

}  // namespace

int cmd_simulate(const SimulateOptions& options, Streams streams) {
  const double cost_rate = options.cost_bps / 1e4;
  sim::HedgeStudy study{.type = options.type == "put" ? market::OptionType::put : market::OptionType::call,
                        .quantity = options.quantity,
                        .spot = Price(options.forward),
                        .strike = Price(options.strike.value_or(options.forward)),
                        .years = Years(options.days / 365.0),
                        .drift = options.drift,
                        .vol = Vol(options.vol),
                        .hedge_vol = Vol(options.hedge_vol.value_or(options.vol)),
                        .steps = options.steps,
                        .cost_rate = cost_rate,
                        .rules = {},
                        .seed = options.seed};
  for (const std::string& word : options.rules) {
    const auto rule = parse_rule(word, cost_rate);
    if (!rule) return fail(rule.error(), streams);
    study.rules.push_back(rule.value());
  }
  const std::size_t rules = std::max<std::size_t>(study.rules.size(), 1);
  if (options.paths > most_places / rules)
    return fail({Fault::limit, fmt::format("{} rules on {} paths: at most {} paths for so many", rules, options.paths,
                                           most_places / rules)},
                streams);
  const auto prepared = sim::prepare(study);
  if (!prepared) return fail(prepared.error(), streams);
  sim::HedgePaths paths = sim::room_for(prepared.value(), options.paths);
  run_paths(prepared.value(), options.threads, paths, streams.err);
  const std::vector<sim::RuleOutcome> outcomes = sim::outcomes(paths);

  const double premium = std::abs(study.quantity) * pricing::black_price({.forward = study.spot,
                                                                          .strike = study.strike,
                                                                          .vol = study.hedge_vol,
                                                                          .years = study.years,
                                                                          .type = study.type})
                                                        .value;
  const Table table = rules_table(options.rules, outcomes, options.format != Format::table);
  if (options.format == Format::json || options.format == Format::jsonl) {
    streams.out << as_json(options, study, premium, table).dump(options.format == Format::json ? 2 : -1) << "\n";
    return Exit::done;
  }
  if (options.format == Format::table)
    streams.out << fmt::format(
        "{} {:g} coin of a {:g}-day {} at {:g}, forward {:g}, vol {:g}, premium {:.5g} USD; hedged at {:g} with {:g} "
        "bp a "
        "trade;\n{} paths of {} steps, seed {}. Each figure with its standard error; es95 is a loss.\n\n",
        study.quantity < 0.0 ? "sold" : "bought", std::abs(study.quantity), options.days, options.type,
        study.strike.value, study.spot.value, study.vol.value, premium, study.hedge_vol.value, options.cost_bps,
        options.paths, study.steps, study.seed);
  streams.out << render(table, options.format);
  return Exit::done;
}

}  // namespace ballast::app
