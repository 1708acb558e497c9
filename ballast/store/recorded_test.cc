// Everything recorded: each name, each list, each chain, each message, as the store reads them.
#include <cmath>
#include <ctime>
#include <map>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "ballast/base/text.h"
#include "ballast/store/file.h"
#include "ballast/venue/deribit/chain_csv.h"
#include "ballast/venue/deribit/form.h"
#include "ballast/venue/deribit/instruments.h"
#include "ballast/venue/deribit/name.h"
#include "ballast/venue/deribit/order_book.h"
#include "ballast/venue/deribit/ticker.h"
#include "tests/support.h"

using namespace ballast;
using namespace ballast::venue::deribit;
using store::for_each_member;
using store::read_bytes;

TEST_CASE("every recorded chain is read and every name is written back") {
  const std::map<std::string, std::vector<std::string>> sets = {
      {"deribit-optionchain-20251230-20260331", {"snapshots-202601", "snapshots-202602", "snapshots-202603"}},
      {"deribit-optionchain-20260516-20260727", {"snapshots-202605", "snapshots-202606", "snapshots-202607"}}};
  const std::map<std::string, std::pair<std::size_t, std::size_t>> documented = {
      {"deribit-optionchain-20251230-20260331", {359, 568'354}},
      {"deribit-optionchain-20260516-20260727", {289, 473'376}}};
  double seconds = 0.0, bytes_read = 0.0;
  std::size_t all_rows = 0;
  std::set<std::string> names;
  for (const auto& [folder, files] : sets) {
    std::size_t snapshots = 0, rows = 0, no_bid = 0, no_ask = 0, crossed = 0, no_index = 0;
    for (const std::string& file : files) {
      const auto path = test::shared("data/" + folder + "/" + file + ".tar.zst");
      if (!path) return;
      const auto visited =
          for_each_member(*path, store::file_limit, [&](const std::string& name, const std::string& bytes) {
            const std::clock_t start = std::clock();  // of the processor: other work on the machine does not count
            const auto chain = decode_chain_csv(bytes);
            seconds += static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
            bytes_read += static_cast<double>(bytes.size());
            if (!chain) {
              FAIL_CHECK(name, ": ", chain.error().what);
              return false;
            }
            ++snapshots;
            rows += chain.value().quotes.size();
            if (chain.value().indices.size() != 2) ++no_index;
            for (const market::Instrument& instrument : chain.value().instruments) {
              if (names.insert(instrument.name).second) CHECK(format_name(instrument) == instrument.name);
            }
            for (const market::Quote& quote : chain.value().quotes) {
              if (!quote.bid) ++no_bid;
              if (!quote.ask) ++no_ask;
              if (quote.bid && quote.ask && *quote.bid >= *quote.ask) ++crossed;
            }
            return true;
          });
      REQUIRE(visited);
    }
    MESSAGE(folder, ": ", snapshots, " snapshots, ", rows, " rows, no bid ", no_bid, ", no ask ", no_ask);
    CHECK(snapshots == documented.at(folder).first);
    CHECK(rows == documented.at(folder).second);
    CHECK(crossed == 0);
    CHECK(no_index == 0);
    all_rows += rows;
  }
  MESSAGE(names.size(), " names, ", all_rows, " rows at ", static_cast<double>(all_rows) / seconds / 1e6,
          " million rows/s, ", bytes_read / seconds / 1e6, " MB/s");
}

TEST_CASE("the sample chain has the values of its file") {
  const auto path = test::shared(
      "data/deribit-optionchain-20251230-20260331/sample_deribit_options_snapshot_20260205T212937Z.csv.gz");
  if (!path) return;
  const auto chain = decode_chain_csv(read_bytes(*path).value()).value();
  CHECK(to_string(chain.as_of) == "2026-02-05T21:29:37.885Z");
  CHECK(chain.quotes[0].instrument == "BTC-24APR26-88000-C");
  CHECK(chain.quotes[0].bid == 0.0185);
  CHECK(chain.quotes[0].mark == 0.020192);
  CHECK(chain.quotes[0].mark_vol->value == 0.5988);
  CHECK(std::abs(chain.indices.at("BTC").price - 63'858.0) < 400.0);
  CHECK(chain.indices.count("ETH") == 1);
}

TEST_CASE("the recorded perpetual prices are read") {
  const auto path = test::shared("data/deribit-optionchain-20251230-20260331/perpetual_futures_prices.csv.zst");
  if (!path) return;
  const auto quotes = decode_perpetual_prices_csv(read_bytes(*path).value());
  REQUIRE(quotes);
  MESSAGE(quotes.value().size(), " perpetual prices");
  CHECK(quotes.value()[0].instrument == "BTC-PERPETUAL");
  CHECK(quotes.value()[0].mark == 88539.0);
  CHECK(quotes.value()[0].sent.ms == 1767115875944);
}

TEST_CASE("the instrument lists of 2021 and 2022 are read") {
  const auto path = test::shared("data/deribit-wire-20210722/DERIBIT.0.zst");
  if (!path) return;
  const std::string bytes = read_bytes(*path).value();
  std::map<std::string, std::size_t> found;
  std::size_t all = 0;
  for (const std::string_view line : split(bytes, '\n')) {
    const std::size_t arrow = line.find(" -> ");
    const std::size_t start = line.find(": {", arrow == std::string_view::npos ? line.size() : arrow);
    if (start == std::string_view::npos) continue;
    const auto list = decode_instruments(line.substr(start + 2));
    if (!list) FAIL(std::string(line.substr(0, 90)), ": ", list.error().what);
    for (const market::Instrument& instrument : list.value().instruments) {
      ++found[instrument.settlement == market::Settlement::linear ? "USDC" : instrument.underlying];
      ++all;
      CHECK(format_name(parse_name(instrument.name).value()) == instrument.name);
    }
    CHECK(list.value().dropped.empty());
  }
  MESSAGE(all, " instruments: BTC ", found["BTC"], ", ETH ", found["ETH"], ", SOL ", found["SOL"], ", USDC ",
          found["USDC"]);
  CHECK(found["BTC"] == 398);
  CHECK(found["ETH"] == 426);
  CHECK(found["SOL"] == 177);
  CHECK(found["USDC"] == 16);
}

TEST_CASE("the messages of 2021 are read and their books stay whole") {
  const auto path = test::shared("data/deribit-wire-20210722/DERIBIT.ws.1.0.zst");
  if (!path) return;
  const std::string bytes = read_bytes(*path).value();
  std::map<std::string, OrderBook> books;
  std::map<std::string, market::Quote> tickers;
  std::size_t ticker_count = 0, book_count = 0, foreign = 0, compared = 0;
  for (const std::string_view line : split(bytes, '\n')) {
    const std::size_t start = line.find(": {");
    if (start == std::string_view::npos || start > 20) continue;  // the header lines
    const std::string_view message = line.substr(start + 2);
    const auto form = detect_form(message);
    if (!form) {
      CHECK(form.error().fault == Fault::not_ours);
      ++foreign;
    } else if (form.value() == Form::ticker) {
      const auto quote = decode_ticker(message);
      REQUIRE(quote);
      ++ticker_count;
      tickers[quote.value().instrument] = quote.value();
      CHECK(quote.value().greeks);
    } else {
      REQUIRE(form.value() == Form::order_book);
      const auto read = decode_order_book(message);
      REQUIRE(read);
      OrderBook& book = books[read.value().instrument];
      REQUIRE(book.apply(read.value()));
      ++book_count;
      const auto ticker = tickers.find(read.value().instrument);
      if (ticker == tickers.end() || ticker->second.sent != book.sent()) continue;
      // A ticker and a book of the same instant say the same best prices.
      ++compared;
      CHECK(ticker->second.bid.has_value() == !book.bids().empty());
      CHECK(ticker->second.ask.has_value() == !book.asks().empty());
      if (ticker->second.bid) CHECK(*ticker->second.bid == book.bids().front().price);
      if (ticker->second.ask) CHECK(*ticker->second.ask == book.asks().front().price);
      if (ticker->second.ask) CHECK(*ticker->second.ask_amount == book.asks().front().amount);
    }
  }
  MESSAGE(ticker_count, " tickers, ", book_count, " book messages of ", books.size(), " books, ", compared,
          " compared with a ticker, ", foreign, " not ours");
  CHECK(ticker_count == 89);
  CHECK(book_count == 46);
  CHECK(books.size() == 10);
  CHECK(compared > 10);
}
