#include "ballast/math/lot_search.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "ballast/math/internal/lot_bound.h"
#include "ballast/math/internal/lot_model.h"
#include "ballast/math/internal/lot_moves.h"

namespace ballast::math {
namespace {

using namespace internal;

constexpr double whole_to = 1e-7;  // lots: the relaxation's rounding; what is placed is the whole number itself
constexpr int first_effort = 4'000, later_effort = 600;  // columns tried in exchanges: see descend()

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
  Search(const LotModel& model, const LotRules& rules, PiecewiseSolver solver)
      : model_(model), rules_(rules), solver_(std::move(solver)), bound_(model), point_(model), at_(model) {
    set_ = {model.low, model.high};
  }

  Result<LotSolution> run();

 private:
  const LotModel& model_;
  const LotRules& rules_;
  PiecewiseSolver solver_;
  LotBound bound_;
  LotPoint point_, at_;
  LotBox set_;  // the bounds that the solver has
  LotNode root_, node_;
  std::vector<Branch> branches_;
  std::vector<int> open_, path_;  // a heap, the least bound first; work space
  std::vector<double> best_, relaxed_, root_prices_, root_x_;
  bool found_ = false;
  double upper_ = INFINITY, closed_ = INFINITY;
  int nodes_ = 0;

  double cutoff() const {
    return found_ ? upper_ - std::max(rules_.gap * std::abs(upper_), rules_.absolute_gap) : INFINITY;
  }
  void set_bounds(std::size_t j, double low, double high) {
    if (set_.low[j] == low && set_.high[j] == high) return;
    set_.low[j] = low, set_.high[j] = high;
    solver_.set_bounds(j, model_.amount(j, low), model_.amount(j, high));
  }
  void take_relaxed() {
    const auto x = solver_.x();
    for (std::size_t j = 0; j < model_.n; ++j)
      relaxed_[j] = std::clamp(model_.lots(j, x[j]), set_.low[j], set_.high[j]);
  }

  void offer();
  void polish();
  void first_points();
  void round_relaxed(int effort);
  void load(int branch);
  std::optional<Branch> expand(double inherited, int id, bool& done);
  std::optional<Branch> split(bool whole, bool fits, Branch& other);
  void push(const Branch& branch);
  bool take_next(int& id);
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
  const LotBox before = set_;
  for (std::size_t j = 0; j < model_.n; ++j) {
    const bool free = !model_.stepped(j) && (point_.uses(model_.leg[j]) || point_.legs() < model_.most_legs);
    set_bounds(j, free ? model_.low[j] : point_.lots(j), free ? model_.high[j] : point_.lots(j));
  }
  if (solver_.solve() != PiecewiseStatus::infeasible) {
    take_relaxed();
    for (std::size_t j = 0; j < model_.n; ++j) {
      if (model_.stepped(j)) relaxed_[j] = point_.lots(j);
    }
    point_.place(relaxed_);
    offer();
  }
  for (std::size_t j = 0; j < model_.n; ++j) set_bounds(j, before.low[j], before.high[j]);
}

void Search::first_points() {
  std::vector<double> nothing(model_.n);
  for (std::size_t j = 0; j < model_.n; ++j) nothing[j] = std::clamp(0.0, model_.low[j], model_.high[j]);
  point_.place(nothing);
  offer();
  grow(point_, root_.box);
  polish();
  descend(point_, root_.box, first_effort);
  polish();
}

void Search::round_relaxed(int effort) {
  round_to(point_, relaxed_, root_.box);
  polish();
  descend(point_, root_.box, effort);
  polish();
}

void Search::load(int branch) {
  node_ = root_;
  path_.clear();
  for (int b = branch; b >= 0; b = branches_[static_cast<std::size_t>(b)].parent) path_.push_back(b);
  for (std::size_t k = path_.size(); k-- > 0 && !node_.empty;) {
    const Branch& b = branches_[static_cast<std::size_t>(path_[k])];
    const auto index = static_cast<std::size_t>(b.index);
    if (b.leg == LegState::in) {
      node_.put_in(model_, index);
    } else if (b.leg == LegState::out) {
      node_.put_out(model_, index);
    } else {
      node_.narrow(index, b.low, b.high);
    }
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
  const auto rise = [&](std::size_t j, double lots) {
    const LotPoint::Worth to = at_.after(j, lots), here = at_.worth();
    return std::max(to.objective - here.objective, 0.0) +
           std::max(to.violation - here.violation, 0.0) * (std::abs(here.objective) + std::abs(to.objective));
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

void Search::push(const Branch& branch) {
  branches_.push_back(branch);
  open_.push_back(static_cast<int>(branches_.size()) - 1);
  std::push_heap(open_.begin(), open_.end(), [&](int a, int b) {
    const Branch &x = branches_[static_cast<std::size_t>(a)], &y = branches_[static_cast<std::size_t>(b)];
    return x.bound != y.bound ? x.bound > y.bound : a < b;
  });
}

bool Search::take_next(int& id) {
  if (open_.empty()) return false;
  std::pop_heap(open_.begin(), open_.end(), [&](int a, int b) {
    const Branch &x = branches_[static_cast<std::size_t>(a)], &y = branches_[static_cast<std::size_t>(b)];
    return x.bound != y.bound ? x.bound > y.bound : a < b;
  });
  id = open_.back();
  open_.pop_back();
  return true;
}

// Solves node_ (branch `id`) and cuts it: the part to go on with, or nothing where it is closed.
std::optional<Branch> Search::expand(double inherited, int id, bool& root_infeasible) {
  if (node_.empty) return std::nullopt;
  ++nodes_;
  for (std::size_t j = 0; j < model_.n; ++j) set_bounds(j, node_.box.low[j], node_.box.high[j]);
  const PiecewiseStatus status = solver_.solve();
  take_relaxed();
  if (status == PiecewiseStatus::infeasible && bound_.infeasible(node_, solver_.row_prices())) {
    root_infeasible = id < 0;
    return std::nullopt;
  }
  const std::vector<double> x(solver_.x().begin(), solver_.x().end());
  const double lower = std::max(inherited, bound_.evaluate(node_, solver_.row_prices(), x));
  if (id < 0) {
    root_prices_.assign(solver_.row_prices().begin(), solver_.row_prices().end());
    root_x_ = x;
  }
  const auto close = [&] {
    closed_ = std::min(closed_, lower);
    return std::nullopt;
  };
  if (lower >= cutoff()) return close();
  if (id < 0 || nodes_ <= 8 || nodes_ % 16 == 0) {
    const std::vector<double> kept = relaxed_;
    round_relaxed(id < 0 ? first_effort : later_effort);
    relaxed_ = kept;
    if (lower >= cutoff()) return close();
  }
  at_.place(relaxed_);
  bool whole = true;
  for (std::size_t j = 0; j < model_.n; ++j) {
    whole &= !model_.stepped(j) || std::abs(relaxed_[j] - std::nearbyint(relaxed_[j])) <= whole_to;
  }
  if (whole) {
    std::vector<double> lots = relaxed_;
    for (std::size_t j = 0; j < model_.n; ++j) {
      if (model_.stepped(j)) lots[j] = std::nearbyint(lots[j]);
    }
    point_.place(lots);
    polish();
    if (lower >= cutoff()) return close();
    at_.place(lots);
  }
  if (found_) {
    bound_.tighten(node_, upper_);
    if (node_.empty) return std::nullopt;
  }
  Branch other{};
  std::optional<Branch> next = split(whole, at_.legs() <= model_.most_legs, other);
  if (!next) return close();
  next->parent = other.parent = id;
  next->bound = other.bound = lower;
  if (other.leg != LegState::open || other.low <= other.high) push(other);
  return next;
}

Result<LotSolution> Search::run() {
  relaxed_.resize(model_.n);
  root_.box = {model_.low, model_.high};
  root_.legs.assign(model_.columns_of.size(), LegState::open);
  first_points();
  node_ = root_;
  int id = -1;
  double inherited = -INFINITY;
  double known = upper_;
  for (;;) {
    bool infeasible = false;
    const auto next = expand(inherited, id, infeasible);
    if (infeasible) return Error{Fault::no_solution, "the bounds of the rows cannot all be kept, whole lots or not"};
    bool going_on = false;
    if (next && nodes_ < rules_.nodes) {
      branches_.push_back(*next);
      id = static_cast<int>(branches_.size()) - 1;
      inherited = next->bound;
      const auto index = static_cast<std::size_t>(next->index);
      if (next->leg == LegState::in) {
        node_.put_in(model_, index);
      } else if (next->leg == LegState::out) {
        node_.put_out(model_, index);
      } else {
        node_.narrow(index, next->low, next->high);
      }
      going_on = true;
    } else if (next) {
      closed_ = std::min(closed_, next->bound);
    }
    if (going_on) continue;
    if (nodes_ >= rules_.nodes) break;
    if (upper_ < known && !root_prices_.empty()) {  // a better answer rules out more of the whole
      known = upper_;
      bound_.evaluate(root_, root_prices_, root_x_);
      bound_.tighten(root_, upper_);
      if (root_.empty) break;
    }
    if (!take_next(id)) break;
    inherited = branches_[static_cast<std::size_t>(id)].bound;
    if (inherited >= cutoff()) {  // and so are all others
      open_.push_back(id);
      break;
    }
    load(id);
  }
  double bound = closed_;
  if (!root_.empty) {
    for (const int b : open_) bound = std::min(bound, branches_[static_cast<std::size_t>(b)].bound);
  }
  if (!found_) {
    if (bound == INFINITY) return Error{Fault::no_solution, "no whole lots keep the bounds of the rows"};
    return Error{Fault::limit, fmt::format("no whole lots that keep the bounds of the rows in {} nodes", nodes_)};
  }
  LotSolution solution;
  for (std::size_t j = 0; j < model_.n; ++j) solution.x.push_back(model_.amount(j, best_[j]));
  solution.objective = upper_;
  solution.bound = std::min(bound, upper_);
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
  PiecewiseProgram relaxation = program.program;
  for (std::size_t j = 0; j < model.value().n; ++j) {
    relaxation.columns[j].lowest = model.value().amount(j, model.value().low[j]);
    relaxation.columns[j].highest = model.value().amount(j, model.value().high[j]);
  }
  auto solver = PiecewiseSolver::make(relaxation);
  if (!solver) return solver.error();
  return Search(model.value(), rules, std::move(solver).value()).run();
}

}  // namespace ballast::math
