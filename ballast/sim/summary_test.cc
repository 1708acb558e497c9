#include "ballast/sim/summary.h"

#include <cmath>

#include <doctest/doctest.h>

#include "tests/synthetic_run.h"

using namespace ballast;
using namespace ballast::sim;

namespace {

double all(const Lines& l) {
  double sum = 0.0;
  for (const double line : l) sum += line;
  return sum;
}

}  // namespace

TEST_CASE("summary: three rows by hand") {
  // 10 coin; the first instant costs 0.02, then a loss of 0.5 with 0.01 of costs, then a gain of 0.2 in quote currency.
  RuleRows none{.name = "none", .hedges = false}, rule{.name = "rule"};
  Row row{.at = {0}, .index = 100.0, .equity = {10.0, 0.0}};
  none.rows.push_back(row);
  row.equity.coin = 9.98;
  row.change.coin[fees] = -0.015;
  row.change.coin[slippage] = -0.005;
  row.change.usd[fees] = -1.5;
  row.change.usd[slippage] = -0.5;
  row.turnover_usd = 250.0;
  row.tickets = row.fills = 2;
  rule.rows.push_back(row);
  row = {.at = {1000}, .index = 80.0, .equity = {9.0, 0.0}};
  row.change.coin[delta] = -1.0;
  row.change.usd[delta] = -80.0;
  row.change.usd[collateral] = -200.0;
  none.rows.push_back(row);
  row = {.at = {1000}, .index = 80.0, .equity = {9.47, 0.0}};
  row.change.coin[delta] = -0.4;
  row.change.coin[residual] = -0.1;
  row.change.coin[fees] = -0.006;
  row.change.coin[slippage] = -0.004;
  row.change.usd[delta] = -32.0;
  row.change.usd[residual] = -8.0;
  row.change.usd[fees] = -0.48;
  row.change.usd[slippage] = -0.32;
  row.change.usd[collateral] = -199.6;
  row.gap_coin = -1e-12;
  row.quality = desk::Quality::refused;
  row.tickets = 1;
  rule.rows.push_back(row);
  row = {.at = {3000}, .index = 80.0, .equity = {9.0, 16.0}};
  row.change.coin[theta] = 0.2;
  row.change.usd[theta] = 16.0;
  none.rows.push_back(row);
  row.equity = {9.47, 16.0};
  row.turnover_usd = 50.0;
  row.change.coin[residual] = 0.02;
  row.change.coin[theta] = 0.18;
  rule.rows.push_back(row);

  const Summary coin = summarise(Numeraire::coin, std::vector{none, rule}, {}, Rng(1)).value();
  CHECK(coin.base == "rule");
  CHECK(coin.from.ms == 0);
  CHECK(coin.to.ms == 3000);
  const RuleSummary& r = coin.rules[1];
  CHECK(r.instants == 3);
  CHECK(r.start_coin == doctest::Approx(10.0));
  CHECK(r.start_usd == doctest::Approx(1000.0));
  CHECK(r.end_coin == doctest::Approx(9.67));
  CHECK(r.pnl == doctest::Approx(-0.33));
  CHECK(r.max_drawdown == doctest::Approx(0.53));  // from 10, which no row shows any more
  CHECK(r.fees == doctest::Approx(-0.021));
  CHECK(r.slippage == doctest::Approx(-0.009));
  CHECK(r.turnover_usd == 300.0);
  CHECK(r.fills == 2);
  CHECK(r.tickets == 3);
  CHECK(r.refusals == 1);
  CHECK(r.worst_gap_coin == 1e-12);
  // Errors without costs: -0.5 and 0.2, against -1 and 0.2 of the book alone.
  CHECK(r.errors.rmse == doctest::Approx(std::sqrt(0.29 / 2.0)));
  CHECK(r.errors.variance_reduction.value() == doctest::Approx(1.0 - 0.29 / 1.04));
  CHECK(r.errors.worst == doctest::Approx(-0.5));
  // Residuals of 0.1 in 0.4 and 0.02 in 0.18: neither is within a tenth.
  CHECK(r.residual_ok_share == 0.0);
  CHECK(coin.rules[0].residual_ok_share == 1.0);

  const Summary usd = summarise(Numeraire::usd, std::vector{none, rule}, {}, Rng(1)).value();
  CHECK(usd.rules[1].pnl == doctest::Approx(9.47 * 80.0 + 16.0 - 1000.0));
  CHECK(usd.rules[1].errors.worst == doctest::Approx(9.47 * 80.0 - 998.0 + 0.8));
}

TEST_CASE("summary: the lines carry the start to the end in both currencies") {
  const auto rules = test::synthetic_rules(20260805, 400);
  for (const Numeraire numeraire : {Numeraire::coin, Numeraire::usd}) {
    const Summary s = summarise(numeraire, rules, {}, Rng(1)).value();
    REQUIRE(s.rules.size() == 5);
    CHECK(s.base == "net delta");
    for (const RuleSummary& r : s.rules) {
      CAPTURE(r.name);
      CHECK(std::abs(r.start_coin - 10.0) <= 1e-14);
      CHECK(std::abs(r.start_coin + all(r.attribution.coin) - r.end_coin) <= 1e-12);
      CHECK(std::abs(r.start_usd + all(r.attribution.usd) - r.end_usd) <= 1e-7);
      CHECK(std::abs(r.pnl - all(numeraire == Numeraire::coin ? r.attribution.coin : r.attribution.usd)) <= 1e-7);
      CHECK(r.max_drawdown >= 0.0);
      CHECK(r.errors.es95 >= -r.errors.mean);
      CHECK(-r.errors.worst >= r.errors.es95);
      const std::vector<double> pnl = step_pnl(numeraire, rules[static_cast<std::size_t>(&r - s.rules.data())].rows);
      std::size_t steps = 0;
      double ss = 0.0;
      for (const RegimeErrors& e : r.errors.regimes) {
        steps += e.steps;
        ss += e.rmse.value() * e.rmse.value() * static_cast<double>(e.steps);
      }
      // The first 30 begin where nothing is usual yet.
      CHECK(steps == 369);
      for (std::size_t t = 0; t < 30; ++t) ss += pnl[t] * pnl[t];
      CHECK(ss == doctest::Approx(399.0 * r.errors.rmse * r.errors.rmse).epsilon(1e-12));
    }
    CHECK(s.rules[1].refusals == 8);  // every fiftieth
    CHECK(s.rules[0].turnover_usd == 0.0);
    CHECK(s.rules[1].errors.rmse < s.rules[0].errors.rmse);
  }
}

TEST_CASE("summary: rows that are no run are refused by rule and instant") {
  auto rules = test::synthetic_rules(1, 4);
  const auto fault = [&](auto change, SummaryRules settings = {}) {
    auto wrong = rules;
    change(wrong);
    const auto summary = summarise(Numeraire::coin, wrong, settings, Rng(1));
    REQUIRE_FALSE(summary);
    CHECK(summary.error().fault == Fault::bad_input);
    return summary.error().what;
  };
  CHECK(fault([](auto& r) { r.clear(); }) == "no rules to sum up");
  CHECK(fault([](auto& r) { r[2].rows.pop_back(); }).find("'black delta'") != std::string::npos);
  CHECK(fault([](auto& r) { r[1].rows[2].at.ms += 1; }).find("'net delta'") != std::string::npos);
  CHECK(fault([](auto& r) { r[1].rows[2].index += 1.0; }).find("at index") != std::string::npos);
  CHECK(fault([](auto& r) { std::swap(r[0].rows[1], r[0].rows[2]); }).find("follows") != std::string::npos);
  CHECK(fault([](auto& r) { r[0].rows[1].equity.coin = NAN; }).find("nan coin") != std::string::npos);
  CHECK(fault([](auto& r) {
          for (auto& one : r) one.rows.resize(1);
        }).find("1 instants") != std::string::npos);
  CHECK(fault([](auto&) {}, {.regimes = {.trailing = 1}}).find("1") != std::string::npos);
}
