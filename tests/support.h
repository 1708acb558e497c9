#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ballast::test {

/// One line of a reference table: columns by name. `row["price"]` stops the test when the column is missing or empty.
class Row {
 public:
  Row(std::map<std::string, std::string> fields, std::size_t at) : line(at), fields_(std::move(fields)) {}
  double operator[](const std::string& column) const;
  const std::string& text(const std::string& column) const;
  bool has(const std::string& column) const;  ///< present and not empty

  std::size_t line;

 private:
  std::map<std::string, std::string> fields_;
};

/// A CSV file below the source folder: `#` lines are comment, then one line of names.
std::vector<Row> read_csv(const std::string& path);

/// The folder of reference and recorded data beside the checkout ($BALLAST_SHARED, else ../shared), with `path`
/// appended; empty, with a message that says what is skipped, where it does not exist.
std::optional<std::string> shared(const std::string& path);

/// The whole of a file of the source folder (or of an absolute path).
std::string slurp(const std::string& path);

}  // namespace ballast::test
