#include "ballast/store/level_archive.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <random>
#include <string>

#include <doctest/doctest.h>
#include <unistd.h>

#include "ballast/store/file.h"
#include "ballast/store/internal/checksum.h"

using namespace ballast;
using namespace ballast::market;

namespace {

LevelHistory made(std::size_t updates, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  LevelHistory history{
      {{"coin-m:BTCUSD_PERP", 100.0, Settlement::inverse}, {"spot:BTCUSDT", 1.0, Settlement::linear}}, {}, {}};
  Time sent{1'723'161'600'000};
  for (std::size_t i = 0; i < updates; ++i) {
    sent.ms += static_cast<std::int64_t>(random() % 100);
    LevelUpdate update{sent, static_cast<std::uint32_t>(random() % 2), 0, 0, static_cast<LevelEvent>(random() % 3)};
    if (update.event != LevelEvent::lost) {
      update.bids = static_cast<std::uint32_t>(random() % 5);
      update.asks = static_cast<std::uint32_t>(random() % 5);
    }
    for (std::uint32_t n = 0; n < update.bids + update.asks; ++n)
      history.levels.push_back({static_cast<std::int64_t>(1 + random() / 2),
                                static_cast<std::int64_t>(random() % 3 + (update.event == LevelEvent::snapshot))});
    history.updates.push_back(update);
  }
  return history;
}

class TemporaryPath {
 public:
  explicit TemporaryPath(const std::string& name)
      : path_((std::filesystem::temp_directory_path() / ("ballast-" + std::to_string(::getpid()) + "-" + name))
                  .string()) {}
  ~TemporaryPath() { std::filesystem::remove(path_); }
  const std::string& operator*() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

TEST_CASE("an archive of levels gives back what was put in") {
  for (const std::size_t updates : {0u, 1u, 4'096u, 10'000u}) {
    const LevelHistory history = made(updates, 20261130 + updates);
    const auto read = store::decode_levels(store::encode_levels(history));
    REQUIRE(read);
    CHECK(read.value() == history);
  }
  const LevelHistory history = made(5'000, 7);
  for (const char* name : {"plain.levels", "small.levels.zst"}) {
    const TemporaryPath path(name);
    REQUIRE_FALSE(store::write_levels(*path, history));
    CHECK(store::read_levels(*path).value() == history);
  }
  const TemporaryPath plain("a.levels"), small("b.levels.zst");
  REQUIRE_FALSE(store::write_levels(*plain, history));
  REQUIRE_FALSE(store::write_levels(*small, history));
  CHECK(std::filesystem::file_size(*small) < std::filesystem::file_size(*plain));
}

TEST_CASE("the checksum is the one that gzip has") {
  CHECK(store::crc32("123456789") == 0xcbf43926u);  // the check value of CRC-32/ISO-HDLC
  CHECK(store::crc32("") == 0u);
}

TEST_CASE("an archive with one wrong bit, cut anywhere or too long is refused with the byte") {
  const LevelHistory history = made(20, 3);
  const std::string bytes = store::encode_levels(history);
  const auto refused = [&](const std::string& damaged, const std::string& what) {
    CAPTURE(what);
    const auto read = store::decode_levels(damaged);
    REQUIRE_FALSE(read);
    CHECK(read.error().what.rfind("byte ", 0) == 0);
    CHECK(read.error().fault == Fault::bad_syntax);
  };
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const int bit : {0, 3, 7}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      refused(damaged, "bit " + std::to_string(bit) + " of byte " + std::to_string(i));
    }
    refused(bytes.substr(0, i), "cut at " + std::to_string(i));
  }
  refused(bytes + '\0', "a byte too many");
  std::string next = bytes;
  next[7] = '2';
  CHECK(store::decode_levels(next).error().what == "byte 7: version '2' of the archive, we read 1");
  CHECK(store::decode_levels("{\"e\":\"depthUpdate\"}").error().what ==
        "byte 0: no level archive: it does not begin with 'BLSTLVL'");
  const TemporaryPath path("damaged.levels");
  REQUIRE_FALSE(store::write_bytes(*path, bytes.substr(0, bytes.size() - 1)));
  CHECK(store::read_levels(*path).error().what.rfind(*path + ": byte ", 0) == 0);
  CHECK(store::read_levels(*path + ".none").error().fault == Fault::unavailable);
}

TEST_CASE("an archive that is whole but makes no sense is refused") {
  const auto fault = [](const std::function<void(LevelHistory&)>& spoil) {
    LevelHistory history{{{"a", 1.0, Settlement::linear}, {"b", 100.0, Settlement::inverse}},
                         {{Time{5}, 0, 1, 1, LevelEvent::snapshot}, {Time{6}, 1, 0, 1, LevelEvent::change}},
                         {{10, 1}, {11, 1}, {12, 0}}};
    REQUIRE(store::decode_levels(store::encode_levels(history)));
    spoil(history);
    const auto read = store::decode_levels(store::encode_levels(history));
    REQUIRE_FALSE(read);
    CHECK(read.error().fault == Fault::bad_field);
    return read.error().what;
  };
  CHECK(fault([](LevelHistory& h) { h.updates[1].instrument = 2; }).find("update 1: instrument 2 of 2") !=
        std::string::npos);
  CHECK(fault([](LevelHistory& h) { h.levels[0].amount = 0; }).find("update 0: an amount of 0e-8") !=
        std::string::npos);
  CHECK(fault([](LevelHistory& h) { h.levels[2].price = -3; }).find("price of -3e-8") != std::string::npos);
  CHECK(fault([](LevelHistory& h) { h.levels[2].amount = -1; }).find("amount of -1e-8") != std::string::npos);
  CHECK(fault([](LevelHistory& h) { h.updates[1].event = LevelEvent::lost; }).find("lost") != std::string::npos);
  CHECK(fault([](LevelHistory& h) { h.updates[1].event = static_cast<LevelEvent>(9); }).find("event 9") !=
        std::string::npos);
  CHECK(fault([](LevelHistory& h) { h.instruments[1].name = "a"; }).find("'a' is there twice") != std::string::npos);
  CHECK(fault([](LevelHistory& h) { h.instruments[1].name = ""; }).find("a name of 0 bytes") != std::string::npos);
  CHECK(fault([](LevelHistory& h) { h.instruments[0].contract = -1.0; }).find("contract -1") != std::string::npos);
  fault([](LevelHistory& h) {
    h.updates[1].asks = 10'001;
    h.levels.resize(2 + 10'001, {12, 0});
  });
}
