#include "ballast/pricing/tick_columns.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

#include "ballast/math/elementary.h"
#include "ballast/pricing/internal/lengths.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/pricing/tick_columns.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/math/lanes-inl.h"
#include "ballast/pricing/internal/blocks-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::pricing::HWY_NAMESPACE {

void PrepareTick(const double* const* columns, double* const* results, std::size_t n, double spot) {
  const D d;
  const auto work = [&](const double* const* in, double* const* out, std::size_t rows) HWY_ATTR {
    const auto one = hn::Set(d, 1.0), anchor = hn::Set(d, spot);
    const auto spot_inside = Within(d, anchor, smallest, largest);
    for (std::size_t i = 0; i < rows; i += hn::Lanes(d)) {
      const auto f = hn::LoadU(d, in[0] + i), k = hn::LoadU(d, in[1] + i), vol = hn::LoadU(d, in[2] + i),
                 years = hn::LoadU(d, in[3] + i), sign = hn::LoadU(d, in[4] + i);
      auto inside = hn::And(Within(d, f, smallest, largest), Within(d, k, smallest, largest));
      inside = hn::And(inside, hn::And(Within(d, vol, 0.0, largest), Within(d, years, 0.0, largest)));
      inside = hn::And(hn::And(inside, spot_inside), hn::Eq(hn::Abs(sign), one));
      const auto bounds = hn::Set(d, smallest);
      const auto timed = hn::And(hn::Ge(vol, bounds), hn::Ge(years, bounds));
      const auto root_years = hn::Sqrt(years), stdev = hn::Mul(vol, root_years);
      const auto t = hn::Min(hn::Mul(hn::Set(d, 0.5), stdev), hn::Set(d, 1000.0));
      hn::StoreU(lanes::LogRatio(d, f, k), d, out[0] + i);
      hn::StoreU(hn::IfThenElse(timed, hn::Div(one, stdev), hn::Set(d, no_time)), d, out[1] + i);
      hn::StoreU(hn::IfThenElseZero(timed, t), d, out[2] + i);
      hn::StoreU(hn::IfThenElseZero(timed, root_years), d, out[3] + i);
      hn::StoreU(hn::Div(f, anchor), d, out[4] + i);
      hn::StoreU(hn::Div(anchor, f), d, out[5] + i);
      hn::StoreU(k, d, out[6] + i);
      hn::StoreU(hn::IfThenElse(inside, sign, hn::NaN(d)), d, out[7] + i);
    }
  };
  Blocks<5, 8>(d, columns, results, n, work);
}

void Tick(const double* const* columns, double* const* results, std::size_t n, double spot, double log_move) {
  const D d;
  Stage h, density, near_ratio, far_ratio, excess;  // as in Lognormal
  const auto work = [&](const double* const* in, double* const* out, std::size_t rows) HWY_ATTR {
    const auto zero = hn::Zero(d), one = hn::Set(d, 1.0), most = hn::Set(d, 1000.0);
    const auto move = hn::Set(d, log_move), to = hn::Set(d, spot), per_spot = hn::Set(d, 1.0 / spot);
    const auto log_moneyness = [&](std::size_t i) HWY_ATTR { return hn::Add(hn::LoadU(d, in[0] + i), move); };
    for (std::size_t i = 0; i < rows; i += hn::Lanes(d)) {
      h.set(d, i, hn::Min(hn::Mul(hn::Abs(log_moneyness(i)), hn::LoadU(d, in[1] + i)), most));
    }
    for (std::size_t i = 0; i < rows; i += hn::Lanes(d))
      density.set(d, i, Density(d, hn::Abs(hn::Sub(h.at(d, i), hn::LoadU(d, in[2] + i)))));
    for (std::size_t i = 0; i < rows; i += hn::Lanes(d)) {
      const auto ratios = RatiosAt(d, h.at(d, i), hn::LoadU(d, in[2] + i));
      near_ratio.set(d, i, ratios.near);
      far_ratio.set(d, i, ratios.far);
      excess.set(d, i, ratios.excess);
    }
    for (std::size_t i = 0; i < rows; i += hn::Lanes(d)) {
      const auto per_stdev = hn::LoadU(d, in[1] + i), root_years = hn::LoadU(d, in[3] + i);
      const auto f = hn::Mul(hn::LoadU(d, in[4] + i), to), k = hn::LoadU(d, in[6] + i), sign = hn::LoadU(d, in[7] + i);
      const auto per_f = hn::Mul(hn::LoadU(d, in[5] + i), per_spot);
      const auto x_positive = hn::Gt(log_moneyness(i), zero), folded = hn::Lt(excess.at(d, i), zero);
      const auto poison = hn::Sub(sign, sign);  // the sign is NaN outside the domain
      const auto smaller = hn::IfThenElse(x_positive, k, f);
      const auto weight = hn::MulAdd(smaller, density.at(d, i), poison);  // f phi(d1)
      const auto time_value = hn::Max(hn::MulAdd(weight, excess.at(d, i), hn::IfThenElseZero(folded, smaller)), zero);
      const auto intrinsic = hn::Max(hn::Mul(sign, hn::Sub(f, k)), zero);
      const auto phi = hn::Mul(weight, per_f);  // phi(d1)
      // N(-far) above the money, N(-near) below it or folded N(near): N(d1) is its complement, but for the second.
      const auto lower = hn::Mul(phi, hn::IfThenElse(x_positive, far_ratio.at(d, i), near_ratio.at(d, i)));
      const auto above = hn::Or(x_positive, folded);
      const auto n1 = hn::IfThenElse(hn::Xor(above, hn::Gt(sign, zero)), lower, hn::Sub(one, lower));
      const auto timed = hn::Gt(root_years, zero);
      hn::StoreU(hn::Add(hn::Add(intrinsic, time_value), poison), d, out[0] + i);
      hn::StoreU(hn::Mul(sign, n1), d, out[1] + i);
      hn::StoreU(hn::Mul(hn::Mul(phi, per_f), hn::IfThenElseZero(timed, per_stdev)), d, out[2] + i);
      hn::StoreU(hn::Mul(weight, root_years), d, out[3] + i);
    }
  };
  Blocks<8, 4>(d, columns, results, n, work);
}

}  // namespace ballast::pricing::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::pricing {

using internal::pointers;
using internal::same_length;

HWY_EXPORT(PrepareTick);
HWY_EXPORT(Tick);

void prepare_tick(const ForwardColumns& o, double spot, const TickConstants& c) {
  const std::size_t n = o.forward.size();
  const auto in = pointers("prepare_tick", o);
  same_length("prepare_tick", n, c.log_moneyness.size(), c.per_stdev.size(), c.half_stdev.size(), c.root_years.size(),
              c.forward_per_spot.size(), c.spot_per_forward.size(), c.strike.size(), c.sign.size());
  const std::array<double*, 8> out = {
      c.log_moneyness.data(),    c.per_stdev.data(),        c.half_stdev.data(), c.root_years.data(),
      c.forward_per_spot.data(), c.spot_per_forward.data(), c.strike.data(),     c.sign.data()};
  HWY_DYNAMIC_DISPATCH(PrepareTick)(in.data(), out.data(), n, spot);
}

void black_tick(const TickColumns& c, double anchor, double spot, Output price, Output delta, Output gamma,
                Output vega) {
  const std::size_t n = c.log_moneyness.size();
  same_length("black_tick", n, c.per_stdev.size(), c.half_stdev.size(), c.root_years.size(), c.forward_per_spot.size(),
              c.spot_per_forward.size(), c.strike.size(), c.sign.size(), price.size(), delta.size(), gamma.size(),
              vega.size());
  const std::array<const double*, 8> in = {
      c.log_moneyness.data(),    c.per_stdev.data(),        c.half_stdev.data(), c.root_years.data(),
      c.forward_per_spot.data(), c.spot_per_forward.data(), c.strike.data(),     c.sign.data()};
  const std::array<double*, 4> out = {price.data(), delta.data(), gamma.data(), vega.data()};
  if (!(anchor >= smallest && anchor <= largest && spot >= 0.01 * anchor && spot <= 100.0 * anchor)) {
    for (double* column : out) std::fill_n(column, n, std::numeric_limits<double>::quiet_NaN());
    return;
  }
  HWY_DYNAMIC_DISPATCH(Tick)(in.data(), out.data(), n, spot, math::log_ratio(spot, anchor));
}

}  // namespace ballast::pricing
#endif  // HWY_ONCE
