#include "ballast/venue/binance/depth.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace ballast;
using namespace ballast::venue::binance;

namespace {

// Cut from the recording of 2024-08-08 (data README: binance-l2-btc-20240808).
const std::string coin_margined =
    R"({"stream":"btcusd_perp@depth@0ms","data":{"e":"depthUpdate","E":1723161257476,"T":1723161257462,"s":"BTCUSD_PERP","ps":"BTCUSD","U":1007198631847,"u":1007198631985,"pu":1007198631835,"b":[["61786.5","89"],["61794.5","1572"],["61797.3","0"],["61798.5","0"]],"a":[["61801.4","0"],["61817.7","44"]]}})";
const std::string spot =
    R"({"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1723161255308,"s":"BTCUSDT","U":50093239203,"u":50093239207,"b":[["55653.87000000","0.00000000"]],"a":[["61838.04000000","0.32332000"],["61844.30000000","0.40163000"],["61862.50000000","0.05019000"],["61862.51000000","0.00000000"]]}})";
const std::string snapshot =
    R"({"lastUpdateId":1007198635033,"E":1723161257835,"T":1723161257823,"symbol":"BTCUSD_PERP","pair":"BTCUSD","bids":[["61804.7","35"],["61802.0","8"]],"asks":[["61804.8","1401"],["61817.7","44"]]})";

std::string with(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

using Decode = std::function<std::optional<Error>(std::string_view)>;

const Decode as_update = [](std::string_view bytes) -> std::optional<Error> {
  const auto read = decode_depth_update(bytes);
  if (!read) return read.error();
  CHECK(read.value().first_id <= read.value().last_id);
  for (const auto* side : {&read.value().bids, &read.value().asks}) {
    for (const market::BookLevel& level : *side) CHECK((level.price > 0 && level.amount >= 0));
  }
  return std::nullopt;
};
const Decode as_snapshot = [](std::string_view bytes) -> std::optional<Error> {
  const auto read = decode_depth_snapshot(bytes);
  if (!read) return read.error();
  for (const auto* side : {&read.value().bids, &read.value().asks}) {
    for (const market::BookLevel& level : *side) CHECK((level.price > 0 && level.amount > 0));
  }
  return std::nullopt;
};

DepthUpdate update(std::int64_t first, std::int64_t last, std::optional<std::int64_t> previous = std::nullopt) {
  return {.symbol = "BTCUSDT", .first_id = first, .last_id = last, .previous_id = previous, .bids = {{first, last}}};
}

}  // namespace

TEST_CASE("a depth message is read exactly") {
  const DepthUpdate u = decode_depth_update(coin_margined).value();
  CHECK(u.symbol == "BTCUSD_PERP");
  CHECK(u.sent.ms == 1723161257476);
  CHECK(u.first_id == 1007198631847);
  CHECK(u.last_id == 1007198631985);
  CHECK(u.previous_id == 1007198631835);
  REQUIRE(u.bids.size() == 4);
  CHECK(u.bids[1] == market::BookLevel{6'179'450'000'000, 157'200'000'000});
  CHECK(u.asks[0] == market::BookLevel{6'180'140'000'000, 0});
  const DepthUpdate s = decode_depth_update(spot).value();
  CHECK_FALSE(s.previous_id);
  CHECK(s.asks[2] == market::BookLevel{6'186'250'000'000, 5'019'000});
  const DepthSnapshot all = decode_depth_snapshot(snapshot).value();
  CHECK(all.last_id == 1007198635033);
  CHECK(all.symbol == "BTCUSD_PERP");
  CHECK(all.bids[0] == market::BookLevel{6'180'470'000'000, 3'500'000'000});
}

TEST_CASE("hostile depth messages come to the safe side") {
  struct Case {
    const char* what;
    const Decode* decode;
    std::string bytes;
    Fault fault;
  };
  const auto field = Fault::bad_field, doubt = Fault::not_believable, foreign = Fault::not_ours;
  std::string deep = "[";
  for (int i = 0; i < 10'001; ++i) deep += "[\"1\",\"1\"],";
  deep.back() = ']';
  const std::vector<Case> cases = {
      {"empty", &as_update, "", Fault::bad_syntax},
      {"cut", &as_update, spot.substr(0, 100), Fault::bad_syntax},
      {"a key twice", &as_update, with(spot, "\"s\":", "\"s\":\"ETHUSDT\",\"s\":"), Fault::bad_syntax},
      {"NaN", &as_update, with(spot, "\"61838.04000000\"", "NaN"), Fault::bad_syntax},
      {"over 1 MiB", &as_update, spot + std::string(std::size_t{1} << 20, ' '), Fault::bad_syntax},
      {"a price as a number", &as_update, with(spot, "\"61838.04000000\"", "61838.04"), field},
      {"a price of nan", &as_update, with(spot, "61838.04000000", "nan"), field},
      {"a negative price", &as_update, with(spot, "61838.04000000", "-61838.04"), field},
      {"a price with an exponent", &as_update, with(spot, "61838.04000000", "6.2e4"), field},
      {"a price of 0", &as_update, with(spot, "61838.04000000", "0.00"), field},
      {"an empty price", &as_update, with(spot, "61838.04000000", ""), field},
      {"a ninth decimal", &as_update, with(spot, "0.32332000", "0.323320001"), field},
      {"an amount over 63 bits", &as_update, with(spot, "0.32332000", "99999999999"), field},
      {"a negative amount", &as_update, with(spot, "0.32332000", "-0.3"), field},
      {"a null amount", &as_update, with(spot, "\"0.32332000\"", "null"), field},
      {"a row of three", &as_update, with(spot, "\"0.32332000\"", "\"1\",\"1\""), field},
      {"a row of one", &as_update, with(spot, ",\"0.32332000\"", ""), field},
      {"a row that is none", &as_update, with(spot, "[\"61838.04000000\",\"0.32332000\"]", "7"), field},
      {"no asks", &as_update, with(spot, "\"a\":", "\"x\":"), field},
      {"bids as an object", &as_update, with(spot, "[[\"55653.87000000\",\"0.00000000\"]]", "{}"), field},
      {"10,001 levels", &as_update, with(spot, "[[\"55653.87000000\",\"0.00000000\"]]", deep), field},
      {"no ids", &as_update, with(spot, "\"u\":50093239207,", ""), field},
      {"ids as text", &as_update, with(spot, "50093239207", "\"50093239207\""), field},
      {"an id that is a fraction", &as_update, with(spot, "50093239207", "50093239207.0"), field},
      {"an id over 64 bits", &as_update, with(spot, "50093239207", "99999999999999999999"), Fault::bad_syntax},
      {"ids backwards", &as_update, with(spot, "50093239207", "50093239202"), field},
      {"pu over u", &as_update, with(coin_margined, "1007198631835", "1007198631990"), field},
      {"no symbol", &as_update, with(spot, "\"BTCUSDT\"", "\"\""), field},
      {"no event", &as_update, with(spot, "\"e\":", "\"ee\":"), field},
      {"no data", &as_update, R"({"stream":"btcusdt@depth","data":null})", field},
      {"a stream that is a number", &as_update, R"({"stream":1,"data":{}})", field},
      {"no time", &as_update, with(spot, "1723161255308", "null"), field},
      {"seconds for milliseconds", &as_update, with(spot, "1723161255308", "1723161255"), doubt},
      {"microseconds for milliseconds", &as_update, with(spot, "1723161255308", "1723161255308000"), doubt},
      {"a snapshot for an update", &as_update, snapshot, foreign},
      {"another stream", &as_update, with(spot, "@depth@100ms", "@trade"), foreign},
      {"another event", &as_update, with(spot, "depthUpdate", "trade"), foreign},
      {"a subscription reply", &as_update, R"({"result":null,"id":3})", foreign},
      {"an array", &as_update, "[1,2]", foreign},
      {"an error reply", &as_update, R"({"code":-1121,"msg":"Invalid symbol."})", Fault::missing_data},
      {"an update for a snapshot", &as_snapshot, spot, foreign},
      {"no last id", &as_snapshot, with(snapshot, "lastUpdateId", "lastUpdate"), field},
      {"a level of 0", &as_snapshot, with(snapshot, "\"35\"", "\"0\""), field},
      {"a price twice", &as_snapshot, with(snapshot, "61802.0", "61804.7"), doubt},
      {"crossed", &as_snapshot, with(snapshot, "61804.8", "61804.6"), doubt},
      {"locked", &as_snapshot, with(snapshot, "61804.8", "61804.7"), doubt},
      {"a time in seconds", &as_snapshot, with(snapshot, "1723161257835", "1723161257"), doubt},
      {"bids missing", &as_snapshot, with(snapshot, "\"bids\"", "\"bid\""), field},
      {"an error reply", &as_snapshot, R"({"code":-1003,"msg":"Too many requests."})", Fault::missing_data},
  };
  for (const Case& c : cases) {
    CAPTURE(c.what);
    const auto fault = (*c.decode)(c.bytes);
    REQUIRE(fault);
    CAPTURE(fault->what);
    CHECK(fault->fault == c.fault);
    CHECK(fault->what.size() < 400);
    CHECK(std::all_of(fault->what.begin(), fault->what.end(), [](char x) { return x >= 0x20 && x < 0x7f; }));
  }
}

TEST_CASE("cut at any byte or changed at random, depth bytes give a value or an error") {
  std::mt19937_64 random(20261125);
  const std::string tokens[] = {"null", "-", "1e308", "NaN",  "{}",      "[]", "\"\"",
                                "0",    ",", "\"",    "\xff", "\\ud800", "inf"};
  std::size_t accepted = 0, refused = 0;
  for (const auto& [decode, seed] :
       {std::pair{&as_update, &coin_margined}, {&as_update, &spot}, {&as_snapshot, &snapshot}}) {
    REQUIRE_FALSE((*decode)(*seed));
    for (std::size_t n = 0; n < seed->size(); ++n) REQUIRE((*decode)(std::string_view(*seed).substr(0, n)));
    for (int round = 0; round < 20'000; ++round) {
      std::string bytes = *seed;
      for (std::uint64_t edits = 1 + random() % 3; edits > 0; --edits) {
        const std::size_t at = random() % bytes.size();
        if (random() % 2 == 0)
          bytes[at] = static_cast<char>(random() % 256);
        else
          bytes.replace(at, random() % 8, tokens[random() % std::size(tokens)]);
      }
      ++((*decode)(bytes) ? refused : accepted);
    }
  }
  MESSAGE(accepted, " changed messages were read, ", refused, " refused");
  CHECK(accepted > 100);
}

TEST_CASE("spot: updates follow one another by U = u + 1") {
  DepthBook book;
  CHECK(book.apply(update(1, 5)).value() == Applied::kept);
  CHECK(book.apply(update(6, 9)).value() == Applied::kept);
  CHECK(book.apply(update(10, 12)).value() == Applied::kept);
  CHECK(book.apply(DepthSnapshot{.last_id = 8}).value() == Applied::applied);
  CHECK(book.last_id() == 12);
  CHECK(book.book().size(market::BookSide::bid) == 2);  // the first was in the snapshot already
  CHECK(book.apply(update(10, 12)).value() == Applied::ignored);
  CHECK(book.apply(update(13, 13)).value() == Applied::applied);
  const auto gap = book.apply(update(15, 16));
  CHECK(gap.error().fault == Fault::out_of_sequence);
  CHECK_FALSE(book.valid());
  CHECK(book.apply(update(17, 18)).value() == Applied::kept);
  CHECK(book.apply(DepthSnapshot{.last_id = 13}).error().fault == Fault::out_of_sequence);  // 14 is in neither
  CHECK(book.apply(DepthSnapshot{.last_id = 14}).value() == Applied::applied);
  CHECK(book.last_id() == 18);
  CHECK(book.apply(DepthSnapshot{.last_id = 17}).value() == Applied::ignored);
}

TEST_CASE("futures: updates follow one another by pu") {
  DepthBook book;
  CHECK(book.apply(update(110, 120, 100)).value() == Applied::kept);
  CHECK(book.apply(update(140, 150, 120)).value() == Applied::kept);
  CHECK(book.apply(DepthSnapshot{.last_id = 130}).value() == Applied::applied);  // between 120 and 140: nothing is lost
  CHECK(book.last_id() == 150);
  CHECK(book.apply(update(160, 170, 150)).value() == Applied::applied);
  CHECK(book.apply(update(171, 180, 171)).error().fault == Fault::out_of_sequence);
  CHECK_FALSE(book.valid());
  DepthBook late;
  CHECK(late.apply(update(140, 150, 120)).value() == Applied::kept);
  CHECK(late.apply(DepthSnapshot{.last_id = 119}).error().fault == Fault::out_of_sequence);
  CHECK(late.apply(DepthSnapshot{.last_id = 120}).value() == Applied::applied);
  CHECK(late.last_id() == 150);
}

TEST_CASE("a stranger, a crossing and a flood drop the book") {
  DepthBook book;
  REQUIRE(book.apply(DepthSnapshot{.symbol = "BTCUSDT", .last_id = 1, .asks = {{50, 1}}}));
  DepthUpdate stranger = update(2, 3);
  stranger.symbol = "ETHUSDT";
  CHECK(book.apply(stranger).error().fault == Fault::out_of_sequence);
  CHECK_FALSE(book.valid());
  REQUIRE(book.apply(DepthSnapshot{.symbol = "BTCUSDT", .last_id = 59, .asks = {{50, 1}}}));
  CHECK(book.apply(update(60, 61)).error().fault == Fault::not_believable);  // a bid at 60 over the ask at 50
  DepthBook waiting;
  for (std::size_t i = 0; i < DepthBook::most_kept; ++i) REQUIRE(waiting.apply(update(1, 2)));
  CHECK(waiting.apply(update(1, 2)).error().fault == Fault::limit);
}
