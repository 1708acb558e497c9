#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "ballast/app/alert_rules.h"
#include "ballast/app/archive.h"
#include "ballast/app/commands.h"
#include "ballast/app/inputs.h"
#include "ballast/base/text.h"
#include "ballast/vol/skew_monitor.h"

namespace ballast::app {
namespace {

using vol::SkewMetric;
using vol::SkewPoint;
using vol::SkewReading;

/// A column of the metrics that a point has; the vol index belongs to the whole reading.
constexpr std::array point_metrics = {SkewMetric::atm_vol, SkewMetric::straddle_vol, SkewMetric::rr25,
                                      SkewMetric::bf25,    SkewMetric::rr10,         SkewMetric::bf10,
                                      SkewMetric::slope,   SkewMetric::curvature,    SkewMetric::variance_swap};

constexpr std::size_t most_drawn = 20;  // alerts below the tables for people

/// NaN is no number in JSON and none in a table.
Cell number(double value) { return std::isfinite(value) ? Cell(value) : Cell(); }

using Scores = std::map<std::pair<SkewMetric, double>, vol::Score>;  // by metric and tenor

/// The history of one index and what became of it.
struct Monitor {
  vol::SkewHistory history;
  vol::AlertState state;
  Scores scores;                   // of the last reading
  std::vector<vol::Alert> alerts;  // of all readings
  std::vector<vol::Alert> latest;  // of the last one
};

std::vector<std::string> chosen_indices(const market::Snapshot& snapshot, const SkewOptions& options) {
  std::set<std::string> found;
  const auto holds = [](const std::vector<std::string>& list, const std::string& word) {
    return std::find(list.begin(), list.end(), word) != list.end();
  };
  for (const auto& [name, quote] : snapshot.quotes) {
    const auto at = snapshot.instruments.find(name);
    if (at == snapshot.instruments.end() || !at->second.is_option()) continue;
    const bool all = options.index.empty() && options.underlying.empty();
    if (all || holds(options.index, at->second.index) || holds(options.underlying, at->second.underlying))
      found.insert(at->second.index);
  }
  return {found.begin(), found.end()};
}

void add_metrics(std::vector<Cell>& row, const SkewPoint& point) {
  for (const SkewMetric metric : point_metrics) row.push_back(number(vol::value_of(point, metric)));
}

std::vector<Column> metric_columns() {
  std::vector<Column> out;
  for (const SkewMetric metric : point_metrics)
    out.push_back({vol::name(metric), metric == SkewMetric::curvature ? 2 : 4});
  return out;
}

void append_columns(Table& table, const std::vector<Column>& columns) {
  table.columns.insert(table.columns.end(), columns.begin(), columns.end());
}

/// Every metric of the last readings for a machine: expiries, tenors and the vol index.
Table points_table(const std::map<std::string, Monitor>& monitors) {
  Table table{{{"index"}, {"as_of"}, {"kind"}, {"expiry"}, {"days", 3}}, {}};
  append_columns(table, metric_columns());
  append_columns(table, {{"vol_index", 4},
                         {"delta_convention"},
                         {"forward", 2},
                         {"strike_straddle", 2},
                         {"strike_25c", 2},
                         {"strike_25p", 2},
                         {"strike_10c", 2},
                         {"strike_10p", 2},
                         {"extrapolated"},
                         {"quotes"},
                         {"fit_rmse", 4},
                         {"fit_within_spread", 3},
                         {"fit_least_butterfly", 4},
                         {"quote_age_s", 1}});
  for (const auto& [index, monitor] : monitors) {
    const SkewReading& reading = monitor.history.readings.back();
    const auto add = [&](const SkewPoint& point) {
      const vol::SkewMetrics& m = point.metrics;
      std::vector<Cell> row = {index, to_string(reading.as_of), std::string(point.expiry ? "expiry" : "tenor"),
                               point.expiry ? Cell(to_string(*point.expiry)) : Cell(), point.days};
      add_metrics(row, point);
      row.insert(row.end(), {Cell(), std::string(vol::name(m.delta)), number(m.forward.value),
                             number(m.straddle.strike.value), number(m.wings25.call.strike.value),
                             number(m.wings25.put.strike.value), number(m.wings10.call.strike.value),
                             number(m.wings10.put.strike.value), point.expiry ? Cell() : Cell(point.extrapolated)});
      if (point.health) {
        row.insert(row.end(), {static_cast<long long>(point.health->quotes), number(point.health->rmse),
                               number(point.health->within_spread), number(point.health->least_butterfly)});
      } else {
        row.insert(row.end(), {Cell(), Cell(), Cell(), Cell()});
      }
      const auto age = std::find_if(reading.ages.begin(), reading.ages.end(),
                                    [&](const vol::QuoteAge& a) { return point.expiry == a.expiry; });
      row.push_back(age == reading.ages.end() ? Cell() : Cell(age->median_s));
      table.rows.push_back(std::move(row));
    };
    for (const SkewPoint& point : reading.expiries) add(point);
    for (const SkewPoint& point : reading.tenors) add(point);
    std::vector<Cell> row(table.columns.size());
    row[0] = index, row[1] = to_string(reading.as_of), row[2] = std::string("index");
    row[5 + point_metrics.size()] = number(reading.vol_index.value);
    table.rows.push_back(std::move(row));
  }
  return table;
}

/// The same for people: what fits a line.
Table short_table(const SkewReading& reading) {
  Table table{{{"expiry"}, {"days", 1}, {"forward", 0}}, {}};
  append_columns(table, metric_columns());
  append_columns(table, {{"fit_rmse", 4}});
  for (const auto* points : {&reading.expiries, &reading.tenors}) {
    for (const SkewPoint& point : *points) {
      std::vector<Cell> row = {
          point.expiry ? to_string(*point.expiry).substr(0, 10) : std::string(point.extrapolated ? "tenor*" : "tenor"),
          point.days, number(point.metrics.forward.value)};
      add_metrics(row, point);
      row.push_back(point.health ? number(point.health->rmse) : Cell());
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

Table scores_table(const Monitor& monitor) {
  Table table{{{"z", 0}}, {}};
  for (const SkewMetric metric : point_metrics) table.columns.push_back({vol::name(metric), 2});
  table.columns.push_back({"readings"});
  for (const SkewPoint& point : monitor.history.readings.back().tenors) {
    std::vector<Cell> row = {shortest(point.days) + " d"};
    int count = 0;
    for (const SkewMetric metric : point_metrics) {
      const vol::Score& found = monitor.scores.at({metric, point.days});
      row.push_back(number(found.z));
      count = std::max(count, found.count);
    }
    row.push_back(static_cast<long long>(count));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table empty_series() {
  Table table{{{"index"}, {"as_of"}, {"days", 0}, {"extrapolated"}}, {}};
  for (const SkewMetric metric : vol::all_skew_metrics) {
    table.columns.push_back({vol::name(metric), metric == SkewMetric::curvature ? 2 : 4});
    table.columns.push_back({std::string(vol::name(metric)) + "_z", 2});
  }
  return table;
}

void add_series(Table& table, const Monitor& monitor) {
  const SkewReading& reading = monitor.history.readings.back();
  for (const SkewPoint& point : reading.tenors) {
    std::vector<Cell> row = {reading.index, to_string(reading.as_of), point.days, point.extrapolated};
    for (const SkewMetric metric : vol::all_skew_metrics) {
      const vol::Score& found = monitor.scores.at({metric, point.days});
      row.insert(row.end(), {number(found.value), number(found.z)});
    }
    table.rows.push_back(std::move(row));
  }
}

Table alerts_table(const std::map<std::string, Monitor>& monitors) {
  Table table{{{"time"},
               {"index"},
               {"rule"},
               {"kind"},
               {"metric"},
               {"subject"},
               {"state"},
               {"value", 4},
               {"reference", 4},
               {"message"}},
              {}};
  for (const auto& [index, monitor] : monitors) {
    for (const vol::Alert& alert : monitor.alerts) {
      table.rows.push_back({to_string(alert.time), index, alert.rule, std::string(vol::name(alert.kind)), alert.metric,
                            alert.subject, std::string(alert.raised ? "raised" : "cleared"), number(alert.value),
                            number(alert.reference), alert.message});
    }
  }
  std::stable_sort(table.rows.begin(), table.rows.end(), [](const auto& a, const auto& b) {
    return std::get<std::string>(a[0]) < std::get<std::string>(b[0]);
  });
  return table;
}

void draw(std::ostream& out, const std::map<std::string, Monitor>& monitors, const SkewOptions& options) {
  bool first = true;
  for (const auto& [index, monitor] : monitors) {
    const SkewReading& reading = monitor.history.readings.back();
    const std::string level = std::isnan(reading.vol_index.value) ? "none: " + reading.no_index
                                                                  : fmt::format("{:.4f}", reading.vol_index.value);
    out << fmt::format("{}{} as of {}  {} deltas  30-day vol index {}\n\n", first ? "" : "\n", index,
                       to_string(reading.as_of), vol::name(reading.delta), level);
    first = false;
    if (!reading.unfitted.empty()) {
      out << "no surface: " << reading.unfitted << "\n";
      continue;
    }
    out << render(short_table(reading), options.format);
    if (std::any_of(reading.tenors.begin(), reading.tenors.end(), [](const SkewPoint& p) { return p.extrapolated; }))
      out << "\n* beyond the listed expiries\n";
    if (monitor.history.readings.size() > 1) {
      out << fmt::format("\nz-scores against the {} of the {:g} days before\n\n", options.robust ? "median" : "mean",
                         options.window_days)
          << render(scores_table(monitor), options.format);
    }
  }
}

/// One reading through history, scores and rules.
std::optional<Error> take(Monitor& monitor, SkewReading reading, std::span<const vol::AlertRule> rules,
                          const SkewOptions& options) {
  if (auto fault = vol::append(monitor.history, std::move(reading))) return fault;
  monitor.scores.clear();
  for (const double days : options.tenors) {
    for (const SkewMetric metric : vol::all_skew_metrics)
      monitor.scores[{metric, days}] = vol::score(monitor.history, metric, days);
  }
  monitor.latest = vol::evaluate(rules, monitor.history, monitor.state);
  monitor.alerts.insert(monitor.alerts.end(), monitor.latest.begin(), monitor.latest.end());
  return std::nullopt;
}

}  // namespace

int cmd_skew(const SkewOptions& options, Streams streams) {
  if (options.market.chain.empty() && options.history.empty())
    return fail({Fault::bad_flag, "--chain FILE or --history PATH is due"}, streams);
  if (options.series && options.alerts)
    return fail({Fault::bad_flag, "--series and --alerts are two different tables: choose one"}, streams);
  if (options.market.as_of && options.market.chain.empty())
    return fail({Fault::bad_flag, "--as-of is for --chain: recorded snapshots carry their own time"}, streams);
  const vol::SkewRules skew{.tenor_days = options.tenors, .delta = options.delta};
  if (const auto fault = vol::fault_of(skew)) return fail(in("--tenors", *fault), streams);
  const auto rules = alert_rules(options.rule, options.rules);
  if (!rules) return fail(rules.error(), streams);
  // The default rules speak of tenors that these may not have; what the user wrote has to fit.
  std::vector<vol::AlertRule> asked = rules.value();
  if (options.rule.empty() && !options.rules) {
    std::erase_if(asked, [&](const vol::AlertRule& rule) { return fault_of(std::span(&rule, 1), skew).has_value(); });
  }
  if (const auto fault = vol::fault_of(asked, skew)) return fail(*fault, streams);

  std::map<std::string, std::vector<SkewReading>> readings;  // by index
  const market::CleaningRules cleaning = cleaning_rules(options.market);
  const auto read = [&](const market::Snapshot& snapshot) {
    for (const std::string& index : chosen_indices(snapshot, options))
      readings[index].push_back(vol::read_skew(snapshot, cleaning, index, skew));
  };
  if (!options.history.empty()) {
    const auto fault =
        for_each_snapshot(options.history, streams.err, [&](const std::string&, const market::Snapshot& snapshot) {
          read(snapshot);
          return std::optional<Error>();
        });
    if (fault) return fail(*fault, streams);
  }
  if (!options.market.chain.empty()) {
    const auto market = load_market(options.market);
    if (!market) return fail(market.error(), streams);
    read(market.value());
  }
  if (readings.empty()) {
    std::string asked_for;
    for (const auto* list : {&options.index, &options.underlying})
      for (const std::string& word : *list) asked_for += " " + ballast::quoted(word);
    return fail({Fault::missing_data, "the data have no option" + (asked_for.empty() ? "" : " of" + asked_for)},
                streams);
  }

  std::map<std::string, Monitor> monitors;
  Table series = empty_series();
  std::size_t repeated = 0;
  for (auto& [index, list] : readings) {
    std::stable_sort(list.begin(), list.end(),
                     [](const SkewReading& a, const SkewReading& b) { return a.as_of < b.as_of; });
    Monitor& monitor = monitors[index];
    monitor.history.rules = {.window_days = options.window_days, .least = options.least, .robust = options.robust};
    for (SkewReading& reading : list) {
      if (!monitor.history.readings.empty() && monitor.history.readings.back().as_of == reading.as_of) {
        ++repeated;  // the same instant from two files: the first one counts
        continue;
      }
      if (const auto fault = take(monitor, std::move(reading), asked, options)) return fail(*fault, streams);
      if (options.series) add_series(series, monitor);
    }
    const SkewReading& last = monitor.history.readings.back();
    if (list.size() == 1 && !last.unfitted.empty())
      return fail({Fault::missing_data, index + ": no surface: " + last.unfitted}, streams);
  }
  if (repeated > 0)
    streams.err << fmt::format("warning: {} snapshots of an instant that was there already\n", repeated);

  std::size_t told = 0, now = 0;
  for (const auto& [index, monitor] : monitors) {
    told += monitor.alerts.size();
    for (const vol::Alert& alert : monitor.latest) now += alert.raised ? 1 : 0;
    streams.err << fmt::format("{}: {} readings to {}, {} alerts\n", index, readings.at(index).size(),
                               to_string(monitor.history.readings.back().as_of), monitor.alerts.size());
  }
  if (options.series) {
    streams.out << render(series, options.format);
  } else if (options.alerts) {
    streams.out << render(alerts_table(monitors), options.format);
  } else if (options.format == Format::table) {
    draw(streams.out, monitors, options);
    if (told > 0) {
      Table last = alerts_table(monitors);
      const std::size_t more = last.rows.size() - std::min(last.rows.size(), most_drawn);
      last.rows.erase(last.rows.begin(), last.rows.begin() + static_cast<std::ptrdiff_t>(more));
      streams.out << (more > 0
                          ? fmt::format("\nthe last {} of {} alerts; --alerts lists them all\n\n", most_drawn, told)
                          : std::string("\n"))
                  << render(last, options.format);
    }
  } else {
    streams.out << render(points_table(monitors), options.format);
  }
  return options.exit_code && now > 0 ? Exit::refused : Exit::done;
}

}  // namespace ballast::app
