#include "ballast/app/output.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ballast/base/text.h"

namespace ballast::app {
namespace {

using nlohmann::ordered_json;

ordered_json json_of(const Cell& cell) {
  return std::visit(
      [](const auto& v) -> ordered_json {
        using V = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<V, std::monostate>)
          return nullptr;
        else
          return v;
      },
      cell);
}

std::string exact_text(const Cell& cell) {
  if (const auto* words = std::get_if<std::string>(&cell)) return *words;
  if (const auto* number = std::get_if<double>(&cell)) return shortest(*number);
  if (const auto* whole = std::get_if<long long>(&cell)) return std::to_string(*whole);
  if (const auto* yes = std::get_if<bool>(&cell)) return *yes ? "true" : "false";
  return "";
}

std::string table_text(const Cell& cell, const Column& column) {
  const auto* number = std::get_if<double>(&cell);
  if (number == nullptr || column.digits == -1)
    return std::holds_alternative<std::monostate>(cell) ? "-" : exact_text(cell);
  if (column.digits >= 0) return grouped(*number, column.digits);
  return fmt::format("{:.{}g}", *number, -column.digits);
}

bool is_number(const Cell& cell) {
  return std::holds_alternative<double>(cell) || std::holds_alternative<long long>(cell);
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string render_csv(const Table& table) {
  std::string out;
  for (std::size_t i = 0; i < table.columns.size(); ++i) out += (i ? "," : "") + table.columns[i].name;
  out += '\n';
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) out += (i ? "," : "") + csv_field(exact_text(row[i]));
    out += '\n';
  }
  return out;
}

std::string render_json(const Table& table, bool lines) {
  ordered_json all = ordered_json::array();
  std::string out;
  for (const auto& row : table.rows) {
    ordered_json object = ordered_json::object();
    for (std::size_t i = 0; i < row.size(); ++i) object[table.columns[i].name] = json_of(row[i]);
    if (lines) {
      out += object.dump() + "\n";
    } else {
      all.push_back(std::move(object));
    }
  }
  return lines ? out : all.dump(2) + "\n";
}

std::string render_aligned(const Table& table, bool markdown) {
  const std::size_t n = table.columns.size();
  std::vector<std::size_t> width(n);
  std::vector<bool> right(n, true);
  std::vector<std::vector<std::string>> texts;
  for (std::size_t i = 0; i < n; ++i) width[i] = table.columns[i].name.size();
  for (const auto& row : table.rows) {
    auto& line = texts.emplace_back();
    for (std::size_t i = 0; i < n; ++i) {
      line.push_back(table_text(row[i], table.columns[i]));
      width[i] = std::max(width[i], line.back().size());
      if (!is_number(row[i]) && !std::holds_alternative<std::monostate>(row[i])) right[i] = false;
    }
  }
  const char* gap = markdown ? " | " : "  ";
  const auto draw = [&](const std::vector<std::string>& line) {
    std::string out = markdown ? "| " : "";
    for (std::size_t i = 0; i < n; ++i) {
      if (i) out += gap;
      out += right[i] ? fmt::format("{:>{}}", line[i], width[i]) : fmt::format("{:<{}}", line[i], width[i]);
    }
    if (markdown) return out + " |\n";
    return out.substr(0, out.find_last_not_of(' ') + 1) + "\n";
  };
  std::vector<std::string> names;
  for (const Column& column : table.columns) names.push_back(column.name);
  std::string out = draw(names);
  if (markdown) {
    out += "|";
    for (std::size_t i = 0; i < n; ++i) out += std::string(width[i] + 1, '-') + (right[i] ? ":|" : "-|");
    out += "\n";
  }
  for (const auto& line : texts) out += draw(line);
  return out;
}

}  // namespace

std::string grouped(double value, int digits) {
  const std::string plain = fmt::format("{:.{}f}", value, digits);
  const std::size_t point = std::min(plain.find('.'), plain.size());
  const std::size_t first = plain.front() == '-' ? 1 : 0;
  std::string out = plain.substr(0, first);
  for (std::size_t i = first; i < point; ++i) {
    out += plain[i];
    if (const std::size_t left = point - i - 1; left > 0 && left % 3 == 0) out += ',';
  }
  return out + plain.substr(point);
}

std::string render(const Table& table, Format format) {
  switch (format) {
    case Format::table: return render_aligned(table, false);
    case Format::markdown: return render_aligned(table, true);
    case Format::csv: return render_csv(table);
    case Format::json: return render_json(table, false);
    case Format::jsonl: return render_json(table, true);
  }
  return "";
}

}  // namespace ballast::app
