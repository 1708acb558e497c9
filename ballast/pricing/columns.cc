#include "ballast/pricing/columns.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <string>

#include "ballast/pricing/internal/lengths.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/pricing/columns.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/math/lanes-inl.h"
#include "ballast/pricing/internal/blocks-inl.h"

#ifndef BALLAST_PRICING_COLUMNS_ONCE
#define BALLAST_PRICING_COLUMNS_ONCE
namespace ballast::pricing {
enum class Payoff { forward, coin, spot };
enum class Order { price, second, third };

constexpr std::size_t inputs(Payoff payoff) { return payoff == Payoff::spot ? 7 : 5; }
constexpr std::size_t outputs(Order order) { return order == Order::price ? 1 : order == Order::second ? 9 : 14; }

inline constexpr double largest_rate = 1e100;
}  // namespace ballast::pricing
#endif

HWY_BEFORE_NAMESPACE();
namespace ballast::pricing::HWY_NAMESPACE {

// The lognormal quantities of one block, for delivered value f (the forward, or S e^{-qT}) and paid value k.
//   h = |ln f/k| / s, t = s/2, near = h - t, far = h + t: |d1| and |d2| in some order.
//   folded: h < t, and t not small: then the ratio is taken at -near, else at near.
struct Lognormal {
  Stage h, t;
  Stage density, near_ratio, far_ratio;                // phi(near), R(near) or folded R(-near), R(far)
  Stage excess;                                        // R(near) - R(far) >= 0, or folded -(R(-near) + R(far)) < 0
  Stage root_years;                                    // 0 without time or vol
  Stage per_stdev_k;                                   // 1/(k s), s = 1 without time or vol; NaN outside the domain
  Stage delivered, paid, log_ratio, gap, yield_share;  // Payoff::spot only: f, k, ln(f/k), f - k, e^{-qT}
};

template <Payoff payoff>
HWY_INLINE void Reduce(D d, const double* const* in, std::size_t n, Lognormal& l) {
  const auto one = hn::Set(d, 1.0);
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto f = hn::LoadU(d, in[0] + i), k = hn::LoadU(d, in[1] + i), vol = hn::LoadU(d, in[2] + i),
               years = hn::LoadU(d, in[3] + i), sign = hn::LoadU(d, in[4] + i);
    auto inside = hn::And(Within(d, f, smallest, largest), Within(d, k, smallest, largest));
    inside = hn::And(inside, hn::And(Within(d, vol, 0.0, largest), Within(d, years, 0.0, largest)));
    inside = hn::And(inside, hn::Eq(hn::Abs(sign), one));
    auto x = lanes::LogRatio<false>(d, f, k), delivered = f, paid = k;
    if constexpr (payoff == Payoff::spot) {
      const auto rate = hn::LoadU(d, in[5] + i), yield = hn::LoadU(d, in[6] + i);
      const auto down = hn::Mul(rate, years), off = hn::Mul(yield, years);
      const auto limit = hn::Set(d, 300.0);
      inside = hn::And(inside, hn::And(hn::Le(hn::Abs(down), limit), hn::Le(hn::Abs(off), limit)));
      // Their difference and their products stay finite; without time they could be anything. NaN is out already.
      inside = hn::And(inside, hn::Le(hn::Max(hn::Abs(rate), hn::Abs(yield)), hn::Set(d, largest_rate)));
      const auto yield_share = lanes::ShortExp(d, hn::Neg(off)), carry = hn::Mul(hn::Sub(rate, yield), years);
      x = hn::Add(x, carry);
      delivered = hn::Mul(f, yield_share);
      paid = hn::Mul(k, lanes::ShortExp(d, hn::Neg(down)));
      l.delivered.set(d, i, delivered);
      l.paid.set(d, i, paid);
      l.log_ratio.set(d, i, x);
      // S e^{-qT} - K e^{-rT} in two terms, so that it keeps its digits for an option that expires within the second.
      const auto difference = hn::Mul(yield_share, hn::Sub(f, k));
      const auto near_gap = hn::MulAdd(paid, lanes::Expm1(d, carry), difference);
      // Where a term or their sum is not small against the prices, the difference of the prices is the better one.
      const auto most_of_it = hn::Max(hn::Abs(difference), hn::Abs(near_gap));
      const auto wide = hn::Gt(hn::Add(most_of_it, most_of_it), hn::Max(delivered, paid));
      l.gap.set(d, i, hn::IfThenElse(wide, hn::Sub(delivered, paid), near_gap));
      l.yield_share.set(d, i, yield_share);
    }
    const auto bounds = hn::Set(d, smallest);
    const auto timed = hn::And(hn::Ge(vol, bounds), hn::Ge(years, bounds));
    const auto root_years = hn::Sqrt(years);
    const auto stdev = hn::Mul(vol, root_years);
    const auto per_stdev_k = hn::Div(one, hn::Mul(paid, hn::IfThenElse(timed, stdev, one)));
    const auto per_stdev = hn::IfThenElse(timed, hn::Mul(paid, per_stdev_k), hn::Set(d, no_time));
    // Past 1000 every density is 0; the bound keeps its products with powers of d1 and d2 finite.
    const auto most = hn::Set(d, 1000.0);
    l.h.set(d, i, hn::Min(hn::Mul(hn::Abs(x), per_stdev), most));
    l.t.set(d, i, hn::Min(hn::IfThenElseZero(timed, hn::Mul(hn::Set(d, 0.5), stdev)), most));
    l.root_years.set(d, i, hn::IfThenElseZero(timed, root_years));
    l.per_stdev_k.set(d, i, hn::IfThenElse(inside, per_stdev_k, hn::NaN(d)));
  }
}

HWY_INLINE void Densities(D d, std::size_t n, Lognormal& l) {
  for (std::size_t i = 0; i < n; i += hn::Lanes(d))
    l.density.set(d, i, Density(d, hn::Abs(hn::Sub(l.h.at(d, i), l.t.at(d, i)))));
}

HWY_INLINE void MillsRatios(D d, std::size_t n, Lognormal& l) {
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto ratios = RatiosAt(d, l.h.at(d, i), l.t.at(d, i));
    l.near_ratio.set(d, i, ratios.near);
    l.far_ratio.set(d, i, ratios.far);
    l.excess.set(d, i, ratios.excess);
  }
}

template <Payoff payoff, Order order>
HWY_INLINE void Assemble(D d, const double* const* in, double* const* out, std::size_t n, const Lognormal& l) {
  const auto zero = hn::Zero(d), one = hn::Set(d, 1.0), half = hn::Set(d, 0.5);
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto h = l.h.at(d, i), t = l.t.at(d, i), density = l.density.at(d, i);
    const auto near = hn::Sub(h, t), far = hn::Add(h, t);
    const auto s = hn::LoadU(d, in[0] + i), strike = hn::LoadU(d, in[1] + i), sign = hn::LoadU(d, in[4] + i);
    auto f = s, k = strike, gap = hn::Sub(s, strike);
    auto x_positive = hn::Gt(s, strike);
    if constexpr (payoff == Payoff::spot) {
      f = l.delivered.at(d, i);
      k = l.paid.at(d, i);
      gap = l.gap.at(d, i);
      x_positive = hn::Gt(l.log_ratio.at(d, i), zero);
    }
    const auto per_stdev_k = l.per_stdev_k.at(d, i), poison = hn::Sub(per_stdev_k, per_stdev_k);
    const auto excess = l.excess.at(d, i);
    const auto folded = hn::Lt(excess, zero);
    // The smaller of f and k times phi(near) is f phi(d1) = k phi(d2).
    const auto smaller = hn::IfThenElse(x_positive, k, f);
    const auto weight = hn::MulAdd(smaller, density, poison);
    const auto near_ratio = l.near_ratio.at(d, i), far_ratio = l.far_ratio.at(d, i);
    // Out of the money: smaller N(-near) - larger N(-far), or what is left of `smaller` beyond the inflexion.
    const auto time_value = hn::Max(hn::MulAdd(weight, excess, hn::IfThenElseZero(folded, smaller)), zero);
    auto price = hn::Add(hn::Max(hn::Mul(sign, gap), zero), hn::Add(time_value, poison));
    if constexpr (order == Order::price) {
      if constexpr (payoff == Payoff::coin) price = hn::Div(price, f);
      hn::StoreU(price, d, out[0] + i);
    } else {
      const auto vol = hn::LoadU(d, in[2] + i), years = hn::LoadU(d, in[3] + i);
      const auto root_years = l.root_years.at(d, i);
      const auto timed = hn::Gt(root_years, zero);
      const auto stdev = hn::IfThenElse(timed, hn::Mul(vol, root_years), one);
      const auto per_stdev = hn::Mul(per_stdev_k, k), per_k = hn::Mul(per_stdev_k, stdev), per_f = hn::Div(one, f);
      const auto per_larger = hn::IfThenElse(x_positive, per_f, per_k);
      // N(-near), or folded N(near), and N(-far), then N(sign d1) and N(sign d2): `direct` rows are calls at or below
      // the money and puts above it, the others take complements.
      const auto n_near = hn::MulAdd(density, near_ratio, poison);
      const auto n_far = hn::Mul(hn::Mul(weight, per_larger), far_ratio);
      const auto inverted = hn::Xor(x_positive, hn::Lt(sign, zero));
      const auto near_side = hn::IfThenElse(hn::Xor(folded, inverted), hn::Sub(one, n_near), n_near);
      const auto far_side = hn::IfThenElse(inverted, hn::Sub(one, n_far), n_far);
      const auto n1 = hn::IfThenElse(x_positive, far_side, near_side);
      const auto n2 = hn::IfThenElse(x_positive, near_side, far_side);
      const auto d1 = hn::IfThenElse(x_positive, far, hn::Neg(near));
      const auto d2 = hn::IfThenElse(x_positive, near, hn::Neg(far));
      // Without time or vol the density is 0, at the money too, and the quotients are finite.
      const auto dense = hn::IfThenElse(timed, weight, poison);  // f phi(d1)
      const auto per_vol = hn::IfThenElseZero(timed, hn::Mul(root_years, per_stdev));
      const auto vol_per_stdev = hn::IfThenElseZero(timed, hn::Mul(vol, per_stdev));  // 1/sqrt(years)
      const auto per_year = hn::Mul(vol_per_stdev, vol_per_stdev);
      const auto d12 = hn::Mul(d1, d2);
      const auto half_year = hn::Mul(half, per_year);

      V delta, gamma, vega, theta, rho, vanna, volga, charm, veta, speed, zomma, color, ultima;
      const auto ultima_terms = [&] { return hn::MulAdd(d12, hn::Sub(one, d12), hn::MulAdd(d1, d1, hn::Mul(d2, d2))); };
      if constexpr (payoff == Payoff::forward) {
        const auto phi = hn::Mul(dense, per_f);  // phi(d1)
        delta = hn::Mul(sign, n1);
        gamma = hn::Mul(hn::Mul(phi, per_f), per_stdev);
        vega = hn::Mul(dense, root_years);
        theta = hn::Neg(hn::Mul(hn::Mul(vega, vol), half_year));
        rho = hn::Mul(hn::Mul(sign, k), hn::Mul(years, n2));
        const auto phi_per_vol = hn::Mul(phi, per_vol);
        vanna = hn::Neg(hn::Mul(phi_per_vol, d2));
        volga = hn::Mul(hn::Mul(vega, per_vol), d12);
        charm = hn::Mul(hn::Mul(phi, d2), half_year);
        if constexpr (order == Order::third) {
          veta = hn::Neg(hn::Mul(vega, hn::MulAdd(d12, half_year, half_year)));
          speed = hn::Neg(hn::Mul(hn::Mul(gamma, per_f), hn::MulAdd(d1, per_stdev, one)));
          zomma = hn::Mul(hn::Mul(gamma, per_vol), hn::Sub(d12, one));
          color = hn::Mul(gamma, hn::NegMulAdd(d12, half_year, half_year));
          ultima = hn::Neg(hn::Mul(hn::Mul(hn::Mul(vega, per_vol), per_vol), ultima_terms()));
        }
      } else if constexpr (payoff == Payoff::coin) {
        const auto phi = hn::Mul(dense, per_f);                           // phi(d1) = m phi(d2), m = k/f
        const auto tail = hn::Mul(hn::Mul(sign, hn::Mul(k, per_f)), n2);  // sign m N(sign d2)
        price = hn::Mul(price, per_f);
        delta = hn::Mul(tail, per_f);
        const auto per_f2 = hn::Mul(per_f, per_f);
        const auto spread = hn::Mul(phi, hn::IfThenElseZero(timed, per_stdev));
        gamma = hn::Mul(per_f2, hn::NegMulAdd(hn::Set(d, 2.0), tail, spread));
        vega = hn::Mul(phi, root_years);
        theta = hn::Neg(hn::Mul(hn::Mul(vega, vol), half_year));
        rho = hn::Neg(hn::Mul(years, price));
        const auto phi_d1 = hn::Mul(hn::Mul(phi, per_f), d1);
        vanna = hn::Neg(hn::Mul(phi_d1, per_vol));
        volga = hn::Mul(hn::Mul(vega, per_vol), d12);
        charm = hn::Mul(phi_d1, half_year);
        if constexpr (order == Order::third) {
          // d(phi(d2)/s)/dvol = (phi(d2)/s) (d1 d2 - 1)/vol, d N(d2)/dvol = -phi(d2) d1/vol; by years the same with
          // 1/(2 years) in the place of 1/vol.
          const auto bend =
              hn::Mul(per_f2, hn::MulAdd(spread, hn::Sub(d12, one), hn::Mul(hn::Set(d, 2.0), hn::Mul(phi, d1))));
          veta = hn::Neg(hn::Mul(vega, hn::MulAdd(d12, half_year, half_year)));
          speed = hn::Mul(hn::Mul(per_f2, per_f), hn::NegMulAdd(spread, hn::MulAdd(d2, per_stdev, hn::Set(d, 5.0)),
                                                                hn::Mul(hn::Set(d, 6.0), tail)));
          zomma = hn::Mul(bend, per_vol);
          color = hn::Neg(hn::Mul(bend, half_year));
          ultima = hn::Neg(hn::Mul(hn::Mul(hn::Mul(vega, per_vol), per_vol), ultima_terms()));
        }
      } else {
        const auto rate = hn::LoadU(d, in[5] + i), yield = hn::LoadU(d, in[6] + i);
        const auto yield_discount = l.yield_share.at(d, i);
        const auto per_s = hn::Div(one, s);
        const auto phi = hn::Mul(dense, per_s);  // e^{-qT} phi(d1)
        const auto carry = hn::Sub(rate, yield);
        const auto carry_per_stdev = hn::IfThenElseZero(timed, hn::Mul(carry, per_stdev));
        const auto drift = hn::MulAdd(carry_per_stdev, d1, yield);
        delta = hn::Mul(hn::Mul(sign, yield_discount), n1);
        gamma = hn::Mul(hn::Mul(phi, per_s), hn::IfThenElseZero(timed, per_stdev));
        vega = hn::Mul(dense, root_years);
        const auto paid = hn::Mul(hn::Mul(sign, k), n2), got = hn::Mul(s, delta);
        theta = hn::NegMulAdd(hn::Mul(vega, vol), half_year, hn::MulSub(yield, got, hn::Mul(rate, paid)));
        rho = hn::Mul(paid, years);
        const auto phi_per_vol = hn::Mul(phi, per_vol);
        vanna = hn::Neg(hn::Mul(phi_per_vol, d2));
        volga = hn::Mul(hn::Mul(vega, per_vol), d12);
        charm = hn::MulAdd(yield, delta, hn::Mul(phi, hn::MulSub(d2, half_year, carry_per_stdev)));
        if constexpr (order == Order::third) {
          veta = hn::Mul(vega, hn::Sub(drift, hn::MulAdd(d12, half_year, half_year)));
          speed = hn::Neg(hn::Mul(hn::Mul(gamma, per_s), hn::MulAdd(d1, per_stdev, one)));
          zomma = hn::Mul(hn::Mul(gamma, per_vol), hn::Sub(d12, one));
          color = hn::Mul(gamma, hn::Add(drift, hn::NegMulAdd(d12, half_year, half_year)));
          ultima = hn::Neg(hn::Mul(hn::Mul(hn::Mul(vega, per_vol), per_vol), ultima_terms()));
        }
      }
      hn::StoreU(price, d, out[0] + i);
      hn::StoreU(delta, d, out[1] + i);
      hn::StoreU(gamma, d, out[2] + i);
      hn::StoreU(vega, d, out[3] + i);
      hn::StoreU(theta, d, out[4] + i);
      hn::StoreU(rho, d, out[5] + i);
      hn::StoreU(vanna, d, out[6] + i);
      hn::StoreU(volga, d, out[7] + i);
      hn::StoreU(charm, d, out[8] + i);
      if constexpr (order == Order::third) {
        hn::StoreU(veta, d, out[9] + i);
        hn::StoreU(speed, d, out[10] + i);
        hn::StoreU(zomma, d, out[11] + i);
        hn::StoreU(color, d, out[12] + i);
        hn::StoreU(ultima, d, out[13] + i);
      }
    }
  }
}

template <Payoff payoff, Order order>
void Lognormals(const double* const* in, double* const* out, std::size_t n) {
  const D d;
  Lognormal l;
  Blocks<inputs(payoff), outputs(order)>(d, in, out, n,
                                         [&](const double* const* from, double* const* to, std::size_t rows) HWY_ATTR {
                                           Reduce<payoff>(d, from, rows, l);
                                           Densities(d, rows, l);
                                           MillsRatios(d, rows, l);
                                           Assemble<payoff, order>(d, from, to, rows, l);
                                         });
}

void ForwardPrice(const double* const* in, double* const* out, std::size_t n) {
  Lognormals<Payoff::forward, Order::price>(in, out, n);
}
void ForwardSecond(const double* const* in, double* const* out, std::size_t n) {
  Lognormals<Payoff::forward, Order::second>(in, out, n);
}
void ForwardThird(const double* const* in, double* const* out, std::size_t n) {
  Lognormals<Payoff::forward, Order::third>(in, out, n);
}
void CoinPrice(const double* const* in, double* const* out, std::size_t n) {
  Lognormals<Payoff::coin, Order::price>(in, out, n);
}
void CoinSecond(const double* const* in, double* const* out, std::size_t n) {
  Lognormals<Payoff::coin, Order::second>(in, out, n);
}
void CoinThird(const double* const* in, double* const* out, std::size_t n) {
  Lognormals<Payoff::coin, Order::third>(in, out, n);
}
void SpotPrice(const double* const* in, double* const* out, std::size_t n) {
  Lognormals<Payoff::spot, Order::price>(in, out, n);
}
void SpotSecond(const double* const* in, double* const* out, std::size_t n) {
  Lognormals<Payoff::spot, Order::second>(in, out, n);
}
void SpotThird(const double* const* in, double* const* out, std::size_t n) {
  Lognormals<Payoff::spot, Order::third>(in, out, n);
}

void NormalThird(const double* const* columns, double* const* results, std::size_t n) {
  const D d;
  const auto work = [&](const double* const* in, double* const* out, std::size_t rows) HWY_ATTR {
    const auto zero = hn::Zero(d), one = hn::Set(d, 1.0), half = hn::Set(d, 0.5);
    for (std::size_t i = 0; i < rows; i += hn::Lanes(d)) {
      const auto forward = hn::LoadU(d, in[0] + i), strike = hn::LoadU(d, in[1] + i), vol = hn::LoadU(d, in[2] + i),
                 years = hn::LoadU(d, in[3] + i), rate = hn::LoadU(d, in[4] + i), sign = hn::LoadU(d, in[5] + i);
      const auto down = hn::Mul(rate, years);
      auto inside = hn::And(Within(d, forward, -largest, largest), Within(d, strike, -largest, largest));
      inside = hn::And(inside, hn::And(Within(d, vol, 0.0, largest), Within(d, years, 0.0, largest)));
      inside = hn::And(inside, hn::And(hn::Eq(hn::Abs(sign), one), Within(d, down, -300.0, 300.0)));
      inside = hn::And(inside, Within(d, rate, -largest_rate, largest_rate));
      const auto poison = hn::IfThenElse(inside, zero, hn::NaN(d));
      const auto bounds = hn::Set(d, smallest);
      const auto timed = hn::And(hn::Ge(vol, bounds), hn::Ge(years, bounds));
      const auto root = hn::IfThenElse(timed, hn::Sqrt(years), one);
      const auto stdev = hn::Mul(hn::IfThenElse(timed, vol, one), root);
      const auto per_stdev = hn::Div(one, stdev);
      const auto gap = hn::Sub(forward, strike), discount = lanes::ShortExp(d, hn::Neg(down));
      const auto ratio = hn::IfThenElse(timed, hn::Mul(gap, per_stdev), hn::Mul(gap, hn::Set(d, largest)));
      const auto a = hn::Min(hn::Abs(ratio), hn::Set(d, 1000.0));
      const auto z = hn::CopySign(a, ratio);
      const auto phi = Density(d, a);
      const auto mills = lanes::MillsParts(d, a);
      const auto per_denominator = hn::Div(one, mills.denominator);
      const auto n_far = hn::Mul(phi, hn::Mul(mills.q, per_denominator));
      const auto inverted = hn::Lt(hn::Mul(sign, gap), zero);
      const auto cumulated = hn::IfThenElse(inverted, n_far, hn::Sub(one, n_far));  // N(sign z)
      const auto dense = hn::Add(poison, hn::IfThenElseZero(timed, hn::Mul(discount, phi)));
      const auto slope = hn::Mul(mills.p, per_denominator);  // 1 - a R(a)
      const auto intrinsic = hn::Mul(discount, hn::Max(hn::Mul(sign, gap), zero));
      const auto per_vol = hn::IfThenElseZero(timed, hn::Mul(root, per_stdev));
      const auto root_rate = hn::IfThenElseZero(timed, hn::Mul(vol, per_stdev));
      const auto half_year = hn::Mul(half, hn::Mul(root_rate, root_rate));
      const auto z2 = hn::Mul(z, z);
      const auto price = hn::MulAdd(hn::Mul(stdev, dense), slope, intrinsic);
      const auto delta = hn::MulAdd(hn::Mul(sign, discount), cumulated, poison);
      const auto gamma = hn::Mul(dense, per_stdev);
      const auto vega = hn::Mul(dense, root);
      const auto vega_per_vol = hn::Mul(vega, per_vol);
      const auto more = hn::MulAdd(z2, half_year, half_year);  // (1 + z^2)/(2 years)
      hn::StoreU(price, d, out[0] + i);
      hn::StoreU(delta, d, out[1] + i);
      hn::StoreU(gamma, d, out[2] + i);
      hn::StoreU(vega, d, out[3] + i);
      hn::StoreU(hn::MulSub(rate, price, hn::Mul(hn::Mul(vega, vol), half_year)), d, out[4] + i);
      hn::StoreU(hn::Neg(hn::Mul(years, price)), d, out[5] + i);
      hn::StoreU(hn::Neg(hn::Mul(hn::Mul(dense, per_vol), z)), d, out[6] + i);
      hn::StoreU(hn::Mul(vega_per_vol, z2), d, out[7] + i);
      hn::StoreU(hn::MulAdd(rate, delta, hn::Mul(hn::Mul(dense, z), half_year)), d, out[8] + i);
      hn::StoreU(hn::Mul(vega, hn::Sub(rate, more)), d, out[9] + i);
      hn::StoreU(hn::Neg(hn::Mul(hn::Mul(gamma, per_stdev), z)), d, out[10] + i);
      hn::StoreU(hn::Mul(hn::Mul(gamma, per_vol), hn::Sub(z2, one)), d, out[11] + i);
      hn::StoreU(hn::Mul(gamma, hn::Add(rate, hn::NegMulAdd(z2, half_year, half_year))), d, out[12] + i);
      hn::StoreU(hn::Mul(hn::Mul(hn::Mul(vega_per_vol, per_vol), z2), hn::Sub(z2, hn::Set(d, 3.0))), d, out[13] + i);
    }
  };
  Blocks<6, 14>(d, columns, results, n, work);
}

}  // namespace ballast::pricing::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::pricing {

using internal::pointers;
using internal::same_length;

namespace {

std::array<const double*, 7> pointers(const char* who, const SpotColumns& o) {
  same_length(who, o.spot.size(), o.strike.size(), o.vol.size(), o.years.size(), o.rate.size(), o.yield.size(),
              o.sign.size());
  return {o.spot.data(), o.strike.data(), o.vol.data(), o.years.data(), o.sign.data(), o.rate.data(), o.yield.data()};
}

std::array<double*, 9> pointers(const char* who, std::size_t n, const GreekColumns& g) {
  same_length(who, n, g.price.size(), g.delta.size(), g.gamma.size(), g.vega.size(), g.theta.size(), g.rho.size(),
              g.vanna.size(), g.volga.size(), g.charm.size());
  return {g.price.data(), g.delta.data(), g.gamma.data(), g.vega.data(), g.theta.data(),
          g.rho.data(),   g.vanna.data(), g.volga.data(), g.charm.data()};
}

std::array<double*, 14> pointers(const char* who, std::size_t n, const GreekColumns& g, const ThirdOrderColumns& t) {
  same_length(who, n, t.veta.size(), t.speed.size(), t.zomma.size(), t.color.size(), t.ultima.size());
  std::array<double*, 14> all{};
  std::ranges::copy(pointers(who, n, g), all.begin());
  std::ranges::copy(std::array{t.veta.data(), t.speed.data(), t.zomma.data(), t.color.data(), t.ultima.data()},
                    all.begin() + 9);
  return all;
}

}  // namespace

HWY_EXPORT(ForwardPrice);
HWY_EXPORT(ForwardSecond);
HWY_EXPORT(ForwardThird);
HWY_EXPORT(CoinPrice);
HWY_EXPORT(CoinSecond);
HWY_EXPORT(CoinThird);
HWY_EXPORT(SpotPrice);
HWY_EXPORT(SpotSecond);
HWY_EXPORT(SpotThird);
HWY_EXPORT(NormalThird);

void black(const ForwardColumns& o, Output price) {
  const auto in = pointers("black", o);
  same_length("black", o.forward.size(), price.size());
  double* out = price.data();
  HWY_DYNAMIC_DISPATCH(ForwardPrice)(in.data(), &out, o.forward.size());
}
void black(const ForwardColumns& o, const GreekColumns& g) {
  const auto in = pointers("black", o);
  const auto out = pointers("black", o.forward.size(), g);
  HWY_DYNAMIC_DISPATCH(ForwardSecond)(in.data(), out.data(), o.forward.size());
}
void black(const ForwardColumns& o, const GreekColumns& g, const ThirdOrderColumns& t) {
  const auto in = pointers("black", o);
  const auto out = pointers("black", o.forward.size(), g, t);
  HWY_DYNAMIC_DISPATCH(ForwardThird)(in.data(), out.data(), o.forward.size());
}

void inverse(const ForwardColumns& o, Output price) {
  const auto in = pointers("inverse", o);
  same_length("inverse", o.forward.size(), price.size());
  double* out = price.data();
  HWY_DYNAMIC_DISPATCH(CoinPrice)(in.data(), &out, o.forward.size());
}
void inverse(const ForwardColumns& o, const GreekColumns& g) {
  const auto in = pointers("inverse", o);
  const auto out = pointers("inverse", o.forward.size(), g);
  HWY_DYNAMIC_DISPATCH(CoinSecond)(in.data(), out.data(), o.forward.size());
}
void inverse(const ForwardColumns& o, const GreekColumns& g, const ThirdOrderColumns& t) {
  const auto in = pointers("inverse", o);
  const auto out = pointers("inverse", o.forward.size(), g, t);
  HWY_DYNAMIC_DISPATCH(CoinThird)(in.data(), out.data(), o.forward.size());
}

void black_scholes(const SpotColumns& o, Output price) {
  const auto in = pointers("black_scholes", o);
  same_length("black_scholes", o.spot.size(), price.size());
  double* out = price.data();
  HWY_DYNAMIC_DISPATCH(SpotPrice)(in.data(), &out, o.spot.size());
}
void black_scholes(const SpotColumns& o, const GreekColumns& g) {
  const auto in = pointers("black_scholes", o);
  const auto out = pointers("black_scholes", o.spot.size(), g);
  HWY_DYNAMIC_DISPATCH(SpotSecond)(in.data(), out.data(), o.spot.size());
}
void black_scholes(const SpotColumns& o, const GreekColumns& g, const ThirdOrderColumns& t) {
  const auto in = pointers("black_scholes", o);
  const auto out = pointers("black_scholes", o.spot.size(), g, t);
  HWY_DYNAMIC_DISPATCH(SpotThird)(in.data(), out.data(), o.spot.size());
}

void bachelier(const NormalColumns& o, const GreekColumns& g, const ThirdOrderColumns& t) {
  const std::size_t n = o.forward.size();
  same_length("bachelier", n, o.strike.size(), o.normal_vol.size(), o.years.size(), o.rate.size(), o.sign.size());
  const std::array<const double*, 6> in = {o.forward.data(), o.strike.data(), o.normal_vol.data(),
                                           o.years.data(),   o.rate.data(),   o.sign.data()};
  const auto out = pointers("bachelier", n, g, t);
  HWY_DYNAMIC_DISPATCH(NormalThird)(in.data(), out.data(), n);
}

}  // namespace ballast::pricing
#endif  // HWY_ONCE
