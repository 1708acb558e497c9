#include "ballast/app/rule_words.h"

#include <doctest/doctest.h>

#include <cmath>

namespace ballast::app {

using hedge::BandKind;
using hedge::BandTarget;
using hedge::RebalanceRule;

TEST_CASE("a rule's word is read") {
  const auto rule = [](const char* word) { return parse_rule(word, 5e-4).value(); };
  CHECK(std::abs(rule("time:8h").least_interval.value * 8760.0 - 8.0) <= 1e-12);
  CHECK(std::abs(rule("time:30m").least_interval.value * 8760.0 - 0.5) <= 1e-12);
  CHECK(std::abs(rule("leland:1d").leland_interval.value * 365.0 - 1.0) <= 1e-15);
  CHECK(rule("leland:1d").least_interval == rule("leland:1d").leland_interval);
  CHECK(rule("move:0.02").least_move == 0.02);
  CHECK(rule("band:0.05").band == BandKind::fixed);
  CHECK(rule("band:0.05").width == 0.05);
  CHECK(rule("band:0.05").target == BandTarget::edge);
  CHECK(rule("band:0.05").first_target == BandTarget::middle);
  CHECK(rule("band:0.05:middle").target == BandTarget::middle);
  CHECK(rule("ww:1e-4").band == BandKind::whalley_wilmott);
  CHECK(rule("ww:1e-4").aversion == 1e-4);
  CHECK(rule("ww:1e-4").cost_rate == 5e-4);
  CHECK(rule("zak:2:middle").band == BandKind::zakamouline);
  CHECK(rule("zak:2:middle").target == BandTarget::middle);
}

TEST_CASE("a rule's word that means nothing is refused by name") {
  for (const char* word :
       {"", "time", "time:", "time:8", "time:h", "time:-1h", "time:8h:middle", "move:0", "move:x", "band", "band:0",
        "band:1.5", "band:0.05:edge", "band:0.05:middle:x", "ww:0", "ww:nan", "zak:-1", "daily:1", "ww:"}) {
    CAPTURE(word);
    const auto rule = parse_rule(word, 5e-4);
    REQUIRE_FALSE(rule);
    CHECK(rule.error().fault == Fault::bad_flag);
    CHECK(rule.error().what.find(word) != std::string::npos);
  }
}

}  // namespace ballast::app
