#include "ballast/math/complex.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/math/complex.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/math/complex-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::math::HWY_NAMESPACE {

using One = hn::CappedTag<double, 1>;

void SineCosineOne(double x, double* sine, double* cosine) {
  const One d;
  const auto both = SinCos(d, hn::Set(d, x));
  *sine = hn::GetLane(both.sine), *cosine = hn::GetLane(both.cosine);
}
double AngleOne(double y, double x) {
  const One d;
  return hn::GetLane(Atan2(d, hn::Set(d, y), hn::Set(d, x)));
}

}  // namespace ballast::math::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::math {

HWY_EXPORT(SineCosineOne);
SineCosine sine_cosine(double x) {
  SineCosine both;
  HWY_DYNAMIC_DISPATCH(SineCosineOne)(x, &both.sine, &both.cosine);
  return both;
}

HWY_EXPORT(AngleOne);
double angle(double y, double x) { return HWY_DYNAMIC_DISPATCH(AngleOne)(y, x); }

}  // namespace ballast::math
#endif  // HWY_ONCE
