// Every path scheme against the reference's prices: calls of all sets of tests/data/*_prices.csv by simulation, with
// antithetic pairs and the forward as control, and the mean of the simulated price against the forward.
//
//   path_check [--paths N] [--steps N] [--seed N] [--sobol] [--only TABLE[/SET]] [--threads N]
//
// A table on standard output: model, set, steps, strike, simulated and reference price of the option that is out of the
// money, standard error, z; and for each set the same of the forward. A strike that fewer than 100 pairs of paths reach
// has no z: an error from a handful of them is none. With --sobol errors come from 16 randomisations of N/16 points.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "ballast/base/text.h"
#include "ballast/model/estimate.h"
#include "ballast/model/paths.h"
#include "tests/path_sets.h"

namespace {

using namespace ballast;
using model::SampleMoments;

struct Options {
  std::size_t paths = 1'000'000, steps = 0, seed = 1, threads = std::max(1u, std::thread::hardware_concurrency());
  std::string only;
  bool sobol = false;
};

constexpr std::size_t chunk = 1024;  // paths of one task: fixed, so that any number of threads sums alike

// Exact schemes need no steps in between. The others take 64 and 64 a year at least; where xi is above 2 four times as
// many: at 64 a year the at-the-money option of hi_volvol (xi = 3, kappa = 0.2) is 0.7 % too dear.
std::size_t steps_of(const test::PathSet& set, const Options& options) {
  if (options.steps > 0) return options.steps;
  if (set.table == "merton" || set.table == "kou") return 2;
  const auto* heston = std::get_if<model::Heston>(&set.model);
  const double a_year = heston != nullptr && heston->xi > 2.0 ? 256.0 : 64.0;
  return std::max<std::size_t>(64, static_cast<std::size_t>(std::ceil(set.years * a_year)));
}

// One list of moments a strike, and one of the price itself at the end; and how many paths pay.
struct Figures {
  std::vector<SampleMoments> moments;
  std::vector<std::size_t> paying;
};
struct Judged {
  model::Estimate estimate;
  std::size_t paying = 0;
};

Figures figures_of(const test::PathSet& set, const model::PathPlan& plan, std::uint64_t first, std::size_t paths) {
  std::vector<double> rows(paths * plan.steps()), price(paths), payoff(paths);
  plan.fill(first, paths, rows, {});
  const double* last = rows.data() + (plan.steps() - 1) * paths;
  for (std::size_t i = 0; i < paths; ++i) price[i] = set.forward * std::exp(last[i]);
  Figures figures;
  for (const double strike : set.strikes) {
    const double sign = strike < set.forward ? -1.0 : 1.0;
    for (std::size_t i = 0; i < paths; ++i) payoff[i] = std::max(sign * (price[i] - strike), 0.0);
    figures.moments.push_back(model::sample_moments(payoff, price, true));
    figures.paying.push_back(static_cast<std::size_t>(std::ranges::count_if(payoff, [](double x) { return x > 0.0; })));
  }
  figures.moments.push_back(model::sample_moments(price, {}, true));
  figures.paying.push_back(paths);
  return figures;
}

Figures walked(const test::PathSet& set, const model::PathPlan& plan, std::size_t paths, const Options& options) {
  const std::size_t tasks = (paths + chunk - 1) / chunk;
  std::vector<Figures> of_task(tasks);
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < tasks; i = next++)
      of_task[i] = figures_of(set, plan, i * chunk, std::min(chunk, paths - i * chunk));
  };
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < options.threads; ++i) others.emplace_back(work);
  work();
  for (std::thread& thread : others) thread.join();
  Figures all{std::vector<SampleMoments>(set.strikes.size() + 1), std::vector<std::size_t>(set.strikes.size() + 1)};
  for (const Figures& one : of_task)
    for (std::size_t i = 0; i < all.moments.size(); ++i) {
      all.moments[i] = model::joined(all.moments[i], one.moments[i]);
      all.paying[i] += one.paying[i];
    }
  return all;
}

// An estimate for each strike, and one of the forward.
std::vector<Judged> estimates(const test::PathSet& set, std::size_t steps, const Options& options) {
  const std::vector<double> grid = test::equal_steps(set.years, steps);
  const std::size_t rounds = options.sobol ? model::least_randomisations : 1;
  std::vector<std::vector<double>> means(set.strikes.size() + 1);
  std::vector<Judged> all(means.size());
  for (std::size_t round = 0; round < rounds; ++round) {
    const model::Draws draws{.source = options.sobol ? model::DrawSource::sobol : model::DrawSource::philox,
                             .seed = options.seed + round,
                             .antithetic = true};
    const auto plan = model::PathPlan::prepare(set.model, grid, draws).value();
    const Figures figures = walked(set, plan, options.paths / rounds / 2 * 2, options);
    for (std::size_t i = 0; i < all.size(); ++i) {
      const bool option = i + 1 < all.size();
      all[i].estimate =
          option ? model::controlled(figures.moments[i], set.forward) : model::estimate(figures.moments[i]);
      all[i].paying += figures.paying[i];
      means[i].push_back(all[i].estimate.mean);
    }
  }
  if (options.sobol)
    for (std::size_t i = 0; i < all.size(); ++i) all[i].estimate = model::of_randomisations(means[i]).value();
  return all;
}

int usage() {
  fmt::print(stderr,
             "usage: path_check [--paths N] [--steps N] [--seed N] [--sobol] [--only TABLE[/SET]] [--threads N]\n");
  return 2;
}

}  // namespace

int main(int count, char** words) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    const auto number = [&]() -> std::size_t {
      const auto value = i + 1 < count ? parse_number(words[++i]) : std::nullopt;
      return value && *value >= 1.0 ? static_cast<std::size_t>(*value) : 0;
    };
    if (word == "--sobol") {
      options.sobol = true;
    } else if (word == "--only" && i + 1 < count) {
      options.only = words[++i];
    } else if (word == "--paths" || word == "--steps" || word == "--seed" || word == "--threads") {
      (word == "--paths"   ? options.paths
       : word == "--steps" ? options.steps
       : word == "--seed"  ? options.seed
                           : options.threads) = number();
    } else {
      return usage();
    }
  }
  if (options.paths < 64 || options.threads < 1) return usage();

  const bool terminal = isatty(STDERR_FILENO) == 1;
  const auto sets = test::path_sets();
  double worst_option = 0.0, worst_forward = 0.0;
  std::string worst_option_at, worst_forward_at;
  std::size_t options_judged = 0, beyond_three = 0;
  fmt::print("{:<8}{:<20}{:>6}{:>12}{:>16}{:>16}{:>12}{:>8}\n", "model", "set", "steps", "strike", "simulated",
             "reference", "error", "z");
  for (std::size_t at = 0; at < sets.size(); ++at) {
    const test::PathSet& set = sets[at];
    if (!options.only.empty() && set.table != options.only && set.table + "/" + set.set != options.only) continue;
    const std::size_t steps = steps_of(set, options);
    if (terminal)
      fmt::print(stderr, "\r[{:>2} of {}] {} {}, {} steps {:20}", at + 1, sets.size(), set.table, set.set, steps, "");
    const auto all = estimates(set, steps, options);
    if (terminal) fmt::print(stderr, "\r{:70}\r", "");
    for (std::size_t i = 0; i < all.size(); ++i) {
      const bool option = i + 1 < all.size();
      const auto& [estimate, paying] = all[i];
      // The put by parity where it is the one out of the money.
      const double reference = !option                        ? set.forward
                               : set.strikes[i] < set.forward ? set.calls[i] - (set.forward - set.strikes[i])
                                                              : set.calls[i];
      const bool judged = paying >= 200;
      const double z = (estimate.mean - reference) / estimate.error;
      fmt::print("{:<8}{:<20}{:>6}{:>12}{:>16.8g}{:>16.8g}{:>12.3g}{:>8}\n", set.table, set.set, steps,
                 option ? fmt::format("{:g}", set.strikes[i]) : "forward", estimate.mean, reference, estimate.error,
                 judged ? fmt::format("{:.2f}", z) : "-");
      if (!judged) continue;
      double& worst = option ? worst_option : worst_forward;
      if (option) ++options_judged, beyond_three += std::abs(z) > 3.0 ? 1 : 0;
      if (!(std::abs(z) <= std::abs(worst)))
        worst = z, (option ? worst_option_at : worst_forward_at) = set.table + " " + set.set;
    }
    std::fflush(stdout);
  }
  fmt::print("worst z: options {:.2f} ({}), forwards {:.2f} ({}); {} of {} options beyond 3\n", worst_option,
             worst_option_at, worst_forward, worst_forward_at, beyond_three, options_judged);
}
