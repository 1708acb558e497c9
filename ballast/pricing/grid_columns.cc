#include "ballast/pricing/grid_columns.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

#include "ballast/base/result.h"
#include "ballast/math/elementary.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/pricing/grid_columns.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/math/lanes-inl.h"
#include "ballast/math/sums-inl.h"
#include "ballast/pricing/internal/blocks-inl.h"

#ifndef BALLAST_PRICING_GRID_ONCE
#define BALLAST_PRICING_GRID_ONCE
namespace ballast::pricing {
// Cells are taken in chunks whose partial sums stay in the second cache.
inline constexpr std::size_t cells = 128;
// A scenario as the kernel has it: with the logarithm of its price factor.
struct Cell {
  double log_price, price_factor, vol_factor, vol_shift;
};
}  // namespace ballast::pricing
#endif

HWY_BEFORE_NAMESPACE();
namespace ballast::pricing::HWY_NAMESPACE {

// What the scenarios do not change about the rows of one block.
struct GridRows {
  Stage log_moneyness, forward, strike, vol, root_years, sign;
  Stage weight;  // NaN outside the domain
};

HWY_INLINE void Prepare(D d, const double* const* in, std::size_t n, GridRows& rows) {
  const auto one = hn::Set(d, 1.0);
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto f = hn::LoadU(d, in[0] + i), k = hn::LoadU(d, in[1] + i), vol = hn::LoadU(d, in[2] + i),
               years = hn::LoadU(d, in[3] + i), sign = hn::LoadU(d, in[4] + i), weight = hn::LoadU(d, in[5] + i);
    auto inside = hn::And(Within(d, f, smallest, largest), Within(d, k, smallest, largest));
    inside = hn::And(inside, hn::And(Within(d, vol, 0.0, largest), Within(d, years, 0.0, largest)));
    inside = hn::And(inside, hn::And(hn::Eq(hn::Abs(sign), one), Within(d, weight, -1e200, 1e200)));
    rows.log_moneyness.set(d, i, lanes::LogRatio<false>(d, f, k));
    rows.forward.set(d, i, f);
    rows.strike.set(d, i, k);
    rows.vol.set(d, i, vol);
    rows.root_years.set(d, i, hn::IfThenElseZero(hn::Ge(years, hn::Set(d, smallest)), hn::Sqrt(years)));
    rows.sign.set(d, i, sign);
    rows.weight.set(d, i, hn::IfThenElse(inside, weight, hn::NaN(d)));
  }
}

// The values of one block in one scenario, times their weights, as pairs.
struct GridValues {
  Stage h, t, density, excess, high, low;
};

HWY_INLINE void Value(D d, std::size_t n, const GridRows& rows, const Cell& cell, GridValues& v) {
  const auto zero = hn::Zero(d), one = hn::Set(d, 1.0), most = hn::Set(d, 1000.0);
  const auto move = hn::Set(d, cell.log_price), factor = hn::Set(d, cell.price_factor);
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto vol =
        hn::Max(hn::MulAdd(rows.vol.at(d, i), hn::Set(d, cell.vol_factor), hn::Set(d, cell.vol_shift)), zero);
    const auto stdev = hn::Mul(vol, rows.root_years.at(d, i));
    const auto timed = hn::Ge(stdev, hn::Set(d, smallest * 1e-30));
    const auto per_stdev = hn::IfThenElse(timed, hn::Div(one, stdev), hn::Set(d, 1e300));
    const auto x = hn::Add(rows.log_moneyness.at(d, i), move);
    v.h.set(d, i, hn::Min(hn::Mul(hn::Abs(x), per_stdev), most));
    v.t.set(d, i, hn::Min(hn::IfThenElseZero(timed, hn::Mul(hn::Set(d, 0.5), stdev)), most));
  }
  for (std::size_t i = 0; i < n; i += hn::Lanes(d))
    v.density.set(d, i, Density(d, hn::Abs(hn::Sub(v.h.at(d, i), v.t.at(d, i)))));
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) v.excess.set(d, i, RatiosAt(d, v.h.at(d, i), v.t.at(d, i)).excess);
  for (std::size_t i = 0; i < n; i += hn::Lanes(d)) {
    const auto f = hn::Mul(rows.forward.at(d, i), factor), k = rows.strike.at(d, i);
    const auto excess = v.excess.at(d, i);
    const auto x = hn::Add(rows.log_moneyness.at(d, i), move);
    const auto smaller = hn::IfThenElse(hn::Gt(x, zero), k, f);
    const auto time_value = hn::Max(
        hn::MulAdd(hn::Mul(smaller, v.density.at(d, i)), excess, hn::IfThenElseZero(hn::Lt(excess, zero), smaller)),
        zero);
    const auto price = hn::Add(hn::Max(hn::Mul(rows.sign.at(d, i), hn::Sub(f, k)), zero), time_value);
    const auto weight = rows.weight.at(d, i), product = hn::Mul(weight, price);
    v.high.set(d, i, product);
    v.low.set(d, i, lanes::ProductRest(d, weight, price, product));
  }
}

void Grid(const double* const* in, std::size_t n, const Cell* cell, std::size_t m, double* value) {
  const D d;
  GridRows rows;
  GridValues v;
  lanes::PartialSums sums[cells];
  const auto work = [&](const double* const* from, double* const*, std::size_t count) HWY_ATTR {
    Prepare(d, from, count, rows);
    for (std::size_t j = 0; j < m; ++j) {
      Value(d, count, rows, cell[j], v);
      sums[j].AddBlock(v.high.row, v.low.row, count);
    }
  };
  // Blocks are whole multiples of 32 rows but the last, so a row's partial sum does not depend on the lanes. The last
  // rows are padded with rows of weight 0.
  std::size_t i = 0;
  const double* from[6];
  for (; i + block <= n; i += block) {
    for (std::size_t c = 0; c < 6; ++c) from[c] = in[c] + i;
    work(from, nullptr, block);
  }
  if (i < n) {
    HWY_ALIGN double padded[6][block];
    for (std::size_t c = 0; c < 6; ++c) {
      for (std::size_t j = 0; j < block; ++j) padded[c][j] = i + j < n ? in[c][i + j] : c == 5 ? 0.0 : 1.0;
      from[c] = padded[c];
    }
    work(from, nullptr, block);
  }
  for (std::size_t j = 0; j < m; ++j) value[j] = sums[j].Total();
}

}  // namespace ballast::pricing::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::pricing {

HWY_EXPORT(Grid);

void black_grid(const ForwardColumns& o, Column weight, std::span<const Scenario> scenarios, Output value) {
  const std::size_t n = o.forward.size();
  for (const std::size_t size : {o.strike.size(), o.vol.size(), o.years.size(), o.sign.size(), weight.size()})
    if (size != n) abort_with({Fault::bad_input, "black_grid: columns of two lengths"});
  if (scenarios.size() != value.size()) abort_with({Fault::bad_input, "black_grid: scenarios and values differ"});
  const std::array<const double*, 6> in = {o.forward.data(), o.strike.data(), o.vol.data(),
                                           o.years.data(),   o.sign.data(),   weight.data()};
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t first = 0; first < scenarios.size(); first += cells) {
    const std::size_t m = std::min(cells, scenarios.size() - first);
    std::array<Cell, cells> cell;
    for (std::size_t j = 0; j < m; ++j) {
      const Scenario& s = scenarios[first + j];
      const bool inside = s.price_factor >= 0.01 && s.price_factor <= 100.0 && s.vol_factor >= 0.0 &&
                          s.vol_factor <= 1e6 && s.vol_shift >= -1e6 && s.vol_shift <= 1e6;
      cell[j] = inside ? Cell{math::log(s.price_factor), s.price_factor, s.vol_factor, s.vol_shift}
                       : Cell{nan, nan, nan, nan};
    }
    HWY_DYNAMIC_DISPATCH(Grid)(in.data(), n, cell.data(), m, value.data() + first);
    // A scenario outside, which the clamps of the kernel might have brought back.
    for (std::size_t j = 0; j < m; ++j) value[first + j] += cell[j].log_price - cell[j].log_price;
  }
}

}  // namespace ballast::pricing
#endif  // HWY_ONCE
