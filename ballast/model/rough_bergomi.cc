#include "ballast/model/rough_bergomi.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <string>

#include <hwy/aligned_allocator.h>

#include "ballast/math/elementary.h"
#include "ballast/model/internal/step_grid.h"
#include "ballast/model/volterra.h"

#ifndef BALLAST_MODEL_ROUGH_BERGOMI_PLAN_
#define BALLAST_MODEL_ROUGH_BERGOMI_PLAN_
namespace ballast::model {

// Row i holds what cell j < i weighs in Y at the end of step i, W's step over the cell being its factor. On equal steps
// the weight depends on i - j alone, and every row is a piece of one.
struct RoughBergomiPaths::Plan {
  StepGrid grid;
  Draws draws;
  double rho = 0.0, eta = 0.0, first_variance = 0.0;
  bool equal_steps = false;
  std::vector<double> weights;
  std::vector<double> root_length, newest_driver, newest_rest;  // of each step: Y's newest cell is driver z + rest z'
  std::vector<double> variance, drift;                          // xi0 at the end of a step, -eta² Var Y / 2
  std::size_t steps() const { return grid.steps(); }
  const double* row(std::size_t i) const {
    return equal_steps ? weights.data() + (steps() - i) : weights.data() + i * (i - 1) / 2;
  }
};

}  // namespace ballast::model
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/model/rough_bergomi.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/model/internal/step_normals-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::model::HWY_NAMESPACE {

using Plan = RoughBergomiPaths::Plan;
constexpr std::size_t block = math::path_block;

/// y[i] += sum over j < i of row(i)[j] w[j], rows of a block of paths: `rows` of them at once, from i on, and `wide`
/// vectors. Each sum runs over j in its order.
template <std::size_t rows, std::size_t wide, class D>
HWY_INLINE void ConvolvedRows(D d, const Plan& plan, std::size_t i, const double* HWY_RESTRICT w,
                              double* HWY_RESTRICT y) {
  using V = hn::Vec<D>;
  const std::size_t lanes = hn::Lanes(d);
  const double* weight[rows];
  for (std::size_t r = 0; r < rows; ++r) weight[r] = plan.row(i + r);
  for (std::size_t at = 0; at < block; at += wide * lanes) {
    V sum[rows][wide];
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t v = 0; v < wide; ++v) sum[r][v] = hn::Load(d, y + (i + r) * block + at + v * lanes);
    const double* cell = w + at;
    for (std::size_t j = 0; j < i; ++j, cell += block) {
      V x[wide];
      for (std::size_t v = 0; v < wide; ++v) x[v] = hn::Load(d, cell + v * lanes);
      for (std::size_t r = 0; r < rows; ++r) {
        const V factor = hn::Set(d, weight[r][j]);
        for (std::size_t v = 0; v < wide; ++v) sum[r][v] = hn::MulAdd(factor, x[v], sum[r][v]);
      }
    }
    // The corner: cells i .. i + r - 1, which only the later rows have behind them.
    for (std::size_t r = 1; r < rows; ++r)
      for (std::size_t j = i; j < i + r; ++j)
        for (std::size_t v = 0; v < wide; ++v)
          sum[r][v] = hn::MulAdd(hn::Set(d, weight[r][j]), hn::Load(d, w + j * block + at + v * lanes), sum[r][v]);
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t v = 0; v < wide; ++v) hn::Store(sum[r][v], d, y + (i + r) * block + at + v * lanes);
  }
}

/// W's steps and Y for a block of paths: w and y have a row for each step.
void Driver(const Plan& plan, std::uint64_t first, double* HWY_RESTRICT w, double* HWY_RESTRICT y) {
  const hn::ScalableTag<double> d;
  const std::size_t n = plan.steps(), lanes = hn::Lanes(d);
  StepNormals<3> normals;
  for (std::size_t i = 0; i < n; ++i) {
    normals.Draw(plan.draws, first, i, 2);
    const auto root = hn::Set(d, plan.root_length[i]);
    const auto driver = hn::Set(d, plan.newest_driver[i]), rest = hn::Set(d, plan.newest_rest[i]);
    for (std::size_t p = 0; p < block; p += lanes) {
      const auto z = hn::Load(d, normals.Of(i, 0) + p);
      hn::Store(hn::Mul(root, z), d, w + i * block + p);
      hn::Store(hn::MulAdd(driver, z, hn::Mul(rest, hn::Load(d, normals.Of(i, 1) + p))), d, y + i * block + p);
    }
  }
  // As many sums at once as there are registers for: 32 with AVX-512, else 16.
  constexpr std::size_t wide = hn::MaxLanes(hn::ScalableTag<double>()) >= 8 ? 4 : 2;
  static_assert(block % (wide * hn::MaxLanes(hn::ScalableTag<double>())) == 0);
  std::size_t i = 1;
  for (; i + 4 <= n; i += 4) ConvolvedRows<4, wide>(d, plan, i, w, y);
  for (; i < n; ++i) ConvolvedRows<1, wide>(d, plan, i, w, y);
}

/// The price's walk over W and Y. Of the price's own Brownian motion, number 2 of each step, the conditional walk takes
/// nothing: `own` is then the variance that it leaves.
template <bool conditional, class Emit>
HWY_INLINE void Walk(const Plan& plan, std::uint64_t first, const double* HWY_RESTRICT w, const double* HWY_RESTRICT y,
                     double* HWY_RESTRICT x, double* HWY_RESTRICT v, double* HWY_RESTRICT own, Emit emit) {
  const hn::ScalableTag<double> d;
  const std::size_t lanes = hn::Lanes(d);
  const double rest = 1.0 - plan.rho * plan.rho;
  const auto rho = hn::Set(d, plan.rho), eta = hn::Set(d, plan.eta);
  HWY_ALIGN double z[2][block];
  std::fill_n(x, block, 0.0), std::fill_n(own, block, 0.0);
  std::fill_n(v, block, plan.first_variance);
  std::size_t date = 0;
  for (std::size_t i = 0; i < plan.steps(); ++i) {
    if (!conditional && i % 2 == 0) DrawnPair(plan.draws, first, i / 2 * 3 + 2, z[0], z[1]);
    const double length = plan.grid.length[i];
    const auto half = hn::Set(d, conditional ? -0.5 * plan.rho * plan.rho * length : -0.5 * length);
    const auto side = hn::Set(d, conditional ? rest * length : std::sqrt(rest) * plan.root_length[i]);
    const auto xi = hn::Set(d, plan.variance[i]), drift = hn::Set(d, plan.drift[i]);
    for (std::size_t p = 0; p < block; p += lanes) {
      const auto variance = hn::Load(d, v + p);
      auto step = hn::Mul(rho, hn::Load(d, w + i * block + p));
      if constexpr (!conditional) step = hn::MulAdd(side, hn::Load(d, z[i % 2] + p), step);
      const auto log_price = hn::MulAdd(hn::Sqrt(variance), step, hn::MulAdd(half, variance, hn::Load(d, x + p)));
      hn::Store(log_price, d, x + p);
      if constexpr (conditional) hn::Store(hn::MulAdd(side, variance, hn::Load(d, own + p)), d, own + p);
      const auto exponent = hn::MulAdd(eta, hn::Load(d, y + i * block + p), drift);
      hn::Store(hn::Mul(xi, math::HWY_NAMESPACE::Exp(d, exponent)), d, v + p);
    }
    if (i + 1 == plan.grid.after[date]) emit(date++);
  }
}

void RoughFill(const Plan& plan, std::uint64_t first, std::size_t paths, double* log_price, double* variance) {
  const auto buffer = hwy::AllocateAligned<double>(2 * plan.steps() * block);
  double *w = buffer.get(), *y = w + plan.steps() * block;
  HWY_ALIGN double x[block], v[block], own[block];
  for (std::size_t done = 0; done < paths; done += block) {
    const std::size_t rows = std::min(block, paths - done);
    Driver(plan, first + done, w, y);
    Walk<false>(plan, first + done, w, y, x, v, own, [&](std::size_t date) {
      std::copy_n(x, rows, log_price + date * paths + done);
      if (variance != nullptr) std::copy_n(v, rows, variance + date * paths + done);
    });
  }
}

void RoughCondition(const Plan& plan, std::uint64_t first, std::size_t paths, double* log_forward, double* left) {
  const auto buffer = hwy::AllocateAligned<double>(2 * plan.steps() * block);
  double *w = buffer.get(), *y = w + plan.steps() * block;
  HWY_ALIGN double x[block], v[block], own[block];
  for (std::size_t done = 0; done < paths; done += block) {
    const std::size_t rows = std::min(block, paths - done);
    Driver(plan, first + done, w, y);
    Walk<true>(plan, first + done, w, y, x, v, own, [](std::size_t) {});
    std::copy_n(x, rows, log_forward + done);
    std::copy_n(own, rows, left + done);
  }
}

}  // namespace ballast::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::model {

HWY_EXPORT(RoughFill);
HWY_EXPORT(RoughCondition);

std::optional<Error> fault(const RoughBergomi& model) {
  if (auto wrong = fault(model.variance)) return wrong;
  const auto outside = [](const char* name, double value, const char* range) {
    return Error{Fault::bad_input,
                 "rough-bergomi: " + std::string(name) + " is " + std::to_string(value) + ", outside " + range};
  };
  if (!(model.eta >= 0.0 && model.eta <= 20.0)) return outside("eta", model.eta, "[0, 20]");
  if (!(model.rho >= -1.0 && model.rho <= 1.0)) return outside("rho", model.rho, "[-1, 1]");
  if (!(model.hurst >= 0.01 && model.hurst <= 0.5)) return outside("hurst", model.hurst, "[0.01, 0.5]");
  return std::nullopt;
}

Result<RoughBergomiPaths> RoughBergomiPaths::prepare(const RoughBergomi& model, std::span<const double> years,
                                                     const Draws& draws) {
  if (auto wrong = fault(model)) return *wrong;
  constexpr std::size_t most_equal = 20'000,
                        most_unequal = 4'000;  // the cost is their square, and of the second the memory
  const double last = years.empty() ? 0.0 : years.back();
  auto grid = step_grid("rough-bergomi", years, std::min(1.0 / 365.0, last / 100.0), 0.0);
  if (!grid) return grid.error();
  Plan plan{.grid = std::move(grid.value()), .draws = draws, .rho = model.rho, .eta = model.eta};
  const std::size_t n = plan.grid.steps();
  const double mean_length = last / static_cast<double>(n);
  plan.equal_steps = std::all_of(plan.grid.length.begin(), plan.grid.length.end(),
                                 [&](double h) { return std::abs(h / mean_length - 1.0) <= 1e-9; });
  if (n > (plan.equal_steps ? most_equal : most_unequal))
    return Error{Fault::limit, "rough-bergomi paths: " + std::to_string(n) + " steps, more than " +
                                   std::to_string(plan.equal_steps ? most_equal : most_unequal)};
  plan.first_variance = at(model.variance, 0.0);
  const double front = std::sqrt(2.0 * model.hurst);
  const auto weight = [&](double near, double far) { return front * kernel_mean(model.hurst, near, far); };
  if (plan.equal_steps) {
    // weights[n - k] is that of the cell k steps behind the newest: row i begins at n - i.
    plan.weights.resize(n);
    for (std::size_t k = 1; k < n; ++k)
      plan.weights[n - k] = weight(static_cast<double>(k) * mean_length, static_cast<double>(k + 1) * mean_length);
  } else {
    plan.weights.reserve(n * (n - 1) / 2);
    for (std::size_t i = 1; i < n; ++i) {
      const double end = plan.grid.start[i] + plan.grid.length[i];
      for (std::size_t j = 0; j < i; ++j)
        plan.weights.push_back(weight(end - plan.grid.start[j + 1], end - plan.grid.start[j]));
    }
  }
  double older = 0.0;  // on equal steps the variance of the older cells only grows
  for (std::size_t i = 0; i < n; ++i) {
    const double length = plan.equal_steps ? mean_length : plan.grid.length[i];
    const NewestCell cell = newest_cell(model.hurst, length);
    const double driver = front * cell.covariance / std::sqrt(length);
    const double rest =
        std::sqrt(std::max(2.0 * model.hurst * cell.var_kernel - driver * driver, 0.0));  // 0 at hurst = 1/2
    plan.root_length.push_back(std::sqrt(length));
    plan.newest_driver.push_back(driver);
    plan.newest_rest.push_back(rest);
    if (plan.equal_steps && i > 0) {
      older += plan.weights[n - i] * plan.weights[n - i] * length;
    } else if (i > 0) {
      older = 0.0;
      for (std::size_t j = 0; j < i; ++j) older += plan.row(i)[j] * plan.row(i)[j] * plan.grid.length[j];
    }
    plan.variance.push_back(at(model.variance, plan.grid.start[i] + plan.grid.length[i]));
    plan.drift.push_back(-0.5 * model.eta * model.eta * (driver * driver + rest * rest + older));
  }
  RoughBergomiPaths paths;
  paths.plan_ = std::make_shared<const Plan>(std::move(plan));
  return paths;
}

std::size_t RoughBergomiPaths::steps() const { return plan_->grid.after.size(); }

void RoughBergomiPaths::fill(std::uint64_t first, std::size_t paths, std::span<double> log_price,
                             std::span<double> variance) const {
  assert(log_price.size() == paths * steps() && (variance.empty() || variance.size() == log_price.size()));
  HWY_DYNAMIC_DISPATCH(RoughFill)(*plan_, first, paths, log_price.data(), variance.empty() ? nullptr : variance.data());
}

void RoughBergomiPaths::condition(std::uint64_t first, std::span<double> log_forward,
                                  std::span<double> left_variance) const {
  assert(log_forward.size() == left_variance.size());
  HWY_DYNAMIC_DISPATCH(RoughCondition)(*plan_, first, log_forward.size(), log_forward.data(), left_variance.data());
}

}  // namespace ballast::model
#endif  // HWY_ONCE
