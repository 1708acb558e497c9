#include <type_traits>
#include <variant>

#include "ballast/math/elementary.h"
#include "ballast/model/internal/exponent.h"
#include "ballast/model/internal/moments.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/model/internal/exponent.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/model/internal/affine-inl.h"
#include "ballast/model/internal/levy-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::model::HWY_NAMESPACE {

using internal::node_block, internal::NodeBlock, internal::Wanted;

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
void NodesOf(const M& m, double years, const Wanted& wanted, std::size_t parameters, NodeBlock& out) {
  const hn::CappedTag<double, node_block> d;
  using V = hn::Vec<decltype(d)>;
  for (std::size_t i = 0; i < node_block; i += hn::Lanes(d)) {
    const Complex<V> s{hn::Load(d, out.s[0] + i), hn::Load(d, out.s[1] + i)};
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

void Nodes(const TransformModel& model, double years, const Wanted& wanted, NodeBlock& out) {
  const std::size_t parameters = model::parameters(name(model)).size();
  std::visit([&](const auto& m) { NodesOf(m, years, wanted, parameters, out); }, model);
}

void ExponentAt(const TransformModel& model, double years, double re, double im, double* out) {
  const hn::CappedTag<double, 1> d;
  const Complex<hn::Vec<decltype(d)>> s{hn::Set(d, re), hn::Set(d, im)};
  Node<hn::Vec<decltype(d)>> node;
  std::visit([&](const auto& m) HWY_ATTR { NodeOf(m, years, Wanted{}, s, node); }, model);
  out[0] = hn::GetLane(node.exponent.re), out[1] = hn::GetLane(node.exponent.im);
}

}  // namespace ballast::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::model::internal {
namespace {
HWY_EXPORT(Nodes);
HWY_EXPORT(ExponentAt);
}  // namespace

void fill(const TransformModel& model, double years, const Wanted& wanted, NodeBlock& out) {
  HWY_DYNAMIC_DISPATCH(Nodes)(model, years, wanted, out);
}
std::complex<double> exponent_at(const TransformModel& model, double years, std::complex<double> s) {
  double out[2];
  HWY_DYNAMIC_DISPATCH(ExponentAt)(model, years, s.real(), s.imag(), out);
  return {out[0], out[1]};
}

}  // namespace ballast::model::internal
#endif  // HWY_ONCE
