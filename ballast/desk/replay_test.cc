#include "ballast/desk/replay.h"

#include <cmath>

#include <doctest/doctest.h>

#include "ballast/desk/state_bytes.h"
#include "tests/journal_desk.h"

using namespace ballast;
using Events = std::vector<market::Event>;
using Tickets = std::vector<market::Ticket>;
using Answers = std::vector<desk::Answer>;

namespace {

/// The journal replayed by the desk that wrote it.
desk::Replay replayed(const std::vector<desk::Entry>& entries, const desk::StepConfig& config = {}) {
  desk::Replay replay(config, test::counting_step);
  for (std::size_t i = 1; i < entries.size(); ++i) REQUIRE_FALSE(replay.take(i + 1, entries[i]));
  return replay;
}

std::string first_of(const desk::Replay& replay) {
  REQUIRE(replay.first_difference());
  return std::to_string(replay.first_difference()->sequence) + ": " + replay.first_difference()->what;
}

}  // namespace

TEST_CASE("a journal that was not touched replays to the same") {
  desk::Replay replay = replayed(test::counted_journal(5));
  CHECK(replay.finish());
  CHECK_FALSE(replay.first_difference());
  CHECK(replay.counts().steps == 5);
  CHECK(replay.counts().events == 15);
  CHECK(replay.counts().decisions == 5);
  CHECK(replay.counts().answers == 5);
  CHECK(replay.counts().tickets == 5);
  CHECK(replay.counts().differences == 0);
  CHECK(replay.state().now == Time{5000});
  CHECK(replay.last().tickets.at(0).lots == -15);  // 1 + 2 + 3 + 4 + 5
}

TEST_CASE("one lot, one bit, one ticket: each is found where it is") {
  const auto entries = test::counted_journal(4);  // records 5 to 7 are the second step
  auto changed = entries;
  std::get<Tickets>(changed[5])[0].lots += 1;
  CHECK(first_of(replayed(changed)) ==
        "6: ticket 1: id 2, 1970-01-01T00:00:02Z, BTC-PERPETUAL -3 lots of 1, limit 60602 ticks of 1, 'all of it'; "
        "recorded: id 2, 1970-01-01T00:00:02Z, BTC-PERPETUAL -2 lots of 1, limit 60602 ticks of 1, 'all of it'");
  changed = entries;
  double& before = std::get<Answers>(changed[6])[0].before;
  before = std::nextafter(before, 0.0);
  CHECK(first_of(replayed(changed)).starts_with("7: answer 1: "));
  changed = entries;
  double& gamma = std::get<Answers>(changed[6])[0].gamma;
  CHECK(gamma == 0.0);
  gamma = -0.0;
  CHECK(first_of(replayed(changed)).starts_with("7: answer 1: "));
  changed = entries;
  std::get<Tickets>(changed[5]).clear();
  CHECK(first_of(replayed(changed)) == "6: 1 tickets, recorded: 0");
  std::get<Answers>(changed[12])[0].why = "2 tickets";
  CHECK(replayed(changed).counts().differences == 2);
}

TEST_CASE("two NaNs are the same or not by their bits") {
  auto changed = test::counted_journal(1);
  std::get<Answers>(changed[3])[0].vega = std::nan("1");
  CHECK(replayed(changed).counts().differences == 1);
  const desk::Step with_nan = [](const auto& config, auto& state, auto events, auto& out, auto& answers) {
    const auto refused = test::counting_step(config, state, events, out, answers);
    answers.at(0).vega = std::nan("2");
    return refused;
  };
  desk::Replay replay({}, with_nan);
  for (std::size_t i = 1; i < changed.size(); ++i) REQUIRE_FALSE(replay.take(i + 1, changed[i]));
  REQUIRE(replay.first_difference());
  CHECK(replay.first_difference()->what.ends_with("bits that this text does not show"));
}

TEST_CASE("another configuration is found in what comes of it") {
  const desk::Replay replay = replayed(test::counted_journal(3), {.future_collar = 0.02});
  CHECK(replay.counts().differences == 3);
  CHECK(replay.first_difference()->sequence == 3);
}

TEST_CASE("a refusal is replayed like everything else") {
  const Events forward = {{Time{2000}, market::HedgeDue{}}}, back = {{Time{1000}, market::HedgeDue{}}};
  const auto entries = test::journal_of(test::counting_step, {}, {forward, back, forward});
  REQUIRE(entries.size() == 11);
  desk::Replay same = replayed(entries);
  CHECK(same.finish());
  CHECK_FALSE(same.first_difference());
  CHECK(same.counts().refusals == 1);

  auto changed = entries;
  std::get<desk::Refusal>(changed[7]).what += "!";
  CHECK(first_of(replayed(changed)).starts_with("8: refused: time goes back to "));
  changed.erase(changed.begin() + 7);
  CHECK(first_of(replayed(changed)) == "5: refused, and was not: time goes back to 1970-01-01T00:00:01Z");
  changed = entries;
  changed.insert(changed.begin() + 4, desk::Refusal{Fault::bad_input, "no mood"});
  CHECK(first_of(replayed(changed)) == "5: not refused, and was: no mood");
}

TEST_CASE("a journal that ends within a step says so") {
  auto entries = test::counted_journal(2);
  for (const bool whole : {true, false, false}) {
    desk::Replay replay = replayed(entries);
    CHECK(replay.finish() == whole);
    CHECK(replay.counts().steps == 2);
    CHECK_FALSE(replay.first_difference());
    entries.pop_back();
  }
}

TEST_CASE("entries in another order are refused") {
  const auto entries = test::counted_journal(2);
  for (std::size_t i = 0; i < entries.size(); ++i)
    for (std::size_t next = 0; next < entries.size(); ++next) {
      CAPTURE(i);
      CAPTURE(next);
      desk::Replay replay({}, test::counting_step);
      for (std::size_t j = 1; j <= i; ++j) REQUIRE_FALSE(replay.take(j + 1, entries[j]));
      const bool in_order = next > 0 && (next - 1) % 3 == i % 3;
      CHECK(replay.take(i + 2, entries[next]).has_value() == !in_order);
    }
  desk::Replay replay({}, test::counting_step);
  const auto fault = replay.take(2, entries[2]);
  REQUIRE(fault);
  CHECK(fault->what == "record 2: tickets where events are due");
}

TEST_CASE("a desk that is taken from its saved state goes on as if it had not stopped") {
  const auto entries = test::counted_journal(6);
  desk::State state = replayed({entries.begin(), entries.begin() + 10}).state();
  state = desk::state_of(desk::bytes_of(state)).value();
  for (std::size_t i = 10; i < entries.size(); i += 3) {
    Tickets tickets;
    Answers answers;
    REQUIRE_FALSE(test::counting_step({}, state, std::get<Events>(entries[i]), tickets, answers));
    CHECK(tickets == std::get<Tickets>(entries[i + 1]));
  }
  CHECK(desk::bytes_of(state) == desk::bytes_of(replayed(entries).state()));
}
