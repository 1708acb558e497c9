#include "ballast/hedge/steady_basis.h"

#include <cmath>

#include <doctest/doctest.h>

#include "ballast/base/rng.h"

using namespace ballast;
using hedge::BasisHedge;
using hedge::FuturePrices;

namespace {

constexpr std::int64_t hour = 3'600'000, day = 24 * hour;
constexpr Time start{1'772'524'800'000};  // 2026-03-03 08:00
constexpr Time in_days(int days) { return Time{start.ms + days * day}; }

/// Forwards of 3, 10, 17 and 80 days; the first and the third are not listed.
FuturePrices prices(Time now, double spot, double perpetual_bp, double dated_bp) {
  FuturePrices p{.as_of = now, .perpetual = spot * (1.0 + 1e-4 * perpetual_bp)};
  for (const int days : {3, 10, 17, 80}) {
    const bool listed = days == 10 || days == 80;
    p.forwards[in_days(days)] = spot * (1.0 + 1e-4 * days + (listed ? 1e-4 * dated_bp : 0.0));
    if (listed) p.listed.insert(in_days(days));
  }
  return p;
}

/// A week of six-hour moves in which the perpetual's and the dated futures' basis jump by so many basis points.
hedge::SteadyBasisState seen(double perpetual_bp, double dated_bp) {
  Rng rng(20261120);
  hedge::SteadyBasisState state;
  FuturePrices last = prices(start, 60000.0, 0.0, 0.0);
  for (int i = 1; i <= 8; ++i) {
    const FuturePrices now = prices(Time{start.ms + i * 6 * hour}, 60000.0 * (1.0 + 0.02 * (rng.uniform() - 0.5)),
                                    i % 2 ? perpetual_bp : 0.0, i % 2 ? dated_bp : 0.0);
    const auto next = hedge::update(state, last, now, {});
    REQUIRE(next);
    state = next.value();
    last = now;
  }
  return state;
}

}  // namespace

TEST_CASE("steady basis: the future of the same expiry where there is one, whatever moved") {
  const FuturePrices now = prices(start, 60000.0, 0.0, 0.0);
  const auto choice = hedge::choose(seen(0.0, 50.0), now, in_days(10), {});
  REQUIRE(choice);
  CHECK(choice->matching);
  REQUIRE(choice->legs.size() == 1);
  CHECK(choice->legs[0].expiry == in_days(10));
  CHECK(choice->typical_bp == 0.0);
}

TEST_CASE("steady basis: else what has moved least, dated futures while nothing is known") {
  const FuturePrices now = prices(start, 60000.0, 0.0, 0.0);
  const auto kind = [&](const hedge::SteadyBasisState& state, int days) {
    const auto choice = hedge::choose(state, now, in_days(days), {});
    REQUIRE(choice);
    CHECK(!choice->matching);
    return choice->kind;
  };
  CHECK(kind({}, 3) == BasisHedge::later);
  CHECK(kind(seen(20.0, 1.0), 3) == BasisHedge::later);
  CHECK(kind(seen(1.0, 20.0), 3) == BasisHedge::perpetual);
  CHECK(kind(seen(1.0, 20.0), 17) == BasisHedge::perpetual);
  CHECK(kind(seen(20.0, 1.0), 17) != BasisHedge::perpetual);
  // The typical move is the root mean square of the moves and of the first guess, in basis points: 20 bp either way.
  const auto state = seen(20.0, 0.0);
  const auto& r = state.record[static_cast<std::size_t>(BasisHedge::perpetual)][vol::tenor_of(Years(3.0 / 365.0))];
  CHECK(1e4 * std::sqrt(r.squares / r.count) == doctest::Approx(20.0).epsilon(0.01));
  CHECK(r.count > 6.0);
  CHECK(r.count < 16.0);  // an expiry or two a move, faded
}

TEST_CASE("steady basis: two futures share the delta so that their mean expiry is the option's") {
  FuturePrices now = prices(start, 60000.0, 0.0, 0.0);
  now.perpetual.reset();
  hedge::SteadyBasisState state;
  for (auto kind : {BasisHedge::earlier, BasisHedge::later}) {
    for (auto& r : state.record[static_cast<std::size_t>(kind)]) r = {.squares = 1e-4, .count = 10.0};
  }
  const auto choice = hedge::choose(state, now, in_days(17), {});
  REQUIRE(choice);
  CHECK(choice->kind == BasisHedge::both);
  REQUIRE(choice->legs.size() == 2);
  CHECK(choice->legs[0].expiry == in_days(10));
  CHECK(choice->legs[0].weight == doctest::Approx(63.0 / 70.0));
  CHECK(choice->legs[0].weight * 10.0 + choice->legs[1].weight * 80.0 == doctest::Approx(17.0));
  const std::set<Time> usable{in_days(80)};
  CHECK(hedge::choose(state, now, in_days(17), {}, &usable)->kind == BasisHedge::later);
  CHECK(hedge::choose(state, now, in_days(10), {}, &usable)->kind == BasisHedge::later);
  const std::set<Time> none;
  CHECK(!hedge::choose(state, now, in_days(17), {}, &none));
  CHECK(!hedge::choose(state, now, start, {}));
}

TEST_CASE("steady basis: what an inverse future of one coin earns, in coin") {
  const FuturePrices from = prices(start, 50000.0, 0.0, 0.0);
  FuturePrices to = from;
  to.forwards[in_days(10)] *= 1.25;
  to.perpetual = *from.perpetual * 0.8;
  // 50,000 USD long at 50,000 and 62,500: 50,000 (1/50,000 - 1/62,500) = 0.2 coin; at 40,000: -0.25.
  CHECK(hedge::gain({{in_days(10), 1.0}}, from, to) == doctest::Approx(0.2));
  CHECK(hedge::gain({{std::nullopt, 1.0}}, from, to) == doctest::Approx(-0.25));
  CHECK(hedge::gain({{in_days(10), 0.6}, {std::nullopt, 0.4}}, from, to) == doctest::Approx(0.02));
  to.perpetual.reset();
  CHECK(std::isnan(hedge::gain({{std::nullopt, 1.0}}, from, to)));
}

TEST_CASE("steady basis: time that stands still and prices that are none are named") {
  const FuturePrices a = prices(start, 60000.0, 0.0, 0.0), b = prices(in_days(1), 60000.0, 0.0, 0.0);
  CHECK(hedge::update({}, a, b, {}));
  CHECK(hedge::update({}, b, a, {}).error().what.find("2026-03-04") != std::string::npos);
  CHECK(!hedge::update({}, a, a, {}));
  FuturePrices broken = b;
  broken.forwards[in_days(10)] = -1.0;
  CHECK(hedge::update({}, a, broken, {}).error().what.find("is -1") != std::string::npos);
  broken = b;
  broken.perpetual = NAN;
  CHECK(hedge::update({}, broken, b, {}).error().fault == Fault::bad_input);
  CHECK(!hedge::update({}, a, b, {.memory_days = 0.0}));
}
