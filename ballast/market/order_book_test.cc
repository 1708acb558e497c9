#include "ballast/market/order_book.h"

#include <cmath>
#include <map>
#include <random>
#include <string>
#include <tuple>

#include <doctest/doctest.h>

using namespace ballast;
using namespace ballast::market;

namespace {

std::vector<BookLevel> levels(const OrderBook& book, BookSide side) {
  std::vector<BookLevel> all;
  book.walk(side, [&](const BookLevel& level) {
    all.push_back(level);
    return true;
  });
  return all;
}

using Levels = std::vector<BookLevel>;

}  // namespace

TEST_CASE("a book is its snapshot and its changes") {
  OrderBook book;
  CHECK(book.change({}, {}, {}).error().fault == Fault::out_of_sequence);
  REQUIRE(book.replace(Levels{{98, 5}, {99, 1}}, Levels{{103, 7}, {101, 2}}, Time{5}));
  CHECK(book.best(BookSide::bid) == BookLevel{99, 1});
  CHECK(book.best(BookSide::ask) == BookLevel{101, 2});
  // taken out, changed, added on top, added beneath; what was not there is not missed
  CHECK(book.change(Levels{{99, 0}, {100, 3}, {97, 1}}, Levels{{101, 4}, {150, 0}}, Time{6}).value() == 5);
  CHECK(levels(book, BookSide::bid) == Levels{{100, 3}, {98, 5}, {97, 1}});
  CHECK(levels(book, BookSide::ask) == Levels{{101, 4}, {103, 7}});
  Quote quote{.mark = 1.0};
  book.lay(quote, 1.0, 2);
  CHECK(quote.bid == 1e-6);
  CHECK(quote.ask_amount == 4e-8);
  CHECK(quote.bids.size() == 2);
  CHECK(quote.sent == Time{6});
  CHECK(quote.mark == 1.0);
}

TEST_CASE("a value of a book is the double that the venue's text reads as") {
  for (const char* text : {"61737.63", "0.00001", "0.014", "0.1", "1243", "123456.12345678"}) {
    const double parsed = std::stod(text);
    CHECK(book_value(static_cast<std::int64_t>(std::llround(parsed * 1e8))) == parsed);
  }
}

TEST_CASE("what no market looks like drops the book") {
  const struct {
    const char* what;
    Levels bids, asks;
    bool snapshot;
    Fault fault;
  } cases[] = {
      {"crossed", {{102, 1}}, {}, false, Fault::not_believable},
      {"locked", {{101, 1}}, {}, false, Fault::not_believable},
      {"no price", {{0, 1}}, {}, false, Fault::not_believable},
      {"negative amount", {}, {{105, -1}}, false, Fault::not_believable},
      {"twice", {{99, 1}, {99, 2}}, {}, true, Fault::not_believable},
      {"empty level", {{99, 0}}, {}, true, Fault::not_believable},
      {"crossed snapshot", {{99, 1}}, {{98, 1}}, true, Fault::not_believable},
  };
  for (const auto& c : cases) {
    CAPTURE(c.what);
    OrderBook book;
    REQUIRE(book.replace(Levels{{99, 1}}, Levels{{101, 2}}, {}));
    const auto result = c.snapshot ? book.replace(c.bids, c.asks, {}) : book.change(c.bids, c.asks, {});
    REQUIRE_FALSE(result);
    CHECK(result.error().fault == c.fault);
    CHECK_FALSE(book.valid());
    CHECK_FALSE(book.best(BookSide::bid));
  }
  OrderBook book;
  Levels deep;
  for (std::int64_t i = 1; i <= static_cast<std::int64_t>(OrderBook::most_levels); ++i) deep.push_back({i, 1});
  REQUIRE(book.replace(deep, {}, {}));
  CHECK(book.change(Levels{{20'000, 1}}, {}, {}).error().fault == Fault::limit);
}

TEST_CASE("random changes leave what a map would have") {
  std::mt19937_64 random(20261125);
  OrderBook book;
  std::map<std::int64_t, std::int64_t> bids, asks;
  REQUIRE(book.replace({}, {}, {}));
  for (int round = 0; round < 20'000; ++round) {
    Levels b, a;
    for (auto [levels, side, base] : {std::tuple{&b, &bids, 1000}, std::tuple{&a, &asks, 2000}}) {
      for (std::uint64_t n = random() % 4; n > 0; --n) {
        const BookLevel level{base + static_cast<std::int64_t>(random() % 900),
                              static_cast<std::int64_t>(random() % 3)};
        levels->push_back(level);
        if (level.amount == 0)
          side->erase(level.price);
        else
          (*side)[level.price] = level.amount;
      }
    }
    REQUIRE(book.change(b, a, {}).value() == bids.size() + asks.size());
    if (round % 100 != 0) continue;
    Levels want;
    for (auto level = bids.rbegin(); level != bids.rend(); ++level) want.push_back({level->first, level->second});
    CHECK(levels(book, BookSide::bid) == want);
    want.clear();
    for (const auto& [price, amount] : asks) want.push_back({price, amount});
    CHECK(levels(book, BookSide::ask) == want);
  }
}
