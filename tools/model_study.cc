// How well the stochastic models fit recorded chains, how fast, and whether restarts come to the same minimum.
// Figures and method: docs/model-study.md.
#include <ctime>
#include <map>

#include <CLI/CLI.hpp>

#include "ballast/base/rng.h"
#include "ballast/pricing/calibration.h"
#include "surface_judge.h"

namespace {

using namespace ballast;

struct Options {
  std::vector<std::string> folders;
  std::vector<std::string> models = {"black", "heston", "bates", "svcj"};
  std::size_t every = 1, restarts = 20;
  double prior = pricing::CalibrationRules{}.prior_vol;
  bool each = false;
};

/// All that one model did over the chains of one coin.
struct Score {
  std::size_t chains = 0, quotes = 0, within = 0, failed = 0, unconverged = 0, restarts = 0, same = 0, near = 0,
              missed = 0;
  double vol_squares = 0.0, price_squares = 0.0, seconds = 0.0, steps = 0.0, evaluations = 0.0, slowest = 0.0,
         worst_miss = 0.0;
  std::vector<double> rmse_price;
};

/// A random point of the ranges that the fit searches: the Halton set's own spread, uniform.
model::TransformModel random_start(const std::string& model, const pricing::Calibration& found, Rng& rng) {
  const auto numbers = model::parameters(model);
  for (;;) {
    std::vector<double> v;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const double prior = found.parameters[i].prior, uniform = 2.0 * rng.uniform() - 1.0;
      const std::string_view n = numbers[i].name;
      if (n == "rho") {
        v.push_back(0.9 * uniform);
      } else if (n == "jump_mean") {
        v.push_back(0.25 * uniform);
      } else if (n == "jump_slope") {
        v.push_back(0.5 * uniform);
      } else {
        v.push_back(prior * std::exp(1.5 * uniform));
      }
    }
    if (const auto drawn = model::model_of(model, v)) return drawn.value();
  }
}

void study(const Options& options, const std::vector<vol::SliceQuotes>& slices,
           std::map<std::pair<std::string, std::string>, Score>& scores) {
  std::vector<pricing::ExpiryVols> chain;
  for (const vol::SliceQuotes& q : slices) chain.push_back(pricing::expiry_vols(q));
  for (const std::string& name : options.models) {
    Score& score = scores[{slices.front().index, name}];
    pricing::CalibrationRules rules;
    rules.prior_vol = options.prior;
    const std::clock_t from = std::clock();  // of this process: the machine may be busy
    const auto fitted = pricing::calibrate(name, chain, rules);
    const double seconds = static_cast<double>(std::clock() - from) / CLOCKS_PER_SEC;
    ++score.chains;
    if (!fitted) {
      ++score.failed;
      fmt::print(stderr, "{} {}: {}\n", slices.front().index, name, fitted.error().what);
      continue;
    }
    const pricing::Calibration& found = fitted.value();
    score.seconds += seconds, score.slowest = std::max(score.slowest, seconds);
    score.steps += found.steps, score.evaluations += found.evaluations;
    score.unconverged += found.converged ? 0 : 1;
    std::size_t count = 0;
    double squares = 0.0;
    for (std::size_t e = 0; e < slices.size(); ++e) {
      for (std::size_t i = 0; i < slices[e].vol.size(); ++i, ++count) {
        // A price that is nothing has no vol: 0, as the fit itself counts it.
        const double error = (std::isnan(found.vol[e][i]) ? 0.0 : found.vol[e][i]) - slices[e].vol[i];
        squares += error * error;
        score.within += found.vol[e][i] >= slices[e].bid_vol[i] && found.vol[e][i] <= slices[e].ask_vol[i] ? 1 : 0;
      }
    }
    score.quotes += count, score.vol_squares += squares;
    score.price_squares += found.rmse_price * found.rmse_price * static_cast<double>(count);
    score.rmse_price.push_back(found.rmse_price);
    Rng rng(20261201);
    double miss = 0.0;  // of a restart that came lower, in vol
    for (std::size_t r = 0; r < options.restarts; ++r) {
      const model::TransformModel start = random_start(name, found, rng);
      const auto again = pricing::calibrate(name, chain, rules, nullptr, &start);
      ++score.restarts;
      if (!again) continue;
      const double gap = std::sqrt(again.value().objective) - std::sqrt(found.objective);
      score.same += std::abs(gap) <= 1e-6 ? 1 : 0;  // a ten-thousandth of a vol point
      score.near += gap <= 1e-4 ? 1 : 0;            // a hundredth of one
      miss = std::max(miss, -gap);
    }
    score.missed += miss > 1e-4 ? 1 : 0, score.worst_miss = std::max(score.worst_miss, miss);
    if (!options.each) continue;
    fmt::print(stderr,
               "{} {} {} quotes rmse {:.3f} points, {:.6f} coin, {:.1f} ms, {} evaluations, condition {:.1e}, "
               "objective {:.4f}, the best restart {:.4f} lower:",
               slices.front().index, name, count, 100.0 * found.rmse_vol, found.rmse_price, 1e3 * seconds,
               found.evaluations, found.condition, 100.0 * std::sqrt(found.objective), 100.0 * miss);
    for (const auto& p : found.parameters)
      fmt::print(stderr, " {:.4g}({:.1g}{})", p.value, p.standard_error, p.at_bound ? "!" : "");
    fmt::print(stderr, "\n");
  }
}

int run(const Options& options) {
  std::map<std::pair<std::string, std::string>, Score> scores;
  const auto wrong = study::for_each_chain(options.folders, options.every,
                                           [&](const auto& slices) { study(options, slices, scores); });
  if (wrong) {
    fmt::print(stderr, "error: {}\n", wrong->what);
    return wrong->fault == Fault::unavailable ? 3 : 1;
  }
  fmt::print(
      "index,model,chains,quotes,rmse_points,rmse_coin,rmse_coin_median,within_spread_percent,ms_mean,ms_slowest,steps,"
      "evaluations,unconverged,failed,restarts,same_minimum,within_a_hundredth_point,chains_"
      "missed,worst_miss_points\n");
  for (auto& [key, s] : scores) {
    const double n = static_cast<double>(std::max<std::size_t>(s.chains - s.failed, 1));
    const double q = static_cast<double>(std::max<std::size_t>(s.quotes, 1));
    std::sort(s.rmse_price.begin(), s.rmse_price.end());
    fmt::print("{},{},{},{},{:.3f},{:.6f},{:.6f},{:.1f},{:.2f},{:.2f},{:.1f},{:.1f},{},{},{},{},{},{},{:.3f}\n",
               key.first, key.second, s.chains, s.quotes, 100.0 * std::sqrt(s.vol_squares / q),
               std::sqrt(s.price_squares / q), s.rmse_price.empty() ? 0.0 : s.rmse_price[s.rmse_price.size() / 2],
               100.0 * static_cast<double>(s.within) / q, 1e3 * s.seconds / n, 1e3 * s.slowest, s.steps / n,
               s.evaluations / n, s.unconverged, s.failed, s.restarts, s.same, s.near, s.missed, 100.0 * s.worst_miss);
  }
  return scores.empty() ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Calibrates stochastic models to recorded BTC and ETH chains: errors in vol points and in coin, the share of\n"
      "fitted vols between bid and ask, time, and whether random restarts come to the same minimum. Prints CSV.\n\n"
      "Example: model_study DATA/deribit-optionchain-20251230-20260331 --every 35");
  Options options;
  app.add_option("folders", options.folders, "folders or archives of chain snapshots")->required();
  app.add_option("--models", options.models, "names, by commas")->delimiter(',');
  app.add_option("--every", options.every, "only every so many-th snapshot")->check(CLI::Range(1, 100000));
  app.add_option("--restarts", options.restarts, "random starts a fit")->check(CLI::Range(0, 1000));
  app.add_option("--prior", options.prior, "CalibrationRules::prior_vol")->check(CLI::Range(0.0, 1.0));
  app.add_flag("--each", options.each, "a line for every fit, on stderr");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  return run(options);
}
