#include "ballast/sim/hedge_errors.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <doctest/doctest.h>

using namespace ballast;
using namespace ballast::sim;
using risk::Regime;

namespace {

double normal(Rng& rng) {
  return std::sqrt(-2.0 * std::log(rng.uniform())) * std::cos(2.0 * std::numbers::pi * rng.uniform());
}

std::vector<double> noise(Rng& rng, std::size_t n, double scale) {
  std::vector<double> x(n);
  for (double& one : x) one = scale * normal(rng);
  return x;
}

ErrorTable table_of(const std::vector<RuleErrors>& rules, ErrorRules settings = {}, std::uint64_t seed = 1) {
  Rng rng(seed);
  const std::vector<Regime> calm(rules.front().pnl.size(), Regime::calm);
  const auto table = compare_errors(rules, calm, settings, rng);
  REQUIRE_MESSAGE(table, table.error().what);
  return table.value();
}

}  // namespace

TEST_CASE("hedge errors: figures by hand") {
  // Squares 9 16 0 25 against 1 0 0 1: sums 50 and 2.
  const std::vector<RuleErrors> rules = {{"none", false, {3.0, -4.0, 0.0, -5.0}, 0},
                                         {"rule", true, {1.0, 0.0, 0.0, -1.0}, 0}};
  Rng rng(1);
  const std::vector<Regime> regime = {Regime::rally, Regime::crash, Regime::calm, Regime::crash};
  const ErrorTable table = compare_errors(rules, regime, {.alpha = 0.5}, rng).value();
  CHECK(table.base == "rule");
  const ErrorFigures &none = table.rules[0], &rule = table.rules[1];
  CHECK(none.rmse == doctest::Approx(std::sqrt(12.5)));
  CHECK(rule.rmse == doctest::Approx(std::sqrt(0.5)));
  CHECK(none.rmse_reduction.value() == 0.0);
  CHECK(rule.rmse_reduction.value() == doctest::Approx(0.8));
  CHECK(rule.variance_reduction.value() == doctest::Approx(0.96));
  CHECK(none.mean == doctest::Approx(-1.5));
  CHECK(none.std == doctest::Approx(std::sqrt((4.5 * 4.5 + 2.5 * 2.5 + 1.5 * 1.5 + 3.5 * 3.5) / 3.0)));
  CHECK(none.worst == -5.0);
  CHECK(none.es95 == doctest::Approx(4.5));  // the worse half: 5 and 4
  REQUIRE(none.regimes.size() == 3);
  CHECK(none.regimes[0].steps == 2);
  CHECK(none.regimes[0].rmse.value() == doctest::Approx(std::sqrt(20.5)));
  CHECK(rule.regimes[0].rmse_reduction.value() == doctest::Approx(1.0 - std::sqrt(1.0 / 41.0)));
  CHECK(rule.regimes[2].rmse.value() == 0.0);
  CHECK_FALSE(rule.regimes[2].rmse_reduction.has_value());  // nothing to reduce: the book gained 0 there
  CHECK_FALSE(rule.against_base.has_value());
  CHECK_FALSE(none.against_base.has_value());  // four steps say nothing
  // The same steps five times over.
  std::vector<RuleErrors> longer = rules;
  for (RuleErrors& one : longer) {
    for (int i = 0; i < 16; ++i) one.pnl.push_back(one.pnl[static_cast<std::size_t>(i)]);
  }
  const ErrorTable more = table_of(longer);
  CHECK_FALSE(more.rules[1].against_base.has_value());
  const AgainstBase alone = more.rules[0].against_base.value();
  CHECK(alone.ratio == doctest::Approx(25.0));
  CHECK(alone.mean_difference == doctest::Approx(-12.0));
  CHECK_FALSE(alone.p_deflated.has_value());
}

TEST_CASE("hedge errors: a comparison turned around is the same comparison") {
  Rng rng(20260801);
  const std::vector<RuleErrors> rules = {{"a", true, noise(rng, 300, 1.0), {}}, {"b", true, noise(rng, 300, 1.3), {}}};
  const AgainstBase there = table_of(rules, {.base = "a"}).rules[1].against_base.value();
  const AgainstBase back = table_of(rules, {.base = "b"}).rules[0].against_base.value();
  CHECK(there.mean_difference < 0.0);  // b is worse
  CHECK(there.mean_difference == doctest::Approx(-back.mean_difference));
  CHECK(there.statistic == doctest::Approx(-back.statistic));
  CHECK(there.p == doctest::Approx(back.p));
  CHECK(there.p_deflated.value() == back.p_deflated.value());  // the same draws
  CHECK(there.ratio == doctest::Approx(1.0 / back.ratio));
  CHECK(there.ratio_low < there.ratio);
  CHECK(there.ratio < there.ratio_high);
  // The same seed gives the same bits, another seed does not.
  CHECK(table_of(rules).rules[1].against_base.value().ratio_low == there.ratio_low);
  CHECK(table_of(rules, {}, 2).rules[1].against_base.value().ratio_low != there.ratio_low);
}

TEST_CASE("hedge errors: an interval holds the true ratio as often as it says") {
  Rng rng(20260802);
  int held = 0;
  constexpr int trials = 200;
  for (int i = 0; i < trials; ++i) {
    const std::vector<RuleErrors> rules = {{"a", true, noise(rng, 200, 1.0), {}},
                                           {"b", true, noise(rng, 200, 1.2), {}}};
    const AgainstBase b = table_of(rules, {.comparison = {.draws = 199}}, rng.bits()).rules[1].against_base.value();
    held += b.ratio_low <= 1.44 && 1.44 <= b.ratio_high;
  }
  // 95 % less what a percentile interval of 200 steps falls short by, some 2 points, and three deviations of 1.8.
  CHECK(held >= 175);
  CHECK(held < trials);
}

TEST_CASE("hedge errors: trying many rules finds no better one where there is none") {
  Rng rng(20260803);
  int alone = 0, deflated = 0;
  constexpr int trials = 200;
  for (int i = 0; i < trials; ++i) {
    std::vector<RuleErrors> rules;
    for (int k = 0; k < 11; ++k) rules.push_back({std::to_string(k), true, noise(rng, 150, 1.0), {}});
    const ErrorTable table = table_of(rules, {.comparison = {.draws = 199}}, rng.bits());
    double p = 1.0, p_deflated = 1.0;
    for (std::size_t k = 1; k < rules.size(); ++k) {
      const AgainstBase& one = table.rules[k].against_base.value();
      CHECK(one.p_deflated.value() > 0.0);
      CHECK(one.p_deflated.value() <= 1.0);
      p = std::min(p, one.p);
      p_deflated = std::min(p_deflated, one.p_deflated.value());
    }
    alone += p <= 0.05;
    deflated += p_deflated <= 0.05;
  }
  CHECK(alone > trials / 5);  // ten looks at chance
  CHECK(deflated <= 20);      // 5 % is 10, and three deviations of 3.1
}

TEST_CASE("hedge errors: one better rule among many stands out") {
  Rng rng(20260804);
  std::vector<RuleErrors> rules;
  for (int k = 0; k < 8; ++k) rules.push_back({std::to_string(k), true, noise(rng, 400, k == 5 ? 0.7 : 1.0), {}});
  const ErrorTable table = table_of(rules);
  CHECK(table.rules[5].against_base.value().p_deflated.value() <= 0.01);
  CHECK(table.rules[5].against_base.value().statistic > 0.0);
  CHECK(table.rules[5].against_base.value().ratio_high < 1.0);
  // A copy of a rule is no second chance: the family is the same.
  const double before = table.rules[3].against_base.value().p_deflated.value();
  rules.push_back({"copy", true, rules[3].pnl, {}});
  const ErrorTable again = table_of(rules);
  CHECK(again.rules[3].against_base.value().p_deflated.value() == before);
  CHECK(again.rules[8].against_base.value().p_deflated.value() == before);
  // The base itself under another name is no comparison, and no NaN gets into the others.
  rules.push_back({"base again", true, rules[0].pnl, {}});
  const AgainstBase same = table_of(rules).rules[9].against_base.value();
  CHECK(same.ratio == 1.0);
  CHECK(same.mean_difference == 0.0);
  CHECK(same.p_deflated.value() == 1.0);
}

TEST_CASE("hedge errors: what is wrong is named") {
  Rng rng(1);
  const std::vector<Regime> regime(2, Regime::calm);
  const auto fault = [&](std::vector<RuleErrors> rules, ErrorRules settings = {}) {
    const auto table = compare_errors(rules, regime, settings, rng);
    REQUIRE_FALSE(table);
    CHECK(table.error().fault == Fault::bad_input);
    return table.error().what;
  };
  const RuleErrors a{"net delta", true, {1.0, 2.0}, {}}, b{"band", true, {1.0, NAN}, {}};
  CHECK(fault({}) == "no rules to compare");
  CHECK(fault({a, a}).find("two rules are named") != std::string::npos);
  CHECK(fault({a, b}).find("step 1 gains nan") != std::string::npos);
  CHECK(fault({a, {"band", true, {1.0}, {}}}).find("1 steps, 2 of rule") != std::string::npos);
  CHECK(fault({a}, {.base = "net dlta"}).find("did you mean") != std::string::npos);
  CHECK(fault({a}, {.base = "xxxxxxxxxxxxx"}).find("there are") != std::string::npos);
  CHECK(fault({a}, {.alpha = 1.0}).find("alpha 1") != std::string::npos);
  const RuleErrors c{"c", true, std::vector<double>(12, 1.0), {}}, d{"d", true, std::vector<double>(12, 2.0), {}};
  const std::vector<Regime> twelve(12, Regime::calm);
  CHECK(compare_errors(std::vector{c, d}, twelve, {.comparison = {.draws = 0}}, rng).error().fault == Fault::bad_input);
}
