// Every path scheme against the reference's prices: calls of all sets of tests/data/*_prices.csv by simulation, with
// antithetic pairs and the forward as control, and the mean of the simulated price against the forward.
//
//   path_check [--paths N] [--steps N] [--seed N] [--sobol | --greeks] [--only TABLE[/SET]] [--threads N]
//
// A table on standard output: model, set, steps, strike, simulated and reference price of the option that is out of the
// money, standard error, z; and for each set the same of the forward. A strike that fewer than 100 pairs of paths reach
// has no z: an error from a handful of them is none. With --sobol errors come from 16 randomisations of N/16 points.
//
// With --greeks: model, set, steps, strike, estimator of monte_carlo_greeks.h, simulated, the transform's number,
// standard error, z; for heston, bates and svcj. An option whose price has an error above 2 % has no z.
#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <initializer_list>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "ballast/base/text.h"
#include "ballast/model/estimate.h"
#include "ballast/model/monte_carlo_greeks.h"
#include "ballast/model/paths.h"
#include "ballast/model/transform.h"
#include "tests/path_sets.h"

namespace {

using namespace ballast;
using model::SampleMoments;

struct Options {
  std::size_t paths = 1'000'000, steps = 0, seed = 1, threads = std::max(1u, std::thread::hardware_concurrency());
  std::string only;
  bool sobol = false, greeks = false;
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

// of(0) .. of(tasks - 1) in that order, by several threads.
template <class Of>
auto by_threads(std::size_t tasks, std::size_t threads, const Of& of) {
  std::vector<decltype(of(std::size_t{}))> of_task(tasks);
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < tasks; i = next++) of_task[i] = of(i);
  };
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < threads; ++i) others.emplace_back(work);
  work();
  for (std::thread& thread : others) thread.join();
  return of_task;
}

Figures walked(const test::PathSet& set, const model::PathPlan& plan, std::size_t paths, const Options& options) {
  const auto of_task = by_threads((paths + chunk - 1) / chunk, options.threads, [&](std::size_t i) {
    return figures_of(set, plan, i * chunk, std::min(chunk, paths - i * chunk));
  });
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

// The transform's number of each estimator.
std::array<double, model::estimators> exact(const model::TransformModel& law, double years,
                                            const model::SimulatedOption& option) {
  double price = 0.0, delta = 0.0, gamma = 0.0;
  std::vector<double> gradient(model::values(law).size());
  const auto done =
      model::transform(law, {option.forward, Years(years), {&option.strike.value, 1}, {&option.sign, 1}},
                       {.price = {&price, 1}, .delta = {&delta, 1}, .gamma = {&gamma, 1}, .gradient = gradient});
  std::array<double, model::estimators> all;
  all.fill(std::nan(""));
  if (!done) return all;
  using model::Estimator;
  const auto put = [&](double value, std::initializer_list<model::Estimator> which) {
    for (const auto e : which) all[static_cast<std::size_t>(e)] = value;
  };
  put(price, {Estimator::price, Estimator::price_conditional});
  put(delta, {Estimator::delta_pathwise, Estimator::delta_likelihood_ratio, Estimator::delta_conditional});
  put(gamma, {Estimator::gamma_likelihood_ratio, Estimator::gamma_mixed, Estimator::gamma_conditional});
  put(gradient[0], {Estimator::v0_slope});  // v0 is the first parameter of all three
  return all;
}

struct Tally {
  std::size_t judged = 0, beyond_three = 0;
  double worst = 0.0;
};

void check_greeks(const test::PathSet& set, const model::TransformModel& law, std::size_t steps, const Options& options,
                  std::array<Tally, model::estimators>& tallies) {
  std::vector<model::SimulatedOption> all;
  for (const double strike : set.strikes)
    all.push_back({.forward = Price(set.forward), .strike = Price(strike), .sign = strike < set.forward ? -1.0 : 1.0});
  const auto plan = model::GreekPlan::prepare(set.model, test::equal_steps(set.years, steps), all,
                                              {.seed = options.seed, .antithetic = true});
  if (!plan) {
    fmt::print("{:<8}{:<20}{}\n", set.table, set.set, plan.error().what);
    return;
  }
  constexpr std::size_t block = model::GreekPlan::block_paths;
  const std::size_t paths = options.paths / 2 * 2;
  model::GreekMoments moments;
  for (const auto& one : by_threads((paths + block - 1) / block, options.threads, [&](std::size_t i) {
         return plan.value().block(i, std::min(block, paths - i * block));
       }))
    moments = joined(moments, one);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto wanted = exact(law, set.years, all[i]);
    const model::Estimate price = moments.controlled(i, model::Estimator::price);
    for (std::size_t e = 0; e < model::estimators; ++e) {
      const auto which = static_cast<model::Estimator>(e);
      const model::Estimate estimate = moments.controlled(i, which);
      if (estimate.samples == 0) continue;
      const double z = (estimate.mean - wanted[e]) / estimate.error;
      const bool judged = price.error > 0.0 && price.error <= 0.02 * price.mean;
      fmt::print("{:<8}{:<20}{:>6}{:>12g} {:<24}{:>16.8g}{:>16.8g}{:>12.3g}{:>8}\n", set.table, set.set, steps,
                 set.strikes[i], model::name(which), estimate.mean, wanted[e], estimate.error,
                 judged ? fmt::format("{:.2f}", z) : "-");
      if (!judged) continue;
      Tally& tally = tallies[e];
      ++tally.judged;
      if (!(std::abs(z) <= 3.0)) ++tally.beyond_three;
      if (!(std::abs(z) <= std::abs(tally.worst))) tally.worst = z;
    }
  }
}

std::optional<model::TransformModel> with_greeks(const model::PathModel& paths) {
  if (const auto* m = std::get_if<model::Heston>(&paths)) return *m;
  if (const auto* m = std::get_if<model::Bates>(&paths)) return *m;
  if (const auto* m = std::get_if<model::Svcj>(&paths)) return *m;
  return std::nullopt;
}

int check_greeks(const std::vector<test::PathSet>& sets, const Options& options) {
  std::array<Tally, model::estimators> tallies;
  for (const test::PathSet& set : sets) {
    if (!options.only.empty() && set.table != options.only && set.table + "/" + set.set != options.only) continue;
    if (const auto law = with_greeks(set.model)) check_greeks(set, *law, steps_of(set, options), options, tallies);
    std::fflush(stdout);
  }
  for (std::size_t e = 0; e < model::estimators; ++e)
    if (tallies[e].judged > 0)
      fmt::print("{:<24} worst z {:.2f}; {} of {} beyond 3\n", model::name(static_cast<model::Estimator>(e)),
                 tallies[e].worst, tallies[e].beyond_three, tallies[e].judged);
  return 0;
}

int usage() {
  fmt::print(
      stderr,
      "usage: path_check [--paths N] [--steps N] [--seed N] [--sobol | --greeks] [--only TABLE[/SET]] [--threads N]\n");
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
    } else if (word == "--greeks") {
      options.greeks = true;
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
  if (options.paths < 64 || options.threads < 1 || (options.sobol && options.greeks)) return usage();

  const bool terminal = isatty(STDERR_FILENO) == 1;
  const auto sets = test::path_sets();
  if (options.greeks) return check_greeks(sets, options);
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
