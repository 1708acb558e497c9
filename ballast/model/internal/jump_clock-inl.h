// The jumps of a block of paths, each at its own time: exponential gaps, so nothing is drawn in a step without one.
// Compiled once per instruction set like ballast/math/lanes-inl.h.
#if defined(BALLAST_MODEL_JUMP_CLOCK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BALLAST_MODEL_JUMP_CLOCK_INL_H_
#undef BALLAST_MODEL_JUMP_CLOCK_INL_H_
#else
#define BALLAST_MODEL_JUMP_CLOCK_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "ballast/model/internal/jump_law.h"
#include "ballast/model/internal/path_numbers-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::model::HWY_NAMESPACE {

/// Jump j of a path draws from the philox blocks event_counter + 4 j and the three after it: the gap before it and its
/// size come from the first, more from the others. With antithetic pairs all of them are mirrored too.
class JumpClock {
 public:
  JumpClock(const Draws& draws, double rate) : draws_(draws), rate_(rate) {}

  HWY_INLINE void Start(std::uint64_t block) {
    block_ = block;
    std::fill_n(jump_, path_block, 0);
    if (rate_ == 0.0) {
      std::fill_n(next_, path_block, std::numeric_limits<double>::infinity());
    } else {
      HWY_ALIGN double gap[path_block];
      for (std::size_t i = 0; i < path_block; ++i) gap[i] = First(i, 0).even;
      Gaps(gap, path_block);
      std::copy_n(gap, path_block, next_);
    }
    FindEarliest();
  }

  /// Nothing jumps up to this time, in years.
  HWY_INLINE bool QuietUntil(double time) const { return earliest_ > time; }

  /// at: the paths whose next jump comes by `time`; how many.
  HWY_INLINE std::size_t Due(double time, std::uint32_t* at) const {
    std::size_t n = 0;
    for (std::size_t i = 0; i < path_block; ++i) {
      at[n] = static_cast<std::uint32_t>(i);
      n += next_[i] <= time ? 1 : 0;
    }
    return n;
  }

  double next(std::size_t path) const { return next_[path]; }

  /// The two uniforms of block `which` (0 to 3) of the next jump of a path. Of block 0 the first made the gap.
  struct Uniforms {
    double even, odd;
  };
  HWY_INLINE Uniforms Numbers(std::size_t path, std::uint64_t which) const { return First(path, 4 * jump_[path] + which); }

  /// These n paths have jumped: draws the times of their next jumps.
  HWY_INLINE void Advance(const std::uint32_t* at, std::size_t n) {
    HWY_ALIGN double gap[path_block];
    for (std::size_t j = 0; j < n; ++j) gap[j] = First(at[j], 4 * ++jump_[at[j]]).even;
    Gaps(gap, n);
    for (std::size_t j = 0; j < n; ++j) next_[at[j]] += gap[j];
  }
  HWY_INLINE void FindEarliest() { earliest_ = *std::min_element(next_, next_ + path_block); }

 private:
  HWY_INLINE Uniforms First(std::size_t path, std::uint64_t counter) const {
    const std::uint64_t number = block_ + path;
    const std::uint64_t drawn = draws_.antithetic ? number / 2 : number;
    const PhiloxBlock words = philox(philox_counter(drawn, event_counter + counter), philox_key(draws_.seed));
    Uniforms u{philox_uniform(words[0], words[1]), philox_uniform(words[2], words[3])};
    if (draws_.antithetic && number % 2 == 1) u = {1.0 - u.even, 1.0 - u.odd};
    return u;
  }

  // -ln(u)/rate, in place, the rest of the last vector too.
  HWY_INLINE void Gaps(double* row, std::size_t n) const {
    const hn::ScalableTag<double> d;
    for (std::size_t j = n; j % hn::Lanes(d) != 0; ++j) row[j] = 0.5;
    for (std::size_t j = 0; j < n; j += hn::Lanes(d))
      hn::Store(hn::Div(lanes::Log(d, hn::Load(d, row + j)), hn::Set(d, -rate_)), d, row + j);
  }

  const Draws& draws_;
  double rate_, earliest_ = 0.0;
  std::uint64_t block_ = 0;
  double next_[path_block];         // years
  std::uint64_t jump_[path_block];  // number of the next one
};

/// Sizes of jumps from their uniforms, a rising function of each; n of them, the rest of the last vector too.
HWY_INLINE void JumpSizes(const JumpLaw& law, double* HWY_RESTRICT u, std::size_t n) {
  const hn::ScalableTag<double> d;
  for (std::size_t j = n; j % hn::Lanes(d) != 0; ++j) u[j] = 0.5;
  for (std::size_t j = 0; j < n; j += hn::Lanes(d)) {
    const auto p = hn::Load(d, u + j);
    if (law.normal) {
      hn::Store(hn::MulAdd(hn::Set(d, law.deviation), lanes::NormQuantile(d, p), hn::Set(d, law.mean)), d, u + j);
    } else {
      const auto down_share = hn::Set(d, 1.0 - law.up_share);
      const auto down = hn::Lt(p, down_share);
      const auto left = hn::IfThenElse(down, hn::Div(p, down_share),
                                       hn::Div(hn::Sub(hn::Set(d, 1.0), p), hn::Set(d, law.up_share)));
      const auto rate = hn::IfThenElse(down, hn::Set(d, law.down_rate), hn::Set(d, -law.up_rate));
      hn::Store(hn::Div(lanes::Log(d, left), rate), d, u + j);
    }
  }
}

/// Adds every jump up to `time` to the log-prices.
HWY_INLINE void AddJumps(const JumpLaw& law, double time, JumpClock& clock, double* HWY_RESTRICT log_price) {
  if (clock.QuietUntil(time)) return;
  std::uint32_t at[path_block + 1];
  HWY_ALIGN double size[path_block];
  while (const std::size_t n = clock.Due(time, at)) {
    for (std::size_t j = 0; j < n; ++j) size[j] = clock.Numbers(at[j], 0).odd;
    JumpSizes(law, size, n);
    for (std::size_t j = 0; j < n; ++j) log_price[at[j]] += size[j];
    clock.Advance(at, n);
  }
  clock.FindEarliest();
}

}  // namespace ballast::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BALLAST_MODEL_JUMP_CLOCK_INL_H_
