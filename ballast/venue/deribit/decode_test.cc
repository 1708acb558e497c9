// The recorded messages, with values read off the files by eye.
#include <doctest/doctest.h>

#include <cmath>

#include "ballast/venue/deribit/account.h"
#include "ballast/venue/deribit/form.h"
#include "ballast/venue/deribit/instruments.h"
#include "ballast/venue/deribit/order_book.h"
#include "ballast/venue/deribit/ticker.h"
#include "tests/support.h"

using namespace ballast;
using namespace ballast::market;
using namespace ballast::venue::deribit;

namespace {

std::optional<std::string> recorded(const std::string& file) {
  const auto path = test::shared("data/" + file);
  if (!path) return std::nullopt;
  return test::slurp(*path);
}

}  // namespace

TEST_CASE("the recorded instrument lists are read") {
  if (const auto bytes = recorded("deribit-restjson-20260522/deribit_get_instruments_btc_future.json")) {
    const InstrumentList list = decode_instruments(*bytes).value();
    CHECK(list.instruments.size() == 13);
    CHECK(list.dropped.empty());
    CHECK(list.instruments[0].name == "BTC-PERPETUAL");
    CHECK(list.instruments[0].lot == 10.0);
    CHECK(list.instruments[0].from_venue);
    CHECK(list.instruments[1].name == "BTC-23MAY26");
    CHECK(list.instruments[1].ticks.tick == 2.5);
    CHECK(list.instruments[1].fees.maker == -0.0001);
    CHECK(list.instruments[1].expiry.ms == 1779523200000);
  }
  if (const auto bytes = recorded("deribit-restjson-20260522/deribit_get_instruments_btc_option.json")) {
    const InstrumentList list = decode_instruments(*bytes).value();
    REQUIRE(list.instruments.size() == 5);
    const Instrument& option = list.instruments[0];
    CHECK(option.name == "BTC-23MAY26-68000-C");
    CHECK(option.lot == 0.1);
    CHECK(option.contract_size == 1.0);
    CHECK(option.ticks.at(0.005) == 0.0001);
    CHECK(option.ticks.at(0.0051) == 0.0005);
    CHECK(option.fees.taker == 0.0003);
    CHECK(option.fees.cap == 0.125);
    CHECK(option.index == "btc_usd");
  }
  if (const auto bytes = recorded("deribit-messages/http_get_instruments.json")) {
    // Edited by hand: its BTC-27DEC24 expires at 12:00, and the venue has never had another hour than 08:00.
    const auto list = decode_instruments(*bytes);
    REQUIRE_FALSE(list);
    CHECK(list.error().fault == Fault::not_believable);
    CHECK(list.error().what.find("result[1].expiration_timestamp") == 0);
  }
  if (const auto bytes = recorded("deribit-messages/http_get_instrument.json")) {
    CHECK(decode_instruments(*bytes).value().instruments.at(0).name == "BTC-PERPETUAL");
  }
  for (const char* combos : {"http_get_instruments_future_combo.json", "http_get_instruments_option_combo.json"}) {
    if (const auto bytes = recorded(std::string("deribit-messages/") + combos)) {
      const InstrumentList list = decode_instruments(*bytes).value();
      CHECK(list.instruments.empty());
      CHECK_FALSE(list.dropped.empty());
    }
  }
}

TEST_CASE("the recorded book summaries are read") {
  if (const auto bytes = recorded("deribit-restjson-20260522/deribit_book_summary_btc_option.json")) {
    const BookSummary summary = decode_book_summary(*bytes).value();
    REQUIRE(summary.quotes.size() == 5);
    const Quote& put = summary.quotes[0];
    CHECK(put.instrument == "BTC-23MAY26-69000-P");
    CHECK_FALSE(put.bid);
    CHECK(put.ask == 0.0001);
    CHECK(put.mark == 1.3e-07);
    CHECK(std::abs(put.mark_vol->value - 0.586) < 1e-15);
    CHECK(put.underlying_price == 76736.07);
    CHECK(put.underlying_index == "index_price");
    CHECK(put.index == 76736.07);
    CHECK(put.sent.ms == 1779460433267);
    CHECK(put.open_interest == 0.1);
    CHECK_FALSE(put.greeks);
  }
  if (const auto bytes = recorded("deribit-restjson-20260522/deribit_book_summary_btc_future.json")) {
    const BookSummary summary = decode_book_summary(*bytes).value();
    REQUIRE(summary.quotes.size() == 13);
    CHECK(summary.quotes[1].instrument == "BTC-PERPETUAL");
    CHECK(summary.quotes[1].funding_8h == 5.06e-06);
    CHECK(summary.quotes[1].bid == 76753.5);
    CHECK_FALSE(summary.quotes[0].funding_8h);
  }
}

TEST_CASE("the recorded tickers and quotes are read") {
  if (const auto bytes = recorded("deribit-restjson-20260522/deribit_ticker_btc_perpetual.json")) {
    const Quote quote = decode_ticker(*bytes).value();
    CHECK(quote.mark == 76756.11);
    CHECK(quote.index == 76735.99);
    CHECK(quote.min_price == 75604.5);
    CHECK(quote.max_price == 77907.5);
    CHECK(quote.bid_amount == 385760.0);
    CHECK(quote.funding_8h == 5.06e-06);
    CHECK(quote.open == true);
  }
  if (const auto bytes = recorded("deribit-messages/ws_ticker.json")) {
    const Quote quote = decode_ticker(*bytes).value();
    CHECK(quote.instrument == "BTC-PERPETUAL");
    CHECK(quote.sent.ms == 1765541474086);
    CHECK(quote.open_interest == 1132329370.0);
    CHECK(quote.ask == 92284.0);
  }
  if (const auto bytes = recorded("deribit-messages/ws_quote.json")) {
    const Quote quote = decode_quote(*bytes).value();
    CHECK(quote.ask == 92288.5);
    CHECK(quote.bid_amount == 133440.0);
    CHECK_FALSE(quote.mark);
  }
  if (const auto bytes = recorded("deribit-docexamples/public-get_order_book.json")) {
    CHECK_FALSE(decode_ticker(*bytes).value().ask);  // best_ask_price 0 says that nobody asks
  }
}

TEST_CASE("the recorded books are read and applied") {
  OrderBook book;
  if (const auto bytes = recorded("deribit-messages/ws_book_snapshot.json")) {
    const OrderBookMessage message = decode_order_book(*bytes).value();
    CHECK(message.snapshot);
    CHECK(message.change_id == 123456789);
    CHECK_FALSE(message.prev_change_id);
    CHECK(book.apply(message).value() == 10);
    CHECK(book.bids().front().price == 42500.0);
    CHECK(book.asks().front().price == 42501.0);
  }
  if (const auto bytes = recorded("deribit-messages/ws_book_delta.json")) {
    const OrderBookMessage change = decode_order_book(*bytes).value();
    CHECK_FALSE(change.snapshot);
    CHECK(change.prev_change_id == 123456789);
    CHECK(book.apply(change).value() == 9);  // one ask deleted, a bid at 42498.5 overwritten
    CHECK(book.bids().front().amount == 950.0);
    CHECK(book.asks().front().price == 42501.5);
    CHECK(book.asks().front().amount == 700.0);
    CHECK(book.sent().ms == 1699999999500);

    const auto again = book.apply(change);
    REQUIRE_FALSE(again);
    CHECK(again.error().fault == Fault::out_of_sequence);
    CHECK_FALSE(book.valid());
    CHECK(book.bids().empty());
    OrderBook none;
    CHECK(none.apply(change).error().fault == Fault::out_of_sequence);
  }
  if (const auto bytes = recorded("deribit-messages/ws_book_grouped_snapshot.json")) {
    const OrderBookMessage message = decode_order_book(*bytes).value();
    CHECK(message.snapshot);
    CHECK(message.bids.size() == 10);
    CHECK(message.asks[9].price == 89545.5);
  }
  if (const auto bytes = recorded("deribit-messages/http_get_order_book.json")) {
    const OrderBookMessage message = decode_order_book(*bytes).value();
    CHECK(message.bids.size() == 20);
    REQUIRE(message.quote);
    CHECK(message.quote->mark == 87006.21);
    CHECK(message.quote->funding_8h == 6.55e-6);
  }
}

TEST_CASE("an index is read from a notification and from a reply") {
  const IndexPrice sent = decode_index(R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":
      "deribit_price_index.btc_usd","data":{"timestamp":1550588002899,"price":3937.89,"index_name":"btc_usd"}}})")
                              .value();
  CHECK(sent.index_name == "btc_usd");
  CHECK(sent.price == 3937.89);
  CHECK(sent.sent->ms == 1550588002899);
  const IndexPrice reply =
      decode_index(R"({"jsonrpc":"2.0","result":{"index_price":11628.81,"estimated_delivery_price":11628.81}})")
          .value();
  CHECK(reply.price == 11628.81);
  CHECK(reply.index_name.empty());
  CHECK_FALSE(reply.sent);
}

TEST_CASE("positions are signed and carry their unit") {
  if (const auto bytes = recorded("deribit-docexamples/private-get_positions.json")) {
    const auto positions = decode_positions(*bytes).value();
    REQUIRE(positions.size() == 1);
    CHECK(positions[0].instrument == "BTC-PERPETUAL");
    CHECK(positions[0].quantity == 50.0);
    CHECK(positions[0].unit == SizeUnit::usd);
    CHECK(positions[0].average_price == 7440.18);
    CHECK(positions[0].where == "result[0]");
  }
  if (const auto bytes = recorded("deribit-docexamples/private-get_position.json")) {
    CHECK(decode_positions(*bytes).value().empty());  // size 0
  }
  const auto positions = decode_positions(R"([
      {"instrument_name":"ETH-25DEC26-2000-P","kind":"option","direction":"sell","size":-3,"average_price":0.05},
      {"instrument_name":"ETH_USDC-PERPETUAL","kind":"future","direction":"buy","size":3000.0,"size_currency":1.5}])")
                             .value();
  REQUIRE(positions.size() == 2);
  CHECK(positions[0].quantity == -3.0);
  CHECK(positions[0].unit == SizeUnit::coin);
  CHECK(positions[1].quantity == 1.5);
  CHECK(positions[1].unit == SizeUnit::coin);
}

TEST_CASE("the documented account satisfies its identities") {
  for (const char* file :
       {"deribit-docexamples/private-account_summaries.json", "deribit-messages/http_get_account_summaries.json"}) {
    const auto bytes = recorded(file);
    if (!bytes) continue;
    auto accounts = decode_account(*bytes).value();
    REQUIRE(accounts.size() == 2);
    CHECK(accounts[0].currency == "BTC");
    CHECK(accounts[0].equity == 302.61869214);
    CHECK(accounts[0].delta_total == 31.602958);
    CHECK(accounts[0].delta_total_map.at("btc_usd") == 31.594357699);
    // delta_total is premium-adjusted, its map is not: they differ by the option value
    CHECK(std::abs(accounts[0].delta_total_map.at("btc_usd") - *accounts[0].options_value - *accounts[0].delta_total) <
          5e-7);
    CHECK(accounts[0].margin_model == "segregated_sm");
    for (const Account& account : accounts) CHECK(identity_faults(account).empty());
    accounts[0].session_rpl = *accounts[0].session_rpl + 2e-6;  // as if one fill had not been seen
    CHECK(identity_faults(accounts[0]).size() == 1);
    accounts[0].initial_margin = 0.0;
    CHECK(identity_faults(accounts[0]).size() == 2);
  }
  if (const auto bytes = recorded("deribit-messages/ws_portfolio.json")) {
    const auto accounts = decode_account(*bytes).value();
    REQUIRE(accounts.size() == 1);
    CHECK(accounts[0].currency == "USDT");
    CHECK(accounts[0].equity == 55.00055);
    CHECK(identity_faults(accounts[0]).empty());  // cross margin: not checked
  }
  if (const auto bytes = recorded("deribit-messages/http_get_account_summaries_cross_margin.json")) {
    CHECK(decode_account(*bytes).value().size() >= 3);
  }
}

TEST_CASE("the form of every recorded message is told by its content") {
  const std::pair<const char*, std::optional<Form>> expected[] = {
      {"deribit-restjson-20260522/deribit_book_summary_btc_future.json", Form::book_summary},
      {"deribit-restjson-20260522/deribit_book_summary_btc_option.json", Form::book_summary},
      {"deribit-restjson-20260522/deribit_get_instruments_btc_future.json", Form::instruments},
      {"deribit-restjson-20260522/deribit_get_instruments_btc_option.json", Form::instruments},
      {"deribit-restjson-20260522/deribit_ticker_btc_perpetual.json", Form::ticker},
      {"deribit-messages/http_get_account_summaries.json", Form::account},
      {"deribit-messages/http_get_account_summaries_cross_margin.json", Form::account},
      {"deribit-messages/http_get_combos.json", std::nullopt},
      {"deribit-messages/http_get_expirations_any.json", std::nullopt},
      {"deribit-messages/http_get_expirations_btc_option.json", std::nullopt},
      {"deribit-messages/http_get_instrument.json", Form::instruments},
      {"deribit-messages/http_get_instrument_option.json", Form::instruments},
      {"deribit-messages/http_get_instruments.json", Form::instruments},
      {"deribit-messages/http_get_instruments_future_combo.json", Form::instruments},
      {"deribit-messages/http_get_last_trades.json", std::nullopt},
      {"deribit-messages/http_get_last_trades_option_combo.json", std::nullopt},
      {"deribit-messages/http_get_order_book.json", Form::order_book},
      {"deribit-messages/http_get_time.json", std::nullopt},
      {"deribit-messages/http_get_tradingview_chart_data.json", std::nullopt},
      {"deribit-messages/http_test.json", std::nullopt},
      {"deribit-messages/ws_book_delta.json", Form::order_book},
      {"deribit-messages/ws_book_grouped_snapshot.json", Form::order_book},
      {"deribit-messages/ws_book_snapshot.json", Form::order_book},
      {"deribit-messages/ws_chart.json", std::nullopt},
      {"deribit-messages/ws_order_buy_response.json", std::nullopt},
      {"deribit-messages/ws_order_cancel_response.json", std::nullopt},
      {"deribit-messages/ws_order_stop_market_response.json", std::nullopt},
      {"deribit-messages/ws_portfolio.json", Form::account},
      {"deribit-messages/ws_quote.json", Form::quote},
      {"deribit-messages/ws_subscribe_response.json", std::nullopt},
      {"deribit-messages/ws_test_request.json", std::nullopt},
      {"deribit-messages/ws_ticker.json", Form::ticker},
      {"deribit-messages/ws_trades.json", std::nullopt},
      {"deribit-messages/ws_trades_option_combo.json", std::nullopt},
      {"deribit-messages/ws_volatility_index.json", std::nullopt},
      {"deribit-docexamples/private-account_summaries.json", Form::account},
      {"deribit-docexamples/private-get_position.json", Form::positions},
      {"deribit-docexamples/private-get_positions.json", Form::positions},
      {"deribit-docexamples/private-simulate_portfolio.json", Form::account},
      {"deribit-docexamples/public-get_order_book.json", Form::order_book},
  };
  for (const auto& [file, form] : expected) {
    const auto bytes = recorded(file);
    if (!bytes) return;
    CAPTURE(file);
    const auto detected = detect_form(*bytes);
    if (form) {
      REQUIRE(detected);
      CHECK(detected.value() == *form);
    } else {
      REQUIRE_FALSE(detected);
      CHECK(detected.error().fault == Fault::not_ours);
      CHECK(decode_ticker(*bytes).error().fault != Fault::bad_syntax);
    }
  }
  if (const auto bytes = recorded("deribit-messages/ws_error.json")) {
    const auto detected = detect_form(*bytes);
    CHECK(detected.error().fault == Fault::missing_data);
    CHECK(detected.error().what == "the venue answered with error 10028: 'too_many_requests'");
  }
}

TEST_CASE("every form has one name") {
  for (const Form form : forms) CHECK(form_of(name(form)) == form);
  CHECK_FALSE(form_of("chain"));
  CHECK_FALSE(form_of(""));
}
