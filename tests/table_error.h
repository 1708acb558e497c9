#pragma once
#include <cmath>
#include <limits>
#include <map>
#include <string>

#include <fmt/format.h>

namespace ballast::test {

/// For tests only: the worst error of each column of a reference table, in units of epsilon = 2^-52 of a scale.
class TableError {
 public:
  /// `scale` is what one epsilon is a part of: |reference| for a relative error, a natural scale where the column
  /// crosses zero. A NaN counts as infinitely wrong. `floor` is forgiven: the spacing of subnormal numbers.
  void add(const std::string& column, double got, double reference, double scale, const std::string& at,
           double floor = 0.0) {
    const double off = std::abs(got - reference);
    double error = off <= floor ? 0.0 : off / (scale * std::numeric_limits<double>::epsilon());
    if (std::isnan(got) || std::isnan(error)) error = std::numeric_limits<double>::infinity();
    Worst& worst = columns_[column];
    ++worst.rows;
    if (error >= worst.error) worst.error = error, worst.at = at;
  }
  double worst(const std::string& column) const { return columns_.at(column).error; }
  double worst() const {
    double most = 0.0;
    for (const auto& [column, worst] : columns_) most = std::fmax(most, worst.error);
    return most;
  }
  std::string text() const {
    std::string out;
    for (const auto& [column, worst] : columns_)
      out += fmt::format("\n  {:<22} {:>9.2f} eps  at {} ({} rows)", column, worst.error, worst.at, worst.rows);
    return out;
  }

 private:
  struct Worst {
    double error = 0.0;
    std::string at;
    int rows = 0;
  };
  std::map<std::string, Worst> columns_;
};

}  // namespace ballast::test
