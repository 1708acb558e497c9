#include "ballast/market/deribit/name.h"

#include <doctest/doctest.h>

using namespace ballast;
using namespace ballast::market;
using market::deribit::format_name;
using market::deribit::parse_name;

TEST_CASE("a Deribit name says what the contract is") {
  const Instrument option = parse_name("BTC-25DEC26-100000-C").value();
  CHECK(option.kind == Kind::option);
  CHECK(option.settlement == Settlement::inverse);
  CHECK(option.option_type == OptionType::call);
  CHECK(option.strike == 100000.0);
  CHECK(to_string(option.expiry) == "2026-12-25T08:00:00Z");
  CHECK(option.index == "btc_usd");
  CHECK(option.settlement_currency == "BTC");
  CHECK(option.size_unit() == SizeUnit::coin);
  CHECK(option.lot == 0.1);
  CHECK(option.ticks.at(0.004) == 0.0001);
  CHECK(option.ticks.at(0.02) == 0.0005);
  CHECK(option.fees.cap == 0.125);
  CHECK_FALSE(option.from_venue);

  const Instrument linear = parse_name("XRP_USDC-25SEP26-1d52-P").value();
  CHECK(linear.settlement == Settlement::linear);
  CHECK(linear.strike == 1.52);
  CHECK(linear.option_type == OptionType::put);
  CHECK(linear.contract_size == 1000.0);
  CHECK(linear.index == "xrp_usdc");
  CHECK(linear.settlement_currency == "USDC");

  const Instrument perpetual = parse_name("BTC-PERPETUAL").value();
  CHECK(perpetual.kind == Kind::perpetual);
  CHECK(perpetual.expiry == never);
  CHECK(perpetual.contract_size == 10.0);
  CHECK(perpetual.size_unit() == SizeUnit::usd);
  CHECK(perpetual.ticks.tick == 0.5);
  CHECK(parse_name("BTC-25DEC26").value().ticks.tick == 2.5);
  CHECK(parse_name("ETH-25DEC26").value().contract_size == 1.0);
  CHECK(parse_name("ETH_USDC-PERPETUAL").value().size_unit() == SizeUnit::coin);
  CHECK(parse_name("BTC_USDC").value().kind == Kind::spot);
  CHECK(parse_name("ETH_BTC").value().settlement_currency == "BTC");
}

TEST_CASE("a name that is read is written back the same") {
  for (const char* name : {"BTC-25DEC26-100000-C", "BTC-5JUN26", "ETH-29FEB28-1500-P", "XRP_USDC-25SEP26-1d52-C",
                           "DOGE_USDC-1JAN27-0d085-P", "BTC_USDC-25DEC26-100000-P", "BTC_USDC-25DEC26", "BTC-PERPETUAL",
                           "ETH_USDC-PERPETUAL", "SOL_USDT-PERPETUAL", "BTC_USDC", "ETH_BTC", "BTC_USDT", "STETH_ETH",
                           "1INCH_USDC-PERPETUAL"}) {
    CAPTURE(name);
    const auto parsed = parse_name(name);
    REQUIRE(parsed);
    CHECK(format_name(parsed.value()) == name);
  }
}

TEST_CASE("a combo is refused because its positions live in the legs") {
  for (const char* name : {"BTC-FS-25DEC26_PERP", "BTC-FS-20MAY26_19MAY26", "BTC-CS-19MAY26-70000_75000",
                           "ETH-PS-25DEC26-1000_2000", "BTC-STRG-25DEC26-80000_120000", "BTC-STRD-25DEC26-100000",
                           "BTC-RR-25DEC26-80000_120000", "BTC-REV-25DEC26-100000", "BTC-BOX-25DEC26-80000_120000",
                           "BTC-COMBO-1", "BTC_USDC-CS-25DEC26-70000_75000", "BTC-ICOND-25DEC26-1_2_3_4"}) {
    CAPTURE(name);
    const auto parsed = parse_name(name);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().fault == Fault::not_ours);
    CHECK(parsed.error().what.find("legs") != std::string::npos);
  }
}

TEST_CASE("a name that the venue would not write is an error") {
  for (const char* name : {"",
                           "BTC",
                           "btc-perpetual",
                           "BTC-PERPETUAL ",
                           " BTC-PERPETUAL",
                           "BTC-perpetual",
                           "BTC-PERP",
                           "BTC_USD-PERPETUAL",
                           "BTC-31JUN26",
                           "BTC-30FEB28",
                           "BTC-29FEB26",
                           "BTC-05JUN26",
                           "BTC-0JUN26",
                           "BTC-32JAN26",
                           "BTC-5JUNE26",
                           "BTC-5jun26",
                           "BTC-5JUN2026",
                           "BTC-25DEC26-0-C",
                           "BTC-25DEC26--100-C",
                           "BTC-25DEC26-0100-C",
                           "BTC-25DEC26-1d50-C",
                           "BTC-25DEC26-1d-C",
                           "BTC-25DEC26-d5-C",
                           "BTC-25DEC26-1.5-C",
                           "BTC-25DEC26-1e5-C",
                           "BTC-25DEC26-100000-X",
                           "BTC-25DEC26-100000-c",
                           "BTC-25DEC26-100000",
                           "BTC-25DEC26-100000-C-",
                           "BTC--100000-C",
                           "BTC-25DEC26-1000000000000000000000-C",
                           "BTC-25DEC26-nan-C",
                           "BTC-25DEC26-inf-C",
                           "_USDC",
                           "BTC_",
                           "BTC_BTC",
                           "SYN.BTC-25DEC26",
                           "BTC-25DEC-6",
                           "BTC-5JUN+6",
                           "BTC-5JUN-6",
                           "123-PERPETUAL",
                           "BTC-25DEC26-100000-C\n"}) {
    CAPTURE(name);
    const auto parsed = parse_name(name);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().fault == Fault::bad_field);
  }
  CHECK_FALSE(parse_name(std::string_view("BTC-PERPETUAL\0", 14)));
  CHECK_FALSE(parse_name(std::string(1'000'000, 'B')));
}
