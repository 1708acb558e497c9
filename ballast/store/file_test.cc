#include "ballast/store/file.h"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <unistd.h>

#include "tests/support.h"

using namespace ballast;
using store::for_each_member;
using store::read_bytes;

namespace {

/// A file of this test, gone with it.
class Scratch {
 public:
  explicit Scratch(const std::string& bytes)
      : path_((std::filesystem::temp_directory_path() / ("ballast-file-test-" + std::to_string(::getpid()))).string()) {
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~Scratch() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

TEST_CASE("a plain file is read as it is, within its limit") {
  const Scratch file("hello");
  CHECK(read_bytes(file.path()).value() == "hello");
  CHECK(read_bytes(file.path(), 5).value() == "hello");
  const auto over = read_bytes(file.path(), 4);
  REQUIRE_FALSE(over);
  CHECK(over.error().fault == Fault::bad_syntax);
  CHECK(over.error().what == file.path() + ": byte 4: over 4 bytes");
}

TEST_CASE("what cannot be read says which file and why") {
  CHECK(read_bytes("/no/such/file").error().what == "/no/such/file: No such file or directory");
  CHECK(read_bytes("/no/such/file").error().fault == Fault::unavailable);
  CHECK(read_bytes("/tmp").error().fault == Fault::unavailable);
  const Scratch empty("");
  CHECK(read_bytes(empty.path()).error().what == empty.path() + ": byte 0: the file is empty");
  CHECK(read_bytes("/dev/zero", 1000).error().fault == Fault::bad_syntax);
}

TEST_CASE("compressed files that are cut or damaged are errors, at every byte") {
  for (const char* file : {"data/deribit-restjson-20260522/snapshot_btc_surface.json.gz",
                           "data/deribit-wire-20210722/DERIBIT.ws.1.0.zst"}) {
    const auto path = test::shared(file);
    if (!path) return;
    const std::string raw = test::slurp(*path);
    const auto content = read_bytes(*path);
    REQUIRE(content);
    CHECK(content.value().size() > raw.size());
    CHECK_FALSE(read_bytes(*path, content.value().size() - 1));  // the limit holds after decompression
    for (std::size_t n = 20; n < raw.size(); n += raw.size() / 50) {
      CAPTURE(n);
      const Scratch cut(raw.substr(0, n));
      const auto read = read_bytes(cut.path());
      REQUIRE_FALSE(read);
      CHECK(read.error().fault == Fault::bad_syntax);
      CHECK(read.error().what.find(cut.path()) == 0);
    }
    int undetected = 0, flips = 0;
    for (std::size_t n = 20; n < raw.size(); n += raw.size() / 200) {
      std::string flipped = raw;
      flipped[n] = static_cast<char>(flipped[n] ^ 0x10);
      const Scratch damaged(flipped);
      const auto read = read_bytes(damaged.path());
      ++flips;
      if (read && read.value() != content.value()) ++undetected;
    }
    MESSAGE(file, ": ", flips, " flipped bits, ", undetected, " undetected");
    CHECK(undetected == 0);
  }
}

TEST_CASE("a cut archive is an error, a whole one gives its members") {
  const auto path = test::shared("data/deribit-optionchain-20251230-20260331/snapshots-202601.tar.zst");
  if (!path) return;
  std::size_t seen = 0;
  std::string first;
  const auto visited = for_each_member(*path, store::file_limit, [&](const std::string& name, const std::string&) {
    if (seen++ == 0) first = name;
    return seen < 3;
  });
  CHECK(visited.value() == 3);
  CHECK(first == "deribit_options_snapshot_20251230T173115Z.csv");
  CHECK_FALSE(for_each_member(*path, 1000, [](const std::string&, const std::string&) { return true; }));
  const Scratch cut(test::slurp(*path).substr(0, 1'000'000));
  const auto broken =
      for_each_member(cut.path(), store::file_limit, [](const std::string&, const std::string&) { return true; });
  REQUIRE_FALSE(broken);
  CHECK(broken.error().fault == Fault::bad_syntax);
}
