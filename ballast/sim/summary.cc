#include "ballast/sim/summary.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "ballast/base/text.h"

namespace ballast::sim {
namespace {

const Lines& lines_in(Numeraire numeraire, const Attribution& change) {
  return numeraire == Numeraire::coin ? change.coin : change.usd;
}

double gross_explained(const Lines& l) {
  double gross = 0.0;
  for (std::size_t i = 0; i < lines; ++i) {
    // In USD the collateral of a large account would hide any residual; costs are known, not explained.
    if (i != fees && i != slippage && i != collateral && i != residual) gross += std::abs(l[i]);
  }
  return gross;
}

void add(Lines& total, const Lines& more) {
  for (std::size_t i = 0; i < lines; ++i) total[i] += more[i];
}

double total(const Lines& l) {
  double all = 0.0;
  for (const double line : l) all += line;
  return all;
}

std::optional<Error> bad(std::span<const RuleRows> rules) {
  const auto bad_input = [](std::string what) { return Error{Fault::bad_input, std::move(what)}; };
  if (rules.empty()) return bad_input("no rules to sum up");
  const std::vector<Row>& first = rules.front().rows;
  if (first.size() < 2) return bad_input(fmt::format("{} instants: at least 2 make a step", first.size()));
  for (const RuleRows& rule : rules) {
    const std::string place = "rule " + quoted(rule.name);
    if (rule.rows.size() != first.size()) {
      return bad_input(fmt::format("{}: {} instants, {} of rule {}", place, rule.rows.size(), first.size(),
                                   quoted(rules.front().name)));
    }
    for (std::size_t i = 0; i < first.size(); ++i) {
      const Row& row = rule.rows[i];
      if (i > 0 && !(rule.rows[i - 1].at < row.at))
        return bad_input(fmt::format("{}: {} follows {}", place, to_string(row.at), to_string(rule.rows[i - 1].at)));
      if (row.at != first[i].at || row.index != first[i].index) {
        return bad_input(fmt::format("{}: {} at index {} where rule {} has {} at {}", place, to_string(row.at),
                                     row.index, quoted(rules.front().name), to_string(first[i].at), first[i].index));
      }
      if (!(row.index > 0.0 && std::isfinite(row.index)))
        return bad_input(fmt::format("{}, {}: index {}", place, to_string(row.at), row.index));
      if (!std::isfinite(row.equity.coin) || !std::isfinite(row.equity.quote))
        return bad_input(
            fmt::format("{}, {}: equity {} coin, {} USD", place, to_string(row.at), row.equity.coin, row.equity.quote));
    }
  }
  return std::nullopt;
}

RuleSummary sum_up(Numeraire numeraire, const RuleRows& rule, double residual_share) {
  RuleSummary s{.name = rule.name, .hedges = rule.hedges, .instants = rule.rows.size()};
  const Row &first = rule.rows.front(), &last = rule.rows.back();
  s.start_coin = first.equity.in_coin(first.index) - total(first.change.coin) - first.gap_coin;
  s.start_usd = first.equity.in_usd(first.index) - total(first.change.usd) - first.gap_usd;
  s.end_coin = last.equity.in_coin(last.index);
  s.end_usd = last.equity.in_usd(last.index);
  const double start = numeraire == Numeraire::coin ? s.start_coin : s.start_usd;
  double highest = start;
  std::size_t explained = 0;
  for (std::size_t i = 0; i < rule.rows.size(); ++i) {
    const Row& row = rule.rows[i];
    const double equity = equity_in(numeraire, row);
    highest = std::max(highest, equity);
    s.max_drawdown = std::max(s.max_drawdown, highest - equity);
    add(s.attribution.coin, row.change.coin);
    add(s.attribution.usd, row.change.usd);
    s.turnover_usd += row.turnover_usd;
    s.fills += row.fills;
    s.tickets += row.tickets;
    s.refusals += row.quality == desk::Quality::refused;
    s.worst_gap_coin = std::max(s.worst_gap_coin, std::abs(row.gap_coin));
    const Lines& l = lines_in(numeraire, row.change);
    if (i > 0 && std::abs(l[residual]) <= residual_share * gross_explained(l)) ++explained;
  }
  s.residual_ok_share = static_cast<double>(explained) / static_cast<double>(rule.rows.size() - 1);
  s.pnl = equity_in(numeraire, last) - start;
  const Lines& sums = lines_in(numeraire, s.attribution);
  s.fees = sums[fees];
  s.slippage = sums[slippage];
  s.funding = sums[funding];
  return s;
}

}  // namespace

double equity_in(Numeraire numeraire, const Row& row) {
  return numeraire == Numeraire::coin ? row.equity.in_coin(row.index) : row.equity.in_usd(row.index);
}

std::vector<double> step_pnl(Numeraire numeraire, std::span<const Row> rows) {
  std::vector<double> pnl;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const Lines& l = lines_in(numeraire, rows[i].change);
    pnl.push_back(equity_in(numeraire, rows[i]) - equity_in(numeraire, rows[i - 1]) - l[fees] - l[slippage]);
  }
  return pnl;
}

Result<Summary> summarise(Numeraire numeraire, std::span<const RuleRows> rules, const SummaryRules& settings, Rng rng) {
  if (const auto error = bad(rules)) return *error;
  if (!(settings.residual_share >= 0.0))
    return Error{Fault::bad_input, fmt::format("residual share {}", settings.residual_share)};
  const std::vector<Row>& first = rules.front().rows;
  std::vector<Time> time;
  std::vector<double> index;
  for (const Row& row : first) {
    time.push_back(row.at);
    index.push_back(row.index);
  }
  std::optional<std::size_t> unhedged;
  for (std::size_t k = rules.size(); k-- > 0;) {
    if (!rules[k].hedges) unhedged = k;
  }
  std::vector<RuleErrors> errors;
  for (const RuleRows& rule : rules)
    errors.push_back({rule.name, rule.hedges, step_pnl(numeraire, rule.rows), unhedged});
  const auto regime = risk::regimes(time, index, settings.regimes);
  if (!regime) return regime.error();
  // The last instant begins no step.
  const std::span<const risk::Regime> steps(regime.value().data(), regime.value().size() - 1);
  const auto table = compare_errors(errors, steps, settings.errors, rng);
  if (!table) return table.error();
  Summary summary{.numeraire = numeraire, .from = time.front(), .to = time.back(), .base = table.value().base};
  for (std::size_t k = 0; k < rules.size(); ++k) {
    summary.rules.push_back(sum_up(numeraire, rules[k], settings.residual_share));
    summary.rules.back().errors = table.value().rules[k];
  }
  return summary;
}

}  // namespace ballast::sim
