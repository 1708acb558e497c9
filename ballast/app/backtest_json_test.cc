#include "ballast/app/backtest_json.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/synthetic_run.h"

using namespace ballast;
using nlohmann::ordered_json;

namespace {

void check_same(double a, double b) { CHECK(std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b)); }

void check_same(const sim::Row& a, const sim::Row& b) {
  CHECK(a.at == b.at);
  check_same(a.index, b.index);
  check_same(a.equity.coin, b.equity.coin);
  check_same(a.equity.quote, b.equity.quote);
  for (std::size_t i = 0; i < sim::lines; ++i) {
    check_same(a.change.coin[i], b.change.coin[i]);
    check_same(a.change.usd[i], b.change.usd[i]);
  }
  check_same(a.gap_coin, b.gap_coin);
  check_same(a.gap_usd, b.gap_usd);
  check_same(a.delta_before, b.delta_before);
  check_same(a.delta_after, b.delta_after);
  check_same(a.half_width, b.half_width);
  check_same(a.gamma, b.gamma);
  check_same(a.vega, b.vega);
  check_same(a.turnover_usd, b.turnover_usd);
  CHECK(a.tickets == b.tickets);
  CHECK(a.fills == b.fills);
  CHECK(a.unfilled == b.unfilled);
  CHECK(a.deliveries == b.deliveries);
  CHECK(a.modelled_marks == b.modelled_marks);
  CHECK(a.quality == b.quality);
  CHECK(a.why == b.why);
}

// A double of any size and sign, as bits give it.
double any_double(Rng& rng) {
  for (;;) {
    const double x = std::bit_cast<double>(rng.bits());
    if (std::isfinite(x)) return x;
  }
}

}  // namespace

TEST_CASE("backtest rows: text and back is the same to the last bit") {
  Rng rng(20260806);
  for (int i = 0; i < 200; ++i) {
    sim::Row row{.at = {1'700'000'000'000 + static_cast<std::int64_t>(rng.below(100'000'000'000))}};
    row.index = std::abs(any_double(rng)) + 1e-300;
    row.equity = {any_double(rng), any_double(rng)};
    for (double& line : row.change.coin) line = any_double(rng);
    for (double& line : row.change.usd) line = any_double(rng);
    for (double* x : {&row.gap_coin, &row.gap_usd, &row.delta_before, &row.delta_after, &row.half_width, &row.gamma,
                      &row.vega, &row.turnover_usd})
      *x = any_double(rng);
    row.change.coin[sim::rho] = -0.0;
    row.tickets = static_cast<int>(rng.below(9));
    row.fills = 2;
    row.unfilled = 3;
    row.deliveries = 4;
    row.modelled_marks = 5;
    row.quality = static_cast<desk::Quality>(rng.below(3));
    row.why = "waits for \"7\", a line\nand \xc3\xa9";
    const std::string line = app::row_line("net, \"delta\"", row);
    CHECK(line.find('\n') == std::string::npos);
    const auto back = app::stored_row(line);
    REQUIRE_MESSAGE(back, back.error().what);
    CHECK(back.value().rule == "net, \"delta\"");
    check_same(back.value().row, row);
  }
}

TEST_CASE("backtest rows: what is no number is null, and what is no row is named") {
  sim::Row row{.at = {0}, .index = 1.0, .delta_before = NAN, .half_width = INFINITY};
  const ordered_json json = app::row_json(row);
  CHECK(json["delta_before"].is_null());
  CHECK(std::isnan(app::row_of(json).value().delta_before));
  const auto fault = [&](const char* key, ordered_json value) {
    ordered_json wrong = json;
    if (value.is_discarded())
      wrong.erase(key);
    else
      wrong[key] = std::move(value);
    const auto read = app::row_of(wrong);
    REQUIRE_FALSE(read);
    CHECK(read.error().fault == Fault::bad_field);
    return read.error().what;
  };
  CHECK(fault("index", nullptr) == "index: a number is due, found 'null'");
  CHECK(fault("index", 0.0) == "index 0");
  CHECK(fault("gap_coin", ordered_json(ordered_json::value_t::discarded)) == "gap_coin is missing");
  CHECK(fault("fills", -1) == "fills: a whole number of 0 or more is due, found '-1'");
  CHECK(fault("fills", 1.5).find("found '1.5'") != std::string::npos);
  CHECK(fault("fills", 18446744073709551615U).find("fills: ") == 0);
  CHECK(fault("at", "yesterday").find("at: ") == 0);
  CHECK(fault("quality", "GOOD").find("'GOOD'") != std::string::npos);
  CHECK(fault("change_usd", 3) == "change_usd: an object is due, found '3'");
  ordered_json lines = json["change_usd"];
  lines.erase("vega");
  CHECK(fault("change_usd", lines) == "change_usd.vega is missing");
  CHECK(app::stored_row("{\"rule\":").error().fault == Fault::bad_syntax);
  CHECK(app::stored_row(json.dump()).error().what == "rule is missing");
  CHECK(app::stored_row("[]").error().fault == Fault::bad_field);
}

TEST_CASE("backtest JSON: stored rows give the same result, byte by byte") {
  const auto rules = test::synthetic_rules(20260807, 60);
  auto stored = rules;
  for (sim::RuleRows& rule : stored) {
    for (sim::Row& row : rule.rows) row = app::stored_row(app::row_line(rule.name, row)).value().row;
  }
  const app::RunHead head{"abc", "synthetic", "BTC"};
  const auto json = [&](const std::vector<sim::RuleRows>& list) {
    return app::backtest_json(head, sim::summarise(Numeraire::coin, list, {}, Rng(1)).value(), list);
  };
  const ordered_json j = json(rules);
  CHECK(j.dump() == json(stored).dump());
  CHECK(j["schema"] == 1);
  CHECK(j["run"] == "abc");
  CHECK(j["underlying"] == "BTC");
  CHECK(j["numeraire"] == "coin");
  CHECK(j["base"] == "net delta");
  CHECK(j["instants"] == 60);
  CHECK(j["from"] == "2025-12-01T00:00:00Z");
  REQUIRE(j["rules"].size() == 5);
  CHECK(j["rules"][0]["rmse_reduction_percent"] == 0.0);
  CHECK(j["rules"][1]["against_base"].is_null());
  CHECK(j["rules"][0]["against_base"]["p_deflated"].is_null());  // it does not hedge: no rule that was tried
  for (const auto& rule : j["rules"]) {
    CHECK(rule["attribution_coin"].size() == sim::lines);
    double coin = rule["start_coin"];
    for (const auto& line : rule["attribution_coin"]) coin += line.get<double>();
    CHECK(coin == doctest::Approx(rule["end_coin"].get<double>()).epsilon(1e-13));
    CHECK(rule["regimes"].size() == 3);
  }
  const ordered_json& series = j["series"];
  CHECK(series["time"].size() == 60);
  for (const auto& rule : series["rules"]) {
    for (const char* key : {"equity_coin", "equity_usd", "pnl", "delta_before", "delta_after", "half_width"})
      CHECK(rule[key].size() == 60);
    CHECK(rule["pnl"][0].is_null());
  }
  CHECK(series["rules"][2]["equity_coin"][59] == j["rules"][2]["end_coin"]);
}

TEST_CASE("backtest tables: rows and rules") {
  const auto rules = test::synthetic_rules(20260808, 30);
  const app::Table rows = app::rows_table(rules);
  CHECK(rows.rows.size() == 150);
  for (const auto& row : rows.rows) CHECK(row.size() == rows.columns.size());
  const std::string csv = app::render(rows, app::Format::csv);
  CHECK(csv.rfind("at,rule,index,equity_coin,equity_usd,delta_coin,gamma_coin,", 0) == 0);
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 151);
  const auto result =
      app::backtest_json({"", "", "BTC"}, sim::summarise(Numeraire::usd, rules, {}, Rng(1)).value(), rules);
  const std::string table = app::render(app::rules_table(result), app::Format::table);
  CHECK(table.find("black delta") != std::string::npos);
  CHECK(std::count(table.begin(), table.end(), '\n') == 6);
}
