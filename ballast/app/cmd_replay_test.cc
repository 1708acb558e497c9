// A run from its file, its journals, and `ballast replay` of them: the desk's own step, both times.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include "ballast/app/commands.h"
#include "ballast/desk/journal.h"
#include "ballast/store/journal.h"

using namespace ballast;
using nlohmann::ordered_json;

namespace {

constexpr const char* run_text = R"(
name = "replayed"
underlying = "BTC"
[market.model]
start = 60000.0
days = 1.0
step_hours = 6.0
seed = 5
[book]
kind = "strangle"
coins = 5.0
days = 7.0
[[rule]]
name = "net"
[[rule]]
name = "banded"
band = "fixed"
width = 0.05
)";

struct Ran {
  int code;
  std::string out, err;
};

Ran ballast_with(std::vector<std::string> words) {
  std::ostringstream out, err;
  const int code = app::run(std::move(words), {out, err});
  return {code, out.str(), err.str()};
}

/// A folder with a run's file and its journals, for as long as the test.
class Journals {
 public:
  Journals() : path_(std::filesystem::temp_directory_path() / ("ballast-journals-" + std::to_string(::getpid()))) {
    std::filesystem::create_directory(path_);
    std::ofstream(path_ / "run.toml") << run_text;
    REQUIRE(ballast_with({"backtest", (path_ / "run.toml").string(), "--journal", path_.string()}).code == 0);
  }
  ~Journals() { std::filesystem::remove_all(path_); }
  Journals(const Journals&) = delete;
  Journals& operator=(const Journals&) = delete;
  std::string file(const std::string& rule) const { return (path_ / (rule + ".journal")).string(); }
  std::string folder() const { return path_.string(); }

  /// A journal that is the same but for what `change` does to an entry.
  template <class Change>
  std::string changed(const std::string& rule, Change change) const {
    const std::string path = file("changed");
    std::filesystem::remove(path);
    auto writer = store::JournalWriter::open(path).value();
    REQUIRE(store::read_journal(file(rule), [&](const store::Record& record) {
      desk::Entry entry = desk::entry_of(record.kind, record.schema, record.bytes).value();
      change(record.sequence, entry);
      return bool(writer.append(record.kind, record.schema, desk::bytes_of(entry)));
    }));
    REQUIRE_FALSE(writer.sync());
    return path;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("the journals of a run replay bit for bit, and what was changed in them is found") {
  const Journals journals;
  for (const char* rule : {"unhedged", "net", "banded"}) {
    CAPTURE(rule);
    const Ran ran = ballast_with({"replay", journals.file(rule), "-o", "json"});
    CHECK(ran.code == 0);
    CHECK(ran.err == "the same, bit for bit\n");
    const auto row = ordered_json::parse(ran.out).at(0);
    CHECK(row["decisions"] == (std::string(rule) == "unhedged" ? 0 : 5));  // every six hours of a day, both ends
    CHECK(row["different_steps"] == 0);
  }

  std::uint64_t where = 0;
  const std::string one_tick = journals.changed("net", [&](std::uint64_t sequence, desk::Entry& entry) {
    auto* tickets = std::get_if<std::vector<market::Ticket>>(&entry);
    if (where > 0 || !tickets || tickets->empty()) return;
    where = sequence;
    tickets->front().limit_ticks += 1;
  });
  REQUIRE(where > 0);
  const Ran tick = ballast_with({"replay", one_tick, "-o", "json"});
  CHECK(tick.code == 1);
  CHECK(ordered_json::parse(tick.out).at(0)["first_difference"] == where);
  CHECK(ordered_json::parse(tick.out).at(0)["different_steps"] == 1);

  const std::string other_rule = journals.changed("banded", [](std::uint64_t, desk::Entry& entry) {
    if (auto* run = std::get_if<desk::RunText>(&entry)) run->rule = "net";
  });
  CHECK(ballast_with({"replay", other_rule}).code == 1);

  const std::string no_rule = journals.changed("net", [](std::uint64_t, desk::Entry& entry) {
    if (auto* run = std::get_if<desk::RunText>(&entry)) run->rule = "nett";
  });
  const Ran refused = ballast_with({"replay", no_rule});
  CHECK(refused.code == 1);
  CHECK(refused.err.ends_with("record 1: the run has no rule 'nett'\n"));
}

TEST_CASE("a journal knows where its run's paths are from") {
  const Journals journals;
  bool seen = false;
  REQUIRE(store::read_journal(journals.file("net"), [&](const store::Record& record) {
    const auto entry = desk::entry_of(record.kind, record.schema, record.bytes);
    const auto* run = entry ? std::get_if<desk::RunText>(&entry.value()) : nullptr;
    REQUIRE(run);
    CHECK(run->run == run_text);
    CHECK(std::filesystem::equivalent(run->folder, journals.folder()));
    seen = true;
    return false;
  }));
  CHECK(seen);
}

TEST_CASE("replay is misused as other commands are") {
  CHECK(ballast_with({"replay"}).code == 2);
  CHECK(ballast_with({"replay", "x.journal", "--at", "0"}).code == 2);
  CHECK(ballast_with({"replay", "/nowhere/x.journal"}).code == 3);
}
