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
using store::write_bytes;

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

TEST_CASE("a file is written whole or not at all") {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / ("ballast-write-test-" + std::to_string(::getpid()));
  fs::create_directory(folder);
  const std::string path = (folder / "page.html").string();
  CHECK_FALSE(write_bytes(path, "one"));
  CHECK(read_bytes(path).value() == "one");
  CHECK_FALSE(write_bytes(path, std::string("two\0three", 9)));
  CHECK(read_bytes(path).value() == std::string("two\0three", 9));

  const std::string link = (folder / "link").string();
  fs::create_symlink(path, link);
  CHECK_FALSE(write_bytes(link, "through the link"));
  CHECK(fs::is_symlink(link));
  CHECK(read_bytes(path).value() == "through the link");

  const std::string nowhere = (folder / "no" / "such.html").string();
  const auto missing = write_bytes(nowhere, "x");
  REQUIRE(missing);
  CHECK(missing->fault == Fault::unavailable);
  CHECK(missing->what == nowhere + ": cannot be written: No such file or directory");
  CHECK(write_bytes(folder.string(), "x")->what == folder.string() + ": cannot be written: not a regular file");
  CHECK(write_bytes("/dev/full", "x")->fault == Fault::unavailable);
  CHECK(fs::exists("/dev/full"));
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder)) ++files;
  CHECK(files == 2);  // the page and the link: nothing half written stays behind
  fs::remove_all(folder);
}
