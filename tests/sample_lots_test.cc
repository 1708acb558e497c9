// Whole-lot hedges with the instruments of the bundled sample chain: their Greeks, spreads, fees and lots.
#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "ballast/hedge/cost.h"
#include "ballast/market/clean.h"
#include "ballast/math/internal/small_lots_test.h"
#include "ballast/math/lot_books_bench.h"
#include "ballast/math/lot_search.h"
#include "ballast/store/snapshot.h"
#include "ballast/vol/quoted.h"

using namespace ballast;
using bench::HedgeUnit;

namespace {

std::vector<HedgeUnit> sample_units() {
  const std::string folder = std::string(BALLAST_SOURCE_DIR) + "/examples/";
  const market::Snapshot snapshot = market::clean(
      store::read_snapshot({folder + "btc-chain.json", folder + "btc-instruments.json", folder + "btc-perpetual.json"})
          .value(),
      {});
  const vol::QuotedChain surface = vol::quoted(snapshot);
  std::vector<HedgeUnit> units;
  for (const auto& [name, instrument] : snapshot.instruments) {
    const auto quote = snapshot.quotes.find(name);
    const auto unit = risk::value(instrument, snapshot, surface);
    if (!unit || quote == snapshot.quotes.end() || unit.value().still_exposed < 1.0) continue;
    const risk::Valuation& v = unit.value();
    const bool option = instrument.kind == market::Kind::option;
    const double in_coins = option ? 1.0 : 1.0 / v.price;  // of one unit of size
    const hedge::Cost cost = hedge::taker_cost(instrument, &quote->second, v, option ? 1.0 : v.price);
    if (!cost.spread || std::abs(v.net_delta) < 0.02) continue;
    const double move = v.forward.value * bench::daily;
    HedgeUnit h;
    h.pnl = {move * v.net_delta, 0.5 * move * move * v.gamma, 0.02 * v.vega, v.theta / 365.0};
    h.cost = cost.spread->value + cost.fee.value;
    h.lot = instrument.lot * in_coins;
    h.depth = option ? 20.0 : 60.0;
    h.expiry = units.size() % bench::expiries;
    units.push_back(h);
  }
  return units;
}

struct Book {
  math::LotProgram program;
  double nothing;  // the objective without a trade
};

Book some_book(const std::vector<HedgeUnit>& units, std::mt19937_64& rng) {
  std::vector<HedgeUnit> chain;
  for (std::size_t k = 0, n = 4 + rng() % 17; k < n; ++k) chain.push_back(units[rng() % units.size()]);
  const bench::BookRules rules{.most_legs = rng() % 2 == 0 ? 0 : 2 + static_cast<int>(rng() % 4),
                               .leg_cost = rng() % 2 == 0 ? 0.0 : 30.0,
                               .by_expiry = rng() % 4 == 0,
                               .absolute = rng() % 2 == 0,
                               .risk_price = std::exp2(static_cast<double>(rng() % 8)),
                               .levels = 1 + static_cast<int>(rng() % 3)};
  Book book{bench::made_book(chain, units, rng(), rules), 0.0};
  book.nothing = test::worth(book.program, std::vector<double>(chain.size()));
  return book;
}

// From nothing, one instrument after the other at its best number of lots: no going back.
double greedy(const math::LotProgram& p) {
  const std::size_t n = p.program.n(), m = p.program.m();
  std::vector<double> x(n), y = p.program.offset;
  double best = test::worth(p, x);
  int legs = 0;
  for (;;) {
    std::size_t next = n;
    double amount = 0.0, least = best;
    for (std::size_t j = 0; j < n; ++j) {
      if (x[j] == 0.0 && p.most_legs > 0 && legs == p.most_legs) continue;
      const double step = p.step[j];
      const auto at = [&](double lots) {
        const double to = lots * step;
        double sum = best + test::worth(p.program.columns[j], to) - test::worth(p.program.columns[j], x[j]) +
                     ((to != 0.0 ? 1.0 : 0.0) - (x[j] != 0.0 ? 1.0 : 0.0)) * p.leg_cost[j];
        for (std::size_t i = 0; i < m; ++i) {
          const double a = p.program.matrix[j * m + i];
          sum += test::worth(p.program.rows[i], y[i] + a * (to - x[j])) - test::worth(p.program.rows[i], y[i]);
        }
        return sum;
      };
      double low = std::ceil(p.program.columns[j].lowest / step),
             high = std::floor(p.program.columns[j].highest / step);
      while (high - low > 2.5) {
        const double a = std::floor(low + (high - low) / 3.0), b = std::ceil(high - (high - low) / 3.0);
        (at(a) < at(b) ? high : low) = at(a) < at(b) ? b : a;
      }
      for (double lots = low; lots <= high; lots += 1.0)
        if (at(lots) < least * (1.0 - 1e-12)) least = at(lots), next = j, amount = lots * step;
    }
    if (next == n) return test::worth(p, x);
    if (x[next] == 0.0) ++legs;
    if (amount == 0.0) --legs;
    for (std::size_t i = 0; i < m; ++i) y[i] += p.program.matrix[next * m + i] * (amount - x[next]);
    x[next] = amount, best = least;
  }
}

// The relaxation to the nearest lots, only the largest legs where there are too many.
double rounded(const math::LotProgram& p) {
  auto solver = math::PiecewiseSolver::make(p.program);
  REQUIRE(solver);
  math::PiecewiseSolver relaxed = std::move(solver).value();
  REQUIRE(relaxed.solve() == math::PiecewiseStatus::optimal);
  std::vector<double> x(relaxed.x().begin(), relaxed.x().end());
  std::vector<std::pair<double, std::size_t>> size;
  for (std::size_t j = 0; j < x.size(); ++j) {
    x[j] = std::nearbyint(x[j] / p.step[j]) * p.step[j];
    double effect = 0.0;
    for (std::size_t i = 0; i < p.program.m(); ++i)
      effect = std::max(effect, std::abs(p.program.matrix[j * p.program.m() + i] * x[j]));
    size.emplace_back(-effect, j);
  }
  std::sort(size.begin(), size.end());
  if (p.most_legs > 0)
    for (std::size_t k = static_cast<std::size_t>(p.most_legs); k < size.size(); ++k) x[size[k].second] = 0.0;
  return test::worth(p, x);
}

}  // namespace

TEST_CASE("on a thousand books of the sample chain whole lots beat doing nothing, greed and rounding") {
  const std::vector<HedgeUnit> units = sample_units();
  REQUIRE(units.size() > 100);
  std::mt19937_64 rng(1911);
  int proved = 0, beat_greed = 0, beat_rounding = 0;
  for (int round = 0; round < 1'000; ++round) {
    CAPTURE(round);
    const Book book = some_book(units, rng);
    const auto solution = math::search_lots(book.program, {.nodes = 500});
    REQUIRE(solution);
    const double objective = solution.value().objective, greed = greedy(book.program), plain = rounded(book.program);
    CHECK(std::abs(objective - test::worth(book.program, solution.value().x)) <= 1e-11 * objective);
    CHECK(objective <= book.nothing);
    CHECK(objective <= greed * (1.0 + 1e-11));
    CHECK(objective <= plain * (1.0 + 1e-11));
    CHECK(solution.value().bound <= std::min(greed, plain));
    proved += solution.value().proved ? 1 : 0;
    beat_greed += objective < 0.999 * greed ? 1 : 0;
    beat_rounding += objective < 0.999 * plain ? 1 : 0;
  }
  MESSAGE(proved << " proved to 0.1 % in 500 nodes, " << beat_greed << " better than greed and " << beat_rounding
                 << " better than rounding by more than 0.1 %");
  CHECK(proved > 800);
}

TEST_CASE("rounding never raises what is priced of the residual") {
  // Costs are left out: the objective is the price of the residual alone.
  const std::vector<HedgeUnit> units = sample_units();
  std::mt19937_64 rng(1912);
  for (int round = 0; round < 300; ++round) {
    CAPTURE(round);
    Book book = some_book(units, rng);
    for (auto& column : book.program.program.columns)
      for (double& slope : column.slopes) slope = 0.0;
    for (double& cost : book.program.leg_cost) cost = 0.0;
    const auto solution = math::search_lots(book.program, {.nodes = 50});
    REQUIRE(solution);
    double after = 0.0;
    const auto& p = book.program.program;
    for (std::size_t i = 0; i < p.m(); ++i) {
      double y = p.offset[i];
      for (std::size_t j = 0; j < p.n(); ++j) y += p.matrix[j * p.m() + i] * solution.value().x[j];
      after += test::worth(p.rows[i], y);
    }
    CHECK(after <= book.nothing);
  }
}
