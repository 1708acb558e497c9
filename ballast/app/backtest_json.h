#pragma once
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "ballast/app/output.h"
#include "ballast/sim/summary.h"

namespace ballast::app {

/// What a result says of its run besides figures.
struct RunHead {
  std::string run;  ///< hash of all that the run rests on
  std::string name, underlying;
};

/// A backtest as docs/backtest-json.md has it; numbers are finite or null. Domain  the summary is of these rows.
nlohmann::ordered_json backtest_json(const RunHead& head, const sim::Summary& summary,
                                     std::span<const sim::RuleRows> rules);

/// The part of a rule's object that its errors give, written over what is there: `rmse` to `es95`, `regimes`,
/// `against_base`.
void put_errors(nlohmann::ordered_json& rule, const sim::ErrorFigures& errors);

/// The name of a line in JSON and CSV. It outlives the enumeration: rows are stored.
const char* line_key(sim::Line line);

/// One row, all of it; read back it is the same to the last bit. A delta, width, gamma or vega that is no number is
/// null, and NaN again.
nlohmann::ordered_json row_json(const sim::Row& row);
/// Faults   bad_field: a field that is missing, mistyped or out of range, by its name.
Result<sim::Row> row_of(const nlohmann::ordered_json& json);

struct StoredRow {
  std::string rule;
  sim::Row row;
};

/// A row of a rule as one line of text, without the line's end, and back. Faults  bad_syntax: no JSON; as row_of().
std::string row_line(const std::string& rule, const sim::Row& row);
Result<StoredRow> stored_row(std::string_view line);

/// One line an instant and rule: what a spreadsheet wants of the rows.
Table rows_table(std::span<const sim::RuleRows> rules);

/// One line a rule, of a result's JSON.
Table rules_table(const nlohmann::ordered_json& result);

}  // namespace ballast::app
