#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ballast/base/result.h"

namespace ballast::venue {

/// Columns of numbers by name, from a table with a header: prices over time, one line an instant.
struct PriceSeries {
  std::vector<std::vector<double>> columns;  ///< as asked for, all of one length, in the order of the lines
  std::vector<std::size_t> lines;            ///< of each row in the file, from 1: for messages
};

/// The named columns of a comma-separated table; others, blank lines and lines that begin with `#` are ignored. The
/// rows are taken to be in the order of time and equally apart: nothing here can tell. Faults  each message begins with
/// `line N`: bad_field for a column that is missing, twice in the header or asked for
///         twice, another number of fields, a field that is empty or not a finite number; bad_syntax over 64 MiB or
///         without a header; missing_data without a row.
Result<PriceSeries> decode_price_series_csv(std::string_view bytes, const std::vector<std::string>& names);

}  // namespace ballast::venue
