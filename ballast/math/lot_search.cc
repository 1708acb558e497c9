#include "ballast/math/lot_search.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "ballast/math/internal/lot_bound.h"
#include "ballast/math/internal/lot_model.h"
#include "ballast/math/internal/lot_moves.h"
#include "ballast/math/internal/lot_relaxation.h"

namespace ballast::math {
namespace {

using namespace internal;

constexpr double whole_to = 1e-7;     // lots: the relaxation's rounding; what is placed is the whole number itself
constexpr int most_effort = 200'000;  // columns tried in exchanges, see descend(): milliseconds

// One decision on the way from the root: a column's range, or a leg in or out.
struct Branch {
  int parent;  // -1 for the root
  int index;
  LegState leg;  // open: it is about column `index`
  double low, high;
  double bound;
};

class Search {
 public:
  Search(const LotModel& model, const LotRules& rules, LotRelaxation relaxation)
      : model_(model),
        rules_(rules),
        relaxation_(std::move(relaxation)),
        bound_(model),
        point_(model),
        at_(model),
        may_(model.columns_of.size()) {}

  Result<LotSolution> run();

 private:
  const LotModel& model_;
  const LotRules& rules_;
  LotRelaxation relaxation_;
  LotBound bound_;
  LotPoint point_, at_;
  LotNode root_, node_, part_;  // part_: work space of heuristics
  std::vector<Branch> branches_;
  std::vector<int> open_, path_;  // a heap, the least bound first; work space
  std::vector<double> best_, relaxed_, root_prices_, root_amounts_;
  bool found_ = false;
  double upper_ = HUGE_VAL, closed_ = HUGE_VAL, root_bound_ = -HUGE_VAL;
  std::vector<char> may_;  // legs that drop_legs() and exchange_legs() have in use
  double legs_objective_ = HUGE_VAL;
  double leg_price_ = 0.0;  // the multiplier of the limit on legs
  int nodes_ = 0;

  double cutoff() const {
    return found_ ? upper_ - std::max(rules_.gap * std::abs(upper_), rules_.absolute_gap) : HUGE_VAL;
  }
  const Branch& at(int branch) const { return branches_[static_cast<std::size_t>(branch)]; }
  // The order of the heap: the least bound first, of equals the latest.
  auto later() const {
    return [this](int a, int b) { return at(a).bound != at(b).bound ? at(a).bound > at(b).bound : a < b; };
  }
  // So many times all pairs of columns.
  int effort(double passes) const {
    const auto n = static_cast<double>(model_.n);
    return static_cast<int>(std::min(passes * n * n, double{most_effort}));
  }
  // What moving column j of at_ would cost.
  double rise(std::size_t j, double lots) const {
    const LotPoint::Worth to = at_.after(j, lots), here = at_.worth();
    return std::max(to.objective - here.objective, 0.0) +
           std::max(to.violation - here.violation, 0.0) * (std::abs(here.objective) + std::abs(to.objective));
  }

  void offer();
  void polish();
  void first_points();
  void round_relaxed(int effort);
  bool drop_legs();
  void exchange_legs();
  double solve_legs();
  void price_legs();
  bool begin();
  bool take_bound();
  std::optional<Branch> split(bool whole, bool fits, Branch& other);
  std::optional<Branch> expand(double inherited, int id);
  void push(const Branch& branch);
  void apply(const Branch& branch);
  void load(int branch);
  void walk();
};

// point_ is the answer if it is the best so far.
void Search::offer() {
  if (!point_.feasible() || (found_ && !(point_.worth().objective < upper_))) return;
  point_.place(std::vector<double>(point_.lots().begin(), point_.lots().end()));  // without the rounding of many moves
  if (!point_.feasible() || (found_ && !(point_.worth().objective < upper_))) return;
  found_ = true;
  upper_ = point_.worth().objective;
  best_.assign(point_.lots().begin(), point_.lots().end());
}

// The columns without steps take their best values, the others stay.
void Search::polish() {
  offer();
  if (!model_.any_free || point_.legs() > model_.most_legs) return;
  part_ = root_;
  for (std::size_t j = 0; j < model_.n; ++j) {
    const bool free = !model_.stepped(j) && (point_.uses(model_.leg[j]) || point_.legs() < model_.most_legs);
    if (!free) part_.box.low[j] = part_.box.high[j] = point_.lots(j);
  }
  if (relaxation_.solve(part_, 0.0) == PiecewiseStatus::infeasible) return;
  point_.place(relaxation_.lots());
  offer();
}

void Search::first_points() {
  std::vector<double> nothing(model_.n);
  for (std::size_t j = 0; j < model_.n; ++j) nothing[j] = std::clamp(0.0, model_.low[j], model_.high[j]);
  point_.place(nothing);
  offer();
  grow(point_, root_.box);
  polish();
  descend(point_, root_.box, effort(3.0));
  polish();
}

void Search::round_relaxed(int effort) {
  round_to(point_, relaxed_, root_.box);
  polish();
  descend(point_, root_.box, effort);
  polish();
}

// The relaxation over some legs, in relaxed_ and at_: its objective, infinite where it is infeasible.
double Search::solve_legs() {
  part_ = root_;
  for (std::size_t j = 0; j < model_.n; ++j) {
    if (may_[model_.leg[j]] == 0) part_.box.low[j] = part_.box.high[j] = 0.0;
  }
  if (relaxation_.solve(part_, 0.0) != PiecewiseStatus::optimal) return HUGE_VAL;
  relaxed_.assign(relaxation_.lots().begin(), relaxation_.lots().end());
  at_.place(relaxed_);
  return at_.worth().violation > 0.0 ? HUGE_VAL : at_.worth().objective;
}

// Too many legs in relaxed_: the one missed least goes, until few enough are left. False where a leg cannot go.
bool Search::drop_legs() {
  const std::size_t legs = model_.columns_of.size();
  at_.place(relaxed_);
  std::size_t count = at_.legs();
  for (std::size_t l = 0; l < legs; ++l) {
    may_[l] = at_.uses(l) ? 1 : 0;
    for (const std::size_t j : model_.columns_of[l])
      if (root_.box.low[j] > 0.0 || root_.box.high[j] < 0.0) return false;  // rare, and the search will see to it
  }
  for (; count > model_.most_legs; --count) {
    std::size_t drop = legs;
    double least = HUGE_VAL;
    for (std::size_t l = 0; l < legs; ++l) {
      if (may_[l] == 0) continue;
      double rise = 0.0;
      for (const std::size_t j : model_.columns_of[l])
        if (at_.lots(j) != 0.0) rise += this->rise(j, 0.0);
      if (drop == legs || rise < least) drop = l, least = rise;
    }
    may_[drop] = 0;
    legs_objective_ = solve_legs();
  }
  return true;
}

// After drop_legs(): one leg for another while it helps, in relaxed_. By relaxations; the lots come after.
void Search::exchange_legs() {
  const std::size_t legs = model_.columns_of.size();
  constexpr std::size_t tried = 3;  // of those that could come, by what each would do alone
  std::vector<double> best = relaxed_;
  std::vector<std::pair<double, std::size_t>> comers;
  bool exchanged = true;
  for (int pass = 0; pass < 3 && exchanged; ++pass) {
    exchanged = false;
    for (std::size_t out = 0; out < legs; ++out) {
      if (may_[out] == 0) continue;
      may_[out] = 0;
      solve_legs();
      comers.clear();
      for (std::size_t l = 0; l < legs; ++l) {
        if (may_[l] != 0 || l == out) continue;
        double alone = HUGE_VAL;
        for (const std::size_t j : model_.columns_of[l])
          alone = std::min(alone, best_alone(at_, root_.box, j).objective);
        comers.emplace_back(alone, l);
      }
      const std::size_t few = std::min(tried, comers.size());
      std::partial_sort(comers.begin(), comers.begin() + static_cast<std::ptrdiff_t>(few), comers.end());
      bool taken = false;
      for (std::size_t c = 0; c < few && !taken; ++c) {
        may_[comers[c].second] = 1;
        const double objective = solve_legs();
        if (objective < legs_objective_ - 1e-9 * std::abs(legs_objective_)) {
          legs_objective_ = objective, best = relaxed_, taken = exchanged = true;
        } else {
          may_[comers[c].second] = 0;
        }
      }
      if (!taken) may_[out] = 1;
    }
  }
  relaxed_ = best;
}

// The price of a leg with which the bound of the whole is highest.
void Search::price_legs() {
  const auto attempt = [&](double price) {
    if (relaxation_.solve(root_, price) == PiecewiseStatus::infeasible) return false;
    if (!take_bound()) return false;
    leg_price_ = price;
    return true;
  };
  const double unit = (upper_ - root_bound_) / static_cast<double>(model_.most_legs);
  if (attempt(unit / 4.0)) {
    for (double by = 0.5; by < 16.0 && attempt(by * unit); by *= 2.0) {
    }
  } else if (!attempt(unit / 16.0)) {
    attempt(unit / 64.0);
  }
}

// Where to cut node_: the part to go on with, and the other. Nothing where no cut would help.
std::optional<Branch> Search::split(bool whole, bool fits, Branch& other) {
  const auto leg_cut = [&](std::size_t leg) {
    other.index = static_cast<int>(leg), other.leg = LegState::out;
    return Branch{0, static_cast<int>(leg), LegState::in, 0.0, 0.0, 0.0};
  };
  const auto column_cut = [&](std::size_t j, double below, bool down) {  // <= below, >= below + 1
    const int index = static_cast<int>(j);
    const Branch lower{0, index, LegState::open, node_.box.low[j], below, 0.0};
    const Branch upper{0, index, LegState::open, below + 1.0, node_.box.high[j], 0.0};
    other = down ? upper : lower;
    return down ? lower : upper;
  };
  if (!fits || whole) {
    // Too many legs, or some whose price the bound does not know: the one that is missed most.
    std::size_t most = model_.columns_of.size();
    double missed = -1.0;
    for (std::size_t l = 0; l < model_.columns_of.size(); ++l) {
      if (node_.legs[l] != LegState::open || !at_.uses(l) || (fits && model_.leg_cost[l] == 0.0)) continue;
      double sum = 0.0;
      for (const std::size_t j : model_.columns_of[l]) {
        if (at_.lots(j) != 0.0) sum += rise(j, 0.0);
      }
      if (sum > missed) missed = sum, most = l;
    }
    if (most < model_.columns_of.size()) return leg_cut(most);
  }
  if (!whole) {
    std::size_t best = model_.n;
    double score = -1.0, below = 0.0;
    bool down = true;
    const double small = 1e-9 * std::abs(at_.worth().objective);
    for (std::size_t j = 0; j < model_.n; ++j) {
      if (!model_.stepped(j) || std::abs(relaxed_[j] - std::nearbyint(relaxed_[j])) <= whole_to) continue;
      const double floor = std::floor(relaxed_[j]), part = relaxed_[j] - floor;
      const double falls = rise(j, floor), rises = rise(j, floor + 1.0);
      const double s = (falls + small * part) * (rises + small * (1.0 - part));
      if (s > score) score = s, best = j, below = floor, down = falls < rises || (falls == rises && part <= 0.5);
    }
    if (best < model_.n) return column_cut(best, below, down);
  }
  // Whole, within its legs, and yet better than the bound: the prices are not the last word. Cut where they disagree.
  std::size_t widest = model_.n;
  double excess = 1e-12 * std::abs(at_.worth().objective);
  for (std::size_t j = 0; j < model_.n; ++j) {
    if (!model_.stepped(j) || node_.box.low[j] == node_.box.high[j]) continue;
    const double by = bound_.excess(j, std::nearbyint(relaxed_[j]));
    if (by > excess) excess = by, widest = j;
  }
  if (widest == model_.n) return std::nullopt;
  const double here = std::clamp(std::nearbyint(relaxed_[widest]), node_.box.low[widest], node_.box.high[widest]);
  return here < node_.box.high[widest] ? column_cut(widest, here, true) : column_cut(widest, here - 1.0, false);
}

// First answers and a first bound. False where no amounts keep the rows, whole or not.
bool Search::begin() {
  first_points();
  const PiecewiseStatus status = relaxation_.solve(root_, 0.0);
  if (status == PiecewiseStatus::infeasible && bound_.infeasible(root_, relaxation_.row_prices())) return false;
  take_bound();
  // Rounded even where growth is near enough already: an answer is never worse than that, nor than the amounts that
  // know nothing of legs rounded.
  if (std::any_of(model_.leg_cost.begin(), model_.leg_cost.end(), [](double c) { return c > 0.0; })) {
    part_ = root_;
    std::fill(part_.legs.begin(), part_.legs.end(), LegState::in);
    relaxation_.solve(part_, 0.0);
    relaxed_.assign(relaxation_.lots().begin(), relaxation_.lots().end());
    round_relaxed(effort(3.0));
    relaxation_.solve(root_, 0.0);
  }
  relaxed_.assign(relaxation_.lots().begin(), relaxation_.lots().end());
  at_.place(relaxed_);
  const bool dropped = at_.legs() > model_.most_legs && drop_legs();
  const std::vector<double> chosen = relaxed_;
  round_relaxed(effort(3.0));
  if (dropped && root_bound_ < cutoff()) {
    relaxed_ = chosen;
    exchange_legs();
    if (relaxed_ != chosen) round_relaxed(effort(3.0));
  }
  if (found_ && root_bound_ < cutoff()) {
    bound_.tighten(root_, upper_);
    if (!root_.empty && model_.most_legs < model_.columns_of.size()) price_legs();
  }
  return true;
}

// The bound of the last relaxation for the whole, where it is the best so far.
bool Search::take_bound() {
  const double lower = bound_.evaluate(root_, relaxation_.row_prices(), relaxation_.amounts());
  if (!(lower > root_bound_) && !root_prices_.empty()) return false;
  root_bound_ = lower;
  root_prices_.assign(relaxation_.row_prices().begin(), relaxation_.row_prices().end());
  root_amounts_.assign(relaxation_.amounts().begin(), relaxation_.amounts().end());
  return true;
}

// Solves node_ and cuts it: the part to go on with, or nothing where it is closed.
std::optional<Branch> Search::expand(double inherited, int id) {
  if (node_.empty) return std::nullopt;
  ++nodes_;
  const PiecewiseStatus status = relaxation_.solve(node_, leg_price_);
  if (status == PiecewiseStatus::infeasible && bound_.infeasible(node_, relaxation_.row_prices())) return std::nullopt;
  const double lower = std::max(inherited, bound_.evaluate(node_, relaxation_.row_prices(), relaxation_.amounts()));
  const auto closed = [&] {
    if (lower < cutoff()) return false;
    closed_ = std::min(closed_, lower);
    return true;
  };
  if (closed()) return std::nullopt;
  const std::vector<double> relaxed(relaxation_.lots().begin(), relaxation_.lots().end());
  if (found_) {
    bound_.tighten(node_, upper_);
    if (node_.empty) return std::nullopt;
  }
  std::vector<double> whole_lots = relaxed;
  bool whole = true;
  for (std::size_t j = 0; j < model_.n; ++j) {
    if (!model_.stepped(j)) continue;
    whole_lots[j] = std::nearbyint(relaxed[j]);
    whole &= std::abs(relaxed[j] - whole_lots[j]) <= whole_to;
  }
  if (whole) {
    point_.place(whole_lots);
    polish();
  } else if ((nodes_ > 1 && nodes_ <= 8) || nodes_ % 16 == 0) {
    relaxed_ = relaxed;
    round_relaxed(effort(0.5));
  }
  if (closed()) return std::nullopt;
  relaxed_ = whole ? whole_lots : relaxed;
  at_.place(relaxed_);
  Branch other{};
  std::optional<Branch> next = split(whole, at_.legs() <= model_.most_legs, other);
  if (!next) {
    closed_ = std::min(closed_, lower);
    return std::nullopt;
  }
  next->parent = other.parent = id;
  next->bound = other.bound = lower;
  push(other);
  return next;
}

void Search::push(const Branch& branch) {
  branches_.push_back(branch);
  open_.push_back(static_cast<int>(branches_.size()) - 1);
  std::push_heap(open_.begin(), open_.end(), later());
}

void Search::apply(const Branch& branch) {
  const auto index = static_cast<std::size_t>(branch.index);
  if (branch.leg == LegState::in) {
    node_.put_in(model_, index);
  } else if (branch.leg == LegState::out) {
    node_.put_out(model_, index);
  } else {
    node_.narrow(index, branch.low, branch.high);
  }
}

void Search::load(int branch) {
  node_ = root_;
  path_.clear();
  for (int b = branch; b >= 0; b = at(b).parent) path_.push_back(b);
  for (std::size_t k = path_.size(); k-- > 0 && !node_.empty;) apply(at(path_[k]));
}

// Down one way until it is closed, then on from where the bound is least.
void Search::walk() {
  node_ = root_;
  double inherited = root_bound_, known = upper_;
  for (int id = -1;;) {
    if (const auto next = expand(inherited, id)) {
      branches_.push_back(*next);
      id = static_cast<int>(branches_.size()) - 1;
      if (nodes_ < rules_.nodes) {
        inherited = next->bound;
        apply(*next);
        continue;
      }
      closed_ = std::min(closed_, next->bound);
    }
    if (nodes_ >= rules_.nodes) return;
    if (upper_ < known) {  // a better answer rules out more of the whole
      known = upper_;
      bound_.evaluate(root_, root_prices_, root_amounts_);
      bound_.tighten(root_, upper_);
    }
    if (root_.empty || open_.empty() || at(open_.front()).bound >= cutoff()) return;
    std::pop_heap(open_.begin(), open_.end(), later());
    id = open_.back();
    open_.pop_back();
    inherited = at(id).bound;
    load(id);
  }
}

Result<LotSolution> Search::run() {
  root_.box = {model_.low, model_.high};
  root_.legs.assign(model_.columns_of.size(), LegState::open);
  if (!begin()) return Error{Fault::no_solution, "the bounds of the rows cannot all be kept, whole lots or not"};
  if (root_bound_ >= cutoff()) {
    closed_ = root_bound_;
  } else {
    walk();
  }
  // What is still open, unless nothing better than the answer can be anywhere.
  if (!root_.empty && !open_.empty()) closed_ = std::min(closed_, at(open_.front()).bound);
  if (!found_) {
    if (closed_ == HUGE_VAL) return Error{Fault::no_solution, "no whole lots keep the bounds of the rows"};
    return Error{Fault::limit, fmt::format("no whole lots that keep the bounds of the rows in {} nodes", nodes_)};
  }
  LotSolution solution;
  for (std::size_t j = 0; j < model_.n; ++j) solution.x.push_back(model_.amount(j, best_[j]));
  solution.objective = upper_;
  solution.bound = std::min(closed_, upper_);
  solution.nodes = nodes_;
  solution.proved = solution.bound >= cutoff();
  return solution;
}

}  // namespace

double LotSolution::gap() const { return objective > bound ? (objective - bound) / std::abs(objective) : 0.0; }

Result<LotSolution> search_lots(const LotProgram& program, const LotRules& rules) {
  if (!(rules.gap >= 0.0 && std::isfinite(rules.gap)))
    return Error{Fault::bad_input, fmt::format("a gap of {}", rules.gap)};
  if (!(rules.absolute_gap >= 0.0 && std::isfinite(rules.absolute_gap)))
    return Error{Fault::bad_input, fmt::format("an absolute gap of {}", rules.absolute_gap)};
  if (rules.nodes < 1) return Error{Fault::bad_input, fmt::format("a limit of {} nodes", rules.nodes)};
  auto model = LotModel::make(program);
  if (!model) return model.error();
  auto relaxation = LotRelaxation::make(program, model.value(), model.value().most_legs < program.leg_cost.size());
  if (!relaxation) return relaxation.error();
  return Search(model.value(), rules, std::move(relaxation).value()).run();
}

}  // namespace ballast::math
