// What each delta is worth: hedging errors of one step on recorded option chains, out of sample.
//
//   delta_study FOLDER... [--prices marks,mids,raw-mids] [--hedges perpetual,index,forward] [--models heston,svcj]
//
// FOLDER holds snapshots-*.tar.zst and, where it has them, perpetual_futures_prices.csv.zst. Method and figures:
// docs/delta-study.md; `--help` says what is printed.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "ballast/ballast.h"
#include "model_deltas.h"
#include "recorded_chains.h"

namespace {

using namespace ballast;
using study::Instant, study::month_of;

constexpr const char* usage =
    R"(usage: delta_study FOLDER... [flags]

For every option that is quoted in one snapshot and in the next, 4 to 9 hours later: long one, hedged with delta coins
of the hedge, P&L in coin. Prints CSV: one line for each set, coin, price, hedge, month (and `all`) and rule.

  --prices LIST         of marks, mids, raw-mids; default marks,mids
  --hedges LIST         of perpetual, index, forward; default all three (a set without perpetual prices has two)
  --outlier-scale X     every outlier limit of the cleaning of mids times X, > 0; default 1
  --fixed-ssr R         the skew-stickiness ratio of the rule fixed_ssr; default 1.5
  --models LIST         stochastic models, refitted at every instant; each adds its net delta, its minimum-variance one
                        and `moves`, the net delta of the quoted vol that moves as the model says
  --learn marks|same    whether the adaptive rule learns from marks always (default) or from the prices it is judged on
  --memory-days X --trial-days X --ridge X --influence X --significance X --least-instants X --shrink X
  --option-outlier X --steepest X
                        the adaptive rule's numbers; defaults of vol/adaptive.h
  --check               exit 1 when the adaptive rule is worse than the net delta by more than 1 % of squared error in
                        a month, or not better over all; says where
  --state               after the CSV, on stderr: what the adaptive rule says at the end of each set
)";

using Prices = desk::MovePrices;
enum class Hedge { perpetual, index, forward };
constexpr std::array<const char*, 3> price_names{"marks", "mids", "raw-mids"},
    hedge_names{"perpetual", "index", "forward"};

enum Rule { unhedged, plain, net, sticky_strike, sticky_moneyness, sticky_local_vol, fixed_ssr, adaptive, rules };
const std::vector<std::string> rule_names{
    "unhedged", "plain", "net", "sticky_strike", "sticky_moneyness", "sticky_local_vol", "fixed_ssr", "adaptive"};

/// What each model adds.
constexpr std::array<const char*, 3> model_forms{"", "_minimum_variance", "_moves"};

struct Flags {
  std::vector<std::string> folders;
  std::vector<Prices> prices{Prices::marks, Prices::mids};
  std::vector<Hedge> hedges{Hedge::perpetual, Hedge::index, Hedge::forward};
  double ssr = 1.5;
  bool learn_from_marks = true, print_state = false, check = false;
  desk::MoveRules moves;
  vol::AdaptiveRules adaptive;
  std::vector<std::string> models;

  std::vector<std::string> names() const {  // of all rules
    std::vector<std::string> all = rule_names;
    for (const std::string& m : models)
      for (const char* form : model_forms) all.push_back(m + form);
    return all;
  }
};

using Losses = std::vector<double>;  ///< coin², summed over the options of an instant, by rule
using ModelDeltas = std::vector<std::map<std::string, study::ModelDelta>>;  ///< by model, of one chain

struct Step {
  Time from;
  std::size_t options = 0;
  Losses losses{};
};

struct Key {
  std::string set, coin;
  Prices prices;
  Hedge hedge;
  friend auto operator<=>(const Key&, const Key&) = default;
};

struct Learned {
  vol::AdaptiveState marks, mids;
};

std::optional<double> gain(const Instant& a, const Instant& b, Time expiry, Hedge hedge) {
  std::optional<double> from, to;
  if (hedge == Hedge::perpetual) from = a.perpetual, to = b.perpetual;
  if (hedge == Hedge::index) from = a.index, to = b.index;
  if (hedge == Hedge::forward) from = a.chain.forwards.at(expiry), to = b.chain.forwards.at(expiry);
  if (!from || !to) return std::nullopt;
  return 1.0 - *from / *to;  // coin, of one coin long: P0 (1/P0 - 1/P1)
}

Step step(const Instant& a, const Instant& b, Prices prices, Hedge hedge, const vol::AdaptiveState& state,
          const ModelDeltas& models, const Flags& flags) {
  const std::size_t count = flags.names().size();
  Step sum{.from = a.chain.as_of, .losses = Losses(count, 0.0)};
  for (const auto& [name, held] : a.chain.options) {
    const auto later = b.chain.options.find(name);
    if (later == b.chain.options.end() || !desk::counts(held, later->second, prices)) continue;
    const auto earned = gain(a, b, held.expiry, hedge);
    if (!earned) continue;
    const double change = desk::price_of(later->second, prices) - desk::price_of(held, prices);
    const double net_delta = held.black_delta - desk::price_of(held, prices);
    std::vector<double> delta(count, 0.0);
    delta[plain] = held.black_delta;
    delta[net] = delta[sticky_strike] = net_delta;
    delta[sticky_moneyness] = net_delta - held.vega_coin * held.slope;
    delta[sticky_local_vol] = net_delta + held.vega_coin * held.slope;
    delta[fixed_ssr] = net_delta + (flags.ssr - 1.0) * held.vega_coin * held.slope;
    delta[adaptive] =
        net_delta + held.vega_coin * vol::adjustment(state, held.years, held.vol, held.moneyness, flags.adaptive);
    for (std::size_t m = 0; m < models.size(); ++m) {
      const study::ModelDelta& of = models[m].at(name);
      double* of_model = &delta[rules + model_forms.size() * m];
      of_model[0] = of.delta - desk::price_of(held, prices);
      of_model[1] = of.minimum_variance - desk::price_of(held, prices);
      of_model[2] = net_delta + held.vega_coin * of.vol_move;
    }
    ++sum.options;
    for (std::size_t r = 0; r < count; ++r) {
      const double error = change - delta[r] * *earned;
      sum.losses[r] += error * error;
    }
  }
  return sum;
}

int fail(const Error& error) {
  fmt::print(stderr, "error: {}\n", error.what);
  return error.fault == Fault::unavailable ? 3 : 1;
}

int print(const Key& key, const std::string& month, const std::vector<Step>& steps,
          const std::vector<std::string>& names, bool& passed) {
  Losses total(names.size(), 0.0);
  std::size_t options = 0;
  std::vector<std::vector<double>> series(names.size());
  for (const Step& s : steps) {
    options += s.options;
    for (std::size_t r = 0; r < names.size(); ++r) total[r] += s.losses[r], series[r].push_back(s.losses[r]);
  }
  if (options == 0) return 0;
  if (!(month == "all" ? total[adaptive] < total[net] : total[adaptive] <= 1.01 * total[net])) {
    passed = false;
    fmt::print(stderr, "{} {} {} {}: adaptive/net {:.4f}\n", key.coin,
               price_names[static_cast<std::size_t>(key.prices)], hedge_names[static_cast<std::size_t>(key.hedge)],
               month, total[adaptive] / total[net]);
  }
  for (std::size_t r = 0; r < names.size(); ++r) {
    std::string t = ",";
    if (r != net && r != sticky_strike && steps.size() >= 2) {
      const auto compared = math::compare_losses(series[net], series[r], {.small_sample = true});
      if (!compared) return fail(compared.error());
      // Positive: better than net.
      if (std::isfinite(compared.value().statistic))
        t = fmt::format("{:.2f},{:.4f}", compared.value().statistic, compared.value().p);
    }
    fmt::print("{},{},{},{},{},{},{},{},{:.6f},{:.2f},{:.4f},{}\n", key.set, key.coin,
               price_names[static_cast<std::size_t>(key.prices)], hedge_names[static_cast<std::size_t>(key.hedge)],
               month, names[r], steps.size(), options, std::sqrt(total[r] / static_cast<double>(options)),
               100.0 * (1.0 - std::sqrt(total[r] / total[unhedged])), total[r] / total[net], t);
  }
  return 0;
}

template <class T>
Result<std::vector<T>> list(const std::string& text, const std::array<const char*, 3>& names, const char* flag) {
  std::vector<T> found;
  for (const std::string_view word : split(text, ',')) {
    const auto at = std::find(names.begin(), names.end(), word);
    if (at == names.end()) return Error{Fault::bad_flag, fmt::format("{} does not know '{}'", flag, word)};
    found.push_back(static_cast<T>(at - names.begin()));
  }
  return found;
}

Result<Flags> flags_of(const std::vector<std::string>& words) {
  Flags flags;
  const std::map<std::string, double*> numbers{{"--outlier-scale", &flags.moves.outlier_scale},
                                               {"--fixed-ssr", &flags.ssr},
                                               {"--memory-days", &flags.adaptive.memory_days},
                                               {"--trial-days", &flags.adaptive.trial_days},
                                               {"--ridge", &flags.adaptive.ridge},
                                               {"--influence", &flags.adaptive.influence},
                                               {"--significance", &flags.adaptive.significance},
                                               {"--shrink", &flags.adaptive.shrink},
                                               {"--option-outlier", &flags.adaptive.outlier},
                                               {"--least-instants", &flags.adaptive.least_instants},
                                               {"--steepest", &flags.adaptive.steepest}};
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!word.starts_with("--")) {
      flags.folders.push_back(word);
      continue;
    }
    if (word == "--state" || word == "--check") {
      (word == "--state" ? flags.print_state : flags.check) = true;
      continue;
    }
    const auto number = numbers.find(word);
    if (number == numbers.end() && word != "--prices" && word != "--hedges" && word != "--learn" && word != "--models")
      return Error{Fault::bad_flag, fmt::format("unknown flag '{}'", word)};
    if (i + 1 == words.size()) return Error{Fault::bad_flag, fmt::format("{} needs a value", word)};
    const std::string& value = words[++i];
    if (number != numbers.end()) {
      const auto read = parse_number(value);
      if (!read) return Error{Fault::bad_flag, fmt::format("{} is not a number: '{}'", word, value)};
      *number->second = *read;
    } else if (word == "--prices") {
      auto read = list<Prices>(value, price_names, "--prices");
      if (!read) return read.error();
      flags.prices = read.value();
    } else if (word == "--hedges") {
      auto read = list<Hedge>(value, hedge_names, "--hedges");
      if (!read) return read.error();
      flags.hedges = read.value();
    } else if (word == "--models") {
      for (const std::string_view name : split(value, ',')) {
        if (model::parameters(name).empty())
          return Error{Fault::bad_flag, fmt::format("--models does not know '{}'", name)};
        flags.models.emplace_back(name);
      }
    } else if (value == "marks" || value == "same") {
      flags.learn_from_marks = value == "marks";
    } else {
      return Error{Fault::bad_flag, fmt::format("--learn is marks or same, not '{}'", value)};
    }
  }
  if (flags.folders.empty()) return Error{Fault::bad_flag, "no folder given"};
  if (!(flags.moves.outlier_scale > 0.0))
    return Error{Fault::bad_flag, fmt::format("--outlier-scale is {}, not above 0", flags.moves.outlier_scale)};
  return flags;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (std::find(words.begin(), words.end(), "--help") != words.end()) {
    fmt::print("{}", usage);
    return 0;
  }
  const auto read_flags = flags_of(words);
  if (!read_flags) {
    fmt::print(stderr, "error: {}\n{}", read_flags.error().what, usage);
    return 2;
  }
  const Flags& flags = read_flags.value();

  std::map<Key, std::vector<Step>> steps;
  for (const std::string& folder : flags.folders) {
    // A set begins with nothing learned: weeks lie between two of them.
    std::map<std::string, Learned> learned;
    std::map<std::string, std::vector<study::ModelHedger>> hedgers;
    const auto error = study::for_each_step(folder, flags.moves, [&](const study::Step& at) -> std::optional<Error> {
      Learned& l = learned[at.coin];
      ModelDeltas models;
      auto& of_coin = hedgers[at.coin];
      for (std::size_t m = of_coin.size(); m < flags.models.size(); ++m) of_coin.emplace_back(flags.models[m]);
      for (study::ModelHedger& hedger : of_coin) {
        auto found = hedger.deltas(at.from.chain);
        if (!found) return found.error();
        models.push_back(std::move(found).value());
      }
      for (const Prices prices : flags.prices) {
        const bool from_marks = flags.learn_from_marks || prices == Prices::marks;
        for (const Hedge hedge : flags.hedges) {
          const Step made = step(at.from, at.to, prices, hedge, from_marks ? l.marks : l.mids, models, flags);
          if (made.options > 0) steps[{at.set, at.coin, prices, hedge}].push_back(made);
        }
      }
      for (auto [state, prices] : {std::pair{&l.marks, Prices::marks}, std::pair{&l.mids, Prices::mids}}) {
        const auto moves = desk::smile_moves(at.from.chain, at.to.chain, prices);
        auto next = vol::update(*state, at.to.chain.as_of, moves, flags.adaptive);
        if (!next) return next.error();
        *state = next.value();
      }
      return std::nullopt;
    });
    if (error) return fail(*error);
    for (const auto& [coin, of_coin] : hedgers)
      for (std::size_t m = 0; m < of_coin.size(); ++m)
        fmt::print(stderr, "{} {}: {} fits, {:.2f} vol points off the marks\n", coin, flags.models[m],
                   of_coin[m].fits(), 100.0 * of_coin[m].mean_rmse_vol());
    for (const auto& [coin, l] : learned) {
      for (std::size_t k = 0; flags.print_state && k < vol::tenors; ++k) {
        const vol::AdaptiveView seen = vol::view(l.marks, k, flags.adaptive);
        fmt::print(stderr, "{} tenor {}: level {:.3f} tilt {:.3f} scale {:.3f} t {:.2f} instants {:.1f}\n", coin, k,
                   seen.level, seen.tilt, seen.scale, seen.t, seen.instants);
      }
    }
  }

  fmt::print(
      "set,coin,prices,hedge,month,rule,instants,observations,rmse_coin,reduction_percent,squared_error_to_net,"
      "dm_against_net,p\n");
  bool passed = true;
  for (const auto& [key, all] : steps) {
    if (const int status = print(key, "all", all, flags.names(), passed)) return status;
    std::map<std::string, std::vector<Step>> months;
    for (const Step& s : all) months[month_of(s.from)].push_back(s);
    for (const auto& [month, some] : months) {
      if (const int status = print(key, month, some, flags.names(), passed)) return status;
    }
  }
  return steps.empty() || (flags.check && !passed) ? 1 : 0;
}
