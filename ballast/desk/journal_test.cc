#include "ballast/desk/journal.h"

#include <doctest/doctest.h>

#include "ballast/desk/codec.h"
#include "tests/codec_laws.h"
#include "tests/journal_desk.h"

namespace {

/// Entries are drawn here as what they hold; their own description is private to journal.cc.
ballast::desk::Entry random_entry(ballast::Rng& rng) {
  using namespace ballast;
  switch (rng.below(5)) {
    case 0:
      return desk::RunText{test::random_value<std::string>(rng), test::random_value<std::string>(rng),
                           test::random_value<std::string>(rng), test::random_value<std::string>(rng)};
    case 1: return test::random_value<std::vector<market::Event>>(rng);
    case 2: return test::random_value<std::vector<market::Ticket>>(rng);
    case 3: return test::random_value<std::vector<desk::Answer>>(rng);
    default: return desk::Refusal{test::random_value<Fault>(rng), test::random_value<std::string>(rng)};
  }
}

}  // namespace

using namespace ballast;
using desk::RecordKind;

TEST_CASE("entries come back bit for bit, as what they were") {
  Rng rng(101);
  for (int i = 0; i < 1000; ++i) {
    const desk::Entry entry = random_entry(rng);
    const std::string bytes = desk::bytes_of(entry);
    const auto back = desk::entry_of(static_cast<std::uint32_t>(desk::kind_of(entry)), desk::journal_schema, bytes);
    REQUIRE(back);
    CHECK(back.value().index() == entry.index());
    REQUIRE(desk::bytes_of(back.value()) == bytes);
  }
}

TEST_CASE("no record is misread, whatever kind it says it is") {
  Rng rng(102);
  for (int i = 0; i < 150; ++i) {
    std::string bytes = desk::bytes_of(random_entry(rng));
    if (i % 2 == 1 && !bytes.empty()) bytes[rng.below(bytes.size())] = static_cast<char>(rng.bits());
    for (std::uint32_t kind = 0; kind < 8; ++kind) {
      const auto entry = desk::entry_of(kind, desk::journal_schema, bytes);
      if (entry) REQUIRE(desk::bytes_of(entry.value()) == bytes);
    }
  }
}

TEST_CASE("kinds stand on disk: their numbers do not change") {
  CHECK(static_cast<int>(desk::kind_of(desk::RunText{})) == 1);
  CHECK(static_cast<int>(desk::kind_of(std::vector<market::Event>())) == 2);
  CHECK(static_cast<int>(desk::kind_of(std::vector<market::Ticket>())) == 3);
  CHECK(static_cast<int>(desk::kind_of(std::vector<desk::Answer>())) == 4);
  CHECK(static_cast<int>(desk::kind_of(desk::Refusal{})) == 5);
  CHECK(std::string(desk::name(RecordKind::answers)) == "answers");
}

TEST_CASE("a list and the entry of it have the same bytes") {
  const auto entries = test::counted_journal(2);
  CHECK(desk::bytes_of(std::get<std::vector<market::Event>>(entries[1])) == desk::bytes_of(entries[1]));
  CHECK(desk::bytes_of(std::get<std::vector<market::Ticket>>(entries[2])) == desk::bytes_of(entries[2]));
  CHECK(desk::bytes_of(std::get<std::vector<desk::Answer>>(entries[3])) == desk::bytes_of(entries[3]));
}

TEST_CASE("what is no record of a desk is refused by name") {
  const auto other = desk::entry_of(6, desk::journal_schema, "");
  REQUIRE_FALSE(other);
  CHECK(other.error().fault == Fault::bad_syntax);
  CHECK(other.error().what == "kind 6 is none of a desk's");
  const auto newer = desk::entry_of(2, desk::journal_schema + 1, "");
  REQUIRE_FALSE(newer);
  CHECK(newer.error().fault == Fault::not_ours);
  const auto cut = desk::entry_of(2, desk::journal_schema, "\x01");
  REQUIRE_FALSE(cut);
  CHECK(cut.error().what == "events: offset 0: the bytes end");
}

// No truth, a tripwire: see desk/state_bytes_test.cc.
TEST_CASE("the form of a journal's entries is that of schema 1") {
  CHECK(test::form_of<std::vector<market::Event>>() == 0x6f0fbe27da0afc76u);
  CHECK(test::form_of<std::vector<market::Ticket>>() == 0x8e4df2fc9478a034u);
  CHECK(test::form_of<std::vector<desk::Answer>>() == 0xbf21f7a774218d52u);
}
