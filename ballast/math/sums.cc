#include "ballast/math/sums.h"

#include <cstddef>

#include "ballast/base/result.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/math/sums.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/math/lanes-inl.h"
#include "ballast/math/sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::math::HWY_NAMESPACE {

double Sum(const double* a, std::size_t n) {
  PartialSums sums;
  const SumTag d;
  sums.AddAll(
      n, [&](std::size_t i) HWY_ATTR { return Pair<SumTag>{hn::LoadU(d, a + i), hn::Zero(d)}; },
      [&](std::size_t i) HWY_ATTR { return TailPair{a[i], 0.0}; });
  return sums.Total();
}

double Dot(const double* a, const double* b, std::size_t n) {
  PartialSums sums;
  const SumTag d;
  const auto exact = [&](auto tag, auto x, auto y) HWY_ATTR {
    const auto product = hn::Mul(x, y);
    return Pair<decltype(tag)>{product, ProductRest(tag, x, y, product)};
  };
  sums.AddAll(
      n, [&](std::size_t i) HWY_ATTR { return exact(d, hn::LoadU(d, a + i), hn::LoadU(d, b + i)); },
      [&](std::size_t i) HWY_ATTR {
        const hn::CappedTag<double, 1> one{};
        const auto pair = exact(one, hn::Set(one, a[i]), hn::Set(one, b[i]));
        return TailPair{hn::GetLane(pair.high), hn::GetLane(pair.low)};
      });
  return sums.Total();
}

}  // namespace ballast::math::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::math {

HWY_EXPORT(Sum);
HWY_EXPORT(Dot);

double sum(std::span<const double> a) { return HWY_DYNAMIC_DISPATCH(Sum)(a.data(), a.size()); }

double dot(std::span<const double> a, std::span<const double> b) {
  if (a.size() != b.size()) abort_with({Fault::bad_input, "dot: columns of two lengths"});
  return HWY_DYNAMIC_DISPATCH(Dot)(a.data(), b.data(), a.size());
}

}  // namespace ballast::math
#endif  // HWY_ONCE
