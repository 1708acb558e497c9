#include "ballast/vol/fit.h"

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <ql/experimental/volatility/sviinterpolation.hpp>

#include "ballast/market/clean.h"
#include "ballast/store/file.h"
#include "ballast/store/snapshot.h"

// Fitting smiles: a made chain of 20 expiries beside QuantLib's SVI, in one process and to the same noise, then whole
// recorded chains. A calm day and the day of a crash: what the conditions cost depends on how much the market breaks
// them.
namespace {

using namespace ballast;
using namespace ballast::vol;
using Chain = std::vector<SliceQuotes>;

constexpr std::size_t expiries = 20, strikes = 50;

/// eSSVI smiles from a week to two years, quoted over 2.5 stdevs on both sides, with 0.2 vol points of noise.
const Chain& made_chain() {
  static const Chain chain = [] {
    std::mt19937_64 rng(20260401);
    std::normal_distribution<double> noise(0.0, 0.002);
    Chain made;
    for (std::size_t i = 0; i < expiries; ++i) {
      const double years = 7.0 / 365.0 * std::pow(104.0, static_cast<double>(i) / (expiries - 1)), theta = 0.36 * years,
                   rho = -0.3 + 0.2 * std::exp(-2.0 * years);
      const Essvi smile{.theta = theta, .rho = rho, .psi = 0.8 * largest_psi(theta, rho)};
      SliceQuotes q{.index = "btc_usd",
                    .expiry = Time{std::llround(years * 31'536'000'000.0)},
                    .years = Years(years),
                    .forward = Price(65000.0)};
      for (std::size_t j = 0; j < strikes; ++j) {
        const double k = std::sqrt(theta) * (-2.5 + 5.0 * static_cast<double>(j) / (strikes - 1));
        const double vol = vol_of(at(smile, k), q.years).value + noise(rng);
        q.instrument.push_back("made");
        q.log_moneyness.push_back(k);
        q.vol.push_back(vol);
        q.weight.push_back(1.0);
        q.bid_vol.push_back(vol - 0.005);
        q.ask_vol.push_back(vol + 0.005);
      }
      made.push_back(q);
    }
    return made;
  }();
  return chain;
}

/// Vol points over all quotes, outliers included.
template <class VolAt>
double rms(const Chain& chain, VolAt vol_at) {
  double squares = 0.0;
  std::size_t n = 0;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    for (std::size_t j = 0; j < chain[i].vol.size(); ++j, ++n) {
      const double error = vol_at(i, chain[i].log_moneyness[j]) - chain[i].vol[j];
      squares += error * error;
    }
  }
  return 100.0 * std::sqrt(squares / static_cast<double>(n));
}

/// QuantLib's defaults but for vega weights, which would minimise something else; `guesses`: 50 by default, and all of
/// them where the first leaves 0.2 vol points.
void quantlib(benchmark::State& state, QuantLib::Size guesses) {
  const Chain& chain = made_chain();
  std::vector<std::vector<double>> strike(chain.size());
  for (std::size_t i = 0; i < chain.size(); ++i)
    for (const double k : chain[i].log_moneyness) strike[i].push_back(chain[i].forward.value * std::exp(k));
  std::vector<QuantLib::SviInterpolation> fits;
  const double none = QuantLib::Null<double>();
  for (auto _ : state) {
    fits.clear();
    for (std::size_t i = 0; i < chain.size(); ++i) {
      fits.emplace_back(strike[i].begin(), strike[i].end(), chain[i].vol.begin(), chain[i].years.value,
                        chain[i].forward.value, none, none, none, none, none, false, false, false, false, false, false,
                        nullptr, nullptr, 0.0020, false, guesses);
      fits.back().update();
    }
    benchmark::DoNotOptimize(fits.data());
  }
  // From its parameters; what its interpolation itself answers is the last guess, not the best.
  const auto vol_at = [&](std::size_t i, double k) {
    const QuantLib::SviInterpolation& f = fits[i];
    const Svi svi{.a = f.a(), .b = f.b(), .rho = f.rho(), .m = f.m(), .sigma = f.sigma()};
    return vol_of(at(svi, k), chain[i].years).value;
  };
  state.counters["rms"] = rms(chain, vol_at);
}
void quantlib_svi(benchmark::State& state) { quantlib(state, 50); }
void quantlib_svi_one_start(benchmark::State& state) { quantlib(state, 1); }

void fit_chain(benchmark::State& state, const Chain& chain, const FitRules& rules, const Surface* warm = nullptr) {
  Surface surface;
  for (auto _ : state) {
    auto fitted = fit(chain, rules, warm);
    if (!fitted) return state.SkipWithError(fitted.error().what.c_str());
    surface = std::move(fitted).value();
    benchmark::DoNotOptimize(surface.slices.data());
  }
  state.counters["rms"] = rms(chain, [&](std::size_t i, double k) {
    return vol_of(at(surface.slices[i].shape, k), surface.slices[i].years).value;
  });
  state.counters["slices"] = static_cast<double>(chain.size());
  double repaired = 0.0;
  for (const Slice& slice : surface.slices) repaired += slice.health.repaired ? 1.0 : 0.0;
  state.counters["repaired"] = repaired;
}

void svi_plain(benchmark::State& state) {
  fit_chain(state, made_chain(), {.model = Model::svi, .arbitrage_free = false, .robust = 0.0});
}
void surface(benchmark::State& state, Model model) {
  fit_chain(state, made_chain(), {.model = model, .robust = static_cast<double>(state.range(0))});
}
void surface_svi(benchmark::State& state) { surface(state, Model::svi); }
void surface_spline(benchmark::State& state) { surface(state, Model::spline); }

void sensitivities_of_made(benchmark::State& state) {
  for (auto _ : state) {
    auto found = sensitivities(made_chain(), {.robust = 0.0});
    benchmark::DoNotOptimize(found);
  }
}
void one_exact_fit(benchmark::State& state) { fit_chain(state, made_chain(), {.robust = 0.0, .exact = true}); }

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

BENCHMARK(quantlib_svi)->Name("quantlib_svi/20x50")->Unit(benchmark::kMillisecond);
BENCHMARK(quantlib_svi_one_start)->Name("quantlib_svi_one_start/20x50")->Unit(benchmark::kMillisecond);
BENCHMARK(svi_plain)->Unit(benchmark::kMicrosecond);
BENCHMARK(surface_svi)->ArgName("robust")->Arg(0)->Arg(6)->Unit(benchmark::kMicrosecond);
BENCHMARK(surface_spline)->ArgName("robust")->Arg(0)->Arg(6)->Unit(benchmark::kMicrosecond);
BENCHMARK(one_exact_fit)->Unit(benchmark::kMicrosecond);
BENCHMARK(sensitivities_of_made)->Name("sensitivities")->Unit(benchmark::kMicrosecond);
BENCHMARK(chain_cold)->ArgName("crash")->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);
BENCHMARK(chain_warm)->ArgName("crash")->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);
BENCHMARK(quotes_of_snapshot)->Name("smile_quotes")->ArgName("crash")->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

}  // namespace
