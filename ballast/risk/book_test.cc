#include "ballast/risk/book.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include <doctest/doctest.h>

#include "ballast/pricing/black.h"

using namespace ballast;
using namespace ballast::risk;

namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

OptionRows chain(std::size_t n, double spot) {
  std::mt19937_64 rng(20261125);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  OptionRows rows;
  for (std::size_t i = 0; i < n; ++i) {
    const double years = 0.003 + unit(rng), vol = 0.4 + 0.4 * unit(rng), f = spot * std::exp(0.05 * years);
    rows.forward.push_back(f);
    rows.strike.push_back(f * std::exp(vol * std::sqrt(years) * (5.0 * unit(rng) - 2.5)));
    rows.vol.push_back(vol);
    rows.years.push_back(years);
    rows.sign.push_back(unit(rng) < 0.5 ? 1.0 : -1.0);
  }
  return rows;
}

OptionPositions positions(std::size_t n, std::size_t rows) {
  std::mt19937_64 rng(7);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  OptionPositions p;
  for (std::size_t i = 0; i < n; ++i) {
    p.row.push_back(static_cast<std::uint32_t>(unit(rng) * static_cast<double>(rows)));
    p.quantity.push_back(20.0 * unit(rng) - 10.0);
  }
  return p;
}

pricing::BlackGreeks greeks(const OptionRows& rows, std::size_t i, double price_factor = 1.0, double vol_factor = 1.0,
                            double vol_shift = 0.0) {
  return pricing::black_greeks({.forward = Price(rows.forward[i] * price_factor),
                                .strike = Price(rows.strike[i]),
                                .vol = Vol(std::max(rows.vol[i] * vol_factor + vol_shift, 0.0)),
                                .years = Years(rows.years[i]),
                                .type = rows.sign[i] > 0.0 ? market::OptionType::call : market::OptionType::put});
}

}  // namespace

TEST_CASE("positions gather into net quantities, and what cancels leaves nothing") {
  OptionPositions p;
  for (int i = 0; i < 1000; ++i) {
    p.row.push_back(2), p.quantity.push_back(0.1 * i);
    p.row.push_back(1), p.quantity.push_back(1e-3);
  }
  for (int i = 999; i >= 0; --i) p.row.push_back(2), p.quantity.push_back(-0.1 * i);
  const auto net = net_quantities(p, 4);
  CHECK(net[0] == 0.0);
  CHECK(net[1] == 1.0);
  CHECK(net[2] == 0.0);
}

TEST_CASE("a tick book is the sum of its positions, one at a time") {
  const OptionRows rows = chain(301, 65000.0);
  const OptionPositions book = positions(3000, rows.size());
  TickBook tick(rows, net_quantities(book, rows.size()), Price(65000.0));
  for (const double spot : {65000.0, 65010.0, 58000.0, 71000.0}) {
    const BookSums sums = tick.at(Price(spot));
    long double value = 0, delta = 0, net_delta = 0, gamma = 0, vega = 0;
    double gross = 0;
    for (std::size_t j = 0; j < book.row.size(); ++j) {
      const auto g = greeks(rows, book.row[j], spot / 65000.0);
      const double q = book.quantity[j], f = rows.forward[book.row[j]] * spot / 65000.0;
      value += static_cast<long double>(q) * g.price.value;
      delta += static_cast<long double>(q) * g.delta;
      net_delta += static_cast<long double>(q) * (g.delta - g.price.value / f);
      gamma += static_cast<long double>(q) * g.gamma;
      vega += static_cast<long double>(q) * g.vega;
      gross += std::abs(q);
    }
    // A few dozen epsilon of the gross: the rows' own errors, mostly that of the moved forward over the stdev.
    const double allowed = 200.0 * epsilon * gross;
    CHECK(std::abs(sums.value.value - static_cast<double>(value)) <= allowed * spot);
    CHECK(std::abs(sums.delta.value - static_cast<double>(delta)) <= allowed);
    CHECK(std::abs(sums.net_delta.value - static_cast<double>(net_delta)) <= allowed);
    CHECK(std::abs(sums.gamma - static_cast<double>(gamma)) <= allowed * 1e-3);
    CHECK(std::abs(sums.vega.value - static_cast<double>(vega)) <= allowed * spot);
    CHECK(std::abs(sums.delta.value - sums.net_delta.value) > 1.0);  // the premium is not small here
  }
}

TEST_CASE("a grid is the book at every cell, and no move is no profit") {
  const OptionRows rows = chain(150, 3000.0);
  const auto net = net_quantities(positions(900, rows.size()), rows.size());
  const std::vector<double> prices = {-0.3, -0.1, 0.0, 0.1, 0.5}, vols = {-0.25, 0.0, 0.5};
  const auto scenarios = scenario_grid(prices, vols);
  const std::vector<double> in_usd = grid_profit_usd(rows, net, scenarios),
                            in_coin = grid_profit_coin(rows, net, scenarios);
  REQUIRE(in_usd.size() == 15);
  REQUIRE(in_coin.size() == 15);
  for (std::size_t j = 0; j < scenarios.size(); ++j) {
    long double usd = 0, coin = 0;
    double gross = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const double before = greeks(rows, i).price.value,
                   after = greeks(rows, i, scenarios[j].price_factor, scenarios[j].vol_factor).price.value;
      usd += static_cast<long double>(net[i]) * (after - before);
      coin += static_cast<long double>(net[i]) *
              (after / (rows.forward[i] * scenarios[j].price_factor) - before / rows.forward[i]);
      gross += std::abs(net[i]) * rows.forward[i];
    }
    CAPTURE(j);
    CHECK(std::abs(in_usd[j] - static_cast<double>(usd)) <= 50.0 * epsilon * gross);
    CHECK(std::abs(in_coin[j] - static_cast<double>(coin)) <= 50.0 * epsilon * gross / 3000.0);
  }
  CHECK(in_usd[prices.size() / 2 * vols.size() + 1] == 0.0);
  CHECK(in_coin[prices.size() / 2 * vols.size() + 1] == 0.0);
  // A shift, and a vol that would be negative.
  const std::vector<pricing::Scenario> shifts = {{1.0, 1.0, 0.05}, {1.0, 1.0, -9.0}, {0.001, 1.0, 0.0}};
  std::vector<double> value(3);
  pricing::black_grid(rows.columns(), net, shifts, value);
  double expected = 0.0, intrinsic = 0.0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    expected += net[i] * greeks(rows, i, 1.0, 1.0, 0.05).price.value;
    intrinsic += net[i] * std::max(rows.sign[i] * (rows.forward[i] - rows.strike[i]), 0.0);
  }
  CHECK(value[0] == doctest::Approx(expected).epsilon(1e-12));
  CHECK(value[1] == doctest::Approx(intrinsic).epsilon(1e-12));
  CHECK(std::isnan(value[2]));
}

TEST_CASE("a row outside its domain leaves no sum standing") {
  OptionRows rows = chain(70, 3000.0);
  std::vector<double> net(70, 1.0);
  rows.vol[67] = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(TickBook(rows, net, Price(3000.0)).at(Price(3000.0)).delta.value));
  CHECK(std::isnan(grid_profit_usd(rows, net, std::vector<pricing::Scenario>(3))[1]));
}

TEST_CASE("accounts get the figures of their own positions") {
  const std::size_t rows = 50;
  std::vector<Figures> figures;
  for (std::size_t i = 0; i < rows; ++i) {
    const double x = static_cast<double>(i);
    figures.push_back({x, 1.0 + x, 0.5 * x, -x});
  }
  AccountPositions p{.first = {0, 3, 3, 10}, .row = {}, .quantity = {}};
  for (std::uint32_t i = 0; i < 10; ++i) p.row.push_back(i * 5), p.quantity.push_back(i % 2 ? -1.5 : 2.0);
  std::vector<Figures> accounts(3);
  account_figures(p, figures, accounts);
  for (std::size_t a = 0; a < 3; ++a) {
    Figures sum;
    for (std::size_t i = p.first[a]; i < p.first[a + 1]; ++i) {
      sum.value += p.quantity[i] * figures[p.row[i]].value;
      sum.delta += p.quantity[i] * figures[p.row[i]].delta;
      sum.gamma += p.quantity[i] * figures[p.row[i]].gamma;
      sum.vega += p.quantity[i] * figures[p.row[i]].vega;
    }
    CHECK(accounts[a].value == sum.value);
    CHECK(accounts[a].delta == sum.delta);
    CHECK(accounts[a].gamma == sum.gamma);
    CHECK(accounts[a].vega == sum.vega);
  }
}
