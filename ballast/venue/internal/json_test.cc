#include "ballast/venue/internal/json.h"

#include <chrono>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support.h"

using namespace ballast;
using namespace ballast::venue::json;

namespace {

/// The byte that the message names, -1 when the document is well formed.
long bad_byte(std::string_view bytes) {
  const auto fault = syntax_fault(bytes, message_limit);
  if (!fault) return -1;
  CHECK(fault->fault == Fault::bad_syntax);
  REQUIRE(fault->what.substr(0, 5) == "byte ");
  return std::stol(fault->what.substr(5));
}

std::string repeated(const std::string& text, std::size_t n) {
  std::string out;
  for (std::size_t i = 0; i < n; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("a document that is not strict JSON is refused at its byte") {
  struct Case {
    std::string bytes;
    long at;
  };
  const Case cases[] = {
      {"", 0},
      {"  ", 2},
      {"\xef\xbb\xbf{}", 0},
      {"{", 1},
      {"[1,", 3},
      {"[1,]", 3},
      {"{\"a\":1,}", 7},
      {"{\"a\" 1}", 5},
      {"{a:1}", 1},
      {"{'a':1}", 1},
      {"[1 2]", 3},
      {"[1]]", 3},
      {"{}{}", 2},
      {"[}", 1},
      {"{]", 1},
      {"[1}", 2},
      {"NaN", 0},
      {"[NaN]", 1},
      {"[Infinity]", 1},
      {"[-Infinity]", 2},
      {"[nan]", 1},
      {"[0x10]", 2},
      {"[01]", 1},
      {"[-01]", 1},
      {"[+1]", 1},
      {"[.5]", 1},
      {"[1.]", 3},
      {"[1e]", 3},
      {"[1e+]", 4},
      {"[-]", 2},
      {"[1e999]", 1},
      {"[-1e999]", 1},
      {"[1e99999999999999999999]", 1},
      {"[0.0001e400]", 1},
      {"[" + std::string(400, '9') + "]", 1},
      {"[" + std::string(400, '9') + ".5]", 1},
      {"[9223372036854775808]", 1},
      {"[tru]", 1},
      {"[True]", 1},
      {"// no\n{}", 0},
      {"{} // no", 3},
      {"[1 /* no */]", 3},
      {"[\"a]", 4},
      {"[\"\\x\"]", 2},
      {"[\"\\u12g4\"]", 2},
      {"[\"\\ud800\"]", 2},
      {"[\"\\ud800\\u0041\"]", 2},
      {"[\"\\udc00\"]", 2},
      {"[\"a\nb\"]", 3},
      {"[\"\x80\"]", 2},
      {"[\"\xc0\xaf\"]", 2},
      {"[\"\xed\xa0\x80\"]", 2},
      {"[\"\xf4\x90\x80\x80\"]", 2},
      {"[\"\xe2\x82\"]", 2},
      {"[\xff]", 1},
      {std::string("[1,\0]", 5), 3},
      {"{\"a\":1,\"a\":2}", 7},
      {"{\"a\":1,\"\\u0061\":2}", 7},
      {"{\"a\":{\"b\":1},\"c\":[{\"b\":1,\"d\":2,\"b\":3}]}", 31},
      {repeated("[", 65) + repeated("]", 65), 64},
      {"[\"" + std::string(text_limit + 1, 'a') + "\"]", 1},
  };
  for (const Case& c : cases) {
    CAPTURE(c.bytes.substr(0, 60));
    CHECK(bad_byte(c.bytes) == c.at);
    CHECK_FALSE(bool(Document::read(c.bytes, message_limit)));
  }
}

TEST_CASE("strict JSON passes, to the limits") {
  std::vector<std::string> documents = {
      "{}",
      "[]",
      " [ ] ",
      "null",
      "-0",
      "[0,-0.0,1E5,1e-400,0e999,6.55e-6,9223372036854775807,-9223372036854775808]",
      "{\"a\":{\"a\":{\"a\":[]}},\"b\":{}}",
      "[\"\\ud83d\\ude00\xe2\x82\xac\\n\"]",
  };
  documents.push_back(repeated("[", 64) + repeated("]", 64));
  documents.push_back("[\"" + std::string(text_limit, 'a') + "\"]");
  documents.push_back("[0." + std::string(500, '0') + "1e400]");
  for (const std::string& bytes : documents) {
    CAPTURE(bytes.substr(0, 60));
    CHECK(bad_byte(bytes) == -1);
    CHECK(bool(Document::read(bytes, message_limit)));
  }
}

TEST_CASE("keys have a limit, and a repeated key is found among thousands") {
  const auto object = [](std::size_t n, const std::string& last) {
    std::string out = "{";
    for (std::size_t i = 0; i < n; ++i) out += "\"k" + std::to_string(i) + "\":0,";
    return out + "\"" + last + "\":0}";
  };
  CHECK(bad_byte(object(key_limit - 1, "z")) == -1);
  CHECK(bad_byte(object(key_limit, "z")) > 0);
  CHECK(bad_byte(object(3000, "k1500")) > 0);
  CHECK(bad_byte(std::string(message_limit + 1, ' ')) == static_cast<long>(message_limit));
}

TEST_CASE("a document cut anywhere is refused at its end or before") {
  const std::string whole = R"({"a":[1.5e-3,"x\u00e9\n",true,null,{"b":{}}],"c":-12})";
  REQUIRE(bad_byte(whole) == -1);
  for (std::size_t n = 0; n < whole.size(); ++n) {
    CAPTURE(n);
    const long at = bad_byte(whole.substr(0, n));
    CHECK(at >= 0);
    CHECK(at <= static_cast<long>(n));
  }
}

TEST_CASE("fields are read by type and the first fault is kept") {
  auto document = Document::read(
      R"({"n":1.5,"i":7,"t":"x","b":true,"z":null,"s":"1.5","at":1765541474086,"sec":1765541474})", message_limit);
  REQUIRE(document);
  const Node root = document.value()->root();
  CHECK(root.number("n") == 1.5);
  CHECK(root.number("i") == 7.0);
  CHECK(root.integer("i") == 7);
  CHECK(root.text("t") == "x");
  CHECK(root.maybe_flag("b") == true);
  CHECK_FALSE(root.maybe_number("z"));
  CHECK_FALSE(root.maybe_number("absent"));
  CHECK(root.time("at").ms == 1765541474086);
  CHECK_FALSE(document.value()->error());
  CHECK(root.number("s") == 0.0);
  REQUIRE(document.value()->error());
  CHECK(document.value()->error()->fault == Fault::bad_field);
  CHECK(document.value()->error()->what == "s: a number is due, found '1.5'");
  root.time("sec");  // a later fault does not replace the first
  CHECK(root.number("n") == 0.0);
  CHECK(document.value()->error()->fault == Fault::bad_field);

  document = Document::read(R"({"sec":1765541474})", message_limit);
  document.value()->root().time("sec");
  CHECK(document.value()->error()->fault == Fault::not_believable);
}

TEST_CASE("speed of the check and of the check with simdjson, on a recorded list") {
  const auto path = test::shared("data/deribit-restjson-20260522/deribit_get_instruments_btc_future.json");
  if (!path) return;
  const std::string bytes = test::slurp(*path);
  const auto rate = [&bytes](auto work) {
    const auto start = std::chrono::steady_clock::now();
    constexpr int rounds = 2000;
    for (int i = 0; i < rounds; ++i) work();
    const double s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return static_cast<double>(bytes.size()) * rounds / s / 1e6;
  };
  MESSAGE("syntax check ", rate([&] { CHECK(!syntax_fault(bytes, message_limit)); }), " MB/s, document ",
          rate([&] { CHECK(bool(Document::read(bytes, message_limit))); }), " MB/s");
}
