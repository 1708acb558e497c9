#include "ballast/market/book_levels.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <vector>

#include <doctest/doctest.h>

using namespace ballast::market;

namespace {

using Levels = std::vector<BookLevel>;
using Plain = std::map<std::int64_t, std::int64_t>;

template <BookSide side>
void check_equal(const BookLevels<side>& levels, const Plain& plain) {
  Levels found, due;
  levels.walk([&](const BookLevel& level) {
    found.push_back(level);
    return true;
  });
  for (const auto& [price, amount] : plain) due.push_back({price, amount});
  if (side == BookSide::bid) due = Levels(due.rbegin(), due.rend());
  CHECK(found == due);
  CHECK(levels.size() == plain.size());
  REQUIRE(levels.best().has_value() == !due.empty());
  if (!due.empty()) CHECK(*levels.best() == due.front());
}

/// Prices of a market: around a middle that wanders, `reach` steps to each side.
struct Prices {
  const char* what;
  std::int64_t middle, step, reach, wander;
  int off_step;  // one price in so many lies between the steps; 0: none
};

template <BookSide side>
void follow(const Prices& prices, std::uint64_t seed) {
  CAPTURE(prices.what);
  std::mt19937_64 random(seed);
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  std::int64_t middle = prices.middle;
  const auto price = [&] {
    const auto steps = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(2 * prices.reach + 1));
    const std::int64_t away = (steps - prices.reach) * prices.step;
    std::int64_t p = away > 0 && middle > most - away ? most : middle + away;
    if (prices.off_step > 0 && random() % static_cast<std::uint64_t>(prices.off_step) == 0) p -= prices.step / 3;
    return p < 1 ? 1 : p;
  };
  Plain plain;
  while (plain.size() < 50) plain[price()] = 1;
  Levels snapshot;
  for (const auto& [p, amount] : plain) snapshot.push_back({p, amount});
  std::shuffle(snapshot.begin(), snapshot.end(), random);
  BookLevels<side> levels;
  REQUIRE_FALSE(levels.assign(snapshot));
  check_equal(levels, plain);
  for (int round = 0; round < 4'000; ++round) {
    Levels changes;
    for (std::uint64_t n = random() % 12; n > 0; --n) {
      const BookLevel change{price(), static_cast<std::int64_t>(random() % 3)};
      changes.push_back(change);
      if (change.amount == 0)
        plain.erase(change.price);
      else
        plain[change.price] = change.amount;
    }
    REQUIRE_FALSE(levels.apply(changes));
    REQUIRE(levels.size() == plain.size());
    const auto best = side == BookSide::bid ? plain.rbegin()->first : plain.begin()->first;
    REQUIRE(levels.best()->price == best);
    if (round % 97 == 0) check_equal(levels, plain);
    if (prices.wander > 0) middle += (static_cast<std::int64_t>(random() % 5) - 1) * prices.wander;
  }
  check_equal(levels, plain);
}

}  // namespace

TEST_CASE("levels are what a map would have, wherever the window lies") {
  const Prices markets[] = {
      {"a narrow book", 6'170'000'000'000, 10'000'000, 300, 0, 0},
      {"wider than the window", 6'170'000'000'000, 1'000'000, 30'000, 0, 0},
      {"one that wanders off", 6'170'000'000'000, 10'000'000, 200, 70'000'000, 0},
      {"prices between the steps", 6'170'000'000'000, 10'000'000, 300, 10'000'000, 5},
      {"the smallest prices", 40, 1, 100, 0, 0},
      {"the largest", std::numeric_limits<std::int64_t>::max() - 1'000, 1, 2'000, 0, 0},
      {"no step at all", 1'000'000'000'000, 999'999'937, 500, 0, 2},
  };
  std::uint64_t seed = 20261130;
  for (const Prices& prices : markets) {
    follow<BookSide::bid>(prices, ++seed);
    follow<BookSide::ask>(prices, ++seed);
  }
}

TEST_CASE("a side begins with nothing, one level or huge gaps") {
  BookLevels<BookSide::ask> asks;
  CHECK_FALSE(asks.best());
  CHECK_FALSE(asks.apply(Levels{{5, 1}, {3, 2}, {9, 4}}));
  check_equal(asks, {{3, 2}, {5, 1}, {9, 4}});
  REQUIRE_FALSE(asks.assign(Levels{{7, 1}}));
  CHECK_FALSE(asks.apply(Levels{{8, 1}, {7, 0}, {1, 5}}));
  check_equal(asks, {{1, 5}, {8, 1}});
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  REQUIRE_FALSE(asks.assign(Levels{{most, 2}, {1, 1}, {most / 2, 3}}));
  CHECK_FALSE(asks.apply(Levels{{most - 1, 4}, {1, 0}}));
  check_equal(asks, {{most / 2, 3}, {most - 1, 4}, {most, 2}});
  BookLevels<BookSide::bid> bids;
  REQUIRE_FALSE(bids.assign(Levels{{most, 2}, {1, 1}, {most / 2, 3}}));
  CHECK_FALSE(bids.apply(Levels{{most - 1, 4}, {most, 0}}));
  check_equal(bids, {{1, 1}, {most / 2, 3}, {most - 1, 4}});
  // So far below the window that the distance, as an unsigned number, comes round to it from above.
  constexpr std::int64_t step = std::int64_t{1} << 57;
  REQUIRE_FALSE(bids.assign(Levels{{60 * step, 1}, {59 * step, 1}}));
  CHECK_FALSE(bids.apply(Levels{{step, 5}}));
  check_equal(bids, {{step, 5}, {59 * step, 1}, {60 * step, 1}});
  REQUIRE_FALSE(asks.assign(Levels{{step, 1}, {2 * step, 1}}));
  CHECK_FALSE(asks.apply(Levels{{63 * step, 5}}));
  check_equal(asks, {{step, 1}, {2 * step, 1}, {63 * step, 5}});
}

TEST_CASE("a side names what is wrong with it") {
  BookLevels<BookSide::bid> bids;
  CHECK(bids.assign(Levels{{98, 5}, {99, 1}, {98, 2}}) == 98);
  CHECK(bids.size() == 0);
  REQUIRE_FALSE(bids.assign(Levels{{98, 5}, {99, 1}}));
  CHECK(bids.apply(Levels{{97, 1}, {0, 1}, {96, 1}}) == BookLevel{0, 1});
  CHECK(bids.apply(Levels{{96, -1}}) == BookLevel{96, -1});
  check_equal(bids, {{97, 1}, {98, 5}, {99, 1}});
}
