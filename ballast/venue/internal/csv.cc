#include "ballast/venue/internal/csv.h"

#include <algorithm>

#include <fmt/format.h>

#include "ballast/base/text.h"

namespace ballast::venue {
namespace {

/// Splits into at most `column_limit` fields; the number of fields, column_limit + 1 when there are more.
std::size_t cut(std::string_view line, std::array<std::string_view, CsvRows::column_limit>& fields) {
  std::size_t n = 0;
  for (;;) {
    if (n == fields.size()) return n + 1;
    const std::size_t comma = line.find(',');
    fields[n++] = line.substr(0, comma);
    if (comma == std::string_view::npos) return n;
    line.remove_prefix(comma + 1);
  }
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

CsvRows::CsvRows(std::string_view bytes, std::size_t limit, const std::vector<std::string_view>& columns,
                 const std::vector<std::string_view>& optional)
    : rest_(bytes), names_(columns) {
  names_.insert(names_.end(), optional.begin(), optional.end());
  place_.assign(names_.size(), column_limit);
  if (bytes.size() > limit) {
    error_ = Error{Fault::bad_syntax, fmt::format("byte {}: the table is over {} bytes", limit, limit)};
    return;
  }
  std::string_view header;
  if (!next_line(header)) {
    if (!error_) error_ = Error{Fault::bad_syntax, fmt::format("byte {}: there is no header line", bytes.size())};
    return;
  }
  width_ = cut(header, fields_);
  if (width_ > column_limit) {
    fail({Fault::bad_field, fmt::format("more than {} columns", column_limit)});
    return;
  }
  for (std::size_t i = 0; i < width_; ++i) {
    const std::string_view name = trimmed(fields_[i]);
    const auto known = std::find(names_.begin(), names_.end(), name);
    if (known == names_.end()) continue;
    std::size_t& place = place_[static_cast<std::size_t>(known - names_.begin())];
    if (place != column_limit) {
      fail({Fault::bad_field, fmt::format("the column {} is there twice", name)});
      return;
    }
    place = i;
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (place_[i] == column_limit) {
      fail({Fault::bad_field, fmt::format("the column {} is missing from {}", columns[i], quoted(header))});
      return;
    }
  }
}

bool CsvRows::next_line(std::string_view& line) {
  while (!error_ && !rest_.empty()) {
    const std::size_t end = rest_.find('\n');
    line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    ++line_;
    if (line.size() > line_limit) {
      fail({Fault::bad_field, fmt::format("it is over {} bytes", line_limit)});
      return false;
    }
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (!trimmed(line).empty() && line.front() != '#') return true;
  }
  return false;
}

bool CsvRows::next() {
  std::string_view line;
  if (!next_line(line)) return false;
  const std::size_t n = cut(line, fields_);
  if (n == width_) return true;
  fail({Fault::bad_field, fmt::format("{} fields, the header has {}", n, width_)});
  return false;
}

std::string_view CsvRows::text(std::size_t column) const {
  if (error_ || place_[column] == column_limit) return {};
  return trimmed(fields_[place_[column]]);
}

double CsvRows::number(std::size_t column) {
  const auto value = parse_number(text(column));
  if (!value) reject(column, "is not a number");
  return value.value_or(0.0);
}

std::optional<double> CsvRows::maybe_number(std::size_t column) {
  if (text(column).empty()) return std::nullopt;
  return number(column);
}

std::optional<double> CsvRows::maybe_positive(std::size_t column) {
  const auto value = maybe_number(column);
  if (value && *value < 0.0) reject(column, "must not be negative");
  if (!value || !(*value > 0.0)) return std::nullopt;
  return value;
}

void CsvRows::reject(std::size_t column, std::string_view why, Fault fault) {
  if (error_) return;
  fail({fault, fmt::format("{}: {} {}", names_[column], quoted(text(column)), why)});
}

void CsvRows::fail(Error error) {
  if (!error_) error_ = in(fmt::format("line {}", line_), std::move(error));
}

}  // namespace ballast::venue
