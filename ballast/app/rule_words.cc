#include "ballast/app/rule_words.h"

#include <optional>
#include <string_view>

#include "ballast/base/text.h"

namespace ballast::app {
namespace {

// "8h", "30m", "1d".
std::optional<Years> parse_interval(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  const auto count = parse_number(text.substr(0, text.size() - 1));
  if (!count || !(*count > 0.0)) return std::nullopt;
  switch (text.back()) {
    case 'm': return Years(*count / (365.0 * 24.0 * 60.0));
    case 'h': return Years(*count / (365.0 * 24.0));
    case 'd': return Years(*count / 365.0);
    default: return std::nullopt;
  }
}

}  // namespace

Result<hedge::RebalanceRule> parse_rule(const std::string& word, double cost_rate) {
  const auto bad = [&](const std::string& due) {
    return Error{Fault::bad_flag, "rule " + ballast::quoted(word) + ": " + due};
  };
  const auto parts = split(word, ':');
  const std::string_view kind = parts[0], value = parts.size() > 1 ? parts[1] : std::string_view();
  hedge::RebalanceRule rule{.cost_rate = cost_rate};
  if (kind == "time" || kind == "leland") {
    const auto interval = parse_interval(value);
    if (!interval || parts.size() > 2) return bad("an interval is due, as in " + std::string(kind) + ":8h");
    rule.least_interval = *interval;
    if (kind == "leland") rule.leland_interval = *interval;
  } else if (kind == "move") {
    const auto move = parse_number(value);
    if (!move || !(*move > 0.0) || parts.size() > 2) return bad("a relative move above 0 is due, as in move:0.02");
    rule.least_move = *move;
  } else if (kind == "band" || kind == "ww" || kind == "zak") {
    const auto number = parse_number(value);
    if (!number) return bad("a number is due, as in " + std::string(kind) + (kind == "band" ? ":0.05" : ":1"));
    if (parts.size() > 3 || (parts.size() == 3 && parts[2] != "middle"))
      return bad("only :middle may follow, found " + ballast::quoted(std::string(parts[2])));
    if (parts.size() == 3) rule.target = hedge::BandTarget::middle;
    if (kind == "band") {
      rule.band = hedge::BandKind::fixed;
      rule.first_target = hedge::BandTarget::middle;
      rule.width = *number;
    } else {
      rule.band = kind == "ww" ? hedge::BandKind::whalley_wilmott : hedge::BandKind::zakamouline;
      rule.aversion = *number;
    }
  } else {
    return bad("time, leland, move, band, ww or zak is due");
  }
  const auto valid = hedge::checked(rule);
  if (!valid) return bad(valid.error().what);
  return rule;
}

}  // namespace ballast::app
