#pragma once
#include <functional>
#include <map>
#include <string>

#include <CLI/CLI.hpp>

#include "ballast/app/commands.h"
#include "ballast/app/output.h"
#include "ballast/base/text.h"
#include "ballast/vol/smile_quotes.h"

/// What the flags of all commands are made of. Only the files that declare commands include this: CLI11 is heavy.
namespace ballast::app::cli {

inline const std::map<std::string, Format> formats = {{"table", Format::table},
                                                      {"json", Format::json},
                                                      {"jsonl", Format::jsonl},
                                                      {"csv", Format::csv},
                                                      {"markdown", Format::markdown}};
template <class T>
std::string keys(const std::map<std::string, T>& map) {
  std::string all;
  for (const auto& [key, value] : map) all += (all.empty() ? "" : ", ") + key;
  return all;
}

/// A word of a fixed list; the error names the word and the list.
template <class T>
CLI::Option* add_choice(CLI::App* command, const std::string& flags, const std::map<std::string, T>& map,
                        const std::string& help, const std::function<void(T)>& take) {
  return command
      ->add_option_function<std::string>(
          flags,
          [flags, &map, take](const std::string& word) {
            const auto found = map.find(word);
            if (found == map.end()) throw CLI::ValidationError(flags, "'" + word + "' is not one of " + keys(map));
            take(found->second);
          },
          help)
      ->type_name("WORD");
}

/// `nan` and `inf` read as doubles, but no flag means them.
inline const CLI::Validator finite(
    [](std::string& word) {
      return parse_number(word) ? std::string() : "a finite number is due, found " + ballast::quoted(word);
    },
    "");
inline const CLI::Validator positive(
    [](std::string& word) {
      const auto value = parse_number(word);
      return value && *value > 0.0 ? std::string() : "a number over 0 is due, found " + ballast::quoted(word);
    },
    "");

inline const CLI::Validator not_negative(
    [](std::string& word) {
      const auto value = parse_number(word);
      return value && *value >= 0.0 ? std::string() : "a number of 0 or more is due, found " + ballast::quoted(word);
    },
    "");

inline const CLI::Validator depth_share(
    [](std::string& word) {
      const auto value = parse_number(word);
      return value && *value > 0.0 && *value <= 1.0
                 ? std::string()
                 : "a number over 0 and up to 1 is due, found " + ballast::quoted(word);
    },
    "");

inline const CLI::Validator inner_share(
    [](std::string& word) {
      const auto value = parse_number(word);
      return value && *value > 0.0 && *value < 1.0 ? std::string()
                                                   : "a number between 0 and 1 is due, found " + ballast::quoted(word);
    },
    "");
inline const CLI::Validator count(
    [](std::string& word) {
      const auto value = parse_integer(word);
      return value && *value >= 0 ? std::string()
                                  : "a whole number of 0 or more is due, found " + ballast::quoted(word);
    },
    "");

/// A time ahead: up to 100 years, which milliseconds hold with room to spare.
inline const CLI::Validator days_ahead(
    [](std::string& word) {
      const auto value = parse_number(word);
      return value && *value >= 0.0 && *value <= 36500.0
                 ? std::string()
                 : "a number of 0 to 36500 is due, found " + ballast::quoted(word);
    },
    "");

inline void add_format(CLI::App* command, Format& format) {
  add_choice<Format>(command, "-o,--output", formats, "table (default), json, jsonl, csv or markdown",
                     [&format](Format f) { format = f; });
  command->add_flag_callback("--json", [&format] { format = Format::json; }, "same as -o json");
}

inline const std::map<std::string, vol::FitTarget> fit_targets = {{"mark", vol::FitTarget::mark},
                                                                  {"mid", vol::FitTarget::mid}};
inline const std::map<std::string, vol::FitWeight> fit_weights = {
    {"equal", vol::FitWeight::equal}, {"spread", vol::FitWeight::spread}, {"vega", vol::FitWeight::vega}};

inline void add_market(CLI::App* command, MarketOptions& market, bool required) {
  CLI::Option* chain =
      command->add_option("--chain", market.chain,
                          "market data, any number of files: Deribit instrument lists, book summaries, tickers, order "
                          "books and indices in JSON, chain snapshots in CSV; plain, gz or zst; - is standard input");
  if (required) chain->required();
  command->add_option("--as-of", market.as_of, "the instant the answer is for (default: the latest time in the data)")
      ->type_name("TIME");
  command->add_option("--max-age", market.max_age_s, "replaces every age limit: how old a value may be")
      ->check(positive)
      ->type_name("SECONDS");
}

}  // namespace ballast::app::cli
