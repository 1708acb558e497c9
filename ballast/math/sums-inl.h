// Partial sums of two parts in lanes; see sums.h. Include after lanes-inl.h, inside the pattern of foreach_target.
#if defined(BALLAST_MATH_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BALLAST_MATH_SUMS_INL_H_
#undef BALLAST_MATH_SUMS_INL_H_
#else
#define BALLAST_MATH_SUMS_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>

#include "ballast/math/lanes-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::math::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Vectors of at most 8 lanes: 32 partial sums are at least four of them.
using SumTag = hn::CappedTag<double, 8>;
inline constexpr std::size_t partial_sums = 32;

struct TailPair {
  double high, low;
};

/// high + low += term, renormalised.
template <class T>
HWY_INLINE void AddPair(T d, hn::Vec<T>& high, hn::Vec<T>& low, const Pair<T>& term) {
  const auto sum = hn::Add(high, term.high);
  const auto rest = hn::Add(SumRest(d, high, term.high, sum), hn::Add(low, term.low));
  high = hn::Add(sum, rest);
  low = hn::Add(hn::Sub(sum, high), rest);
}

/// 32 sums of terms i, i + 32, i + 64, ..; a term is a pair.
class PartialSums {
 public:
  HWY_INLINE PartialSums() {
    for (std::size_t i = 0; i < partial_sums; ++i) high_[i] = low_[i] = 0.0;
  }

  /// vector(i): the terms from i on; single(i): term i.
  template <class Vector, class Single>
  HWY_INLINE void AddAll(std::size_t n, Vector vector, Single single) {
    const SumTag d;
    const std::size_t lanes = hn::Lanes(d), whole = n - n % partial_sums;
    // Four vectors at once hide the latency of the additions.
    if (lanes * 4 <= partial_sums)
      for (std::size_t first = 0; first < partial_sums && whole > 0; first += 4 * lanes) {
        auto h0 = Load(first), h1 = Load(first + lanes), h2 = Load(first + 2 * lanes), h3 = Load(first + 3 * lanes);
        auto l0 = LoadLow(first), l1 = LoadLow(first + lanes), l2 = LoadLow(first + 2 * lanes),
             l3 = LoadLow(first + 3 * lanes);
        for (std::size_t i = first; i < whole; i += partial_sums) {
          AddPair(d, h0, l0, vector(i));
          AddPair(d, h1, l1, vector(i + lanes));
          AddPair(d, h2, l2, vector(i + 2 * lanes));
          AddPair(d, h3, l3, vector(i + 3 * lanes));
        }
        Store(first, h0, l0), Store(first + lanes, h1, l1), Store(first + 2 * lanes, h2, l2);
        Store(first + 3 * lanes, h3, l3);
      }
    for (std::size_t i = whole; i < n; ++i) AddOne(i % partial_sums, single(i));
  }

  /// n terms as columns of their parts, n a multiple of 32, as the next n.
  HWY_INLINE void AddBlock(const double* high, const double* low, std::size_t n) {
    const SumTag d;
    AddAll(
        n, [&](std::size_t i) HWY_ATTR { return Pair<SumTag>{hn::LoadU(d, high + i), hn::LoadU(d, low + i)}; },
        [&](std::size_t i) HWY_ATTR { return TailPair{high[i], low[i]}; });
  }

  /// The sum of all, in the order of the partial sums.
  HWY_INLINE double Total() const {
    hn::CappedTag<double, 1> d;
    auto high = hn::Zero(d), low = hn::Zero(d);
    for (std::size_t i = 0; i < partial_sums; ++i)
      AddPair(d, high, low, Pair<decltype(d)>{hn::Set(d, high_[i]), hn::Set(d, low_[i])});
    return hn::GetLane(hn::Add(high, low));
  }

 private:
  HWY_INLINE hn::Vec<SumTag> Load(std::size_t i) const { return hn::LoadU(SumTag(), high_ + i); }
  HWY_INLINE hn::Vec<SumTag> LoadLow(std::size_t i) const { return hn::LoadU(SumTag(), low_ + i); }
  HWY_INLINE void Store(std::size_t i, hn::Vec<SumTag> high, hn::Vec<SumTag> low) {
    hn::StoreU(high, SumTag(), high_ + i);
    hn::StoreU(low, SumTag(), low_ + i);
  }
  HWY_INLINE void AddOne(std::size_t i, TailPair term) {
    hn::CappedTag<double, 1> d;
    auto high = hn::Set(d, high_[i]), low = hn::Set(d, low_[i]);
    AddPair(d, high, low, Pair<decltype(d)>{hn::Set(d, term.high), hn::Set(d, term.low)});
    high_[i] = hn::GetLane(high);
    low_[i] = hn::GetLane(low);
  }

  double high_[partial_sums], low_[partial_sums];
};

}  // namespace ballast::math::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BALLAST_MATH_SUMS_INL_H_
