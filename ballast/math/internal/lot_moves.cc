#include "ballast/math/internal/lot_moves.h"

#include <algorithm>
#include <cmath>

namespace ballast::math::internal {
namespace {

using Worth = LotPoint::Worth;

struct Target {
  double lots;
  Worth worth;
};

double held(const LotBox& box, std::size_t j, double lots) { return std::clamp(lots, box.low[j], box.high[j]); }

// The best place for column j, all others at rest: doubled steps while they help, then halved ones.
Target best_place(const LotPoint& p, const LotBox& box, std::size_t j, Worth start) {
  const double grain = p.model().grain[j], from = p.lots(j);
  Target best{from, start};
  const auto take = [&](double lots) {
    if (lots == best.lots || !p.allowed(j, lots)) return false;
    const Worth worth = p.after(j, lots);
    if (!better(worth, best.worth)) return false;
    best = {lots, worth};
    return true;
  };
  if (!(grain > 0.0)) return best;
  double by = grain;
  if (!take(held(box, j, from + by))) {
    by = -grain;
    if (!take(held(box, j, from + by))) {
      // With a price for the leg one lot may not pay and ten will; to nothing is a step of its own.
      const double cost = p.model().leg_cost[p.model().leg[j]];
      if (!(cost > 0.0)) return best;
      if (from != 0.0) {
        take(held(box, j, 0.0));
        return best;
      }
      // Convex but for that price: walk on the sum without it.
      const double high = box.high[j], low = box.low[j];
      for (const double sign : {1.0, -1.0}) {
        double at = 0.0, length = grain;
        Worth here = start;
        here.objective += cost;
        for (;;) {
          const double to = std::clamp(at + sign * length, low, high);
          if (to == at || !p.allowed(j, to)) break;
          const Worth worth = p.after(j, to);
          if (better(worth, here)) {
            here = worth, at = to, length *= 2.0;
          } else if (length > grain) {
            length = std::max(grain, std::floor(length / grain / 4.0) * grain);
          } else {
            break;
          }
        }
        if (at != 0.0 && better(here, best.worth)) best = {at, here};
      }
      return best;
    }
  }
  // `by` grows while it helps and shrinks when it does not; the sum is convex, so a shrunken step of the same sign that
  // does not help, and one back that does not, end it.
  double length = 2.0 * std::abs(by);
  const double sign = by > 0.0 ? 1.0 : -1.0;
  while (take(held(box, j, best.lots + sign * length))) length *= 2.0;
  while (length > grain) {
    length = std::max(grain, std::floor(length / grain / 2.0) * grain);
    if (!take(held(box, j, best.lots + sign * length))) take(held(box, j, best.lots - sign * length));
  }
  return best;
}

bool sweep(LotPoint& p, const LotBox& box) {
  bool moved = false;
  for (std::size_t j = 0; j < p.model().n; ++j) {
    if (box.low[j] == box.high[j]) continue;
    const Target to = best_place(p, box, j, p.worth());
    if (to.lots != p.lots(j)) p.move(j, to.lots), moved = true;
  }
  return moved;
}

void settle(LotPoint& p, const LotBox& box) {
  for (int round = 0; round < 8 && sweep(p, box); ++round) {
  }
}

// One lot of a column and one lot, the other way or the same, of another, and what closes the row that a future closes
// alone back to where it was: what a single column cannot repair. The search goes on at `start`.
bool move_pair(LotPoint& p, const LotBox& box, std::size_t& start, int& effort) {
  const LotModel& model = p.model();
  const std::size_t n = model.n, c = model.closer;
  const double per_lot = c < n ? model.column(c)[model.closing_row] * model.amount(c, 1.0) : 0.0;
  const bool closes = c < n && p.lots(c) != 0.0;
  LotPoint moved = p;
  for (std::size_t turn = 0; turn < n; ++turn) {
    const std::size_t j = (start + turn) % n;
    if (box.low[j] == box.high[j] || !p.allowed(j, model.grain[j])) continue;
    for (const double sign : {1.0, -1.0}) {
      const double to = held(box, j, p.lots(j) + sign * model.grain[j]);
      if (to == p.lots(j)) continue;
      // Two that are used meet twice, which is cheaper than to know it; two that are not used once.
      const std::size_t first = p.lots(j) == 0.0 ? j + 1 : 0;
      if ((effort -= static_cast<int>(n - first)) < 0) return false;
      moved.move(j, to);
      std::size_t partner = n;
      double partner_lots = 0.0, closing_lots = 0.0;
      Worth best = p.worth();
      const auto closing = [&](std::size_t k, double by) {  // lots of c that undo `by` lots of column k
        const double off = moved.y()[model.closing_row] - p.y()[model.closing_row] +
                           (k < n ? model.column(k)[model.closing_row] * model.amount(k, by) : 0.0);
        return held(box, c, std::nearbyint((moved.lots(c) * per_lot - off) / per_lot));
      };
      if (closes && j != c) {
        const double lots = closing(n, 0.0);
        const Worth worth = moved.after(c, lots);
        if (better(worth, best)) best = worth, partner = c, partner_lots = lots, closing_lots = lots;
      }
      for (std::size_t k = first; k < n; ++k) {
        if (k == j || box.low[k] == box.high[k]) continue;
        for (const double way : {1.0, -1.0}) {
          const double at = held(box, k, moved.lots(k) + way * model.grain[k]);
          if (at == moved.lots(k) || !moved.allowed(k, at)) continue;
          const Worth worth = moved.after(k, at);
          if (better(worth, best)) best = worth, partner = k, partner_lots = at, closing_lots = moved.lots(c % n);
          if (!closes || k == c || j == c) continue;
          const double lots = closing(k, at - moved.lots(k));
          const Worth closed = moved.after(k, at, c, lots);
          if (better(closed, best)) best = closed, partner = k, partner_lots = at, closing_lots = lots;
        }
      }
      if (partner < n) {
        moved.move(partner, partner_lots);
        if (closes && partner != c && moved.lots(c) != closing_lots) moved.move(c, closing_lots);
        if (better(moved.worth(), p.worth()) && moved.legs() <= std::max(p.legs(), model.most_legs)) {
          p = moved;
          start = j;
          return true;
        }
      }
      moved = p;
    }
  }
  return false;
}

// A leg out, and the column that fills its place best in.
bool swap_leg(LotPoint& p, const LotBox& box, int& effort) {
  const LotModel& model = p.model();
  LotPoint without = p, found = p;
  for (std::size_t l = 0; l < model.columns_of.size(); ++l) {
    if (!p.uses(l)) continue;
    without = p;
    bool may = true;
    for (const std::size_t j : model.columns_of[l]) {
      may &= box.low[j] <= 0.0 && box.high[j] >= 0.0;
      if (may && p.lots(j) != 0.0) without.move(j, 0.0);
    }
    if (!may) continue;
    if ((effort -= 8 * static_cast<int>(model.n)) < 0) return false;
    std::size_t into = model.n;
    Target best{0.0, {INFINITY, INFINITY}};
    for (std::size_t j = 0; j < model.n; ++j) {
      if (model.leg[j] == l || box.low[j] == box.high[j]) continue;
      const Target to = best_place(without, box, j, without.worth());
      if (to.lots != without.lots(j) && better(to.worth, best.worth)) best = to, into = j;
    }
    found = without;
    if (into < model.n) found.move(into, best.lots);
    settle(found, box);
    if (better(found.worth(), p.worth())) {
      p = found;
      return true;
    }
  }
  return false;
}

}  // namespace

LotPoint::Worth best_alone(const LotPoint& point, const LotBox& box, std::size_t j) {
  return best_place(point, box, j, point.worth()).worth;
}

void descend(LotPoint& point, const LotBox& box, int effort) {
  settle(point, box);
  std::size_t start = 0;
  while (effort > 0) {
    if (!move_pair(point, box, start, effort) && !swap_leg(point, box, effort)) return;
    settle(point, box);
  }
}

void grow(LotPoint& point, const LotBox& box) {
  const std::size_t n = point.model().n;
  for (std::size_t round = 0; round < n; ++round) {
    std::size_t next = n;
    Target best{0.0, point.worth()};
    for (std::size_t j = 0; j < n; ++j) {
      const Target to = best_place(point, box, j, point.worth());
      if (to.lots != point.lots(j) && better(to.worth, best.worth)) best = to, next = j;
    }
    if (next == n) return;
    point.move(next, best.lots);
    // Those in use answer before another comes.
    for (int turn = 0; turn < 4; ++turn) {
      bool moved = false;
      for (std::size_t j = 0; j < n; ++j) {
        if (point.lots(j) == 0.0) continue;
        const Target to = best_place(point, box, j, point.worth());
        if (to.lots != point.lots(j)) point.move(j, to.lots), moved = true;
      }
      if (!moved) break;
    }
  }
}

void round_to(LotPoint& point, std::span<const double> lots, const LotBox& box) {
  const LotModel& model = point.model();
  std::vector<double> whole(lots.begin(), lots.end());
  for (std::size_t j = 0; j < model.n; ++j) {
    whole[j] = held(box, j, model.stepped(j) ? std::nearbyint(lots[j]) : lots[j]);
  }
  point.place(whole);
  // The leg that is missed least goes first.
  while (point.legs() > model.most_legs) {
    std::size_t drop = model.columns_of.size();
    Worth least{INFINITY, INFINITY};
    for (std::size_t l = 0; l < model.columns_of.size(); ++l) {
      if (!point.uses(l)) continue;
      bool may = true;
      LotPoint::Worth worth = point.worth();
      for (const std::size_t j : model.columns_of[l]) {
        may &= box.low[j] <= 0.0 && box.high[j] >= 0.0;
        if (may && point.lots(j) != 0.0) worth = point.after(j, 0.0);  // of several parts the last one counts: a guess
      }
      if (may && (drop == model.columns_of.size() || better(worth, least))) drop = l, least = worth;
    }
    if (drop == model.columns_of.size()) return;
    for (const std::size_t j : model.columns_of[drop]) {
      if (point.lots(j) != 0.0) point.move(j, 0.0);
    }
    for (std::size_t j = 0; j < model.n; ++j) {  // those that stay take over
      if (point.lots(j) == 0.0 || box.low[j] == box.high[j]) continue;
      const Target to = best_place(point, box, j, point.worth());
      if (to.lots != point.lots(j)) point.move(j, to.lots);
    }
  }
}

}  // namespace ballast::math::internal
