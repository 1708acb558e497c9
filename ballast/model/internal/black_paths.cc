#include <cmath>

#include "ballast/model/internal/path_kernel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/model/internal/black_paths.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/model/gbm-inl.h"
#include "ballast/model/internal/path_numbers-inl.h"

#ifndef BALLAST_MODEL_BLACK_PATHS_ONCE_
#define BALLAST_MODEL_BLACK_PATHS_ONCE_
namespace ballast::model::internal {

struct BlackPlan {
  PathNumbers numbers;
  std::vector<GbmStep> step;
  double variance;  // per year
};

}  // namespace ballast::model::internal
#endif

HWY_BEFORE_NAMESPACE();
namespace ballast::model::HWY_NAMESPACE {

void FillBlack(const internal::BlackPlan& plan, std::uint64_t first, std::size_t paths, std::span<double> log_price,
               std::span<double> variance) {
  const hn::ScalableTag<double> d;
  BlockNumbers numbers(plan.numbers);
  PathRows rows(first, paths, log_price, variance);
  HWY_ALIGN double x[path_block], v[path_block];
  std::fill_n(v, path_block, plan.variance);
  rows.ForEachBlock([&](std::uint64_t block) HWY_ATTR {
    numbers.Start(block);
    std::fill_n(x, path_block, 0.0);
    for (std::size_t t = 0; t < plan.step.size(); ++t) {
      const double* z = numbers.Normals(t, 0);
      for (std::size_t i = 0; i < path_block; i += hn::Lanes(d))
        hn::Store(Advanced(d, plan.step[t], hn::Load(d, x + i), hn::Load(d, z + i)), d, x + i);
      rows.Put(t, x, v);
    }
  });
}

}  // namespace ballast::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::model {

HWY_EXPORT(FillBlack);

namespace {

class BlackKernel : public PathPlan::Kernel {
 public:
  BlackKernel(const BlackScholes& model, const PathGrid& grid)
      : plan_{.numbers = PathNumbers(grid, 1), .step = {}, .variance = model.vol * model.vol} {
    for (const double length : grid.length)
      plan_.step.push_back(gbm_step({.drift = 0.0, .vol = Vol(model.vol)}, Years(length)));
  }
  std::size_t steps() const override { return plan_.step.size(); }
  void fill(std::uint64_t first, std::size_t paths, std::span<double> log_price,
            std::span<double> variance) const override {
    HWY_DYNAMIC_DISPATCH(FillBlack)(plan_, first, paths, log_price, variance);
  }

 private:
  internal::BlackPlan plan_;
};

}  // namespace

std::shared_ptr<const PathPlan::Kernel> path_kernel(const BlackScholes& model, const PathGrid& grid) {
  return std::make_shared<BlackKernel>(model, grid);
}

}  // namespace ballast::model
#endif  // HWY_ONCE
