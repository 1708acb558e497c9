#include "ballast/store/internal/sqlite.h"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>

namespace ballast::store {

namespace {
constexpr int patience_ms = 10'000;  // a writer before us syncs within that, or something is wrong
}

Result<Sqlite> Sqlite::open(const std::string& path) {
  Sqlite db;
  db.path_ = path;
  std::error_code failed;
  const std::string file = std::filesystem::absolute(path, failed).string();
  if (failed || path.empty()) return Error{Fault::unavailable, path + ": cannot be opened: no name of a file"};
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
  db.handle_.reset(handle);
  if (handle == nullptr) return Error{Fault::unavailable, path + ": cannot be opened: no memory"};
  if (code != SQLITE_OK) return db.fault("opened");
  sqlite3_busy_timeout(handle, patience_ms);
  return db;
}

std::optional<Error> Sqlite::run(const char* sql) {
  if (broken_) return broken_;
  if (sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return std::nullopt;
  return fault("used");
}

Result<std::int64_t> Sqlite::number(const char* sql) {
  Statement statement(*this, sql);
  if (!statement.step())
    return statement.fault() ? *statement.fault() : Error{Fault::bad_syntax, path_ + ": no answer"};
  return statement.integer(0);
}

Error Sqlite::fault(const char* doing) {
  const int code = sqlite3_errcode(handle()) & 0xff;
  Error error{Fault::unavailable, fmt::format("{}: cannot be {}: {}", path_, doing, sqlite3_errmsg(handle()))};
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB) error.fault = Fault::bad_syntax;
  if (code == SQLITE_TOOBIG) error.fault = Fault::limit;
  if (code == SQLITE_IOERR) broken_ = error;
  return error;
}

Statement::Statement(Sqlite& db, const char* sql) : db_(db) {
  if (db.broken()) {
    fault_ = db.broken();
    return;
  }
  sqlite3_stmt* statement = nullptr;
  check(sqlite3_prepare_v2(db.handle(), sql, -1, &statement, nullptr));
  statement_.reset(statement);
}

void Statement::check(int code) {
  if (code == SQLITE_OK || fault_) return;
  if ((code & 0xff) == SQLITE_CONSTRAINT) constraint_ = code;
  fault_ = db_.fault("used");
}

Statement& Statement::bind(std::int64_t value) {
  if (!fault_) check(sqlite3_bind_int64(statement_.get(), next_++, value));
  return *this;
}

// SQLITE_STATIC: the caller's bytes outlive the step, and are not copied. A null pointer would be NULL, not "".
Statement& Statement::bind_text(std::string_view value) {
  const char* const at = value.data() == nullptr ? "" : value.data();
  if (!fault_) check(sqlite3_bind_text64(statement_.get(), next_++, at, value.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind_blob(std::string_view value) {
  const char* const at = value.data() == nullptr ? "" : value.data();
  if (!fault_) check(sqlite3_bind_blob64(statement_.get(), next_++, at, value.size(), SQLITE_STATIC));
  return *this;
}

bool Statement::step() {
  if (fault_) return false;
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) check(code);
  return false;
}

void Statement::reset() {
  if (!fault_) check(sqlite3_reset(statement_.get()));
  next_ = 1;
}

std::string Statement::bytes(int column) const {
  const void* const at = sqlite3_column_blob(statement_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
  return at == nullptr ? std::string() : std::string(static_cast<const char*>(at), size);
}

Transaction::Transaction(Sqlite& db, Kind kind) : db_(db) {
  fault_ = db.run(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN");
  open_ = !fault_;
}

Transaction::~Transaction() {
  // Some faults have rolled back already; then there is nothing left to do, and nothing to report.
  if (open_ && sqlite3_get_autocommit(db_.handle()) == 0)
    sqlite3_exec(db_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

std::optional<Error> Transaction::commit() {
  auto fault = db_.run("COMMIT");
  if (!fault) open_ = false;
  return fault;
}

}  // namespace ballast::store
