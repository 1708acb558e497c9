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
#include <span>
#include <vector>

#include "ballast/model/internal/jump_law.h"
#include "ballast/model/internal/path_numbers-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::model::HWY_NAMESPACE {

// Jump j of a path draws from the philox blocks event_counter + 4 j and the three after it: the gap before it and its
// size come from the first, more from the others. With antithetic pairs all of them are mirrored.

/// -ln(u)/rate in place, the rest of the last vector too.
HWY_INLINE void Gaps(double rate, double* HWY_RESTRICT u, std::size_t n) {
  const hn::ScalableTag<double> d;
  for (std::size_t j = n; j % hn::Lanes(d) != 0; ++j) u[j] = 0.5;
  for (std::size_t j = 0; j < n; j += hn::Lanes(d))
    hn::Store(hn::Div(lanes::Log(d, hn::Load(d, u + j)), hn::Set(d, -rate)), d, u + j);
}

/// Sizes of jumps from their uniforms, a rising function of each, in place; the rest of the last vector too.
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
      const auto left =
          hn::IfThenElse(down, hn::Div(p, down_share), hn::Div(hn::Sub(hn::Set(d, 1.0), p), hn::Set(d, law.up_share)));
      const auto rate = hn::IfThenElse(down, hn::Set(d, law.down_rate), hn::Set(d, -law.up_rate));
      hn::Store(hn::Div(lanes::Log(d, left), rate), d, u + j);
    }
  }
}

/// What jumps add to the price alone, summed by step: drawn for a whole block and grid at once, one jump of each path
/// that has another after the other, so that vectors are full.
class JumpSums {
 public:
  JumpSums(const Draws& draws, const JumpLaw& law, std::span<const double> years)
      : draws_(draws),
        law_(law),
        years_(years),
        sum_(law.rate > 0.0 ? years.size() * path_block : 0),
        any_(years.size()) {}

  HWY_INLINE void Start(std::uint64_t block) {
    if (law_.rate == 0.0) return;
    for (std::size_t t = 0; t < any_.size(); ++t) {
      if (any_[t] == 0) continue;
      any_[t] = 0;
      std::fill_n(sum_.begin() + static_cast<std::ptrdiff_t>(t * path_block), path_block, 0.0);
    }
    HWY_ALIGN double even[path_block], odd[path_block], gap[path_block], size[path_block];
    double time[path_block] = {};
    std::uint32_t at[path_block];
    std::size_t n = path_block;
    for (std::size_t i = 0; i < n; ++i) at[i] = static_cast<std::uint32_t>(i);
    for (std::uint64_t jump = 0; n > 0; ++jump) {
      const std::uint64_t counter = event_counter + 4 * jump;
      if (n >= path_block / 4) {
        BlockUniforms(draws_, block, counter, even, odd);
        for (std::size_t j = 0; j < n; ++j) gap[j] = even[at[j]], size[j] = odd[at[j]];
      } else {
        for (std::size_t j = 0; j < n; ++j) {
          const TwoUniforms u = PathUniforms(draws_, block + at[j], counter);
          gap[j] = u.even, size[j] = u.odd;
        }
      }
      Gaps(law_.rate, gap, n);
      std::size_t jumping = 0;
      for (std::size_t j = 0; j < n; ++j) {
        const std::uint32_t path = at[j];
        if ((time[path] += gap[j]) > years_.back()) continue;
        at[jumping] = path, size[jumping] = size[j];
        ++jumping;
      }
      n = jumping;
      JumpSizes(law_, size, n);
      for (std::size_t j = 0; j < n; ++j) {
        const auto step = static_cast<std::size_t>(std::ranges::lower_bound(years_, time[at[j]]) - years_.begin());
        sum_[step * path_block + at[j]] += size[j];
        any_[step] = 1;
      }
    }
  }

  /// Adds the jumps of a step and `drift` to the log-prices.
  HWY_INLINE void Add(std::size_t step, double drift, double* HWY_RESTRICT log_price) const {
    const hn::ScalableTag<double> d;
    const auto every = hn::Set(d, drift);
    const double* row = any_[step] != 0 ? sum_.data() + step * path_block : nullptr;
    for (std::size_t i = 0; i < path_block; i += hn::Lanes(d)) {
      const auto more = row != nullptr ? hn::Add(every, hn::LoadU(d, row + i)) : every;
      hn::Store(hn::Add(hn::Load(d, log_price + i), more), d, log_price + i);
    }
  }

 private:
  const Draws& draws_;
  const JumpLaw& law_;
  std::span<const double> years_;
  std::vector<double> sum_;        // rows of path_block, a step each
  std::vector<std::uint8_t> any_;  // whether a step has jumps
};

/// The next jump of each path of a block, for jumps that what follows depends on.
class JumpClock {
 public:
  JumpClock(const Draws& draws, double rate) : draws_(draws), rate_(rate) {}

  HWY_INLINE void Start(std::uint64_t block) {
    block_ = block;
    std::fill_n(jump_, path_block, 0);
    if (rate_ == 0.0) {
      std::fill_n(next_, path_block, std::numeric_limits<double>::infinity());
    } else {
      HWY_ALIGN double odd[path_block];
      BlockUniforms(draws_, block, event_counter, next_, odd);
      Gaps(rate_, next_, path_block);
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

  /// The two uniforms of philox block `which` (0 to 3) of a path's next jump. Of block 0 the first made the gap.
  HWY_INLINE TwoUniforms Numbers(std::size_t path, std::uint64_t which) const {
    return PathUniforms(draws_, block_ + path, event_counter + 4 * jump_[path] + which);
  }

  /// These n paths have jumped: draws the times of their next jumps. FindEarliest afterwards.
  HWY_INLINE void Advance(const std::uint32_t* at, std::size_t n) {
    HWY_ALIGN double gap[path_block];
    for (std::size_t j = 0; j < n; ++j) {
      ++jump_[at[j]];
      gap[j] = Numbers(at[j], 0).even;
    }
    Gaps(rate_, gap, n);
    for (std::size_t j = 0; j < n; ++j) next_[at[j]] += gap[j];
  }
  HWY_INLINE void FindEarliest() { earliest_ = *std::min_element(next_, next_ + path_block); }

 private:
  const Draws& draws_;
  double rate_, earliest_ = 0.0;
  std::uint64_t block_ = 0;
  HWY_ALIGN double next_[path_block];  // years
  std::uint64_t jump_[path_block];     // number of the next one
};

}  // namespace ballast::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BALLAST_MODEL_JUMP_CLOCK_INL_H_
