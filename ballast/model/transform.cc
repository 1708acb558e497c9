#include "ballast/model/transform.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "ballast/math/elementary.h"
#include "ballast/model/internal/exponent.h"
#include "ballast/model/internal/moments.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/model/transform.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/model/internal/affine-inl.h"
#include "ballast/model/internal/levy-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::model::HWY_NAMESPACE {

using internal::Amplitudes, internal::node_block, internal::NodeBlock, internal::Sum, internal::Wanted;

/// The node of a model at s. On the line Re s = 1/2 the first form of the square root keeps the logarithm on its
/// branch.
template <class M, class V>
HWY_INLINE void NodeOf(const M& m, double years, const Wanted& wanted, Complex<V> s, Node<V>& out) {
  if constexpr (std::is_same_v<M, Heston>) {
    AffineNode<JumpKind::none>(Affine{m, {}, 0.0, 0.0}, years, wanted, s, out);
  } else if constexpr (std::is_same_v<M, Bates>) {
    AffineNode<JumpKind::price>(Affine{m.heston, m.jumps, 0.0, 0.0}, years, wanted, s, out);
  } else if constexpr (std::is_same_v<M, Svcj>) {
    AffineNode<JumpKind::both>(Affine{m.heston, m.jumps, m.variance_jump, m.jump_slope}, years, wanted, s, out);
  } else {
    LevyNode(m, years, wanted, s, out);
  }
}

template <class M>
void NodesOf(const M& m, double years, const Wanted& wanted, std::size_t parameters, double step, std::size_t first,
             NodeBlock& out) {
  const hn::CappedTag<double, node_block> d;
  using V = hn::Vec<decltype(d)>;
  for (std::size_t i = 0; i < node_block; i += hn::Lanes(d)) {
    const auto count = hn::Iota(d, static_cast<double>(first + i));
    const Complex<V> s{hn::Set(d, 0.5), hn::Mul(hn::Set(d, step), count)};
    Node<V> node;
    NodeOf(m, years, wanted, s, node);
    const auto put = [&](const Complex<V>& z, double(&column)[2][node_block]) HWY_ATTR {
      hn::Store(z.re, d, column[0] + i);
      hn::Store(z.im, d, column[1] + i);
    };
    put(node.exponent, out.exponent);
    if (wanted.covariance) put(node.covariance, out.covariance);
    if (wanted.time) put(node.to_years, out.to_years);
    for (std::size_t k = 0; wanted.gradient && k < parameters; ++k) put(node.to[k], out.to[k]);
  }
}

void Nodes(const TransformModel& model, double years, const Wanted& wanted, double step, std::size_t first,
           NodeBlock& out) {
  const std::size_t parameters = model::parameters(name(model)).size();
  std::visit([&](const auto& m) { NodesOf(m, years, wanted, parameters, step, first, out); }, model);
}

void ExponentAt(const TransformModel& model, double years, double re, double im, double* out) {
  const hn::CappedTag<double, 1> d;
  const Complex<hn::Vec<decltype(d)>> s{hn::Set(d, re), hn::Set(d, im)};
  Node<hn::Vec<decltype(d)>> node;
  std::visit([&](const auto& m) HWY_ATTR { NodeOf(m, years, Wanted{}, s, node); }, model);
  out[0] = hn::GetLane(node.exponent.re), out[1] = hn::GetLane(node.exponent.im);
}

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

/// The coefficients of one sum over a block of nodes: which.
void Combine(Sum kind, const Amplitudes& a, const NodeBlock& nodes, std::size_t parameter, double step,
             std::size_t first, double per_unit, double (&out)[2][node_block]) {
  const hn::CappedTag<double, node_block> d;
  using V = hn::Vec<decltype(d)>;
  const auto at = [&](const double(&column)[2][node_block], std::size_t i)
                      HWY_ATTR { return Complex<V>{hn::Load(d, column[0] + i), hn::Load(d, column[1] + i)}; };
  for (std::size_t i = 0; i < node_block; i += hn::Lanes(d)) {
    const auto u = hn::Mul(hn::Set(d, step), hn::Iota(d, static_cast<double>(first + i)));
    const auto front = at(a.front, i), whole = at(a.whole, i);
    Complex<V> c = front;
    switch (kind) {
      case Sum::price: break;
      case Sum::delta: c = Complex<V>{hn::Set(d, 0.5), u} * front; break;
      case Sum::gamma: c = lanes::Real(hn::MulAdd(u, u, hn::Set(d, 0.25))) * front; break;
      case Sum::theta: c = whole * at(nodes.to_years, i); break;
      case Sum::covariance: {
        const auto black = hn::Load(d, a.black + i);
        c = per_unit * (whole * at(nodes.covariance, i)) -
            Complex<V>{hn::Mul(hn::Set(d, 0.5), black), hn::Mul(u, black)};
        break;
      }
      case Sum::gradient: c = whole * at(nodes.to[parameter], i); break;
    }
    hn::Store(c.re, d, out[0] + i);
    hn::Store(c.im, d, out[1] + i);
  }
}

/// sums[g][i] += sum_j Re(coefficient[g][j] e^{i (first + j) angle_i}), for `count` strikes, a multiple of two vectors;
/// the powers begin anew in every block, so that their roundings do not add up.
template <int groups>
void Accumulate(const double (*coefficient)[2][node_block], std::size_t first, const double* angle,
                const double* turn_re, const double* turn_im, std::size_t count, double* const* sums) {
  const hn::ScalableTag<double> d;
  using V = hn::Vec<decltype(d)>;
  const std::size_t lanes_now = hn::Lanes(d);
  for (std::size_t i = 0; i < count; i += 2 * lanes_now) {
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
        const auto re = hn::Set(d, coefficient[g][0][j]), im = hn::Set(d, coefficient[g][1][j]);
        sum[g] = hn::NegMulAdd(im, p.im, hn::MulAdd(re, p.re, sum[g]));
        sum2[g] = hn::NegMulAdd(im, p2.im, hn::MulAdd(re, p2.re, sum2[g]));
      }
      p = p * z;
      p2 = p2 * z2;
    }
    for (int g = 0; g < groups; ++g) hn::StoreU(sum[g], d, sums[g] + i), hn::StoreU(sum2[g], d, sums[g] + k);
  }
}
void AccumulateBlock(int groups, const double (*coefficient)[2][node_block], std::size_t first, const double* angle,
                     const double* turn_re, const double* turn_im, std::size_t count, double* const* sums) {
  switch (groups) {
    case 1: return Accumulate<1>(coefficient, first, angle, turn_re, turn_im, count, sums);
    case 2: return Accumulate<2>(coefficient, first, angle, turn_re, turn_im, count, sums);
    case 3: return Accumulate<3>(coefficient, first, angle, turn_re, turn_im, count, sums);
    default: return Accumulate<4>(coefficient, first, angle, turn_re, turn_im, count, sums);
  }
}

/// The turn of one node, and Black's value and Greeks at a total variance, by log-moneyness ln(forward/strike): value
/// of the option out of the money over the root of forward · strike, N(d1) and N'(d1).
void Prepare(const double* moneyness, std::size_t count, double step, double variance, double* angle, double* turn_re,
             double* turn_im, double* value, double* delta, double* density) {
  const hn::ScalableTag<double> d;
  const auto stdev = hn::Set(d, std::max(std::sqrt(variance), 1e-150));
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    const auto x = hn::LoadU(d, moneyness + i);
    const auto a = hn::Mul(hn::Set(d, step), x);
    const auto turn = lanes::SinCos(d, a);
    hn::StoreU(a, d, angle + i);
    hn::StoreU(turn.cosine, d, turn_re + i);
    hn::StoreU(turn.sine, d, turn_im + i);
    // Out of the money: the tails at |x|/stdev -+ stdev/2, both on the falling side.
    const auto size = hn::Abs(x), high = hn::Div(size, stdev), half = hn::Mul(stdev, hn::Set(d, 0.5));
    const auto root = lanes::Exp(d, hn::Mul(hn::Set(d, 0.5), size));
    const auto near = lanes::NormCdf(d, hn::Sub(half, high)), far = lanes::NormCdf(d, hn::Neg(hn::Add(half, high)));
    hn::StoreU(hn::Sub(hn::Div(near, root), hn::Mul(far, root)), d, value + i);
    const auto d1 = hn::MulAdd(hn::CopySign(high, x), hn::Set(d, 1.0), half);
    hn::StoreU(lanes::NormCdf(d, d1), d, delta + i);
    hn::StoreU(lanes::NormPdf(d, d1), d, density + i);
  }
}

}  // namespace ballast::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::model {
namespace {

HWY_EXPORT(Nodes);
HWY_EXPORT(ExponentAt);
HWY_EXPORT(Weigh);
HWY_EXPORT(Combine);
HWY_EXPORT(AccumulateBlock);
HWY_EXPORT(Prepare);

using internal::node_block, internal::Sum;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinite = std::numeric_limits<double>::infinity();

/// How far from the money, up and down, an option out of the money is below the tolerance, by Chernoff's bound:
/// E[(e^X - e^k)+] e^{-k/2} <= E[e^{aX}] e^{-(a - 1/2) k} for every a > 1, and its mirror image for a < 0.
struct Reach {
  double up, down;
};
Reach reach_of(const TransformModel& model, double years, double tolerance) {
  const double wanted = -math::log(tolerance);
  const auto side = [&](double sign) {
    const auto distance = [&](double power) {
      const double moment = std::visit(
          [&](const auto& m) { return internal::log_moment_of(m, 0.5 + sign * (0.5 + power), years); }, model);
      return moment < 700.0 ? (std::max(moment, 0.0) + wanted) / (0.5 + power) : infinite;
    };
    // The mean bounds both sides whatever the model: power 0. The bound falls, then rises slowly, or ends where the
    // moments do; there the last finite one is looked for.
    double best = 2.0 * wanted, at = 0.0, step = 0.5, found = best;
    for (; step < 1e5; step *= 2.0) {
      found = distance(at + step);
      if (!(found < best)) break;
      best = found, at += step;
    }
    for (int halving = 0; found == infinite && halving < 4; ++halving) {
      step *= 0.5;
      const double nearer = distance(at + step);
      if (nearer < best) best = nearer, at += step;
    }
    return best;
  };
  return {side(1.0), side(-1.0)};
}

std::optional<Error> fault_of(const TransformModel& model, const ExpiryOptions& options, const TransformColumns& out) {
  if (auto wrong = fault(model)) return wrong;
  const auto bad = [](const char* what, double value) {
    return Error{Fault::bad_input, std::string("transform: ") + what + " is " + std::to_string(value)};
  };
  if (!(options.forward.value > 0.0 && std::isfinite(options.forward.value)))
    return bad("forward", options.forward.value);
  if (!(options.years.value > 0.0 && options.years.value <= 100.0)) return bad("years", options.years.value);
  const std::size_t n = options.strike.size();
  if (options.sign.size() != n) return bad("the count of signs", static_cast<double>(options.sign.size()));
  for (const double k : options.strike)
    if (!(k > 0.0 && std::isfinite(k))) return bad("a strike", k);
  for (const double s : options.sign)
    if (s != 1.0 && s != -1.0) return bad("a sign", s);
  for (const std::span<double>* column : {&out.price, &out.delta, &out.gamma, &out.theta, &out.minimum_variance_delta})
    if (!column->empty() && column->size() != n)
      return bad("the length of a column", static_cast<double>(column->size()));
  if (!out.gradient.empty() && out.gradient.size() != n * parameters(name(model)).size())
    return bad("the length of the gradient", static_cast<double>(out.gradient.size()));
  return std::nullopt;
}

/// One sum over the nodes.
struct Series {
  Sum kind;
  std::size_t parameter = 0;
};

}  // namespace

std::complex<double> characteristic_function(const TransformModel& model, std::complex<double> u, Years years) {
  if (fault(model) || !(years.value >= 0.0 && years.value <= 100.0)) return {nan, nan};
  const double re = -u.imag(), im = u.real();  // s = iu
  double exponent[2] = {0.0, 0.0};
  if (im == 0.0) {
    exponent[0] = log_moment(model, re, years);
  } else {
    HWY_DYNAMIC_DISPATCH(ExponentAt)(model, years.value, re, im, exponent);
  }
  const double size = math::exp(exponent[0]);
  return {size * std::cos(exponent[1]), size * std::sin(exponent[1])};
}

double log_moment(const TransformModel& model, double power, Years years) {
  if (fault(model) || !(years.value >= 0.0 && years.value <= 100.0)) return nan;
  return std::visit([&](const auto& m) { return internal::log_moment_of(m, power, years.value); }, model);
}

Result<TransformReport> transform(const TransformModel& model, const ExpiryOptions& options,
                                  const TransformColumns& out, double tolerance) {
  if (auto wrong = fault_of(model, options, out)) return *wrong;
  if (!(tolerance >= 1e-14 && tolerance <= 1e-4))
    return Error{Fault::bad_input,
                 "transform: the tolerance is " + std::to_string(tolerance) + ", outside [1e-14, 1e-4]"};
  const std::size_t n = options.strike.size();
  if (n == 0) return TransformReport{};
  const double forward = options.forward.value, years = options.years.value;

  std::vector<Series> series;
  if (!out.price.empty()) series.push_back({Sum::price});
  if (!out.delta.empty()) series.push_back({Sum::delta});
  if (!out.gamma.empty()) series.push_back({Sum::gamma});
  if (!out.theta.empty()) series.push_back({Sum::theta});
  if (!out.minimum_variance_delta.empty()) series.push_back({Sum::covariance});
  for (std::size_t p = 0; p * n < out.gradient.size(); ++p) series.push_back({Sum::gradient, p});
  const internal::Wanted wanted{
      .covariance = !out.minimum_variance_delta.empty(), .gradient = !out.gradient.empty(), .time = !out.theta.empty()};
  const bool curved = !out.gamma.empty() || wanted.gradient || wanted.time;

  // Two vectors of strikes go side by side: columns are padded to a multiple of that.
  const std::size_t padded = (n + 15) / 16 * 16, rows = series.size();
  std::vector<double> work((7 + rows) * padded, 0.0);
  const auto row = [&](std::size_t i) { return work.data() + i * padded; };
  double *moneyness = row(0), *angle = row(1), *turn_re = row(2), *turn_im = row(3), *value = row(4), *delta = row(5),
         *density = row(6);
  double lowest = 0.0, highest = 0.0;  // of ln(strike/forward)
  for (std::size_t i = 0; i < n; ++i) {
    moneyness[i] = math::log_ratio(forward, options.strike[i]);
    lowest = std::min(lowest, -moneyness[i]), highest = std::max(highest, -moneyness[i]);
  }

  const double variance =
      -8.0 * std::visit([&](const auto& m) { return internal::log_moment_of(m, 0.5, years); }, model);
  const Reach reach = reach_of(model, years, tolerance);
  const double gauss = std::sqrt(-2.0 * math::log(tolerance) * variance) + 0.5 * variance;
  const double period = std::max({reach.up - lowest, reach.down + highest, gauss + std::max(-lowest, highest)});
  TransformReport report{.nodes = 0, .step = 6.283185307179586 / period, .error = 0.0};
  HWY_DYNAMIC_DISPATCH(Prepare)
  (moneyness, padded, report.step, variance, angle, turn_re, turn_im, value, delta, density);

  const double unit = std::visit([](const auto& m) { return internal::return_variance(m); }, model);
  const double per_unit = unit > 0.0 && std::isfinite(unit) ? 1.0 / unit : nan;
  internal::NodeBlock nodes;
  internal::Amplitudes amplitudes;
  alignas(64) double coefficient[4][2][node_block];
  for (std::size_t first = 0;; first += node_block) {
    HWY_DYNAMIC_DISPATCH(Nodes)(model, years, wanted, report.step, first, nodes);
    HWY_DYNAMIC_DISPATCH(Weigh)(nodes, report.step, first, variance, wanted.gradient || wanted.time, amplitudes);
    for (std::size_t from = 0; from < rows; from += 4) {
      const std::size_t groups = std::min<std::size_t>(4, rows - from);
      double* sums[4];
      for (std::size_t g = 0; g < groups; ++g) {
        sums[g] = row(7 + from + g);
        const Series& wants = series[from + g];
        HWY_DYNAMIC_DISPATCH(Combine)
        (wants.kind, amplitudes, nodes, wants.parameter, report.step, first, per_unit, coefficient[g]);
      }
      HWY_DYNAMIC_DISPATCH(AccumulateBlock)
      (static_cast<int>(groups), coefficient, first, angle, turn_re, turn_im, padded, sums);
    }
    report.nodes = first + node_block;
    const double end = report.step * static_cast<double>(report.nodes);
    // What is left of an integrand that falls no slower than 1/u²; sums with derivatives have lost that factor.
    report.error = amplitudes.largest * 0.3183 / end;
    const double left = curved ? amplitudes.largest * 0.3183 * end * std::max(years, variance) : report.error;
    if (std::isnan(report.error))
      return Error{Fault::no_solution, "transform: the characteristic function is no number"};
    if ((report.error <= 0.1 * tolerance && left <= 10.0 * tolerance) || report.nodes >= most_nodes) break;
  }

  for (std::size_t r = 0; r < rows; ++r) {
    const double* sum = row(7 + r);
    for (std::size_t i = 0; i < n; ++i) {
      const double strike = options.strike[i], root = std::sqrt(forward * strike), sign = options.sign[i];
      const double parity = sign > 0.0 ? 0.0 : -1.0;  // of a put's delta to the call's
      switch (series[r].kind) {
        case Sum::price: {
          const bool out_of_money = sign * (forward - strike) <= 0.0;
          const double outside = std::max(root * (value[i] - sum[i]), 0.0);
          out.price[i] = outside + (out_of_money ? 0.0 : sign * (forward - strike));
          break;
        }
        case Sum::delta: out.delta[i] = delta[i] - strike / root * sum[i] + parity; break;
        case Sum::gamma:
          out.gamma[i] = (variance > 0.0 ? density[i] / (forward * std::sqrt(variance)) : 0.0) +
                         root / (forward * forward) * sum[i];
          break;
        case Sum::theta: out.theta[i] = root * sum[i]; break;
        case Sum::covariance: out.minimum_variance_delta[i] = delta[i] - strike / root * sum[i] + parity; break;
        case Sum::gradient: out.gradient[series[r].parameter * n + i] = -root * sum[i]; break;
      }
    }
  }
  return report;
}

}  // namespace ballast::model
#endif  // HWY_ONCE
