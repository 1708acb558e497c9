#include <cmath>

#include "ballast/model/internal/path_kernel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/model/internal/heston_paths.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/model/internal/jump_clock-inl.h"
#include "ballast/model/internal/path_numbers-inl.h"
#include "ballast/model/internal/qe_step-inl.h"

#ifndef BALLAST_MODEL_HESTON_PATHS_ONCE_
#define BALLAST_MODEL_HESTON_PATHS_ONCE_
namespace ballast::model::internal {

/// Heston and Bates: QE steps from date to date, and the jumps of the price, which change no variance, at their dates.
struct HestonPlan {
  PathNumbers numbers;
  std::vector<double> years;
  std::vector<QeStep> step;
  std::vector<double> compensator;  // of each step: -rate E[e^J - 1] dt
  JumpLaw law;
  double v0;
};

}  // namespace ballast::model::internal
#endif

HWY_BEFORE_NAMESPACE();
namespace ballast::model::HWY_NAMESPACE {

void FillHeston(const internal::HestonPlan& plan, std::uint64_t first, std::size_t paths, std::span<double> log_price,
                std::span<double> variance) {
  BlockNumbers numbers(plan.numbers);
  JumpSums jumps(plan.numbers.draws, plan.law, plan.years);
  PathRows rows(first, paths, log_price, variance);
  const bool uniforms = plan.numbers.draws.source == DrawSource::philox;
  HWY_ALIGN double x[path_block], v[path_block];
  rows.ForEachBlock([&](std::uint64_t block) HWY_ATTR {
    numbers.Start(block);
    jumps.Start(block);
    std::fill_n(x, path_block, 0.0);
    std::fill_n(v, path_block, plan.v0);
    for (std::size_t t = 0; t < plan.step.size(); ++t) {
      const double *z_v = numbers.Normals(t, 0), *z = numbers.Normals(t, 1);
      QeBlock(plan.step[t], z_v, uniforms ? numbers.Uniforms(t, 0) : nullptr, z, v, x);
      if (plan.law.rate > 0.0) jumps.Add(t, plan.compensator[t], x);
      rows.Put(t, x, v);
    }
  });
}

}  // namespace ballast::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::model {

HWY_EXPORT(FillHeston);

namespace {

class HestonKernel : public PathPlan::Kernel {
 public:
  HestonKernel(const Heston& model, const JumpLaw& law, const PathGrid& grid)
      : plan_{.numbers = PathNumbers(grid, 2),
              .years = grid.years,
              .step = {},
              .compensator = {},
              .law = law,
              .v0 = model.v0} {
    for (const double length : grid.length) {
      plan_.step.push_back(qe_step(model, length));
      plan_.compensator.push_back(-law.rate * law.growth * length);
    }
  }
  std::size_t steps() const override { return plan_.step.size(); }
  void fill(std::uint64_t first, std::size_t paths, std::span<double> log_price,
            std::span<double> variance) const override {
    HWY_DYNAMIC_DISPATCH(FillHeston)(plan_, first, paths, log_price, variance);
  }

 private:
  internal::HestonPlan plan_;
};

}  // namespace

std::shared_ptr<const PathPlan::Kernel> path_kernel(const Heston& model, const PathGrid& grid) {
  return std::make_shared<HestonKernel>(model, JumpLaw{}, grid);
}
std::shared_ptr<const PathPlan::Kernel> path_kernel(const Bates& model, const PathGrid& grid) {
  return std::make_shared<HestonKernel>(model.heston, jump_law(model.jumps), grid);
}

}  // namespace ballast::model
#endif  // HWY_ONCE
