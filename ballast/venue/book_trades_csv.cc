#include "ballast/venue/book_trades_csv.h"

#include <fmt/format.h>

#include "ballast/venue/deribit/name.h"
#include "ballast/venue/internal/csv.h"

namespace ballast::venue {
namespace {

constexpr std::size_t table_limit = std::size_t{64} << 20;  // bytes

}  // namespace

Result<std::vector<AccountTrade>> decode_book_trades_csv(std::string_view bytes) {
  enum { time, instrument, amount, price };
  CsvRows rows(bytes, table_limit, {"time", "instrument", "amount", "price"}, {});
  std::vector<AccountTrade> trades;
  while (rows.next()) {
    AccountTrade trade;
    const auto at = parse_time(rows.text(time));
    if (!at) {
      rows.reject(time, "is no time");
      break;
    }
    trade.at = at.value();
    if (!trades.empty() && trade.at < trades.back().at) rows.reject(time, "is before the line above it");
    const auto parsed = deribit::parse_name(rows.text(instrument));
    if (!parsed && !rows.error()) rows.fail(parsed.error());
    trade.instrument = std::string(rows.text(instrument));
    trade.amount = rows.number(amount);
    if (trade.amount == 0.0) rows.reject(amount, "is no trade");
    trade.price = rows.number(price);
    if (trade.price < 0.0) rows.reject(price, "is negative");
    if (parsed && !parsed.value().is_option() && trade.price == 0.0) rows.reject(price, "is no price of a future");
    if (rows.error()) break;
    trades.push_back(std::move(trade));
  }
  if (rows.error()) return *rows.error();
  return trades;
}

}  // namespace ballast::venue
