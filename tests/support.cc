#include "tests/support.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <doctest/doctest.h>

#include "ballast/base/text.h"

namespace ballast::test {

const std::string& Row::text(const std::string& column) const {
  const auto found = fields_.find(column);
  if (found == fields_.end()) throw std::runtime_error("no column " + column);
  return found->second;
}

bool Row::has(const std::string& column) const {
  const auto found = fields_.find(column);
  return found != fields_.end() && !found->second.empty();
}

double Row::operator[](const std::string& column) const {
  const auto value = parse_number(text(column));
  if (!value) throw std::runtime_error("column " + column + " of line " + std::to_string(line) + " is not a number");
  return *value;
}

std::vector<Row> read_csv(const std::string& path) {
  std::istringstream in(slurp(path));
  std::vector<std::string> names;
  std::vector<Row> rows;
  std::string text;
  for (std::size_t line = 1; std::getline(in, text); ++line) {
    if (text.empty() || text.front() == '#') continue;
    const auto fields = split(text, ',');
    if (names.empty()) {
      names.assign(fields.begin(), fields.end());
      continue;
    }
    std::map<std::string, std::string> row;
    for (std::size_t i = 0; i < fields.size() && i < names.size(); ++i) row[names[i]] = std::string(fields[i]);
    rows.emplace_back(std::move(row), line);
  }
  if (rows.empty()) throw std::runtime_error(path + " has no rows");
  return rows;
}

std::optional<std::string> shared(const std::string& path) {
  const char* set = std::getenv("BALLAST_SHARED");
  const std::filesystem::path folder =
      set != nullptr ? std::filesystem::path(set) : std::filesystem::path(BALLAST_SOURCE_DIR).parent_path() / "shared";
  const std::filesystem::path found = folder / path;
  if (std::filesystem::exists(found)) return found.string();
  MESSAGE("skipped: there is no ", found.string(), " (set BALLAST_SHARED to the folder of recorded data)");
  return std::nullopt;
}

std::string slurp(const std::string& path) {
  const std::filesystem::path whole = std::filesystem::path(BALLAST_SOURCE_DIR) / path;
  std::ifstream in(whole, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + whole.string());
  std::ostringstream all;
  all << in.rdbuf();
  return std::move(all).str();
}

}  // namespace ballast::test
