#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include "ballast/base/result.h"

namespace ballast::store {

/// An open SQLite file and the first fault that it must not forget.
class Sqlite {
 public:
  /// Opens or makes a file, waiting up to 10 s for locks of others. No URI and no `:memory:`: `path` names a file.
  static Result<Sqlite> open(const std::string& path);

  sqlite3* handle() const { return handle_.get(); }
  const std::string& path() const { return path_; }

  /// Runs words that give no rows.
  std::optional<Error> run(const char* sql);
  /// The number that a statement with one row and one column gives.
  Result<std::int64_t> number(const char* sql);

  /// The error of the last call, by its code: bad_syntax for a damaged file, limit for what is too big, else
  /// unavailable. A failed read, write or sync is final: what the disk has is not known any more, and broken() says so
  /// ever after.
  Error fault(const char* doing);
  const std::optional<Error>& broken() const { return broken_; }

 private:
  Sqlite() = default;

  struct Closed {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  std::unique_ptr<sqlite3, Closed> handle_;
  std::string path_;
  std::optional<Error> broken_;
};

/// One statement, its values bound in order. After a fault everything does nothing; ask fault() when done.
class Statement {
 public:
  Statement(Sqlite& db, const char* sql);

  Statement& bind(std::int64_t value);
  Statement& bind_text(std::string_view value);
  Statement& bind_blob(std::string_view value);
  /// True while there is a row. Without one the statement is done, or failed.
  bool step();
  /// Ready for other values.
  void reset();

  bool is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }
  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  std::string bytes(int column) const;

  /// The extended code of a constraint that refused the last step, else 0.
  int constraint() const { return constraint_; }
  const std::optional<Error>& fault() const { return fault_; }

 private:
  void check(int code);

  struct Closed {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  Sqlite& db_;
  std::unique_ptr<sqlite3_stmt, Closed> statement_;
  int next_ = 1, constraint_ = 0;
  std::optional<Error> fault_;
};

/// A transaction that is rolled back unless it is committed.
class Transaction {
 public:
  enum class Kind { read, write };
  Transaction(Sqlite& db, Kind kind);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  const std::optional<Error>& fault() const { return fault_; }  ///< it could not begin
  std::optional<Error> commit();

 private:
  Sqlite& db_;
  bool open_ = false;
  std::optional<Error> fault_;
};

}  // namespace ballast::store
