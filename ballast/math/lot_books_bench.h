#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "ballast/math/lot_program.h"
#include "ballast/math/normal.h"

/// Seeded books of options on one coin and the instruments to hedge them with, as programs in whole lots. Everything is
/// in USD and coins; a row is the P&L of one standard deviation of what it stands for over a day.
namespace ballast::bench {

enum HedgeRow : std::size_t { delta, gamma, vega, theta, hedge_rows };

/// What one coin of an instrument adds to each row, what it costs to trade and how it trades.
struct HedgeUnit {
  std::array<double, hedge_rows> pnl{};  ///< USD a coin
  double cost = 0.0;                     ///< USD a coin: half the spread and the taker fee
  double lot = 0.0;                      ///< coins
  double depth = 0.0;                    ///< coins that the best price holds
  std::size_t expiry = 0;
};

struct BookRules {
  int most_legs = 0;
  double leg_cost = 0.0;         ///< USD a leg
  bool by_expiry = false;        ///< vega and gamma of each expiry are rows of their own
  bool absolute = false;         ///< risk is priced by |P&L| rather than by its square
  double risk_price = 1.0;       ///< 1: 10,000 USD of risk, and the next dollar of it costs 20 cents
  int levels = 1;                ///< of the order book; each is dearer by a third of the cost
  double delta_band = INFINITY;  ///< USD of delta P&L that must be kept
};

constexpr double spot = 96'000.0, daily = 0.5 * 0.052342392259021376;  // 50 % a year over sqrt(365)
constexpr std::size_t expiries = 6;
constexpr std::array<double, expiries> days{7.0, 14.0, 35.0, 63.0, 126.0, 217.0};

/// A perpetual, two futures and options around the money of six expiries, as Deribit sizes and charges them.
inline std::vector<HedgeUnit> made_chain(std::size_t instruments, std::uint64_t seed) {
  std::mt19937_64 rng(seed);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  std::vector<HedgeUnit> chain;
  for (std::size_t j = 0; j < instruments; ++j) {
    HedgeUnit h;
    const double move = spot * daily;
    if (j < 3) {
      const double forward = spot * (1.0 + 0.01 * static_cast<double>(j));
      h.pnl[delta] = move * forward / spot;
      h.cost = 0.0005 * spot + (j == 0 ? 0.25 : 5.0 + 10.0 * unit(rng));
      h.lot = 10.0 / forward, h.depth = j == 0 ? 60.0 : 15.0;
      h.expiry = j == 0 ? 0 : 1 + j;
    } else {
      h.expiry = static_cast<std::size_t>(unit(rng) * expiries);
      const double years = days[h.expiry] / 365.0, vol = 0.42 + 0.2 * unit(rng), stdev = vol * std::sqrt(years);
      const double d1 = 2.4 * unit(rng) - 1.2, density = std::exp(-0.5 * d1 * d1) / std::sqrt(2.0 * M_PI);
      const double strike = spot * std::exp((0.5 * stdev - d1) * stdev);
      const double sign = strike > spot ? 1.0 : -1.0;
      const double price = sign * (spot * math::norm_cdf(sign * d1) - strike * math::norm_cdf(sign * (d1 - stdev)));
      h.pnl[delta] = move * (sign * math::norm_cdf(sign * d1) - price / spot);
      h.pnl[gamma] = 0.5 * move * move * density / (spot * stdev);
      h.pnl[vega] = 0.02 * spot * density * std::sqrt(years);
      h.pnl[theta] = -spot * density * vol / (2.0 * std::sqrt(years)) / 365.0;
      h.cost = std::max(0.00025 * spot, price * (0.01 + 0.03 * unit(rng))) + std::min(0.0003 * spot, 0.125 * price);
      h.lot = 0.1, h.depth = 0.1 * std::round(50.0 + 250.0 * unit(rng));
    }
    chain.push_back(h);
  }
  return chain;
}

/// A book of 30 positions in what is `held` and the program of its hedge with the `chain`.
inline math::LotProgram made_book(const std::vector<HedgeUnit>& chain, const std::vector<HedgeUnit>& held,
                                  std::uint64_t seed, const BookRules& rules) {
  std::mt19937_64 rng(seed);
  std::uniform_real_distribution<double> unit(0.0, 1.0);
  math::LotProgram p;
  const std::size_t m = rules.by_expiry ? hedge_rows + 2 * expiries : hedge_rows, n = chain.size();
  const auto exposures = [&](const HedgeUnit& h) {
    std::vector<double> e(h.pnl.begin(), h.pnl.end());
    e.resize(m);
    if (rules.by_expiry) e[hedge_rows + h.expiry] = h.pnl[gamma], e[hedge_rows + expiries + h.expiry] = h.pnl[vega];
    return e;
  };
  p.program.offset.assign(m, 0.0);
  for (int k = 0; k < 30; ++k) {
    const double coins = 0.1 * std::round(300.0 * unit(rng) - 150.0);
    const std::vector<double> e = exposures(held[rng() % held.size()]);
    for (std::size_t i = 0; i < m; ++i) p.program.offset[i] += coins * e[i];
  }
  for (std::size_t i = 0; i < m; ++i) {
    math::PiecewiseConvex row;
    row.lowest = -INFINITY, row.highest = INFINITY;
    const double weight = (i >= hedge_rows ? 0.5 : 1.0) * (0.5 + unit(rng));
    if (rules.absolute) {
      row.kinks = {0.0}, row.slopes = {-0.25 * rules.risk_price * weight, 0.25 * rules.risk_price * weight};
    } else {
      row.curvature = 2e-5 * rules.risk_price * weight;
    }
    if (i == delta && std::isfinite(rules.delta_band)) row.lowest = -rules.delta_band, row.highest = rules.delta_band;
    p.program.rows.push_back(row);
  }
  for (std::size_t j = 0; j < n; ++j) {
    const HedgeUnit& h = chain[j];
    math::PiecewiseConvex column;
    column.kinks.clear(), column.slopes.clear();
    const double most = h.lot * std::floor(h.depth * static_cast<double>(rules.levels) / h.lot);
    column.lowest = -most, column.highest = most;
    for (int l = rules.levels; l-- > 0;) {
      column.slopes.push_back(-h.cost * (1.0 + l / 3.0));
      column.kinks.push_back(l > 0 ? -h.depth * l : 0.0);
    }
    for (int l = 0; l < rules.levels; ++l) {
      column.slopes.push_back(h.cost * (1.0 + l / 3.0));
      if (l + 1 < rules.levels) column.kinks.push_back(h.depth * (l + 1));
    }
    p.program.columns.push_back(column);
    const std::vector<double> e = exposures(h);
    p.program.matrix.insert(p.program.matrix.end(), e.begin(), e.end());
    p.step.push_back(h.lot);
    p.leg.push_back(static_cast<int>(j));
    p.leg_cost.push_back(rules.leg_cost);
  }
  p.most_legs = rules.most_legs;
  return p;
}

}  // namespace ballast::bench
