#include "ballast/model/internal/strike_sums.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/model/internal/strike_sums.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/math/complex-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::model::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace lanes = math::HWY_NAMESPACE;
using internal::Amplitudes, internal::node_block, internal::NodeBlock, internal::StrikeColumns;
using lanes::Complex, lanes::ExpOf;

void Weigh(const NodeBlock& nodes, double step, std::size_t first, double variance, bool absolute, Amplitudes& out) {
  const hn::CappedTag<double, node_block> d;
  auto largest = hn::Zero(d);
  for (std::size_t i = 0; i < node_block; i += hn::Lanes(d)) {
    const auto count = hn::Iota(d, static_cast<double>(first + i));
    const auto u = hn::Mul(hn::Set(d, step), count);
    const auto square = hn::MulAdd(u, u, hn::Set(d, 0.25));
    const auto phi =
        ExpOf(Complex<hn::Vec<decltype(d)>>{hn::Load(d, nodes.exponent[0] + i), hn::Load(d, nodes.exponent[1] + i)});
    const auto black = lanes::Exp(d, hn::Mul(hn::Set(d, -0.5 * variance), square));
    const auto front = hn::Sub(phi.re, black);
    if (i >= node_block / 4 * 3) {
      const auto size = hn::MulAdd(front, front, hn::Mul(phi.im, phi.im));
      largest = hn::Max(largest, absolute ? hn::Max(size, lanes::SquaredSize(phi)) : size);
    }
    // The trapezoidal rule counts the node at 0 by half.
    const double share = step * 0.31830988618379067154;
    const auto weight =
        hn::Div(hn::IfThenElse(hn::Eq(count, hn::Zero(d)), hn::Set(d, 0.5 * share), hn::Set(d, share)), square);
    hn::Store(hn::Mul(front, weight), d, out.front[0] + i);
    hn::Store(hn::Mul(phi.im, weight), d, out.front[1] + i);
    hn::Store(hn::Mul(phi.re, weight), d, out.whole[0] + i);
    hn::Store(hn::Mul(phi.im, weight), d, out.whole[1] + i);
    hn::Store(hn::Mul(black, weight), d, out.black + i);
  }
  out.largest = std::sqrt(hn::GetLane(hn::MaxOfLanes(d, largest)));
}

/// sums[g][i] += sum_j Re(coefficient[j][g] e^{i (first + j) angle_i}), for `count` strikes, a multiple of two vectors;
/// the powers begin anew in every block, so that their roundings do not add up.
template <int groups>
void Accumulate(const internal::Coefficients& coefficient, std::size_t first, const StrikeColumns& strikes,
                double* const* sums) {
  const double *angle = strikes.angle, *turn_re = strikes.turn_re, *turn_im = strikes.turn_im;
  const hn::ScalableTag<double> d;
  using V = hn::Vec<decltype(d)>;
  const std::size_t lanes_now = hn::Lanes(d);
  for (std::size_t i = 0; i < strikes.count; i += 2 * lanes_now) {
    const std::size_t k = i + lanes_now;
    const auto start = hn::Set(d, static_cast<double>(first));
    const auto from = lanes::SinCos(d, hn::Mul(start, hn::LoadU(d, angle + i)));
    const auto from2 = lanes::SinCos(d, hn::Mul(start, hn::LoadU(d, angle + k)));
    Complex<V> p{from.cosine, from.sine}, p2{from2.cosine, from2.sine};
    const Complex<V> z{hn::LoadU(d, turn_re + i), hn::LoadU(d, turn_im + i)};
    const Complex<V> z2{hn::LoadU(d, turn_re + k), hn::LoadU(d, turn_im + k)};
    V sum[groups], sum2[groups];
    for (int g = 0; g < groups; ++g) sum[g] = hn::LoadU(d, sums[g] + i), sum2[g] = hn::LoadU(d, sums[g] + k);
    for (std::size_t j = 0; j < node_block; ++j) {
      for (int g = 0; g < groups; ++g) {
        const auto re = hn::Set(d, coefficient[j][g][0]), im = hn::Set(d, coefficient[j][g][1]);
        sum[g] = hn::NegMulAdd(im, p.im, hn::MulAdd(re, p.re, sum[g]));
        sum2[g] = hn::NegMulAdd(im, p2.im, hn::MulAdd(re, p2.re, sum2[g]));
      }
      p = p * z;
      p2 = p2 * z2;
    }
    for (int g = 0; g < groups; ++g) hn::StoreU(sum[g], d, sums[g] + i), hn::StoreU(sum2[g], d, sums[g] + k);
  }
}
void AccumulateBlock(int groups, const internal::Coefficients& coefficient, std::size_t first,
                     const StrikeColumns& strikes, double* const* sums) {
  switch (groups) {
    case 1: return Accumulate<1>(coefficient, first, strikes, sums);
    case 2: return Accumulate<2>(coefficient, first, strikes, sums);
    case 3: return Accumulate<3>(coefficient, first, strikes, sums);
    default: return Accumulate<4>(coefficient, first, strikes, sums);
  }
}

/// sums[g][i] += sum_j Re(coefficient[j][g] e^{exponent_j + (s_j - 1/2) x_i}): nodes anywhere, an exponential for each
/// and each strike. A model's drift far out and the strike's have to meet in one exponent.
template <int groups>
void AccumulateFree(const NodeBlock& nodes, const internal::Coefficients& coefficient, const StrikeColumns& strikes,
                    double* const* sums) {
  const hn::ScalableTag<double> d;
  using V = hn::Vec<decltype(d)>;
  for (std::size_t i = 0; i < strikes.count; i += hn::Lanes(d)) {
    const auto at = hn::LoadU(d, strikes.moneyness + i);
    V sum[groups];
    for (int g = 0; g < groups; ++g) sum[g] = hn::LoadU(d, sums[g] + i);
    for (std::size_t j = 0; j < node_block; ++j) {
      const auto e = ExpOf(Complex<V>{hn::MulAdd(hn::Set(d, nodes.s[0][j] - 0.5), at, hn::Set(d, nodes.exponent[0][j])),
                                      hn::MulAdd(hn::Set(d, nodes.s[1][j]), at, hn::Set(d, nodes.exponent[1][j]))});
      for (int g = 0; g < groups; ++g) {
        const auto re = hn::Set(d, coefficient[j][g][0]), im = hn::Set(d, coefficient[j][g][1]);
        sum[g] = hn::NegMulAdd(im, e.im, hn::MulAdd(re, e.re, sum[g]));
      }
    }
    for (int g = 0; g < groups; ++g) hn::StoreU(sum[g], d, sums[g] + i);
  }
}
void AccumulateFreeBlock(int groups, const NodeBlock& nodes, const internal::Coefficients& coefficient,
                         const StrikeColumns& strikes, double* const* sums) {
  switch (groups) {
    case 1: return AccumulateFree<1>(nodes, coefficient, strikes, sums);
    case 2: return AccumulateFree<2>(nodes, coefficient, strikes, sums);
    case 3: return AccumulateFree<3>(nodes, coefficient, strikes, sums);
    default: return AccumulateFree<4>(nodes, coefficient, strikes, sums);
  }
}

/// The turn of one node, and Black's value and Greeks at a total variance, by log-moneyness ln(forward/strike): value
/// of the option out of the money over the root of forward · strike, N(d1) and N'(d1).
void Prepare(const StrikeColumns& strikes, double step, double variance) {
  const hn::ScalableTag<double> d;
  const auto stdev = hn::Set(d, std::max(std::sqrt(variance), 1e-150));
  for (std::size_t i = 0; i < strikes.count; i += hn::Lanes(d)) {
    const auto x = hn::LoadU(d, strikes.moneyness + i);
    const auto a = hn::Mul(hn::Set(d, step), x);
    const auto turn = lanes::SinCos(d, a);
    hn::StoreU(a, d, strikes.angle + i);
    hn::StoreU(turn.cosine, d, strikes.turn_re + i);
    hn::StoreU(turn.sine, d, strikes.turn_im + i);
    // Out of the money: the tails at |x|/stdev -+ stdev/2, both on the falling side.
    const auto size = hn::Abs(x), high = hn::Div(size, stdev), half = hn::Mul(stdev, hn::Set(d, 0.5));
    const auto root = lanes::Exp(d, hn::Mul(hn::Set(d, 0.5), size));
    const auto near = lanes::NormCdf(d, hn::Sub(half, high)), far = lanes::NormCdf(d, hn::Neg(hn::Add(half, high)));
    hn::StoreU(hn::Sub(hn::Div(near, root), hn::Mul(far, root)), d, strikes.value + i);
    const auto d1 = hn::MulAdd(hn::CopySign(high, x), hn::Set(d, 1.0), half);
    hn::StoreU(lanes::NormCdf(d, d1), d, strikes.delta + i);
    hn::StoreU(lanes::NormPdf(d, d1), d, strikes.density + i);
  }
}

}  // namespace ballast::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::model::internal {
namespace {
HWY_EXPORT(Weigh);
HWY_EXPORT(AccumulateBlock);
HWY_EXPORT(AccumulateFreeBlock);
HWY_EXPORT(Prepare);
}  // namespace

void prepare(const StrikeColumns& strikes, double step, double variance) {
  HWY_DYNAMIC_DISPATCH(Prepare)(strikes, step, variance);
}
void weigh(const NodeBlock& nodes, double step, std::size_t first, double variance, bool absolute, Amplitudes& out) {
  HWY_DYNAMIC_DISPATCH(Weigh)(nodes, step, first, variance, absolute, out);
}
void add_even(int groups, const Coefficients& coefficient, std::size_t first, const StrikeColumns& strikes,
              double* const* sums) {
  HWY_DYNAMIC_DISPATCH(AccumulateBlock)(groups, coefficient, first, strikes, sums);
}
void add_free(int groups, const NodeBlock& nodes, const Coefficients& coefficient, const StrikeColumns& strikes,
              double* const* sums) {
  HWY_DYNAMIC_DISPATCH(AccumulateFreeBlock)(groups, nodes, coefficient, strikes, sums);
}

}  // namespace ballast::model::internal
#endif  // HWY_ONCE
