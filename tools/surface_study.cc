// How good the fitted surfaces are on recorded chains: distance from the marks, and arbitrage looked for from outside.
// Figures and method: docs/surface-study.md.
#include <chrono>
#include <random>

#include <CLI/CLI.hpp>

#include "ballast/vol/fit.h"
#include "surface_judge.h"

namespace {

using namespace ballast;

struct Options {
  std::vector<std::string> folders;
  std::string model = "spline";
  double cut = 0.0, outliers = 0.0;
  std::optional<double> robust;
  unsigned seed = 5;
  std::size_t every = 1;
  bool plain = false, check = false;
};

/// Strikes within ±cut of the forward.
vol::SliceQuotes near_money(const vol::SliceQuotes& q, double cut) {
  vol::SliceQuotes kept = q;
  for (auto* column : {&kept.log_moneyness, &kept.vol, &kept.weight, &kept.bid_vol, &kept.ask_vol}) column->clear();
  kept.instrument.clear();
  for (std::size_t i = 0; i < q.vol.size(); ++i) {
    if (std::abs(std::exp(q.log_moneyness[i]) - 1.0) > cut) continue;
    kept.log_moneyness.push_back(q.log_moneyness[i]), kept.vol.push_back(q.vol[i]), kept.weight.push_back(q.weight[i]);
    kept.bid_vol.push_back(q.bid_vol[i]), kept.ask_vol.push_back(q.ask_vol[i]);
    kept.instrument.push_back(q.instrument[i]);
  }
  return kept;
}

/// A share of the vols becomes 0.5 to 0.85 or 1.15 to 2 times itself, bid and ask with it.
void disturb(vol::SliceQuotes& q, double share, std::mt19937_64& random) {
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  for (std::size_t i = 0; i < q.vol.size(); ++i) {
    if (uniform(random) >= share) continue;
    const double before = q.vol[i];
    const bool down = uniform(random) < 0.5;
    q.vol[i] *= down ? 0.5 + 0.35 * uniform(random) : 1.15 + 0.85 * uniform(random);
    q.bid_vol[i] += q.vol[i] - before, q.ask_vol[i] += q.vol[i] - before;
  }
}

int run(const Options& options) {
  vol::FitRules rules;
  for (const vol::Model model : {vol::Model::essvi, vol::Model::svi, vol::Model::sabr, vol::Model::spline})
    if (options.model == vol::name(model)) rules.model = model;
  rules.arbitrage_free = !options.plain;
  rules.robust = options.robust.value_or(rules.robust);
  std::mt19937_64 random(options.seed);
  study::Judge judge;
  std::size_t chains = 0, repaired = 0, dropped = 0, failed = 0;
  double seconds = 0.0;
  const auto fault =
      study::for_each_chain(options.folders, options.every, [&](const std::vector<vol::SliceQuotes>& all) {
        std::vector<vol::SliceQuotes> quotes;
        std::vector<std::vector<double>> truth;
        for (const vol::SliceQuotes& q : all) {
          vol::SliceQuotes kept = options.cut > 0.0 ? near_money(q, options.cut) : q;
          if (kept.vol.size() < 6) continue;
          truth.push_back(kept.vol);
          if (options.outliers > 0.0) disturb(kept, options.outliers, random);
          quotes.push_back(std::move(kept));
        }
        if (quotes.empty()) return;
        const auto from = std::chrono::steady_clock::now();
        const auto fitted = vol::fit(quotes, rules);
        seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
        ++chains;
        if (!fitted) {
          fmt::print(stderr, "no fit: {}\n", fitted.error().what);
          ++failed;
          return;
        }
        const vol::Surface& surface = fitted.value();
        dropped += surface.dropped.size();
        for (std::size_t i = 0; i < quotes.size(); ++i) {
          const auto smile = [&surface](std::size_t slice) {
            return [&surface, slice](double k) { return vol::at(surface.slices[slice].shape, k); };
          };
          repaired += surface.slices[i].health.repaired ? 1 : 0;
          judge.look(quotes[i], truth[i], smile(i), i > 0 ? study::Smile(smile(i - 1)) : study::Smile());
        }
      });
  if (fault) {
    fmt::print(stderr, "error: {}\n", fault->what);
    return fault->fault == Fault::unavailable ? 3 : 1;
  }
  if (judge.slices() == 0) {
    fmt::print(stderr, "error: no slice with six strikes quoted on both sides\n");
    return 1;
  }
  fmt::print("model,{},failed,repaired_slices,outliers,us_a_chain\n", study::Judge::header());
  fmt::print("{},{},{},{},{},{:.0f}\n", options.model, judge.row(), failed, repaired, dropped,
             1e6 * seconds / static_cast<double>(chains));
  if (!options.check) return 0;
  const bool good = failed == 0 && judge.butterflies() == 0 && judge.crossings() == 0 && judge.pooled() <= 0.40;
  if (!good) fmt::print(stderr, "check failed: arbitrage, a failure, or more than 0.40 vol points\n");
  return good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Fits every recorded BTC and ETH chain and judges the smiles: distance from the marks in vol points over\n"
      "out-of-the-money options quoted on both sides (a day or more to expiry, six strikes or more), butterfly "
      "arbitrage\n"
      "and calendar crossings on a grid of its own of 2,001 points in |ln(K/F)| <= 1.5. Prints one line of CSV.\n\n"
      "Example: surface_study DATA/deribit-optionchain-20251230-20260331 --check");
  Options options;
  app.add_option("folders", options.folders, "folders or archives of chain snapshots")->required();
  app.add_option("--model", options.model)->check(CLI::IsMember({"essvi", "svi", "sabr", "spline"}));
  app.add_option("--cut", options.cut, "only strikes within this share of the forward, as 0.05")
      ->check(CLI::Range(0.001, 1.0));
  app.add_option("--outliers", options.outliers, "this share of quotes becomes wrong by 15 % to 100 %")
      ->check(CLI::Range(0.0, 0.9));
  app.add_option("--seed", options.seed, "of the outliers");
  app.add_option("--robust", options.robust, "FitRules::robust; 0 is least squares")->check(CLI::Range(0.0, 100.0));
  app.add_option("--every", options.every, "only every so many-th snapshot")->check(CLI::Range(1, 100000));
  app.add_flag("--plain", options.plain, "without the no-arbitrage conditions");
  app.add_flag("--check", options.check,
               "exit 1 unless there is no arbitrage and the error is at most 0.40 vol points");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  return run(options);
}
