#include "ballast/model/rough_bergomi.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <hwy/aligned_allocator.h>

#include "ballast/math/elementary.h"
#include "ballast/model/internal/fine_numbers.h"
#include "ballast/model/volterra.h"

#ifndef BALLAST_MODEL_ROUGH_BERGOMI_PLAN_
#define BALLAST_MODEL_ROUGH_BERGOMI_PLAN_
namespace ballast::model {

// Row i holds what cell j < i weighs in Y at the end of step i, W's step over the cell being its factor. On equal steps
// the weight depends on i - j alone, and every row is a piece of one.
struct RoughBergomiPaths::Plan {
  FineNumbers fine;
  double rho = 0.0, eta = 0.0, first_variance = 0.0;
  bool equal_steps = false;
  std::vector<double> weights;
  std::vector<double> newest_driver, newest_rest;  // of each step: Y's newest cell is driver z + rest z'
  std::vector<double> variance, drift;             // xi0 at the end of a step, -eta² Var Y / 2
  std::size_t steps() const { return fine.grid.steps(); }
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

#include "ballast/model/internal/path_numbers-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::model::HWY_NAMESPACE {

using Plan = RoughBergomiPaths::Plan;

/// y[i] += sum over j < i of row(i)[j] w[j], rows of a path_block of paths: `rows` of them at once, from i on, and
/// `wide` vectors. Each sum runs over j in its order.
template <std::size_t rows, std::size_t wide, class D>
HWY_INLINE void ConvolvedRows(D d, const Plan& plan, std::size_t i, const double* HWY_RESTRICT w,
                              double* HWY_RESTRICT y) {
  using V = hn::Vec<D>;
  const std::size_t lanes = hn::Lanes(d);
  const double* weight[rows];
  for (std::size_t r = 0; r < rows; ++r) weight[r] = plan.row(i + r);
  for (std::size_t at = 0; at < path_block; at += wide * lanes) {
    V sum[rows][wide];
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t v = 0; v < wide; ++v) sum[r][v] = hn::Load(d, y + (i + r) * path_block + at + v * lanes);
    const double* cell = w + at;
    for (std::size_t j = 0; j < i; ++j, cell += path_block) {
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
          sum[r][v] = hn::MulAdd(hn::Set(d, weight[r][j]), hn::Load(d, w + j * path_block + at + v * lanes), sum[r][v]);
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t v = 0; v < wide; ++v) hn::Store(sum[r][v], d, y + (i + r) * path_block + at + v * lanes);
  }
}

/// What a block of paths needs before the price can walk: rows for each step of W's steps, of Y and of the normals of
/// the price's own motion.
struct RoughRows {
  explicit RoughRows(std::size_t steps)
      : rows(hwy::AllocateAligned<double>(3 * steps * path_block)),
        w(rows.get()),
        y(w + steps * path_block),
        own(y + steps * path_block) {}
  hwy::AlignedFreeUniquePtr<double[]> rows;
  double *w, *y, *own;
};

template <bool conditional>
void DrawRough(const Plan& plan, BlockNumbers& numbers, RoughRows& rows) {
  const hn::ScalableTag<double> d;
  double *HWY_RESTRICT w = rows.w, *HWY_RESTRICT y = rows.y;
  const std::size_t n = plan.steps(), lanes = hn::Lanes(d);
  HWY_ALIGN double z[path_block], newest[path_block];
  for (std::size_t i = 0; i < n; ++i) {
    // Three numbers are never one pair: a row is good until the next pair is drawn.
    std::copy_n(numbers.Normals(i, 0), path_block, z), std::copy_n(numbers.Normals(i, 1), path_block, newest);
    if constexpr (!conditional) std::copy_n(numbers.Normals(i, 2), path_block, rows.own + i * path_block);
    const auto root = hn::Set(d, plan.fine.root_length[i]);
    const auto driver = hn::Set(d, plan.newest_driver[i]), rest = hn::Set(d, plan.newest_rest[i]);
    for (std::size_t p = 0; p < path_block; p += lanes) {
      const auto step = hn::Load(d, z + p);
      hn::Store(hn::Mul(root, step), d, w + i * path_block + p);
      hn::Store(hn::MulAdd(driver, step, hn::Mul(rest, hn::Load(d, newest + p))), d, y + i * path_block + p);
    }
  }
  // As many sums at once as there are registers for: 32 with AVX-512, else 16.
  constexpr std::size_t wide = hn::MaxLanes(hn::ScalableTag<double>()) >= 8 ? 4 : 2;
  static_assert(path_block % (wide * hn::MaxLanes(hn::ScalableTag<double>())) == 0);
  std::size_t i = 1;
  for (; i + 4 <= n; i += 4) ConvolvedRows<4, wide>(d, plan, i, w, y);
  for (; i < n; ++i) ConvolvedRows<1, wide>(d, plan, i, w, y);
}

/// The price's walk over W and Y. The conditional one leaves the price's own motion out: `left` is the variance that it
/// would have brought.
template <bool conditional, class Emit>
HWY_INLINE void WalkRough(const Plan& plan, const RoughRows& rows, double* HWY_RESTRICT x, double* HWY_RESTRICT v,
                          double* HWY_RESTRICT left, Emit emit) {
  const hn::ScalableTag<double> d;
  const double rest = 1.0 - plan.rho * plan.rho;
  const auto rho = hn::Set(d, plan.rho), eta = hn::Set(d, plan.eta);
  std::fill_n(x, path_block, 0.0), std::fill_n(left, path_block, 0.0);
  std::fill_n(v, path_block, plan.first_variance);
  std::size_t date = 0;
  for (std::size_t i = 0; i < plan.steps(); ++i) {
    const double length = plan.fine.grid.length[i];
    const auto half = hn::Set(d, conditional ? -0.5 * plan.rho * plan.rho * length : -0.5 * length);
    const auto side = hn::Set(d, conditional ? rest * length : std::sqrt(rest) * plan.fine.root_length[i]);
    const auto xi = hn::Set(d, plan.variance[i]), drift = hn::Set(d, plan.drift[i]);
    const double *w = rows.w + i * path_block, *y = rows.y + i * path_block, *own = rows.own + i * path_block;
    for (std::size_t p = 0; p < path_block; p += hn::Lanes(d)) {
      const auto variance = hn::Load(d, v + p);
      auto step = hn::Mul(rho, hn::Load(d, w + p));
      if constexpr (conditional)
        hn::Store(hn::MulAdd(side, variance, hn::Load(d, left + p)), d, left + p);
      else
        step = hn::MulAdd(side, hn::Load(d, own + p), step);
      const auto fallen = hn::MulAdd(half, variance, hn::Load(d, x + p));
      hn::Store(hn::MulAdd(hn::Sqrt(variance), step, fallen), d, x + p);
      const auto exponent = hn::MulAdd(eta, hn::Load(d, y + p), drift);
      hn::Store(hn::Mul(xi, math::HWY_NAMESPACE::Exp(d, exponent)), d, v + p);
    }
    if (i + 1 == plan.fine.grid.after[date]) emit(date++);
  }
}

void RoughFill(const Plan& plan, std::uint64_t first, std::size_t paths, std::span<double> log_price,
               std::span<double> variance) {
  BlockNumbers numbers(plan.fine.numbers);
  PathRows out(first, paths, log_price, variance);
  RoughRows rows(plan.steps());
  HWY_ALIGN double x[path_block], v[path_block], left[path_block];
  out.ForEachBlock([&](std::uint64_t block) HWY_ATTR {
    numbers.Start(block);
    DrawRough<false>(plan, numbers, rows);
    WalkRough<false>(plan, rows, x, v, left, [&](std::size_t date) { out.Put(date, x, v); });
  });
}

void RoughCondition(const Plan& plan, std::uint64_t first, std::span<double> log_forward,
                    std::span<double> left_variance) {
  BlockNumbers numbers(plan.fine.numbers);
  PathRows out(first, log_forward.size(), log_forward, left_variance);
  RoughRows rows(plan.steps());
  HWY_ALIGN double x[path_block], v[path_block], left[path_block];
  out.ForEachBlock([&](std::uint64_t block) HWY_ATTR {
    numbers.Start(block);
    DrawRough<true>(plan, numbers, rows);
    WalkRough<true>(plan, rows, x, v, left, [](std::size_t) {});
    out.Put(0, x, left);
  });
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
  auto fine = fine_numbers("rough-bergomi", years, std::min(1.0 / 365.0, last / 100.0), 0.0, draws, 3);
  if (!fine) return fine.error();
  Plan plan{.fine = std::move(fine.value()), .rho = model.rho, .eta = model.eta};
  const StepGrid& steps = plan.fine.grid;
  const std::size_t n = steps.steps();
  const double mean_length = last / static_cast<double>(n);
  plan.equal_steps = std::all_of(steps.length.begin(), steps.length.end(),
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
      const double end = steps.start[i] + steps.length[i];
      for (std::size_t j = 0; j < i; ++j)
        plan.weights.push_back(weight(end - steps.start[j + 1], end - steps.start[j]));
    }
  }
  double older = 0.0;  // on equal steps the variance of the older cells only grows
  for (std::size_t i = 0; i < n; ++i) {
    const double length = plan.equal_steps ? mean_length : steps.length[i];
    const NewestCell cell = newest_cell(model.hurst, length);
    const double driver = front * cell.covariance / std::sqrt(length);
    const double rest =
        std::sqrt(std::max(2.0 * model.hurst * cell.var_kernel - driver * driver, 0.0));  // 0 at hurst = 1/2
    plan.newest_driver.push_back(driver);
    plan.newest_rest.push_back(rest);
    if (plan.equal_steps && i > 0) {
      older += plan.weights[n - i] * plan.weights[n - i] * length;
    } else if (i > 0) {
      older = 0.0;
      for (std::size_t j = 0; j < i; ++j) older += plan.row(i)[j] * plan.row(i)[j] * steps.length[j];
    }
    plan.variance.push_back(at(model.variance, steps.start[i] + steps.length[i]));
    plan.drift.push_back(-0.5 * model.eta * model.eta * (driver * driver + rest * rest + older));
  }
  RoughBergomiPaths paths;
  paths.plan_ = std::make_shared<const Plan>(std::move(plan));
  return paths;
}

std::size_t RoughBergomiPaths::steps() const { return plan_->fine.grid.after.size(); }

void RoughBergomiPaths::fill(std::uint64_t first, std::size_t paths, std::span<double> log_price,
                             std::span<double> variance) const {
  check_columns("rough-bergomi", steps(), paths, log_price, variance);
  HWY_DYNAMIC_DISPATCH(RoughFill)(*plan_, first, paths, log_price, variance);
}

void RoughBergomiPaths::condition(std::uint64_t first, std::span<double> log_forward,
                                  std::span<double> left_variance) const {
  check_columns("rough-bergomi", 1, log_forward.size(), log_forward, left_variance);
  HWY_DYNAMIC_DISPATCH(RoughCondition)(*plan_, first, log_forward, left_variance);
}

}  // namespace ballast::model
#endif  // HWY_ONCE
