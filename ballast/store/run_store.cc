#include "ballast/store/run_store.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "ballast/base/text.h"
#include "ballast/store/internal/packing.h"
#include "ballast/store/internal/record_file.h"
#include "ballast/store/internal/sqlite.h"

namespace ballast::store {
namespace {

constexpr std::int64_t application = 0x42'4c'53'54;  // "BLST": whose SQLite file it is, in its header
constexpr std::int64_t newest_schema = 1;            // user_version
constexpr std::size_t text_limit = std::size_t{64} << 20, name_limit = 128;

/// Names by number, since each of a run's many rows has it. A checksum covers what tells a text's place as well, so
/// that two texts that changed places are found.
constexpr const char* schema_1 = R"(
  CREATE TABLE run(
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    config TEXT NOT NULL,
    config_sum INTEGER NOT NULL,
    result TEXT CHECK (result IS NULL OR json_valid(result)),
    result_sum INTEGER) STRICT;
  CREATE TABLE checkpoint(
    run INTEGER PRIMARY KEY REFERENCES run(id),
    step INTEGER NOT NULL CHECK (step >= 0),
    row_count INTEGER NOT NULL CHECK (row_count >= 0),
    state BLOB NOT NULL,
    state_sum INTEGER NOT NULL) STRICT;
  CREATE TABLE result_row(
    run INTEGER NOT NULL REFERENCES run(id),
    place INTEGER NOT NULL CHECK (place >= 0),
    body TEXT NOT NULL CHECK (json_valid(body)),
    body_sum INTEGER NOT NULL,
    PRIMARY KEY (run, place)) STRICT, WITHOUT ROWID;
  PRAGMA application_id = 1112298324;
  PRAGMA user_version = 1;
)";
static_assert(application == 1112298324);

std::int64_t sum_of(std::string_view text, std::int64_t place = 0, std::int64_t count = 0) {
  std::string before;
  put(before, static_cast<std::uint64_t>(place));
  put(before, static_cast<std::uint64_t>(count));
  return crc32_of(text, crc32_of(before));
}

bool is_name(const std::string& run) {
  return !run.empty() && run.size() <= name_limit &&
         std::all_of(run.begin(), run.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

struct RunStore::Database {
  Sqlite sqlite;
  /// The step of the last checkpoint that this store has read or written, none where there was none.
  std::map<std::string, std::optional<std::int64_t>> seen;

  /// A run as it stands in the file.
  struct Run {
    std::int64_t id = 0;
    std::optional<std::int64_t> step;
    std::int64_t rows = 0;
    bool finished = false;
  };

  Error error(Fault fault, const std::string& what) const { return {fault, sqlite.path() + ": " + what}; }
  Error damaged(const std::string& run, const char* what) const {
    return error(Fault::bad_syntax, fmt::format("the store is damaged: wrong checksum of the {} of run {}", what, run));
  }
  std::optional<Error> within_limit(std::string_view text, const char* what) const {
    if (text.size() <= text_limit) return std::nullopt;
    return error(Fault::limit, fmt::format("{} of {} bytes, over {}", what, text.size(), text_limit));
  }

  Result<Run> find(const std::string& name) {
    Statement found(sqlite,
                    "SELECT run.id, step, row_count, result IS NOT NULL FROM run LEFT JOIN checkpoint ON run = id "
                    "WHERE name = ?");
    if (!found.bind_text(name).step()) {
      if (found.fault()) return *found.fault();
      return error(Fault::bad_input, "no run " + quoted(name));
    }
    Run run{.id = found.integer(0), .step = std::nullopt, .rows = found.integer(2), .finished = found.integer(3) != 0};
    if (!found.is_null(1)) run.step = found.integer(1);
    return run;
  }

  std::optional<Error> prepare();
};

/// Whose file it is, and of which schema, before anything is changed in it.
std::optional<Error> RunStore::Database::prepare() {
  const auto look = [&](bool& fresh) -> std::optional<Error> {
    const auto owner = sqlite.number("PRAGMA application_id"), schema = sqlite.number("PRAGMA user_version"),
               tables = sqlite.number("SELECT count(*) FROM sqlite_schema");
    for (const auto* answer : {&owner, &schema, &tables}) {
      if (!*answer) return answer->error();
    }
    fresh = owner.value() == 0 && schema.value() == 0 && tables.value() == 0;
    if (fresh) return std::nullopt;
    if (owner.value() != application) return error(Fault::not_ours, "a SQLite file of another program");
    if (schema.value() > newest_schema || schema.value() < 1) {
      return error(Fault::not_ours,
                   fmt::format("runs of schema {}, this version of Ballast knows {}", schema.value(), newest_schema));
    }
    return std::nullopt;
  };
  bool fresh = false;
  if (auto fault = look(fresh)) return fault;
  // Each commit is on the disk when it has answered; readers and a writer do not wait for each other.
  for (const char* words : {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON"}) {
    if (auto fault = sqlite.run(words)) return fault;
  }
  if (!fresh) return std::nullopt;
  Transaction making(sqlite, Transaction::Kind::write);
  if (making.fault()) return making.fault();
  if (auto fault = look(fresh)) return fault;  // another process may have been faster
  if (fresh) {
    if (auto fault = sqlite.run(schema_1)) return fault;
  }
  if (auto fault = making.commit()) return fault;
  if (sync_folder_of(sqlite.path()) != 0) return error(Fault::unavailable, "its folder cannot be synced");
  return std::nullopt;
}

RunStore::RunStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}
RunStore::RunStore(RunStore&&) noexcept = default;
RunStore& RunStore::operator=(RunStore&&) noexcept = default;
RunStore::~RunStore() = default;

Result<RunStore> RunStore::open(const std::string& path) {
  auto opened = Sqlite::open(path);
  if (!opened) return opened.error();
  auto database = std::make_unique<Database>(Database{std::move(opened).value(), {}});
  if (auto fault = database->prepare()) return *std::move(fault);
  return RunStore(std::move(database));
}

std::optional<Error> RunStore::begin(const std::string& run, const std::string& config_text) {
  Database& db = *database_;
  if (!is_name(run)) {
    return db.error(Fault::bad_input, fmt::format("a run is named by 1 to {} lower-case hexadecimal digits, not {}",
                                                  name_limit, quoted(run)));
  }
  if (auto fault = db.within_limit(config_text, "a configuration")) return fault;
  Transaction writing(db.sqlite, Transaction::Kind::write);
  if (writing.fault()) return writing.fault();
  Statement there(db.sqlite,
                  "SELECT config, config_sum, step FROM run LEFT JOIN checkpoint ON run = id WHERE name = ?");
  if (there.bind_text(run).step()) {
    const std::string text = there.bytes(0);
    if (sum_of(text) != there.integer(1)) return db.damaged(run, "configuration");
    if (text != config_text) return db.error(Fault::bad_input, "run " + run + " is there with another configuration");
    if (there.is_null(2)) db.seen.try_emplace(run, std::nullopt);
    return std::nullopt;
  }
  if (there.fault()) return there.fault();
  Statement put(db.sqlite, "INSERT INTO run(name, config, config_sum) VALUES(?, ?, ?)");
  put.bind_text(run).bind_text(config_text).bind(sum_of(config_text)).step();
  if (put.fault()) return put.fault();
  if (auto fault = writing.commit()) return fault;
  db.seen[run] = std::nullopt;
  return std::nullopt;
}

std::optional<Error> RunStore::put_checkpoint(const std::string& run, std::uint64_t step, std::string_view state,
                                              std::span<const std::string> rows) {
  Database& db = *database_;
  if (step > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return db.error(Fault::limit, fmt::format("step {} of run {}", step, run));
  const auto now = static_cast<std::int64_t>(step);
  if (auto fault = db.within_limit(state, "a state")) return fault;
  for (const std::string& row : rows) {
    if (auto fault = db.within_limit(row, "a row")) return fault;
  }
  Transaction writing(db.sqlite, Transaction::Kind::write);
  if (writing.fault()) return writing.fault();
  const auto found = db.find(run);
  if (!found) return found.error();
  const Database::Run& there = found.value();
  if (there.finished) return db.error(Fault::out_of_sequence, fmt::format("run {} is finished, no step {}", run, step));
  const auto seen = db.seen.find(run);
  if (seen == db.seen.end() || seen->second != there.step) {
    return db.error(Fault::out_of_sequence,
                    fmt::format("run {} stands at step {}, which this store has not read: no step {}", run,
                                there.step ? std::to_string(*there.step) : "none", step));
  }
  if (there.step && now <= *there.step)
    return db.error(Fault::out_of_sequence, fmt::format("run {} is at step {}, no step {}", run, *there.step, step));

  Statement put(db.sqlite, "INSERT INTO result_row(run, place, body, body_sum) VALUES(?, ?, ?, ?)");
  std::int64_t place = there.rows;
  for (const std::string& row : rows) {
    put.bind(there.id).bind(place).bind_text(row).bind(sum_of(row, place)).step();
    // SQLite's JSON ends at a zero byte; what stands behind one would go unchecked.
    if (put.constraint() == SQLITE_CONSTRAINT_CHECK || row.find('\0') != std::string::npos)
      return db.error(Fault::bad_input, fmt::format("row {} of run {} is no JSON: {}", place, run, quoted(row)));
    put.reset();
    if (put.fault()) return put.fault();
    ++place;
  }
  Statement move(
      db.sqlite,
      "INSERT INTO checkpoint(run, step, row_count, state, state_sum) VALUES(?, ?, ?, ?, ?) ON CONFLICT(run) "
      "DO UPDATE SET step = excluded.step, row_count = excluded.row_count, state = excluded.state, "
      "state_sum = excluded.state_sum");
  move.bind(there.id).bind(now).bind(place).bind_blob(state).bind(sum_of(state, now, place)).step();
  if (move.fault()) return move.fault();
  db.seen.erase(seen);  // whether a commit that fails has happened is not known: then checkpoint() has to be asked
  if (auto fault = writing.commit()) return fault;
  db.seen[run] = now;
  return std::nullopt;
}

Result<std::optional<Checkpoint>> RunStore::checkpoint(const std::string& run) const {
  Database& db = *database_;
  const Transaction reading(db.sqlite, Transaction::Kind::read);
  if (reading.fault()) return *reading.fault();
  const auto found = db.find(run);
  if (!found) return found.error();
  const Database::Run& there = found.value();
  std::optional<Checkpoint> answer;
  if (there.step) {
    Statement read(db.sqlite, "SELECT state, state_sum FROM checkpoint WHERE run = ?");
    if (!read.bind(there.id).step()) return read.fault() ? *read.fault() : db.damaged(run, "state");
    answer = Checkpoint{static_cast<std::uint64_t>(*there.step), read.bytes(0)};
    if (sum_of(answer->state, *there.step, there.rows) != read.integer(1)) return db.damaged(run, "state");
  }
  db.seen[run] = there.step;
  return answer;
}

Result<std::vector<std::string>> RunStore::rows(const std::string& run) const {
  Database& db = *database_;
  const Transaction reading(db.sqlite, Transaction::Kind::read);
  if (reading.fault()) return *reading.fault();
  const auto found = db.find(run);
  if (!found) return found.error();
  std::vector<std::string> all;
  Statement read(db.sqlite, "SELECT place, body, body_sum FROM result_row WHERE run = ? ORDER BY place");
  read.bind(found.value().id);
  while (read.step()) {
    std::string body = read.bytes(1);
    const auto place = static_cast<std::int64_t>(all.size());
    if (read.integer(0) != place || sum_of(body, place) != read.integer(2))
      return db.damaged(run, fmt::format("row {}", place).c_str());
    all.push_back(std::move(body));
  }
  if (read.fault()) return *read.fault();
  if (static_cast<std::int64_t>(all.size()) != found.value().rows) {
    return db.error(Fault::bad_syntax, fmt::format("the store is damaged: run {} has {} rows, not {}", run, all.size(),
                                                   found.value().rows));
  }
  return all;
}

std::optional<Error> RunStore::finish(const std::string& run, const std::string& result_json) {
  Database& db = *database_;
  if (auto fault = db.within_limit(result_json, "a result")) return fault;
  Transaction writing(db.sqlite, Transaction::Kind::write);
  if (writing.fault()) return writing.fault();
  const auto found = db.find(run);
  if (!found) return found.error();
  if (found.value().finished) {
    Statement read(db.sqlite, "SELECT result FROM run WHERE id = ?");
    if (!read.bind(found.value().id).step()) return read.fault() ? read.fault() : db.damaged(run, "result");
    if (read.bytes(0) == result_json) return std::nullopt;
    return db.error(Fault::bad_input, "run " + run + " is finished with another result");
  }
  Statement put(db.sqlite, "UPDATE run SET result = ?, result_sum = ? WHERE id = ?");
  put.bind_text(result_json).bind(sum_of(result_json)).bind(found.value().id).step();
  if (put.constraint() == SQLITE_CONSTRAINT_CHECK || result_json.find('\0') != std::string::npos)
    return db.error(Fault::bad_input, fmt::format("the result of run {} is no JSON: {}", run, quoted(result_json)));
  if (put.fault()) return put.fault();
  return writing.commit();
}

Result<std::vector<RunInfo>> RunStore::runs() const {
  Database& db = *database_;
  std::vector<RunInfo> all;
  Statement read(db.sqlite,
                 "SELECT name, config, config_sum, result, result_sum, step, row_count FROM run "
                 "LEFT JOIN checkpoint ON run = id ORDER BY name");
  while (read.step()) {
    RunInfo info{.run = read.bytes(0), .config_text = read.bytes(1), .finished = !read.is_null(3)};
    if (sum_of(info.config_text) != read.integer(2)) return db.damaged(info.run, "configuration");
    info.result_json = read.bytes(3);
    if (info.finished && sum_of(info.result_json) != read.integer(4)) return db.damaged(info.run, "result");
    info.steps = static_cast<std::uint64_t>(read.integer(5));
    info.rows = static_cast<std::uint64_t>(read.integer(6));
    all.push_back(std::move(info));
  }
  if (read.fault()) return *read.fault();
  return all;
}

}  // namespace ballast::store
