#include "ballast/desk/state_bytes.h"

#include <doctest/doctest.h>

#include "ballast/desk/codec.h"
#include "tests/codec_laws.h"
#include "tests/worked_example.h"

using namespace ballast;

namespace {

const auto written = [](const desk::State& x) { return desk::bytes_of(x); };
const auto read_back = [](std::string_view bytes) { return desk::state_of(bytes); };

}  // namespace

TEST_CASE("a desk's state comes back bit for bit") { test::check_round_trip<desk::State>(51, 200, written, read_back); }

TEST_CASE("no bytes of a desk's state are misread") { test::check_hostile<desk::State>(61, 4, written, read_back); }

TEST_CASE("a desk's answers come back bit for bit and are not misread") {
  const auto bytes_of = [](const desk::Answer& x) { return encoded(x); };
  const auto answer_of = [](std::string_view bytes) { return decoded<desk::Answer>(bytes); };
  test::check_round_trip<desk::Answer>(52, 500, bytes_of, answer_of);
  test::check_hostile<desk::Answer>(62, 30, bytes_of, answer_of);
}

TEST_CASE("what was learned comes back bit for bit and is not misread") {
  const auto bytes_of = [](const desk::Learning& x) { return encoded(x); };
  const auto learning_of = [](std::string_view bytes) { return decoded<desk::Learning>(bytes); };
  test::check_round_trip<desk::Learning>(53, 200, bytes_of, learning_of);
  test::check_hostile<desk::Learning>(63, 4, bytes_of, learning_of);
}

TEST_CASE("another version is told from damage") {
  std::string bytes = desk::bytes_of({});
  CHECK(bytes.substr(0, 8) == "BALDESK\n");
  bytes[8] = 3;
  const auto newer = desk::state_of(bytes);
  REQUIRE_FALSE(newer);
  CHECK(newer.error().fault == Fault::not_ours);
  CHECK(newer.error().what == "the desk's state: version 3, this program has 2");
  const auto other = desk::state_of("PK\x03\x04");
  REQUIRE_FALSE(other);
  CHECK(other.error().fault == Fault::bad_syntax);
}

TEST_CASE("a market that was kept gives the decision that it would have given") {
  desk::State state;
  state.market = test::worked_market();
  state.portfolio.positions = {test::position(test::worked_call, 100.0)};
  const desk::State back = desk::state_of(desk::bytes_of(state)).value();
  const desk::Decision a = desk::decide({}, state.market, state.portfolio),
                       b = desk::decide({}, back.market, back.portfolio);
  REQUIRE(a.plans.size() == 1);
  REQUIRE(b.plans.size() == 1);
  CHECK(a.plans[0].legs.at(0).ratio == b.plans[0].legs.at(0).ratio);
  CHECK(a.plans[0].residual.delta == b.plans[0].residual.delta);
}

// No truth, a tripwire: whoever changes what a state is made of comes by here, raises the version in state_bytes.cc
// (and the schema in desk/journal.h) and writes down the new number.
TEST_CASE("the form of a desk's state is that of version 2") {
  CHECK(test::form_of<desk::State>() == 0xe4189c31559dcf56u);
}
