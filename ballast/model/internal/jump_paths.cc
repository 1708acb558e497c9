#include <cmath>

#include "ballast/model/internal/path_kernel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/model/internal/jump_paths.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/model/gbm-inl.h"
#include "ballast/model/internal/jump_clock-inl.h"
#include "ballast/model/internal/path_numbers-inl.h"

#ifndef BALLAST_MODEL_JUMP_PATHS_ONCE_
#define BALLAST_MODEL_JUMP_PATHS_ONCE_
namespace ballast::model::internal {

/// Merton and Kou: exact between dates, whatever their distance.
struct JumpPlan {
  PathNumbers numbers;
  std::vector<double> years;
  std::vector<GbmStep> step;  // of the Brownian part, the compensator in its drift
  JumpLaw law;
  double variance;  // of the Brownian part, per year
};

}  // namespace ballast::model::internal
#endif

HWY_BEFORE_NAMESPACE();
namespace ballast::model::HWY_NAMESPACE {

void FillJumps(const internal::JumpPlan& plan, std::uint64_t first, std::size_t paths, std::span<double> log_price,
               std::span<double> variance) {
  const hn::ScalableTag<double> d;
  BlockNumbers numbers(plan.numbers);
  JumpSums jumps(plan.numbers.draws, plan.law, plan.years);
  PathRows rows(first, paths, log_price, variance);
  HWY_ALIGN double x[path_block], v[path_block];
  std::fill_n(v, path_block, plan.variance);
  rows.ForEachBlock([&](std::uint64_t block) HWY_ATTR {
    numbers.Start(block);
    jumps.Start(block);
    std::fill_n(x, path_block, 0.0);
    for (std::size_t t = 0; t < plan.step.size(); ++t) {
      const double* z = numbers.Normals(t, 0);
      for (std::size_t i = 0; i < path_block; i += hn::Lanes(d))
        hn::Store(Advanced(d, plan.step[t], hn::Load(d, x + i), hn::Load(d, z + i)), d, x + i);
      jumps.Add(t, 0.0, x);
      rows.Put(t, x, v);
    }
  });
}

}  // namespace ballast::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::model {

HWY_EXPORT(FillJumps);

namespace {

class JumpKernel : public PathPlan::Kernel {
 public:
  JumpKernel(double vol, const JumpLaw& law, const PathGrid& grid)
      : plan_{.numbers = PathNumbers(grid, 1), .years = grid.years, .step = {}, .law = law, .variance = vol * vol} {
    for (const double length : grid.length)
      plan_.step.push_back(gbm_step({.drift = -law.rate * law.growth, .vol = Vol(vol)}, Years(length)));
  }
  std::size_t steps() const override { return plan_.step.size(); }
  void fill(std::uint64_t first, std::size_t paths, std::span<double> log_price,
            std::span<double> variance) const override {
    HWY_DYNAMIC_DISPATCH(FillJumps)(plan_, first, paths, log_price, variance);
  }

 private:
  internal::JumpPlan plan_;
};

}  // namespace

std::shared_ptr<const PathPlan::Kernel> path_kernel(const Merton& model, const PathGrid& grid) {
  return std::make_shared<JumpKernel>(model.vol, jump_law(model.jumps), grid);
}
std::shared_ptr<const PathPlan::Kernel> path_kernel(const Kou& model, const PathGrid& grid) {
  return std::make_shared<JumpKernel>(model.vol, jump_law(model), grid);
}

}  // namespace ballast::model
#endif  // HWY_ONCE
