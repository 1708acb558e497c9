// What a checkpoint costs: the sync is most of it until there are some hundred rows in one.
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <unistd.h>

#include "ballast/store/run_store.h"

namespace {

using namespace ballast;

void checkpoint(benchmark::State& state) {
  const auto folder = std::filesystem::temp_directory_path() / ("ballast-runs-bench-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  {
    store::RunStore runs = store::RunStore::open((folder / "runs.db").string()).value();
    if (runs.begin("00ff", "{}")) state.SkipWithError("no run");
    const std::string row =
        R"({"time":"2026-11-20T12:00:00Z","delta":0.123456789,"pnl":-1234.5678,"cost":12.34,"lots":-17})";
    const std::vector<std::string> rows(static_cast<std::size_t>(state.range(0)), row);
    const std::string going_on(4096, 's');
    std::uint64_t step = 0;
    for (auto _ : state) {
      if (runs.put_checkpoint("00ff", ++step, going_on, rows)) state.SkipWithError("no checkpoint");
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  std::filesystem::remove_all(folder);
}

BENCHMARK(checkpoint)->Arg(1)->Arg(100)->Arg(10'000)->Unit(benchmark::kMicrosecond)->UseRealTime();

}  // namespace
