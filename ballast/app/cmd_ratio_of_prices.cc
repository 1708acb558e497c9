#include <algorithm>
#include <cmath>
#include <ostream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "ballast/app/commands.h"
#include "ballast/base/rng.h"
#include "ballast/base/text.h"
#include "ballast/store/file.h"
#include "ballast/venue/price_series_csv.h"

namespace ballast::app {
namespace {

using hedge::Effectiveness;
using hedge::MinimumVariance;
using nlohmann::ordered_json;

const char* name(hedge::RatioMethod method) {
  switch (method) {
    case hedge::RatioMethod::ols: return "ols";
    case hedge::RatioMethod::ewma: return "ewma";
    case hedge::RatioMethod::ridge: return "ridge";
    case hedge::RatioMethod::error_correction: return "ecm";
    case hedge::RatioMethod::ccc: return "ccc";
    case hedge::RatioMethod::dcc: return "dcc";
  }
  return "";
}

const char* name(hedge::Changes changes) { return changes == hedge::Changes::log ? "log" : "difference"; }

Result<venue::PriceSeries> read(const RatioOptions& o) {
  std::vector<std::string> columns{*o.of};
  columns.insert(columns.end(), o.with.begin(), o.with.end());
  const auto bytes = store::read_bytes(*o.prices);
  if (!bytes) return bytes.error();
  auto series = venue::decode_price_series_csv(bytes.value(), columns);
  if (!series) return in(*o.prices, series.error());
  const venue::PriceSeries& s = series.value();
  for (std::size_t i = 0; o.changes == hedge::Changes::log && i < s.columns.size(); ++i) {
    for (std::size_t t = 0; t < s.lines.size(); ++t) {
      if (!(s.columns[i][t] > 0.0)) {
        return Error{
            Fault::bad_field,
            fmt::format("{}: line {}: {}: {} is not above 0: log changes need it, --changes difference does not",
                        *o.prices, s.lines[t], ballast::quoted(columns[i]), shortest(s.columns[i][t]))};
      }
    }
  }
  return series;
}

ordered_json finite(double value) { return std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr); }

ordered_json json_of(const Effectiveness& e) {
  return {{"value", e.value},
          {"low", e.low ? ordered_json(*e.low) : ordered_json(nullptr)},
          {"high", e.high ? ordered_json(*e.high) : ordered_json(nullptr)},
          {"downside", finite(e.downside)},
          {"observations", e.observations}};
}

std::string json_text(const RatioOptions& o, const MinimumVariance& m, std::size_t break_line) {
  ordered_json j{{"of", *o.of},
                 {"method", name(o.rules.method)},
                 {"changes", name(o.changes)},
                 {"observations", m.observations},
                 {"confidence", o.rules.confidence}};
  for (std::size_t i = 0; i < m.ratios.size(); ++i) {
    const hedge::RatioEstimate& r = m.ratios[i];
    j["hedges"].push_back({{"with", o.with[i]},
                           {"ratio", r.ratio},
                           {"trade", 0.0 - r.ratio},
                           {"error", r.error},
                           {"low", r.low},
                           {"high", r.high}});
  }
  j["residual_sd"] = m.residual_sd;
  j["effectiveness"] = json_of(m.in_sample);
  j["out_of_sample"] = nullptr;
  if (m.out_of_sample) {
    ordered_json out = json_of(m.out_of_sample->effectiveness);
    out["ratios"] = m.out_of_sample->ratio;
    if (m.out_of_sample->of_one) {
      out["of_ratio_one"] = json_of(*m.out_of_sample->of_one);
      out["against_ratio_one"] = {{"statistic", finite(m.out_of_sample->against_one->statistic)},
                                  {"p", finite(m.out_of_sample->against_one->p)}};
    }
    j["out_of_sample"] = std::move(out);
  }
  j["stability"] = {{"statistic", finite(m.stability.statistic)}, {"p", finite(m.stability.p)}};
  if (std::isfinite(m.stability.p)) {
    j["stability"]["with"] = o.with[m.stability.regressor];
    j["stability"]["line"] = break_line;
  }
  if (m.drift_speed) j["drift_speed"] = *m.drift_speed;
  for (const math::Garch& g : m.garch) j["garch"].push_back({{"omega", g.omega}, {"alpha", g.alpha}, {"beta", g.beta}});
  if (m.dcc) j["dcc"] = {{"a", m.dcc->a}, {"b", m.dcc->b}};
  return j.dump(2) + "\n";
}

Table table_of(const RatioOptions& o, const MinimumVariance& m, std::size_t break_line) {
  Table table{{{"of"},
               {"with"},
               {"method"},
               {"observations"},
               {"ratio", 6},
               {"error", 6},
               {"low", 6},
               {"high", 6},
               {"effectiveness", 4},
               {"effectiveness_low", 4},
               {"effectiveness_high", 4},
               {"out_of_sample", 4},
               {"break_p", 4},
               {"break_line"}},
              {}};
  const bool tested = std::isfinite(m.stability.p);
  for (std::size_t i = 0; i < m.ratios.size(); ++i) {
    table.rows.push_back(
        {*o.of, o.with[i], std::string(name(o.rules.method)), static_cast<long long>(m.observations), m.ratios[i].ratio,
         m.ratios[i].error, m.ratios[i].low, m.ratios[i].high, m.in_sample.value, cell(m.in_sample.low),
         cell(m.in_sample.high), m.out_of_sample ? Cell(m.out_of_sample->effectiveness.value) : Cell(),
         tested ? Cell(m.stability.p) : Cell(), tested ? Cell(static_cast<long long>(break_line)) : Cell()});
  }
  return table;
}

std::string share(const Effectiveness& e) {
  std::string text = fmt::format("{:.1f} %", 100.0 * e.value);
  if (e.low && e.high) text += fmt::format(" ({:.1f} to {:.1f})", 100.0 * *e.low, 100.0 * *e.high);
  return text;
}

std::string text_of(const RatioOptions& o, const MinimumVariance& m, std::size_t break_line) {
  std::string text =
      fmt::format("{} hedged with {}: {} of {} {} changes, {:g} % intervals\n\n", *o.of, fmt::join(o.with, ", "),
                  name(o.rules.method), m.observations, name(o.changes), 100.0 * o.rules.confidence);
  Table table{{{"with"}, {"ratio", 4}, {"error", 4}, {"low", 4}, {"high", 4}, {"trade"}}, {}};
  const char* unit = o.changes == hedge::Changes::log ? "USD for each USD" : "units for each unit";
  for (std::size_t i = 0; i < m.ratios.size(); ++i) {
    const hedge::RatioEstimate& r = m.ratios[i];
    table.rows.push_back(
        {o.with[i], r.ratio, r.error, r.low, r.high,
         fmt::format("{} {} {} of {}", r.ratio < 0.0 ? "buy" : "sell", grouped(std::abs(r.ratio), 4), unit, *o.of)});
  }
  text += render(table, Format::table);
  text += fmt::format("\nvariance taken off: {} in sample", share(m.in_sample));
  if (m.out_of_sample) {
    text += fmt::format("; {} of the last {}, with ratios estimated before them", share(m.out_of_sample->effectiveness),
                        m.out_of_sample->effectiveness.observations);
    if (m.out_of_sample->of_one) {
      text += fmt::format("\nthe ratio 1 would have taken off {} of these", share(*m.out_of_sample->of_one));
      const math::Comparison& c = *m.out_of_sample->against_one;
      if (std::isfinite(c.p)) text += fmt::format("; difference t {:.2f}, p {:.2g}", c.statistic, c.p);
    }
  }
  text += "\n";
  if (!std::isfinite(m.stability.p)) return text + "a perfect fit: no test of a changed ratio\n";
  const bool changed = m.stability.p < 0.05;
  return text +
         fmt::format(
             "{}: p {:.2g}{}\n", changed ? "the ratio has changed" : "no sign of a changed ratio", m.stability.p,
             changed ? fmt::format(", most likely at line {} ({})", break_line, o.with[m.stability.regressor]) : "");
}

}  // namespace

int cmd_ratio_of_prices(const RatioOptions& options, Streams streams) {
  const auto series = read(options);
  if (!series) return fail(series.error(), streams);
  std::vector<std::vector<double>> changes;
  for (const auto& prices : series.value().columns) changes.push_back(hedge::changes_of(prices, options.changes));
  hedge::MinimumVarianceRules rules = options.rules;
  rules.holdout = options.holdout.value_or(changes[0].size() / 4);
  Rng rng(options.seed);
  const auto found = hedge::minimum_variance(changes[0], std::span(changes).subspan(1), rules, rng);
  if (!found) return fail(in(*options.prices, found.error()), streams);
  const MinimumVariance& m = found.value();
  // Change t leads to row t + 1.
  const std::size_t break_line = series.value().lines[std::min(m.stability.at + 1, series.value().lines.size() - 1)];
  switch (options.format) {
    case Format::table: streams.out << text_of(options, m, break_line); break;
    case Format::json: streams.out << json_text(options, m, break_line); break;
    default: streams.out << render(table_of(options, m, break_line), options.format);
  }
  return Exit::done;
}

}  // namespace ballast::app
