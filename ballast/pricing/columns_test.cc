#include "ballast/pricing/columns.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ballast/math/arithmetic.h"
#include "ballast/pricing/bachelier.h"
#include "ballast/pricing/black.h"
#include "ballast/pricing/black_scholes.h"
#include "ballast/pricing/inverse.h"
#include "ballast/pricing/tick_columns.h"
#include "tests/support.h"
#include "tests/table_error.h"

using namespace ballast;
using namespace ballast::pricing;
using test::TableError;

namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

using Columns = std::vector<std::vector<double>>;
const std::array<const char*, 14> names = {"price", "delta", "gamma", "vega",  "theta", "rho",   "vanna",
                                           "volga", "charm", "veta",  "speed", "zomma", "color", "ultima"};

// Inputs in the order S K vol T sign r q; the normal model's rate is r.
struct Chain {
  Columns in = Columns(7);
  void add(double s, double k, double vol, double years, double sign, double r = 0.0, double q = 0.0) {
    const std::array<double, 7> row = {s, k, vol, years, sign, r, q};
    for (std::size_t c = 0; c < row.size(); ++c) in[c].push_back(row[c]);
  }
  std::size_t size() const { return in[0].size(); }
};

enum class Kernel { black, inverse, black_scholes, bachelier };
constexpr std::array kernels = {Kernel::black, Kernel::inverse, Kernel::black_scholes, Kernel::bachelier};

// The rows [from, from + n) by one kernel, all 14 columns.
Columns run(Kernel kernel, const Chain& chain, std::size_t from, std::size_t n) {
  Columns out(14, std::vector<double>(n, -7.0));
  const auto in = [&](std::size_t c) { return std::span(chain.in[c]).subspan(from, n); };
  const GreekColumns g{out[0], out[1], out[2], out[3], out[4], out[5], out[6], out[7], out[8]};
  const ThirdOrderColumns t{out[9], out[10], out[11], out[12], out[13]};
  switch (kernel) {
    case Kernel::black: black(ForwardColumns{in(0), in(1), in(2), in(3), in(4)}, g, t); break;
    case Kernel::inverse: inverse(ForwardColumns{in(0), in(1), in(2), in(3), in(4)}, g, t); break;
    case Kernel::black_scholes:
      black_scholes(SpotColumns{in(0), in(1), in(2), in(3), in(5), in(6), in(4)}, g, t);
      break;
    case Kernel::bachelier: bachelier({in(0), in(1), in(2), in(3), in(5), in(4)}, g, t); break;
  }
  return out;
}
Columns run(Kernel kernel, const Chain& chain) { return run(kernel, chain, 0, chain.size()); }

// columns.h states one for each class of arithmetic.
double table_bound() { return math::arithmetic() == math::Arithmetic::fused ? 3.0 : 5.0; }

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

double cell(const test::Row& row, const char* column) { return std::strtod(row.text(column).c_str(), nullptr); }
double sign(const test::Row& row) { return row.text("type") == "C" ? 1.0 : -1.0; }

}  // namespace

TEST_CASE("the Black-Scholes columns agree with the reference table") {
  const auto rows = test::read_csv("tests/data/black_greeks.csv");
  Chain chain;
  for (const auto& row : rows) chain.add(row["S"], row["K"], row["sigma"], row["T"], sign(row), row["r"], row["q"]);
  const Columns out = run(Kernel::black_scholes, chain);
  TableError error;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& row = rows[i];
    const double d1 = cell(row, "d1"), d2 = cell(row, "d2"), s = row["S"], k = row["K"], r = row["r"], q = row["q"],
                 vol = row["sigma"], years = row["T"], stdev = vol * std::sqrt(years);
    const double gamma = cell(row, "gamma"), vega = cell(row, "vega"), density = gamma * s * stdev,
                 turn = 0.5 * (1.0 + std::abs(d1 * d2)) / years + std::abs(q) + std::abs((r - q) * d1) / stdev;
    const std::array<double, 14> scale = {
        0.0,
        0.0,
        0.0,
        0.0,
        0.5 * vega * vol / years + std::abs(q * s * cell(row, "delta")) + std::abs(r * k * cell(row, "dual_delta")),
        0.0,
        density / vol,
        vega / vol,
        std::abs(q * cell(row, "delta")) + density * (std::abs(r - q) / stdev + 0.5 * std::abs(d2) / years),
        vega * turn,
        gamma / s * (1.0 + std::abs(d1) / stdev),
        gamma * (std::abs(d1 * d2) + 1.0) / vol,
        gamma * turn,
        vega / (vol * vol) * (std::abs(d1 * d2) * (1.0 + std::abs(d1 * d2)) + d1 * d1 + d2 * d2)};
    for (std::size_t c = 0; c < 14; ++c) {
      const double reference = cell(row, names[c]);
      error.add(names[c], out[c][i], reference, (1.0 + d1 * d1) * std::max(std::abs(reference), scale[c]),
                row.text("case") + row.text("type"), 1e-300);
    }
  }
  MESSAGE("black_greeks.csv by columns, of (1 + d1^2) and the scale", error.text());
  CHECK(error.worst() <= table_bound());
}

TEST_CASE("the inverse columns agree with the reference table") {
  const auto rows = test::read_csv("tests/data/inverse_option_greeks.csv");
  Chain chain;
  for (const auto& row : rows) chain.add(row["F"], row["K"], row["sigma"], row["T"], sign(row));
  const Columns out = run(Kernel::inverse, chain);
  TableError error;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& row = rows[i];
    if (row["y"] != 0.0) continue;  // the columns have the venues' convention, no coin yield
    const double d1 = row["d1"], d2 = row["d2"], f = row["F"], vol = row["sigma"], years = row["T"],
                 stdev = vol * std::sqrt(years), density = row["gamma_black"] * f * stdev,
                 net = std::abs(row["delta_net"]), vega = row["vega_coin"];
    const auto add = [&](const char* column, double got, double natural = 0.0) {
      error.add(column, got, row[column], (1.0 + d1 * d1) * std::max(std::abs(row[column]), natural),
                row.text("case") + row.text("type"));
    };
    add("price_coin", out[0][i]);
    add("dcoin_dF", out[1][i]);
    add("d2coin_dF2", out[2][i], (density / stdev + 2.0 * net) / (f * f));
    add("vega_coin", out[3][i]);
    add("theta_coin", out[4][i]);
    add("vanna_coin", out[6][i], density / (vol * f));
    add("volga_coin", out[7][i], vega / vol);
    add("charm_dcoin_dF", out[8][i],
        0.5 * density * (std::abs(std::log(f / row["K"])) / stdev + 0.5 * stdev) / years / f);
    add("d3coin_dF3", out[10][i], (6.0 * net + density / stdev * (5.0 + std::abs(d2) / stdev)) / (f * f * f));
  }
  MESSAGE("inverse_option_greeks.csv by columns, of (1 + d1^2) and the scale", error.text());
  CHECK(error.worst() <= table_bound());
}

TEST_CASE("the Bachelier columns agree with the reference table") {
  const auto rows = test::read_csv("tests/data/bachelier_greeks.csv");
  Chain chain;
  for (const auto& row : rows) chain.add(row["F"], row["K"], row["sigma_n"], row["T"], sign(row), row["r"]);
  const Columns out = run(Kernel::bachelier, chain);
  TableError error;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& row = rows[i];
    const double years = row["T"], r = row["r"], vol = row["sigma_n"], stdev = vol * std::sqrt(years),
                 d = (row["F"] - row["K"]) / stdev, gamma = row["gamma"], vega = row["vega"], density = gamma * stdev,
                 turn = std::abs(r) + 0.5 * (1.0 + d * d) / years;
    const std::array<double, 14> scale = {0.0,
                                          0.0,
                                          0.0,
                                          0.0,
                                          std::abs(r * row["price"]) + 0.5 * density * vol / std::sqrt(years),
                                          0.0,
                                          0.0,
                                          0.0,
                                          std::abs(r * row["delta"]) + 0.5 * density * std::abs(d) / years,
                                          vega * turn,
                                          0.0,
                                          gamma * (d * d + 1.0) / vol,
                                          gamma * turn,
                                          vega * d * d * (d * d + 3.0) / (vol * vol)};
    for (std::size_t c = 0; c < 14; ++c)
      error.add(names[c], out[c][i], row[names[c]], (1.0 + d * d) * std::max(std::abs(row[names[c]]), scale[c]),
                row.text("case") + row.text("type"));
  }
  MESSAGE("bachelier_greeks.csv by columns, of (1 + d^2) and the scale", error.text());
  CHECK(error.worst() <= table_bound());
}

TEST_CASE("the columns agree with their plain reference, call and put, far out and at the limits") {
  std::mt19937_64 rng(20261125);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  Chain chain;
  std::vector<double> d1s;
  for (int i = 0; i < 20'000; ++i) {
    const double vol = std::exp(-6.0 + 7.0 * unit(rng)), years = std::exp(-12.0 + 13.0 * unit(rng)),
                 stdev = vol * std::sqrt(years), s = std::exp(12.0 * unit(rng)), d = 16.0 * unit(rng) - 8.0;
    chain.add(s, s * std::exp(d * stdev), vol, years, unit(rng) < 0.5 ? 1.0 : -1.0);
  }
  const Columns forward = run(Kernel::black, chain), coin = run(Kernel::inverse, chain);
  std::vector<double> price(chain.size());
  const ForwardColumns columns{chain.in[0], chain.in[1], chain.in[2], chain.in[3], chain.in[4]};
  black(columns, price);
  TableError error;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    CHECK(same_bits(price[i], forward[0][i]));
    const Vanilla o{.forward = Price(chain.in[0][i]),
                    .strike = Price(chain.in[1][i]),
                    .vol = Vol(chain.in[2][i]),
                    .years = Years(chain.in[3][i]),
                    .type = chain.in[4][i] > 0.0 ? market::OptionType::call : market::OptionType::put};
    const BlackGreeks g = black_greeks(o);
    const double stdev = o.vol.value * std::sqrt(o.years.value),
                 d1 = std::log(o.forward / o.strike) / stdev + 0.5 * stdev, d2 = d1 - stdev,
                 amplified = 1.0 + std::max(d1 * d1, d2 * d2);
    const auto add = [&](const char* column, double got, double reference, double natural = 0.0) {
      error.add(column, got, reference, amplified * std::max(std::abs(reference), natural), std::to_string(i), 1e-300);
    };
    const double phi = g.vega / o.forward.value / std::sqrt(o.years.value);
    add("price", forward[0][i], g.price.value);
    add("delta", forward[1][i], g.delta);
    add("gamma", forward[2][i], g.gamma);
    add("vega", forward[3][i], g.vega);
    add("theta", forward[4][i], g.theta);
    add("rho", forward[5][i], g.rho);
    add("vanna", forward[6][i], g.vanna, phi / o.vol.value);
    add("volga", forward[7][i], g.volga, g.vega / o.vol.value);
    add("charm", forward[8][i], g.charm, 0.5 * phi * (std::abs(d1) + stdev) / o.years.value);
    const InverseGreeks c = inverse_greeks(o);
    add("coin price", coin[0][i], c.price.value);
    add("net delta", coin[1][i] * o.forward.value, c.net_delta);
    add("coin vega", coin[3][i], c.vega_coin);
  }
  MESSAGE("columns against the scalar functions", error.text());
  CHECK(error.worst() <= 7.0);  // the two bounds together
}

TEST_CASE("without time or vol the columns have the limits of the scalar functions") {
  for (const double s : {90.0, 100.0, 110.0})
    for (const double w : {1.0, -1.0})
      for (const auto& [vol, years] : {std::pair{0.0, 1.0}, {0.5, 0.0}, {0.0, 0.0}, {1e-61, 1.0}, {0.5, 1e-61}}) {
        CAPTURE(s);
        CAPTURE(w);
        CAPTURE(vol);
        CAPTURE(years);
        Chain chain;
        chain.add(s, 100.0, vol, years, w, 0.03, 0.01);
        const auto type = w > 0.0 ? market::OptionType::call : market::OptionType::put;
        const Columns f = run(Kernel::black, chain), b = run(Kernel::black_scholes, chain),
                      n = run(Kernel::bachelier, chain), coin = run(Kernel::inverse, chain);
        const auto g = black_greeks({Price(s), Price(100.0), Vol(vol), Years(years), type});
        CHECK(f[0][0] == g.price.value);
        CHECK(f[1][0] == doctest::Approx(g.delta).epsilon(1e-15));
        for (const std::size_t c : {2u, 3u, 4u, 6u, 7u, 8u, 9u, 10u, 11u, 12u, 13u}) CHECK(f[c][0] == 0.0);
        CHECK(coin[0][0] == doctest::Approx(g.price.value / s).epsilon(1e-15));
        const auto h = black_scholes_greeks({Price(s), Price(100.0), 0.03, 0.01, Vol(vol), Years(years), type});
        CHECK(b[0][0] == doctest::Approx(h.price.value).epsilon(1e-15));
        CHECK(b[1][0] == doctest::Approx(h.delta).epsilon(1e-15));
        CHECK(b[4][0] == doctest::Approx(h.theta).epsilon(1e-14));
        CHECK(b[8][0] == doctest::Approx(h.charm).epsilon(1e-15));
        const auto m = bachelier_greeks({s, 100.0, 0.03, vol, Years(years), type});
        CHECK(n[0][0] == doctest::Approx(m.price).epsilon(1e-15));
        CHECK(n[1][0] == doctest::Approx(m.delta).epsilon(1e-15));
        CHECK(n[4][0] == doctest::Approx(m.theta).epsilon(1e-15));
      }
}

TEST_CASE("a row's bits depend on nothing but the row") {
  std::mt19937_64 rng(5);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  Chain chain;
  for (int i = 0; i < 200; ++i) {
    if (i % 17 == 3)
      chain.add(not_a_number, 100.0, 0.5, 1.0, 1.0);
    else if (i % 23 == 5)
      chain.add(100.0, 100.0, 0.0, infinity, -1.0);
    else
      chain.add(100.0, 50.0 + 100.0 * unit(rng), unit(rng), unit(rng), i % 2 ? 1.0 : -1.0, 0.05, 0.01);
  }
  for (const Kernel kernel : kernels) {
    const Columns whole = run(kernel, chain);
    for (const std::size_t from : {0u, 1u, 3u, 64u, 67u})
      for (const std::size_t n : {0u, 1u, 2u, 3u, 5u, 7u, 8u, 9u, 15u, 63u, 64u, 65u, 129u}) {
        const Columns part = run(kernel, chain, from, n);
        for (std::size_t c = 0; c < 14; ++c)
          for (std::size_t i = 0; i < n; ++i) {
            if (same_bits(part[c][i], whole[c][from + i])) continue;
            CHECK_MESSAGE(std::isnan(part[c][i]), names[c], " of row ", from + i, " in a column of ", n);
            CHECK(std::isnan(whole[c][from + i]));
          }
      }
  }
}

TEST_CASE("a row outside the domain is NaN in every column, and no other row is") {
  Chain chain;
  const auto good = [&] { chain.add(100.0, 110.0, 0.5, 1.0, 1.0, 0.01, 0.02); };
  std::vector<bool> bad;
  for (const double x : {not_a_number, infinity, -infinity, 0.0, -1.5, 1e-61, 1e61, 5e-324})
    for (const std::size_t field : {0u, 1u, 2u, 3u, 4u, 5u, 6u}) {
      good();
      bad.push_back(false);
      std::array<double, 7> row = {100.0, 110.0, 0.5, 1.0, 1.0, 0.01, 0.02};
      row[field] = x;
      chain.add(row[0], row[1], row[2], row[3], row[4], row[5], row[6]);
      const bool small = x >= 0.0 && x < 1e-60;  // a vol or a time of nothing, and any rate, is inside
      bad.push_back(field < 2 || field == 4 ? true : field < 4 ? !small : !(std::abs(x) <= 300.0));
    }
  const Columns out = run(Kernel::black_scholes, chain);
  for (std::size_t i = 0; i < bad.size(); ++i) {
    CAPTURE(i);
    for (std::size_t c = 0; c < 14; ++c) CHECK(std::isnan(out[c][i]) == bad[i]);
  }
}

TEST_CASE("a spot tick on cached constants is the full kernel at the moved forwards") {
  std::mt19937_64 rng(6);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  Chain chain;
  for (int i = 0; i < 4'000; ++i) {
    const double vol = 0.1 + unit(rng), years = std::exp(-9.0 + 9.0 * unit(rng)), f = 65000.0 * (1.0 + 0.1 * unit(rng));
    chain.add(f, f * std::exp(vol * std::sqrt(years) * (8.0 * unit(rng) - 4.0)), vol, years, i % 2 ? 1.0 : -1.0);
  }
  chain.add(65000.0, 65000.0, 0.0, 1.0, 1.0);
  chain.add(not_a_number, 65000.0, 0.5, 1.0, 1.0);
  const std::size_t n = chain.size();
  Columns constants(8, std::vector<double>(n)), got(4, std::vector<double>(n));
  auto& k = constants;
  prepare_tick({chain.in[0], chain.in[1], chain.in[2], chain.in[3], chain.in[4]}, 65000.0,
               {k[0], k[1], k[2], k[3], k[4], k[5], k[6], k[7]});
  const TickColumns tick{k[0], k[1], k[2], k[3], k[4], k[5], k[6], k[7]};
  TableError error;
  for (const double spot : {65000.0, 65013.5, 61000.0, 97500.0}) {
    black_tick(tick, 65000.0, spot, got[0], got[1], got[2], got[3]);
    Chain moved = chain;
    for (double& f : moved.in[0]) f = f / 65000.0 * spot;
    const Columns full = run(Kernel::black, moved);
    for (std::size_t i = 0; i + 2 < n; ++i) {
      const double f = moved.in[0][i], strike = chain.in[1][i], stdev = chain.in[2][i] * std::sqrt(chain.in[3][i]),
                   d1 = std::log(f / strike) / stdev + 0.5 * stdev;
      // Two ulp of the forward move d1 by that much over stdev.
      const double scale = 1.0 + d1 * d1 + 4.0 * (1.0 + std::abs(d1)) / stdev;
      for (std::size_t c = 0; c < 4; ++c)
        error.add(names[c], got[c][i], full[c][i], scale * std::max(std::abs(full[c][i]), c == 0 ? epsilon * f : 0.0),
                  std::to_string(i), 1e-290);
    }
    CHECK(got[0][n - 2] == std::max(spot - 65000.0, 0.0));
    CHECK(got[2][n - 2] == 0.0);
    for (std::size_t c = 0; c < 4; ++c) CHECK(std::isnan(got[c][n - 1]));
  }
  MESSAGE("tick against the full kernel", error.text());
  CHECK(error.worst() <= 6.0);
  black_tick(tick, 65000.0, 649.0, got[0], got[1], got[2], got[3]);
  for (std::size_t i = 0; i < n; ++i) CHECK(std::isnan(got[0][i]));
}

TEST_CASE("a carry far from 0 takes no digits from the price") {
  // K e^{-rT} (e^{(r-q)T} - 1) has lost 60 epsilon here: the price was above its bound, the spot.
  Chain chain;
  chain.add(3.0815766866463e53, 3.0815766866463e53, 3.17879e9, 6.07038e-6, 1.0, 10115820.5, 0.0);
  const auto out = run(Kernel::black_scholes, chain);
  CHECK(out[0][0] == doctest::Approx(chain.in[0][0]).epsilon(4.0 * epsilon));
  CHECK(out[0][0] <= chain.in[0][0] * (1.0 + 4.0 * epsilon));
}

TEST_CASE("rates whose difference overflows are outside the domain") {
  Chain chain;
  const double most = std::numeric_limits<double>::max();
  chain.add(443895.0, 398183.0, 0.0, 0.0, 1.0, most, -most);  // was a price of 0
  chain.add(443895.0, 398183.0, 0.0, 0.0, 1.0, 1e100, -1e100);
  for (const Kernel kernel : {Kernel::black_scholes, Kernel::bachelier})
    for (const auto& column : run(kernel, chain)) {
      CHECK(std::isnan(column[0]));
      CHECK(std::isfinite(column[1]));
    }
  CHECK(run(Kernel::black_scholes, chain)[0][1] == 443895.0 - 398183.0);
}

TEST_CASE("a tick from an anchor that is no price is NaN") {
  std::vector<double> c(8, 1.0), out(4);
  const auto column = [&](std::size_t i) { return Column(&c[i], 1); };
  for (const double anchor : {0.0, infinity, not_a_number}) {
    black_tick({column(0), column(1), column(2), column(3), column(4), column(5), column(6), column(7)}, anchor, anchor,
               Output(&out[0], 1), Output(&out[1], 1), Output(&out[2], 1), Output(&out[3], 1));
    for (const double v : out) CHECK(std::isnan(v));
  }
}
