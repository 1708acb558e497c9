#include "ballast/pricing/inverse.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support.h"
#include "tests/table_error.h"

using namespace ballast;
using namespace ballast::pricing;
using market::OptionType;
using test::TableError;

namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

std::vector<double> fields(const InverseGreeks& g) {
  return {g.price.value,
          g.black_delta,
          g.net_delta,
          g.gamma,
          g.dcoin_df,
          g.d2coin_df2,
          g.d3coin_df3,
          g.vega_coin,
          g.theta_coin,
          g.vanna_coin,
          g.volga_coin,
          g.charm,
          g.usd_notional_hedge.value};
}

// c = sign e^{-yT} (N(sign d1) - (K/F) N(sign d2)) in 64-bit mantissas.
long double coin_price(long double f, long double k, long double vol, long double years, long double y, long double w) {
  const long double stdev = vol * std::sqrt(years), d1 = std::log(f / k) / stdev + 0.5L * stdev;
  const auto n = [](long double x) { return 0.5L * std::erfc(-x / std::sqrt(2.0L)); };
  return w * std::exp(-y * years) * (n(w * d1) - k / f * n(w * (d1 - stdev)));
}

}  // namespace

TEST_CASE("inverse_greeks agrees with every row and column of the reference table") {
  TableError error;
  for (const auto& row : test::read_csv("tests/data/inverse_option_greeks.csv")) {
    const double f = row["F"], k = row["K"], vol = row["sigma"], years = row["T"], y = row["y"], d1 = row["d1"],
                 d2 = row["d2"], stdev = vol * std::sqrt(years);
    const Vanilla o{.forward = Price(f),
                    .strike = Price(k),
                    .vol = Vol(vol),
                    .years = Years(years),
                    .type = row.text("type") == "C" ? OptionType::call : OptionType::put};
    const InverseGreeks g = inverse_greeks(o, y);
    const auto add = [&](const char* column, double got, double natural = 0.0) {
      const double reference = row[column];
      error.add(column, got, reference, (1.0 + d1 * d1) * std::max(std::abs(reference), natural),
                row.text("case") + row.text("type"));
    };
    const double density = row["gamma_black"] * f * stdev, net = std::abs(row["delta_net"]), vega = row["vega_coin"];
    add("price_coin", g.price.value);
    add("price_usd", f * g.price.value);
    add("delta_black", g.black_delta);
    add("dcoin_dF", g.dcoin_df);
    add("delta_net", g.net_delta);
    add("gamma_black", g.gamma);
    add("vega_coin", g.vega_coin);
    add("usd_notional_hedge", g.usd_notional_hedge.value);
    add("d2coin_dF2", g.d2coin_df2, (density / stdev + 2.0 * net) / (f * f));
    add("d3coin_dF3", g.d3coin_df3, (6.0 * net + density / stdev * (5.0 + std::abs(d2) / stdev)) / (f * f * f));
    add("theta_coin", g.theta_coin, std::abs(y * row["price_coin"]) + 0.5 * vega * vol / years);
    add("vanna_coin", g.vanna_coin, density / (vol * f));
    add("volga_coin", g.volga_coin, vega / vol);
    add("charm_dcoin_dF", g.charm,
        std::abs(y * row["dcoin_dF"]) + 0.5 * density * (std::abs(std::log(f / k)) / stdev + 0.5 * stdev) / years / f);
    // The same number as the difference, which the margin room uses.
    CHECK(std::abs(net_delta(g.black_delta, g.price) - g.net_delta) <= 1e-14 * (1.0 + g.price.value));
  }
  MESSAGE("inverse_option_greeks.csv, of (1 + d1^2) and the scale", error.text());
  CHECK(error.worst() <= 3.0);
}

TEST_CASE("the inverse Greeks are the derivatives of the coin price") {
  std::mt19937_64 rng(20260405);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  for (int i = 0; i < 2000; ++i) {
    const double f = 65000.0, vol = 0.2 + unit(rng), years = 0.01 + unit(rng), y = 0.1 * unit(rng) - 0.05;
    const double stdev = vol * std::sqrt(years), k = f * std::exp(stdev * (4.0 * unit(rng) - 2.0));
    const auto type = unit(rng) < 0.5 ? OptionType::call : OptionType::put;
    const long double w = type == OptionType::call ? 1.0L : -1.0L;
    const auto g = inverse_greeks(
        {.forward = Price(f), .strike = Price(k), .vol = Vol(vol), .years = Years(years), .type = type}, y);
    const auto c = [&](long double df, long double dvol, long double dt) {
      return coin_price(f * (1.0L + df), k, vol * (1.0L + dvol), years * (1.0L + dt), y, w);
    };
    const long double h = 1e-4L;
    const auto close = [](double got, long double expected, double scale) {
      CHECK(std::abs(got - static_cast<double>(expected)) <= 1e-5 * scale);
    };
    const double size = 1.0 + k / f;
    close(g.price.value, c(0, 0, 0), 1e-8 * size);
    close(g.dcoin_df * f, (c(h, 0, 0) - c(-h, 0, 0)) / (2 * h), size / stdev);
    close(g.net_delta, (c(h, 0, 0) - c(-h, 0, 0)) / (2 * h), size / stdev);
    close(g.black_delta, ((1 + h) * c(h, 0, 0) - (1 - h) * c(-h, 0, 0)) / (2 * h), size / stdev);
    close(g.d2coin_df2 * f * f, (c(h, 0, 0) - 2 * c(0, 0, 0) + c(-h, 0, 0)) / (h * h), size / (stdev * stdev));
    close(g.d3coin_df3 * f * f * f,
          (c(2 * h, 0, 0) - 2 * c(h, 0, 0) + 2 * c(-h, 0, 0) - c(-2 * h, 0, 0)) / (2 * h * h * h),
          size / (stdev * stdev * stdev * stdev));
    close(g.gamma * f, ((1 + h) * c(h, 0, 0) - 2 * c(0, 0, 0) + (1 - h) * c(-h, 0, 0)) / (h * h),
          size / (stdev * stdev));
    close(g.vega_coin * vol, (c(0, h, 0) - c(0, -h, 0)) / (2 * h), size);
    close(g.volga_coin * vol * vol, (c(0, h, 0) - 2 * c(0, 0, 0) + c(0, -h, 0)) / (h * h), size);
    close(g.theta_coin * years, -(c(0, 0, h) - c(0, 0, -h)) / (2 * h), size);
    close(g.vanna_coin * vol * f, (c(h, h, 0) - c(h, -h, 0) - c(-h, h, 0) + c(-h, -h, 0)) / (4 * h * h), size / stdev);
    close(g.charm * years * f, -(c(h, 0, h) - c(h, 0, -h) - c(-h, 0, h) + c(-h, 0, -h)) / (4 * h * h), size / stdev);
    close(net_gamma(Price(f), g.gamma, g.net_delta), g.d2coin_df2 * f * f, 1e-7 * size / stdev);
    // One long option and the hedge: Q (1/F0 - 1/F) has slope Q/F^2.
    CHECK(g.dcoin_df + g.usd_notional_hedge.value / (f * f) == doctest::Approx(0.0).epsilon(1e-18));
  }
}

TEST_CASE("inverse parity: call minus put is 1 - K/F, and black delta is net delta plus price") {
  std::mt19937_64 rng(20260406);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  for (int i = 0; i < 20'000; ++i) {
    Vanilla o{.forward = Price(std::exp(12.0 * unit(rng))),
              .strike = {},
              .vol = Vol(0.05 + 2.0 * unit(rng)),
              .years = Years(std::exp(-9.0 + 10.0 * unit(rng))),
              .type = OptionType::call};
    o.strike = Price(o.forward.value * std::exp(o.vol.value * std::sqrt(o.years.value) * (8.0 * unit(rng) - 4.0)));
    const double y = 0.2 * unit(rng) - 0.1, m = o.strike / o.forward, dy = std::exp(-y * o.years.value);
    const auto c = inverse_greeks(o, y);
    o.type = OptionType::put;
    const auto p = inverse_greeks(o, y);
    const double size = dy * std::max(1.0, m);
    CHECK(std::abs(c.price.value - p.price.value - dy * (1.0 - m)) <= 8.0 * epsilon * size);
    CHECK(std::abs(c.net_delta - p.net_delta - dy * m) <= 8.0 * epsilon * size);
    CHECK(std::abs(c.black_delta - p.black_delta - dy) <= 8.0 * epsilon * size);
    CHECK(c.vega_coin == p.vega_coin);
    const double d1 = std::log(1.0 / m) / (o.vol.value * std::sqrt(o.years.value));
    CHECK(std::abs(net_delta(p.black_delta, p.price) - p.net_delta) <= 8.0 * epsilon * size * (1.0 + d1 * d1));
    CHECK(c.price.value < dy);
  }
}

TEST_CASE("the example of closed-form.md, section 5.3") {
  const auto g = inverse_greeks({.forward = Price(65000),
                                 .strike = Price(65000),
                                 .vol = Vol(0.55),
                                 .years = Years(30.0 / 365.0),
                                 .type = OptionType::call});
  CHECK(std::abs(g.price.value - 0.0628402) <= 5e-8);
  CHECK(std::abs(g.black_delta - 0.531420) <= 5e-7);
  CHECK(std::abs(g.net_delta - 0.468580) <= 5e-7);
  CHECK(std::abs(g.usd_notional_hedge.value + 30457.7) <= 0.05);
}

TEST_CASE("limits and domain of the inverse Greeks") {
  Vanilla o{.forward = Price(125000), .strike = Price(100000), .vol = Vol(0.6), .years = Years(0)};
  auto g = inverse_greeks(o);  // Deribit's example: 25 000 USD at 125 000 is 0.2 BTC
  CHECK(g.price.value == 0.2);
  CHECK(g.black_delta == 1.0);
  CHECK(g.net_delta == 0.8);
  CHECK(g.usd_notional_hedge.value == -100000.0);
  CHECK(g.d2coin_df2 < 0.0);
  CHECK(g.gamma == 0.0);
  CHECK(g.vega_coin == 0.0);
  CHECK(g.theta_coin == 0.0);
  o.forward = o.strike;
  g = inverse_greeks(o);
  CHECK(g.price.value == 0.0);
  CHECK(g.black_delta == 0.5);
  CHECK(g.net_delta == 0.5);
  o.forward = Price(80000);
  for (const double field : fields(inverse_greeks(o))) CHECK(field == 0.0);
  // A put on a collapsing coin is worth many coins; its net delta goes to -K/F.
  o = {.forward = Price(100), .strike = Price(10000), .vol = Vol(0.6), .years = Years(0.1), .type = OptionType::put};
  CHECK(inverse_greeks(o).price.value == doctest::Approx(99.0).epsilon(1e-14));
  CHECK(inverse_greeks(o).net_delta == doctest::Approx(-100.0).epsilon(1e-14));
  for (const double vol : {0.0, 1e-300, 1e-8, 0.6, 1e6, 1e300})
    for (const double years : {0.0, 1e-300, 3e-11, 1.0})
      for (const double strike : {1e-10, 100.0, 1e10})
        for (const double field : fields(inverse_greeks(
                 {.forward = Price(100), .strike = Price(strike), .vol = Vol(vol), .years = Years(years)}, 0.03)))
          CHECK_FALSE(std::isnan(field));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double bad : {-1.0, nan, std::numeric_limits<double>::infinity()}) {
    o = {.forward = Price(bad), .strike = Price(100), .vol = Vol(0.6), .years = Years(1)};
    for (const double field : fields(inverse_greeks(o))) CHECK(std::isnan(field));
    o.forward = Price(100);
    o.years = Years(bad);
    for (const double field : fields(inverse_greeks(o))) CHECK(std::isnan(field));
  }
  CHECK(std::isnan(
      inverse_greeks({.forward = Price(1), .strike = Price(1), .vol = Vol(1), .years = Years(1)}, nan).price.value));
}
