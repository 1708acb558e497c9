#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ballast/base/result.h"

namespace ballast::venue {

/// Rows of a comma-separated table whose columns are found by their names in the first line. Plain fields: none of the
/// forms that we read needs quotes, and a quote is an error. Blank lines and lines that begin with `#` are skipped.
///
/// As in json::Node the first fault is kept, later reads answer with empty values, and next() ends the rows.
/// Every message begins with `line N`, N from 1. Fields point into the bytes given.
class CsvRows {
 public:
  static constexpr std::size_t line_limit = std::size_t{64} << 10;  ///< bytes
  static constexpr std::size_t column_limit = 64;

  /// `columns`: the names that are due; `optional`: those that may be missing. A column's number in the calls below
  /// is its place in `columns` followed by `optional`. Faults: bad_field for a header with a name missing, twice, or
  /// more than 64 of them; bad_syntax over `limit` bytes or without a header.
  CsvRows(std::string_view bytes, std::size_t limit, const std::vector<std::string_view>& columns,
          const std::vector<std::string_view>& optional);

  /// Steps to the next row. Faults: bad_field for a line that is too long or has another number of fields.
  bool next();

  const std::optional<Error>& error() const { return error_; }
  std::size_t line() const { return line_; }

  /// The field, without the spaces around it; empty for a column that is not in the header.
  std::string_view text(std::size_t column) const;
  /// A finite number; bad_field when it is empty or anything else.
  double number(std::size_t column);
  std::optional<double> maybe_number(std::size_t column);  ///< empty field: absent
  /// Absent when empty or 0 (nobody bids); bad_field when negative.
  std::optional<double> maybe_positive(std::size_t column);

  /// "line N: column: 'value' <why>" as a fault of this row.
  void reject(std::size_t column, std::string_view why, Fault fault = Fault::bad_field);
  void fail(Error error);  ///< "line N: " in front

 private:
  bool next_line(std::string_view& line);

  std::string_view rest_;
  std::size_t line_ = 0;
  std::vector<std::string_view> names_;
  std::vector<std::size_t> place_;  // of a column in the line; column_limit when it is absent
  std::array<std::string_view, column_limit> fields_{};
  std::size_t width_ = 0;
  std::optional<Error> error_;
};

}  // namespace ballast::venue
