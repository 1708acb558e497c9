#include "ballast/pricing/black_scholes.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <limits>
#include <map>
#include <random>
#include <string>
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

// Some columns reach 1e-700, which parse_number refuses: under the smallest double they are 0.
double cell(const test::Row& row, const char* column) { return std::strtod(row.text(column).c_str(), nullptr); }

BlackScholes option(const test::Row& row) {
  return {.spot = Price(row["S"]),
          .strike = Price(row["K"]),
          .rate = row["r"],
          .yield = row["q"],
          .vol = Vol(row["sigma"]),
          .years = Years(row["T"]),
          .type = row.text("type") == "C" ? OptionType::call : OptionType::put};
}

BlackScholes random_option(std::mt19937_64& rng) {
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  BlackScholes o;
  o.spot = Price(std::exp(11.5 * unit(rng)));
  o.vol = Vol(0.05 + 1.5 * unit(rng));
  o.years = Years(std::exp(-7.0 + 8.0 * unit(rng)));
  o.rate = 0.3 * unit(rng) - 0.1;
  o.yield = 0.3 * unit(rng) - 0.1;
  const double stdev = o.vol.value * std::sqrt(o.years.value);
  o.strike = Price(o.spot.value * std::exp(stdev * (6.0 * unit(rng) - 3.0)));
  o.type = unit(rng) < 0.5 ? OptionType::call : OptionType::put;
  return o;
}

// The price once more, in 64-bit mantissas and from the textbook line: an independent base for differences.
using Real = long double;
struct Point {
  Real s, k, r, q, vol, years, w;
};
Real normal(Real x) { return 0.5L * std::erfc(-x / std::sqrt(2.0L)); }
Real value(const Point& p) {
  const Real stdev = p.vol * std::sqrt(p.years);
  const Real d1 = (std::log(p.s / p.k) + (p.r - p.q) * p.years) / stdev + 0.5L * stdev;
  return p.w * (p.s * std::exp(-p.q * p.years) * normal(p.w * d1) -
                p.k * std::exp(-p.r * p.years) * normal(p.w * (d1 - stdev)));
}

using Function = std::function<Real(const Point&)>;
// Central difference of sixth order in one coordinate; `step` is the change of that coordinate.
Function slope(Function f, Real Point::* at, std::function<Real(const Point&)> step) {
  return [=](const Point& p) {
    const Real h = step(p);
    const auto shifted = [&](Real n) {
      Point moved = p;
      moved.*at += n * h;
      return f(moved);
    };
    return (45.0L * (shifted(1) - shifted(-1)) - 9.0L * (shifted(2) - shifted(-2)) + (shifted(3) - shifted(-3))) /
           (60.0L * h);
  };
}
Real price_step(const Point& p) { return 0.01L * p.s * p.vol * std::sqrt(p.years); }
Real strike_step(const Point& p) { return 0.01L * p.k * p.vol * std::sqrt(p.years); }
Real vol_step(const Point& p) { return 0.005L * p.vol; }
Real time_step(const Point& p) { return 0.005L * p.years; }
Real rate_step(const Point&) { return 1e-3L; }

}  // namespace

TEST_CASE("black_scholes agrees with every row and column of the reference table") {
  TableError error;
  for (const auto& row : test::read_csv("tests/data/black_greeks.csv")) {
    const BlackScholes o = option(row);
    const BlackScholesGreeks g = black_scholes_greeks(o);
    const double d1 = cell(row, "d1"), d2 = cell(row, "d2"), s = cell(row, "S"), k = cell(row, "K"), r = cell(row, "r"),
                 q = cell(row, "q"), vol = cell(row, "sigma"), years = cell(row, "T"), stdev = vol * std::sqrt(years);
    const double amplified = 1.0 + d1 * d1;
    const auto add = [&](const char* column, double got, double natural = 0.0) {
      const double reference = cell(row, column);
      error.add(column, got, reference, amplified * std::max(std::abs(reference), natural),
                row.text("case") + row.text("type"), 1e-300);
    };
    add("price", g.price.value);
    CHECK(black_scholes_price(o) == g.price);
    add("delta", g.delta);
    add("delta_fwd", g.delta_fwd);
    add("dual_delta", g.dual_delta);
    add("gamma", g.gamma);
    add("dual_gamma", g.dual_gamma);
    add("cross_SK", g.cross_sk);
    add("vega", g.vega);
    add("rho", g.rho);
    add("phi", g.phi);
    // Columns that cross zero: the sum of the absolute values of their terms, from the table's own columns.
    const double density = cell(row, "gamma") * s * stdev, vega = cell(row, "vega"), gamma = cell(row, "gamma");
    add("theta", g.theta,
        0.5 * vega * vol / years + std::abs(q * s * cell(row, "delta")) + std::abs(r * k * cell(row, "dual_delta")));
    add("vanna", g.vanna, density / vol);
    add("volga", g.volga, vega / vol);
    add("dual_vanna", g.dual_vanna, density * s / k / vol);
    add("charm", g.charm,
        std::abs(q * cell(row, "delta")) + density * (std::abs(r - q) / stdev + 0.5 * std::abs(d2) / years));
    add("veta", g.veta,
        vega * (std::abs(q) + std::abs((r - q) * d1) / stdev + 0.5 * (1.0 + std::abs(d1 * d2)) / years));
    add("speed", g.speed, gamma / s * (1.0 + std::abs(d1) / stdev));
    add("zomma", g.zomma, gamma * (std::abs(d1 * d2) + 1.0) / vol);
    add("color", g.color,
        gamma * (std::abs(q) + std::abs((r - q) * d1) / stdev + 0.5 * (1.0 + std::abs(d1 * d2)) / years));
    add("ultima", g.ultima, vega / (vol * vol) * (std::abs(d1 * d2) * (1.0 + std::abs(d1 * d2)) + d1 * d1 + d2 * d2));
    add("dvanna_dvol", g.dvanna_dvol, density / (vol * vol) * (std::abs(d1) * d2 * d2 + std::abs(d1) + std::abs(d2)));
  }
  MESSAGE("black_greeks.csv, of (1 + d1^2) and the scale", error.text());
  CHECK(error.worst("price") <= 3.0);
  CHECK(error.worst() <= 3.0);
}

TEST_CASE("each Greek is the derivative that its name says") {
  const Function v = value;
  const Function ds = slope(v, &Point::s, price_step), dvol = slope(v, &Point::vol, vol_step);
  const Function dss = slope(ds, &Point::s, price_step), dvv = slope(dvol, &Point::vol, vol_step);
  const auto minus = [](Function f) { return Function([f](const Point& p) { return -f(p); }); };
  const Function dk = slope(v, &Point::k, strike_step);
  struct Case {
    const char* name;
    double BlackScholesGreeks::* field;
    Function derivative;
  };
  const std::vector<Case> cases = {
      {"delta", &BlackScholesGreeks::delta, ds},
      {"dual_delta", &BlackScholesGreeks::dual_delta, dk},
      {"gamma", &BlackScholesGreeks::gamma, dss},
      {"dual_gamma", &BlackScholesGreeks::dual_gamma, slope(dk, &Point::k, strike_step)},
      {"cross_sk", &BlackScholesGreeks::cross_sk, slope(dk, &Point::s, price_step)},
      {"vega", &BlackScholesGreeks::vega, dvol},
      {"theta", &BlackScholesGreeks::theta, minus(slope(v, &Point::years, time_step))},
      {"rho", &BlackScholesGreeks::rho, slope(v, &Point::r, rate_step)},
      {"phi", &BlackScholesGreeks::phi, slope(v, &Point::q, rate_step)},
      {"vanna", &BlackScholesGreeks::vanna, slope(ds, &Point::vol, vol_step)},
      {"volga", &BlackScholesGreeks::volga, dvv},
      {"dual_vanna", &BlackScholesGreeks::dual_vanna, slope(dk, &Point::vol, vol_step)},
      {"charm", &BlackScholesGreeks::charm, minus(slope(ds, &Point::years, time_step))},
      {"veta", &BlackScholesGreeks::veta, minus(slope(dvol, &Point::years, time_step))},
      {"speed", &BlackScholesGreeks::speed, slope(dss, &Point::s, price_step)},
      {"zomma", &BlackScholesGreeks::zomma, slope(dss, &Point::vol, vol_step)},
      {"color", &BlackScholesGreeks::color, minus(slope(dss, &Point::years, time_step))},
      {"ultima", &BlackScholesGreeks::ultima, slope(dvv, &Point::vol, vol_step)},
      {"dvanna_dvol", &BlackScholesGreeks::dvanna_dvol, slope(dvv, &Point::s, price_step)},
  };
  std::mt19937_64 rng(20260402);
  std::vector<double> worst(cases.size(), 0.0);
  for (int i = 0; i < 60; ++i) {
    BlackScholes o = random_option(rng);
    o.years = Years(0.05 + 1.2 * std::uniform_real_distribution<double>(0.0, 1.0)(rng));
    const double stdev = o.vol.value * std::sqrt(o.years.value);
    o.strike = Price(o.spot.value * std::exp(stdev * std::uniform_real_distribution<double>(-1.5, 1.5)(rng)));
    const Point p{o.spot.value,
                  o.strike.value,
                  o.rate,
                  o.yield,
                  o.vol.value,
                  o.years.value,
                  o.type == OptionType::call ? 1.0L : -1.0L};
    const BlackScholesGreeks g = black_scholes_greeks(o);
    CHECK(g.price.value == doctest::Approx(static_cast<double>(value(p))).epsilon(1e-12));
    CHECK(g.delta_fwd == doctest::Approx(g.delta * std::exp((o.yield - o.rate) * o.years.value)).epsilon(1e-14));
    for (std::size_t c = 0; c < cases.size(); ++c) {
      CAPTURE(std::string(cases[c].name));
      const double expected = static_cast<double>(cases[c].derivative(p)), got = g.*cases[c].field;
      // The size of the column near the money: price scale over the scale of each coordinate that it differentiates.
      static const std::map<std::string, int> spots = {
          {"delta", 1},      {"dual_delta", 1}, {"gamma", 2}, {"dual_gamma", 2}, {"cross_sk", 2}, {"vanna", 1},
          {"dual_vanna", 1}, {"charm", 1},      {"speed", 3}, {"zomma", 2},      {"color", 2},    {"dvanna_dvol", 1}};
      static const std::map<std::string, int> vols = {{"vega", 1}, {"vanna", 1}, {"volga", 2},  {"dual_vanna", 1},
                                                      {"veta", 1}, {"zomma", 1}, {"ultima", 3}, {"dvanna_dvol", 2}};
      static const std::map<std::string, int> times = {{"theta", 1}, {"charm", 1}, {"veta", 1}, {"color", 1}};
      const auto power = [&](const std::map<std::string, int>& counts, double base) {
        const auto found = counts.find(cases[c].name);
        return found == counts.end() ? 1.0 : std::pow(base, found->second);
      };
      const double scale = o.spot.value * stdev / power(spots, o.spot.value * stdev) / power(vols, o.vol.value) /
                           power(times, o.years.value);
      const double off = std::abs(got - expected) / std::max(scale, std::abs(expected));
      worst[c] = std::max(worst[c], off);
      CHECK(off <= 1e-7);
    }
  }
  std::string text;
  for (std::size_t c = 0; c < cases.size(); ++c) text += fmt::format("\n  {:<12} {:.1e}", cases[c].name, worst[c]);
  MESSAGE("against central differences of a long double price, of the column's scale", text);
}

TEST_CASE("parity and its derivatives hold over the domain") {
  std::mt19937_64 rng(20260403);
  for (int i = 0; i < 20'000; ++i) {
    BlackScholes call = random_option(rng);
    call.type = OptionType::call;
    BlackScholes put = call;
    put.type = OptionType::put;
    const auto c = black_scholes_greeks(call), p = black_scholes_greeks(put);
    const double t = call.years.value, a = call.spot.value * std::exp(-call.yield * t),
                 k = call.strike.value * std::exp(-call.rate * t), big = std::max(a, k);
    const double carry = std::abs(call.rate) + std::abs(call.yield);
    CHECK(std::abs(c.price.value - p.price.value - (a - k)) <= 8.0 * epsilon * big);
    CHECK(std::abs(c.delta - p.delta - a / call.spot.value) <= 8.0 * epsilon * a / call.spot.value);
    CHECK(std::abs(c.dual_delta - p.dual_delta + k / call.strike.value) <= 8.0 * epsilon * k / call.strike.value);
    CHECK(std::abs(c.rho - p.rho - k * t) <= 8.0 * epsilon * k * t);
    CHECK(std::abs(c.phi - p.phi + a * t) <= 8.0 * epsilon * a * t);
    CHECK(std::abs(c.theta - p.theta - (call.yield * a - call.rate * k)) <=
          16.0 * epsilon * (carry * big + std::abs(c.theta)));
    CHECK(std::abs(c.charm - p.charm - call.yield * a / call.spot.value) <=
          16.0 * epsilon * (carry * a / call.spot.value + std::abs(c.charm)));
    CHECK(c.gamma == p.gamma);
    CHECK(c.vega == p.vega);
    CHECK(c.ultima == p.ultima);
  }
}

TEST_CASE("homogeneity, the pricing equation and the rate identities hold over the domain") {
  std::mt19937_64 rng(20260404);
  for (int i = 0; i < 20'000; ++i) {
    const BlackScholes o = random_option(rng);
    CAPTURE(i);
    const auto g = black_scholes_greeks(o);
    const double s = o.spot.value, k = o.strike.value, t = o.years.value, vol = o.vol.value, v = g.price.value;
    const double size = std::abs(s * g.delta) + std::abs(k * g.dual_delta);
    const double stdev = vol * std::sqrt(t),
                 d1 = std::log(s / k) / stdev + (o.rate - o.yield) * t / stdev + 0.5 * stdev;
    const double loose = 8.0 * epsilon * (1.0 + d1 * d1);
    CHECK(std::abs(v - s * g.delta - k * g.dual_delta) <= loose * size);
    const double diffusion = 0.5 * vol * vol * s * s * g.gamma;
    CHECK(std::abs(g.theta - (o.rate * v - (o.rate - o.yield) * s * g.delta - diffusion)) <=
          loose * (diffusion + (std::abs(o.rate) + std::abs(o.yield)) * size));
    CHECK(std::abs(g.vega - vol * t * s * s * g.gamma) <= loose * g.vega);
    CHECK(std::abs(g.rho + g.phi + t * v) <= loose * t * size);
    CHECK(std::abs(s * s * g.gamma - k * k * g.dual_gamma) <= loose * s * s * g.gamma);
    CHECK(std::abs(s * g.gamma + k * g.cross_sk) <= loose * s * g.gamma);
    // Twice the spot and the strike is twice the price: exact in binary.
    BlackScholes twice = o;
    twice.spot = Price(2.0 * s);
    twice.strike = Price(2.0 * k);
    CHECK(black_scholes_price(twice).value == doctest::Approx(2.0 * v).epsilon(4.0 * epsilon));
    // Bounds
    const double a = s * std::exp(-o.yield * t), paid = k * std::exp(-o.rate * t);
    const bool call = o.type == OptionType::call;
    CHECK(v >= std::max(call ? a - paid : paid - a, 0.0));
    CHECK(v <= (call ? a : paid) * (1.0 + 4.0 * epsilon));
  }
}

TEST_CASE("the textbook values of Hull") {
  BlackScholes o{.spot = Price(42), .strike = Price(40), .rate = 0.1, .yield = 0, .vol = Vol(0.2), .years = Years(0.5)};
  CHECK(black_scholes_price(o).value == doctest::Approx(4.759422).epsilon(1e-6));
  o.type = OptionType::put;
  CHECK(black_scholes_price(o).value == doctest::Approx(0.808599).epsilon(1e-6));
  const auto g = black_scholes_greeks(
      {.spot = Price(49), .strike = Price(50), .rate = 0.05, .yield = 0, .vol = Vol(0.2), .years = Years(0.3846)});
  CHECK(std::abs(g.delta - 0.522) < 5e-4);
  CHECK(std::abs(g.gamma - 0.066) < 5e-4);
  CHECK(std::abs(g.vega - 12.1) < 5e-2);
  CHECK(std::abs(g.theta + 4.31) < 5e-3);
  CHECK(std::abs(g.rho - 8.91) < 5e-3);
}

TEST_CASE("limits without time and without vol") {
  for (const bool no_time : {true, false}) {
    CAPTURE(no_time);
    BlackScholes o{.spot = Price(110),
                   .strike = Price(100),
                   .rate = 0.05,
                   .yield = 0.02,
                   .vol = Vol(no_time ? 0.6 : 0.0),
                   .years = Years(no_time ? 0.0 : 0.5)};
    const double t = o.years.value, discount = std::exp(-0.05 * t), yield_discount = std::exp(-0.02 * t);
    auto g = black_scholes_greeks(o);
    CHECK(g.price.value == doctest::Approx(110 * yield_discount - 100 * discount).epsilon(1e-15));
    CHECK(g.delta == yield_discount);
    CHECK(g.dual_delta == -discount);
    CHECK(g.theta == doctest::Approx(0.02 * 110 * yield_discount - 0.05 * 100 * discount).epsilon(1e-15));
    for (const double none : {g.gamma, g.vega, g.vanna, g.volga, g.speed, g.zomma, g.color, g.ultima, g.veta})
      CHECK(none == 0.0);
    o.type = OptionType::put;
    g = black_scholes_greeks(o);
    CHECK(g.price.value == 0.0);
    CHECK(g.delta == 0.0);
    CHECK(g.theta == 0.0);
    // At the money: spot = strike without time, forward = strike without vol.
    o.rate = o.yield = 0.0;
    o.spot = o.strike;
    CHECK(black_scholes_greeks(o).delta == -0.5);
    CHECK(black_scholes_greeks(o).price.value == 0.0);
    CHECK(black_scholes_greeks(o).gamma == 0.0);
    o.type = OptionType::call;
    CHECK(black_scholes_greeks(o).delta == 0.5);
    CHECK(black_scholes_greeks(o).dual_delta == -0.5);
  }
  // Much vol: the call is worth the coin, the put the cash.
  const BlackScholes o{
      .spot = Price(100), .strike = Price(300), .rate = 0.1, .yield = 0.05, .vol = Vol(1e9), .years = Years(1)};
  CHECK(black_scholes_price(o).value == doctest::Approx(100 * std::exp(-0.05)).epsilon(1e-14));
  CHECK(black_scholes_greeks(o).delta == doctest::Approx(std::exp(-0.05)).epsilon(1e-15));
  CHECK(black_scholes_greeks(o).vega == 0.0);
  BlackScholes p = o;
  p.type = OptionType::put;
  CHECK(black_scholes_price(p).value == doctest::Approx(300 * std::exp(-0.1)).epsilon(1e-14));
  CHECK(black_scholes_greeks(p).delta == 0.0);
  // Little time at the money: 0.39894 S vol sqrt(T), theta -> -S vol 0.19947 / sqrt(T).
  const auto g = black_scholes_greeks(
      {.spot = Price(100), .strike = Price(100), .rate = 0, .yield = 0, .vol = Vol(0.5), .years = Years(1e-12)});
  CHECK(g.price.value == doctest::Approx(100 * 0.5e-6 * 0.3989422804014327).epsilon(1e-12));
  CHECK(g.theta == doctest::Approx(-100 * 0.5 * 0.19947114020071635 / 1e-6).epsilon(1e-12));
  CHECK(g.delta == doctest::Approx(0.5).epsilon(1e-6));
}

TEST_CASE("never NaN inside the domain, always NaN outside") {
  const auto fields = [](const BlackScholesGreeks& g) {
    return std::vector<double>{g.price.value, g.delta, g.delta_fwd, g.dual_delta, g.gamma, g.dual_gamma, g.cross_sk,
                               g.vega,        g.theta, g.rho,       g.phi,        g.vanna, g.volga,      g.dual_vanna,
                               g.charm,       g.veta,  g.speed,     g.zomma,      g.color, g.ultima,     g.dvanna_dvol};
  };
  for (const double strike : {1e-12, 1.0, 99.99999999, 100.0, 100.00000001, 1e5, 1e15})
    for (const double vol : {0.0, 1e-300, 1e-60, 1e-30, 1e-8, 1e-3, 0.6, 40.0, 1e6, 1e30, 1e300})
      for (const double years : {0.0, 1e-300, 1e-60, 1e-30, 3e-11, 1e-4, 1.0, 50.0})
        for (const double rate : {0.0, 0.07, -0.3})
          for (const auto type : {OptionType::call, OptionType::put}) {
            const auto g = black_scholes_greeks({.spot = Price(100),
                                                 .strike = Price(strike),
                                                 .rate = rate,
                                                 .yield = 0.01,
                                                 .vol = Vol(vol),
                                                 .years = Years(years),
                                                 .type = type});
            CAPTURE(strike);
            CAPTURE(vol);
            CAPTURE(years);
            for (const double field : fields(g)) CHECK_FALSE(std::isnan(field));
            CHECK(g.price.value >= 0.0);
          }
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  const BlackScholes good{
      .spot = Price(100), .strike = Price(100), .rate = 0, .yield = 0, .vol = Vol(0.5), .years = Years(1)};
  for (const double bad : {-1.0, nan, infinity}) {
    for (int which = 0; which < 4; ++which) {
      BlackScholes o = good;
      if (which == 0) o.spot = Price(bad);
      if (which == 1) o.strike = Price(bad);
      if (which == 2) o.vol = Vol(bad);
      if (which == 3) o.years = Years(bad);
      for (const double field : fields(black_scholes_greeks(o))) CHECK(std::isnan(field));
      CHECK(std::isnan(black_scholes_price(o).value));
    }
  }
  BlackScholes o = good;
  o.rate = nan;
  CHECK(std::isnan(black_scholes_price(o).value));
  o.rate = 0.0;
  o.spot = Price(0.0);
  CHECK(std::isnan(black_scholes_price(o).value));
}
