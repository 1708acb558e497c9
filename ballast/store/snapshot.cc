#include "ballast/store/snapshot.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>
#include <utility>

#include "ballast/base/text.h"
#include "ballast/store/chain_archive.h"
#include "ballast/store/file.h"
#include "ballast/venue/deribit/account.h"
#include "ballast/venue/deribit/chain_csv.h"
#include "ballast/venue/deribit/form.h"
#include "ballast/venue/deribit/instruments.h"
#include "ballast/venue/deribit/name.h"
#include "ballast/venue/deribit/order_book.h"
#include "ballast/venue/deribit/ticker.h"
#include "ballast/venue/positions_csv.h"

namespace ballast::store {
namespace {

namespace deribit = venue::deribit;
using deribit::Form;
using market::Quote;

/// An index price and how much it is worth against another of the same underlying.
struct IndexCandidate {
  int rank = 0;  // 0 carried by a quote, 1 stated; plus 2 when it is in USD
  double price = 0.0;
  std::optional<Time> sent;
};

/// What the files gave, before it becomes one snapshot.
class Gathering {
 public:
  std::optional<Error> add(const std::string& bytes) {
    const auto form = deribit::detect_form(bytes);
    if (!form) return form.error();
    switch (form.value()) {
      case Form::instruments: return add_instruments(bytes);
      case Form::book_summary: return add_summary(bytes);
      case Form::ticker: return add_one(deribit::decode_ticker(bytes), false);
      case Form::quote: return add_one(deribit::decode_quote(bytes), true);
      case Form::order_book: return add_order_book(bytes);
      case Form::index: return add_index(bytes);
      case Form::chain_csv: return add_chain(bytes);
      case Form::perpetual_prices_csv: return add_perpetual_prices(bytes);
      case Form::positions:
      case Form::account:
      case Form::positions_csv: break;
    }
    return Error{Fault::bad_input, std::string("it holds ") + deribit::name(form.value()) + ", not market data"};
  }

  Result<market::Snapshot> snapshot() {
    add_nearest_perpetual_prices();
    for (const Quote& top : tops_) attach(top);
    for (auto& [name, quote] : out_.quotes) {
      if (closed_.count(name) != 0) quote.open = false;
      if (out_.instruments.count(name) == 0) {
        auto parsed = deribit::parse_name(name);
        if (!parsed) return parsed.error();  // the decoders have read the name before
        out_.instruments.emplace(name, std::move(parsed).value());
      }
      out_.as_of = std::max(out_.as_of, quote.sent);
      const market::Instrument& instrument = out_.instruments.at(name);
      if (quote.index && tabled_.count(name) == 0) offer(instrument.index, *quote.index, quote.oldest(), 0);
    }
    for (const auto& [underlying, candidate] : indices_) {
      out_.indices[underlying] = {candidate.price, candidate.sent.value_or(out_.as_of)};
    }
    return std::move(out_);
  }

 private:
  std::optional<Error> add_instruments(const std::string& bytes) {
    auto list = deribit::decode_instruments(bytes);
    if (!list) return list.error();
    for (const market::Instrument& instrument : list.value().instruments)
      out_.instruments[instrument.name] = instrument;
    for (const market::Dropped& dropped : list.value().dropped) {
      if (dropped.reason == "not_open") closed_.insert(dropped.instrument);
      out_.dropped.push_back(dropped);
    }
    return std::nullopt;
  }

  std::optional<Error> add_summary(const std::string& bytes) {
    const auto summary = deribit::decode_book_summary(bytes);
    if (!summary) return summary.error();
    for (const Quote& quote : summary.value().quotes) keep(quote);
    out_.dropped.insert(out_.dropped.end(), summary.value().dropped.begin(), summary.value().dropped.end());
    return std::nullopt;
  }

  std::optional<Error> add_one(const Result<Quote>& quote, bool top_only) {
    if (!quote) return quote.error();
    top_only ? tops_.push_back(quote.value()) : keep(quote.value());
    return std::nullopt;
  }

  std::optional<Error> add_order_book(const std::string& bytes) {
    const auto message = deribit::decode_order_book(bytes);
    if (!message) return message.error();
    deribit::OrderBook book;
    if (const auto applied = book.apply(message.value()); !applied) return applied.error();
    if (message.value().quote) keep(*message.value().quote);
    Quote top;
    top.instrument = book.instrument();
    top.sent = book.sent();
    top.bids = book.bids();
    top.asks = book.asks();
    if (!top.bids.empty()) {
      top.bid = top.bids.front().price;
      top.bid_amount = top.bids.front().amount;
    }
    if (!top.asks.empty()) {
      top.ask = top.asks.front().price;
      top.ask_amount = top.asks.front().amount;
    }
    tops_.push_back(std::move(top));
    return std::nullopt;
  }

  std::optional<Error> add_index(const std::string& bytes) {
    const auto index = deribit::decode_index(bytes);
    if (!index) return index.error();
    if (index.value().index_name.empty()) {
      return Error{Fault::missing_data, "index_name: the reply does not say which index it is"};
    }
    if (!index.value().sent) {
      out_.dropped.push_back({index.value().index_name, "index_without_time", shortest(index.value().price)});
      return std::nullopt;
    }
    if (!offer(index.value().index_name, index.value().price, index.value().sent, 1)) {
      out_.dropped.push_back({index.value().index_name, "unknown_index", shortest(index.value().price)});
    }
    return std::nullopt;
  }

  std::optional<Error> add_chain(const std::string& bytes) {
    auto decoded = deribit::decode_chain_csv(bytes);
    if (!decoded) return decoded.error();
    for (const Quote& quote : decoded.value().quotes) {
      keep(quote);
      tabled_.insert(quote.instrument);
    }
    for (const auto& [underlying, index] : decoded.value().indices) {
      offer_to(underlying, {3, index.price, index.sent});
    }
    return std::nullopt;
  }

  std::optional<Error> add_perpetual_prices(const std::string& bytes) {
    auto quotes = deribit::decode_perpetual_prices_csv(bytes);
    if (!quotes) return quotes.error();
    perpetual_prices_.insert(perpetual_prices_.end(), quotes.value().begin(), quotes.value().end());
    return std::nullopt;
  }

  void add_nearest_perpetual_prices() {
    std::optional<Time> latest;
    for (const auto& [name, quote] : out_.quotes) latest = std::max(latest.value_or(quote.sent), quote.sent);
    for (const Quote& top : tops_) latest = std::max(latest.value_or(top.sent), top.sent);
    std::map<std::string, const Quote*> nearest;
    const auto distance = [&latest](const Quote& quote) { return std::llabs(quote.sent.ms - latest->ms); };
    for (const Quote& quote : perpetual_prices_) {
      const Quote*& best = nearest[quote.instrument];
      if (best == nullptr || (latest ? distance(quote) < distance(*best) : quote.sent > best->sent)) best = &quote;
    }
    for (const auto& [name, quote] : nearest) keep(*quote);
  }

  void keep(const Quote& quote) {
    const auto [at, fresh] = out_.quotes.try_emplace(quote.instrument, quote);
    if (fresh) return;
    // A source that says nothing of the state does not reopen what another one saw halted, whichever came first.
    const std::optional<bool> earlier_state = quote.sent < at->second.sent ? quote.open : at->second.open;
    if (quote.sent >= at->second.sent) at->second = quote;
    if (!at->second.open) at->second.open = earlier_state;
    if (quote.sent < at->second.sent) return;
    tabled_.erase(quote.instrument);
  }

  void attach(const Quote& top) {
    const auto [at, fresh] = out_.quotes.try_emplace(top.instrument, top);
    if (fresh) return;
    Quote& quote = at->second;
    if (top.sent < quote.sent) {
      out_.dropped.push_back({top.instrument, "older_book", to_string(top.sent) + " before " + to_string(quote.sent)});
      return;
    }
    if (!quote.mark_sent) quote.mark_sent = quote.sent;  // a fresh book does not make an old mark fresh
    quote.sent = top.sent;
    if (top.open) quote.open = top.open;
    quote.bid = top.bid;
    quote.ask = top.ask;
    quote.bid_amount = top.bid_amount;
    quote.ask_amount = top.ask_amount;
    quote.bids = top.bids;
    quote.asks = top.asks;
  }

  /// `index_name` as "btc_usd". False when it is the index of no underlying.
  bool offer(const std::string& index_name, double price, std::optional<Time> sent, int stated) {
    const std::size_t underscore = index_name.find('_');
    if (underscore == 0 || underscore == std::string::npos) return false;
    const std::string quote = index_name.substr(underscore + 1);
    if (quote != "usd" && quote != "usdc" && quote != "usdt") return false;
    std::string underlying = index_name.substr(0, underscore);
    for (char& c : underlying) {
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    offer_to(underlying, {stated + (quote == "usd" ? 2 : 0), price, sent});
    return true;
  }

  void offer_to(const std::string& underlying, const IndexCandidate& candidate) {
    const auto [at, fresh] = indices_.try_emplace(underlying, candidate);
    if (fresh || candidate.rank < at->second.rank) return;
    if (candidate.rank > at->second.rank || candidate.sent >= at->second.sent) at->second = candidate;
  }

  market::Snapshot out_;
  std::vector<Quote> tops_;  // order books and best bids and asks, waiting for the quotes they belong to
  std::vector<Quote> perpetual_prices_;
  std::set<std::string> closed_;
  std::set<std::string> tabled_;  // quotes whose index went into a chain's median
  std::map<std::string, IndexCandidate> indices_;
};

}  // namespace

Result<market::Snapshot> read_snapshot(const std::vector<std::string>& paths) {
  if (paths.empty()) return Error{Fault::missing_data, "no file is named"};
  Gathering gathering;
  for (const std::string& path : paths) {
    if (is_chain_archive(path))
      return Error{Fault::bad_input,
                   path + ": an archive of chains, many snapshots where one is due (--history takes it)"};
    const auto bytes = read_bytes(path);
    if (!bytes) return bytes.error();
    if (auto fault = gathering.add(bytes.value())) return in(path, std::move(*fault));
  }
  return gathering.snapshot();
}

Result<market::Snapshot> snapshot_of(const std::string& bytes) {
  Gathering gathering;
  if (auto fault = gathering.add(bytes)) return std::move(*fault);
  return gathering.snapshot();
}

Result<std::vector<market::Position>> read_positions(const std::string& path) {
  const auto bytes = read_bytes(path);
  if (!bytes) return bytes.error();
  const auto form = deribit::detect_form(bytes.value());
  const bool table = form && form.value() == Form::positions_csv;
  // An empty list of positions is a flat book; detect_form() cannot know that it is one of positions.
  if (!form && form.error().fault != Fault::missing_data) return in(path, form.error());
  if (form && !table && form.value() != Form::positions) {
    return Error{Fault::bad_input, path + ": it holds " + deribit::name(form.value()) + ", not positions"};
  }
  auto decoded = table ? venue::decode_positions_csv(bytes.value()) : deribit::decode_positions(bytes.value());
  if (!decoded) return in(path, decoded.error());
  auto positions = std::move(decoded).value();
  for (market::Position& position : positions) position.where = path + ": " + position.where;
  return positions;
}

Result<std::vector<market::Account>> read_accounts(const std::string& path) {
  const auto bytes = read_bytes(path);
  if (!bytes) return bytes.error();
  const auto form = deribit::detect_form(bytes.value());
  if (!form) return in(path, form.error());
  if (form.value() != Form::account) {
    return Error{Fault::bad_input, path + ": it holds " + deribit::name(form.value()) + ", not accounts"};
  }
  auto decoded = deribit::decode_account(bytes.value());
  if (!decoded) return in(path, decoded.error());
  return decoded;
}

}  // namespace ballast::store
