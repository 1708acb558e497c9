#include "ballast/venue/bars_csv.h"

#include <algorithm>

#include "ballast/base/text.h"
#include "ballast/venue/internal/csv.h"

namespace ballast::venue {
namespace {

enum Column : std::size_t { time, open, high, low, close, volume };

int decimals_of(std::string_view text) {
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos) return 0;
  const std::size_t end = std::min(text.find_first_of("eE"), text.size());
  return static_cast<int>(end - point - 1);
}

}  // namespace

Result<std::vector<Bar>> decode_bars_csv(std::string_view bytes, const BarColumns& columns) {
  constexpr std::size_t table_limit = std::size_t{64} << 20;  // bytes
  CsvRows rows(bytes, table_limit,
               {columns.time, columns.open, columns.high, columns.low, columns.close, columns.volume}, {});
  std::vector<Bar> bars;
  while (rows.next()) {
    Bar bar{.line = rows.line()};
    const auto at = parse_time(rows.text(time));
    if (!at) {
      rows.reject(time, "it is no time");
      break;
    }
    bar.at = at.value();
    bar.open = rows.number(open), bar.high = rows.number(high), bar.low = rows.number(low);
    bar.close = rows.number(close), bar.volume = rows.number(volume);
    if (rows.error()) break;
    for (const Column c : {open, high, low, close}) bar.decimals = std::max(bar.decimals, decimals_of(rows.text(c)));
    if (!(bar.low > 0.0)) rows.reject(low, "a price must be over 0", Fault::not_believable);
    if (bar.low > std::min(bar.open, bar.close)) {
      rows.reject(low, "it is over the open or the close", Fault::not_believable);
    }
    if (bar.high < std::max(bar.open, bar.close)) {
      rows.reject(high, "it is under the open or the close", Fault::not_believable);
    }
    if (bar.volume < 0.0) rows.reject(volume, "it must not be negative", Fault::not_believable);
    if (!bars.empty() && !(bars.back().at < bar.at)) {
      rows.reject(time, "it is not after the row before", Fault::not_believable);
    }
    if (rows.error()) break;
    bars.push_back(bar);
  }
  if (rows.error()) return *rows.error();
  if (bars.empty()) return Error{Fault::missing_data, "the table has a header and no rows"};
  return bars;
}

}  // namespace ballast::venue
