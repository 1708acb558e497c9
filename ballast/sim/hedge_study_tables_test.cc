#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ballast/sim/hedge_study.h"
#include "tests/support.h"

// The reference tables of other simulations. Tolerances are three standard errors, ours and theirs together, so fewer
// paths than theirs only widen them; the paths are as many as keep a case within a second or two under the sanitizers.
namespace ballast::sim {
namespace {

using hedge::BandKind;
using hedge::BandTarget;
using hedge::RebalanceRule;

std::vector<RuleOutcome> run(const HedgeStudy& study, std::size_t paths) {
  const auto prepared = prepare(study);
  REQUIRE(prepared);
  HedgePaths out = room_for(prepared.value(), paths);
  simulate(prepared.value(), 0, paths, out);
  return outcomes(out);
}

HedgeStudy study_of(const test::Row& row) {
  return {.spot = Price(row.has("S0") ? row["S0"] : row["S"]),
          .strike = Price(row["K"]),
          .years = Years(row["T"]),
          .vol = Vol(row["sigma"]),
          .hedge_vol = Vol(row["sigma"]),
          .steps = static_cast<int>(row.has("steps") ? row["steps"] : row["N"]),
          .seed = 3};
}

// The rule of a name of the table: `time_8h`, `leland_5d`, `band_edge_0.05`, `band_mid_0.05`, `ww_g1`, `zak_g0.1`.
// Its fixed bands begin at neutral, and its runs of Zakamouline's band reach the expiry.
RebalanceRule rule_of(const std::string& name, double cost_rate, double step_years) {
  const auto number = [&](std::size_t from) { return std::stod(name.substr(from)); };
  const auto starts = [&](const char* word) { return name.rfind(word, 0) == 0; };
  RebalanceRule rule{.cost_rate = cost_rate, .handover = Years(0.0)};
  if (starts("time_") || starts("leland_")) {
    const double count = number(name.find('_') + 1);
    const char unit = name.back();
    // The table's days of shares are its steps, 252 a year.
    rule.least_interval = Years(unit == 'n' ? count / 525600.0 : unit == 'h' ? count / 8760.0 : count * step_years);
    if (starts("leland_")) rule.leland_interval = rule.least_interval;
  } else if (starts("band_")) {
    rule.band = BandKind::fixed;
    rule.first_target = BandTarget::middle;
    rule.target = starts("band_mid_") ? BandTarget::middle : BandTarget::edge;
    rule.width = number(name.rfind('_') + 1);
  } else {
    REQUIRE((starts("ww_g") || starts("zak_g")));
    rule.band = starts("ww_g") ? BandKind::whalley_wilmott : BandKind::zakamouline;
    rule.aversion = number(name.rfind('g') + 1);
  }
  return rule;
}

struct Compared {
  std::vector<test::Row> rows;
  std::vector<RuleOutcome> ours;
  const RuleOutcome& operator[](const std::string& name) const {
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (rows[i].text("strategy") == name) return ours[i];
    FAIL(name);
    return ours[0];
  }
};

Compared compare(const std::string& wanted, std::size_t paths) {
  Compared all;
  std::optional<HedgeStudy> study;
  for (const test::Row& row : test::read_csv("tests/data/hedge_strategy_mc.csv")) {
    if (row.text("case") != wanted) continue;
    if (!study) {
      study = study_of(row);
      study->cost_rate = row["lambda"];
      // The table prints 30/365 with eight digits.
      if (wanted == "btc30d_5bp") study->years = Years(30.0 / 365.0);
    }
    study->rules.push_back(rule_of(row.text("strategy"), row["lambda"], study->years.value / study->steps));
    all.rows.push_back(row);
  }
  REQUIRE(study);
  all.ours = run(*study, paths);
  for (std::size_t i = 0; i < all.rows.size(); ++i) {
    const test::Row& row = all.rows[i];
    const RuleOutcome& ours = all.ours[i];
    CAPTURE(row.text("strategy"));
    // Our standard errors stand for the table's, with its number of paths; half a unit of its last digit on top.
    const double both = std::sqrt(1.0 + static_cast<double>(paths) / row["paths"]);
    CHECK(std::abs(ours.pnl.mean - row["mean_pnl"]) <= 3.0 * both * ours.pnl.error + 5e-5);
    CHECK(std::abs(ours.pnl.stdev - row["std_pnl"]) <= 3.0 * both * ours.stdev_error + 5e-5);
    CHECK(std::abs(ours.cost.mean - row["mean_cost"]) <= 3.0 * both * ours.cost.error + 5e-5);
    CHECK(std::abs(ours.trades.mean - row["mean_trades"]) <= 3.0 * both * ours.trades.error + 5e-3);
  }
  return all;
}

}  // namespace

TEST_CASE("the error of hedging at fixed times is that of exact quadrature") {
  const auto rows = test::read_csv("tests/data/discrete_hedge_error.csv");
  REQUIRE(rows.size() == 21);
  for (const test::Row& row : rows) {
    CAPTURE(row.line);
    HedgeStudy study = study_of(row);
    study.rules = {RebalanceRule{}};
    const auto out = run(study, 4000);
    CHECK(std::abs(out[0].pnl.stdev - row["exact_std"]) <= 3.0 * out[0].stdev_error);
    CHECK(std::abs(out[0].pnl.mean) <= 3.0 * out[0].pnl.error);  // no costs, the true vol: fair
  }
}

TEST_CASE("a hedged call of a textbook costs what the textbook's table says") {
  for (const test::Row& row : test::read_csv("tests/data/hull_delta_hedge.csv")) {
    CAPTURE(row["weeks"]);
    const HedgeStudy study{.spot = Price(49.0),
                           .strike = Price(50.0),
                           .years = Years(20.0 / 52.0),
                           .drift = 0.13,
                           .rate = 0.05,
                           .vol = Vol(0.2),
                           .hedge_vol = Vol(0.2),
                           .steps = static_cast<int>(std::round(20.0 / row["weeks"])),
                           .rules = {RebalanceRule{}},
                           .seed = 3};
    const std::size_t paths = 40'000;
    const auto out = run(study, paths);
    const double price = row["bs_price"], both = std::sqrt(1.0 + static_cast<double>(paths) / 400'000.0);
    CHECK(std::abs(out[0].pnl.stdev / price - row["ratio"]) <= 3.0 * std::hypot(out[0].stdev_error / price, row["se"]));
    CHECK(std::abs(price - out[0].pnl.mean - row["mean_cost"]) <= 3.0 * both * out[0].pnl.error + 5e-6);
  }
}

TEST_CASE("rules for a month of a coin's option do what the reference's simulation found") {
  const Compared all = compare("btc30d_5bp", 2000);
  REQUIRE(all.rows.size() == 16);
  // Bands dominate fixed times: less cost at no more risk (rebalancing.md section 6).
  CHECK(all["ww_g10"].cost.mean < 0.45 * all["time_30min"].cost.mean);
  CHECK(all["zak_g1"].pnl.stdev < all["time_30min"].pnl.stdev);
  CHECK(all["zak_g1"].cost.mean < 0.45 * all["time_30min"].cost.mean);
  CHECK(all["band_edge_0.05"].cost.mean < 0.8 * all["time_8h"].cost.mean);
  CHECK(all["ww_g1"].cost.mean < 0.85 * all["time_8h"].cost.mean);
  CHECK(all["ww_g1"].pnl.stdev < 0.8 * all["time_8h"].pnl.stdev);
  // The order of expected shortfalls, where the table's differ by a twentieth.
  for (std::size_t i = 0; i < all.rows.size(); ++i)
    for (std::size_t j = 0; j < all.rows.size(); ++j)
      if (all.rows[i]["es95"] < 0.95 * all.rows[j]["es95"]) {
        CAPTURE(all.rows[i].text("strategy"));
        CAPTURE(all.rows[j].text("strategy"));
        CHECK(all.ours[i].shortfall_95 < all.ours[j].shortfall_95);
      }
}

TEST_CASE("rules for three months of a share's option do what the reference's simulation found") {
  const Compared all = compare("eq3m_100bp", 20'000);
  REQUIRE(all.rows.size() == 12);
  CHECK(all["ww_g3"].cost.mean < 0.9 * all["time_5d"].cost.mean);
  CHECK(all["ww_g3"].pnl.stdev < 0.95 * all["time_5d"].pnl.stdev);
}

}  // namespace ballast::sim
