// What the hedge instrument and the minimum-variance ratio are worth: hedging errors of one step on recorded option
// chains, out of sample.
//
//   ratio_study FOLDER... [--prices marks,mids] [--futures parity|named] [--half-spread 0.28] [--check]
//
// FOLDER holds snapshots-*.tar.zst and, where it has them, perpetual_futures_prices.csv.zst, term_futures_marks.csv.zst
// and INDEX.csv. Method and figures: docs/ratio-study.md; `--help` says what is printed.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "ballast/ballast.h"
#include "cross_hedge.h"
#include "recorded_chains.h"
#include "recorded_lags.h"

namespace {

using namespace ballast;
using study::Instant, study::month_of;
using Prices = desk::MovePrices;

constexpr const char* usage =
    R"(usage: ratio_study FOLDER... [flags]

For every option that is quoted in one snapshot and in the next, 4 to 9 hours later: long one, hedged with futures, P&L
in coin. Prints CSV: one line for each table, sample, set, coin, price, month (and `all`) and rule. Tables:

  hedge   squared errors of each rule, without and with costs, against net delta on the perpetual (or index)
  chosen  how many options each hedge instrument was chosen for
  fair    of the sample `candles`: rules against the perpetual priced in the same instant
  basis   the common basis of the perpetual to the dated futures and how much of its moves the recorded lags explain
  cross   ETH options hedged with BTC futures

  --prices LIST      of marks, mids; default both
  --futures WHICH    parity (default): dated futures at the parity forward of their expiry; named: at the price that the
                     chain's rows name for them
  --half-spread BP   of dated futures, basis points of the price; default 0.28, >= 0
  --check            exit 1 when a bound of docs/ratio-study.md does not hold; says which
)";

// Of a trade, one way. The taker fee is the venue's base rate before August 2026. Half spreads are those recorded at
// 2026-05-22 14:33 (deribit-restjson-20260522): 0.03 bp of the BTC perpetual; of the eight weekly and later dated BTC
// futures 0.16 to 0.97 bp, 0.28 in the mean. No quotes of ETH futures are recorded: the same is assumed.
constexpr double taker_bp = 5.0, perpetual_half_spread_bp = 0.03;

enum Rule {
  unhedged,
  perpetual_net,       ///< (a) net delta on the perpetual, on the index where the set has no perpetual
  basis_net,           ///< (b) net delta on the steadiest basis
  perpetual_adaptive,  ///< (c) the adaptive minimum-variance delta on the perpetual
  basis_adaptive,      ///< (d) both
  basis_multiple,      ///< what (c) was chosen over: a multiple of net delta by tenor and moneyness
  basis_level,         ///< and a multiple of vega by tenor and moneyness added to it
  own_net,             ///< net delta on the option's own forward, listed or not
  // Sample `candles` only: options whose matching future traded in the minute of the snapshot at both ends.
  candle_net,       ///< net delta on the matching future at the perpetual's instant
  candle_adaptive,  ///< the adaptive delta on it
  perpetual_moved,  ///< net delta on the perpetual, moved to the marks' instant by what futures did in between
  rules
};
constexpr std::array<const char*, rules> rule_names{
    "unhedged",    "perpetual_net", "basis_net",  "perpetual_adaptive", "basis_adaptive", "basis_multiple",
    "basis_level", "own_forward",   "candle_net", "candle_adaptive",    "perpetual_moved"};

struct Flags {
  std::vector<std::string> folders;
  std::vector<Prices> prices{Prices::marks, Prices::mids};
  double dated_half_spread_bp = 0.28;
  bool named = false, check = false;
};

const char* name(Prices p) { return p == Prices::marks ? "marks" : "mids"; }

int fail(const Error& error) {
  fmt::print(stderr, "error: {}\n", error.what);
  return error.fault == Fault::unavailable ? 3 : 1;
}

// ---- Losses ----

struct StepLosses {
  Time from;
  std::size_t options = 0;
  std::array<double, rules> loss{}, loss_with_cost{}, cost{};  ///< coin², coin², coin; sums over the options
};

struct Key {
  std::string sample, set, coin;
  Prices prices;
  friend auto operator<=>(const Key&, const Key&) = default;
};

using Losses = std::map<Key, std::vector<StepLosses>>;

struct Ratios {
  double without = NAN, with = NAN;  ///< squared error over that of perpetual_net, without and with costs
};
using Found = std::map<std::tuple<Key, std::string, Rule>, Ratios>;

void print(const Key& key, const std::string& month, const std::vector<StepLosses>& steps, Found& found) {
  std::size_t options = 0;
  std::array<double, rules> loss{}, with{}, cost{};
  std::array<std::vector<double>, rules> series, series_with;
  for (const StepLosses& s : steps) {
    options += s.options;
    for (std::size_t r = 0; r < rules; ++r) {
      loss[r] += s.loss[r];
      with[r] += s.loss_with_cost[r];
      cost[r] += s.cost[r];
      series[r].push_back(s.loss[r]);
      series_with[r].push_back(s.loss_with_cost[r]);
    }
  }
  if (options == 0) return;
  const double n = static_cast<double>(options);
  for (std::size_t r = 0; r < rules; ++r) {
    if (r >= candle_net && key.sample != "candles") continue;
    const Ratios ratios{loss[r] / loss[perpetual_net], with[r] / with[perpetual_net]};
    found[{key, month, static_cast<Rule>(r)}] = ratios;
    fmt::print("hedge,{},{},{},{},{},{},{},{},{:.6f},{:.4f},{},{:.6f},{:.4f},{},{:.6f}\n", key.sample, key.set,
               key.coin, name(key.prices), month, rule_names[r], steps.size(), options, std::sqrt(loss[r] / n),
               ratios.without, r == perpetual_net ? "," : study::against(series[perpetual_net], series[r]),
               std::sqrt(with[r] / n), ratios.with,
               r == perpetual_net ? "," : study::against(series_with[perpetual_net], series_with[r]), cost[r] / n);
  }
}

/// Future and perpetual at one instant, the snapshot's or the marks': what is left of a rule beside the recording's
/// lags.
void print_fair(const Key& key, const std::vector<StepLosses>& steps) {
  constexpr std::array<std::pair<Rule, Rule>, 4> pairs{{{perpetual_net, candle_net},
                                                        {perpetual_net, candle_adaptive},
                                                        {perpetual_moved, basis_net},
                                                        {perpetual_moved, basis_adaptive}}};
  for (const auto& [base, rule] : pairs) {
    std::vector<double> first, second;
    double of_base = 0.0, of_rule = 0.0;
    for (const StepLosses& s : steps) {
      first.push_back(s.loss[base]);
      second.push_back(s.loss[rule]);
      of_base += s.loss[base];
      of_rule += s.loss[rule];
    }
    fmt::print("fair,{},{},{},{},{},{},{:.4f},{}\n", key.set, key.coin, name(key.prices), rule_names[rule],
               rule_names[base], steps.size(), of_rule / of_base, study::against(first, second));
  }
}

// ---- Multiples by tenor and moneyness: what the adaptive rule was chosen over ----

/// The same memory and ridge as vol/adaptive.h.
struct Buckets {
  struct Sums {
    double xx = 0.0, xy = 0.0;
  };
  std::map<std::pair<std::size_t, int>, Sums> sums;

  static std::pair<std::size_t, int> place(const desk::ObservedOption& o) {
    return {vol::tenor_of(o.years), o.moneyness < -1.0 ? 0 : o.moneyness < 0.0 ? 1 : o.moneyness < 1.0 ? 2 : 3};
  }
  double slope(const desk::ObservedOption& o, double expected) const {
    const vol::AdaptiveRules same;
    double all = 0.0;
    for (const auto& [key, s] : sums) all += s.xx;
    const auto found = sums.find(place(o));
    if (found == sums.end() || !(all > 0.0)) return expected;
    const double ridge = same.ridge * all / static_cast<double>(sums.size());
    return (found->second.xy + ridge * expected) / (found->second.xx + ridge);
  }
  void fade(double days) {
    const double factor = std::exp2(-days / vol::AdaptiveRules{}.memory_days);
    for (auto& [key, s] : sums) s.xx *= factor, s.xy *= factor;
  }
  void add(const desk::ObservedOption& o, double x, double y) {
    Sums& s = sums[place(o)];
    s.xx += x * x;
    s.xy += x * y;
  }
};

// ---- One step ----

struct Learned {
  vol::AdaptiveState adaptive;
  hedge::SteadyBasisState basis;
  Buckets multiple, level;
};

hedge::FuturePrices futures_of(const Instant& i, bool named) {
  hedge::FuturePrices p{.as_of = i.chain.as_of, .forwards = i.chain.forwards, .perpetual = i.perpetual};
  for (const Time t : i.listed) {
    if (!p.forwards.contains(t)) continue;
    p.listed.insert(t);
    if (named) p.forwards[t] = i.named.at(t);
  }
  return p;
}

double own_gain(const study::Step& at, Time expiry) {
  return 1.0 - at.from.chain.forwards.at(expiry) / at.to.chain.forwards.at(expiry);
}

using Choices = std::map<Time, hedge::BasisChoice>;  ///< by expiry

/// With what was known at the start: the futures listed then that have a forward then. One that may have expired by the
/// end of the step, or be too near to it for a smile and so for a parity price, is passed over.
Choices choices_of(const study::Step& at, const hedge::FuturePrices& from, const hedge::SteadyBasisState& state) {
  const desk::MoveRules rules;
  const double least_s = 3600.0 * rules.most_gap_h + 86400.0 * rules.least_smile_days;
  std::set<Time> usable;
  for (const Time t : from.listed) {
    if (seconds_between(at.from.chain.as_of, t) > least_s) usable.insert(t);
  }
  Choices c;
  for (const auto& [expiry, forward] : from.forwards) {
    auto choice = hedge::choose(state, from, expiry, {}, &usable);
    if (choice) c.emplace(expiry, std::move(*choice));
  }
  return c;
}

std::optional<double> base_gain(const study::Step& at) {
  if (at.from.perpetual && at.to.perpetual) return 1.0 - *at.from.perpetual / *at.to.perpetual;
  if (at.from.index && at.to.index) return 1.0 - *at.from.index / *at.to.index;
  return std::nullopt;
}

double cost_bp(const hedge::BasisChoice& choice, double dated_half_spread_bp) {
  double half = 0.0;
  for (const hedge::BasisLeg& leg : choice.legs)
    half += leg.weight * (leg.expiry ? dated_half_spread_bp : perpetual_half_spread_bp);
  return 2.0 * (taker_bp + half);
}

void judge(const study::Step& at, Prices prices, const Learned& l, const Flags& flags, const study::SideTables& tables,
           std::map<std::string, std::array<std::size_t, 5>>& used, Losses& losses) {
  const auto base = base_gain(at);
  if (!base) return;
  const hedge::FuturePrices from = futures_of(at.from, flags.named), to = futures_of(at.to, flags.named);
  const Choices choices = choices_of(at, from, l.basis);
  std::map<Time, double> gains;
  for (const auto& [expiry, choice] : choices) gains[expiry] = hedge::gain(choice.legs, from, to);
  const auto moved = study::moved_gain(at, tables);
  StepLosses all{.from = at.from.chain.as_of}, candles{.from = at.from.chain.as_of};
  for (const auto& [option, held] : at.from.chain.options) {
    const auto later = at.to.chain.options.find(option);
    if (later == at.to.chain.options.end() || !desk::counts(held, later->second, prices)) continue;
    const auto choice = choices.find(held.expiry);
    if (choice == choices.end() || !std::isfinite(gains.at(held.expiry))) continue;
    const double price = desk::price_of(held, prices), change = desk::price_of(later->second, prices) - price;
    const double net = held.black_delta - price, steady = gains.at(held.expiry);
    const double adaptive =
        net + held.vega_coin * vol::adjustment(l.adaptive, held.years, held.vol, held.moneyness, {});
    std::array<double, rules> delta{}, gain{}, bp{};
    delta.fill(net);
    delta[unhedged] = 0.0;
    delta[perpetual_adaptive] = delta[basis_adaptive] = delta[candle_adaptive] = adaptive;
    delta[basis_multiple] = net * l.multiple.slope(held, 1.0);
    delta[basis_level] = net + held.vega_coin * held.vol.value * l.level.slope(held, 0.0);
    gain.fill(steady);
    gain[perpetual_net] = gain[perpetual_adaptive] = *base;
    gain[own_net] = own_gain(at, held.expiry);
    bp.fill(cost_bp(choice->second, flags.dated_half_spread_bp));
    bp[perpetual_net] = bp[perpetual_adaptive] = bp[perpetual_moved] = 2.0 * (taker_bp + perpetual_half_spread_bp);
    bool in_candles = false;
    if (choice->second.matching) {
      const auto a = tables.candle.find({at.coin, held.expiry, at.from.chain.as_of}),
                 b = tables.candle.find({at.coin, held.expiry, at.to.chain.as_of});
      if (a != tables.candle.end() && b != tables.candle.end() && moved) {
        in_candles = true;
        gain[candle_net] = gain[candle_adaptive] = 1.0 - a->second / b->second;
        gain[perpetual_moved] = *moved;
      }
    }
    const auto add = [&](StepLosses& sum) {
      ++sum.options;
      for (std::size_t r = 0; r < rules; ++r) {
        const double error = change - delta[r] * gain[r], cost = 1e-4 * bp[r] * std::abs(delta[r]);
        sum.loss[r] += error * error;
        sum.loss_with_cost[r] += (error - cost) * (error - cost);
        sum.cost[r] += cost;
      }
    };
    add(all);
    if (in_candles) add(candles);
    if (prices == Prices::marks)
      ++used[at.set + "," + at.coin][choice->second.matching ? 0 : 1 + static_cast<std::size_t>(choice->second.kind)];
  }
  if (all.options > 0) losses[{"all", at.set, at.coin, prices}].push_back(all);
  if (candles.options > 0) losses[{"candles", at.set, at.coin, prices}].push_back(candles);
}

std::optional<Error> learn(const study::Step& at, const Flags& flags, Learned& l) {
  auto basis = hedge::update(l.basis, futures_of(at.from, flags.named), futures_of(at.to, flags.named), {});
  if (!basis) return basis.error();
  l.basis = std::move(basis).value();
  const auto moves = desk::smile_moves(at.from.chain, at.to.chain, Prices::marks);
  auto next = vol::update(l.adaptive, at.to.chain.as_of, moves, {});
  if (!next) return next.error();
  l.adaptive = next.value();
  const double days = seconds_between(at.from.chain.as_of, at.to.chain.as_of) / 86400.0;
  l.multiple.fade(days);
  l.level.fade(days);
  for (const auto& [option, held] : at.from.chain.options) {
    const auto later = at.to.chain.options.find(option);
    if (later == at.to.chain.options.end() || !desk::counts(held, later->second, Prices::marks)) continue;
    const double earned = own_gain(at, held.expiry), change = later->second.mark - held.mark;
    const double net = (held.black_delta - held.mark) * earned;
    l.multiple.add(held, net, change);
    l.level.add(held, held.vega_coin * held.vol.value * earned, change - net);
  }
  return std::nullopt;
}

// ---- Side tables ----

int print_basis(const std::map<std::string, study::BasisMoves>& sums) {
  for (const auto& [key, s] : sums) {
    if (s.common.empty()) continue;
    double common = 0.0, lagged = 0.0;
    for (const double v : s.common) common += v;
    for (const double v : s.lagged) lagged += v;
    const double n = static_cast<double>(s.common.size());
    const auto fit = math::regress(s.common, std::vector<std::vector<double>>{s.lagged});
    if (!fit) return fail(fit.error());
    fmt::print("basis,{},{},{:.2f},{:.2f},{:.3f},{:.3f},{:.3f},{:.2f}\n", key, s.common.size(),
               1e4 * std::sqrt(common / n), 1e4 * std::sqrt(lagged / n), lagged / common, fit.value().coefficient[1],
               fit.value().hac_error[1], 1e4 * std::sqrt(std::max(fit.value().coefficient[0], 0.0)));
  }
  return 0;
}

void print_cross(const std::map<std::string, study::Cross>& sets) {
  for (const auto& [set, c] : sets) {
    std::array<double, study::cross_rules> total{};
    for (std::size_t r = 0; r < study::cross_rules; ++r) {
      for (const double v : c.loss[r]) total[r] += v;
    }
    for (std::size_t r = 0; r < study::cross_rules; ++r) {
      fmt::print("cross,{},{},{},{:.4f},{:.4f},{},{}\n", set, study::cross_names[r], c.loss[r].size(),
                 total[r] / total[study::cross_unhedged], total[r] / total[study::cross_one],
                 r == study::cross_one ? "," : study::against(c.loss[study::cross_one], c.loss[r]),
                 r >= study::cross_ols && r <= study::cross_dcc ? fmt::format("{:.3f}", c.last_ratio[r]) : "");
    }
  }
}

// ---- Checks ----

/// The bounds that docs/ratio-study.md states, on marks and mids of all months.
bool holds(const Found& found, const std::set<std::string>& on_index) {
  bool passed = true;
  const auto ratio = [&](const Key& key, Rule rule) { return found.at({key, "all", rule}).without; };
  for (const auto& [at, ratios] : found) {
    const auto& [key, month, rule] = at;
    if (month != "all" || rule != basis_adaptive || key.sample != "all") continue;
    const auto due = [&](bool ok, const std::string& what) {
      if (ok) return;
      passed = false;
      fmt::print(stderr, "{} {} {}: {}\n", key.set, key.coin, name(key.prices), what);
    };
    due(ratios.without < ratio(key, basis_net) && ratios.without < ratio(key, perpetual_adaptive),
        fmt::format("both together, {:.4f}, is no better than either", ratios.without));
    due(ratio(key, basis_net) < 1.0, "the steady basis is no better than the perpetual");
    if (key.prices == Prices::marks && !on_index.contains(key.set)) {
      const double bound = key.coin == "BTC" ? 0.75 : 0.40;
      due(ratios.without <= bound, fmt::format("{:.4f} of net delta on the perpetual, over {}", ratios.without, bound));
    }
  }
  return passed;
}

Result<Flags> flags_of(const std::vector<std::string>& words) {
  Flags flags;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!word.starts_with("--")) {
      flags.folders.push_back(word);
    } else if (word == "--check") {
      flags.check = true;
    } else if ((word == "--prices" || word == "--futures" || word == "--half-spread") && i + 1 < words.size()) {
      const std::string& value = words[++i];
      if (word == "--half-spread") {
        const auto read = parse_number(value);
        if (!read || *read < 0.0) return Error{Fault::bad_flag, fmt::format("--half-spread is '{}'", value)};
        flags.dated_half_spread_bp = *read;
        continue;
      }
      if (word == "--futures") {
        if (value != "parity" && value != "named")
          return Error{Fault::bad_flag, fmt::format("--futures is parity or named, not '{}'", value)};
        flags.named = value == "named";
        continue;
      }
      flags.prices.clear();
      for (const std::string_view w : split(value, ',')) {
        if (w != "marks" && w != "mids") return Error{Fault::bad_flag, fmt::format("--prices does not know '{}'", w)};
        flags.prices.push_back(w == "marks" ? Prices::marks : Prices::mids);
      }
    } else {
      return Error{Fault::bad_flag, fmt::format("unknown flag '{}', or one without its value", word)};
    }
  }
  if (flags.folders.empty()) return Error{Fault::bad_flag, "no folder given"};
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

  Losses losses;
  std::map<std::string, study::BasisMoves> basis;
  std::map<std::string, study::Cross> cross;
  std::map<std::string, std::array<std::size_t, 5>> used;
  std::set<std::string> on_index;  // sets without a perpetual
  for (const std::string& folder : flags.folders) {
    const auto tables = study::side_tables(folder);
    if (!tables) return fail(in(folder, tables.error()));
    // A set begins with nothing learned: weeks lie between two of them.
    std::map<std::string, Learned> learned;
    std::optional<std::pair<Time, double>> btc;  // end of the last BTC step and its return
    const auto error = study::for_each_step(folder, {}, [&](const study::Step& at) -> std::optional<Error> {
      Learned& l = learned[at.coin];
      if (!at.from.perpetual) on_index.insert(at.set);
      for (const Prices prices : flags.prices) judge(at, prices, l, flags, tables.value(), used, losses);
      study::add_basis(at, tables.value(), basis[at.set + "," + at.coin]);
      if (at.coin == "BTC") {
        btc.reset();
        if (const auto r = study::future_return(at)) btc = {at.to.chain.as_of, *r};
      } else if (at.coin == "ETH" && btc && btc->first == at.to.chain.as_of) {
        if (auto problem = study::add_step(at, btc->second, cross[at.set])) return problem;
      }
      return learn(at, flags, l);
    });
    if (error) return fail(*error);
  }

  Found found;
  fmt::print(
      "table,sample,set,coin,prices,month,rule,instants,options,rmse_coin,to_perpetual_net,dm,p,rmse_with_cost,"
      "to_perpetual_net_with_cost,dm_with_cost,p_with_cost,cost_coin\n");
  Losses pooled;
  for (const auto& [key, steps] : losses) {
    auto& both = pooled[{key.sample, "both", key.coin, key.prices}];
    both.insert(both.end(), steps.begin(), steps.end());
  }
  // What the forms were chosen on and what they were not, docs/ratio-study.md.
  const Time chosen_until = parse_time("2026-02-13").value();
  for (const auto& [key, steps] : losses) {
    print(key, "all", steps, found);
    std::map<std::string, std::vector<StepLosses>> parts;
    for (const StepLosses& s : steps) {
      parts[month_of(s.from)].push_back(s);
      if (key.set == "2025-12") parts[s.from < chosen_until ? "chosen_on" : "not_chosen_on"].push_back(s);
    }
    for (const auto& [month, some] : parts) print(key, month, some, found);
  }
  if (flags.folders.size() > 1) {
    for (const auto& [key, steps] : pooled) print(key, "all", steps, found);
  }
  fmt::print("\ntable,set,coin,matching,perpetual,earlier,later,both\n");
  for (const auto& [key, n] : used) fmt::print("chosen,{},{},{},{},{},{}\n", key, n[0], n[1], n[2], n[3], n[4]);
  fmt::print("\ntable,set,coin,prices,rule,against,instants,ratio,dm,p\n");
  for (const auto& [key, steps] : losses) {
    if (key.sample == "candles") print_fair(key, steps);
  }
  fmt::print("\ntable,set,coin,steps,rms_bp,lag_rms_bp,lag_share,slope,slope_error,rest_bp\n");
  if (const int status = print_basis(basis)) return status;
  fmt::print("\ntable,set,rule,steps,to_unhedged,to_one,dm_against_one,p,last_ratio\n");
  print_cross(cross);
  return losses.empty() || (flags.check && !holds(found, on_index)) ? 1 : 0;
}
