#include "ballast/venue/deribit/chain_csv.h"

#include <cmath>

#include <doctest/doctest.h>

#include "ballast/venue/positions_csv.h"

using namespace ballast;
using namespace ballast::venue;
using deribit::decode_chain_csv;
using deribit::decode_perpetual_prices_csv;

namespace {

const std::string header =
    "timestamp,instrument_name,underlying,underlying_name,option_type,strike,expiry_datetime,bid_price,ask_price,"
    "mark_price,implied_volatility,delta,vega,open_interest,currency,index_price\n";

std::string row(const std::string& name, const std::string& bid = "0.01", const std::string& index = "60000") {
  return "2026-02-05T21:29:37.885165+00:00," + name +
         ",60100.5,SYN.BTC-24APR26,call,88000.0,2026-04-24T08:00:00+00:00," + bid +
         ",0.02,0.015,0.5988,0.15732,71.15287,226.4,BTC," + index + "\n";
}

Error fault_of(const std::string& bytes) {
  const auto chain = decode_chain_csv(bytes);
  REQUIRE_FALSE(chain);
  return chain.error();
}

}  // namespace

TEST_CASE("a chain table becomes instruments, quotes and indices") {
  const auto chain = decode_chain_csv(header + row("BTC-24APR26-88000-C", "", "60000.5")).value();
  REQUIRE(chain.quotes.size() == 1);
  const market::Quote& quote = chain.quotes[0];
  CHECK(to_string(quote.sent) == "2026-02-05T21:29:37.885Z");
  CHECK(chain.as_of == quote.sent);
  CHECK_FALSE(quote.bid);
  CHECK(quote.ask == 0.02);
  CHECK(quote.mark == 0.015);
  CHECK(quote.mark_vol->value == 0.5988);
  CHECK(quote.underlying_price == 60100.5);
  CHECK(quote.underlying_index == "SYN.BTC-24APR26");
  CHECK(quote.greeks->delta == 0.15732);
  CHECK(quote.greeks->vega == 71.15287);
  CHECK(chain.indices.at("BTC").price == 60000.5);
  CHECK(chain.instruments[0].strike == 88000.0);
}

TEST_CASE("a chain table that is not one names its line and column") {
  const std::string good = row("BTC-24APR26-88000-C");
  CHECK(fault_of("").fault == Fault::bad_syntax);
  CHECK(fault_of(header).fault == Fault::missing_data);
  CHECK(fault_of("timestamp,instrument_name\n").what.find("line 1: the column underlying is missing") == 0);
  CHECK(fault_of(header + good + good).what == "line 3: instrument_name: 'BTC-24APR26-88000-C' is already in line 2");
  CHECK(fault_of(header + row("BTC-24APR26-88000-C", "nan")).what == "line 2: bid_price: 'nan' is not a number");
  CHECK(fault_of(header + row("BTC-24APR26-88000-C", "inf")).fault == Fault::bad_field);
  CHECK(fault_of(header + row("BTC-24APR26-88000-C", "1e999")).fault == Fault::bad_field);
  CHECK(fault_of(header + row("BTC-24APR26-88000-C", "0x1")).fault == Fault::bad_field);
  CHECK(fault_of(header + row("BTC-24APR26-88000-C", "-0.01")).fault == Fault::bad_field);
  CHECK(fault_of(header + row("BTC-24APR26-88000-C", "0.01,1")).what == "line 2: 17 fields, the header has 16");
  CHECK(fault_of(header + row("BTC-24APR26-88000-P")).fault == Fault::not_believable);
  CHECK(fault_of(header + row("BTC-24APR26-89000-C")).fault == Fault::not_believable);
  CHECK(fault_of(header + row("BTC-25APR26-88000-C")).fault == Fault::not_believable);
  CHECK(fault_of(header + row("ETH-24APR26-88000-C")).fault == Fault::not_believable);
  CHECK(fault_of(header + row("BTC-CS-24APR26-1_2")).fault == Fault::not_ours);
  CHECK(fault_of(header + std::string(70'000, 'x')).what == "line 2: it is over 65536 bytes");
  CHECK(fault_of("timestamp,timestamp," + header + good).what.find("twice") != std::string::npos);
  CHECK(fault_of(header + "1970-01-01T00:00:00Z" + good.substr(32)).fault == Fault::bad_field);
}

TEST_CASE("a table of perpetual prices gives each row") {
  const std::string head =
      "snapshot_timestamp_ms,instrument_name,perp_futures_mark_price,perp_futures_best_bid,perp_futures_best_ask\n";
  const auto quotes = decode_perpetual_prices_csv(
      head + "1767115875944,BTC-PERPETUAL,88539.0,,\n1767129471988,BTC-PERPETUAL,88079.0,88078.5,88079.5\n");
  REQUIRE(quotes);
  REQUIRE(quotes.value().size() == 2);
  CHECK(quotes.value()[0].mark == 88539.0);
  CHECK_FALSE(quotes.value()[0].bid);
  CHECK(quotes.value()[1].ask == 88079.5);
  CHECK(decode_perpetual_prices_csv(head + "1767115875,BTC-PERPETUAL,88539.0,,\n").error().fault ==
        Fault::not_believable);
  CHECK(decode_perpetual_prices_csv(head + "1767115875944,BTC-25DEC26,88539.0,,\n").error().fault ==
        Fault::not_believable);
  CHECK(decode_perpetual_prices_csv(head + "1767115875944,BTC-PERPETUAL,1,,\n1767115875944,BTC-PERPETUAL,1,,\n")
            .error()
            .fault == Fault::bad_field);
}

TEST_CASE("a book of positions is read line by line") {
  const auto positions = decode_positions_csv(
      "# my book\n\nvenue,instrument,quantity,unit,average_price,note\r\nderibit,BTC-PERPETUAL,-185160,usd,15000,x\r\n"
      "deribit, BTC-25DEC26-100000-C , 2.5 ,coin,,\n# done\n");
  REQUIRE(positions);
  REQUIRE(positions.value().size() == 2);
  CHECK(positions.value()[0].quantity == -185160.0);
  CHECK(positions.value()[0].unit == market::SizeUnit::usd);
  CHECK(positions.value()[0].average_price == 15000.0);
  CHECK(positions.value()[0].where == "line 4");
  CHECK(positions.value()[1].quantity == 2.5);
  CHECK_FALSE(positions.value()[1].average_price);
  CHECK(positions.value()[1].where == "line 5");
  CHECK(decode_positions_csv("venue,instrument,quantity,unit\n").value().empty());

  const auto fault = [](const std::string& line) {
    const auto book = decode_positions_csv("venue,instrument,quantity,unit,average_price\n" + line + "\n");
    REQUIRE_FALSE(book);
    CHECK(book.error().what.substr(0, 5) == "line ");
    return book.error().fault;
  };
  for (const char* line :
       {"deribit,BTC-PERPETUAL,nan,usd,",    "deribit,BTC-PERPETUAL,inf,usd,",
        "deribit,BTC-PERPETUAL,0,usd,",      "deribit,BTC-PERPETUAL,-0.0,usd,",
        "deribit,BTC-PERPETUAL,,usd,",       "deribit,BTC-PERPETUAL,1 000,usd,",
        "deribit,BTC-PERPETUAL,1e999,usd,",  "deribit,BTC-PERPETUAL,+10,usd,",
        "deribit,BTC-PERPETUAL,10,dollars,", "deribit,BTC-PERPETUAL,10,,",
        "mtgox,BTC-PERPETUAL,10,usd,",       ",BTC-PERPETUAL,10,usd,",
        "deribit,btc-perp,10,usd,",          "deribit,,10,usd,",
        "deribit,BTC-PERPETUAL,10,usd,-5",   "deribit,BTC-PERPETUAL,10,usd,0",
        "deribit,BTC-PERPETUAL,10,usd,x",    "deribit,BTC-PERPETUAL,10,usd",
        "deribit,BTC-PERPETUAL,\"10\",usd,", "deribit,BTC-PERPETUAL,10,usd,\nderibit,BTC-PERPETUAL,20,usd,"}) {
    CAPTURE(line);
    CHECK(fault(line) == Fault::bad_field);
  }
  CHECK(fault("deribit,BTC-FS-25DEC26_PERP,10,usd,") == Fault::not_ours);
  CHECK(decode_positions_csv("venue,instrument,unit\n").error().what.find("the column quantity is missing") !=
        std::string::npos);
}
