#include "ballast/app/alert_rules.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ballast/base/text.h"
#include "ballast/store/file.h"

namespace ballast::app {
namespace {

using nlohmann::json;
using Words = std::map<std::string, std::string>;  // key and value, as text

const std::vector<std::string> keys = {"kind",    "metric",       "tenor_days",    "far_days", "threshold",
                                       "release", "within_hours", "in_deviations", "health"};

Error wrong(const std::string& place, const std::string& what) { return {Fault::bad_flag, place + ": " + what}; }

/// A word of one of the lists that core code prints and reads.
template <class T>
std::optional<Error> take_word(const std::string& place, const std::string& word, const std::optional<T>& found,
                               T& field, const char* list) {
  if (!found) return wrong(place, ballast::quoted(word) + " is not one of " + list);
  field = *found;
  return std::nullopt;
}

std::optional<Error> take(const std::string& place, const std::string& key, const std::string& word,
                          vol::AlertRule& rule) {
  if (key == "kind")
    return take_word(place, word, vol::alert_kind_of(word), rule.kind,
                     "iv_jump, skew_flip, term_inversion, fit_health_lost, stale_quotes");
  if (key == "metric")
    return take_word(place, word, vol::skew_metric_of(word), rule.metric,
                     "atm_vol, straddle_vol, rr25, bf25, rr10, bf10, slope, curvature, variance_swap, vol_index");
  if (key == "health")
    return take_word(place, word, vol::health_measure_of(word), rule.health,
                     "rmse, within_spread, least_butterfly, calendar_margin");
  if (key == "in_deviations") {
    if (word != "true" && word != "false") return wrong(place, ballast::quoted(word) + " is not true or false");
    rule.in_deviations = word == "true";
    return std::nullopt;
  }
  const auto number = parse_number(word);
  if (!number) return wrong(place, key + ": a finite number is due, found " + ballast::quoted(word));
  if (key == "tenor_days") rule.tenor_days = *number;
  if (key == "far_days") rule.far_days = *number;
  if (key == "threshold") rule.threshold = *number;
  if (key == "release") rule.release = number;
  if (key == "within_hours") rule.within_s = *number * 3600.0;
  return std::nullopt;
}

Result<vol::AlertRule> rule_of(const std::string& place, const std::string& name, const Words& words) {
  vol::AlertRule rule{.name = name};
  for (const auto& [key, word] : words) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      const std::string meant = nearest(key, keys);
      return wrong(place, "no such key: " + ballast::quoted(key) +
                              (meant.empty() ? std::string() : "; did you mean " + meant + "?"));
    }
  }
  // The kind first: a skew's sign is its own metric by default.
  for (const char* due : {"kind", "threshold"}) {
    if (!words.contains(due)) return wrong(place, std::string("a ") + due + " is due");
  }
  if (auto fault = take(place, "kind", words.at("kind"), rule)) return std::move(*fault);
  if (rule.kind == vol::AlertKind::skew_flip) rule.metric = vol::SkewMetric::rr25;
  if (rule.kind == vol::AlertKind::term_inversion) rule.tenor_days = 7.0;
  for (const auto& [key, word] : words) {
    if (auto fault = take(place, key, word, rule)) return std::move(*fault);
  }
  return rule;
}

Result<vol::AlertRule> rule_of_flag(const std::string& flag) {
  const std::string place = "--rule " + ballast::quoted(flag);
  const std::size_t colon = flag.find(':');
  if (colon == std::string::npos) return wrong(place, "write NAME:key=value,key=value");
  Words words;
  for (const auto part : split(std::string_view(flag).substr(colon + 1), ',')) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return wrong(place, ballast::quoted(part) + " is not key=value");
    const std::string key(part.substr(0, equals));
    if (!words.emplace(key, part.substr(equals + 1)).second)
      return wrong(place, ballast::quoted(key) + " is there twice");
  }
  return rule_of(place, flag.substr(0, colon), words);
}

Result<std::vector<vol::AlertRule>> rules_of_file(const std::string& path) {
  const auto bytes = store::read_bytes(path);
  if (!bytes) return bytes.error();
  const json list = json::parse(bytes.value(), nullptr, false);
  if (!list.is_array()) return wrong(path, "a JSON list of alert rules is due");
  std::vector<vol::AlertRule> rules;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const std::string place = fmt::format("{}: rule {}", path, i + 1);
    if (!list[i].is_object()) return wrong(place, "an object is due");
    std::string name;
    Words words;
    for (const auto& [key, value] : list[i].items()) {
      if (value.is_structured() || value.is_null()) return wrong(place, key + ": a word or a number is due");
      const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
      if (key == "name") {
        name = text;
      } else {
        words.emplace(key, text);
      }
    }
    auto rule = rule_of(place, name, words);
    if (!rule) return rule.error();
    rules.push_back(std::move(rule).value());
  }
  return rules;
}

}  // namespace

Result<std::vector<vol::AlertRule>> alert_rules(const std::vector<std::string>& flags,
                                                const std::optional<std::string>& file) {
  if (flags.empty() && !file) return vol::default_alert_rules();
  std::vector<vol::AlertRule> rules;
  if (file) {
    auto read = rules_of_file(*file);
    if (!read) return read.error();
    rules = std::move(read).value();
  }
  for (const std::string& flag : flags) {
    auto rule = rule_of_flag(flag);
    if (!rule) return rule.error();
    rules.push_back(std::move(rule).value());
  }
  return rules;
}

}  // namespace ballast::app
