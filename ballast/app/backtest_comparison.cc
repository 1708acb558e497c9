#include "ballast/app/backtest_comparison.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "ballast/app/backtest_json.h"
#include "ballast/base/text.h"

namespace ballast::app {
namespace {

using nlohmann::ordered_json;

constexpr std::array series_keys = {"equity_coin", "equity_usd", "pnl", "delta_before", "delta_after", "half_width"};
// What the series do not tell: sums over all instants of a run.
constexpr std::array whole_keys = {"fees",           "slippage",  "funding",           "turnover_usd",
                                   "fills",          "tickets",   "refusals",          "worst_gap_coin",
                                   "start_coin",     "start_usd", "residual_ok_share", "attribution_coin",
                                   "attribution_usd"};

Error missing(const std::string& field, const std::string& due) {
  return {Fault::bad_field, fmt::format("{}: {} is due", field, due)};
}

bool is_text(const ordered_json& json, const char* key) { return json.contains(key) && json[key].is_string(); }

bool is_numbers(const ordered_json& json, const char* key, std::size_t length, bool may_be_null) {
  if (!json.contains(key) || !json[key].is_array() || json[key].size() != length) return false;
  return std::all_of(json[key].begin(), json[key].end(),
                     [&](const ordered_json& x) { return x.is_number() || (may_be_null && x.is_null()); });
}

std::optional<Error> bad_series(const ordered_json& result) {
  const ordered_json& series = result["series"];
  if (!series.contains("time") || !series["time"].is_array()) return missing("series.time", "a list");
  const std::size_t n = series["time"].size();
  std::optional<Time> before;
  for (const auto& text : series["time"]) {
    if (!text.is_string()) return missing("series.time", "a list of times");
    const auto at = parse_time(text.get<std::string>());
    if (!at) return in("series.time", at.error());
    if (before && !(*before < at.value()))
      return Error{Fault::bad_field, "series.time: " + to_string(at.value()) + " follows " + to_string(*before)};
    before = at.value();
  }
  if (!is_numbers(series, "index", n, false)) return missing("series.index", fmt::format("a list of {} numbers", n));
  if (!series.contains("rules") || !series["rules"].is_array() || series["rules"].size() != result["rules"].size())
    return missing("series.rules", fmt::format("a list of {}", result["rules"].size()));
  for (std::size_t k = 0; k < series["rules"].size(); ++k) {
    const ordered_json& rule = series["rules"][k];
    if (!rule.is_object()) return missing(fmt::format("series.rules[{}]", k), "an object");
    for (const char* key : series_keys) {
      const bool may_be_null = std::string_view(key) != "equity_coin" && std::string_view(key) != "equity_usd";
      if (!is_numbers(rule, key, n, may_be_null))
        return missing(fmt::format("series.rules[{}].{}", k, key), fmt::format("a list of {} numbers", n));
    }
    for (std::size_t i = 1; i < n; ++i) {
      if (!rule["pnl"][i].is_number()) return missing(fmt::format("series.rules[{}].pnl[{}]", k, i), "a number");
    }
  }
  return std::nullopt;
}

std::vector<std::int64_t> instants_of(const ordered_json& result) {
  std::vector<std::int64_t> ms;
  for (const auto& text : result["series"]["time"]) ms.push_back(parse_time(text.get<std::string>()).value().ms);
  return ms;
}

std::vector<std::int64_t> common_instants(const std::vector<std::vector<std::int64_t>>& all) {
  std::vector<std::int64_t> common = all.front();
  for (const auto& one : all) {
    std::vector<std::int64_t> both;
    std::set_intersection(common.begin(), common.end(), one.begin(), one.end(), std::back_inserter(both));
    common = std::move(both);
  }
  return common;
}

/// One rule of the joined result: what its own result says, cut to the common instants.
struct Joined {
  std::string own_name;
  std::size_t from;  // of the results
  ordered_json rule, series;
  std::vector<double> pnl;
  bool hedges;
};

Joined joined(const ordered_json& result, std::size_t from, std::size_t k, const std::vector<std::size_t>& at,
              bool all_instants) {
  Joined j{.own_name = result["rules"][k]["name"], .from = from, .rule = result["rules"][k]};
  const ordered_json& series = result["series"]["rules"][k];
  j.hedges = j.rule["hedges"].get<bool>();
  j.series = {{"name", j.own_name}};
  for (const char* key : series_keys) {
    ordered_json& cut = j.series[key] = ordered_json::array();
    for (const std::size_t i : at) cut.push_back(series[key][i]);
  }
  for (std::size_t m = 1; m < at.size(); ++m) {
    double gained = 0.0;
    for (std::size_t i = at[m - 1] + 1; i <= at[m]; ++i) gained += series["pnl"][i].get<double>();
    j.pnl.push_back(gained);
    j.series["pnl"][m] = gained;
  }
  j.series["pnl"][0] = nullptr;
  j.rule["instants"] = at.size();
  if (all_instants) return j;
  for (const char* key : whole_keys) {
    if (j.rule.contains(key)) j.rule[key] = nullptr;
  }
  const ordered_json& equity = j.series[result["numeraire"] == "coin" ? "equity_coin" : "equity_usd"];
  const double start = equity.front(), end = equity.back();
  double highest = start, drawdown = 0.0;
  for (const auto& e : equity) {
    highest = std::max(highest, e.get<double>());
    drawdown = std::max(drawdown, highest - e.get<double>());
  }
  j.rule["pnl"] = end - start;
  j.rule["max_drawdown"] = drawdown;
  j.rule["end_coin"] = j.series["equity_coin"].back();
  j.rule["end_usd"] = j.series["equity_usd"].back();
  return j;
}

/// Gives every rule a name of its own: where two have the same, the result's name in front, then a number behind.
void name_apart(std::vector<Joined>& rules, const std::vector<NamedResult>& results) {
  std::map<std::string, int> uses;
  for (const Joined& j : rules) ++uses[j.own_name];
  std::set<std::string> taken;
  for (Joined& j : rules) {
    const std::string run = results[j.from].result["name"];
    const std::string wanted = uses[j.own_name] > 1 ? run + ": " + j.own_name : j.own_name;
    std::string given = wanted;
    for (int n = 2; !taken.insert(given).second; ++n) given = fmt::format("{} ({})", wanted, n);
    j.rule["name"] = j.series["name"] = given;
  }
}

std::string joined_text(const std::vector<NamedResult>& results, const char* key, const char* between) {
  std::vector<std::string> parts;
  for (const NamedResult& one : results) {
    const std::string part = one.result[key];
    if (std::find(parts.begin(), parts.end(), part) == parts.end()) parts.push_back(part);
  }
  std::string all;
  for (const std::string& part : parts) all += (all.empty() ? "" : between) + part;
  return all;
}

}  // namespace

Result<ordered_json> result_of(const std::string& text) {
  ordered_json result = ordered_json::parse(text, nullptr, false);
  if (result.is_discarded()) return Error{Fault::bad_syntax, "no JSON: " + ballast::quoted(text)};
  if (!result.is_object() || !result.contains("schema")) return missing("schema", "the number 1");
  if (!(result["schema"].is_number_integer() && result["schema"] == 1)) {
    return Error{Fault::bad_field, "schema: this program reads 1, found " + ballast::quoted(result["schema"].dump())};
  }
  for (const char* key : {"run", "name", "underlying", "numeraire"}) {
    if (!is_text(result, key)) return missing(key, "text");
  }
  if (result["numeraire"] != "coin" && result["numeraire"] != "usd") return missing("numeraire", "coin or usd");
  if (!result.contains("rules") || !result["rules"].is_array() || result["rules"].empty())
    return missing("rules", "a list");
  for (std::size_t k = 0; k < result["rules"].size(); ++k) {
    const ordered_json& rule = result["rules"][k];
    const std::string place = fmt::format("rules[{}]", k);
    if (!rule.is_object() || !is_text(rule, "name")) return missing(place + ".name", "text");
    if (!rule.contains("hedges") || !rule["hedges"].is_boolean()) return missing(place + ".hedges", "true or false");
  }
  if (!result.contains("series") || !result["series"].is_object()) return missing("series", "an object");
  if (const auto error = bad_series(result)) return *error;
  return result;
}

Result<ordered_json> compared_results(const std::vector<NamedResult>& results, const sim::SummaryRules& settings,
                                      Rng rng) {
  const auto bad_input = [](std::string what) { return Error{Fault::bad_input, std::move(what)}; };
  if (results.empty()) return bad_input("no results to compare");
  const NamedResult& first = results.front();
  std::vector<std::vector<std::int64_t>> instants;
  for (const NamedResult& one : results) {
    for (const char* key : {"underlying", "numeraire"}) {
      if (one.result[key] == first.result[key]) continue;
      return bad_input(fmt::format("{}: {} {}, {} in {}", one.file, key,
                                   ballast::quoted(one.result[key].get<std::string>()),
                                   ballast::quoted(first.result[key].get<std::string>()), first.file));
    }
    instants.push_back(instants_of(one.result));
  }
  const std::vector<std::int64_t> common = common_instants(instants);
  if (common.size() < 3) {
    return bad_input(fmt::format("{} common {} of {} results: at least 3 are needed", common.size(),
                                 common.size() == 1 ? "instant" : "instants", results.size()));
  }
  std::vector<Time> time;
  for (const std::int64_t ms : common) time.push_back({ms});
  std::vector<double> index;
  std::vector<Joined> rules;
  std::vector<sim::RuleErrors> errors;
  for (std::size_t r = 0; r < results.size(); ++r) {
    const ordered_json& result = results[r].result;
    std::vector<std::size_t> at;
    for (std::size_t i = 0, m = 0; i < instants[r].size() && m < common.size(); ++i) {
      if (instants[r][i] != common[m]) continue;
      at.push_back(i);
      const double here = result["series"]["index"][i];
      if (r == 0) index.push_back(here);
      if (here != index[m]) {
        return bad_input(fmt::format("{}: index {} at {}, {} in {}: another market", results[r].file, here,
                                     to_string(time[m]), index[m], first.file));
      }
      ++m;
    }
    std::optional<std::size_t> unhedged;
    const std::size_t begin = rules.size();
    for (std::size_t k = 0; k < result["rules"].size(); ++k) {
      Joined j = joined(result, r, k, at, at.size() == instants[r].size());
      if (!j.hedges) {
        // The same book left alone in an earlier result: one line says it.
        const auto same = std::find_if(rules.begin(), rules.end(),
                                       [&](const Joined& other) { return !other.hedges && other.pnl == j.pnl; });
        if (!unhedged) unhedged = static_cast<std::size_t>(same - rules.begin());
        if (same != rules.end()) continue;
      }
      rules.push_back(std::move(j));
    }
    for (std::size_t k = begin; k < rules.size(); ++k) errors.push_back({"", rules[k].hedges, rules[k].pnl, unhedged});
  }
  name_apart(rules, results);
  for (std::size_t k = 0; k < rules.size(); ++k) errors[k].name = rules[k].rule["name"];
  const auto regime = risk::regimes(time, index, settings.regimes);
  if (!regime) return regime.error();
  const auto table =
      sim::compare_errors(errors, std::span(regime.value().data(), regime.value().size() - 1), settings.errors, rng);
  if (!table) return table.error();
  ordered_json out = {{"schema", 1},
                      {"run", joined_text(results, "run", "+")},
                      {"name", joined_text(results, "name", ", ")},
                      {"underlying", first.result["underlying"]},
                      {"numeraire", first.result["numeraire"]},
                      {"from", to_string(time.front())},
                      {"to", to_string(time.back())},
                      {"instants", common.size()},
                      {"base", table.value().base},
                      {"rules", ordered_json::array()}};
  ordered_json times = ordered_json::array(), list = ordered_json::array();
  for (const Time t : time) times.push_back(to_string(t));
  for (std::size_t k = 0; k < rules.size(); ++k) {
    put_errors(rules[k].rule, table.value().rules[k]);
    out["rules"].push_back(std::move(rules[k].rule));
    list.push_back(std::move(rules[k].series));
  }
  out["series"] = {{"time", std::move(times)}, {"index", index}, {"rules", std::move(list)}};
  return out;
}

}  // namespace ballast::app
