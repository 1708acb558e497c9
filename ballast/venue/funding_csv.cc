#include "ballast/venue/funding_csv.h"

#include <cmath>

#include "ballast/base/text.h"
#include "ballast/venue/internal/csv.h"

namespace ballast::venue {

Result<FundingHistory> decode_funding_csv(std::string_view bytes, double ahead_s) {
  constexpr std::size_t table_limit = std::size_t{64} << 20;  // bytes
  constexpr double most_rate = 0.1;  // recorded: 0.3 % of eight hours; venues cap at 4 % and below
  enum Column : std::size_t { symbol, date, rate };
  CsvRows rows(bytes, table_limit, {"Symbol", "Date", "Funding Rate"}, {});
  FundingHistory history;
  while (rows.next()) {
    FundingRow row{.line = rows.line()};
    const auto at = parse_time(rows.text(date));
    if (!at) {
      rows.reject(date, "it is no time");
      break;
    }
    row.at = Time{at.value().ms - std::llround(1000.0 * ahead_s)};
    row.rate = rows.number(rate);
    if (rows.error()) break;
    if (history.symbol.empty()) history.symbol = std::string(rows.text(symbol));
    if (rows.text(symbol).empty() || rows.text(symbol) != history.symbol) {
      rows.reject(symbol, "a table is of one symbol, this one of " + quoted(history.symbol));
    }
    if (std::abs(row.rate) > most_rate) rows.reject(rate, "over 10 %", Fault::not_believable);
    if (!history.rows.empty() && !(history.rows.back().at < row.at)) {
      rows.reject(date, "it is not after the row before", Fault::not_believable);
    }
    if (rows.error()) break;
    history.rows.push_back(row);
  }
  if (rows.error()) return *rows.error();
  if (history.rows.empty()) return Error{Fault::missing_data, "the table has a header and no rows"};
  return history;
}

}  // namespace ballast::venue
