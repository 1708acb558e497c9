// `ballast replay` as a user meets it, with a desk that is simple enough to be checked by eye.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "ballast/app/replay.h"
#include "ballast/store/journal.h"
#include "tests/journal_desk.h"

using namespace ballast;
using nlohmann::ordered_json;

namespace {

/// A journal file that lives as long as the test.
class File {
 public:
  explicit File(const std::vector<desk::Entry>& entries)
      : path_((std::filesystem::temp_directory_path() / ("ballast-replay-" + std::to_string(::getpid()))).string()) {
    std::filesystem::remove(path_);
    auto writer = store::JournalWriter::open(path_);
    REQUIRE(writer);
    store::JournalWriter journal = std::move(writer).value();
    for (const desk::Entry& entry : entries)
      REQUIRE(journal.append(static_cast<std::uint32_t>(desk::kind_of(entry)), desk::journal_schema,
                             desk::bytes_of(entry)));
    REQUIRE_FALSE(journal.sync());
  }
  ~File() { std::filesystem::remove(path_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct Ran {
  int code;
  std::string out, err;
};

Result<desk::StepConfig> counting_desk(const desk::RunText& run) {
  if (run.rule != "counting") return Error{Fault::bad_input, "no rule '" + run.rule + "'"};
  return desk::StepConfig{};
}

Ran replay(const std::string& path, std::optional<std::uint64_t> at = {}) {
  std::ostringstream out, err;
  const int code = app::replay({.file = path, .at = at, .format = app::Format::json}, counting_desk,
                               test::counting_step, {out, err});
  return {code, out.str(), err.str()};
}

}  // namespace

TEST_CASE("a journal replays to the same, and is counted") {
  const File file(test::counted_journal(5));
  const Ran ran = replay(file.path());
  CHECK(ran.code == 0);
  CHECK(ran.err == "the same, bit for bit\n");
  const auto row = ordered_json::parse(ran.out).at(0);
  CHECK(row["steps"] == 5);
  CHECK(row["events"] == 15);
  CHECK(row["decisions"] == 5);
  CHECK(row["answers"] == 5);
  CHECK(row["tickets"] == 5);
  CHECK(row["different_steps"] == 0);
  CHECK(row["first_difference"].is_null());
}

TEST_CASE("a difference is named with its record, and exits with 1") {
  auto entries = test::counted_journal(5);
  std::get<std::vector<market::Ticket>>(entries[8])[0].limit_ticks += 1;
  const File file(entries);
  const Ran ran = replay(file.path());
  CHECK(ran.code == 1);
  CHECK(ordered_json::parse(ran.out).at(0)["first_difference"] == 9);
  CHECK(ordered_json::parse(ran.out).at(0)["different_steps"] == 1);
  CHECK(ran.err.starts_with("different: record 9: ticket 1: id 3, "));
  CHECK(ran.err.find("recorded by 'none', replayed by ") != std::string::npos);
}

TEST_CASE("one decision is shown as it came out") {
  const File file(test::counted_journal(5));
  const Ran ran = replay(file.path(), 3);
  CHECK(ran.code == 0);
  const auto rows = ordered_json::parse(ran.out);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0]["kind"] == "answer");
  CHECK(rows[0]["at"] == "1970-01-01T00:00:03Z");
  CHECK(rows[0]["before"] == 6.0);
  CHECK(rows[1]["kind"] == "ticket 3");
  CHECK(rows[1]["lots"] == -6);
  CHECK(ran.err == "the same up to here, bit for bit\n");
  CHECK(replay(file.path(), 5).code == 0);
  const Ran beyond = replay(file.path(), 6);
  CHECK(beyond.code == 1);
  CHECK(beyond.err == "error: --at 6: the journal has 5 decisions\n");
}

TEST_CASE("two decisions in one step are told apart") {
  const std::vector<market::Event> events = {{Time{1000}, market::HedgeDue{}}, {Time{2000}, market::HedgeDue{}}};
  const File file(test::journal_of(test::counting_step, {}, {events, {{Time{3000}, market::HedgeDue{}}}}));
  for (const int at : {1, 2, 3}) {
    const auto rows = ordered_json::parse(replay(file.path(), static_cast<std::uint64_t>(at)).out);
    REQUIRE(rows.size() == 2);
    CHECK(rows[0]["at"] == "1970-01-01T00:00:0" + std::to_string(at) + "Z");
  }
}

TEST_CASE("what is no desk's journal is refused") {
  CHECK(replay("/nowhere/at.journal").code == 3);
  const auto entries = test::counted_journal(1);
  {
    const File file({});
    CHECK(replay(file.path()).err.ends_with(": holds no record\n"));
  }
  {
    const File file({entries[1]});
    const Ran ran = replay(file.path());
    CHECK(ran.code == 1);
    CHECK(ran.err.ends_with("record 1: events where the run is due: no desk's journal\n"));
  }
  {
    const File file({desk::RunText{.rule = "other"}});
    CHECK(replay(file.path()).err.ends_with("record 1: no rule 'other'\n"));
  }
  {
    const File file({entries[0], entries[2]});
    CHECK(replay(file.path()).err.ends_with("record 2: tickets where events are due\n"));
  }
}

TEST_CASE("a journal that was cut short is replayed as far as it goes") {
  auto entries = test::counted_journal(3);
  entries.pop_back();
  const File file(entries);
  const Ran whole_record = replay(file.path());
  CHECK(whole_record.code == 0);
  CHECK(whole_record.err.starts_with("the last events have no recorded answer"));
  std::filesystem::resize_file(file.path(), std::filesystem::file_size(file.path()) - 3);
  const Ran torn = replay(file.path());
  CHECK(torn.code == 0);
  CHECK(torn.err.find("bytes are a record that was cut short") != std::string::npos);
  CHECK(ordered_json::parse(torn.out).at(0)["steps"] == 3);
}
