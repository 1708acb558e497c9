#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "ballast/base/result.h"
#include "ballast/base/time.h"
#include "ballast/venue/internal/json_syntax.h"

namespace ballast::venue::json {

class Node;

/// A checked JSON document: json_syntax.h, then simdjson's DOM (its on-demand reader would find a syntax error only
/// after the first fields were used). Nodes point into it: it outlives them and does not move.
///
/// Reading fields never stops in the middle: the first fault is kept in the document, every later read answers with
/// an empty value and looks at nothing, and the decoder asks `error()` once at its end.
class Document {
 public:
  Document();
  ~Document();
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  /// Faults: bad_syntax as syntax_fault(); `limit` in bytes.
  static Result<std::unique_ptr<Document>> read(std::string_view bytes, std::size_t limit);

  Node root();
  const std::optional<Error>& error() const { return error_; }
  void fail(Fault fault, std::string what) {
    if (!error_) error_ = Error{fault, std::move(what)};
  }

 private:
  // Behind a pointer: the layout of simdjson's parser depends on a macro that only the library is built with, and a
  // test that included this header freed memory at random.
  struct Parser;
  std::unique_ptr<Parser> parser_;
  simdjson::dom::element root_;
  std::optional<Error> error_;
};

/// A value and how it was reached, for messages such as `result[3].tick_size`.
class Node {
 public:
  Node(simdjson::dom::element element, Document& document) : element_(element), document_(&document) {}

  bool is_object() const { return element_.is_object(); }
  bool is_array() const { return element_.is_array(); }
  bool is_number() const { return element_.is_number(); }
  bool is_string() const { return element_.is_string(); }
  bool is_null() const { return element_.is_null(); }

  /// The member, empty when it is absent or null or when this is no object. Never a fault.
  std::optional<Node> find(std::string_view key) const;
  /// The member, empty when it is absent. Never a fault.
  bool has(std::string_view key) const { return find(key).has_value(); }

  /// The first element, empty when this is no array or has none. Never a fault.
  std::optional<Node> first() const;

  /// Calls fn(Node) for each element. Fault bad_field unless this is an array of at most `most` elements.
  template <class Fn>
  void each(std::size_t most, Fn fn) const {
    simdjson::dom::array array;
    if (failed() || !elements(most, array)) return;
    std::int64_t i = 0;
    for (const simdjson::dom::element element : array) {
      if (failed()) return;
      fn(step(element, {}, i++));
    }
  }

  /// Calls fn(key, Node) for each member. Fault bad_field unless this is an object.
  template <class Fn>
  void each_member(Fn fn) const {
    simdjson::dom::object object;
    if (failed() || !members(object)) return;
    for (const simdjson::dom::key_value_pair member : object) {
      if (failed()) return;
      fn(member.key, step(member.value, member.key, -1));
    }
  }

  // Members. Those with `maybe_` take null and absence alike as absence; the others fault with bad_field on both.
  // A value of another type is a bad_field: a number written as a string is not converted by guess.
  std::optional<double> maybe_number(std::string_view key) const;
  double number(std::string_view key) const;
  std::optional<std::string_view> maybe_text(std::string_view key) const;
  std::string_view text(std::string_view key) const;
  std::optional<std::int64_t> maybe_integer(std::string_view key) const;
  std::int64_t integer(std::string_view key) const;
  std::optional<bool> maybe_flag(std::string_view key) const;
  /// Milliseconds since 1970. Fault not_believable ("unit slip") outside 2015 to 2100.
  std::optional<Time> maybe_time(std::string_view key) const;
  Time time(std::string_view key) const;
  std::optional<Node> object(std::string_view key) const;

  // The value itself, the same rules.
  double as_number() const;
  std::string_view as_text() const;

  /// A bad_field fault at this value, or at its member: "<path>: <why>, found <value>".
  void reject(const std::string& why) const { fail(Fault::bad_field, why); }
  void reject(std::string_view key, const std::string& why) const { fail(Fault::bad_field, key, why); }
  void fail(Fault fault, const std::string& why) const;
  void fail(Fault fault, std::string_view key, const std::string& why) const;

  bool failed() const { return document_->error().has_value(); }
  std::string path() const;
  std::string shown() const;  ///< the value, for messages: at most 64 bytes of it

 private:
  struct Step {
    std::string_view key;
    std::int64_t index = -1;  ///< >= 0: an element
  };
  static constexpr std::size_t longest = 6;  // params.data.summaries[0].map.key; what is deeper is cut in the message

  Node step(simdjson::dom::element element, std::string_view key, std::int64_t index) const;
  bool elements(std::size_t most, simdjson::dom::array& out) const;
  bool members(simdjson::dom::object& out) const;
  /// The member for a read: empty after a fault. Missing values are a fault only when `due`.
  std::optional<Node> member(std::string_view key, const char* wanted, bool due) const;

  simdjson::dom::element element_;
  Document* document_;
  std::array<Step, longest> steps_{};
  std::size_t depth_ = 0;
};

inline Node Document::root() { return Node(root_, *this); }

/// 2015-01-01 to 2100-01-01: what is outside was sent in another unit.
bool believable_time(std::int64_t ms);

}  // namespace ballast::venue::json
