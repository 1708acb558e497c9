// One step of a geometric Brownian motion on a vector of paths, compiled once per instruction set like
// ballast/math/lanes-inl.h, so that every kernel that walks these paths walks the same bits.
#if defined(BALLAST_MODEL_GBM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BALLAST_MODEL_GBM_INL_H_
#undef BALLAST_MODEL_GBM_INL_H_
#else
#define BALLAST_MODEL_GBM_INL_H_
#endif

#include <hwy/highway.h>

#include "ballast/model/gbm.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::model::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

template <class D>
HWY_INLINE hn::Vec<D> Advanced(D d, const GbmStep& step, hn::Vec<D> log_price, hn::Vec<D> z) {
  return hn::Add(log_price, hn::MulAdd(hn::Set(d, step.stdev), z, hn::Set(d, step.drift)));
}

}  // namespace ballast::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BALLAST_MODEL_GBM_INL_H_
