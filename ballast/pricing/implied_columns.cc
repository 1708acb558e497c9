#include "ballast/pricing/implied_columns.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include "ballast/base/result.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/pricing/implied_columns.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/math/lanes-inl.h"
#include "ballast/pricing/internal/blocks-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::pricing::HWY_NAMESPACE {

namespace constant = math::internal;

// A price whose share of its bound is tiny is carried 2^400 times as large; its logarithm takes that back.
inline constexpr double lift = 0x1p400, ln_lift = 277.2588722239781237668928485832706;  // 400 ln 2, mpmath
inline constexpr int most_steps = 24;
// A guess that has not led to the answer in so many is given up.
inline constexpr int most_warm_steps = 4;
// The step is of fourth order: one below 3e-5 leaves an error of 1e-18 times a constant below 100.
inline constexpr double small_step = 3e-5;

// A difference of Mills ratios may reach this far past the inflexion: h - t >= -0.36.
inline constexpr double reach_below = 0.36;

struct Search {
  Stage x;       // |ln(forward/strike)|
  Stage target;  // the price out of the money (low), lifted, or what is left of its bound (high) ..
  Stage bound;   // .. and that bound, the smaller of forward and strike; target/bound is the share
  Stage root_years;
  Stage factor;                // of the lift: 2^400 or 1
  Stage s, from, to;           // stdev and its bounds on that side
  Stage h, top, bottom, miss;  // of the step: x/s, G = (s) top/bottom, ln(value/target)
  Stage active;                // 1 until the last step was small
  Stage outcome;               // ImpliedOutcome as a number
};

HWY_INLINE V Outcome(D d, ImpliedOutcome outcome) { return hn::Set(d, static_cast<double>(outcome)); }

// No price has its stdev further out than h = 45; past 1000 the ratios of a step overflow, and a guess passed for the
// end.
HWY_INLINE V Least(D d, V x) { return hn::Max(hn::Mul(x, hn::Set(d, 1.0 / 900.0)), hn::Set(d, 1e-300)); }

// One row's admissible prices and its target. With a guess of the vol it starts there, on the guess's own side and
// without bounds: Misled finds the rows that it led astray.
template <bool warm>
HWY_INLINE void Classify(D d, const double* const* in, std::size_t n, Search& w) {
  const auto zero = hn::Zero(d), one = hn::Set(d, 1.0);
  constexpr double most_price = std::numeric_limits<double>::max();
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto f = hn::LoadU(d, in[0] + i), k = hn::LoadU(d, in[1] + i), price = hn::LoadU(d, in[2] + i),
               years = hn::LoadU(d, in[3] + i), sign = hn::LoadU(d, in[4] + i);
    auto inside = hn::And(Within(d, f, smallest, largest), Within(d, k, smallest, largest));
    inside = hn::And(inside, hn::And(Within(d, price, -most_price, most_price), Within(d, years, smallest, largest)));
    inside = hn::And(inside, hn::Eq(hn::Abs(sign), one));
    const auto is_call = hn::Gt(sign, zero);
    // In the money the intrinsic value in two parts: far strikes would lose what little time value there is.
    const auto gap = hn::Sub(f, k), intrinsic = hn::Mul(sign, gap);
    const auto rest = hn::Mul(sign, lanes::SumRest(d, f, hn::Neg(k), gap));
    const auto in_money = hn::Gt(intrinsic, zero);
    const auto above = hn::IfThenElse(in_money, hn::Sub(price, intrinsic), price);
    const auto time_value = hn::Sub(above, hn::IfThenElseZero(in_money, rest));
    const auto left = hn::Sub(hn::IfThenElse(is_call, f, k), price);
    const auto smaller = hn::Min(f, k);
    auto outcome =
        hn::IfThenElse(hn::Le(left, zero), Outcome(d, ImpliedOutcome::above_bound), Outcome(d, ImpliedOutcome::ok));
    outcome = hn::IfThenElse(hn::Eq(above, zero), Outcome(d, ImpliedOutcome::at_intrinsic), outcome);
    outcome = hn::IfThenElse(hn::Lt(above, zero), Outcome(d, ImpliedOutcome::below_intrinsic), outcome);
    outcome = hn::IfThenElse(inside, outcome, Outcome(d, ImpliedOutcome::not_finite));
    const auto ok = hn::Eq(outcome, Outcome(d, ImpliedOutcome::ok));
    // Rows without an answer run along on a harmless one.
    const auto some = hn::Set(d, 0.1);
    const auto x = hn::IfThenElseZero(ok, hn::Abs(lanes::LogRatio(d, f, k)));
    const auto tiny = hn::Lt(time_value, hn::Mul(smaller, hn::Set(d, 1e-150)));
    const auto factor = hn::IfThenElse(tiny, hn::Set(d, lift), one);
    const auto share = hn::IfThenElse(ok, hn::Mul(time_value, factor), some);
    const auto bound = hn::IfThenElse(ok, smaller, one);
    const auto root_years = hn::Sqrt(years), most = hn::Set(d, 1e3), double_x = hn::Add(x, x);
    // Below the value at stdev sqrt(2 x + 0.49), a little past the inflexion sqrt(2 x), the price itself is the target.
    // A difference of ratios reaches to h - t = -0.36, which is stdev `reach` + 0.36; a sum needs h <= t.
    M low;
    if constexpr (warm) {
      const auto guess = hn::Mul(hn::LoadU(d, in[5] + i), root_years);
      low = hn::Or(tiny, hn::Lt(hn::Mul(guess, guess), hn::Add(double_x, hn::Set(d, 0.49))));
      w.from.set(d, i, hn::IfThenElse(low, zero, hn::Set(d, 1e-30)));
      w.to.set(d, i, most);
      w.s.set(d, i, hn::Min(hn::Max(guess, Least(d, x)), most));
    } else {
      const auto edge = hn::Set(d, reach_below), reach = hn::Sqrt(hn::MulAdd(edge, edge, double_x));
      const auto y = hn::Sub(reach, edge);
      low = hn::Or(tiny, hn::Lt(hn::Mul(share, lanes::Polynomial(d, constant::between_q, y)),
                                hn::Mul(bound, lanes::Polynomial(d, constant::between_p, y))));
      w.from.set(d, i, hn::IfThenElse(low, zero, reach));
      w.to.set(d, i, hn::IfThenElse(low, hn::Add(reach, edge), most));
    }
    const auto remaining = hn::IfThenElse(ok, left, some);
    w.x.set(d, i, x);
    w.target.set(d, i, hn::IfThenElse(low, share, remaining));
    w.bound.set(d, i, bound);
    w.root_years.set(d, i, root_years);
    w.factor.set(d, i, hn::IfThenElse(hn::And(ok, tiny), hn::Set(d, lift), one));
    w.outcome.set(d, i, outcome);
    w.active.set(d, i, hn::IfThenElseZero(ok, one));
  }
}

// The logarithm of a positive normal number within 1e-4 of itself.
HWY_INLINE V GuessLog(D d, V v) {
  const auto split = lanes::Split(d, v);
  const auto f = hn::Sub(split.m, hn::Set(d, 1.0));
  return hn::MulAdd(f, lanes::Polynomial(d, constant::rough_log, f), hn::Mul(split.k, hn::Set(d, 0.6931471805599453)));
}

// The closed-form start. Below the inflexion Bachelier's price inverted, above it the distance a = t - h from N(-a).
HWY_INLINE void StartLow(D d, std::size_t i, Search& w) {
  const auto one = hn::Set(d, 1.0);
  const auto x = w.x.at(d, i), target = w.target.at(d, i), bound = w.bound.at(d, i), factor = w.factor.at(d, i);
  // ln(1 + z), z = x e^{x/2} / share, both lifted where the share is. At the money x stands for 1e-9 of the share: so
  // does h, where it is without weight.
  const auto lifted = hn::Gt(factor, one);
  const auto unit = hn::IfThenElse(lifted, hn::Set(d, 1.0 / lift), one);
  const auto inverse = hn::Div(bound, target);
  const auto money = hn::Lt(hn::Mul(x, inverse), hn::Set(d, 1e-9));
  const auto x_some = hn::IfThenElse(money, hn::Div(hn::Mul(hn::Set(d, 1e-9), unit), inverse), x);
  const auto z = hn::Mul(hn::Mul(x_some, lanes::ShortExp(d, hn::Mul(hn::Set(d, 0.5), x))), inverse);
  const auto l = hn::Add(GuessLog(d, hn::Add(unit, z)), hn::IfThenElseZero(lifted, hn::Set(d, ln_lift)));
  // x / h with h = l sqrt(p/q).
  const auto p = lanes::Polynomial(d, constant::guess_p, l), q = lanes::Polynomial(d, constant::guess_q, l);
  w.s.set(d, i, hn::Div(hn::Mul(x_some, q), hn::Mul(l, hn::Sqrt(hn::Mul(p, q)))));
}

HWY_INLINE V StartHigh(D d, std::size_t i, const Search& w) {
  const auto zero = hn::Zero(d), c = hn::Set(d, 0.8);
  const auto x = w.x.at(d, i), log = lanes::LogRatio<false>(d, w.target.at(d, i), w.bound.at(d, i));
  // The share left is N(-a) (1 + k), k = R(a + 2h)/R(a), near (a + 0.8)/(a + 2h + 0.8); ln(1 + k) by a parabola through
  // its ends and 1/2. Two rounds, h from its value at the inflexion.
  auto h = hn::Sqrt(hn::Mul(hn::Set(d, 0.5), x)), a = zero, s = zero;
  for (int round = 0; round < 2; ++round) {
    const auto top = hn::Add(a, c);
    const auto ratio = hn::Div(top, hn::Add(top, hn::Add(h, h)));
    const auto grown = hn::Mul(ratio, hn::NegMulAdd(ratio, hn::Set(d, 0.23557), hn::Set(d, 0.92872)));
    const auto tail = hn::Max(hn::Sub(hn::Sub(grown, hn::Set(d, 0.6931471805599453)), log), zero);
    const auto p = lanes::Polynomial(d, constant::tail_p, tail), q = lanes::Polynomial(d, constant::tail_q, tail);
    a = hn::Mul(tail, hn::Sqrt(hn::Div(p, q)));
    s = hn::Add(a, hn::Sqrt(hn::MulAdd(a, a, hn::Add(x, x))));
    h = hn::Div(x, hn::Max(s, hn::Set(d, 1e-3)));
  }
  return s;
}

HWY_INLINE M IsLow(D d, std::size_t i, const Search& w) { return hn::Eq(w.from.at(d, i), hn::Zero(d)); }

HWY_INLINE V Bounded(D d, std::size_t i, const Search& w, V s) {
  return hn::Min(hn::Max(s, hn::Max(w.from.at(d, i), Least(d, w.x.at(d, i)))), w.to.at(d, i));
}

HWY_INLINE void Start(D d, std::size_t n, Search& w) {
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) StartLow(d, i, w);
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) {
    auto s = w.s.at(d, i);
    // Few chains have rows above the inflexion; whether a neighbour has does not show in a row's bits.
    if (!hn::AllTrue(d, IsLow(d, i, w))) s = hn::IfThenElse(IsLow(d, i, w), s, StartHigh(d, i, w));
    w.s.set(d, i, Bounded(d, i, w, s));
  }
}

// One step in three stages. First G, a difference or sum of Mills ratios: s top / bottom below, top / bottom above.
HWY_INLINE void StepRatios(D d, std::size_t i, Search& w) {
  const auto s = w.s.at(d, i), h = hn::Div(w.x.at(d, i), s), t = hn::Mul(hn::Set(d, 0.5), s), near = hn::Sub(h, t);
  const auto low = IsLow(d, i, w);
  const auto pair = lanes::MillsOfPair(d, hn::IfThenElse(low, near, hn::Neg(near)), hn::Add(h, t),
                                       hn::IfThenElse(low, s, hn::Add(h, h)));
  w.h.set(d, i, h);
  w.top.set(d, i, hn::IfThenElse(low, pair.spread, hn::Add(pair.ratio_a, pair.ratio_b)));
  w.bottom.set(d, i, pair.bottom);
}

// Then ln(value(s) / target): the logarithm is that of a number near e^{near^2/2}, so their difference loses nothing
// that the conditioning of the problem has not lost before.
HWY_INLINE void StepMiss(D d, std::size_t i, Search& w) {
  const auto half = hn::Set(d, 0.5), s = w.s.at(d, i), near = hn::NegMulAdd(half, s, w.h.at(d, i));
  const auto weight =
      hn::Mul(w.bound.at(d, i), hn::IfThenElse(IsLow(d, i, w), hn::Mul(s, w.factor.at(d, i)), hn::Set(d, 1.0)));
  const auto scaled = hn::Mul(w.bottom.at(d, i), hn::Mul(w.target.at(d, i), hn::Set(d, constant::sqrt_2pi)));
  const auto log = lanes::LogRatio<false>(d, hn::Mul(w.top.at(d, i), weight), scaled);
  w.miss.set(d, i, hn::NegMulAdd(hn::Mul(half, near), near, log));
}

// The logarithm of a positive number within 0.06, from its bits.
HWY_INLINE V RoughLog(D d, V v) {
  const hn::RebindToUnsigned<D> du;
  const auto high = hn::Or(hn::ShiftRight<20>(hn::BitCast(du, v)), hn::Set(du, 0x4330000000000000u));
  const auto octaves = hn::Sub(hn::BitCast(d, high), hn::Set(d, 0x1p52 + 1023.0 * 0x1p32));
  return hn::Mul(octaves, hn::Set(d, 0.6931471805599453 * 0x1p-32));
}

// Then Householder's step on 1/l below, l = ln v + a constant, and on ln c above. Any constant will do that keeps l
// clear of 0, so the logarithm of the target may be a rough one.
HWY_INLINE void StepMove(D d, std::size_t i, Search& w) {
  const auto zero = hn::Zero(d), one = hn::Set(d, 1.0), half = hn::Set(d, 0.5), two = hn::Set(d, 2.0),
             three = hn::Set(d, 3.0);
  const auto s = w.s.at(d, i), h = w.h.at(d, i), miss = w.miss.at(d, i);
  const auto log = hn::Sub(RoughLog(d, w.target.at(d, i)), RoughLog(d, hn::Mul(w.bound.at(d, i), w.factor.at(d, i))));
  const auto low = IsLow(d, i, w);
  const auto top = w.top.at(d, i), width = hn::Mul(hn::IfThenElse(low, one, s), w.bottom.at(d, i)),
             l = hn::Add(log, miss);
  // s/G, G/s, 1/l and l/log from one division.
  const auto logs = hn::Mul(l, log), ratios = hn::Mul(top, width);
  const auto per_all = hn::Div(one, hn::Mul(logs, ratios));
  const auto per_ratios = hn::Mul(per_all, logs), per_logs = hn::Mul(per_all, ratios);
  const auto signed_width = hn::IfThenElse(low, width, hn::Neg(width));
  const auto rate = hn::Mul(hn::Mul(signed_width, width), per_ratios);
  const auto plain = hn::Neg(hn::Mul(miss, hn::Mul(hn::Mul(top, top), per_ratios)));
  const auto l_per_log = hn::IfThenElse(low, hn::Mul(hn::Mul(l, l), per_logs), hn::Neg(one));
  const auto newton = hn::Mul(plain, l_per_log);
  // By ln s the value has v_1 = rate v, v_2 = r2 v_1, v_3 = r3 v_1; then the same of ln v, and of 1/l.
  const auto t = hn::Mul(half, s), h2 = hn::Mul(h, h), t2 = hn::Mul(t, t), r2 = hn::Sub(h2, t2);
  const auto r3 = hn::Sub(hn::Mul(r2, r2), hn::MulAdd(three, h2, t2));
  const auto log_second = hn::Sub(r2, rate);
  const auto log_third = hn::MulAdd(rate, hn::Sub(hn::Mul(two, rate), hn::Mul(three, r2)), r3);
  const auto turn = hn::IfThenElseZero(low, hn::Mul(hn::Mul(rate, log), per_logs));
  const auto third = hn::MulAdd(hn::Mul(hn::Set(d, 6.0), turn), hn::Sub(turn, log_second), log_third);
  const auto second = hn::NegMulAdd(two, turn, log_second);
  const auto above = hn::MulAdd(hn::Mul(half, second), newton, one);
  const auto below = hn::MulAdd(newton, hn::MulAdd(hn::Mul(hn::Set(d, 1.0 / 6.0), third), newton, second), one);
  auto step = hn::Mul(newton, hn::Div(above, below));
  // Far from the root the rational step may turn round, or vanish and pass for the last one; Newton's does not, the
  // objectives are monotone.
  step =
      hn::IfThenElse(hn::Gt(hn::Mul(step, newton), hn::Mul(hn::Set(d, 0.0625), hn::Mul(newton, newton))), step, newton);
  step = hn::Min(hn::Max(step, hn::Set(d, -0.75)), three);
  const auto active = hn::Gt(w.active.at(d, i), zero);
  const auto next = hn::Min(hn::Max(hn::MulAdd(s, step, s), w.from.at(d, i)), w.to.at(d, i));
  w.s.set(d, i, hn::IfThenElse(active, next, s));
  // In the money the price and its distance to the bound may be rounded so differently that they lie on one side each:
  // then the answer is the end of the side.
  const auto moved = hn::And(hn::Gt(hn::Abs(step), hn::Set(d, small_step)), hn::Ne(next, s));
  w.active.set(d, i, hn::IfThenElseZero(hn::And(active, moved), one));
}

HWY_INLINE bool AnyActive(D d, std::size_t i, const Search& w) {
  return !hn::AllFalse(d, hn::Gt(w.active.at(d, i), hn::Zero(d)));
}

HWY_INLINE void Solve(D d, std::size_t n, int most, Search& w) {
  bool any = true;
  for (int steps = 0; steps < most && any; ++steps) {
    // A row that is done does not move, however long its neighbours take.
    for (std::size_t i = 0; i < n; i += hn::Lanes(d))
      if (AnyActive(d, i, w)) StepRatios(d, i, w);
    for (std::size_t i = 0; i < n; i += hn::Lanes(d))
      if (AnyActive(d, i, w)) StepMiss(d, i, w);
    any = false;
    for (std::size_t i = 0; i < n; i += hn::Lanes(d)) {
      if (!AnyActive(d, i, w)) continue;
      StepMove(d, i, w);
      any = any || AnyActive(d, i, w);
    }
  }
}

HWY_INLINE void Finish(D d, double* const* out, std::size_t n, const Search& w) {
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto outcome =
        hn::IfThenElse(hn::Gt(w.active.at(d, i), hn::Zero(d)), Outcome(d, ImpliedOutcome::limit), w.outcome.at(d, i));
    const auto vol = hn::Div(w.s.at(d, i), w.root_years.at(d, i));
    const auto ok = hn::Eq(outcome, Outcome(d, ImpliedOutcome::ok));
    const auto none = hn::Eq(outcome, Outcome(d, ImpliedOutcome::at_intrinsic));
    hn::StoreU(hn::IfThenElse(ok, vol, hn::IfThenElse(none, hn::Zero(d), hn::NaN(d))), d, out[0] + i);
    hn::StoreU(outcome, d, out[1] + i);
  }
}

HWY_INLINE void Cold(D d, const double* const* in, std::size_t n, Search& w) {
  Classify<false>(d, in, n, w);
  Start(d, n, w);
  Solve(d, n, most_steps, w);
}

// Rows whose guess was none, or did not lead to a stdev on its own side in a few steps.
HWY_INLINE M Misled(D d, const double* guess, std::size_t i, const Search& w) {
  const auto s = w.s.at(d, i), double_x = hn::Add(w.x.at(d, i), w.x.at(d, i)), square = hn::Mul(s, s);
  const auto below = hn::Le(hn::NegMulAdd(hn::Set(d, 2.0 * reach_below), s, square), double_x);
  // Closer to the inflexion what is left of the bound says too little about a small price.
  const auto above = hn::Ge(square, hn::Add(double_x, hn::Set(d, 0.4)));
  const auto side = hn::Or(hn::And(IsLow(d, i, w), below), hn::And(hn::Not(IsLow(d, i, w)), above));
  const auto good = hn::And(side, Within(d, hn::LoadU(d, guess + i), smallest, largest));
  const auto ok = hn::Eq(w.outcome.at(d, i), Outcome(d, ImpliedOutcome::ok));
  return hn::And(ok, hn::Or(hn::Not(good), hn::Gt(w.active.at(d, i), hn::Zero(d))));
}

HWY_INLINE void Warm(D d, const double* const* in, std::size_t n, Search& w, Search& spare) {
  Classify<true>(d, in, n, w);
  Solve(d, n, most_warm_steps, w);
  bool all_well = true;
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) all_well = all_well && hn::AllFalse(d, Misled(d, in[5], i, w));
  if (all_well) return;
  Cold(d, in, n, spare);
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto misled = Misled(d, in[5], i, w);
    w.s.set(d, i, hn::IfThenElse(misled, spare.s.at(d, i), w.s.at(d, i)));
    w.active.set(d, i, hn::IfThenElse(misled, spare.active.at(d, i), w.active.at(d, i)));
  }
}

template <bool warm>
HWY_INLINE void Implied(const double* const* in, double* vol, ImpliedOutcome* outcome, std::size_t n) {
  constexpr std::size_t columns = warm ? 6 : 5;
  const D d;
  Search w, spare;
  const auto work = [&](const double* const* from, double* const* to, std::size_t rows) HWY_ATTR {
    if constexpr (warm) {
      Warm(d, from, rows, w, spare);
    } else {
      Cold(d, from, rows, w);
    }
    Finish(d, to, rows, w);
  };
  for (std::size_t i = 0; i < n; i += block) {
    const std::size_t rows = HWY_MIN(block, n - i);
    const double* from[columns];
    for (std::size_t c = 0; c < columns; ++c) from[c] = in[c] + i;
    double codes[block];
    double* const to[] = {vol + i, codes};
    Blocks<columns, 2>(d, from, to, rows, work);
    for (std::size_t j = 0; j < rows; ++j) outcome[i + j] = static_cast<ImpliedOutcome>(static_cast<int>(codes[j]));
  }
}

void ImpliedCold(const double* const* in, double* vol, ImpliedOutcome* outcome, std::size_t n) {
  Implied<false>(in, vol, outcome, n);
}
void ImpliedWarm(const double* const* in, double* vol, ImpliedOutcome* outcome, std::size_t n) {
  Implied<true>(in, vol, outcome, n);
}

}  // namespace ballast::pricing::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::pricing {
namespace {

std::array<const double*, 6> pointers(const QuoteColumns& q, Column guess, Output vol,
                                      std::span<ImpliedOutcome> outcome) {
  const std::size_t n = q.forward.size();
  for (const std::size_t size :
       {q.strike.size(), q.price.size(), q.years.size(), q.sign.size(), guess.size(), vol.size(), outcome.size()})
    if (size != n) abort_with({Fault::bad_input, "implied_vol: columns of two lengths"});
  return {q.forward.data(), q.strike.data(), q.price.data(), q.years.data(), q.sign.data(), guess.data()};
}

}  // namespace

HWY_EXPORT(ImpliedCold);
HWY_EXPORT(ImpliedWarm);

void implied_vol(const QuoteColumns& quotes, Output vol, std::span<ImpliedOutcome> outcome) {
  const auto in = pointers(quotes, quotes.forward, vol, outcome);
  HWY_DYNAMIC_DISPATCH(ImpliedCold)(in.data(), vol.data(), outcome.data(), vol.size());
}

void implied_vol(const QuoteColumns& quotes, Column guess, Output vol, std::span<ImpliedOutcome> outcome) {
  const auto in = pointers(quotes, guess, vol, outcome);
  HWY_DYNAMIC_DISPATCH(ImpliedWarm)(in.data(), vol.data(), outcome.data(), vol.size());
}

ImpliedVol implied_vol(double forward, double strike, double price, double years, double sign) {
  ImpliedVol result{};
  implied_vol({{&forward, 1}, {&strike, 1}, {&price, 1}, {&years, 1}, {&sign, 1}}, Output(&result.vol, 1),
              {&result.outcome, 1});
  return result;
}

}  // namespace ballast::pricing
#endif  // HWY_ONCE
