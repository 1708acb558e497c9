#include "ballast/curve/perpetual.h"

#include <cmath>
#include <limits>

#include <doctest/doctest.h>

#include "tests/support.h"

using namespace ballast;
using curve::FundingOn;
using curve::PerpetualTerms;
using market::Settlement;

TEST_CASE("perpetuals are worth what the table says") {
  double worst = 0.0;
  for (const test::Row& row : test::read_csv("tests/data/perpetual_futures.csv")) {
    CAPTURE(row.line);
    const PerpetualTerms terms{row["kappa"], row["iota"], row["r"], row["q"], Years(row["dt"])};
    const std::tuple<const char*, Settlement, FundingOn> columns[] = {
        {"linear_prev", Settlement::linear, FundingOn::previous_index},
        {"linear_cur", Settlement::linear, FundingOn::current_index},
        {"inverse_prev", Settlement::inverse, FundingOn::previous_index},
        {"inverse_cur", Settlement::inverse, FundingOn::current_index}};
    for (const auto& [column, settlement, on] : columns) {
      if (!row.has(column)) continue;
      CAPTURE(column);
      const double got = curve::perpetual_price(Price(row["S"]), settlement, terms, on).value;
      const double error = std::abs(got / row[column] - 1.0);
      const double carry = std::abs(row["r"] - row["q"]) * (row["dt"] > 0.0 ? row["dt"] : 1.0);
      CHECK(error <= 64 * std::numeric_limits<double>::epsilon() * row["kappa"] / (row["kappa"] - carry));
      worst = std::max(worst, error);
    }
  }
  MESSAGE("largest relative error: ", worst);
}

TEST_CASE("a perpetual without carry sits at its index less the interest, and a strong pull pins it") {
  for (const Settlement settlement : {Settlement::linear, Settlement::inverse}) {
    CHECK(curve::perpetual_price(Price(65000.0), settlement, {.kappa = 0.5, .period = Years(1e-3)}).value == 65000.0);
    // With kappa large the price nears 1 + (r - q ∓ iota)/kappa indices.
    const double sign = settlement == Settlement::linear ? -1.0 : 1.0;
    const PerpetualTerms strong{.kappa = 1e5, .iota = 0.3, .rate = 0.05, .yield = 0.02};
    const double off = curve::perpetual_price(Price(1.0), settlement, strong).value - 1.0;
    CHECK(std::abs(off - (0.03 + sign * 0.3) / 1e5) <= 1e-10);
    CHECK(std::isnan(curve::perpetual_price(Price(-1.0), settlement, strong).value));
    CHECK(std::isnan(curve::perpetual_price(Price(1.0), settlement, {.kappa = 0.1, .iota = 0.1}).value));
    CHECK(std::isnan(curve::perpetual_price(Price(1.0), settlement, {.kappa = NAN}).value));
    CHECK(std::isnan(curve::perpetual_price(Price(1.0), settlement, {.kappa = 1.0, .period = Years(-1.0)}).value));
  }
  // A carry over the pull has no price: 3 a year cannot hold a drift of 5.
  CHECK(std::isnan(curve::perpetual_price(Price(1.0), Settlement::linear, {.kappa = 3.0, .rate = 5.0}).value));
}
