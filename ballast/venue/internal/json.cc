#include "ballast/venue/internal/json.h"

#include <cmath>

#include <fmt/format.h>

#include "ballast/base/text.h"

namespace ballast::venue::json {

using simdjson::dom::element_type;

struct Document::Parser {
  simdjson::dom::parser dom;
};

Document::Document() : parser_(std::make_unique<Parser>()) {}
Document::~Document() = default;

bool believable_time(std::int64_t ms) { return ms >= 1'420'070'400'000 && ms < 4'102'444'800'000; }

Result<std::unique_ptr<Document>> Document::read(std::string_view bytes, std::size_t limit) {
  if (auto fault = syntax_fault(bytes, limit)) return *fault;
  auto document = std::make_unique<Document>();
  if (const auto refused = document->parser_->dom.parse(bytes.data(), bytes.size(), true).get(document->root_)) {
    // syntax_fault() knows all that simdjson refuses; this is for a version that refuses more.
    return Error{Fault::bad_syntax, fmt::format("byte 0: {}", simdjson::error_message(refused))};
  }
  return document;
}

std::optional<Node> Node::find(std::string_view key) const {
  simdjson::dom::object object;
  simdjson::dom::element found;
  if (element_.get(object) || object.at_key(key).get(found) || found.is_null()) return std::nullopt;
  return step(found, key, -1);
}

std::optional<Node> Node::first() const {
  simdjson::dom::array array;
  if (element_.get(array) || array.begin() == array.end()) return std::nullopt;
  return step(*array.begin(), {}, 0);
}

Node Node::step(simdjson::dom::element element, std::string_view key, std::int64_t index) const {
  Node node(element, *document_);
  node.steps_ = steps_;
  node.depth_ = depth_;
  if (depth_ < longest) node.steps_[node.depth_++] = {key, index};
  return node;
}

bool Node::elements(std::size_t most, simdjson::dom::array& out) const {
  if (element_.get(out)) {
    reject("an array is due");
    return false;
  }
  if (out.size() >= 0xFFFFFF || out.size() > most) {
    reject(fmt::format("more than {} elements", most));
    return false;
  }
  return true;
}

bool Node::members(simdjson::dom::object& out) const {
  if (!element_.get(out)) return true;
  reject("an object is due");
  return false;
}

std::optional<Node> Node::member(std::string_view key, const char* wanted, bool due) const {
  if (failed()) return std::nullopt;
  if (!is_object()) {
    reject("an object is due");
    return std::nullopt;
  }
  auto found = find(key);
  if (!found && due)
    document_->fail(Fault::bad_field, fmt::format("{}{}{}: {} is due, it is missing or null", path(),
                                                  depth_ == 0 ? "" : ".", key, wanted));
  return found;
}

double Node::as_number() const {
  double value = 0.0;
  if (failed()) return value;
  if (!element_.is_number() || element_.get(value) || !std::isfinite(value)) {
    reject("a number is due");
    return 0.0;
  }
  return value;
}

std::string_view Node::as_text() const {
  std::string_view value;
  if (failed()) return value;
  if (element_.get(value)) reject("a text is due");
  return value;
}

std::optional<double> Node::maybe_number(std::string_view key) const {
  const auto found = member(key, "a number", false);
  if (!found) return std::nullopt;
  return found->as_number();
}

double Node::number(std::string_view key) const {
  const auto found = member(key, "a number", true);
  return found ? found->as_number() : 0.0;
}

std::optional<std::string_view> Node::maybe_text(std::string_view key) const {
  const auto found = member(key, "a text", false);
  if (!found) return std::nullopt;
  return found->as_text();
}

std::string_view Node::text(std::string_view key) const {
  const auto found = member(key, "a text", true);
  return found ? found->as_text() : std::string_view();
}

std::optional<std::int64_t> Node::maybe_integer(std::string_view key) const {
  const auto found = member(key, "a whole number", false);
  if (!found) return std::nullopt;
  std::int64_t value = 0;
  // simdjson would turn a text or a fraction away here; a double such as 5.0 is not an id or a time either.
  if (found->element_.type() != element_type::INT64 || found->element_.get(value)) {
    found->reject("a whole number of 64 bits is due");
    return std::nullopt;
  }
  return value;
}

std::int64_t Node::integer(std::string_view key) const {
  if (!member(key, "a whole number", true)) return 0;
  return maybe_integer(key).value_or(0);
}

std::optional<bool> Node::maybe_flag(std::string_view key) const {
  const auto found = member(key, "true or false", false);
  if (!found) return std::nullopt;
  bool value = false;
  if (found->element_.get(value)) {
    found->reject("true or false is due");
    return std::nullopt;
  }
  return value;
}

std::optional<Time> Node::maybe_time(std::string_view key) const {
  const auto ms = maybe_integer(key);
  if (!ms) return std::nullopt;
  if (!believable_time(*ms)) {
    fail(Fault::not_believable, key, "milliseconds between 2015 and 2100 are due (unit slip)");
    return std::nullopt;
  }
  return Time{*ms};
}

Time Node::time(std::string_view key) const {
  if (!member(key, "a time in milliseconds", true)) return {};
  return maybe_time(key).value_or(Time{});
}

std::optional<Node> Node::object(std::string_view key) const {
  auto found = member(key, "an object", false);
  if (found && !found->is_object()) {
    found->reject("an object is due");
    return std::nullopt;
  }
  return found;
}

void Node::fail(Fault fault, const std::string& why) const {
  if (failed()) return;  // before the message is built
  const std::string where = path();
  document_->fail(fault, fmt::format("{}: {}, found {}", where.empty() ? "the document" : where, why, shown()));
}

void Node::fail(Fault fault, std::string_view key, const std::string& why) const {
  if (failed()) return;
  if (const auto found = find(key)) return found->fail(fault, why);
  document_->fail(fault, fmt::format("{}{}{}: {}", path(), depth_ == 0 ? "" : ".", key, why));
}

std::string Node::path() const {
  std::string out;
  for (std::size_t i = 0; i < depth_; ++i) {
    if (steps_[i].index >= 0) {
      out += fmt::format("[{}]", steps_[i].index);
    } else {
      if (!out.empty()) out += '.';
      const std::string key = quoted(steps_[i].key);
      out += key.substr(1, key.find_last_of('\'') - 1);
    }
  }
  return out;
}

std::string Node::shown() const {
  switch (element_.type()) {
    case element_type::ARRAY: return "an array";
    case element_type::OBJECT: return "an object";
    case element_type::NULL_VALUE: return "null";
    case element_type::BOOL: {
      bool value = false;
      if (element_.get(value)) return "a bool";
      return value ? "true" : "false";
    }
    case element_type::STRING: {
      std::string_view value;
      if (element_.get(value)) return "a text";
      return quoted(value);
    }
    case element_type::INT64: {
      std::int64_t value = 0;
      if (element_.get(value)) return "a number";
      return fmt::format("{}", value);
    }
    default: {
      double value = 0.0;
      if (element_.get(value)) return "a number";
      return shortest(value);
    }
  }
}

}  // namespace ballast::venue::json
