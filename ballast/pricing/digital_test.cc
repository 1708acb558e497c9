#include "ballast/pricing/digital.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include <doctest/doctest.h>

#include "tests/support.h"
#include "tests/table_error.h"

using namespace ballast;
using namespace ballast::pricing;
using market::OptionType;

TEST_CASE("digitals agree with every row and column of the reference table") {
  test::TableError error;
  for (const auto& row : test::read_csv("tests/data/digital_greeks.csv")) {
    const double s = row["S"], k = row["K"], years = row["T"], r = row["r"], q = row["q"], vol = row["sigma"];
    const BlackScholes o{.spot = Price(s),
                         .strike = Price(k),
                         .rate = r,
                         .yield = q,
                         .vol = Vol(vol),
                         .years = Years(years),
                         .type = row.text("type") == "C" ? OptionType::call : OptionType::put};
    const double stdev = vol * std::sqrt(years), d1 = (std::log(s / k) + (r - q) * years) / stdev + 0.5 * stdev,
                 d2 = d1 - stdev;
    const auto add = [&](const char* column, double got, double natural = 0.0) {
      error.add(column, got, row[column], (1.0 + d1 * d1) * std::max(std::abs(row[column]), natural),
                row.text("case") + row.text("type"));
    };
    const auto cash = cash_digital(o);
    const auto asset = asset_digital(o);
    // Densities from the table: cash_delta = +-density/(S stdev).
    const double density = std::abs(row["cash_delta"]) * s * stdev, asset_density = density * k;
    add("cash_price", cash.price);
    add("cash_delta", cash.delta);
    add("cash_gamma", cash.gamma, density * std::abs(d1) / (s * s * stdev * stdev));
    add("cash_vega", cash.vega, density / vol);
    add("cash_theta", cash.theta,
        std::abs(r * row["cash_price"]) + density * (std::abs(r - q) / stdev + 0.5 * std::abs(d1) / years));
    add("asset_price", asset.price);
    add("asset_delta", asset.delta, row["asset_price"] / s + asset_density / (s * stdev));
    add("asset_gamma", asset.gamma, asset_density / (s * s * stdev) * std::max(1.0, std::abs(d2) / stdev));
    add("asset_vega", asset.vega, asset_density / vol);
  }
  MESSAGE("digital_greeks.csv, of (1 + d1^2) and the scale", error.text());
  CHECK(error.worst() <= 2.0);
}

TEST_CASE("an option is an asset digital less strike cash digitals") {
  std::mt19937_64 rng(20260409);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  for (int i = 0; i < 5'000; ++i) {
    BlackScholes o{.spot = Price(100),
                   .strike = Price(60 + 90 * unit(rng)),
                   .rate = 0.1 * unit(rng),
                   .yield = 0.1 * unit(rng),
                   .vol = Vol(0.1 + unit(rng)),
                   .years = Years(0.05 + unit(rng)),
                   .type = i % 2 == 0 ? OptionType::call : OptionType::put};
    const double w = i % 2 == 0 ? 1.0 : -1.0, k = o.strike.value;
    const auto cash = cash_digital(o);
    const auto asset = asset_digital(o);
    const auto g = black_scholes_greeks(o);
    CHECK(std::abs(w * (asset.price - k * cash.price) - g.price.value) <= 1e-13 * 200);
    CHECK(std::abs(w * (asset.delta - k * cash.delta) - g.delta) <= 1e-13 * (1.0 + std::abs(asset.delta)));
    CHECK(std::abs(w * (asset.vega - k * cash.vega) - g.vega) <= 1e-12 * (std::abs(asset.vega) + 1.0));
    CHECK(std::abs(w * (asset.gamma - k * cash.gamma) - g.gamma) <= 1e-13 * (std::abs(asset.gamma) + 1.0));
    CHECK(std::abs(cash.price + w * g.dual_delta) <= 1e-14);
    // Theta against a difference in time.
    BlackScholes later = o, earlier = o;
    later.years = Years(o.years.value * (1.0 - 1e-5));
    earlier.years = Years(o.years.value * (1.0 + 1e-5));
    const double slope = (cash_digital(later).price - cash_digital(earlier).price) / (2e-5 * o.years.value);
    CHECK(std::abs(cash.theta - slope) <= 1e-7 / o.years.value);
  }
}

TEST_CASE("limits and domain of digitals") {
  BlackScholes o{.spot = Price(110), .strike = Price(100), .rate = 0, .yield = 0, .vol = Vol(0.6), .years = Years(0)};
  CHECK(cash_digital(o).price == 1.0);
  CHECK(asset_digital(o).price == 110.0);
  CHECK(asset_digital(o).delta == 1.0);
  CHECK(cash_digital(o).delta == 0.0);
  o.spot = Price(100);
  CHECK(cash_digital(o).price == 0.5);
  CHECK(asset_digital(o).price == 50.0);
  // Haug, p. 88: a put that pays 10
  const BlackScholes haug{.spot = Price(100),
                          .strike = Price(80),
                          .rate = 0.06,
                          .yield = 0.06,
                          .vol = Vol(0.35),
                          .years = Years(0.75),
                          .type = OptionType::put};
  CHECK(std::abs(10.0 * cash_digital(haug).price - 2.6710) <= 5e-5);
  o.vol = Vol(-0.1);
  CHECK(std::isnan(cash_digital(o).price));
  CHECK(std::isnan(asset_digital(o).vega));
}
