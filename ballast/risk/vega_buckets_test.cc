#include "ballast/risk/vega_buckets.h"

#include <cmath>

#include <doctest/doctest.h>

#include "tests/worked_example.h"

using namespace ballast;
using market::OptionType;
using risk::DeltaBucket;

namespace {

risk::PositionRisk option(double days, OptionType type, double delta, double coins, double vega) {
  risk::PositionRisk p;
  p.instrument.kind = market::Kind::option;
  p.instrument.option_type = type;
  p.instrument.expiry = Time{1'767'254'400'000 + static_cast<std::int64_t>(days * 86'400'000.0)};
  p.unit.years = Years(days / 365.0);
  p.unit.black_delta = delta;
  p.unit.vega = vega;
  p.coins = Coin(coins);
  return p;
}

risk::VegaBuckets buckets(const std::vector<risk::PositionRisk>& positions, double reference = 30.0) {
  risk::Exposure e;
  e.positions = positions;
  const auto b = risk::vega_buckets(e, reference);
  REQUIRE(b);
  return b.value();
}

double cell(const risk::VegaRow& row, DeltaBucket bucket) { return row.vega[static_cast<std::size_t>(bucket)].value; }

}  // namespace

TEST_CASE("a strike's bucket is that of its out-of-the-money option") {
  using enum DeltaBucket;
  const std::vector<std::pair<double, DeltaBucket>> expected = {
      {0.0, call_wing},  {0.05, call_wing},  {0.10, call_wing}, {0.11, call}, {0.35, call},     {0.36, atm},
      {0.5, atm},        {0.64, atm},        {0.66, put},       {0.89, put},  {0.95, put_wing}, {1.0, put_wing},
      {-0.05, put_wing}, {-0.10, put_wing},  {-0.11, put},      {-0.35, put}, {-0.36, atm},     {-0.5, atm},
      {-0.66, call},     {-0.95, call_wing}, {-1.0, call_wing}};
  for (const auto& [delta, bucket] : expected) {
    CAPTURE(delta);
    CHECK(risk::delta_bucket(delta) == bucket);
  }
}

TEST_CASE("vegas fall into their cells, and a call and a put of one strike into one") {
  const risk::VegaBuckets b =
      buckets({option(30, OptionType::call, 0.92, 2.0, 100.0), option(30, OptionType::put, -0.08, 1.0, 100.0),
               option(30, OptionType::call, 0.5, -3.0, 700.0), option(120, OptionType::put, -0.3, 4.0, 900.0),
               option(120, OptionType::put, 0.0, 1.0, 0.5)});
  REQUIRE(b.by_expiry.size() == 2);
  const risk::VegaRow &near = b.by_expiry.begin()->second, &far = b.by_expiry.rbegin()->second;
  CHECK(cell(near, DeltaBucket::put_wing) == 300.0);
  CHECK(cell(near, DeltaBucket::atm) == -2100.0);
  CHECK(cell(near, DeltaBucket::call) == 0.0);
  CHECK(cell(far, DeltaBucket::put) == 3600.0);
  CHECK(cell(far, DeltaBucket::put_wing) == 0.5);  // so far below that its delta is 0: no call wing
  CHECK(near.total.value == -1800.0);
  CHECK(b.total.value == 1800.5);
  CHECK(b.by_delta[static_cast<std::size_t>(DeltaBucket::put_wing)].value == 300.5);
  // Vols of 120 days move half as much as those of 30.
  CHECK(near.weight == doctest::Approx(1.0).epsilon(1e-15));
  CHECK(far.weight == doctest::Approx(0.5).epsilon(1e-15));
  CHECK(b.weighted.value == doctest::Approx(-1800.0 + 0.5 * 3600.5).epsilon(1e-14));
  CHECK(buckets({option(120, OptionType::put, -0.3, 4.0, 900.0)}, 120.0).weighted.value ==
        doctest::Approx(3600.0).epsilon(1e-14));
}

TEST_CASE("the cells add up to the total, and that to the exposure's own") {
  const market::Snapshot s = test::worked_market();
  const auto list =
      risk::exposure({.positions = {test::position(test::worked_call, 3.7), test::position(test::worked_put, -2.3),
                                    test::position("BTC-PERPETUAL", 1000, market::SizeUnit::usd)},
                      .accounts = {}},
                     s, vol::quoted(s));
  REQUIRE(list);
  const auto b = risk::vega_buckets(list.value()[0], 30.0);
  REQUIRE(b);
  Usd sum, by_delta;
  for (const auto& [expiry, row] : b.value().by_expiry) {
    Usd cells;
    for (const Usd vega : row.vega) cells += vega;
    CHECK(cells == row.total);
    sum += row.total;
  }
  for (const Usd vega : b.value().by_delta) by_delta += vega;
  CHECK(sum == b.value().total);
  const double total = list.value()[0].total.vega.value;
  CHECK(std::abs(sum.value - total) <= 1e-12 * std::abs(total));
  CHECK(std::abs(by_delta.value - total) <= 1e-12 * std::abs(total));
  CHECK(b.value().by_expiry.size() == 1);  // no row for the perpetual
}

TEST_CASE("the settlement window takes vega away but moves no strike to another bucket") {
  risk::PositionRisk p = option(0.01, OptionType::call, 0.5, 1.0, 10.0);
  p.unit.still_exposed = 0.1;
  p.unit.black_delta *= 0.1;
  p.unit.vega *= 0.1;
  CHECK(cell(buckets({p}).by_expiry.begin()->second, DeltaBucket::atm) == doctest::Approx(1.0));
}

TEST_CASE("a reference tenor that is none is named") {
  for (const double days : {0.0, -30.0, std::nan(""), HUGE_VAL}) {
    const auto b = risk::vega_buckets({}, days);
    REQUIRE_FALSE(b);
    CHECK(b.error().fault == Fault::bad_input);
  }
}
