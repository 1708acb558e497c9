#include "ballast/math/columns.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "ballast/base/result.h"
#include "ballast/math/arithmetic.h"
#include "ballast/math/elementary.h"
#include "ballast/math/normal.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/math/columns.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/math/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::math::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Wide = hn::ScalableTag<double>;
using One = hn::CappedTag<double, 1>;

// A column and its scalar twin: the same function of the same lanes.
#define BALLAST_COLUMN(Name, Function)                                         \
  void Name##Column(const double* x, double* y, std::size_t n) {               \
    const Wide d;                                                              \
    Map(d, x, y, n, [d](hn::Vec<Wide> v) HWY_ATTR { return Function(d, v); }); \
  }                                                                            \
  double Name##One(double x) {                                                 \
    const One d;                                                               \
    return hn::GetLane(Function(d, hn::Set(d, x)));                            \
  }

BALLAST_COLUMN(Exp, Exp)
BALLAST_COLUMN(Expm1, Expm1)
BALLAST_COLUMN(Log, Log)
BALLAST_COLUMN(Log1p, Log1p)
BALLAST_COLUMN(Erfc, Erfc)
BALLAST_COLUMN(NormPdf, NormPdf)
BALLAST_COLUMN(NormCdf, NormCdf)
BALLAST_COLUMN(Mills, MillsRatio)
BALLAST_COLUMN(NormQuantile, NormQuantile)
#undef BALLAST_COLUMN

double LogRatioOne(double a, double b) {
  const One d;
  return hn::GetLane(LogRatio(d, hn::Set(d, a), hn::Set(d, b)));
}

bool Fused() { return HWY_NATIVE_FMA != 0; }
std::int64_t Target() { return HWY_TARGET; }

}  // namespace ballast::math::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::math {

#define BALLAST_EXPORT(Name, function)                                                              \
  HWY_EXPORT(Name##Column);                                                                         \
  HWY_EXPORT(Name##One);                                                                            \
  void function(std::span<const double> x, std::span<double> y) {                                   \
    if (x.size() != y.size()) abort_with({Fault::bad_input, #function ": columns of two lengths"}); \
    HWY_DYNAMIC_DISPATCH(Name##Column)(x.data(), y.data(), x.size());                               \
  }                                                                                                 \
  double function(double x) { return HWY_DYNAMIC_DISPATCH(Name##One)(x); }

BALLAST_EXPORT(Exp, exp)
BALLAST_EXPORT(Expm1, expm1)
BALLAST_EXPORT(Log, log)
BALLAST_EXPORT(Log1p, log1p)
BALLAST_EXPORT(Erfc, erfc)
BALLAST_EXPORT(NormPdf, norm_pdf)
BALLAST_EXPORT(NormCdf, norm_cdf)
BALLAST_EXPORT(Mills, mills)
BALLAST_EXPORT(NormQuantile, norm_quantile)
#undef BALLAST_EXPORT

HWY_EXPORT(LogRatioOne);
double log_ratio(double numerator, double denominator) {
  constexpr double smallest = std::numeric_limits<double>::min(), largest = std::numeric_limits<double>::max();
  if (!(numerator > 0.0 && denominator > 0.0 && numerator <= largest && denominator <= largest))
    return std::numeric_limits<double>::quiet_NaN();
  if (numerator < smallest || denominator < smallest) return log(numerator) - log(denominator);
  return HWY_DYNAMIC_DISPATCH(LogRatioOne)(numerator, denominator);
}

HWY_EXPORT(Fused);
HWY_EXPORT(Target);
Arithmetic arithmetic() { return HWY_DYNAMIC_DISPATCH(Fused)() ? Arithmetic::fused : Arithmetic::separate; }
const char* name(Arithmetic arithmetic) { return arithmetic == Arithmetic::fused ? "fused" : "separate"; }
const char* instruction_set() { return hwy::TargetName(HWY_DYNAMIC_DISPATCH(Target)()); }

bool use_separate_arithmetic() {
#if HWY_ARCH_X86
  hwy::DisableTargets(HWY_SSE4 - 1);  // Highway numbers the better ones lower
  return arithmetic() == Arithmetic::separate;
#else
  return false;
#endif
}

bool use_instruction_set(std::string_view wanted) {
#if (HWY_TARGETS & (HWY_TARGETS - 1)) != 0
  // The static target runs everywhere, though Highway does not list it among those found.
  for (std::int64_t all = (hwy::SupportedTargets() | HWY_STATIC_TARGET) & HWY_TARGETS; all != 0; all &= all - 1) {
    const std::int64_t target = all & -all;
    if (wanted != hwy::TargetName(target)) continue;
    hwy::SetSupportedTargetsForTest(target);
    return instruction_set() == wanted;
  }
#endif
  return wanted == instruction_set();
}

}  // namespace ballast::math
#endif  // HWY_ONCE
