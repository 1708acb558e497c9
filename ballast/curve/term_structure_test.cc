#include "ballast/curve/term_structure.h"

#include <cmath>

#include <doctest/doctest.h>

#include "ballast/math/elementary.h"
#include "tests/support.h"
#include "tests/worked_example.h"

using namespace ballast;
using curve::ForwardCurve;
using curve::ForwardPoint;

namespace {

ForwardCurve table_curve(const std::string& name) {
  std::vector<ForwardPoint> points;
  double spot = 0.0;
  for (const test::Row& row : test::read_csv("tests/data/basis_curve.csv")) {
    if (row.text("case") != name) continue;
    spot = row["S"];
    points.push_back({.years = Years(row["days"] / 365.0), .forward = Price(row["F"])});
  }
  return curve::forward_curve(Price(spot), points).value();
}

}  // namespace

TEST_CASE("the term structure of the table") {
  double worst = 0.0;
  for (const test::Row& row : test::read_csv("tests/data/basis_curve.csv")) {
    CAPTURE(row.line);
    const ForwardCurve c = table_curve(row.text("case"));
    const Years t(row["days"] / 365.0);
    const std::pair<double, const char*> columns[] = {{curve::forward(c, t).value, "F"},
                                                      {curve::simple_basis(c, t), "simple_basis"},
                                                      {curve::carry(c, t), "cc_basis"},
                                                      {curve::forward_carry(c, t), "forward_basis"},
                                                      {curve::basis01(c, t).value, "basis01"}};
    for (const auto& [got, column] : columns) {
      CAPTURE(column);
      const double error = std::abs(got / row[column] - 1.0);
      CHECK(error <= 1e-14);
      worst = std::max(worst, error);
    }
  }
  MESSAGE("largest relative error: ", worst);
}

TEST_CASE("between the nodes the forward carry is constant") {
  const ForwardCurve c = table_curve("btc");
  const std::vector<double>& nodes = c.carry.years;
  for (std::size_t i = 0; i <= nodes.size(); ++i) {
    const double from = i == 0 ? 0.0 : nodes[i - 1], to = i == nodes.size() ? 2.0 : nodes[i];
    const double rate = curve::forward_carry(c, Years(i == nodes.size() ? nodes.back() : nodes[i]));
    for (const double share : {0.1, 0.5, 0.9, 1.0}) {
      const Years t(from + share * (to - from));
      CHECK(curve::forward_carry(c, t) == rate);
      // What is earned from the node on is the forward carry times the time, whatever the interpolation inside.
      const double grown = std::log(curve::forward(c, t).value / curve::forward(c, Years(from)).value);
      CHECK(std::abs(grown - rate * (t.value - from)) <= 1e-15);
      CHECK(std::abs(curve::carry(c, t) * t.value - std::log(curve::forward(c, t).value / 65000.0)) <= 1e-15);
      // And its derivative by time is the forward carry.
      const double h = 1e-4 * (to - from);
      if (share < 1.0) {
        const double up = std::log(curve::forward(c, Years(t.value + h)).value);
        const double down = std::log(curve::forward(c, Years(t.value - h)).value);
        CHECK(std::abs((up - down) / (2.0 * h) - rate) <= 1e-9);
      }
    }
  }
}

TEST_CASE("the ends: spot now, the first carry before the first node, the last forward carry after the last") {
  const ForwardCurve c = table_curve("btc");
  CHECK(curve::forward(c, Years(0.0)).value == 65000.0);
  CHECK(curve::carry(c, Years(0.0)) == curve::carry(c, Years(7.0 / 365.0)));
  CHECK(curve::simple_basis(c, Years(0.0)) == curve::carry(c, Years(0.0)));
  CHECK(std::abs(curve::carry(c, Years(1e-3)) - curve::carry(c, Years(0.0))) <= 1e-15);
  CHECK(curve::basis01(c, Years(0.0)).value == 0.0);
  CHECK(curve::forward_carry(c, Years(10.0)) == curve::forward_carry(c, Years(273.0 / 365.0)));
  for (const double t : {-1e-9, double(NAN), double(INFINITY)}) {
    CHECK(std::isnan(curve::forward(c, Years(t)).value));
    CHECK(std::isnan(curve::carry(c, Years(t))));
    CHECK(std::isnan(curve::simple_basis(c, Years(t))));
    CHECK(std::isnan(curve::forward_carry(c, Years(t))));
    CHECK(std::isnan(curve::basis01(c, Years(t)).value));
    CHECK(std::isnan(curve::discount(c, Years(t))));
  }
  CHECK(std::isnan(curve::discount(c, Years(0.5))));  // no option of the table said anything of it
}

TEST_CASE("carry is the bump that basis01 measures") {
  // A forward with one basis point more carry at its own expiry costs basis01 more, to first order.
  const ForwardCurve c = table_curve("btc");
  for (const double days : {30.0, 91.0, 273.0}) {
    const double t = days / 365.0, f = curve::forward(c, Years(t)).value;
    const double bumped = 65000.0 * std::exp((curve::carry(c, Years(t)) + 1e-4) * t);
    const double one = curve::basis01(c, Years(t)).value;
    CHECK(std::abs((bumped - f) / one - 1.0) <= 1e-4);
  }
}

TEST_CASE("discounts have a constant forward rate and only the nodes that were estimated") {
  const std::vector<ForwardPoint> points = {
      {Years(0.1), Price(101.0), 0.99}, {Years(0.2), Price(102.0), std::nullopt}, {Years(0.4), Price(103.0), 0.95}};
  const ForwardCurve c = curve::forward_curve(Price(100.0), points).value();
  CHECK(curve::discount(c, Years(0.0)) == 1.0);
  CHECK(std::abs(curve::discount(c, Years(0.05)) - std::sqrt(0.99)) <= 1e-15);
  CHECK(std::abs(curve::discount(c, Years(0.1)) - 0.99) <= 1e-15);
  CHECK(std::abs(curve::discount(c, Years(0.25)) - std::sqrt(0.99 * 0.95)) <= 1e-15);
  CHECK(std::abs(curve::discount(c, Years(0.7)) - 0.95 * 0.95 / 0.99) <= 1e-15);  // 0.3 years on at the last rate
}

TEST_CASE("points that make no curve are named") {
  const auto error = [](double spot, std::vector<ForwardPoint> points) {
    const auto made = curve::forward_curve(Price(spot), points);
    REQUIRE_FALSE(made);
    return made.error().what;
  };
  const ForwardPoint good{Years(0.1), Price(101.0), std::nullopt};
  CHECK(error(-5.0, {good}).find("spot -5") != std::string::npos);
  CHECK(error(NAN, {good}).find("spot nan") != std::string::npos);
  CHECK(error(100.0, {}).find("no forward") != std::string::npos);
  CHECK(error(100.0, {{Years(0.0), Price(101.0), std::nullopt}}).find("at 0 years") != std::string::npos);
  CHECK(error(100.0, {good, good}).find("0.1 years after one at 0.1") != std::string::npos);
  CHECK(error(100.0, {{Years(0.1), Price(-3.0), std::nullopt}}).find("forward -3") != std::string::npos);
  CHECK(error(100.0, {{Years(0.1), Price(101.0), 0.0}}).find("discount 0") != std::string::npos);
}

TEST_CASE("the term structure of a snapshot: its expiries, and those left out") {
  market::Snapshot s = test::worked_market();
  const auto made = curve::term_structures(s, curve::diagnose(s));
  REQUIRE(made.by_index.size() == 1);
  const curve::TermStructure& t = made.by_index.at("btc_usd");
  CHECK(t.underlying == "BTC");
  REQUIRE(t.nodes.size() == 1);
  CHECK(t.nodes[0].years.value == 30.0 / 365.0);
  CHECK(t.curve.spot.value == 60000.0);
  CHECK(curve::carry(t.curve, Years(1.0)) == 0.0);

  s.quotes["BTC-31JAN26"].mark = 60600.0;
  CHECK(std::abs(curve::carry(curve::term_structures(s, curve::diagnose(s)).by_index.at("btc_usd").curve, Years(0.5)) -
                 std::log(1.01) / (30.0 / 365.0)) <= 1e-15);

  s.quotes.erase("BTC-31JAN26");
  const auto none = curve::term_structures(s, curve::diagnose(s));
  CHECK(none.by_index.empty());
  REQUIRE(none.absent.size() == 1);
  CHECK(none.absent[0].error.what.find("no forward") != std::string::npos);
  s = test::worked_market();
  s.indices.clear();
  CHECK(curve::term_structures(s, curve::diagnose(s)).absent.at(0).error.what.find("BTC") != std::string::npos);
  s = test::worked_market();
  s.as_of = s.instruments.at(test::worked_call).expiry;
  CHECK(curve::term_structures(s, curve::diagnose(s)).absent.size() == 1);
}
