#include "tools/bot_book.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ballast/base/text.h"

namespace ballast::study {
namespace {

using nlohmann::json;

constexpr double cent = 0.005, coin_digit = 5e-6;  // half of the last digit that the bot writes: USD, hedges in coin

/// The members of one object; the first fault is kept.
class Fields {
 public:
  Fields(const json& object, std::string place) : object_(object), place_(std::move(place)) {
    if (!object.is_object()) error_ = Error{Fault::bad_field, place_ + " is no object"};
  }

  bool has(const char* key) const { return object_.is_object() && object_.contains(key); }

  double number(const char* key) {
    if (has(key) && object_[key].is_number()) return object_[key].get<double>();
    return fail(key, "a number"), NAN;
  }
  std::optional<double> number_if(const char* key) { return has(key) ? std::optional(number(key)) : std::nullopt; }

  std::string text(const char* key) {
    if (has(key) && object_[key].is_string()) return object_[key].get<std::string>();
    return fail(key, "a text"), "";
  }

  /// "2026-06-07 03:32:05 UTC"
  Time time(const char* key) {
    std::string written = text(key);
    if (written.ends_with(" UTC")) written = written.substr(0, 10) + "T" + written.substr(11, 8) + "Z";
    const auto parsed = parse_time(written);
    if (parsed) return parsed.value();
    return fail(key, "a time"), Time{0};
  }

  const json& list(const char* key) {
    static const json none = json::array();
    if (has(key) && object_[key].is_array()) return object_[key];
    return fail(key, "a list"), none;
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  void fail(const char* key, const char* want) {
    if (error_) return;
    const std::string found =
        has(key) ? ballast::quoted(object_[key].dump(-1, ' ', true, json::error_handler_t::replace)) : "missing";
    error_ = Error{Fault::bad_field, fmt::format("{}.{} is {}, {} is due", place_, key, found, want)};
  }

  const json& object_;
  std::string place_;
  std::optional<Error> error_;
};

Result<BotPosition> position_of(const json& object, const std::string& place, bool closed) {
  Fields f(object, place);
  BotPosition p{.instrument = f.text("instrument_name"), .entry = f.time("entry_ts")};
  p.contracts = f.number("contracts");
  p.entry_price = f.number("entry_price"), p.entry_usd = f.number("entry_price_usd");
  p.entry_index = f.number("entry_spot");
  p.hedge = f.number_if("hedge_qty").value_or(0.0);
  if (closed) {
    p.exit = f.time("exit_ts");
    p.exit_price = f.number("exit_price"), p.exit_index = f.number("exit_spot");
    p.exit_reason = f.text("exit_reason");
    p.pnl_coin = f.number("pnl_btc"), p.pnl_usd = f.number("pnl_usd");
  }
  if (f.error()) return *f.error();
  if (!(p.contracts > 0.0)) return Error{Fault::bad_field, fmt::format("{}.contracts is {}", place, p.contracts)};
  return p;
}

Result<BotHedge> hedge_of(const json& object, const std::string& place) {
  Fields f(object, place);
  BotHedge h{.at = f.time("ts"), .coins = f.number("qty"), .index = f.number("spot")};
  h.perpetual = f.number_if("perp_price");
  h.before = f.number("qty_before"), h.after = f.number("qty_after");
  h.vwap_before = f.number("vwap_before"), h.vwap = f.number("vwap_after");
  h.realised = f.number_if("realized_pnl_usd"), h.realised_sum = f.number_if("realized_cumul_usd");
  if (f.error()) return *f.error();
  if (!(h.price() > 0.0)) return Error{Fault::bad_field, fmt::format("{}: price {}", place, h.price())};
  return h;
}

void note(BotCheck& check, double difference, double rounding, const std::string& of) {
  ++check.figures;
  check.worst = std::max(check.worst, std::abs(difference));
  check.allowed = std::max(check.allowed, rounding);
  if (std::abs(difference) > rounding * 1.0001 + 1e-9) check.off.push_back(fmt::format("{}: {:+.6g}", of, difference));
}

std::string named(const BotHedge& h) { return fmt::format("hedge of {}", to_string(h.at)); }

}  // namespace

Result<BotBook> bot_book(std::string_view bytes) {
  const json file = json::parse(bytes, nullptr, false);
  if (file.is_discarded()) return Error{Fault::bad_syntax, "positions: no JSON"};
  BotBook book;
  Fields top(file, "positions file");
  for (const bool closed : {true, false}) {
    const char* key = closed ? "history" : "positions";
    std::size_t n = 0;
    for (const json& one : top.list(key)) {
      auto position = position_of(one, fmt::format("{}[{}]", key, n++), closed);
      if (!position) return position.error();
      book.positions.push_back(std::move(position).value());
    }
  }
  if (top.error()) return *top.error();
  if (!top.has("hedge")) return Error{Fault::bad_field, "positions file.hedge is missing"};
  Fields hedge(file["hedge"], "hedge");
  book.coins = hedge.number("qty"), book.vwap = hedge.number("avg_entry");
  book.realised_usd = hedge.number("realized_pnl_usd");
  std::size_t n = 0;
  for (const json& one : hedge.list("history")) {
    const auto trade = hedge_of(one, fmt::format("hedge.history[{}]", n++));
    if (!trade) return trade.error();
    if (!book.hedges.empty() && trade.value().at < book.hedges.back().at) {
      return Error{Fault::bad_field, fmt::format("hedge.history[{}] is before the one above it", n - 1)};
    }
    book.hedges.push_back(trade.value());
  }
  if (hedge.error()) return *hedge.error();
  return book;
}

std::vector<venue::AccountTrade> option_trades(const BotBook& book) {
  std::vector<venue::AccountTrade> trades;
  for (const BotPosition& p : book.positions) {
    trades.push_back({.at = p.entry, .instrument = p.instrument, .amount = -p.contracts, .price = p.entry_price});
    if (!p.exit || p.exit_reason == "expiration") continue;
    trades.push_back({.at = *p.exit, .instrument = p.instrument, .amount = p.contracts, .price = p.exit_price});
  }
  std::stable_sort(trades.begin(), trades.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  return trades;
}

std::vector<venue::AccountTrade> hedge_trades(const BotBook& book) {
  std::vector<venue::AccountTrade> trades;
  for (const BotHedge& h : book.hedges) {
    trades.push_back({.at = h.at, .instrument = "BTC-PERPETUAL", .amount = h.usd(), .price = h.price()});
  }
  return trades;
}

std::string trades_csv(const std::vector<venue::AccountTrade>& trades, std::string_view comment) {
  std::string csv = fmt::format("# {}\ntime,instrument,amount,price\n", comment);
  for (const venue::AccountTrade& t : trades) {
    csv += fmt::format("{},{},{},{}\n", to_string(t.at), t.instrument, shortest(t.amount), shortest(t.price));
  }
  return csv;
}

std::vector<BotCheck> checks(const BotBook& book) {
  BotCheck coin{.what = "closed P&L, BTC: (entry - exit) size"};
  BotCheck held{.what = "closed P&L, USD, expiry and roll: BTC at the index of the exit"};
  BotCheck trimmed{.what = "closed P&L, USD, trims: entry at the index of the entry, exit at that of the exit"};
  for (const BotPosition& p : book.positions) {
    if (!p.exit) continue;
    const std::string of = fmt::format("{} {} of {}", p.exit_reason, p.instrument, to_string(p.entry));
    const double gain = (p.entry_price - p.exit_price) * p.contracts;
    note(coin, p.pnl_coin - gain, 5e-7, of);
    if (p.exit_reason == "cb_tier1_trim") {
      // The entry in USD is a cent's rounding for a whole coin.
      note(trimmed, p.pnl_usd - (p.entry_usd - p.exit_price * p.exit_index) * p.contracts, cent * (1.0 + p.contracts),
           of);
    } else {
      note(held, p.pnl_usd - gain * p.exit_index, cent, of);
    }
  }
  BotCheck sizes{.what = "hedge, coins after each trade"},
      links{.what = "hedge, coins before it: those after the last"};
  BotCheck vwap{.what = "hedge, average entry: coins sold at the price, in the average; bought: as before"};
  BotCheck realised{.what = "hedge, realised USD: coins bought (average entry - index)"};
  BotCheck sums{.what = "hedge, realised USD since the start"};
  BotCheck account{.what = "hedge, USD: realised and open, what each trade adds at its own price (nothing is due)"};
  double position = 0.0, sum = 0.0;
  for (const BotHedge& h : book.hedges) {
    note(links, h.before - position, 0.0, named(h));
    note(sizes, h.after - h.before - h.coins, 2.0 * coin_digit, named(h));
    const double sold = h.after - h.before;
    // Averages before and after are rounded to a cent.
    const double average = sold < 0.0 ? (h.before * h.vwap_before + sold * h.price()) / h.after : h.vwap_before;
    note(vwap, h.vwap - average, 2.0 * cent, named(h));
    const double gain = h.coins > 0.0 ? h.coins * (h.vwap_before - h.index) : 0.0;
    // The coins are rounded as well: 5e-6 of a gain of a few thousand USD a coin.
    const double rounding = cent + coin_digit * std::abs(h.vwap_before - h.index) + cent * std::abs(h.coins);
    if (h.realised) {
      note(realised, *h.realised - gain, rounding, named(h));
      sum += *h.realised;
    } else if (h.coins > 0.0) {
      note(realised, -gain, rounding, named(h) + ", which realises nothing in the file");
    }
    const double added =
        h.realised.value_or(0.0) + h.after * (h.price() - h.vwap) - h.before * (h.price() - h.vwap_before);
    note(account, added, rounding + cent * (std::abs(h.before) + std::abs(h.after)), named(h));
    if (h.realised_sum) note(sums, *h.realised_sum - sum, cent, named(h));
    position = h.after;
  }
  note(sizes, book.coins - position, 0.0, "the position at the end");
  if (!book.hedges.empty()) note(vwap, book.vwap - book.hedges.back().vwap, 0.0, "the average entry at the end");
  note(sums, book.realised_usd - sum, cent, "the sum at the end");
  return {coin, held, trimmed, links, sizes, vwap, realised, sums, account};
}

HedgeAccount hedge_account(const BotBook& book, double index) {
  HedgeAccount account;
  for (const BotHedge& h : book.hedges) {
    account.linear_usd += h.coins * (index - h.price());
    account.inverse_coin += h.usd() * (1.0 / h.price() - 1.0 / index);
    account.contracts_usd += h.usd();
  }
  account.bot_usd = book.realised_usd + book.coins * (index - book.vwap);
  return account;
}

}  // namespace ballast::study
