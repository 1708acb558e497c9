#include "ballast/venue/bars_csv.h"

#include <doctest/doctest.h>

#include "ballast/base/rng.h"
#include "ballast/venue/funding_csv.h"

using namespace ballast;
using venue::decode_bars_csv;
using venue::decode_funding_csv;

namespace {

template <class Decoded>
void says(const Decoded& found, Fault fault, const std::string& word) {
  REQUIRE(!found);
  CAPTURE(found.error().what);
  CHECK(found.error().fault == fault);
  CHECK(found.error().what.find(word) != std::string::npos);
}

}  // namespace

TEST_CASE("bars: columns by name, times as text in UTC, decimals as written") {
  const auto found = decode_bars_csv(
      "# made up\nDateTime,Close,Open,High,Low,Volume,more\n2017-08-17 "
      "04:00:00,4308.83,4261.48,4313.62,4261.32,47.18,x\n"
      "\n2017-08-17 05:00:00,4315.3214285,4308.83,4328.69,4291,0,\r\n",
      {"DateTime", "Open", "High", "Low", "Close", "Volume"});
  REQUIRE(found);
  REQUIRE(found.value().size() == 2);
  const venue::Bar& first = found.value()[0];
  CHECK(first.at == instant({2017, 8, 17}, 4).value());
  CHECK(first.open == 4261.48);
  CHECK(first.high == 4313.62);
  CHECK(first.low == 4261.32);
  CHECK(first.close == 4308.83);
  CHECK(first.volume == 47.18);
  CHECK(first.decimals == 2);
  CHECK(first.line == 3);
  CHECK(found.value()[1].decimals == 7);
  CHECK(found.value()[1].line == 5);
}

TEST_CASE("bars: what is wrong is named with its line") {
  const std::string head = "timestamp,open,high,low,close,volume\n", good = "2022-01-01 00:00:00.000000,10,12,9,11,5\n";
  REQUIRE(decode_bars_csv(head + good));
  says(decode_bars_csv("timestamp,open,high,low,close\n"), Fault::bad_field, "line 1: the column volume is missing");
  says(decode_bars_csv(head + "yesterday,10,12,9,11,5\n"), Fault::bad_field, "line 2: timestamp: 'yesterday'");
  says(decode_bars_csv(head + good + "2022-01-01 00:01:00,10,nan,9,11,5\n"), Fault::bad_field, "line 3: high: 'nan'");
  says(decode_bars_csv(head + good + good), Fault::not_believable, "line 3: timestamp");
  says(decode_bars_csv(head + "2022-01-01,10,10.5,9,11,5\n"), Fault::not_believable, "line 2: high: '10.5'");
  says(decode_bars_csv(head + "2022-01-01,10,12,10.5,11,5\n"), Fault::not_believable, "line 2: low: '10.5'");
  says(decode_bars_csv(head + "2022-01-01,10,12,0,11,5\n"), Fault::not_believable, "line 2: low: '0'");
  says(decode_bars_csv(head + "2022-01-01,10,12,9,11,-1\n"), Fault::not_believable, "line 2: volume: '-1'");
  says(decode_bars_csv(head + "2022-01-01,10,12,9,11\n"), Fault::bad_field, "line 2");
  says(decode_bars_csv(head), Fault::missing_data, "no rows");
  says(decode_bars_csv(""), Fault::bad_syntax, "no header");
}

TEST_CASE("funding: written times are brought to UTC by what the caller knows of them") {
  const char* bytes =
      "Symbol,Date,Funding Rate\nBTC-USDT,2020-01-01 03:00:00.000,-0.00012359\nBTC-USDT,2020-01-01 11:00:00,2.6e-05\n";
  const auto found = decode_funding_csv(bytes, 3.0 * 3600.0);
  REQUIRE(found);
  CHECK(found.value().symbol == "BTC-USDT");
  REQUIRE(found.value().rows.size() == 2);
  CHECK(found.value().rows[0].at == instant({2020, 1, 1}, 0).value());
  CHECK(found.value().rows[0].rate == -0.00012359);
  CHECK(found.value().rows[1].at == instant({2020, 1, 1}, 8).value());
  CHECK(found.value().rows[1].rate == 2.6e-05);
  CHECK(found.value().rows[1].line == 3);
}

TEST_CASE("funding: what is wrong is named with its line") {
  const std::string head = "Symbol,Date,Funding Rate\n", good = "BTC-USDT,2020-01-01 03:00:00,0.0001\n";
  says(decode_funding_csv("Symbol,Date\n"), Fault::bad_field, "line 1: the column Funding Rate is missing");
  says(decode_funding_csv(head + "BTC-USDT,2020-13-01,0.0001\n"), Fault::bad_field, "line 2: Date: '2020-13-01'");
  says(decode_funding_csv(head + "BTC-USDT,2020-01-01,\n"), Fault::bad_field, "line 2: Funding Rate: ''");
  says(decode_funding_csv(head + good + good), Fault::not_believable, "line 3: Date");
  says(decode_funding_csv(head + good + "ETH-USDT,2020-01-02,0\n"), Fault::bad_field, "line 3: Symbol: 'ETH-USDT'");
  says(decode_funding_csv(head + ",2020-01-02,0\n"), Fault::bad_field, "line 2: Symbol: ''");
  says(decode_funding_csv(head + "BTC-USDT,2020-01-01,0.5\n"), Fault::not_believable, "line 2: Funding Rate: '0.5'");
  says(decode_funding_csv(head), Fault::missing_data, "no rows");
}

TEST_CASE("bars and funding: any bytes give a table or an error") {
  const std::string letters =
                        "0123456789.,-: \neT\"#\r\xff"
                        "Symbol",
                    bars = "timestamp,open,high,low,close,volume\n", funding = "Symbol,Date,Funding Rate\n";
  Rng rng(20261130);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = i % 3 == 0 ? "" : i % 3 == 1 ? bars : funding;
    const std::size_t length = rng.below(120);
    for (std::size_t n = 0; n < length; ++n) bytes += letters[rng.below(letters.size())];
    const auto a = decode_bars_csv(bytes);
    const auto b = decode_funding_csv(bytes);
    if (!a) CHECK(!a.error().what.empty());
    if (!b) CHECK(!b.error().what.empty());
  }
}
