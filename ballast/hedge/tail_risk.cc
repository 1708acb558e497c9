#include "ballast/hedge/tail_risk.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include <fmt/format.h>

#include "ballast/risk/value_at_risk.h"

namespace ballast::hedge {
namespace {

using math::PiecewiseConvex;
using math::PiecewiseProgram;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::size_t largest_matrix = 1U << 27;  // 1 GiB

double probability(std::span<const double> probabilities, std::size_t scenarios, std::size_t s) {
  return probabilities.empty() ? 1.0 / static_cast<double>(scenarios) : probabilities[s];
}

std::optional<Error> bad(const PiecewiseProgram& program, const ScenarioPnl& pnl) {
  const std::size_t scenarios = pnl.book.size();
  const auto bad_input = [](std::string what) { return Error{Fault::bad_input, std::move(what)}; };
  if (scenarios == 0) return bad_input("no scenarios");
  if (pnl.unit.size() % scenarios != 0 || pnl.unit.size() / scenarios > program.n()) {
    return bad_input(
        fmt::format("{} gains of trades for {} scenarios and {} columns", pnl.unit.size(), scenarios, program.n()));
  }
  for (std::size_t s = 0; s < scenarios; ++s) {
    if (!std::isfinite(pnl.book[s])) return bad_input(fmt::format("scenario {}: the book gains {}", s, pnl.book[s]));
  }
  for (std::size_t k = 0; k < pnl.unit.size(); ++k) {
    if (!std::isfinite(pnl.unit[k])) {
      return bad_input(fmt::format("scenario {}: trade {} gains {}", k % scenarios, k / scenarios, pnl.unit[k]));
    }
  }
  if (const auto why = risk::bad_probabilities(pnl.probabilities, scenarios)) return bad_input(*why);
  return std::nullopt;
}

std::optional<Error> bad_alpha(double alpha) {
  if (alpha >= 0.0 && alpha < 1.0) return std::nullopt;
  return Error{Fault::bad_input, fmt::format("a tail beyond alpha = {}, which must be in [0, 1)", alpha)};
}

std::optional<Error> bad_weight(double weight) {
  if (weight >= 0.0 && std::isfinite(weight)) return std::nullopt;
  return Error{Fault::bad_input, fmt::format("a weight of {}", weight)};
}

std::optional<Error> bad_limit(double limit) {
  if (std::isfinite(limit)) return std::nullopt;
  return Error{Fault::bad_input, fmt::format("a limit of {}", limit)};
}

struct Range {
  double lowest, highest;
};

// What a scenario can lose at all, within the columns' bounds.
std::vector<Range> loss_ranges(const PiecewiseProgram& program, const ScenarioPnl& pnl) {
  const std::size_t scenarios = pnl.book.size();
  std::vector<Range> ranges;
  for (const double b : pnl.book) ranges.push_back({-b, -b});
  for (std::size_t k = 0; k < pnl.unit.size(); ++k) {
    const PiecewiseConvex& column = program.columns[k / scenarios];
    const double one = -pnl.unit[k] * column.lowest, other = -pnl.unit[k] * column.highest;
    ranges[k % scenarios].lowest += std::min(one, other);
    ranges[k % scenarios].highest += std::max(one, other);
  }
  return ranges;
}

Range span_of(const std::vector<Range>& ranges) {
  Range all{infinity, -infinity};
  for (const Range& r : ranges) all = {std::min(all.lowest, r.lowest), std::max(all.highest, r.highest)};
  return all;
}

// Room for more columns and rows, all coefficients 0.
std::optional<Error> grow(PiecewiseProgram& p, std::size_t columns, std::size_t rows) {
  const std::size_t n = p.n(), m = p.m(), wide = n + columns, tall = m + rows;
  if (wide > largest_matrix / tall) {
    return Error{Fault::limit, fmt::format("a matrix of {} rows and {} columns has over {} coefficients", tall, wide,
                                           largest_matrix)};
  }
  std::vector<double> matrix(wide * tall);
  for (std::size_t j = 0; j < n; ++j) {
    std::copy_n(p.matrix.begin() + static_cast<std::ptrdiff_t>(j * m), m,
                matrix.begin() + static_cast<std::ptrdiff_t>(j * tall));
  }
  if (!p.hessian.empty()) {
    std::vector<double> hessian(wide * wide);
    for (std::size_t k = 0; k < n * n; ++k) hessian[k / n * wide + k % n] = p.hessian[k];
    p.hessian = std::move(hessian);
  }
  p.matrix = std::move(matrix);
  p.columns.resize(wide);
  p.rows.resize(tall);
  p.offset.resize(tall);
  return std::nullopt;
}

// Rows loss_s = -book_s - unit_s x.
void set_losses(PiecewiseProgram& p, const ScenarioPnl& pnl, std::size_t first_row) {
  const std::size_t scenarios = pnl.book.size();
  for (std::size_t s = 0; s < scenarios; ++s) p.offset[first_row + s] = -pnl.book[s];
  for (std::size_t k = 0; k < pnl.unit.size(); ++k) {
    p.matrix[k / scenarios * p.m() + first_row + k % scenarios] = -pnl.unit[k];
  }
}

/// A row loss_s - z for each scenario and the column z, at `weight` a unit. The rows' functions are the caller's.
Result<TailTerm> append_level(PiecewiseProgram& program, const ScenarioPnl& pnl, double weight) {
  if (auto why = bad(program, pnl)) return *why;
  if (auto why = bad_weight(weight)) return *why;
  const std::size_t scenarios = pnl.book.size();
  const Range all = span_of(loss_ranges(program, pnl));
  const TailTerm term{.level = program.n(), .first_row = program.m()};
  if (auto why = grow(program, 1, scenarios)) return *why;
  set_losses(program, pnl, term.first_row);
  program.columns[term.level] = {.lowest = all.lowest, .highest = all.highest, .slopes = {weight}};
  for (std::size_t s = 0; s < scenarios; ++s) program.matrix[term.level * program.m() + term.first_row + s] = -1.0;
  return term;
}

}  // namespace

std::vector<double> losses(const ScenarioPnl& pnl, std::span<const double> x) {
  const std::size_t scenarios = pnl.book.size();
  std::vector<double> loss;
  for (const double b : pnl.book) loss.push_back(-b);
  for (std::size_t k = 0; k < pnl.unit.size(); ++k) loss[k % scenarios] -= pnl.unit[k] * x[k / scenarios];
  return loss;
}

Result<TailTerm> append_expected_shortfall(PiecewiseProgram& program, const ScenarioPnl& pnl, double alpha,
                                           double weight) {
  if (auto why = bad_alpha(alpha)) return *why;
  const auto term = append_level(program, pnl, weight);
  if (!term) return term.error();
  const std::size_t scenarios = pnl.book.size();
  for (std::size_t s = 0; s < scenarios; ++s) {
    const double slope = weight * probability(pnl.probabilities, scenarios, s) / (1.0 - alpha);
    program.rows[term.value().first_row + s] = {
        .lowest = -infinity, .highest = infinity, .kinks = {0.0}, .slopes = {0.0, slope}};
  }
  return term;
}

Result<TailTerm> append_expected_shortfall_limit(PiecewiseProgram& program, const ScenarioPnl& pnl, double alpha,
                                                 double limit) {
  if (auto why = bad(program, pnl)) return *why;
  if (auto why = bad_alpha(alpha)) return *why;
  if (auto why = bad_limit(limit)) return *why;
  const std::size_t scenarios = pnl.book.size();
  const auto ranges = loss_ranges(program, pnl);
  const Range all = span_of(ranges);
  const TailTerm term{.level = program.n(), .first_row = program.m()};
  if (auto why = grow(program, 1 + scenarios, scenarios + 1)) return *why;
  set_losses(program, pnl, term.first_row);
  const std::size_t m = program.m(), sum_row = term.first_row + scenarios;
  program.columns[term.level] = {.lowest = all.lowest, .highest = all.highest};
  for (std::size_t s = 0; s < scenarios; ++s) {
    const std::size_t row = term.first_row + s, excess = term.level + 1 + s;
    program.columns[excess] = {.lowest = 0.0, .highest = ranges[s].highest - all.lowest};
    program.rows[row] = {.lowest = -infinity, .highest = 0.0};  // loss - z - excess
    program.matrix[term.level * m + row] = -1.0;
    program.matrix[excess * m + row] = -1.0;
    program.matrix[excess * m + sum_row] = probability(pnl.probabilities, scenarios, s) / (1.0 - alpha);
  }
  program.rows[sum_row] = {.lowest = -infinity, .highest = limit};
  program.matrix[term.level * m + sum_row] = 1.0;
  return term;
}

Result<TailTerm> append_worst_case(PiecewiseProgram& program, const ScenarioPnl& pnl, double weight) {
  const auto term = append_level(program, pnl, weight);
  if (!term) return term.error();
  for (std::size_t s = 0; s < pnl.book.size(); ++s) {
    program.rows[term.value().first_row + s] = {.lowest = -infinity, .highest = 0.0};
  }
  return term;
}

Result<TailTerm> append_worst_case_limit(PiecewiseProgram& program, const ScenarioPnl& pnl, double limit) {
  if (auto why = bad(program, pnl)) return *why;
  if (auto why = bad_limit(limit)) return *why;
  const TailTerm term{.level = program.n(), .first_row = program.m()};
  if (auto why = grow(program, 0, pnl.book.size())) return *why;
  set_losses(program, pnl, term.first_row);
  for (std::size_t i = term.first_row; i < program.m(); ++i) program.rows[i] = {.lowest = -infinity, .highest = limit};
  return term;
}

}  // namespace ballast::hedge
