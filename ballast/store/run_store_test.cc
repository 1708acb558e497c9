#include "ballast/store/run_store.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ballast/base/rng.h"
#include "tests/folder.h"
#include "tests/support.h"

using namespace ballast;
using store::RunInfo;
using store::RunStore;

namespace {

namespace fs = std::filesystem;

/// SQL from outside our store, as somebody with the sqlite3 command would give it.
void meddle(const std::string& path, const std::string& sql) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  char* why = nullptr;
  const int code = sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &why);
  CHECK_MESSAGE(code == SQLITE_OK, sql, ": ", (why == nullptr ? "" : why));
  sqlite3_free(why);
  sqlite3_close(db);
}

/// A run that a crash may stop anywhere: 100 steps, a row each, a checkpoint every ten. Its state is its generator's
/// last number, so that a row shows whether all before it were there.
std::string row_of(std::uint64_t step, std::uint64_t state) {
  return "{\"step\":" + std::to_string(step) + ",\"state\":" + std::to_string(state) + "}";
}
std::uint64_t next(std::uint64_t state) { return Rng(state + 1).bits(); }

constexpr std::uint64_t steps = 100, every = 10;
const std::string run = "00ff", config = "{\"rule\":\"net\",\"seed\":1}";

/// Goes on with the run to its end; before(step) may end the process. What it answers is empty, or what failed.
std::string work(const std::string& path, const std::function<void(std::uint64_t)>& before) {
  auto opened = RunStore::open(path);
  if (!opened) return opened.error().what;
  RunStore runs = std::move(opened).value();
  if (const auto fault = runs.begin(run, config)) return fault->what;
  const auto from = runs.checkpoint(run);
  if (!from) return from.error().what;
  std::uint64_t step = from.value() ? from.value()->step : 0,
                state = from.value() ? std::stoull(from.value()->state) : 7;
  std::vector<std::string> rows;
  while (step < steps) {
    before(step);
    state = next(state);
    rows.push_back(row_of(++step, state));
    if (step % every != 0) continue;
    if (const auto fault = runs.put_checkpoint(run, step, std::to_string(state), rows)) return fault->what;
    rows.clear();
  }
  if (const auto fault = runs.finish(run, "{\"last\":" + std::to_string(state) + "}")) return fault->what;
  return "";
}

std::vector<std::string> all_rows() {
  std::vector<std::string> rows;
  std::uint64_t state = 7;
  for (std::uint64_t step = 1; step <= steps; ++step) rows.push_back(row_of(step, state = next(state)));
  return rows;
}

}  // namespace

TEST_CASE("runs, checkpoints, rows and results come back from the file") {
  const test::Folder folder;
  const std::string path = folder.file("runs.db");
  {
    RunStore runs = RunStore::open(path).value();
    CHECK(runs.runs().value().empty());
    CHECK_FALSE(runs.begin("ab", "first"));
    CHECK_FALSE(runs.begin("ab", "first"));
    CHECK_FALSE(runs.begin("0", std::string("\0second", 7)));
    CHECK_FALSE(runs.checkpoint("ab").value());
    CHECK(runs.rows("ab").value().empty());
    const std::string state("binary\0state\xff", 13);
    const std::vector<std::string> rows = {"{\"a\":1}", "[1,2.5e-3,null,\"\\u0000\"]", "3"};
    CHECK_FALSE(runs.put_checkpoint("ab", 0, "", {}));
    CHECK_FALSE(runs.put_checkpoint("ab", 5, state, rows));
    CHECK_FALSE(runs.put_checkpoint("ab", 1'000'000'000'000, "later", std::vector<std::string>{"\"last\""}));
    RunStore moved = std::move(runs);
    CHECK(moved.checkpoint("ab").value()->step == 1'000'000'000'000);
  }
  RunStore runs = RunStore::open(path).value();
  CHECK(runs.checkpoint("ab").value()->state == "later");
  CHECK(runs.rows("ab").value() ==
        std::vector<std::string>{"{\"a\":1}", "[1,2.5e-3,null,\"\\u0000\"]", "3", "\"last\""});
  CHECK_FALSE(runs.finish("ab", "{\"pnl\":-1.5}"));
  CHECK_FALSE(runs.finish("ab", "{\"pnl\":-1.5}"));
  const std::vector<RunInfo> all = runs.runs().value();
  REQUIRE(all.size() == 2);
  CHECK(all[0].run == "0");
  CHECK(all[0].config_text == std::string("\0second", 7));
  CHECK_FALSE(all[0].finished);
  CHECK(all[0].steps == 0);
  CHECK(all[1].run == "ab");
  CHECK(all[1].finished);
  CHECK(all[1].steps == 1'000'000'000'000);
  CHECK(all[1].rows == 4);
  CHECK(all[1].result_json == "{\"pnl\":-1.5}");
}

TEST_CASE("what does not belong into the store is refused whole") {
  const test::Folder folder;
  const std::string path = folder.file("runs.db");
  RunStore runs = RunStore::open(path).value();
  REQUIRE_FALSE(runs.begin("ab", "config"));
  const auto faults = [&](const std::optional<Error>& error, Fault fault, const std::string& what) {
    REQUIRE(error);
    CHECK(error->fault == fault);
    CHECK(error->what == path + ": " + what);
  };
  faults(runs.begin("ab", "other"), Fault::bad_input, "run ab is there with another configuration");
  faults(runs.begin("AB", "x"), Fault::bad_input, "a run is named by 1 to 128 lower-case hexadecimal digits, not 'AB'");
  CHECK(runs.begin("", "x")->fault == Fault::bad_input);
  CHECK(runs.begin(std::string(129, 'a'), "x")->fault == Fault::bad_input);
  faults(runs.put_checkpoint("cd", 1, "", {}), Fault::bad_input, "no run 'cd'");
  CHECK(runs.checkpoint("cd").error().what == path + ": no run 'cd'");
  CHECK(runs.rows("cd").error().fault == Fault::bad_input);
  CHECK(runs.finish("cd", "{}")->fault == Fault::bad_input);

  REQUIRE_FALSE(runs.put_checkpoint("ab", 3, "s3", std::vector<std::string>{"1"}));
  for (const std::string& bad : {std::string("{\"a\":"), std::string(), std::string("nan"), std::string("{}\0{", 4)}) {
    const auto fault = runs.put_checkpoint("ab", 4, "s4", std::vector<std::string>{"2", bad, "3"});
    REQUIRE(fault);
    CHECK(fault->fault == Fault::bad_input);
    CHECK(fault->what.find(path + ": row 2 of run ab is no JSON: '") == 0);
    CHECK(runs.rows("ab").value() == std::vector<std::string>{"1"});
    CHECK(runs.checkpoint("ab").value()->state == "s3");
  }
  faults(runs.put_checkpoint("ab", 3, "s", {}), Fault::out_of_sequence, "run ab is at step 3, no step 3");
  faults(runs.put_checkpoint("ab", 2, "s", {}), Fault::out_of_sequence, "run ab is at step 3, no step 2");
  CHECK(runs.put_checkpoint("ab", ~std::uint64_t{0}, "s", {})->fault == Fault::limit);
  CHECK(runs.put_checkpoint("ab", 4, std::string((64u << 20) + 1, 's'), {})->fault == Fault::limit);
  CHECK(runs.finish("ab", "{")->fault == Fault::bad_input);
  CHECK_FALSE(runs.runs().value().at(0).finished);
  REQUIRE_FALSE(runs.finish("ab", "{}"));
  faults(runs.finish("ab", "[]"), Fault::bad_input, "run ab is finished with another result");
  faults(runs.put_checkpoint("ab", 9, "s", {}), Fault::out_of_sequence, "run ab is finished, no step 9");
}

TEST_CASE("two stores do not mix their rows in one run") {
  const test::Folder folder;
  const std::string path = folder.file("runs.db");
  RunStore a = RunStore::open(path).value(), b = RunStore::open(path).value();
  REQUIRE_FALSE(a.begin("ab", "c"));
  REQUIRE_FALSE(b.begin("ab", "c"));
  CHECK_FALSE(a.put_checkpoint("ab", 10, "a", std::vector<std::string>{"10"}));
  const auto late = b.put_checkpoint("ab", 20, "b", std::vector<std::string>{"10", "20"});
  REQUIRE(late);
  CHECK(late->fault == Fault::out_of_sequence);
  CHECK(late->what == path + ": run ab stands at step 10, which this store has not read: no step 20");
  CHECK(b.checkpoint("ab").value()->state == "a");
  CHECK_FALSE(b.put_checkpoint("ab", 20, "b", std::vector<std::string>{"20"}));
  CHECK(a.put_checkpoint("ab", 30, "a", {}));
  CHECK(a.rows("ab").value() == std::vector<std::string>{"10", "20"});
  // One that has not asked where the run stands does not go on with it.
  RunStore c = RunStore::open(path).value();
  REQUIRE_FALSE(c.begin("ab", "c"));
  CHECK(c.put_checkpoint("ab", 30, "c", {})->fault == Fault::out_of_sequence);
}

TEST_CASE("a run that is killed goes on from its last checkpoint, to the same rows") {
  const test::Folder folder;
  const std::string path = folder.file("runs.db");
  for (const std::uint64_t deadly : {0, 5, 10, 37, 38, 41, 99}) {
    const pid_t child = ::fork();
    if (child == 0) {
      const std::string failed = work(path, [&](std::uint64_t step) {
        if (step == deadly) ::kill(::getpid(), SIGKILL);
      });
      ::_exit(failed.empty() ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    const RunStore runs = RunStore::open(path).value();
    const auto stands = runs.checkpoint(run);
    REQUIRE(stands);
    CAPTURE(deadly);
    CHECK((stands.value() ? stands.value()->step : 0) == deadly / every * every);
    CHECK(runs.rows(run).value().size() == deadly / every * every);
  }
  CHECK(work(path, [](std::uint64_t) {}).empty());
  const RunStore runs = RunStore::open(path).value();
  CHECK(runs.rows(run).value() == all_rows());
  CHECK(runs.runs().value().at(0).finished);
}

TEST_CASE("a run that is killed at any time has what was answered, and no part of a checkpoint") {
  const test::Folder folder;
  const std::string path = folder.file("runs.db");
  Rng rng(20261130);
  for (int round = 0; round < 12; ++round) {
    int pipe[2];
    REQUIRE(::pipe(pipe) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      work(path, [&](std::uint64_t step) {
        if (step % every == 0) [[maybe_unused]]
          const auto n = ::write(pipe[1], &step, sizeof(step));
      });
      ::_exit(0);
    }
    ::close(pipe[1]);
    std::uint64_t answered = 0, told = 0;
    if (::read(pipe[0], &told, sizeof(told)) == sizeof(told)) answered = told;
    ::usleep(static_cast<useconds_t>(rng.uniform() * 3000.0));
    ::kill(child, SIGKILL);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    while (::read(pipe[0], &told, sizeof(told)) == sizeof(told)) answered = told;
    ::close(pipe[0]);
    const RunStore runs = RunStore::open(path).value();
    const auto rows = runs.rows(run);
    REQUIRE(rows);
    CHECK(rows.value().size() >= answered);
    CHECK(rows.value().size() % every == 0);
    const auto all = all_rows();
    CHECK(std::equal(rows.value().begin(), rows.value().end(), all.begin()));
    if (rows.value().size() == steps) break;
  }
  CHECK(work(path, [](std::uint64_t) {}).empty());
  CHECK(RunStore::open(path).value().rows(run).value() == all_rows());
}

TEST_CASE("a full disk is an error, and what was answered before stays") {
  const test::Folder folder;
  const std::string path = folder.file("runs.db");
  const pid_t child = ::fork();
  if (child == 0) {
    RunStore runs = RunStore::open(path).value();
    if (runs.begin("ab", "c") || runs.put_checkpoint("ab", 1, "one", std::vector<std::string>{"1"})) ::_exit(1);
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{100'000, 100'000};  // bytes of a file
    if (::setrlimit(RLIMIT_FSIZE, &small) != 0) ::_exit(2);
    const auto full = runs.put_checkpoint("ab", 2, std::string(1'000'000, 's'), std::vector<std::string>{"2"});
    if (!full || full->fault != Fault::unavailable || full->what.find(path + ": ") != 0) ::_exit(3);
    // Whether it happened is not known: the store has to be asked before the run goes on.
    ::_exit(runs.put_checkpoint("ab", 3, "s", {}) ? 0 : 4);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  RunStore runs = RunStore::open(path).value();
  CHECK(runs.checkpoint("ab").value()->state == "one");
  CHECK(runs.rows("ab").value() == std::vector<std::string>{"1"});
  CHECK_FALSE(runs.put_checkpoint("ab", 2, std::string(1'000'000, 's'), std::vector<std::string>{"2"}));
}

TEST_CASE("a file that is no store, another program's or newer is refused and left as it is") {
  const test::Folder folder;
  const auto refused = [&](const std::string& name) {
    const std::string before = test::slurp(folder.file(name));
    const auto opened = RunStore::open(folder.file(name));
    REQUIRE_FALSE(opened);
    CHECK(opened.error().what.find(folder.file(name) + ": ") == 0);
    CHECK(test::slurp(folder.file(name)) == before);
    return opened.error();
  };
  std::ofstream(folder.file("text")) << std::string(5000, 'x');
  CHECK(refused("text").fault == Fault::bad_syntax);
  meddle(folder.file("other.db"), "CREATE TABLE mine(a)");
  CHECK(refused("other.db").what == folder.file("other.db") + ": a SQLite file of another program");
  REQUIRE(RunStore::open(folder.file("newer.db")));
  meddle(folder.file("newer.db"), "PRAGMA user_version = 2");
  const Error newer = refused("newer.db");
  CHECK(newer.fault == Fault::not_ours);
  CHECK(newer.what == folder.file("newer.db") + ": runs of schema 2, this version of Ballast knows 1");
  CHECK(RunStore::open(folder.file("no/such.db")).error().fault == Fault::unavailable);
  CHECK(RunStore::open(folder.file(".")).error().fault == Fault::unavailable);
  CHECK(RunStore::open("").error().fault == Fault::unavailable);
}

TEST_CASE("a text that was changed from outside is damage, not data") {
  const test::Folder folder;
  const std::string path = folder.file("runs.db");
  {
    RunStore runs = RunStore::open(path).value();
    REQUIRE_FALSE(runs.begin("ab", "config"));
    REQUIRE_FALSE(runs.put_checkpoint("ab", 7, "state", std::vector<std::string>{"1", "2", "3"}));
    REQUIRE_FALSE(runs.finish("ab", "{}"));
  }
  const auto damaged = [](const auto& answer, const std::string& what) {
    REQUIRE_FALSE(answer);
    CHECK(answer.error().fault == Fault::bad_syntax);
    CHECK(answer.error().what.find(what) != std::string::npos);
  };
  const auto runs = [&] { return RunStore::open(path).value(); };
  meddle(path, "UPDATE result_row SET body = '4' WHERE place = 1");
  damaged(runs().rows("ab"), "wrong checksum of the row 1 of run ab");
  meddle(path, "UPDATE result_row SET body = '2' WHERE place = 1");
  CHECK(runs().rows("ab").value() == std::vector<std::string>{"1", "2", "3"});
  meddle(path, "DELETE FROM result_row WHERE place = 2");
  damaged(runs().rows("ab"), "run ab has 2 rows, not 3");
  meddle(path, "UPDATE result_row SET place = 2 WHERE place = 1");
  damaged(runs().rows("ab"), "row 1");
  meddle(path, "UPDATE checkpoint SET step = 8");
  damaged(runs().checkpoint("ab"), "wrong checksum of the state of run ab");
  meddle(path, "UPDATE run SET result = '[]'");
  damaged(runs().runs(), "wrong checksum of the result of run ab");
  meddle(path, "UPDATE run SET config = 'c'");
  damaged(runs().runs(), "wrong checksum of the configuration of run ab");
  CHECK(runs().begin("ab", "c")->fault == Fault::bad_syntax);
}

TEST_CASE("the file's tables hold their types") {
  const test::Folder folder;
  const std::string path = folder.file("runs.db");
  REQUIRE(RunStore::open(path));
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  const auto refuses = [&](const char* sql) {
    return sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_CONSTRAINT;
  };
  CHECK(refuses("INSERT INTO run(name, config, config_sum) VALUES('ab', 'c', 'text')"));
  CHECK(refuses("INSERT INTO result_row VALUES(1, 0, '{', 0)"));
  CHECK(refuses("INSERT INTO checkpoint VALUES(1, -1, 0, x'', 0)"));
  sqlite3_close(db);
}
