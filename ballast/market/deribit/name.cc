#include "ballast/market/deribit/name.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "ballast/base/text.h"

namespace ballast::market::deribit {
namespace {

constexpr std::array<std::string_view, 12> months = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                     "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::size_t longest_name = 64;  // the longest recorded one has 28 bytes

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

/// A currency: capital letters and digits, as "BTC" or "1INCH".
bool is_currency(std::string_view text) {
  return !text.empty() && text.size() <= 16 && std::any_of(text.begin(), text.end(), is_upper) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_upper(c) || is_digit(c); });
}

/// "25DEC26" or "5JUN26"; empty when there is no such day.
std::optional<Time> parse_expiry(std::string_view text) {
  if ((text.size() != 6 && text.size() != 7) || text[0] == '0') return std::nullopt;
  const std::size_t n = text.size() - 5;
  const auto day = parse_integer(text.substr(0, n));
  const auto year = parse_integer(text.substr(n + 3));
  const auto month = std::find(months.begin(), months.end(), text.substr(n, 3));
  if (!day || !year || *day < 1 || *day > 31 || *year < 0 || !is_digit(text[n + 3]) || month == months.end()) {
    return std::nullopt;
  }
  const auto t =
      instant({static_cast<int>(2000 + *year), static_cast<int>(month - months.begin()) + 1, static_cast<int>(*day)},
              expiry_hour);
  if (!t) return std::nullopt;
  return t.value();
}

std::string format_expiry(Time expiry) {
  const Date date = date_of(expiry);
  return fmt::format("{}{}{:02}", date.day, months[static_cast<std::size_t>(date.month - 1)], date.year % 100);
}

/// "100000" or "1d52"; empty unless it is a positive number in the venue's one spelling: no zero in front of or behind
/// the digits that count, so that format_strike() gives the same text back.
std::optional<double> parse_strike(std::string_view text) {
  constexpr std::size_t most_digits = 15;  // what a double holds exactly enough to write back
  char decimal[most_digits + 1];
  if (text.empty() || text.size() > sizeof decimal) return std::nullopt;
  const std::size_t point = text.find('d');
  if (point == 0 || (text[0] == '0' && point != 1)) return std::nullopt;
  if (point != std::string_view::npos && (text.back() == 'd' || text.back() == '0')) return std::nullopt;
  if (point == std::string_view::npos ? text.size() > 12 : text.size() - point > 11) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i != point && !is_digit(text[i])) return std::nullopt;
    decimal[i] = i == point ? '.' : text[i];
  }
  const auto strike = parse_number(std::string_view(decimal, text.size()));
  if (!strike || !(*strike > 0.0)) return std::nullopt;
  return strike;
}

std::string format_strike(double strike) {
  std::string text = fmt::format("{:.10f}", strike);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  std::replace(text.begin(), text.end(), '.', 'd');
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

/// Documented defaults before the fee schedule of August 2026 (reference/venues/deribit.md 1.1, 1.2, 1.6).
void set_inverse_option_defaults(Instrument& i) {
  i.contract_size = 1.0;
  i.lot = i.underlying == "BTC" ? 0.1 : 1.0;
  i.ticks = {0.0001, {{0.005, 0.0005}}};
  i.fees = {0.0003, 0.0003, 0.125};
}

void set_linear_option_defaults(Instrument& i) {
  // SOL and XRP are documented, the other multipliers, the ticks and the fees are not (unverified: read the list).
  i.contract_size = i.underlying == "SOL" ? 10.0 : i.underlying == "XRP" ? 1000.0 : 1.0;
  i.lot = i.contract_size;
  i.ticks = {0.0001, {}};
  i.fees = {0.0001, 0.0005, 0.125};
}

void set_inverse_future_defaults(Instrument& i) {
  const bool btc = i.underlying == "BTC";
  i.contract_size = btc || i.underlying == "SOL" ? 10.0 : 1.0;  // SOL: recorded 2022, no longer listed
  i.lot = i.contract_size;
  // ETH 0.05 was recorded for all its futures in 2021; whether the dated ones still have it is unverified.
  i.ticks.tick = btc ? (i.kind == Kind::perpetual ? 0.5 : 2.5) : i.underlying == "SOL" ? 0.01 : 0.05;
  i.fees = {0.0, 0.0005, 0.0};  // weekly and daily futures had a maker rebate of 0.01 % that the name does not show
}

struct LinearDefault {
  std::string_view underlying;
  double contract_size, tick;
};
// Contract sizes from the recorded list of 2022 (ETH from an order of 2026), ticks from the notice of April 2026 where
// it names the coin, else from that list. All but BTC and ETH sizes are unverified for 2026.
constexpr LinearDefault linear_defaults[] = {
    {"BTC", 0.001, 1.0},    {"ETH", 0.001, 0.1},  {"SOL", 0.1, 0.001},     {"XRP", 10.0, 0.0001},
    {"ADA", 10.0, 0.00001}, {"BCH", 0.02, 0.001}, {"ALGO", 10.0, 0.00001}, {"DOT", 1.0, 0.0001},
    {"NEAR", 1.0, 0.0001},  {"UNI", 1.0, 0.0001}, {"BNB", 0.01, 0.01},     {"DOGE", 100.0, 0.00001},
    {"LTC", 0.1, 0.01},     {"AVAX", 0.1, 0.01},  {"LINK", 1.0, 0.001},    {"TRX", 100.0, 0.00001}};

void set_linear_future_defaults(Instrument& i) {
  i.contract_size = 1.0;
  i.ticks.tick = 0.0001;
  for (const LinearDefault& d : linear_defaults) {
    if (d.underlying != i.underlying) continue;
    i.contract_size = d.contract_size;
    i.ticks.tick = d.tick;
  }
  i.lot = i.contract_size;
  i.fees = {0.0, 0.0005, 0.0};
}

void set_spot_defaults(Instrument& i) {
  i.contract_size = 1.0;
  i.lot = 0.0001;         // unverified
  i.ticks.tick = 0.0001;  // unverified
  i.fees = {0.0, 0.0, 0.0};
}

Error unreadable(std::string_view name, std::string_view why) {
  return Error{Fault::bad_field, fmt::format("{} is not a Deribit instrument: {}", quoted(name), why)};
}

}  // namespace

void set_documented_terms(Instrument& i) {
  const bool linear = i.settlement == Settlement::linear;
  switch (i.kind) {
    case Kind::spot: return set_spot_defaults(i);
    case Kind::option: return linear ? set_linear_option_defaults(i) : set_inverse_option_defaults(i);
    case Kind::future:
    case Kind::perpetual: return linear ? set_linear_future_defaults(i) : set_inverse_future_defaults(i);
  }
}

Result<Instrument> parse_name(std::string_view name) {
  if (name.empty() || name.size() > longest_name) return unreadable(name, "its length is not 1 to 64 bytes");
  std::array<std::string_view, 5> places;  // an option has four parts, all else fewer; a fifth is the rest
  std::size_t count = 0;
  for (std::string_view rest = name;;) {
    const std::size_t dash = count + 1 < places.size() ? rest.find('-') : std::string_view::npos;
    places[count++] = rest.substr(0, dash);
    if (dash == std::string_view::npos) break;
    rest.remove_prefix(dash + 1);
  }
  const std::span<const std::string_view> parts(places.data(), count);
  const std::size_t underscore = parts[0].find('_');
  const bool pair = underscore != std::string_view::npos;
  const std::string_view base = parts[0].substr(0, underscore);
  const std::string_view quote = pair ? parts[0].substr(underscore + 1) : std::string_view();
  if (!is_currency(base) || (pair && !is_currency(quote))) return unreadable(name, "it does not begin with a currency");
  if (parts.size() >= 3 && is_upper(parts[1].empty() ? '-' : parts[1][0]) &&
      std::all_of(parts[1].begin(), parts[1].end(), [](char c) { return is_upper(c) || is_digit(c); })) {
    return Error{Fault::not_ours, quoted(name) + " is a combo: its positions live in the legs"};
  }

  Instrument i;
  i.name = std::string(name);
  i.underlying = std::string(base);
  i.settlement = pair ? Settlement::linear : Settlement::inverse;
  i.settlement_currency = std::string(pair ? quote : base);
  i.index = lower(base) + "_" + (pair ? lower(quote) : "usd");
  if (parts.size() == 1) {
    if (!pair) return unreadable(name, "a currency alone is not an instrument");
    if (base == quote) return unreadable(name, "it exchanges a currency for itself");
    i.kind = Kind::spot;
    set_documented_terms(i);
    return i;
  }
  if (pair && quote != "USDC" && quote != "USDT") return unreadable(name, "derivatives are paid in USDC or USDT");
  if (parts.size() == 2 && parts[1] == "PERPETUAL") {
    i.kind = Kind::perpetual;
  } else if (parts.size() == 2 || parts.size() == 4) {
    const auto expiry = parse_expiry(parts[1]);
    if (!expiry) return unreadable(name, "no such expiry, write 25DEC26");
    i.expiry = *expiry;
    i.kind = parts.size() == 2 ? Kind::future : Kind::option;
  } else {
    return unreadable(name, "it has neither the parts of a future nor those of an option");
  }
  if (i.kind == Kind::option) {
    const auto strike = parse_strike(parts[2]);
    if (!strike) return unreadable(name, "the strike is not a positive number");
    if (parts[3] != "C" && parts[3] != "P") return unreadable(name, "an option ends in C or P");
    i.strike = *strike;
    i.option_type = parts[3] == "C" ? OptionType::call : OptionType::put;
  }
  set_documented_terms(i);
  return i;
}

std::string format_name(const Instrument& i) {
  std::string name = i.underlying;
  if (i.settlement == Settlement::linear) name += "_" + i.settlement_currency;
  switch (i.kind) {
    case Kind::spot: return name;
    case Kind::perpetual: return name + "-PERPETUAL";
    case Kind::future: return name + "-" + format_expiry(i.expiry);
    case Kind::option:
      return name + "-" + format_expiry(i.expiry) + "-" + format_strike(i.strike) +
             (i.option_type == OptionType::call ? "-C" : "-P");
  }
  return name;
}

}  // namespace ballast::market::deribit
