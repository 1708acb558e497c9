#pragma once
#include <string>
#include <utility>
#include <variant>

namespace ballast {

/// Why there is no value. The names of docs/safety.md stand behind them: see outcome_of() in app/cmd_check.cc.
enum class Fault {
  bad_flag,         ///< a word of the command line
  bad_input,        ///< a name, a unit or a number of the book or of a call
  bad_syntax,       ///< bytes that are not well formed, or over a size limit
  bad_field,        ///< a field that is missing, mistyped or out of range
  not_believable,   ///< readable, but no market looks like this
  out_of_sequence,  ///< a change without the book that it changes
  not_ours,         ///< a message that we have no use for
  missing_data,     ///< something the answer needs is not there, is too old, or cannot be trusted
  no_solution,      ///< the problem as put has no answer
  limit,            ///< a bound on size, count or iterations was reached
  unavailable       ///< a file or a data source cannot be reached
};

struct Error {
  Fault fault;
  std::string what;  ///< for people: where, what, and the offending value
};

/// Prints the error and aborts: asking an error for its value is a bug of the caller.
[[noreturn]] void abort_with(const Error& error);

/// A value or the reason there is none. Asserts are for bugs, Result is for the world.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  explicit operator bool() const { return state_.index() == 0; }
  const T& value() const& {
    if (!*this) abort_with(error());
    return std::get<0>(state_);
  }
  T&& value() && {
    if (!*this) abort_with(error());
    return std::get<0>(std::move(state_));
  }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

/// The same error with the place it happened in front: "book.csv: line 4: ...".
inline Error in(const std::string& place, Error error) {
  error.what = place + ": " + error.what;
  return error;
}

}  // namespace ballast
