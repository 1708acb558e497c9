#include "ballast/sim/delivery.h"

#include <cmath>
#include <vector>

#include <doctest/doctest.h>

namespace ballast {
namespace {

constexpr Time expiry{1'770'364'800'000};  // 2026-02-06 08:00 UTC
constexpr Time before(double minutes) { return Time{expiry.ms - static_cast<std::int64_t>(60'000.0 * minutes)}; }

TEST_CASE("the delivery price is the average of the last half hour") {
  std::vector<sim::IndexPoint> points;
  for (int minute = 60; minute >= 0; --minute) points.push_back({before(minute), 60000.0 + 10.0 * minute});
  // A straight line from 60,300 to 60,000 averages 60,150.
  CHECK(sim::delivery_price(points, expiry).value() == doctest::Approx(60150.0).epsilon(1e-14));
  // What happened before the window has no say, what happened in it has by its time: a spike of one minute either side.
  points[20].price = 1e6;
  CHECK(sim::delivery_price(points, expiry).value() == doctest::Approx(60150.0).epsilon(1e-14));
  const double last = points[45].price;
  points[45].price += 3000.0;
  CHECK(sim::delivery_price(points, expiry).value() == doctest::Approx(60150.0 + 3000.0 / 30.0).epsilon(1e-14));
  points[45].price = last;
}

TEST_CASE("points hours apart give the line between them") {
  const std::vector<sim::IndexPoint> points{{before(180), 60000.0}, {before(-120), 63000.0}};
  // 10 USD a minute: 61,500 at the window's begin, 61,800 at its end.
  CHECK(sim::index_at(points, before(30)).value() == doctest::Approx(61500.0).epsilon(1e-14));
  CHECK(sim::delivery_price(points, expiry).value() == doctest::Approx(61650.0).epsilon(1e-14));
  CHECK(sim::index_at(points, before(180)).value() == 60000.0);
  CHECK(sim::index_at(points, before(-120)).value() == 63000.0);
}

TEST_CASE("a window that was not seen has no delivery price") {
  const std::vector<sim::IndexPoint> late{{before(29), 60000.0}, {before(-1), 60000.0}};
  const std::vector<sim::IndexPoint> early{{before(60), 60000.0}, {before(1), 60000.0}};
  for (const auto& points : {late, early, {}}) {
    const auto price = sim::delivery_price(points, expiry);
    REQUIRE(!price);
    CHECK(price.error().fault == Fault::missing_data);
  }
}

}  // namespace
}  // namespace ballast
