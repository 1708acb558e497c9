#include "ballast/sim/state_bytes.h"

#include <doctest/doctest.h>

#include "ballast/desk/state_bytes.h"
#include "ballast/sim/codec.h"
#include "tests/codec_laws.h"

using namespace ballast;

namespace {

const auto written = [](const sim::RuleState& x) { return sim::bytes_of(x); };
const auto read_back = [](std::string_view bytes) { return sim::rule_state_of(bytes); };

/// What sim/codec.h adds, without the desk's own state.
struct Account {
  sim::Ledger ledger;
  sim::Venue venue;
  sim::BookState book;
  sim::Marks marks;
  std::vector<sim::IndexPoint> index;
  sim::Equity before;
};

}  // namespace

template <>
inline constexpr std::size_t ballast::member_count<Account> = 6;

TEST_CASE("a rule's state comes back bit for bit") {
  test::check_round_trip<sim::RuleState>(71, 150, written, read_back);
}

TEST_CASE("no bytes of a rule's state are misread") {
  test::check_hostile<sim::RuleState>(81, 2, written, read_back);
  const auto bytes_of = [](const Account& x) { return encoded(x); };
  const auto account_of = [](std::string_view bytes) { return decoded<Account>(bytes); };
  test::check_hostile<Account>(82, 10, bytes_of, account_of);
}

TEST_CASE("ledger, venue and book are read as they were written") {
  Rng rng(91);
  for (int i = 0; i < 100; ++i) {
    const auto book = test::random_value<sim::BookState>(rng);
    const auto venue = test::random_value<sim::Venue>(rng);
    const auto back = decoded<sim::BookState>(encoded(book));
    REQUIRE(back);
    CHECK(back.value().begun == book.begun);
    CHECK(back.value().done == book.done);
    CHECK(back.value().last == book.last);
    CHECK(back.value().rng == book.rng);
    CHECK(back.value().amounts.size() == book.amounts.size());
    CHECK(decoded<sim::Venue>(encoded(venue)).value().resting.size() == venue.resting.size());
  }
  const sim::Ledger ledger{.cash = {{"BTC", 1.5}, {"USDC", -20.0}},
                           .holdings = {{"BTC-PERPETUAL", {.amount = -1000.0, .paid = 0.016}}}};
  CHECK(decoded<sim::Ledger>(encoded(ledger)).value() == ledger);
}

TEST_CASE("a desk's bytes are no rule's") { CHECK_FALSE(sim::rule_state_of(desk::bytes_of({}))); }

// No truth, a tripwire: see desk/state_bytes_test.cc.
TEST_CASE("the form of a rule's state is that of version 2") {
  CHECK(test::form_of<sim::RuleState>() == 0xb012b6491dc66278u);
}
