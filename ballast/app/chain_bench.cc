#include <cmath>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "ballast/market/clean.h"
#include "ballast/store/file.h"
#include "ballast/store/snapshot.h"
#include "ballast/vol/fit.h"
#include "ballast/vol/fit_bench.h"

// Fitting the smiles of whole recorded chains, which vol/fit_bench.cc may not read. A calm day and the day of a crash:
// what the conditions cost depends on how much the market breaks them.
namespace {

using namespace ballast;
using namespace ballast::vol;
using bench::Chain;
using bench::fit_chain;

struct Recorded {
  std::string missing;  ///< why there is none
  market::Snapshot snapshot;
  QuotedChain quoted;
  Chain chain;  ///< btc_usd, quotes with both sides
};

Result<std::string> recorded_bytes(bool crash) {
  const std::filesystem::path folder =
      std::filesystem::path(BALLAST_SOURCE_DIR) / "../shared/data/deribit-optionchain-20251230-20260331";
  if (crash) return store::read_bytes((folder / "sample_deribit_options_snapshot_20260205T212937Z.csv.gz").string());
  std::map<std::string, std::string> members;  // by name, which is by time
  const auto read = store::for_each_member(
      (folder / "snapshots-202601.tar.zst").string(), store::file_limit,
      [&](const std::string& name, const std::string& bytes) { return members.emplace(name, bytes).second; });
  if (!read) return read.error();
  if (members.empty()) return Error{Fault::missing_data, "snapshots-202601.tar.zst: no member"};
  return members.begin()->second;
}

Recorded read_recorded(bool crash) {
  const auto bytes = recorded_bytes(crash);
  if (!bytes) return {.missing = bytes.error().what};
  auto raw = store::snapshot_of(bytes.value());
  if (!raw) return {.missing = raw.error().what};
  Recorded r;
  r.snapshot = market::clean(std::move(raw).value(), market::CleaningRules{}.with_age(7200.0));
  r.quoted = quoted(r.snapshot);
  for (const SliceQuotes& all : smile_quotes(r.snapshot, r.quoted, "btc_usd", {}).slices) {
    SliceQuotes q{.index = all.index, .expiry = all.expiry, .years = all.years, .forward = all.forward};
    for (std::size_t i = 0; i < all.vol.size(); ++i) {
      if (!std::isfinite(all.bid_vol[i]) || !std::isfinite(all.ask_vol[i])) continue;
      q.instrument.push_back(all.instrument[i]);
      q.log_moneyness.push_back(all.log_moneyness[i]);
      q.vol.push_back(all.vol[i]);
      q.weight.push_back(all.weight[i]);
      q.bid_vol.push_back(all.bid_vol[i]);
      q.ask_vol.push_back(all.ask_vol[i]);
    }
    if (q.vol.size() >= QuoteRules{}.least_quotes) r.chain.push_back(q);
  }
  return r;
}

const Recorded& recorded(bool crash) {
  static const Recorded days[] = {read_recorded(false), read_recorded(true)};
  return days[crash ? 1 : 0];
}

bool skipped(benchmark::State& state, const Recorded& day) {
  if (day.missing.empty() && !day.chain.empty()) return false;
  state.SkipWithError(day.missing.empty() ? "no expiry with enough quotes" : day.missing.c_str());
  return true;
}

void chain_cold(benchmark::State& state) {
  const Recorded& day = recorded(state.range(0) != 0);
  if (skipped(state, day)) return;
  fit_chain(state, day.chain, {});
  std::size_t quotes = 0;
  for (const SliceQuotes& q : day.chain) quotes += q.vol.size();
  state.counters["quotes"] = static_cast<double>(quotes);
}

/// From the surface of a moment ago, when every vol was 0.1 point higher.
void chain_warm(benchmark::State& state) {
  const Recorded& day = recorded(state.range(0) != 0);
  if (skipped(state, day)) return;
  Chain before = day.chain;
  for (SliceQuotes& q : before)
    for (double& vol : q.vol) vol += 0.001;
  const auto last = fit(before, {});
  if (!last) return state.SkipWithError(last.error().what.c_str());
  fit_chain(state, day.chain, {}, &last.value());
}

void quotes_of_snapshot(benchmark::State& state) {
  const Recorded& day = recorded(state.range(0) != 0);
  if (skipped(state, day)) return;
  for (auto _ : state) {
    auto found = smile_quotes(day.snapshot, day.quoted, "btc_usd", {});
    benchmark::DoNotOptimize(found.slices.data());
  }
  state.counters["options"] = static_cast<double>(day.quoted.options.size());
}

BENCHMARK(chain_cold)->ArgName("crash")->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);
BENCHMARK(chain_warm)->ArgName("crash")->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);
BENCHMARK(quotes_of_snapshot)->Name("smile_quotes")->ArgName("crash")->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

}  // namespace
