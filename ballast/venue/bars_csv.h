#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/base/time.h"

namespace ballast::venue {

/// One row of a price series: what was traded within an interval.
struct Bar {
  Time at;  ///< as written: some sources mean the interval's begin by it, others its end
  double open = 0.0, high = 0.0, low = 0.0, close = 0.0;  ///< > 0, low <= open, close <= high
  double volume = 0.0;                                    ///< >= 0, in the source's unit
  int decimals = 0;      ///< most digits behind the point among the four prices as written
  std::size_t line = 0;  ///< in the file, from 1: for messages
};

/// What the columns are called.
struct BarColumns {
  std::string time = "timestamp", open = "open", high = "high", low = "low", close = "close", volume = "volume";
};

/// A comma-separated table of bars with a header; other columns, blank lines and lines that begin with `#` are ignored.
/// Times are text in UTC (base/time.h) and rise strictly; whether they are equally apart is the caller's to ask.
///
/// Of the recorded sets: btcperp-1m-202201 writes the end of its minutes (its closes at full hours are those of
/// Binance's hours that end there within 3 bp, standard deviation; shifted by a minute either way 9 to 12).
/// binance-btcusdt-1h-201708-202312 (DateTime, Open, …) writes the begin, and fills 128 hours of outages by straight
/// lines: the rows with more than 2 decimals.
///
/// Faults  each message begins with `line N`: bad_field for a column that is missing or twice, another number of
///         fields, a time or a number that is none; not_believable for prices that are not over 0 or contradict each
///         other, a negative volume, a time that does not rise; bad_syntax over 64 MiB or without a header;
///         missing_data without a row.
Result<std::vector<Bar>> decode_bars_csv(std::string_view bytes, const BarColumns& columns = {});

}  // namespace ballast::venue
