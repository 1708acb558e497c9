#pragma once
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "ballast/base/result.h"
#include "ballast/base/text.h"

#include <toml++/toml.h>

/// How we read TOML: an unknown key, a wrong type and a value out of its range are errors with a line and a column.
/// Only what reads a file includes this: the library behind it is heavy.
namespace ballast::app::toml_in {

inline constexpr double infinity = std::numeric_limits<double>::infinity();

inline std::string at(const toml::source_region& source) {
  return fmt::format("line {}, column {}", source.begin.line, source.begin.column);
}

/// Which numbers a key takes, and the words for it.
struct Range {
  double low, high;
  bool low_open, high_open;
  const char* words;
  bool holds(double x) const {
    return !std::isnan(x) && (low_open ? x > low : x >= low) && (high_open ? x < high : x <= high);
  }
};
inline constexpr Range any{-infinity, infinity, true, true, "a finite number"};
inline constexpr Range bound{-infinity, infinity, false, false, "a number, inf or -inf"};
inline constexpr Range not_negative{0.0, infinity, false, true, "a number of 0 or more"};
inline constexpr Range positive{0.0, infinity, true, true, "a number over 0"};
inline constexpr Range positive_or_inf{0.0, infinity, true, false, "a number over 0, or inf"};
inline constexpr Range share{0.0, 1.0, true, false, "a number over 0 and up to 1"};
inline constexpr Range below_one{0.0, 1.0, false, true, "a number from 0 to under 1"};
inline constexpr Range probability{0.0, 1.0, false, false, "a number from 0 to 1"};
inline constexpr Range correlation{-1.0, 1.0, true, true, "a number between -1 and 1"};
/// One table of the file. The first fault that any of them finds is kept, the rest reads on without effect.
class Section {
 public:
  Section(const toml::table& table, std::string name, std::optional<Error>& error, std::set<std::string> known)
      : table_(table), name_(std::move(name)), error_(error) {
    for (const auto& [key, node] : table_) {
      const std::string word(key.str());
      if (known.contains(word)) continue;
      const std::string near = nearest(word, {known.begin(), known.end()});
      fail(key.source(), fmt::format("unknown key {}{}", path(word),
                                     near.empty() ? "" : fmt::format("; did you mean {}?", ballast::quoted(near))));
    }
  }

  bool has(const char* key) const { return table_.contains(key); }

  std::optional<double> number(const char* key, const Range& range) {
    const toml::node* node = table_.get(key);
    return node ? number(*node, path(key), range) : std::nullopt;
  }
  void number(const char* key, const Range& range, double& into) { into = number(key, range).value_or(into); }

  std::optional<int> whole(const char* key, int least, int most) {
    const toml::node* node = table_.get(key);
    if (!node) return std::nullopt;
    const auto value = node->is_integer() ? node->value<std::int64_t>() : std::nullopt;
    if (value && *value >= least && *value <= most) return static_cast<int>(*value);
    wrong(*node, path(key), fmt::format("a whole number from {} to {}", least, most));
    return std::nullopt;
  }

  std::optional<bool> yes_or_no(const char* key) {
    const toml::node* node = table_.get(key);
    if (!node) return std::nullopt;
    if (node->is_boolean()) return node->value<bool>();
    wrong(*node, path(key), "true or false");
    return std::nullopt;
  }

  std::optional<std::string> text(const char* key) {
    const toml::node* node = table_.get(key);
    if (!node) return std::nullopt;
    if (node->is_string() && !node->value<std::string>()->empty()) return node->value<std::string>();
    wrong(*node, path(key), "a text in quotes");
    return std::nullopt;
  }

  /// One of a few words, by its place among them.
  template <class T>
  std::optional<T> word(const char* key, const std::vector<std::pair<std::string, T>>& words) {
    const auto found = text(key);
    if (!found) return std::nullopt;
    std::string all;
    for (const auto& [name, value] : words) {
      if (name == *found) return value;
      all += (all.empty() ? "" : ", ") + name;
    }
    wrong(*table_.get(key), path(key), "one of " + all);
    return std::nullopt;
  }

  std::vector<double> numbers(const char* key, const Range& range) {
    std::vector<double> list;
    for (const toml::node* node : items(key, "a list of numbers")) {
      if (const auto value = number(*node, path(key), range)) list.push_back(*value);
    }
    return list;
  }

  std::vector<std::string> texts(const char* key) {
    std::vector<std::string> list;
    for (const toml::node* node : items(key, "a list of texts")) {
      const auto value = node->value<std::string>();
      if (!node->is_string() || value->empty()) {
        wrong(*node, path(key), "texts in quotes");
      } else {
        list.push_back(*value);
      }
    }
    return list;
  }

  /// The table of a key, or null where there is none.
  const toml::table* table(const char* key) {
    const toml::node* node = table_.get(key);
    if (node && !node->is_table()) wrong(*node, path(key), fmt::format("a table, [{}]", path(key)));
    return node ? node->as_table() : nullptr;
  }

  std::vector<const toml::table*> tables(const char* key) {
    std::vector<const toml::table*> list;
    const std::string want = fmt::format("tables, each under [[{}]]", path(key));
    for (const toml::node* node : items(key, want)) {
      if (!node->is_table()) {
        wrong(*node, path(key), want);
      } else {
        list.push_back(node->as_table());
      }
    }
    return list;
  }

  const toml::table& raw() const { return table_; }
  std::string path(std::string_view key) const { return fmt::format("{}{}{}", name_, name_.empty() ? "" : ".", key); }

  /// A fault of the section as a whole, or of one of its keys.
  void refuse(const std::string& what, const char* key = nullptr) {
    const toml::node* node = key ? table_.get(key) : nullptr;
    fail(node ? node->source() : table_.source(), what);
  }

  std::optional<double> number(const toml::node& node, const std::string& named, const Range& range) {
    const auto value = node.is_number() ? node.value<double>() : std::nullopt;
    if (value && range.holds(*value)) return value;
    wrong(node, named, range.words);
    return std::nullopt;
  }

 private:
  std::vector<const toml::node*> items(const char* key, const std::string& want) {
    const toml::node* node = table_.get(key);
    std::vector<const toml::node*> list;
    if (!node) return list;
    if (!node->is_array()) {
      wrong(*node, path(key), want);
      return list;
    }
    for (const toml::node& one : *node->as_array()) list.push_back(&one);
    return list;
  }

  static std::string shown(const toml::node& node) {
    if (const auto text = node.is_string() ? node.value<std::string>() : std::nullopt) return ballast::quoted(*text);
    if (const auto value = node.is_floating_point() ? node.value<double>() : std::nullopt) return shortest(*value);
    if (const auto value = node.is_integer() ? node.value<std::int64_t>() : std::nullopt) return std::to_string(*value);
    if (const auto value = node.is_boolean() ? node.value<bool>() : std::nullopt) return *value ? "true" : "false";
    return node.is_table() ? "a table" : node.is_array() ? "a list" : "a date or time";
  }

  void wrong(const toml::node& node, const std::string& named, const std::string& want) {
    fail(node.source(), fmt::format("{} is {}, {} is due", named, shown(node), want));
  }
  void fail(const toml::source_region& source, const std::string& what) {
    if (!error_) error_ = Error{Fault::bad_field, at(source) + ": " + what};
  }

  const toml::table& table_;
  std::string name_;
  std::optional<Error>& error_;
};

}  // namespace ballast::app::toml_in
