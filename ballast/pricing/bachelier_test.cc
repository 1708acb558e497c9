#include "ballast/pricing/bachelier.h"

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

namespace {
constexpr double epsilon = std::numeric_limits<double>::epsilon();
}

TEST_CASE("bachelier_greeks agrees with every row and column of the reference table") {
  test::TableError error;
  for (const auto& row : test::read_csv("tests/data/bachelier_greeks.csv")) {
    const double f = row["F"], k = row["K"], years = row["T"], r = row["r"], vol = row["sigma_n"];
    const auto g =
        bachelier_greeks({f, k, r, vol, Years(years), row.text("type") == "C" ? OptionType::call : OptionType::put});
    const double stdev = vol * std::sqrt(years), d = (f - k) / stdev;
    const auto add = [&](const char* column, double got, double natural = 0.0) {
      error.add(column, got, row[column], (1.0 + d * d) * std::max(std::abs(row[column]), natural),
                row.text("case") + row.text("type"));
    };
    const double gamma = row["gamma"], vega = row["vega"], density = gamma * stdev;
    add("price", g.price);
    add("delta", g.delta);
    add("dual_delta", g.dual_delta);
    add("gamma", g.gamma);
    add("vega", g.vega);
    add("rho", g.rho);
    add("theta", g.theta, std::abs(r * row["price"]) + 0.5 * density * vol / std::sqrt(years));
    add("vanna", g.vanna, density * std::abs(d) / vol);
    add("volga", g.volga, vega * d * d / vol);
    add("charm", g.charm, std::abs(r * row["delta"]) + 0.5 * density * std::abs(d) / years);
    add("veta", g.veta, vega * (std::abs(r) + 0.5 * (1.0 + d * d) / years));
    add("speed", g.speed, gamma * std::abs(d) / stdev);
    add("zomma", g.zomma, gamma * (d * d + 1.0) / vol);
    add("color", g.color, gamma * (std::abs(r) + 0.5 * (1.0 + d * d) / years));
    add("ultima", g.ultima, vega * d * d * (d * d + 3.0) / (vol * vol));
  }
  MESSAGE("bachelier_greeks.csv, of (1 + d^2) and the scale", error.text());
  CHECK(error.worst() <= 2.0);
}

TEST_CASE("identities of the normal model") {
  std::mt19937_64 rng(20260408);
  std::uniform_real_distribution<double> unit(-1.0, 1.0);
  for (int i = 0; i < 20'000; ++i) {
    Bachelier o{.forward = 100.0 * unit(rng),
                .strike = 0.0,
                .rate = 0.2 * unit(rng),
                .normal_vol = std::exp(3.0 * unit(rng)),
                .years = Years(std::exp(3.0 * unit(rng) - 2.0))};
    const double stdev = o.normal_vol * std::sqrt(o.years.value);
    o.strike = o.forward + 3.0 * stdev * unit(rng);
    const auto c = bachelier_greeks(o);
    o.type = OptionType::put;
    const auto p = bachelier_greeks(o);
    const double discount = std::exp(-o.rate * o.years.value);
    const double size = discount * (std::abs(o.forward - o.strike) + stdev);
    CHECK(std::abs(c.price - p.price - discount * (o.forward - o.strike)) <= 8.0 * epsilon * size);
    CHECK(std::abs(c.delta - p.delta - discount) <= 4.0 * epsilon * discount);
    CHECK(std::abs(c.vega - o.normal_vol * o.years.value * c.gamma) <= 8.0 * epsilon * c.vega);
    const double diffusion = 0.5 * o.normal_vol * o.normal_vol * c.gamma;
    CHECK(std::abs(c.theta - o.rate * c.price + diffusion) <= 16.0 * epsilon * (diffusion + std::abs(o.rate) * size));
    // Homogeneous of degree one in forward, strike and vol; only forward minus strike counts.
    CHECK(std::abs(c.price - (o.forward - o.strike) * c.delta - o.normal_vol * c.vega) <= 32.0 * epsilon * size);
    // Central differences
    const double h = 1e-4;
    Bachelier up = o, down = o;
    up.forward += h * stdev;
    down.forward -= h * stdev;
    CHECK((bachelier_greeks(up).price - bachelier_greeks(down).price) / (2.0 * h * stdev) ==
          doctest::Approx(p.delta).epsilon(1e-6));
    CHECK(std::abs((bachelier_greeks(up).gamma - bachelier_greeks(down).gamma) / (2.0 * h * stdev) - p.speed) <=
          1e-6 * discount / (stdev * stdev));
    up = down = o;
    up.normal_vol *= 1.0 + h;
    down.normal_vol *= 1.0 - h;
    CHECK(std::abs((bachelier_greeks(up).delta - bachelier_greeks(down).delta) / (2.0 * h) - p.vanna * o.normal_vol) <=
          1e-6 * discount);
  }
}

TEST_CASE("limits and domain of the normal model") {
  Bachelier o{.forward = -0.5, .strike = -0.75, .rate = 0.04, .normal_vol = 0.0, .years = Years(0.5)};
  auto g = bachelier_greeks(o);
  const double discount = std::exp(-0.02);
  CHECK(g.price == doctest::Approx(0.25 * discount).epsilon(1e-15));
  CHECK(g.delta == discount);
  CHECK(g.gamma == 0.0);
  CHECK(g.theta == doctest::Approx(0.04 * 0.25 * discount).epsilon(1e-15));
  o.strike = o.forward;
  o.type = OptionType::put;
  CHECK(bachelier_greeks(o).delta == -0.5 * discount);
  CHECK(bachelier_greeks(o).price == 0.0);
  o.years = Years(0.0);
  o.normal_vol = 3.0;
  CHECK(bachelier_greeks(o).delta == -0.5);
  o = {.forward = 1e9, .strike = 0.0, .rate = 0.0, .normal_vol = 1e-40, .years = Years(1e-12)};
  g = bachelier_greeks(o);
  CHECK(g.price == 1e9);
  CHECK(g.ultima == 0.0);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const double bad : {-1.0, nan}) {
    Bachelier b = o;
    b.normal_vol = bad;
    CHECK(std::isnan(bachelier_greeks(b).price));
    CHECK(std::isnan(bachelier_greeks(b).ultima));
    b = o;
    b.years = Years(bad);
    CHECK(std::isnan(bachelier_greeks(b).delta));
  }
  o.forward = nan;
  CHECK(std::isnan(bachelier_greeks(o).price));
}
