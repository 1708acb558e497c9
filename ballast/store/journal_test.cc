#include "ballast/store/journal.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ballast/store/internal/packing.h"
#include "tests/folder.h"
#include "tests/support.h"

using namespace ballast;
using store::JournalEnd;
using store::JournalWriter;
using store::read_journal;
using store::Record;

namespace {

namespace fs = std::filesystem;

/// Five records of many lengths, with zero bytes and line ends in them; none has a sector of zeros.
const std::vector<std::string> texts = {"first", "", std::string("a\0b\nc", 5), std::string(90, 'x'), "last one"};

std::string written(const test::Folder& folder) {
  const std::string path = folder.file("whole");
  fs::remove(path);
  auto writer = JournalWriter::open(path);
  REQUIRE(writer);
  JournalWriter journal = std::move(writer).value();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto sequence = journal.append(static_cast<std::uint32_t>(10 + i), 3, texts[i]);
    REQUIRE(sequence);
    CHECK(sequence.value() == i + 1);
  }
  CHECK_FALSE(journal.sync());
  return test::slurp(path);
}

struct Seen {
  Result<JournalEnd> end;
  std::vector<Record> records;
};

Seen seen(const std::string& path) {
  std::vector<Record> records;
  auto end = read_journal(path, [&](const Record& record) {
    records.push_back(record);
    return true;
  });
  return {std::move(end), std::move(records)};
}

/// Where each record of `texts` begins, by the layout in journal.h; last the end of the file.
std::vector<std::size_t> borders() {
  std::vector<std::size_t> at = {16};
  for (const std::string& text : texts) at.push_back(at.back() + 24 + text.size() + 4);
  return at;
}

/// What a child process makes of `work`: its exit code, or minus the signal that ended it.
int in_a_child(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace

TEST_CASE("a journal gives back what was appended, over several openings") {
  const test::Folder folder;
  const std::string bytes = written(folder);
  CHECK(bytes.size() == borders().back());
  const Seen all = seen(folder.file("whole"));
  REQUIRE(all.end);
  CHECK(all.end.value().records == texts.size());
  CHECK(all.end.value().whole_bytes == bytes.size());
  CHECK(all.end.value().torn_bytes == 0);
  REQUIRE(all.records.size() == texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    CHECK(all.records[i].sequence == i + 1);
    CHECK(all.records[i].kind == 10 + i);
    CHECK(all.records[i].schema == 3);
    CHECK(all.records[i].bytes == texts[i]);
  }
  {
    auto again = JournalWriter::open(folder.file("whole"));
    REQUIRE(again);
    JournalWriter journal = std::move(again).value();
    CHECK(journal.dropped_bytes() == 0);
    CHECK(journal.next_sequence() == 6);
    CHECK(journal.append(1, 1, "sixth").value() == 6);
  }
  CHECK(seen(folder.file("whole")).records.at(5).bytes == "sixth");
  std::size_t visits = 0;
  CHECK(read_journal(folder.file("whole"), [&](const Record&) { return ++visits < 2; }).value().records == 2);
}

TEST_CASE("a record over its limit is refused and harms nothing") {
  const test::Folder folder;
  JournalWriter journal = JournalWriter::open(folder.file("j")).value();
  const auto over = journal.append(1, 1, std::string(store::record_limit + 1, 'x'));
  REQUIRE_FALSE(over);
  CHECK(over.error().fault == Fault::limit);
  CHECK(journal.append(1, 1, std::string(3'000'000, '\0')).value() == 1);  // more than the reader takes at once
  CHECK(journal.append(1, 1, std::string(store::record_limit, 'x')).value() == 2);
  CHECK(journal.append(1, 1, "behind").value() == 3);
  const Seen all = seen(folder.file("j"));
  REQUIRE(all.records.size() == 3);
  CHECK(all.records[0].bytes == std::string(3'000'000, '\0'));
  CHECK(all.records[1].bytes.size() == store::record_limit);
  CHECK(all.records[2].bytes == "behind");
}

TEST_CASE("a journal cut at any byte has its whole records and a torn tail, and goes on from there") {
  const test::Folder folder;
  const std::string bytes = written(folder);
  const std::vector<std::size_t> border = borders();
  for (std::size_t n = 0; n <= bytes.size(); ++n) {
    CAPTURE(n);
    std::size_t whole = 0;
    while (whole + 1 < border.size() && border[whole + 1] <= n) ++whole;
    const std::size_t torn = n < 16 ? n : n - border[whole];
    const std::string path = folder.file("cut", bytes.substr(0, n));
    const Seen read = seen(path);
    REQUIRE(read.end);
    CHECK(read.end.value().records == whole);
    CHECK(read.end.value().torn_bytes == torn);
    REQUIRE(read.records.size() == whole);
    for (std::size_t i = 0; i < whole; ++i) CHECK(read.records[i].bytes == texts[i]);
    {
      auto writer = JournalWriter::open(path);
      REQUIRE(writer);
      JournalWriter journal = std::move(writer).value();
      CHECK(journal.dropped_bytes() == torn);
      CHECK(journal.append(7, 1, "goes on").value() == whole + 1);
    }
    const Seen after = seen(path);
    REQUIRE(after.end);
    CHECK(after.end.value().torn_bytes == 0);
    REQUIRE(after.records.size() == whole + 1);
    CHECK(after.records.back().bytes == "goes on");
  }
}

TEST_CASE("a journal with any bit flipped is refused, with the offset of the record") {
  const test::Folder folder;
  const std::string bytes = written(folder);
  const std::vector<std::size_t> border = borders();
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    for (const int bit : {0, 3, 7}) {
      CAPTURE(n);
      CAPTURE(bit);
      std::string flipped = bytes;
      flipped[n] = static_cast<char>(flipped[n] ^ (1 << bit));
      const std::string path = folder.file("flipped", flipped);
      std::size_t record = 0;
      while (record + 2 < border.size() && border[record + 1] <= n) ++record;
      const std::size_t offset = n < 16 ? 0 : border[record];
      const Seen read = seen(path);
      REQUIRE_FALSE(read.end);
      CHECK(read.end.error().what.find(path + ": byte " + std::to_string(offset) + ": ") == 0);
      CHECK(read.end.error().fault == Fault::bad_syntax);
      CHECK(read.records.size() == (n < 16 ? 0 : record));
      const auto writer = JournalWriter::open(path);
      REQUIRE_FALSE(writer);
      CHECK(writer.error().what == read.end.error().what);
      CHECK(test::slurp(path) == flipped);  // whoever repairs it finds it as it was
    }
  }
}

TEST_CASE("a record that is missing or moved is damage") {
  const test::Folder folder;
  const std::string bytes = written(folder);
  const std::vector<std::size_t> b = borders();
  const auto piece = [&](std::size_t i) { return bytes.substr(b[i], b[i + 1] - b[i]); };
  const std::string head = bytes.substr(0, 16);
  for (const std::string& wrong : {head + piece(1), head + piece(0) + piece(2), head + piece(0) + piece(0),
                                   head + piece(0) + piece(2) + piece(1)}) {
    const Seen read = seen(folder.file("wrong", wrong));
    REQUIRE_FALSE(read.end);
    CHECK(read.end.error().what.find(": the journal is damaged: sequence ") != std::string::npos);
  }
}

TEST_CASE("a file that grew before its content came is a torn tail") {
  const test::Folder folder;
  const std::string bytes = written(folder);
  const auto torn_of = [&](const std::string& content) {
    const Seen read = seen(folder.file("grown", content));
    return read.end ? static_cast<long>(read.end.value().torn_bytes) : -1L;
  };
  for (const std::size_t zeros : {1, 20, 40, 600, 5000})
    CHECK(torn_of(bytes + std::string(zeros, '\0')) == static_cast<long>(zeros));
  CHECK(torn_of(std::string(16, '\0')) == 16);
  CHECK(torn_of(bytes + std::string(5000, '\0') + "x") == -1);  // something stands behind: that is no cut

  JournalWriter journal = JournalWriter::open(folder.file("long")).value();
  REQUIRE(journal.append(1, 1, std::string(2000, 'y')));
  const std::string one = test::slurp(folder.file("long"));
  std::string hole = one;
  std::fill(hole.begin() + 512, hole.begin() + 1024, '\0');  // its second sector never came
  CHECK(torn_of(hole) == static_cast<long>(one.size()) - 16);
  REQUIRE(journal.append(1, 1, "behind"));
  std::string inner = test::slurp(folder.file("long"));
  std::fill(inner.begin() + 512, inner.begin() + 1024, '\0');  // with a whole record behind it: damage
  CHECK(torn_of(inner) == -1);
}

TEST_CASE("a newer format is refused, and so is what is no journal") {
  const test::Folder folder;
  std::string newer = "BALJRNL\n";
  store::put(newer, std::uint32_t{2});
  store::put(newer, store::crc32_of(newer));
  const std::string path = folder.file("newer", newer + "whatever it has");
  for (const auto& refused : {seen(path).end, [&] {
                                const auto opened = JournalWriter::open(path);
                                return opened ? Result<JournalEnd>(JournalEnd{}) : Result<JournalEnd>(opened.error());
                              }()}) {
    REQUIRE_FALSE(refused);
    CHECK(refused.error().fault == Fault::not_ours);
    CHECK(refused.error().what == path + ": byte 8: journal of format 2, this version of Ballast knows 1");
  }
  const std::string text = folder.file("text", "venue,instrument,quantity,unit\n");
  CHECK(JournalWriter::open(text).error().what == text + ": byte 0: this is no journal");
  CHECK(test::slurp(text) == "venue,instrument,quantity,unit\n");
  CHECK(seen(folder.file("none")).end.error().fault == Fault::unavailable);
  CHECK(JournalWriter::open(folder.file("no/such")).error().fault == Fault::unavailable);
  CHECK(JournalWriter::open("/dev/full").error().what == "/dev/full: cannot be read: not a regular file");
}

TEST_CASE("there is one writer, for as long as it lives") {
  const test::Folder folder;
  const std::string path = folder.file("j");
  {
    JournalWriter first = JournalWriter::open(path).value();
    const auto second = JournalWriter::open(path);
    REQUIRE_FALSE(second);
    CHECK(second.error().what == path + ": cannot be opened: another writer has this journal");
    CHECK(in_a_child([&] { return JournalWriter::open(path) ? 1 : 0; }) == 0);
    const JournalWriter moved = std::move(first);
    CHECK_FALSE(JournalWriter::open(path));
    CHECK(seen(path).end);  // reading needs no lock
  }
  CHECK(JournalWriter::open(path));
}

TEST_CASE("a writer that is killed leaves whole records and frees the journal") {
  const test::Folder folder;
  const std::string path = folder.file("j");
  for (std::size_t round = 1; round <= 5; ++round) {
    const int ended = in_a_child([&] {
      auto opened = JournalWriter::open(path);
      if (!opened) return 1;
      JournalWriter journal = std::move(opened).value();
      for (int i = 0; i < 50; ++i) {
        if (!journal.append(1, 1, std::string(static_cast<std::size_t>(i * 37), 'k'))) return 2;
      }
      if (round == 3 && ::truncate(path.c_str(), static_cast<off_t>(fs::file_size(path)) - 100) != 0) return 3;
      return round % 2 == 0 ? ::kill(::getpid(), SIGKILL) : 0;
    });
    CHECK(ended == (round % 2 == 0 ? -SIGKILL : 0));
    const Seen read = seen(path);
    REQUIRE(read.end);
    CHECK(read.end.value().records == 50 * round - (round >= 3 ? 1 : 0));
    CHECK((read.end.value().torn_bytes > 0) == (round == 3));
  }
}

TEST_CASE("after a write that failed the journal takes no more") {
  const test::Folder folder;
  const std::string path = folder.file("j");
  const int ended = in_a_child([&] {
    JournalWriter journal = JournalWriter::open(path).value();
    if (!journal.append(1, 1, "fits") || journal.sync()) return 1;
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{200, 200};  // bytes of a file: a disk that is full
    if (::setrlimit(RLIMIT_FSIZE, &small) != 0) return 2;
    const auto full = journal.append(1, 1, std::string(1000, 'x'));
    if (full || full.error().fault != Fault::unavailable || full.error().what.find(path + ": ") != 0) return 3;
    if (journal.append(1, 1, "would fit")) return 4;
    const auto sync = journal.sync();
    return sync && sync->what == path + ": the journal takes no more: writing record 2 failed before" ? 0 : 5;
  });
  CHECK(ended == 0);
  JournalWriter again = JournalWriter::open(path).value();
  CHECK(again.dropped_bytes() == 200 - (16 + 28 + 4));  // the part that found room
  CHECK(again.append(1, 1, "second").value() == 2);
}

TEST_CASE("after a sync that failed every call fails, though the next sync would not") {
  const test::Folder folder;
  const std::string path = folder.file("j");
  JournalWriter journal = JournalWriter::open(path).value();
  REQUIRE(journal.append(1, 1, "one"));
  REQUIRE_FALSE(journal.sync());
  REQUIRE(journal.append(1, 1, "two"));
  // The disk that fails once: a pipe in the file's place cannot be synced, then the file comes back.
  int found = -1;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code none;
    if (fs::read_symlink(entry.path(), none) == fs::canonical(path))
      found = std::stoi(entry.path().filename().string());
  }
  REQUIRE(found >= 0);
  const int kept = ::dup(found);
  int pipe[2];
  REQUIRE(::pipe(pipe) == 0);
  REQUIRE(::dup2(pipe[1], found) == found);
  const auto failed = journal.sync();
  REQUIRE(::dup2(kept, found) == found);
  for (const int file : {kept, pipe[0], pipe[1]}) ::close(file);
  REQUIRE(failed);
  CHECK(failed->what.find(path + ": the sync behind record 2 failed: ") == 0);
  CHECK(journal.sync());
  CHECK_FALSE(journal.append(1, 1, "three"));
  CHECK(seen(path).records.size() == 2);
}
