#include "ballast/app/problem_toml.h"

#include <cmath>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "ballast/app/problem_units.h"
#include "ballast/base/text.h"

#include <toml++/toml.h>

namespace ballast::app {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::string at(const toml::source_region& source) {
  return fmt::format("line {}, column {}", source.begin.line, source.begin.column);
}

/// Which numbers a key takes, and the words for it.
struct Range {
  double low, high;
  bool low_open, high_open;
  const char* words;
  bool holds(double x) const {
    return !std::isnan(x) && (low_open ? x > low : x >= low) && (high_open ? x < high : x <= high);
  }
};
constexpr Range any{-infinity, infinity, true, true, "a finite number"};
constexpr Range bound{-infinity, infinity, false, false, "a number, inf or -inf"};
constexpr Range not_negative{0.0, infinity, false, true, "a number of 0 or more"};
constexpr Range positive{0.0, infinity, true, true, "a number over 0"};
constexpr Range positive_or_inf{0.0, infinity, true, false, "a number over 0, or inf"};
constexpr Range share{0.0, 1.0, true, false, "a number over 0 and up to 1"};
constexpr Range below_one{0.0, 1.0, false, true, "a number from 0 to under 1"};
constexpr Range probability{0.0, 1.0, false, false, "a number from 0 to 1"};
constexpr Range correlation{-1.0, 1.0, true, true, "a number between -1 and 1"};
// of pricing::Scenario: a price factor of 0.01 to 100, a vol factor of 0 or more
constexpr Range price_move{-0.99, 99.0, false, false, "a relative move of -0.99 to 99"};
constexpr Range vol_move{-1.0, infinity, false, true, "a relative move of -1 or more"};
constexpr Range basis_move{-1.0, infinity, true, true, "a relative move over -1"};

/// One table of the file. The first fault that any of them finds is kept, the rest reads on without effect.
class Section {
 public:
  Section(const toml::table& table, std::string name, std::optional<Error>& error, std::set<std::string> known)
      : table_(table), name_(std::move(name)), error_(error) {
    for (const auto& [key, node] : table_) {
      const std::string word(key.str());
      if (known.contains(word)) continue;
      const std::string near = nearest(word, {known.begin(), known.end()});
      fail(key.source(), fmt::format("unknown key {}{}", path(word),
                                     near.empty() ? "" : fmt::format("; did you mean {}?", ballast::quoted(near))));
    }
  }

  bool has(const char* key) const { return table_.contains(key); }

  std::optional<double> number(const char* key, const Range& range) {
    const toml::node* node = table_.get(key);
    return node ? number(*node, path(key), range) : std::nullopt;
  }
  void number(const char* key, const Range& range, double& into) { into = number(key, range).value_or(into); }

  std::optional<int> whole(const char* key, int least, int most) {
    const toml::node* node = table_.get(key);
    if (!node) return std::nullopt;
    const auto value = node->is_integer() ? node->value<std::int64_t>() : std::nullopt;
    if (value && *value >= least && *value <= most) return static_cast<int>(*value);
    wrong(*node, path(key), fmt::format("a whole number from {} to {}", least, most));
    return std::nullopt;
  }

  std::optional<bool> yes_or_no(const char* key) {
    const toml::node* node = table_.get(key);
    if (!node) return std::nullopt;
    if (node->is_boolean()) return node->value<bool>();
    wrong(*node, path(key), "true or false");
    return std::nullopt;
  }

  std::optional<std::string> text(const char* key) {
    const toml::node* node = table_.get(key);
    if (!node) return std::nullopt;
    if (node->is_string() && !node->value<std::string>()->empty()) return node->value<std::string>();
    wrong(*node, path(key), "a text in quotes");
    return std::nullopt;
  }

  /// One of a few words, by its place among them.
  template <class T>
  std::optional<T> word(const char* key, const std::vector<std::pair<std::string, T>>& words) {
    const auto found = text(key);
    if (!found) return std::nullopt;
    std::string all;
    for (const auto& [name, value] : words) {
      if (name == *found) return value;
      all += (all.empty() ? "" : ", ") + name;
    }
    wrong(*table_.get(key), path(key), "one of " + all);
    return std::nullopt;
  }

  std::vector<double> numbers(const char* key, const Range& range) {
    std::vector<double> list;
    for (const toml::node* node : items(key, "a list of numbers")) {
      if (const auto value = number(*node, path(key), range)) list.push_back(*value);
    }
    return list;
  }

  std::vector<std::string> texts(const char* key) {
    std::vector<std::string> list;
    for (const toml::node* node : items(key, "a list of texts")) {
      const auto value = node->value<std::string>();
      if (!node->is_string() || value->empty()) {
        wrong(*node, path(key), "texts in quotes");
      } else {
        list.push_back(*value);
      }
    }
    return list;
  }

  /// The table of a key, or null where there is none.
  const toml::table* table(const char* key) {
    const toml::node* node = table_.get(key);
    if (node && !node->is_table()) wrong(*node, path(key), fmt::format("a table, [{}]", path(key)));
    return node ? node->as_table() : nullptr;
  }

  std::vector<const toml::table*> tables(const char* key) {
    std::vector<const toml::table*> list;
    const std::string want = fmt::format("tables, each under [[{}]]", path(key));
    for (const toml::node* node : items(key, want)) {
      if (!node->is_table()) {
        wrong(*node, path(key), want);
      } else {
        list.push_back(node->as_table());
      }
    }
    return list;
  }

  const toml::table& raw() const { return table_; }
  std::string path(std::string_view key) const { return fmt::format("{}{}{}", name_, name_.empty() ? "" : ".", key); }

  /// A fault of the section as a whole, or of one of its keys.
  void refuse(const std::string& what, const char* key = nullptr) {
    const toml::node* node = key ? table_.get(key) : nullptr;
    fail(node ? node->source() : table_.source(), what);
  }

  std::optional<double> number(const toml::node& node, const std::string& named, const Range& range) {
    const auto value = node.is_number() ? node.value<double>() : std::nullopt;
    if (value && range.holds(*value)) return value;
    wrong(node, named, range.words);
    return std::nullopt;
  }

 private:
  std::vector<const toml::node*> items(const char* key, const std::string& want) {
    const toml::node* node = table_.get(key);
    std::vector<const toml::node*> list;
    if (!node) return list;
    if (!node->is_array()) {
      wrong(*node, path(key), want);
      return list;
    }
    for (const toml::node& one : *node->as_array()) list.push_back(&one);
    return list;
  }

  static std::string shown(const toml::node& node) {
    if (const auto text = node.is_string() ? node.value<std::string>() : std::nullopt) return ballast::quoted(*text);
    if (const auto value = node.is_floating_point() ? node.value<double>() : std::nullopt) return shortest(*value);
    if (const auto value = node.is_integer() ? node.value<std::int64_t>() : std::nullopt) return std::to_string(*value);
    if (const auto value = node.is_boolean() ? node.value<bool>() : std::nullopt) return *value ? "true" : "false";
    return node.is_table() ? "a table" : node.is_array() ? "a list" : "a date or time";
  }

  void wrong(const toml::node& node, const std::string& named, const std::string& want) {
    fail(node.source(), fmt::format("{} is {}, {} is due", named, shown(node), want));
  }
  void fail(const toml::source_region& source, const std::string& what) {
    if (!error_) error_ = Error{Fault::bad_field, at(source) + ": " + what};
  }

  const toml::table& table_;
  std::string name_;
  std::optional<Error>& error_;
};

hedge::Goal goal_of(Section s) {
  hedge::Goal goal;
  const std::vector<std::pair<std::string, hedge::Greek>> greeks = {
      {"delta", hedge::Greek::delta}, {"gamma", hedge::Greek::gamma}, {"vega", hedge::Greek::vega},
      {"theta", hedge::Greek::theta}, {"vanna", hedge::Greek::vanna}, {"volga", hedge::Greek::volga}};
  if (!s.has("greek")) s.refuse("goal.greek is missing");
  goal.greek = s.word("greek", greeks).value_or(hedge::Greek::delta);
  goal.from_days = s.number("from_days", not_negative), goal.to_days = s.number("to_days", positive);
  if (goal.from_days.value_or(0.0) >= goal.to_days.value_or(infinity)) {
    s.refuse(fmt::format("goal.from_days is {}, it is due below goal.to_days, {}", goal.from_days.value_or(0.0),
                         *goal.to_days),
             "to_days");
  }
  const auto exact = s.number("exact", any), lowest = s.number("lowest", bound), highest = s.number("highest", bound);
  if (s.has("exact") && (s.has("lowest") || s.has("highest"))) {
    s.refuse("goal.exact stands beside goal.lowest or goal.highest: it is both of them", "exact");
  }
  if (!s.has("exact") && !s.has("lowest") && !s.has("highest")) {
    s.refuse("a goal has to say exact, lowest or highest");
  }
  goal.lowest = exact ? *exact : lowest.value_or(-infinity), goal.highest = exact ? *exact : highest.value_or(infinity);
  if (goal.lowest > goal.highest || goal.lowest == infinity || goal.highest == -infinity) {
    s.refuse(fmt::format("goal.lowest is {}, goal.highest {}: that leaves no room", goal.lowest, goal.highest),
             "lowest");
  }
  goal.penalty = s.number("penalty", positive);
  goal.priority = s.whole("priority", 0, 100).value_or(0);
  if (goal.penalty && goal.priority > 0) s.refuse("goal.priority and goal.penalty exclude each other", "priority");
  return from_screen(goal);
}

hedge::Candidate candidate_of(Section s) {
  hedge::Candidate c;
  if (!s.has("instrument")) s.refuse("candidate.instrument is missing");
  c.instrument = s.text("instrument").value_or("");
  c.most_buy = s.number("most_buy", not_negative), c.most_sell = s.number("most_sell", not_negative);
  c.lowest_position = s.number("lowest_position", any), c.highest_position = s.number("highest_position", any);
  if (c.lowest_position && c.highest_position && *c.lowest_position > *c.highest_position) {
    s.refuse(fmt::format("candidate.lowest_position is {}, over candidate.highest_position, {}", *c.lowest_position,
                         *c.highest_position),
             "lowest_position");
  }
  c.closing_only = s.yes_or_no("closing_only").value_or(false);
  return c;
}

void read_risk(Section s, hedge::RiskRules& risk) {
  s.number("aversion", not_negative, risk.aversion);
  s.number("horizon_days", positive, risk.horizon_days);
  if (const auto vol = s.number("vol", positive)) risk.vol = Vol(*vol);
  s.number("vol_move", not_negative, risk.vol_move);
  s.number("correlation", correlation, risk.correlation);
}

void add_grid(Section& s, hedge::TailRules& tail) {
  auto price = s.numbers("price_moves", price_move), vol = s.numbers("vol_moves", vol_move),
       basis = s.numbers("basis_moves", basis_move);
  const bool moves_basis = !basis.empty();
  for (auto* moves : {&price, &vol, &basis}) {
    if (moves->empty()) moves->push_back(0.0);
  }
  constexpr std::size_t most = 100'000;  // a full revaluation each; more is a slip of the keyboard
  if (price.size() * vol.size() > most || price.size() * vol.size() * basis.size() > most) {
    return s.refuse(fmt::format("tail has a grid of over {} scenarios", most));
  }
  for (const double p : price) {
    for (const double v : vol) {
      for (const double b : basis) {
        tail.scenarios.push_back({.price_factor = 1.0 + p, .vol_factor = 1.0 + v});
        if (moves_basis) tail.basis.push_back(b);
      }
    }
  }
}

hedge::TailRules tail_of(Section s, std::optional<Error>& error) {
  hedge::TailRules tail;
  const bool grid = s.has("price_moves") || s.has("vol_moves") || s.has("basis_moves"), listed = s.has("scenario");
  if (grid == listed) s.refuse("tail needs either price_moves, vol_moves, basis_moves or [[tail.scenario]]");
  if (grid) add_grid(s, tail);
  for (const toml::table* one : s.tables("scenario")) {
    Section scenario(*one, "tail.scenario", error,
                     {"price_move", "vol_move", "vol_shift", "basis_move", "probability"});
    tail.scenarios.push_back({.price_factor = 1.0 + scenario.number("price_move", price_move).value_or(0.0),
                              .vol_factor = 1.0 + scenario.number("vol_move", vol_move).value_or(0.0),
                              .vol_shift = scenario.number("vol_shift", any).value_or(0.0)});
    tail.basis.push_back(scenario.number("basis_move", basis_move).value_or(0.0));
    if (const auto p = scenario.number("probability", probability)) tail.probabilities.push_back(*p);
  }
  if (s.has("probabilities")) {
    if (!tail.probabilities.empty()) s.refuse("tail.probabilities stands beside scenarios with a probability");
    tail.probabilities = s.numbers("probabilities", probability);
  }
  double sum = 0.0;
  for (const double p : tail.probabilities) sum += p;
  if (!tail.probabilities.empty() && tail.probabilities.size() != tail.scenarios.size()) {
    s.refuse(
        fmt::format("tail has {} probabilities for {} scenarios", tail.probabilities.size(), tail.scenarios.size()));
  } else if (!tail.probabilities.empty() && !(std::abs(sum - 1.0) <= 1e-9)) {
    s.refuse(fmt::format("the probabilities of tail add up to {}, 1 is due", sum));
  }
  const std::vector<std::pair<std::string, hedge::TailMeasure>> measures = {
      {"worst_case", hedge::TailMeasure::worst_case}, {"expected_shortfall", hedge::TailMeasure::expected_shortfall}};
  tail.measure = s.word("measure", measures).value_or(tail.measure);
  if (s.has("alpha") && tail.measure == hedge::TailMeasure::worst_case) {
    s.refuse("tail.alpha is for measure = \"expected_shortfall\"", "alpha");
  }
  s.number("alpha", below_one, tail.alpha);
  s.number("weight", not_negative, tail.weight);
  tail.limit = s.number("limit", any);
  return tail;
}

void read_limits(Section s, hedge::TradeLimits& limits) {
  limits.turnover_usd = s.number("turnover_usd", not_negative);
  limits.leverage = s.number("leverage", positive), limits.equity_usd = s.number("equity_usd", positive);
  if (s.has("leverage") && !s.has("equity_usd")) s.refuse("limits.leverage needs limits.equity_usd", "leverage");
  limits.margin_usd = s.number("margin_usd", not_negative);
  s.number("futures_margin", share, limits.futures_margin);
  limits.most_legs = s.whole("most_legs", 0, 1'000'000).value_or(0);
  s.number("leg_cost_usd", not_negative, limits.leg_cost_usd);
}

void read_assumed(const toml::table* table, const char* name, std::optional<Error>& error, hedge::AssumedMarket& into) {
  if (!table) return;
  Section s(*table, name, error, {"best_usd", "turnover", "day_usd"});
  s.number("best_usd", positive, into.best_usd);
  s.number("turnover", positive, into.turnover);
  s.number("day_usd", positive, into.day_usd);
}

void read_costs(Section s, std::optional<Error>& error, hedge::CostRules& costs) {
  s.number("believed", share, costs.believed);
  s.number("share", share, costs.share);
  s.number("future_collar", positive_or_inf, costs.future_collar);
  s.number("option_collar", positive_or_inf, costs.option_collar);
  const toml::node* impact = s.raw().get("impact");
  if (!impact) return;
  if (impact->is_boolean()) {
    if (!*impact->value<bool>()) costs.impact.reset();
    return;
  }
  const toml::table* table = s.table("impact");
  if (!table) return;
  Section i(*table, "costs.impact", error,
            {"factor", "vol", "vol_move", "daily_volume", "participation", "pieces", "perpetual", "future", "option"});
  i.number("factor", positive, costs.impact->factor);
  if (const auto vol = i.number("vol", positive)) costs.impact->vol = Vol(*vol);
  i.number("vol_move", positive, costs.impact->vol_move);
  costs.impact->daily_volume = i.number("daily_volume", positive);
  i.number("participation", share, costs.impact->participation);
  costs.impact->pieces = i.whole("pieces", 1, 256).value_or(costs.impact->pieces);
  read_assumed(i.table("perpetual"), "costs.impact.perpetual", error, costs.impact->perpetual);
  read_assumed(i.table("future"), "costs.impact.future", error, costs.impact->future);
  read_assumed(i.table("option"), "costs.impact.option", error, costs.impact->option);
}

}  // namespace

Result<WrittenProblem> parse_problem(const std::string& text) {
  toml::table table;
  try {
    table = toml::parse(text);
  } catch (const toml::parse_error& error) {
    return Error{Fault::bad_syntax, fmt::format("{}: {}", at(error.source()), error.description())};
  }
  std::optional<Error> error;
  WrittenProblem written;
  hedge::Problem& problem = written.problem;
  Section top(table, "", error,
              {"goal", "candidate", "candidates", "risk", "tail", "limits", "costs", "carry_days", "funding", "gap",
               "nodes", "numeraire"});
  for (const toml::table* one : top.tables("goal")) {
    problem.goals.push_back(goal_of(Section(
        *one, "goal", error, {"greek", "from_days", "to_days", "exact", "lowest", "highest", "penalty", "priority"})));
  }
  for (const toml::table* one : top.tables("candidate")) {
    problem.candidates.push_back(candidate_of(
        Section(*one, "candidate", error,
                {"instrument", "most_buy", "most_sell", "lowest_position", "highest_position", "closing_only"})));
  }
  written.candidates = top.texts("candidates");
  if (const toml::table* risk = top.table("risk")) {
    read_risk(Section(*risk, "risk", error, {"aversion", "horizon_days", "vol", "vol_move", "correlation"}),
              problem.risk);
  }
  if (const toml::table* tail = top.table("tail")) {
    problem.tail = tail_of(Section(*tail, "tail", error,
                                   {"price_moves", "vol_moves", "basis_moves", "scenario", "probabilities", "measure",
                                    "alpha", "weight", "limit"}),
                           error);
  }
  if (const toml::table* limits = top.table("limits")) {
    read_limits(Section(*limits, "limits", error,
                        {"turnover_usd", "leverage", "margin_usd", "equity_usd", "futures_margin", "most_legs",
                         "leg_cost_usd"}),
                problem.limits);
  }
  if (const toml::table* costs = top.table("costs")) {
    read_costs(Section(*costs, "costs", error, {"believed", "share", "future_collar", "option_collar", "impact"}),
               error, problem.costs);
  }
  if (const toml::table* funding = top.table("funding")) {
    // Its keys are instruments: any name is known here.
    for (const auto& [key, node] : *funding) {
      const std::string name(key.str());
      if (const auto rate = top.number(node, "funding." + name, any)) problem.funding.emplace(name, *rate);
    }
  }
  top.number("carry_days", not_negative, problem.carry_days);
  top.number("gap", positive, problem.gap);
  problem.nodes = top.whole("nodes", 1, 1'000'000'000).value_or(problem.nodes);
  const std::vector<std::pair<std::string, Numeraire>> moneys = {{"coin", Numeraire::coin}, {"usd", Numeraire::usd}};
  written.numeraire = top.word("numeraire", moneys);
  if (error) return *error;
  return written;
}

}  // namespace ballast::app
