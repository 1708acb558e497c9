#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ballast/base/result.h"

namespace ballast::app {

enum class Format { table, json, jsonl, csv, markdown };

/// One cell: nothing, words, a whole number, a number, or yes/no.
using Cell = std::variant<std::monostate, std::string, long long, double, bool>;

inline Cell cell(const std::optional<double>& value) { return value ? Cell(*value) : Cell(); }

struct Column {
  std::string name;  ///< stable, with its unit: `theta_usd_per_day`
  int digits = -1;   ///< decimals in a table; -1 = shortest, -4 = four significant digits and so on
};

/// Rows of named columns, drawn in any format. Machine formats carry full precision, tables are rounded to be read.
struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
};

std::string render(const Table& table, Format format);

/// `1,234,567.8` with `digits` decimals: for people only.
std::string grouped(double value, int digits);

}  // namespace ballast::app
