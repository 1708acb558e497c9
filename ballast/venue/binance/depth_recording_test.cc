#include "ballast/venue/binance/depth_recording.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace ballast;
using namespace ballast::venue::binance;
using market::BookLevel;
using market::LevelEvent;
using market::LevelUpdate;

namespace {

std::string update(int received, const std::string& symbol, int first, int last, const std::string& bids,
                   const std::string& more = "") {
  return fmt::format(
      R"({} {{"stream":"x@depth@0ms","data":{{"e":"depthUpdate","E":17231612560{:02},"s":"{}","U":{},"u":{},{}"b":[{}],"a":[]}}}})"
      "\n",
      received, received, symbol, first, last, more, bids);
}

std::string snapshot(int received, int last) {
  return fmt::format(R"({} {{"lastUpdateId":{},"bids":[["99","1"]],"asks":[["101","2"]]}})"
                     "\n",
                     received, last);
}

std::string trade(int received) {
  return fmt::format(R"({} {{"stream":"x@trade","data":{{"e":"trade","p":"100"}}}})"
                     "\n",
                     received);
}

constexpr std::int64_t one = 100'000'000;

}  // namespace

TEST_CASE("recordings become one history in the order received") {
  // Spot: an update that is older than the snapshot, one that reaches over it, a gap, a new snapshot; the end of it in
  // a second file. Its lines stand between those of a future.
  const std::string day = update(10, "BTCUSDT", 1, 5, R"(["98","7"])") + update(12, "BTCUSDT", 6, 9, R"(["98","3"])") +
                          trade(13) + snapshot(14, 7) + update(16, "BTCUSDT", 10, 10, R"(["99","0"])") +
                          update(18, "BTCUSDT", 12, 13, R"(["97","1"])") +
                          update(19, "BTCUSDT", 14, 14, R"(["96","1"])");
  const std::string next_day = snapshot(20, 13) + update(22, "BTCUSDT", 15, 15, R"(["97","0"])");
  const std::string future =
      R"(11 {"lastUpdateId":50,"E":1723161256001,"symbol":"ETHUSD_PERP","bids":[["90","1"]],"asks":[]})"
      "\n" +
      update(17, "ETHUSD_PERP", 51, 52, R"(["90.5","1"])", R"("pu":50,)");
  std::vector<DepthRecording> recordings;
  for (const std::string& text : {next_day, future, day}) {
    auto recording = decode_depth_recording(text);
    REQUIRE(recording);
    recordings.push_back(std::move(recording).value());
  }
  CHECK(recordings[2].passed_over == 1);
  const auto result = level_history(recordings);
  REQUIRE(result);
  const auto& [history, counts] = result.value();
  REQUIRE(history.instruments.size() == 2);
  CHECK(history.instruments[0] == market::LevelInstrument{"spot:BTCUSDT", 1.0, market::Settlement::linear});
  CHECK(history.instruments[1] == market::LevelInstrument{"coin-m:ETHUSD_PERP", 10.0, market::Settlement::inverse});
  const auto at = [](int n) { return Time{1'723'161'256'000 + n}; };
  const std::vector<LevelUpdate> due = {
      {at(1), 1, 1, 0, LevelEvent::snapshot},  {at(12), 0, 1, 1, LevelEvent::snapshot},
      {at(12), 0, 1, 0, LevelEvent::change},   {at(16), 0, 1, 0, LevelEvent::change},
      {at(17), 1, 1, 0, LevelEvent::change},   {at(18), 0, 0, 0, LevelEvent::lost},
      {at(19), 0, 1, 1, LevelEvent::snapshot}, {at(19), 0, 1, 0, LevelEvent::change},
      {at(22), 0, 1, 0, LevelEvent::change}};
  CHECK(history.updates == due);
  const std::vector<BookLevel> levels = {
      {90 * one, one},           {99 * one, one}, {101 * one, 2 * one}, {98 * one, 3 * one}, {99 * one, 0},
      {90 * one + one / 2, one}, {99 * one, one}, {101 * one, 2 * one}, {96 * one, one},     {97 * one, 0}};
  CHECK(history.levels == levels);
  CHECK(counts[0].updates == 6);
  CHECK(counts[0].applied == 4);  // the first is older than the snapshot, that after the gap older than the second
  CHECK(counts[0].gaps == 1);
  CHECK(counts[0].snapshots == 2);
  CHECK(counts[1].applied == 1);
}

TEST_CASE("the market of a recording is read off its updates") {
  const auto name = [](const std::string& symbol, const std::string& more) {
    return decode_depth_recording(update(10, symbol, 1, 2, "", more)).value().instrument;
  };
  CHECK(name("BTCUSDT", "").name == "spot:BTCUSDT");
  CHECK(name("BTCUSDT", R"("pu":0,)").name == "usd-m:BTCUSDT");
  CHECK(name("BTCUSDT_241227", R"("pu":0,)").settlement == market::Settlement::linear);
  CHECK(name("BTCUSD_241227", R"("pu":0,)") ==
        market::LevelInstrument{"coin-m:BTCUSD_241227", 100.0, market::Settlement::inverse});
}

TEST_CASE("a recording that cannot be read names its line") {
  const std::string good = update(10, "BTCUSDT", 1, 2, "");
  CHECK(decode_depth_recording(good + "soon {}\n").error().what ==
        "line 2: a time and a message are due, found 'soon {}'");
  CHECK(decode_depth_recording(good + update(11, "ETHUSDT", 3, 4, "")).error().fault == Fault::bad_input);
  CHECK(decode_depth_recording(good + update(11, "BTCUSDT", 3, 4, R"(["1"])")).error().what.rfind("line 2: ", 0) == 0);
  CHECK(decode_depth_recording(trade(3)).error().fault == Fault::missing_data);
  CHECK(decode_depth_recording("").error().fault == Fault::missing_data);
}
