#include "ballast/app/problem_flags.h"

#include <set>

#include <fmt/format.h>

#include "ballast/app/problem_units.h"
#include "ballast/base/text.h"
#include "ballast/desk/candidates.h"
#include "ballast/market/clean.h"
#include "ballast/store/file.h"

namespace ballast::app {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Ends {
  std::optional<double> low, high;
};

/// "a:b", ":b", "a:" or, for both, "a"; absent when it is none of them.
std::optional<Ends> ends(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() > 2 || (parts.size() == 2 && parts[0].empty() && parts[1].empty())) return std::nullopt;
  Ends out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].empty() && parts.size() == 2) continue;
    const auto value = parse_number(parts[i]);
    if (!value) return std::nullopt;
    (i == 0 ? out.low : out.high) = value;
  }
  if (parts.size() == 1) out.high = out.low;
  return out;
}

/// Whether a hedge has anything to reach; a frontier needs nothing, it weighs risk itself.
bool aims(const hedge::Problem& problem) {
  return !problem.goals.empty() || problem.risk.aversion > 0.0 ||
         (problem.tail && (problem.tail->weight > 0.0 || problem.tail->limit));
}

}  // namespace

Result<hedge::Goal> parse_goal(const std::string& word) {
  const auto wrong = [&](const std::string& what) {
    return Error{Fault::bad_flag, fmt::format("--goal {}: {}", ballast::quoted(word), what)};
  };
  const auto sides = split(word, '=');
  if (sides.size() != 2) return wrong("write GREEK=VALUE, GREEK=LOWEST:HIGHEST or GREEK[DAYS:DAYS]=...");
  hedge::Goal goal;
  std::string_view greek = sides[0];
  if (const std::size_t open = greek.find('['); open != std::string_view::npos) {
    const auto days = greek.back() == ']' ? ends(greek.substr(open + 1, greek.size() - open - 2)) : std::nullopt;
    if (!days || greek.find(':') == std::string_view::npos || days->low.value_or(0.0) < 0.0 ||
        days->low.value_or(0.0) >= days->high.value_or(infinity)) {
      return wrong("the expiries are written in days, as [7:30], [7:] or [:30]");
    }
    goal.from_days = days->low, goal.to_days = days->high;
    greek = greek.substr(0, open);
  }
  std::vector<std::string> names;
  bool known = false;
  for (const hedge::Greek g : {hedge::Greek::delta, hedge::Greek::gamma, hedge::Greek::vega, hedge::Greek::theta,
                               hedge::Greek::vanna, hedge::Greek::volga}) {
    names.emplace_back(hedge::name(g));
    if (names.back() == greek) goal.greek = g, known = true;
  }
  if (!known) {
    const std::string near = nearest(greek, names);
    return wrong(near.empty() ? "it is none of delta, gamma, vega, theta, vanna, volga"
                              : fmt::format("did you mean {}?", near));
  }
  const auto range = ends(sides[1]);
  if (!range) return wrong("a number or LOWEST:HIGHEST is due after =");
  goal.lowest = range->low.value_or(-infinity), goal.highest = range->high.value_or(infinity);
  if (goal.lowest > goal.highest) return wrong("the lowest is over the highest");
  return from_screen(goal);
}

Result<std::optional<WrittenProblem>> written_problem(const ProblemOptions& o) {
  if (o.file) {
    const auto text = store::read_bytes(*o.file);
    if (!text) return text.error();
    auto parsed = parse_problem(text.value());
    if (!parsed) return in(*o.file, parsed.error());
    if (parsed.value().problem.candidates.empty() && parsed.value().candidates.empty()) {
      return Error{Fault::bad_field,
                   *o.file + ": no candidates: write candidates = [\"futures\"] or tables under [[candidate]]"};
    }
    if (!o.sweeps && !aims(parsed.value().problem)) {
      return Error{Fault::bad_field, *o.file + ": nothing to reach: write a [[goal]], an aversion or a tail to keep"};
    }
    return std::optional(std::move(parsed).value());
  }
  if (!o.optimise) return std::optional<WrittenProblem>();
  WrittenProblem w;
  for (const std::string& word : o.goals) {
    const auto goal = parse_goal(word);
    if (!goal) return goal.error();
    w.problem.goals.push_back(goal.value());
  }
  w.candidates = o.candidates.empty() ? std::vector<std::string>{"all"} : o.candidates;
  w.problem.limits.most_legs = o.most_legs.value_or(0);
  w.problem.risk.aversion = o.aversion.value_or(0.0);
  w.problem.limits.turnover_usd = o.turnover_usd;
  w.problem.carry_days = o.carry_days.value_or(0.0);
  w.problem.costs.share = o.depth_share.value_or(w.problem.costs.share);
  if (!o.sweeps && !aims(w.problem)) {
    return Error{Fault::bad_flag, "nothing to reach: say --goal or --aversion, or name a --problem FILE"};
  }
  return std::optional(std::move(w));
}

std::optional<Error> add_candidates(WrittenProblem& written, const market::Snapshot& market,
                                    const market::Portfolio& portfolio, const market::CleaningRules& rules) {
  std::set<std::string> underlyings;
  for (const market::Position& p : portfolio.positions) {
    underlyings.insert(market.instruments.at(p.instrument).underlying);
  }
  if (underlyings.empty()) return std::nullopt;  // desk::decide has the words for an empty book
  if (underlyings.size() > 1) {
    std::string all;
    for (const std::string& one : underlyings) all += (all.empty() ? "" : ", ") + one;
    return Error{Fault::bad_input, fmt::format("the book is on {}: a problem is of one underlying", all)};
  }
  const std::string& underlying = *underlyings.begin();
  std::set<std::string> taken;
  for (const hedge::Candidate& c : written.problem.candidates) taken.insert(c.instrument);
  std::optional<market::Snapshot> cleaned;
  for (const std::string& word : written.candidates) {
    std::vector<std::string> names = {word};
    if (desk::is_candidate_word(word)) {
      if (!cleaned) cleaned = market::clean(market, rules);
      names = desk::candidates(word, *cleaned, underlying);
      if (names.empty()) {
        return Error{Fault::missing_data,
                     fmt::format("candidates {}: none on {} is quoted on both sides", word, underlying)};
      }
    }
    for (const std::string& name : names) {
      // What a table says of an instrument stands; a word only adds to it.
      if (taken.insert(name).second) written.problem.candidates.push_back({.instrument = name});
    }
  }
  return std::nullopt;
}

}  // namespace ballast::app
