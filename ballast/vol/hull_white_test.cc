#include "ballast/vol/hull_white.h"

#include <cmath>

#include <doctest/doctest.h>

#include "tests/support.h"

using namespace ballast;
using vol::HullWhiteRow;

namespace {

std::vector<HullWhiteRow> table() {
  std::vector<HullWhiteRow> rows;
  for (const test::Row& r : test::read_csv("tests/data/hull_white_data.csv"))
    rows.push_back({Years(r["T"]), r["delta"], r["vega"], r["ret"], r["df"]});
  return rows;
}

std::map<std::string, double> results() {
  std::map<std::string, double> found;
  for (const test::Row& r : test::read_csv("tests/data/hull_white_results.csv")) found[r.text("stat")] = r["value"];
  return found;
}

bool near(double got, double reference) { return std::abs(got - reference) <= 1e-9 * std::abs(reference); }

}  // namespace

TEST_CASE("the regression, its gains and its delta are those of the table") {
  const auto rows = table();
  const auto truth = results();
  REQUIRE(rows.size() == 240);
  const auto full = vol::fit_hull_white(rows);
  REQUIRE(full);
  CHECK(near(full.value().curve.a, truth.at("a_full")));
  CHECK(near(full.value().curve.b, truth.at("b_full")));
  CHECK(near(full.value().curve.c, truth.at("c_full")));
  CHECK(near(full.value().gain, truth.at("gain_full")));
  CHECK(near(full.value().regression.sum_of_squares, truth.at("sse_mv_full")));
  CHECK(near(vol::hull_white_delta(full.value().curve, Years(0.1), 0.4, 0.12), truth.at("delta_mv_example")));

  const std::span<const HullWhiteRow> all(rows);
  const auto first = vol::fit_hull_white(all.first(160));
  REQUIRE(first);
  CHECK(near(first.value().curve.a, truth.at("a_first160")));
  CHECK(near(first.value().curve.b, truth.at("b_first160")));
  CHECK(near(first.value().curve.c, truth.at("c_first160")));
  CHECK(near(vol::hull_white_gain(first.value().curve, all.last(80)), truth.at("gain_last80")));
  // No correction, no gain, and the Black delta's error is the table's.
  CHECK(vol::hull_white_gain({}, rows) == 0.0);
}

TEST_CASE("the generator's curve lies within three of its standard errors") {
  // -0.25 + 0.45 delta - 0.40 delta² made the data: at delta 0.5 it is -0.125.
  const auto fit = vol::fit_hull_white(table()).value();
  const double generator[] = {-0.25, 0.45, -0.40};
  for (std::size_t j = 0; j < 3; ++j) {
    CHECK(std::abs(fit.regression.coefficient[j] - generator[j]) <= 3.0 * fit.regression.error[j]);
    CHECK(fit.regression.error[j] > 0.01);  // and says that they are weakly identified
  }
  CHECK(std::abs(fit.curve.a + 0.5 * fit.curve.b + 0.25 * fit.curve.c + 0.125) <= 0.02);
}

TEST_CASE("rows that cannot be are named; a delta without time is NaN") {
  auto rows = table();
  rows[7].years = Years(0.0);
  CHECK(vol::fit_hull_white(rows).error().what.find("row 7: years are 0") != std::string::npos);
  rows[7].years = Years(0.1);
  rows[9].change = NAN;
  CHECK(vol::fit_hull_white(rows).error().what.find("row 9: y is nan") != std::string::npos);
  CHECK_FALSE(vol::fit_hull_white({}));
  // One delta alone cannot tell a, b and c apart.
  for (auto& r : rows) r.delta = 0.5, r.change = 0.0;
  CHECK(vol::fit_hull_white(rows).error().fault == Fault::no_solution);
  CHECK(std::isnan(vol::hull_white_delta({}, Years(0.0), 0.5, 0.1)));
  CHECK(std::isnan(vol::hull_white_gain({}, {})));
}
