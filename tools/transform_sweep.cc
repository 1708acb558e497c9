// The transform on parameter sets from the whole of every model's domain, corners included: no NaN, no price outside
// its bounds, prices that fall and bend with the strike as they must, a typed refusal for the rest, and how many nodes
// and how long it takes.
// usage: transform_sweep [sets] [seed]
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "ballast/base/rng.h"
#include "ballast/model/transform.h"

using namespace ballast;

namespace {

/// A number of the domain: an end, anywhere, or of any size.
double drawn(const model::Parameter& p, Rng& rng) {
  const double u = rng.uniform(), kind = 6.0 * rng.uniform(), flip = rng.uniform();
  if (kind < 1.0) return p.lowest;
  if (kind < 2.0) return p.highest;
  if (kind < 3.0) return p.lowest + u * (p.highest - p.lowest);
  const double size = 1e-5 * std::pow(std::max(p.highest, -p.lowest) / 1e-5, u);
  return std::clamp(p.lowest < 0.0 && flip < 0.5 ? -size : size, p.lowest, p.highest);
}

struct Tally {
  int sets = 0, conflicts = 0, refused = 0, failures = 0;
  std::size_t nodes = 0;
  double worst = 0.0, slowest_us = 0.0;
};

}  // namespace

int main(int count, char** words) {
  if (count > 1 && words[1][0] == '-') {
    fmt::print("usage: transform_sweep [SETS] [SEED]     random parameters of every model; default 100000 sets\n");
    return std::string_view(words[1]) == "--help" ? 0 : 2;
  }
  const int sets = count > 1 ? std::atoi(words[1]) : 100'000;
  Rng rng(count > 2 ? static_cast<std::uint64_t>(std::atoll(words[2])) : 20261204);
  constexpr double forward = 100.0;
  constexpr std::size_t strikes = 41;
  std::map<std::string, Tally> tallies;
  for (int t = 0; t < sets; ++t) {
    const std::string name(model::model_names()[static_cast<std::size_t>(t) % model::model_names().size()]);
    Tally& tally = tallies[name];
    std::vector<double> numbers;
    for (const model::Parameter& p : model::parameters(name)) numbers.push_back(drawn(p, rng));
    const double years = 1e-4 * std::pow(30.0 / 1e-4, rng.uniform()), width = rng.uniform() < 0.5 ? 0.15 : 0.002;
    const auto made = model::model_of(name, numbers);
    if (!made) {
      ++tally.conflicts;
      continue;
    }
    ++tally.sets;
    std::vector<double> strike(strikes), price(strikes), delta(strikes), gamma(strikes), theta(strikes);
    std::vector<double> gradient(strikes * numbers.size());
    const std::vector<double> sign(strikes, 1.0);
    for (std::size_t i = 0; i < strikes; ++i) strike[i] = forward * std::exp(width * (static_cast<double>(i) - 20.0));
    const model::ExpiryOptions options{Price(forward), Years(years), strike, sign};
    const auto start = std::chrono::steady_clock::now();
    const auto report = model::transform(made.value(), options, {.price = price});
    const double us = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
    tally.slowest_us = std::max(tally.slowest_us, us);
    if (!report) {
      ++tally.refused;
      tally.failures += report.error().fault != Fault::limit;
      continue;
    }
    tally.nodes = std::max(tally.nodes, report.value().nodes);
    double worst = 0.0;  // beyond what must hold, over forward + strike
    for (std::size_t i = 0; i < strikes; ++i) {
      const double unit = forward + strike[i], intrinsic = std::max(forward - strike[i], 0.0);
      if (!std::isfinite(price[i])) worst = INFINITY;
      worst = std::max({worst, (intrinsic - price[i]) / unit, (price[i] - forward) / unit});
      if (i == 0) continue;
      const double fall = price[i - 1] - price[i], step = strike[i] - strike[i - 1];
      worst = std::max({worst, -fall / unit, (fall - step) / unit});
      if (i == 1) continue;
      const double share = step / (strike[i] - strike[i - 2]);
      worst = std::max(worst, (price[i - 1] - share * price[i - 2] - (1.0 - share) * price[i]) / unit);
    }
    const auto greeks =
        model::transform(made.value(), options, {.delta = delta, .gamma = gamma, .theta = theta, .gradient = gradient});
    if (!greeks) {
      ++tally.refused;
      tally.failures += greeks.error().fault != Fault::limit;
    } else {
      for (const auto* column : {&delta, &gamma, &theta, &gradient})
        for (const double x : *column)
          if (std::isnan(x)) worst = INFINITY;
    }
    tally.worst = std::max(tally.worst, worst);
    if (worst <= (name == "rough-heston" ? 1e-6 : 1e-11)) continue;  // transform.h
    ++tally.failures;
    fmt::print("{}: {:.3g} at years {:.17g}", name, worst, years);
    for (const double x : numbers) fmt::print(" {:.17g}", x);
    fmt::print("\n");
  }
  int failures = 0;
  fmt::print("{:<15}{:>8}{:>11}{:>9}{:>10}{:>12}{:>12}{:>9}\n", "model", "sets", "conflicts", "refused", "failures",
             "worst", "most nodes", "most us");
  for (const auto& [name, t] : tallies) {
    fmt::print("{:<15}{:>8}{:>11}{:>9}{:>10}{:>12.1e}{:>12}{:>9.0f}\n", name, t.sets, t.conflicts, t.refused,
               t.failures, t.worst, t.nodes, t.slowest_us);
    failures += t.failures;
  }
  return failures == 0 ? 0 : 1;
}
