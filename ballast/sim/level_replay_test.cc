#include "ballast/sim/level_replay.h"

#include <array>
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

using namespace ballast;
using namespace ballast::market;
using sim::LevelHolding;
using sim::LevelReplay;

namespace {

constexpr std::int64_t one = 100'000'000;

/// Long calls and short puts of one strike and expiry: in coin a forward of 1 - strike/forward.
risk::TickBook forwards(double strike, double coins, double anchor) {
  risk::OptionRows rows{{anchor, anchor}, {strike, strike}, {0.6, 0.6}, {0.1, 0.1}, {1.0, -1.0}};
  return {rows, std::array{coins, -coins}, Price(anchor)};
}

const std::vector<LevelInstrument> instruments = {{"coin-m:BTCUSD_PERP", 100.0, Settlement::inverse},
                                                  {"usd-m:BTCUSDT", 1.0, Settlement::linear}};

struct Step {
  LevelUpdate update;
  std::vector<BookLevel> levels;
};

Step snapshot(std::uint32_t row, std::int64_t bid, std::int64_t ask) {
  return {{Time{1}, row, 1, 1, LevelEvent::snapshot}, {{bid * one, one}, {ask * one, one}}};
}

}  // namespace

TEST_CASE("contracts neutralise the options that they replicate, at every mid") {
  // C - P = 1 - K/F coin: sold as K USD of an inverse future, or K/F coins of a linear one.
  constexpr double strike = 61'000.0, coins = 3.0;
  std::vector<LevelHolding> holdings(2);
  holdings[0] = {-coins * strike / 100.0, forwards(strike, coins, 60'000.0)};
  holdings[1] = {-2.0, forwards(strike, coins, 60'000.0)};
  LevelReplay replay(instruments, holdings);
  const Step first = snapshot(0, 59'990, 60'010);
  CHECK(replay.apply(first.update, first.levels));
  for (std::int64_t bid = 60'000; bid < 61'500; bid += 37) {
    // The old ask goes, so that the new bid does not cross it.
    std::vector<BookLevel> change = {{bid * one, one}};
    const auto ask = replay.book(0).best(BookSide::ask);
    change.push_back({ask->price, 0});
    change.push_back({(bid + 1) * one, one});
    REQUIRE(replay.apply({Time{bid}, 0, 1, 2, LevelEvent::change}, change));
    const sim::LevelFigures& figures = replay.figures(0);
    const double mid = static_cast<double>(bid) + 0.5;
    CHECK(figures.mid == mid);
    CHECK(figures.contracts_delta.value == doctest::Approx(-coins * strike / mid).epsilon(1e-15));
    CHECK(std::abs(figures.delta().value) <= 1e-13);
    CHECK(figures.options.value.value == doctest::Approx(coins * (mid - strike)).epsilon(1e-11));
    CHECK(std::abs(figures.options.gamma) <= 1e-15);
    CHECK(std::isnan(replay.figures(1).delta().value));  // nobody touched it
  }
  const Step second = snapshot(1, 60'000, 60'001);
  CHECK(replay.apply(second.update, second.levels));
  CHECK(replay.figures(1).contracts_delta == Coin(-2.0));
  CHECK(replay.figures(1).delta().value == doctest::Approx(coins * strike / 60'000.5 - 2.0).epsilon(1e-13));
}

TEST_CASE("only an update that moves the mid takes the figures anew") {
  LevelReplay replay(instruments, std::vector<LevelHolding>(2));
  const auto change = [&](std::vector<BookLevel> bids, std::vector<BookLevel> asks) {
    const LevelUpdate update{Time{2}, 0, static_cast<std::uint32_t>(bids.size()),
                             static_cast<std::uint32_t>(asks.size()), LevelEvent::change};
    bids.insert(bids.end(), asks.begin(), asks.end());
    return replay.apply(update, bids);
  };
  CHECK_FALSE(change({{98 * one, 1}}, {}));  // no book yet
  CHECK(replay.counts(0).bookless == 1);
  const Step first = snapshot(0, 98, 102);
  CHECK(replay.apply(first.update, first.levels));
  CHECK_FALSE(change({{98 * one, 5}, {97 * one, 5}}, {{103 * one, 5}}));  // other amounts, deeper levels
  CHECK(replay.counts(0).touched == 1);
  CHECK_FALSE(change({{99 * one, 1}}, {{101 * one, 1}}));  // touched, with the same middle
  CHECK(replay.counts(0).touched == 2);
  CHECK(replay.counts(0).revalued == 1);
  CHECK(change({}, {{101 * one, 0}}));
  CHECK(replay.figures(0).mid == 100.5);
  // A crossed update: the book goes, and the figures with it, until the next snapshot.
  CHECK(change({{102 * one, 1}}, {}));
  CHECK(replay.counts(0).refused == 1);
  CHECK_FALSE(replay.book(0).valid());
  CHECK(std::isnan(replay.figures(0).options.gamma));
  CHECK_FALSE(change({{50 * one, 1}}, {}));
  CHECK(replay.counts(0).bookless == 2);
  CHECK(replay.apply(first.update, first.levels));
  CHECK(replay.figures(0).mid == 100.0);
  CHECK(replay.apply({Time{3}, 0, 0, 0, LevelEvent::lost}, {}));
  CHECK(std::isnan(replay.figures(0).mid));
  CHECK(replay.counts(0).updates == 5);
  CHECK(replay.counts(0).snapshots == 2);
  // Both sides of a crossing update are applied before anybody looks.
  CHECK(replay.apply(first.update, first.levels));
  CHECK(change({{103 * one, 1}}, {{102 * one, 0}, {104 * one, 1}}));
  CHECK(replay.figures(0).mid == 103.5);
}
