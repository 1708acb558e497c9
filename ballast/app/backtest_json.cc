#include "ballast/app/backtest_json.h"

#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ballast/app/decision_json.h"
#include "ballast/base/text.h"

namespace ballast::app {
namespace {

using nlohmann::ordered_json;

constexpr std::array line_keys = {"delta",    "gamma",      "vega",       "theta",   "vanna", "volga",
                                  "rho",      "carry",      "funding",    "basis",   "smile", "fees",
                                  "slippage", "settlement", "collateral", "residual"};
static_assert(line_keys.size() == sim::lines);

ordered_json number(double value) { return std::isfinite(value) ? ordered_json(value) : ordered_json(nullptr); }
ordered_json number(const std::optional<double>& value) { return value ? number(*value) : ordered_json(nullptr); }
ordered_json percent(const std::optional<double>& share) {
  return share ? number(100.0 * *share) : ordered_json(nullptr);
}

ordered_json lines_json(const sim::Lines& lines) {
  ordered_json out = ordered_json::object();
  for (std::size_t i = 0; i < sim::lines; ++i) out[line_keys[i]] = number(lines[i]);
  return out;
}

ordered_json rule_json(const sim::RuleSummary& rule) {
  ordered_json out = {{"name", rule.name}, {"hedges", rule.hedges}, {"instants", rule.instants}};
  for (const char* key :
       {"rmse", "rmse_reduction_percent", "variance_reduction_percent", "mean", "std", "worst", "es95"})
    out[key] = nullptr;  // their place; put_errors() fills it
  out["pnl"] = number(rule.pnl);
  out["max_drawdown"] = number(rule.max_drawdown);
  out["fees"] = number(rule.fees);
  out["slippage"] = number(rule.slippage);
  out["funding"] = number(rule.funding);
  out["turnover_usd"] = number(rule.turnover_usd);
  out["fills"] = rule.fills;
  out["tickets"] = rule.tickets;
  out["refusals"] = rule.refusals;
  out["worst_gap_coin"] = number(rule.worst_gap_coin);
  out["residual_ok_share"] = number(rule.residual_ok_share);
  out["start_coin"] = number(rule.start_coin);
  out["start_usd"] = number(rule.start_usd);
  out["end_coin"] = number(rule.end_coin);
  out["end_usd"] = number(rule.end_usd);
  out["attribution_coin"] = lines_json(rule.attribution.coin);
  out["attribution_usd"] = lines_json(rule.attribution.usd);
  put_errors(out, rule.errors);
  return out;
}

ordered_json series_json(Numeraire numeraire, std::span<const sim::RuleRows> rules) {
  ordered_json time = ordered_json::array(), index = ordered_json::array(), list = ordered_json::array();
  for (const sim::Row& row : rules.front().rows) {
    time.push_back(to_string(row.at));
    index.push_back(number(row.index));
  }
  for (const sim::RuleRows& rule : rules) {
    ordered_json one = {{"name", rule.name}};
    for (const char* key : {"equity_coin", "equity_usd", "pnl", "delta_before", "delta_after", "half_width"})
      one[key] = ordered_json::array();
    one["pnl"].push_back(nullptr);  // no step ends at the first instant
    for (const double pnl : sim::step_pnl(numeraire, rule.rows)) one["pnl"].push_back(number(pnl));
    for (const sim::Row& row : rule.rows) {
      one["equity_coin"].push_back(number(row.equity.in_coin(row.index)));
      one["equity_usd"].push_back(number(row.equity.in_usd(row.index)));
      one["delta_before"].push_back(number(row.delta_before));
      one["delta_after"].push_back(number(row.delta_after));
      one["half_width"].push_back(number(row.half_width));
    }
    list.push_back(std::move(one));
  }
  return {{"time", std::move(time)}, {"index", std::move(index)}, {"rules", std::move(list)}};
}

/// Takes fields from an object and remembers the first that is not what it should be.
class Fields {
 public:
  Fields(const ordered_json& json, std::string place) : json_(json), place_(std::move(place)) {}

  double number(const std::string& key, bool may_be_null = false) {
    const ordered_json* value = at(key);
    if (value == nullptr) return 0.0;
    if (may_be_null && value->is_null()) return std::numeric_limits<double>::quiet_NaN();
    if (value->is_number() && std::isfinite(value->get<double>())) return value->get<double>();
    fail(key, *value, "a number");
    return 0.0;
  }

  int count(const std::string& key) {
    const ordered_json* value = at(key);
    if (value == nullptr) return 0;
    if (value->is_number_integer()) {
      // What is over 63 bits comes out negative here, and is refused with the rest.
      const auto whole = value->get<std::int64_t>();
      if (whole >= 0 && whole <= std::numeric_limits<int>::max()) return static_cast<int>(whole);
    }
    fail(key, *value, "a whole number of 0 or more");
    return 0;
  }

  std::string text(const std::string& key) {
    const ordered_json* value = at(key);
    if (value == nullptr) return "";
    if (value->is_string()) return value->get<std::string>();
    fail(key, *value, "text");
    return "";
  }

  sim::Lines lines(const std::string& key) {
    sim::Lines out{};
    const ordered_json* value = at(key);
    if (value == nullptr) return out;
    if (!value->is_object()) {
      fail(key, *value, "an object");
      return out;
    }
    Fields inner(*value, place_ + key + ".");
    for (std::size_t i = 0; i < sim::lines; ++i) out[i] = inner.number(line_keys[i]);
    if (!error_) error_ = inner.error_;
    return out;
  }

  void fail(const std::string& key, const ordered_json& value, const std::string& due) {
    if (error_) return;
    const std::string found = value.dump(-1, ' ', true, ordered_json::error_handler_t::replace);
    error_ =
        Error{Fault::bad_field, fmt::format("{}{}: {} is due, found {}", place_, key, due, ballast::quoted(found))};
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  const ordered_json* at(const std::string& key) {
    const auto found = json_.find(key);
    if (found != json_.end()) return &*found;
    if (!error_) error_ = Error{Fault::bad_field, place_ + key + " is missing"};
    return nullptr;
  }

  const ordered_json& json_;
  std::string place_;
  std::optional<Error> error_;
};

}  // namespace

const char* line_key(sim::Line line) { return line_keys[line]; }

void put_errors(ordered_json& rule, const sim::ErrorFigures& e) {
  rule["rmse"] = number(e.rmse);
  rule["rmse_reduction_percent"] = percent(e.rmse_reduction);
  rule["variance_reduction_percent"] = percent(e.variance_reduction);
  rule["mean"] = number(e.mean);
  rule["std"] = number(e.std);
  rule["worst"] = number(e.worst);
  rule["es95"] = number(e.es95);
  ordered_json regimes = ordered_json::array();
  for (const sim::RegimeErrors& r : e.regimes) {
    regimes.push_back({{"regime", std::string(risk::name(r.regime))},
                       {"instants", r.steps},
                       {"rmse", number(r.rmse)},
                       {"rmse_reduction_percent", percent(r.rmse_reduction)}});
  }
  rule["regimes"] = std::move(regimes);
  rule["against_base"] = nullptr;
  if (e.against_base) {
    const sim::AgainstBase& a = *e.against_base;
    rule["against_base"] = {{"mean_difference", number(a.mean_difference)},
                            {"dm", number(a.statistic)},
                            {"p", number(a.p)},
                            {"p_deflated", number(a.p_deflated)},
                            {"ratio", number(a.ratio)},
                            {"ratio_low", number(a.ratio_low)},
                            {"ratio_high", number(a.ratio_high)}};
  }
}

ordered_json backtest_json(const RunHead& head, const sim::Summary& summary, std::span<const sim::RuleRows> rules) {
  ordered_json list = ordered_json::array();
  for (const sim::RuleSummary& rule : summary.rules) list.push_back(rule_json(rule));
  return {{"schema", 1},
          {"run", head.run},
          {"name", head.name},
          {"underlying", head.underlying},
          {"numeraire", name(summary.numeraire)},
          {"from", to_string(summary.from)},
          {"to", to_string(summary.to)},
          {"instants", rules.front().rows.size()},
          {"base", summary.base},
          {"rules", std::move(list)},
          {"series", series_json(summary.numeraire, rules)}};
}

ordered_json row_json(const sim::Row& row) {
  return {{"at", to_string(row.at)},
          {"index", number(row.index)},
          {"equity_coin", number(row.equity.coin)},
          {"equity_quote", number(row.equity.quote)},
          {"change_coin", lines_json(row.change.coin)},
          {"change_usd", lines_json(row.change.usd)},
          {"gap_coin", number(row.gap_coin)},
          {"gap_usd", number(row.gap_usd)},
          {"delta_before", number(row.delta_before)},
          {"delta_after", number(row.delta_after)},
          {"half_width", number(row.half_width)},
          {"gamma", number(row.gamma)},
          {"vega", number(row.vega)},
          {"turnover_usd", number(row.turnover_usd)},
          {"tickets", row.tickets},
          {"fills", row.fills},
          {"unfilled", row.unfilled},
          {"deliveries", row.deliveries},
          {"modelled_marks", row.modelled_marks},
          {"quality", desk::name(row.quality)},
          {"why", row.why}};
}

Result<sim::Row> row_of(const ordered_json& json) {
  if (!json.is_object()) return Error{Fault::bad_field, "a row is an object"};
  Fields fields(json, "");
  sim::Row row;
  const std::string at = fields.text("at");
  row.index = fields.number("index");
  row.equity = {fields.number("equity_coin"), fields.number("equity_quote")};
  row.change = {fields.lines("change_coin"), fields.lines("change_usd")};
  row.gap_coin = fields.number("gap_coin");
  row.gap_usd = fields.number("gap_usd");
  row.delta_before = fields.number("delta_before", true);
  row.delta_after = fields.number("delta_after", true);
  row.half_width = fields.number("half_width", true);
  row.gamma = fields.number("gamma", true);
  row.vega = fields.number("vega", true);
  row.turnover_usd = fields.number("turnover_usd");
  row.tickets = fields.count("tickets");
  row.fills = fields.count("fills");
  row.unfilled = fields.count("unfilled");
  row.deliveries = fields.count("deliveries");
  row.modelled_marks = fields.count("modelled_marks");
  const std::string quality = fields.text("quality");
  row.why = fields.text("why");
  if (fields.error()) return *fields.error();
  const auto time = parse_time(at);
  if (!time) return Error{Fault::bad_field, "at: " + time.error().what};
  row.at = time.value();
  if (!(row.index > 0.0)) return Error{Fault::bad_field, fmt::format("index {}", row.index)};
  bool known = false;
  for (const auto one : {desk::Quality::ok, desk::Quality::degraded, desk::Quality::refused}) {
    if (quality != desk::name(one)) continue;
    row.quality = one;
    known = true;
  }
  if (!known)
    return Error{Fault::bad_field, "quality: " + ballast::quoted(quality) + " is not one of OK, DEGRADED, REFUSED"};
  return row;
}

std::string row_line(const std::string& rule, const sim::Row& row) {
  ordered_json line = {{"rule", rule}};
  line.update(row_json(row));
  return line.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

Result<StoredRow> stored_row(std::string_view line) {
  const ordered_json json = ordered_json::parse(line, nullptr, false);
  if (json.is_discarded()) return Error{Fault::bad_syntax, "no JSON: " + ballast::quoted(line)};
  const auto row = row_of(json);
  if (!row) return row.error();
  Fields fields(json, "");
  StoredRow stored{fields.text("rule"), row.value()};
  if (fields.error()) return *fields.error();
  return stored;
}

Table rows_table(std::span<const sim::RuleRows> rules) {
  Table table{{{"at"}, {"rule"}, {"index"}, {"equity_coin"}, {"equity_usd"}}, {}};
  for (const char* key : line_keys) table.columns.push_back({std::string(key) + "_coin"});
  for (const char* key : line_keys) table.columns.push_back({std::string(key) + "_usd"});
  for (const char* key :
       {"gap_coin", "gap_usd", "delta_before", "delta_after", "half_width", "gamma", "vega", "turnover_usd", "tickets",
        "fills", "unfilled", "deliveries", "modelled_marks", "quality", "why"})
    table.columns.push_back({key});
  const auto finite = [](double value) { return std::isfinite(value) ? Cell(value) : Cell(); };
  for (std::size_t i = 0; !rules.empty() && i < rules.front().rows.size(); ++i) {
    for (const sim::RuleRows& rule : rules) {
      if (i >= rule.rows.size()) continue;
      const sim::Row& row = rule.rows[i];
      auto& cells = table.rows.emplace_back();
      cells = {to_string(row.at), rule.name, row.index, row.equity.in_coin(row.index), row.equity.in_usd(row.index)};
      for (const double line : row.change.coin) cells.push_back(line);
      for (const double line : row.change.usd) cells.push_back(line);
      for (const double value : {row.gap_coin, row.gap_usd, row.delta_before, row.delta_after, row.half_width,
                                 row.gamma, row.vega, row.turnover_usd})
        cells.push_back(finite(value));
      for (const int n : {row.tickets, row.fills, row.unfilled, row.deliveries, row.modelled_marks})
        cells.push_back(static_cast<long long>(n));
      cells.push_back(std::string(desk::name(row.quality)));
      cells.push_back(row.why);
    }
  }
  return table;
}

Table rules_table(const ordered_json& result) {
  const std::array columns = {
      Column{"rmse", -4},    Column{"rmse_reduction_percent", 2}, Column{"es95", -4}, Column{"worst", -4},
      Column{"pnl", -4},     Column{"max_drawdown", -4},          Column{"fees", -4}, Column{"slippage", -4},
      Column{"funding", -4}, Column{"turnover_usd", 0},           Column{"fills"},    Column{"refusals"}};
  const std::array against = {Column{"dm", 2},    Column{"p", -2},        Column{"p_deflated", -2},
                              Column{"ratio", 4}, Column{"ratio_low", 4}, Column{"ratio_high", 4}};
  Table table{{{"rule"}}, {}};
  table.columns.insert(table.columns.end(), columns.begin(), columns.end());
  table.columns.insert(table.columns.end(), against.begin(), against.end());
  const auto value = [](const ordered_json& object, const std::string& key) {
    if (!object.is_object() || !object.contains(key) || !object[key].is_number()) return Cell();
    if (object[key].is_number_integer()) return Cell(object[key].get<long long>());
    return Cell(object[key].get<double>());
  };
  for (const ordered_json& rule : result["rules"]) {
    auto& cells = table.rows.emplace_back();
    cells.push_back(rule["name"].get<std::string>());
    for (const Column& column : columns) cells.push_back(value(rule, column.name));
    for (const Column& column : against) cells.push_back(value(rule["against_base"], column.name));
  }
  return table;
}

}  // namespace ballast::app
