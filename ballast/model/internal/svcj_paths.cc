#include <cmath>

#include "ballast/model/internal/path_kernel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/model/internal/svcj_paths.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/math/elementary.h"
#include "ballast/model/internal/jump_clock-inl.h"
#include "ballast/model/internal/path_numbers-inl.h"
#include "ballast/model/internal/qe_step-inl.h"

#ifndef BALLAST_MODEL_SVCJ_PATHS_ONCE_
#define BALLAST_MODEL_SVCJ_PATHS_ONCE_
namespace ballast::model::internal {

struct SvcjPlan {
  PathNumbers numbers;
  Svcj model;
  std::vector<double> years;
  std::vector<QeStep> step;
  std::vector<double> compensator;  // of each step: -rate E[e^J - 1] dt
};

}  // namespace ballast::model::internal
#endif

HWY_BEFORE_NAMESPACE();
namespace ballast::model::HWY_NAMESPACE {

/// The paths that jump between `start` and `end`, piece by piece: QE up to the jump, both jumps, QE from there. The
/// first piece has the step's normals, a later one those of the jump before it.
class JumpedSteps {
 public:
  JumpedSteps(const internal::SvcjPlan& plan, JumpClock& clock) : plan_(plan), clock_(clock) {}

  /// Takes the jumping paths as they stand at `start`.
  HWY_INLINE std::size_t Take(double start, double end, const double* z_v, const double* z, const double* v,
                              const double* x) {
    n_ = clock_.QuietUntil(end) ? 0 : clock_.Due(end, at_);
    for (std::size_t j = 0; j < n_; ++j) {
      const std::uint32_t i = at_[j];
      now_[j] = start, v_[j] = v[i], x_[j] = x[i], z_v_[j] = z_v[i], z_[j] = z[i];
    }
    return n_;
  }

  /// Walks them to `end` and puts them back.
  HWY_INLINE void Walk(double end, double* v, double* x) {
    const std::size_t all = n_;
    std::size_t left = all;
    while (left > 0) {
      // Those that still jump come first: at_, and the rows with it, are kept together.
      for (std::size_t j = 0; j < left; ++j) until_[j] = std::min(clock_.next(at_[j]), end);
      Move(left);
      std::size_t jumping = 0;
      for (std::size_t j = 0; j < left; ++j) {
        if (clock_.next(at_[j]) > end) {
          v[at_[j]] = v_[j], x[at_[j]] = x_[j];
        } else {
          at_[jumping] = at_[j], v_[jumping] = v_[j], x_[jumping] = x_[j], now_[jumping] = until_[j];
          ++jumping;
        }
      }
      Jump(jumping);
      left = jumping;
    }
    if (all > 0) clock_.FindEarliest();
  }

 private:
  HWY_INLINE void Move(std::size_t n) {
    const hn::ScalableTag<double> d;
    for (std::size_t j = n; j % hn::Lanes(d) != 0; ++j) {
      now_[j] = 0.0, until_[j] = 1.0;
      v_[j] = x_[j] = z_v_[j] = z_[j] = 0.5;
    }
    for (std::size_t j = 0; j < n; j += hn::Lanes(d)) {
      const auto c = OfLength(d, plan_.model.heston, hn::Sub(hn::Load(d, until_ + j), hn::Load(d, now_ + j)));
      const auto v = hn::Load(d, v_ + j), z_v = hn::Load(d, z_v_ + j);
      const auto moments = Moments(d, c, v);
      const auto near = QuadraticMove(d, c, moments, v, z_v);
      const auto far = ExponentialMove(d, c, moments, v, lanes::NormCdf(d, hn::Neg(z_v)));
      const auto quadratic = hn::Ge(moments.r, hn::Set(d, least_quadratic));
      const auto next = hn::IfThenElse(quadratic, near.next, far.next);
      const auto front = hn::IfThenElse(quadratic, near.front, far.front);
      hn::Store(MovedPrice(d, c, hn::Load(d, x_ + j), v, next, front, hn::Load(d, z_ + j)), d, x_ + j);
      hn::Store(next, d, v_ + j);
    }
  }

  // Both jumps of each, their next times, and the normals of the piece that follows.
  HWY_INLINE void Jump(std::size_t n) {
    if (n == 0) return;
    const hn::ScalableTag<double> d;
    HWY_ALIGN double size[path_block], rise[path_block];
    for (std::size_t j = 0; j < n; ++j) {
      size[j] = clock_.Numbers(at_[j], 0).odd;
      rise[j] = clock_.Numbers(at_[j], 1).even;
      const auto u = clock_.Numbers(at_[j], 2);
      z_v_[j] = u.even, z_[j] = u.odd;
    }
    for (std::size_t j = n; j % hn::Lanes(d) != 0; ++j) size[j] = rise[j] = z_v_[j] = z_[j] = v_[j] = x_[j] = 0.5;
    const Svcj& m = plan_.model;
    for (std::size_t j = 0; j < n; j += hn::Lanes(d)) {
      // A rising function of its uniform, like every other draw.
      const auto up =
          hn::Mul(hn::Set(d, -m.variance_jump), lanes::Log(d, hn::Sub(hn::Set(d, 1.0), hn::Load(d, rise + j))));
      const auto mean = hn::MulAdd(hn::Set(d, m.jump_slope), up, hn::Set(d, m.jumps.mean));
      const auto jump = hn::MulAdd(hn::Set(d, m.jumps.deviation), lanes::NormQuantile(d, hn::Load(d, size + j)), mean);
      hn::Store(hn::Add(hn::Load(d, v_ + j), up), d, v_ + j);
      hn::Store(hn::Add(hn::Load(d, x_ + j), jump), d, x_ + j);
      hn::Store(lanes::NormQuantile(d, hn::Load(d, z_v_ + j)), d, z_v_ + j);
      hn::Store(lanes::NormQuantile(d, hn::Load(d, z_ + j)), d, z_ + j);
    }
    clock_.Advance(at_, n);
  }

  const internal::SvcjPlan& plan_;
  JumpClock& clock_;
  std::size_t n_ = 0;
  std::uint32_t at_[path_block];
  HWY_ALIGN double now_[path_block];
  HWY_ALIGN double until_[path_block];
  HWY_ALIGN double v_[path_block];
  HWY_ALIGN double x_[path_block];
  HWY_ALIGN double z_v_[path_block];
  HWY_ALIGN double z_[path_block];
};

void FillSvcj(const internal::SvcjPlan& plan, std::uint64_t first, std::size_t paths, std::span<double> log_price,
              std::span<double> variance) {
  const hn::ScalableTag<double> d;
  BlockNumbers numbers(plan.numbers);
  JumpClock clock(plan.numbers.draws, plan.model.jumps.rate);
  JumpedSteps jumped(plan, clock);
  PathRows rows(first, paths, log_price, variance);
  const bool uniforms = plan.numbers.draws.source == DrawSource::philox;
  HWY_ALIGN double x[path_block], v[path_block];
  rows.ForEachBlock([&](std::uint64_t block) HWY_ATTR {
    numbers.Start(block);
    clock.Start(block);
    std::fill_n(x, path_block, 0.0);
    std::fill_n(v, path_block, plan.model.heston.v0);
    double start = 0.0;
    for (std::size_t t = 0; t < plan.step.size(); ++t) {
      const double end = plan.years[t];
      const double *z_v = numbers.Normals(t, 0), *z = numbers.Normals(t, 1);
      const std::size_t jumping = jumped.Take(start, end, z_v, z, v, x);
      QeBlock(plan.step[t], z_v, uniforms ? numbers.Uniforms(t, 0) : nullptr, z, v, x);
      if (jumping > 0) jumped.Walk(end, v, x);
      const auto drift = hn::Set(d, plan.compensator[t]);
      for (std::size_t i = 0; i < path_block; i += hn::Lanes(d))
        hn::Store(hn::Add(hn::Load(d, x + i), drift), d, x + i);
      rows.Put(t, x, v);
      start = end;
    }
  });
}

}  // namespace ballast::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::model {

HWY_EXPORT(FillSvcj);

namespace {

class SvcjKernel : public PathPlan::Kernel {
 public:
  SvcjKernel(const Svcj& model, const PathGrid& grid)
      : plan_{.numbers = PathNumbers(grid, 2), .model = model, .years = grid.years, .step = {}, .compensator = {}} {
    // E[e^J] - 1 = e^(mean + deviation²/2)/(1 - jump_slope variance_jump) - 1.
    const double slope = model.jump_slope * model.variance_jump;
    const double of_price = math::expm1(model.jumps.mean + 0.5 * model.jumps.deviation * model.jumps.deviation);
    const double growth = (of_price + slope) / (1.0 - slope);
    for (const double length : grid.length) {
      plan_.step.push_back(qe_step(model.heston, length));
      plan_.compensator.push_back(-model.jumps.rate * growth * length);
    }
  }
  std::size_t steps() const override { return plan_.step.size(); }
  void fill(std::uint64_t first, std::size_t paths, std::span<double> log_price,
            std::span<double> variance) const override {
    HWY_DYNAMIC_DISPATCH(FillSvcj)(plan_, first, paths, log_price, variance);
  }

 private:
  internal::SvcjPlan plan_;
};

}  // namespace

std::shared_ptr<const PathPlan::Kernel> path_kernel(const Svcj& model, const PathGrid& grid) {
  return std::make_shared<SvcjKernel>(model, grid);
}

}  // namespace ballast::model
#endif  // HWY_ONCE
