#include "ballast/sim/internal/hedge_paths.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/sim/internal/hedge_paths.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/math/random-inl.h"
#include "ballast/model/gbm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::sim::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace lanes = math::HWY_NAMESPACE;
using D = hn::ScalableTag<double>;
using V = hn::Vec<D>;
using Plan = PreparedStudy::Plan;
using math::path_block;

// One quantity of a block of paths.
struct Row {
  HWY_ALIGN double at[path_block];
  V get(D d, std::size_t i) const { return hn::Load(d, at + i); }
  void set(D d, std::size_t i, V v) { hn::Store(v, d, at + i); }
  void fill(double v) { std::fill_n(at, path_block, v); }
};

// What a rule carries from step to step, and the last two only where it waits.
struct Book {
  Row hedge, cash, cost, trades, last_step, last_price;
};

// The hedge that leaves no delta, -quantity times N(d1) or N(d1) - 1, stage by stage: density, then the Mills ratio.
// The smaller of N(d1) and N(-d1) is what is worked out; the other is never formed where it would cancel.
HWY_INLINE void Neutral(D d, const Plan& plan, const Row& d1, Row& neutral) {
  const auto most = hn::Set(d, 37.6);  // where the density is 1e-307
  for (std::size_t i = 0; i < path_block; i += hn::Lanes(d))
    neutral.set(d, i, lanes::ShortNormPdf(d, hn::Min(hn::Abs(d1.get(d, i)), most)));
  const auto above = hn::Set(d, -plan.quantity * plan.call), below = hn::Set(d, plan.quantity * (1.0 - plan.call));
  const auto quantity = hn::Set(d, plan.quantity), zero = hn::Zero(d);
  for (std::size_t i = 0; i < path_block; i += hn::Lanes(d)) {
    const auto x = d1.get(d, i);
    const auto mills = lanes::MillsParts(d, hn::Min(hn::Abs(x), most));
    const auto tail = hn::Div(hn::Mul(neutral.get(d, i), mills.q), mills.denominator);
    const auto up = hn::Gt(x, zero);
    neutral.set(d, i,
                hn::MulAdd(hn::IfThenElse(up, quantity, hn::Neg(quantity)), tail, hn::IfThenElse(up, above, below)));
  }
}

HWY_INLINE V BoundedExp(D d, V x) { return lanes::ShortExp(d, hn::Max(x, hn::Set(d, -300.0))); }

// One look of one rule: from the hedges there are to the hedges wanted, and what the trades cost.
HWY_INLINE void Trade(D d, const Plan& plan, const Plan::Rule& rule, const Row& neutral, const Row* width,
                      const Row& price, double step, double per_discount, Book& book) {
  const auto zero = hn::Zero(d), one = hn::Set(d, 1.0), cost_rate = hn::Set(d, plan.cost_rate);
  for (std::size_t i = 0; i < path_block; i += hn::Lanes(d)) {
    const auto ideal = neutral.get(d, i), held = book.hedge.get(d, i), money = price.get(d, i);
    auto next = ideal;
    if (width != nullptr) {
      const auto w = width->get(d, i), low = hn::Sub(ideal, w), high = hn::Add(ideal, w);
      const auto edge = hn::Min(hn::Max(held, low), high);
      next = edge;
      if (rule.middle || rule.first_differs) {
        const auto middle = hn::IfThenElse(hn::Ne(edge, held), ideal, held);
        next = rule.middle ? middle : edge;
        if (rule.first_differs)
          next = hn::IfThenElse(hn::Eq(book.trades.get(d, i), zero), rule.middle ? edge : middle, next);
      }
    }
    if (rule.waits) {
      const auto now = hn::Set(d, step), spot = hn::Mul(money, hn::Set(d, per_discount));
      const auto last = book.last_price.get(d, i), waited = hn::Sub(now, book.last_step.get(d, i));
      const auto moved = hn::Ge(hn::Abs(hn::Sub(spot, last)), hn::Mul(last, hn::Set(d, rule.least_move)));
      const auto free = hn::And(hn::Ge(waited, hn::Set(d, rule.wait)), moved);
      next = hn::IfThenElse(free, next, held);
      const auto traded = hn::Ne(next, held);
      book.last_step.set(d, i, hn::IfThenElse(traded, now, book.last_step.get(d, i)));
      book.last_price.set(d, i, hn::IfThenElse(traded, spot, last));
    }
    const auto trade = hn::Sub(next, held), value = hn::Mul(hn::Abs(trade), money);
    book.hedge.set(d, i, next);
    book.cash.set(d, i, hn::NegMulAdd(trade, money, book.cash.get(d, i)));
    book.cost.set(d, i, hn::MulAdd(value, cost_rate, book.cost.get(d, i)));
    book.trades.set(d, i, hn::Add(book.trades.get(d, i), hn::IfThenZeroElse(hn::Eq(trade, zero), one)));
  }
}

void RunBlock(const Plan& plan, std::size_t first, std::size_t count, std::size_t paths, double* pnl, double* cost,
              double* trades, Book* books, Row* d1, Row* neutral) {
  const D d;
  const std::size_t rules = plan.rule.size();
  Row x, price, width, own_d1, own_neutral, normal[2];
  x.fill(plan.start);
  for (std::size_t r = 0; r < rules; ++r) {
    Book& book = books[r];
    for (Row* row : {&book.hedge, &book.cash, &book.cost, &book.trades, &book.last_price}) row->fill(0.0);
    book.last_step.fill(-1e15);  // no trade yet: nothing to wait for
  }
  const auto prices = [&](double scale) HWY_ATTR {
    const auto most = hn::Set(d, 300.0), times = hn::Set(d, scale);
    for (std::size_t i = 0; i < path_block; i += hn::Lanes(d)) {
      const auto bounded = hn::Min(hn::Max(x.get(d, i), hn::Neg(most)), most);
      price.set(d, i, hn::Mul(lanes::ShortExp(d, bounded), times));
    }
  };
  const auto line_of = [&](const Plan::Line& line, Row& to) HWY_ATTR {
    const auto slope = hn::Set(d, line.slope), shift = hn::Set(d, line.shift);
    for (std::size_t i = 0; i < path_block; i += hn::Lanes(d)) to.set(d, i, hn::MulAdd(x.get(d, i), slope, shift));
  };
  for (int s = 0; s < plan.steps; ++s) {
    const auto at = static_cast<std::size_t>(s);
    const Plan::Step& step = plan.step[at];
    prices(step.scale);
    for (std::size_t l = 0; l < plan.lines; ++l) {
      const Plan::Line& line = plan.line[at * plan.lines + l];
      if (!line.needed) continue;
      line_of(line, d1[l]);
      Neutral(d, plan, d1[l], neutral[l]);
    }
    for (std::size_t r = 0; r < rules; ++r) {
      const Plan::Rule& rule = plan.rule[r];
      const Plan::Look& look = plan.look[at * rules + r];
      if (!look.due) continue;
      const Row* target = &neutral[rule.line];
      if (look.band == Plan::Band::fixed) {
        width.fill(look.a);
      } else if (look.band == Plan::Band::whalley_wilmott) {
        const auto factor = hn::Set(d, look.a), minus_third = hn::Set(d, -1.0 / 3.0), most = hn::Set(d, plan.size);
        for (std::size_t i = 0; i < path_block; i += hn::Lanes(d)) {
          const auto h = d1[0].get(d, i), power = hn::Mul(hn::MulAdd(h, h, x.get(d, i)), minus_third);
          width.set(d, i, hn::Min(hn::Mul(factor, BoundedExp(d, power)), most));
        }
      } else if (look.band == Plan::Band::zakamouline) {
        const auto a = hn::Set(d, look.a), b = hn::Set(d, look.b), c = hn::Set(d, look.c), half = hn::Set(d, 0.5);
        const auto most = hn::Set(d, plan.size), exponent = hn::Set(d, 0.15), one = hn::Set(d, 1.0);
        const auto slope = hn::Set(d, plan.line[at * plan.lines].slope), carry = hn::Set(d, step.rate_years);
        const auto half_stdev = hn::Set(d, step.half_stdev), per_discount = hn::Set(d, step.per_discount);
        for (std::size_t i = 0; i < path_block; i += hn::Lanes(d)) {
          const auto h = d1[0].get(d, i), log = x.get(d, i), square = hn::Mul(hn::Mul(h, h), half);
          const auto grown = hn::MulAdd(c, BoundedExp(d, hn::Mul(hn::Sub(log, square), exponent)), one);
          const auto times = hn::Sqrt(hn::Min(hn::Max(grown, hn::Set(d, 0.1)), hn::Set(d, 4.0)));
          const auto own = hn::MulAdd(half_stdev, times, hn::Div(hn::Mul(hn::Add(log, carry), slope), times));
          const auto power = hn::MulAdd(hn::Mul(own, own), half, log);
          const auto root_gamma = hn::Div(BoundedExp(d, hn::Mul(power, hn::Neg(half))), hn::Sqrt(times));
          const auto without_gamma = hn::Div(a, hn::Mul(price.get(d, i), per_discount));
          own_d1.set(d, i, own);
          width.set(d, i, hn::Min(hn::MulAdd(b, root_gamma, without_gamma), most));
        }
        Neutral(d, plan, own_d1, own_neutral);
        target = &own_neutral;
      }
      Trade(d, plan, rule, *target, look.band == Plan::Band::none ? nullptr : &width, price, s, step.per_discount,
            books[r]);
    }
    if (s % 2 == 0) lanes::NormalPair(plan.seed, first, static_cast<std::uint64_t>(s / 2), normal[0].at, normal[1].at);
    const Row& z = normal[s % 2];
    for (std::size_t i = 0; i < path_block; i += hn::Lanes(d))
      x.set(d, i, model::HWY_NAMESPACE::Advanced(d, plan.move, x.get(d, i), z.get(d, i)));
  }
  prices(plan.last_scale);
  const auto strike = hn::Set(d, plan.last_scale), zero = hn::Zero(d), sign = hn::Set(d, 2.0 * plan.call - 1.0);
  const auto quantity = hn::Set(d, plan.quantity), premium = hn::Set(d, plan.premium);
  const auto cost_rate = hn::Set(d, plan.cost_rate);
  for (std::size_t r = 0; r < rules; ++r) {
    Book& book = books[r];
    for (std::size_t i = 0; i < path_block; i += hn::Lanes(d)) {
      const auto money = price.get(d, i), value = hn::Mul(book.hedge.get(d, i), money);
      const auto paid = hn::MulAdd(hn::Abs(value), cost_rate, book.cost.get(d, i));
      const auto payoff = hn::Max(hn::Mul(sign, hn::Sub(money, strike)), zero);
      const auto gains = hn::Add(book.cash.get(d, i), value);
      book.cost.set(d, i, paid);
      book.cash.set(d, i, hn::Sub(hn::MulAdd(quantity, hn::Sub(payoff, premium), gains), paid));
    }
    std::copy_n(book.cash.at, count, pnl + r * paths);
    std::copy_n(book.cost.at, count, cost + r * paths);
    std::copy_n(book.trades.at, count, trades + r * paths);
  }
}

void Run(const Plan& plan, std::size_t first, std::size_t count, HedgePaths& out) {
  std::vector<Book> books(plan.rule.size());
  std::vector<Row> rows(2 * plan.lines);
  for (std::size_t done = 0; done < count; done += path_block) {
    const std::size_t at = first + done;
    RunBlock(plan, at, std::min(path_block, count - done), out.paths, out.pnl.data() + at, out.cost.data() + at,
             out.trades.data() + at, books.data(), rows.data(), rows.data() + plan.lines);
  }
}

}  // namespace ballast::sim::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::sim::internal {

HWY_EXPORT(Run);
void run_paths(const PreparedStudy::Plan& plan, std::size_t first, std::size_t count, HedgePaths& out) {
  HWY_DYNAMIC_DISPATCH(Run)(plan, first, count, out);
}

}  // namespace ballast::sim::internal
#endif  // HWY_ONCE
