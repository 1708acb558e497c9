#include "ballast/venue/price_series_csv.h"

#include <algorithm>

#include <fmt/format.h>

#include "ballast/base/text.h"
#include "ballast/venue/internal/csv.h"

namespace ballast::venue {

Result<PriceSeries> decode_price_series_csv(std::string_view bytes, const std::vector<std::string>& names) {
  constexpr std::size_t table_limit = std::size_t{64} << 20;  // bytes
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<std::ptrdiff_t>(i)) {
      return Error{Fault::bad_field, fmt::format("line 1: the column {} is asked for twice", quoted(names[i]))};
    }
  }
  CsvRows rows(bytes, table_limit, {names.begin(), names.end()}, {});
  PriceSeries series;
  series.columns.resize(names.size());
  while (rows.next()) {
    for (std::size_t i = 0; i < names.size(); ++i) series.columns[i].push_back(rows.number(i));
    series.lines.push_back(rows.line());
    if (rows.error()) break;
  }
  if (rows.error()) return *rows.error();
  if (series.lines.empty()) return Error{Fault::missing_data, "the table has a header and no rows"};
  return series;
}

}  // namespace ballast::venue
