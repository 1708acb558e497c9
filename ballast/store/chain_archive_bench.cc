// What an archive of chains saves: a recorded month from its own files, from their text already unpacked, and from an
// archive. The ratio of the second to the third is what counts: both start at one file's bytes and end at a Snapshot.
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <unistd.h>

#include "ballast/store/chain_archive.h"
#include "ballast/store/file.h"
#include "ballast/store/snapshot.h"

namespace {

using namespace ballast;

/// The recorded month beside the checkout ($BALLAST_SHARED, else ../shared), as text and as an archive; made once.
struct Month {
  std::string tar, archive;
  std::vector<std::string> texts;
  std::size_t quotes = 0;

  Month() {
    const char* const shared = std::getenv("BALLAST_SHARED");
    tar = (shared != nullptr ? std::string(shared) : BALLAST_SOURCE_DIR "/../shared") +
          "/data/deribit-optionchain-20251230-20260331/snapshots-202601.tar.zst";
    if (!std::filesystem::exists(tar)) return;
    archive =
        (std::filesystem::temp_directory_path() / ("ballast-bench-" + std::to_string(::getpid()) + ".chains")).string();
    auto writer = store::ChainArchiveWriter::create(archive).value();
    const auto read = store::for_each_member(tar, store::file_limit, [&](const std::string&, const std::string& text) {
      const auto snapshot = store::snapshot_of(text).value();
      quotes += snapshot.quotes.size();
      texts.push_back(text);
      return !writer.add(snapshot);
    });
    if (!read || writer.finish()) std::abort();
  }
  ~Month() { std::filesystem::remove(archive); }
};

const Month* month(benchmark::State& state) {
  static const Month made;
  if (made.texts.empty()) state.SkipWithError("no recorded month beside the checkout");
  return made.texts.empty() ? nullptr : &made;
}

void finish(benchmark::State& state, const Month& made) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(made.quotes));
  state.counters["snapshots"] = static_cast<double>(made.texts.size());
}

void month_from_tar(benchmark::State& state) {
  const Month* const made = month(state);
  if (made == nullptr) return;
  for (auto _ : state) {
    const auto read =
        store::for_each_member(made->tar, store::file_limit, [](const std::string&, const std::string& text) {
          benchmark::DoNotOptimize(store::snapshot_of(text).value().quotes.size());
          return true;
        });
    benchmark::DoNotOptimize(read.value());
  }
  finish(state, *made);
}

void month_from_text(benchmark::State& state) {
  const Month* const made = month(state);
  if (made == nullptr) return;
  for (auto _ : state) {
    for (const std::string& text : made->texts)
      benchmark::DoNotOptimize(store::snapshot_of(text).value().quotes.size());
  }
  finish(state, *made);
}

void month_from_archive(benchmark::State& state) {
  const Month* const made = month(state);
  if (made == nullptr) return;
  for (auto _ : state) {
    const auto read = store::read_chains(made->archive, [](const market::Snapshot& snapshot, double) {
      benchmark::DoNotOptimize(snapshot.quotes.size());
      return true;
    });
    benchmark::DoNotOptimize(read.value());
  }
  state.counters["bytes"] = static_cast<double>(std::filesystem::file_size(made->archive));
  finish(state, *made);
}

void month_to_archive(benchmark::State& state) {
  const Month* const made = month(state);
  if (made == nullptr) return;
  const std::string path = made->archive + ".again";
  for (auto _ : state) {
    auto writer = store::ChainArchiveWriter::create(path).value();
    const auto read = store::read_chains(
        made->archive, [&](const market::Snapshot& snapshot, double) { return !writer.add(snapshot); });
    if (!read || writer.finish()) state.SkipWithError("cannot be written");
  }
  std::filesystem::remove(path);
  finish(state, *made);
}

BENCHMARK(month_from_tar)->Unit(benchmark::kMillisecond);
BENCHMARK(month_from_text)->Unit(benchmark::kMillisecond);
BENCHMARK(month_from_archive)->Unit(benchmark::kMillisecond);
BENCHMARK(month_to_archive)->Unit(benchmark::kMillisecond);

}  // namespace
