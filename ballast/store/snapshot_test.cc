#include "ballast/store/snapshot.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <unistd.h>

#include "ballast/market/clean.h"
#include "tests/folder.h"
#include "tests/support.h"

using namespace ballast;
using store::read_accounts;
using store::read_positions;
using store::read_snapshot;

namespace {

std::string ticker(const std::string& name, const std::string& time, const std::string& bid, const std::string& ask) {
  return R"({"result":{"instrument_name":")" + name + R"(","timestamp":)" + time +
         R"(,"mark_price":60000,"index_price":59990,)" + R"("best_bid_price":)" + bid + R"(,"best_ask_price":)" + ask +
         R"(,"best_bid_amount":10,"best_ask_amount":10}})";
}

std::string book(const std::string& time, const std::string& rest = "") {
  return R"({"result":{"instrument_name":"BTC-PERPETUAL","timestamp":)" + time + R"(,"change_id":1)" + rest +
         R"(,"bids":[[59999,20],[59998,30]],"asks":[[60001,40]]}})";
}

}  // namespace

TEST_CASE("files of several forms become one snapshot") {
  const test::Folder folder;
  const auto list = folder.file("list.json", R"({"result":[
      {"instrument_name":"BTC-PERPETUAL","kind":"future","contract_size":10,"min_trade_amount":10,"tick_size":0.25,
       "maker_commission":0,"taker_commission":0.0004,"expiration_timestamp":32503708800000},
      {"instrument_name":"BTC-25DEC26","kind":"future","contract_size":10,"min_trade_amount":10,"tick_size":2.5,
       "maker_commission":0,"taker_commission":0.0004,"expiration_timestamp":1798185600000,"state":"locked"},
      {"instrument_name":"BTC-FS-25DEC26_PERP","kind":"future_combo"}]})");
  const auto early = folder.file("early.json", ticker("BTC-PERPETUAL", "1779460430000", "59990", "60010"));
  const auto late = folder.file("late.json", ticker("BTC-PERPETUAL", "1779460431000", "59995", "60005"));
  const auto locked = folder.file("locked.json", ticker("BTC-25DEC26", "1779460431000", "61000", "61010"));
  const auto depth = folder.file("depth.json", book("1779460432000"));
  const auto index =
      folder.file("index.json", R"({"method":"subscription","params":{"channel":"deribit_price_index.eth_usd",
      "data":{"timestamp":1779460429000,"price":2100.5,"index_name":"eth_usd"}}})");

  const auto read = read_snapshot({late, depth, list, early, locked, index});
  REQUIRE(read);
  const market::Snapshot& snapshot = read.value();
  CHECK(snapshot.as_of.ms == 1779460432000);
  const market::Quote& quote = snapshot.quotes.at("BTC-PERPETUAL");
  CHECK(quote.sent.ms == 1779460432000);
  CHECK(quote.bid == 59999.0);
  CHECK(quote.ask_amount == 40.0);
  CHECK(quote.mark == 60000.0);
  CHECK(quote.bids.size() == 2);
  CHECK(snapshot.instruments.at("BTC-PERPETUAL").ticks.tick == 0.25);
  CHECK(snapshot.instruments.at("BTC-PERPETUAL").from_venue);
  CHECK(snapshot.quotes.at("BTC-25DEC26").open == false);
  CHECK(snapshot.indices.at("BTC").price == 59990.0);
  CHECK(snapshot.indices.at("ETH").price == 2100.5);
  CHECK(snapshot.dropped.size() == 2);

  const auto alone = read_snapshot({late});
  CHECK(alone.value().instruments.at("BTC-PERPETUAL").ticks.tick == 0.5);  // the documented default
  const auto old = read_snapshot({late, folder.file("old.json", book("1779460430500"))});
  CHECK(old.value().quotes.at("BTC-PERPETUAL").bids.empty());
  REQUIRE(old.value().dropped.size() == 1);
  CHECK(old.value().dropped[0].reason == "older_book");
  const auto only = read_snapshot({depth});
  CHECK(only.value().quotes.at("BTC-PERPETUAL").bid == 59999.0);
}

TEST_CASE("a file that does not fit is named") {
  const test::Folder folder;
  const auto good = folder.file("good.json", ticker("BTC-PERPETUAL", "1779460431000", "59995", "60005"));
  const auto fault = [&](const std::string& name, const std::string& bytes) {
    const auto path = folder.file(name, bytes);
    const auto read = read_snapshot({good, path});
    REQUIRE_FALSE(read);
    CHECK(read.error().what.find(path + ": ") == 0);
    return read.error().fault;
  };
  CHECK(fault("cut.json", "{\"result\":") == Fault::bad_syntax);
  CHECK(fault("book.csv", "venue,instrument,quantity,unit\n") == Fault::bad_input);
  CHECK(fault("account.json", R"({"currency":"BTC","equity":1})") == Fault::bad_input);
  CHECK(fault("change.json",
              R"({"instrument_name":"BTC-PERPETUAL","timestamp":1779460431000,"type":"change","change_id":2,
      "prev_change_id":1,"bids":[],"asks":[]})") == Fault::out_of_sequence);
  CHECK(fault("index.json", R"({"result":{"index_price":60000}})") == Fault::missing_data);
  CHECK(read_snapshot({}).error().fault == Fault::missing_data);
  CHECK(read_snapshot({"/no/such"}).error().fault == Fault::unavailable);
}

TEST_CASE("positions and accounts say where they come from") {
  const test::Folder folder;
  const auto table = folder.file("book.csv", "venue,instrument,quantity,unit\nderibit,BTC-PERPETUAL,-100,usd\n");
  CHECK(read_positions(table).value().at(0).where == table + ": line 2");
  const auto json = folder.file("positions.json",
                                R"({"result":[{"instrument_name":"BTC-PERPETUAL","direction":"sell","size":-100}]})");
  CHECK(read_positions(json).value().at(0).where == json + ": result[0]");
  CHECK(read_positions(json).value().at(0).quantity == -100.0);
  CHECK(read_positions(folder.file("flat.json", R"({"result":[]})")).value().empty());
  CHECK(read_positions(folder.file("t.json", ticker("BTC-PERPETUAL", "1779460431000", "1", "2"))).error().fault ==
        Fault::bad_input);
  CHECK(read_positions(folder.file("refused.json", R"({"error":{"code":13009,"message":"unauthorized"}})"))
            .error()
            .fault == Fault::missing_data);
  CHECK(read_accounts(folder.file("a.json", R"({"currency":"BTC","equity":1.5})")).value().at(0).equity == 1.5);
  CHECK(read_accounts(table).error().fault == Fault::bad_input);
}

TEST_CASE("a recorded chain and the perpetual prices make a snapshot of one instant") {
  const std::string folder = "data/deribit-optionchain-20251230-20260331/";
  const auto chain = test::shared(folder + "sample_deribit_options_snapshot_20260205T212937Z.csv.gz");
  const auto prices = test::shared(folder + "perpetual_futures_prices.csv.zst");
  if (!chain || !prices) return;
  const auto read = read_snapshot({*prices, *chain});
  REQUIRE(read);
  const market::Snapshot& snapshot = read.value();
  CHECK(to_string(snapshot.as_of) == "2026-02-05T21:29:37.885Z");
  CHECK(snapshot.quotes.at("BTC-PERPETUAL").sent == snapshot.as_of);
  CHECK(snapshot.quotes.at("ETH-PERPETUAL").mark);
  CHECK(snapshot.indices.size() == 2);
  CHECK(snapshot.quotes.size() == snapshot.instruments.size());
  MESSAGE(snapshot.quotes.size(), " quotes, BTC index ", snapshot.indices.at("BTC").price, ", perpetual ",
          *snapshot.quotes.at("BTC-PERPETUAL").mark);
}

TEST_CASE("the recorded REST answers make a snapshot") {
  const std::string folder = "data/deribit-restjson-20260522/";
  std::vector<std::string> paths;
  for (const char* file : {"deribit_book_summary_btc_future.json", "deribit_book_summary_btc_option.json",
                           "deribit_get_instruments_btc_future.json", "deribit_get_instruments_btc_option.json",
                           "deribit_ticker_btc_perpetual.json"}) {
    const auto path = test::shared(folder + file);
    if (!path) return;
    paths.push_back(*path);
  }
  const market::Snapshot snapshot = read_snapshot(paths).value();
  CHECK(snapshot.quotes.size() == 18);
  CHECK(snapshot.quotes.at("BTC-PERPETUAL").sent.ms == 1779460435579);
  CHECK(snapshot.quotes.at("BTC-PERPETUAL").index == 76735.99);
  CHECK(snapshot.indices.at("BTC").price == 76735.99);
  CHECK(snapshot.instruments.at("BTC-23MAY26").ticks.tick == 2.5);
  const auto from_list = [](const auto& entry) { return entry.second.from_venue; };
  MESSAGE(std::count_if(snapshot.instruments.begin(), snapshot.instruments.end(), from_list), " of ",
          snapshot.instruments.size(), " instruments from the lists");
}

TEST_CASE("a fresh book does not make an old mark fresh, nor an old index") {
  const test::Folder folder;
  const auto read = read_snapshot({folder.file("old.json", ticker("BTC-PERPETUAL", "1780000000000", "59000", "59001")),
                                   folder.file("book.json", book("1780003600000"))});
  REQUIRE(read);
  const market::Quote& quote = read.value().quotes.at("BTC-PERPETUAL");
  CHECK(quote.bid == 59999.0);
  CHECK(quote.sent.ms == 1780003600000);
  CHECK(quote.oldest().ms == 1780000000000);
  CHECK(read.value().indices.at("BTC").sent.ms == 1780000000000);
  const market::Snapshot cleaned = market::clean(read.value(), {});
  CHECK_FALSE(cleaned.quotes.contains("BTC-PERPETUAL"));
  CHECK(cleaned.indices.empty());
}

TEST_CASE("a source that is silent about the state does not reopen what is halted, in either order") {
  const test::Folder folder;
  std::string halted = ticker("BTC-PERPETUAL", "1780000000000", "59999", "60001");
  halted.replace(halted.find("\"mark_price\""), 0, R"("state":"halted",)");
  const std::string first = folder.file("halted.json", halted);
  const std::string later = folder.file("later.json", ticker("BTC-PERPETUAL", "1780000001000", "59999", "60001"));
  for (const auto& paths : {std::vector{first, later}, std::vector{later, first}}) {
    const auto read = read_snapshot(paths);
    REQUIRE(read);
    CHECK(read.value().quotes.at("BTC-PERPETUAL").sent.ms == 1780000001000);
    CHECK(read.value().quotes.at("BTC-PERPETUAL").open == false);
  }
  std::string reopened = ticker("BTC-PERPETUAL", "1780000002000", "59999", "60001");
  reopened.replace(reopened.find("\"mark_price\""), 0, R"("state":"open",)");
  CHECK(read_snapshot({first, later, folder.file("open.json", reopened)}).value().quotes.at("BTC-PERPETUAL").open ==
        true);
}

TEST_CASE("an index without a time is not used") {
  const test::Folder folder;
  const auto read =
      read_snapshot({folder.file("t.json", ticker("BTC-PERPETUAL", "1780000000000", "59999", "60001")),
                     folder.file("i.json", R"({"result":{"index_price":70000,"index_name":"btc_usd"}})")});
  REQUIRE(read);
  CHECK(read.value().indices.at("BTC").price == 59990.0);
  REQUIRE(read.value().dropped.size() == 1);
  CHECK(read.value().dropped[0].reason == "index_without_time");
}
