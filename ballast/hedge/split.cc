#include "ballast/hedge/split.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "ballast/base/text.h"
#include "ballast/hedge/lots.h"

namespace ballast::hedge {
namespace {

constexpr std::size_t most_subset_venues = 8, most_venues = 31;

/// One side of a venue in coins, with its sums, so that the cost of any number of lots is one search.
struct SideCost {
  std::vector<double> coins, cost;  // up to each kink, from (0, 0)
  double lot = 0.0;                 // coins
  std::int64_t most = 0;            // lots
  double fixed = 0.0;

  double slope(std::size_t piece) const { return (cost[piece + 1] - cost[piece]) / (coins[piece + 1] - coins[piece]); }
  double at(double x) const {
    if (x <= 0.0) return 0.0;
    const auto above = std::lower_bound(coins.begin() + 1, coins.end() - 1, x);
    const auto piece = static_cast<std::size_t>(above - coins.begin()) - 1;
    return cost[piece] + slope(piece) * (x - coins[piece]);
  }
  double of_lots(std::int64_t lots) const { return at(static_cast<double>(lots) * lot); }
};

SideCost side_cost(const SplitVenue& venue, bool buy) {
  SideCost side{.coins = {0.0}, .cost = {0.0}};
  for (const CostPiece& piece : buy ? venue.curve.buy : venue.curve.sell) {
    side.coins.push_back(side.coins.back() + piece.amount / venue.amount_per_coin);
    side.cost.push_back(side.cost.back() + piece.amount * piece.per_unit);
  }
  side.lot = venue.instrument.lot / venue.amount_per_coin;
  side.most = static_cast<std::int64_t>(std::floor(side.coins.back() / side.lot * (1.0 + 1e-12)));
  side.fixed = venue.fixed.value;
  return side;
}

/// What a subset does: lots of each venue, 0 outside of it.
struct Filled {
  std::vector<std::int64_t> lots;
  double traded = 0.0, cost = 0.0;
};

/// Coins of each venue; they fall short where the curves end.
struct Continuous {
  std::vector<double> coins;
  bool reaches = true;
};

bool has(unsigned subset, std::size_t venue) { return (subset >> venue & 1U) != 0; }

class Splitter {
 public:
  Splitter(std::vector<SideCost> sides, double size) : sides_(std::move(sides)), size_(size) {
    finest_ = sides_[0].lot;
    for (const SideCost& side : sides_) finest_ = std::min(finest_, side.lot);
    tolerance_ = 0.5 * finest_ * (1.0 + 1e-9);
  }

  double tolerance() const { return tolerance_; }
  bool reaches(const Filled& plan) const { return std::abs(size_ - plan.traded) <= tolerance_; }
  bool different_lots() const {
    return std::any_of(sides_.begin(), sides_.end(), [&](const SideCost& side) { return coarse(side); });
  }

  /// The cheapest amounts of a subset: always the piece that costs least a coin.
  Continuous continuous(unsigned subset, double size) const {
    Continuous c{std::vector<double>(sides_.size(), 0.0)};
    std::vector<std::size_t> piece(sides_.size(), 0);
    double left = size;
    while (left > 0.0) {
      const auto next = cheapest([&](std::size_t i) -> std::optional<double> {
        if (!has(subset, i) || piece[i] + 1 >= sides_[i].coins.size()) return std::nullopt;
        return sides_[i].slope(piece[i]);
      });
      if (!next) {
        c.reaches = false;
        break;
      }
      const SideCost& side = sides_[*next];
      const double width = side.coins[piece[*next] + 1] - side.coins[piece[*next]];
      c.coins[*next] += std::min(left, width);
      left -= width;
      ++piece[*next];
    }
    return c;
  }

  double continuous_cost(unsigned subset, const Continuous& c) const {
    double sum = 0.0;
    for (std::size_t i = 0; i < sides_.size(); ++i) {
      if (has(subset, i)) sum += sides_[i].at(c.coins[i]) + sides_[i].fixed;
    }
    return sum;
  }

  /// Whole lots. Venues of coarser lots try the two numbers around what is best when those before them are settled;
  /// what is left the finest ones share exactly.
  Filled whole_lots(unsigned subset) const {
    std::vector<std::size_t> coarse_ones;
    for (std::size_t i = 0; i < sides_.size(); ++i) {
      if (has(subset, i) && coarse(sides_[i])) coarse_ones.push_back(i);
    }
    std::stable_sort(coarse_ones.begin(), coarse_ones.end(),
                     [&](std::size_t a, std::size_t b) { return sides_[a].lot > sides_[b].lot; });
    std::optional<Filled> best;
    settle(subset, coarse_ones, 0, std::vector<std::int64_t>(sides_.size(), 0), best);
    if (coarse_ones.empty()) return *best;
    exchange(subset, best->lots);
    return filled_of(std::move(best->lots));
  }

  /// Reaching comes first, then the cost; among those that do not reach, as far as possible.
  bool better(const Filled& a, const Filled& b) const {
    if (reaches(a) != reaches(b)) return reaches(a);
    return reaches(a) ? a.cost < b.cost : a.traded > b.traded;
  }

 private:
  bool coarse(const SideCost& side) const { return side.lot > finest_ * (1.0 + 1e-12); }

  template <class Slope>
  std::optional<std::size_t> cheapest(Slope slope) const {
    std::optional<std::size_t> found;
    double least = 0.0;
    for (std::size_t i = 0; i < sides_.size(); ++i) {
      const std::optional<double> here = slope(i);
      if (!here || (found && *here >= least)) continue;
      found = i;
      least = *here;
    }
    return found;
  }

  Filled filled_of(std::vector<std::int64_t> lots) const {
    Filled plan{.lots = std::move(lots)};
    plan.traded = traded(plan.lots);
    plan.cost = cost(plan.lots);
    return plan;
  }

  void settle(unsigned subset, std::span<const std::size_t> coarse_ones, std::size_t at, std::vector<std::int64_t> lots,
              std::optional<Filled>& best) const {
    const double left = size_ - traded(lots);
    const Continuous c = continuous(subset, std::max(left, 0.0));
    if (at == coarse_ones.size()) {
      share(subset, c, lots);
      Filled plan = filled_of(std::move(lots));
      if (!best || better(plan, *best)) best = std::move(plan);
      return;
    }
    const std::size_t i = coarse_ones[at];
    const auto below = static_cast<std::int64_t>(std::floor(c.coins[i] / sides_[i].lot * (1.0 + 1e-12)));
    for (const std::int64_t n : {below, below + 1}) {
      if (n > sides_[i].most || static_cast<double>(n) * sides_[i].lot > left + tolerance_) continue;
      lots[i] = n;
      settle(subset & ~(1U << i), coarse_ones, at + 1, lots, best);
    }
  }

  /// Lots of one size: down from the continuous amounts by as many lots as there are venues (the whole-lot optimum is
  /// no farther: D. S. Hochbaum, Math. Oper. Res. 19 (1994) 390-409), then always the cheapest lot.
  void share(unsigned subset, const Continuous& c, std::vector<std::int64_t>& lots) const {
    const auto n = static_cast<std::int64_t>(sides_.size());
    for (std::size_t i = 0; i < sides_.size(); ++i) {
      if (!has(subset, i)) continue;
      const auto whole = static_cast<std::int64_t>(std::floor(c.coins[i] / sides_[i].lot));
      lots[i] = std::clamp<std::int64_t>(whole - n, 0, sides_[i].most);
    }
    double left = size_ - traded(lots);
    while (left > tolerance_) {
      const auto next = cheapest([&](std::size_t i) -> std::optional<double> {
        const SideCost& side = sides_[i];
        if (!has(subset, i) || lots[i] >= side.most || side.lot > left + tolerance_) return std::nullopt;
        return side.of_lots(lots[i] + 1) - side.of_lots(lots[i]);
      });
      if (!next) return;
      ++lots[*next];
      left -= sides_[*next].lot;
    }
  }

  double traded(const std::vector<std::int64_t>& lots) const {
    double sum = 0.0;
    for (std::size_t i = 0; i < sides_.size(); ++i) sum += static_cast<double>(lots[i]) * sides_[i].lot;
    return sum;
  }
  double cost(const std::vector<std::int64_t>& lots) const {
    double sum = 0.0;
    for (std::size_t i = 0; i < sides_.size(); ++i) {
      if (lots[i] > 0) sum += sides_[i].of_lots(lots[i]) + sides_[i].fixed;
    }
    return sum;
  }

  /// Trades lots of one venue for lots of another while that is cheaper and the sum stays where it has to be.
  void exchange(unsigned subset, std::vector<std::int64_t>& lots) const {
    const double target = std::abs(size_ - traded(lots)) <= tolerance_ ? size_ : traded(lots);
    double best = cost(lots);
    for (int round = 0; round < 1000; ++round) {
      bool gained = false;
      for (std::size_t i = 0; i < sides_.size(); ++i) {
        for (std::size_t j = 0; j < sides_.size(); ++j) {
          if (i == j || !has(subset, i) || !has(subset, j)) continue;
          for (const std::int64_t step : {-3, -2, -1, 1, 2, 3}) {
            std::vector<std::int64_t> other = lots;
            other[i] += step;
            const double gap = target - traded(other);
            other[j] += static_cast<std::int64_t>(std::nearbyint(gap / sides_[j].lot));
            const bool possible = other[i] >= 0 && other[i] <= sides_[i].most && other[j] >= 0 &&
                                  other[j] <= sides_[j].most && std::abs(target - traded(other)) <= tolerance_;
            if (!possible) continue;
            const double c = cost(other);
            if (!(c < best - 1e-12 * std::abs(best))) continue;
            best = c;
            lots = std::move(other);
            gained = true;
          }
        }
      }
      if (!gained) return;
    }
  }

  std::vector<SideCost> sides_;
  double size_ = 0.0, finest_ = 0.0, tolerance_ = 0.0;
};

std::optional<Error> fault_of(std::span<const SplitVenue> venues, Coin coins) {
  if (venues.empty()) return Error{Fault::bad_input, "a split over no venue"};
  if (!std::isfinite(coins.value)) {
    return Error{Fault::bad_input, fmt::format("a split of {} coins", shortest(coins.value))};
  }
  for (const SplitVenue& v : venues) {
    const auto bad = [&](const char* what, double value) {
      return Error{Fault::bad_input, fmt::format("{}: {} is {}", v.instrument.name, what, shortest(value))};
    };
    const auto positive = [](double x) { return x > 0.0 && std::isfinite(x); };
    if (!positive(v.instrument.lot)) return bad("the lot", v.instrument.lot);
    if (!positive(v.amount_per_coin)) return bad("the amount in a coin", v.amount_per_coin);
    if (!(v.fixed.value >= 0.0 && std::isfinite(v.fixed.value))) return bad("the fixed cost", v.fixed.value);
  }
  return std::nullopt;
}

}  // namespace

Result<Split> split(std::span<const SplitVenue> venues, Coin coins) {
  if (auto fault = fault_of(venues, coins)) return *fault;
  const bool buy = coins.value > 0.0;
  const double size = std::abs(coins.value);
  std::vector<SideCost> sides;
  bool fixed = false;
  for (const SplitVenue& venue : venues) {
    sides.push_back(side_cost(venue, buy));
    fixed |= venue.fixed.value > 0.0;
    const double lots = size / sides.back().lot;
    if (!(lots < 9007199254740992.0)) {
      return Error{Fault::limit, fmt::format("{}: {} lots are more than can be counted", venue.instrument.name, lots)};
    }
  }
  const Splitter splitter(std::move(sides), size);
  const bool every_subset = fixed || splitter.different_lots();
  const std::size_t most = every_subset ? most_subset_venues : most_venues;
  if (venues.size() > most) {
    return Error{Fault::limit, fmt::format("{} venues are over {}{}", venues.size(), most,
                                           every_subset ? ", with fixed costs or different lots" : "")};
  }
  std::optional<Filled> best;
  std::optional<double> bound;
  const unsigned all = (1U << venues.size()) - 1U;
  for (unsigned subset = every_subset ? 1U : all; size > 0.0 && subset <= all; ++subset) {
    // The bound is for what lots may fall short.
    const double near = size - splitter.tolerance();
    if (const auto least = splitter.continuous(subset, near); near > 0.0 && least.reaches) {
      const double cost = splitter.continuous_cost(subset, least);
      if (!bound || cost < *bound) bound = cost;
    }
    Filled plan = splitter.whole_lots(subset);
    if (!best || splitter.better(plan, *best)) best = std::move(plan);
  }
  const double sign = buy ? 1.0 : -1.0;
  Split result{.lots = std::vector<std::int64_t>(venues.size(), 0), .amounts = std::vector<double>(venues.size(), 0.0)};
  result.complete = size <= splitter.tolerance();
  if (best) {
    for (std::size_t i = 0; i < venues.size(); ++i) {
      result.lots[i] = buy ? best->lots[i] : -best->lots[i];
      result.amounts[i] = amount_of_lots(venues[i].instrument, result.lots[i]);
    }
    result.traded = Coin(sign * best->traded);
    result.cost = Usd(best->cost);
    result.bound = Usd(size > splitter.tolerance() ? bound.value_or(best->cost) : 0.0);
    result.complete = splitter.reaches(*best);
  }
  result.residual = coins - result.traded;
  return result;
}

}  // namespace ballast::hedge
