#include "ballast/model/sabr.h"

#include <cmath>
#include <string>

#include "ballast/model/internal/fine_numbers.h"

#ifndef BALLAST_MODEL_SABR_PLAN_
#define BALLAST_MODEL_SABR_PLAN_
namespace ballast::model {

struct SabrPaths::Plan {
  FineNumbers fine;
  Sabr model;
};

}  // namespace ballast::model
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/model/sabr.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/model/internal/path_numbers-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::model::HWY_NAMESPACE {

enum class SabrWalk { lognormal, general, conditional };

/// One block. `a` is alpha's row, `left` the variance that the price's own motion would have brought.
template <SabrWalk kind, class Emit>
HWY_INLINE void WalkSabr(const SabrPaths::Plan& plan, BlockNumbers& numbers, double* HWY_RESTRICT x,
                         double* HWY_RESTRICT v, double* HWY_RESTRICT left, Emit emit) {
  namespace lanes = math::HWY_NAMESPACE;
  const hn::ScalableTag<double> d;
  const auto& [alpha, beta, rho, nu] = plan.model;
  HWY_ALIGN double a[path_block], z[path_block], own[path_block];
  std::fill_n(x, path_block, 0.0), std::fill_n(left, path_block, 0.0), std::fill_n(a, path_block, alpha);
  const auto floor = hn::Set(d, -6.907755278982137);  // ln(1/1000)
  const auto set = [&](double value) HWY_ATTR { return hn::Set(d, value); };
  // a f^(beta - 1), the vol of ln F; 0 once absorbed.
  const auto vol_at = [&](hn::Vec<decltype(d)> level, hn::Vec<decltype(d)> log_price) HWY_ATTR {
    if constexpr (kind != SabrWalk::general) return level;
    const auto vol = hn::Mul(level, lanes::Exp(d, hn::Mul(set(beta - 1.0), log_price)));
    return hn::IfThenElseZero(hn::Gt(log_price, floor), vol);
  };
  std::size_t date = 0;
  for (std::size_t t = 0; t < plan.fine.grid.steps(); ++t) {
    numbers.Normals(t, 0, z);
    if constexpr (kind != SabrWalk::conditional) numbers.Normals(t, 1, own);
    const double length = plan.fine.grid.length[t], root = plan.fine.root_length[t], rest = 1.0 - rho * rho;
    const double counted = kind == SabrWalk::conditional ? rho * rho * length : length;
    for (std::size_t i = 0; i < path_block; i += hn::Lanes(d)) {
      const auto level = hn::Load(d, a + i), now = hn::Load(d, x + i), dz = hn::Load(d, z + i);
      const auto vol = vol_at(level, now);
      auto move = hn::Mul(set(rho * root), dz);
      if constexpr (kind == SabrWalk::conditional)
        hn::Store(hn::MulAdd(hn::Mul(vol, vol), set(rest * length), hn::Load(d, left + i)), d, left + i);
      else
        move = hn::MulAdd(set(std::sqrt(rest) * root), hn::Load(d, own + i), move);
      move = hn::NegMulAdd(set(0.5 * counted), vol, move);
      hn::Store(hn::MulAdd(vol, move, now), d, x + i);
      const auto growth = hn::MulAdd(set(nu * root), dz, set(-0.5 * nu * nu * length));
      hn::Store(hn::Mul(level, lanes::Exp(d, growth)), d, a + i);
    }
    if (t + 1 != plan.fine.grid.after[date]) continue;
    for (std::size_t i = 0; i < path_block; i += hn::Lanes(d)) {
      const auto vol = vol_at(hn::Load(d, a + i), hn::Load(d, x + i));
      hn::Store(hn::Mul(vol, vol), d, v + i);
    }
    emit(date++);
  }
}

void SabrFill(const SabrPaths::Plan& plan, std::uint64_t first, std::size_t paths, std::span<double> log_price,
              std::span<double> variance) {
  BlockNumbers numbers(plan.fine.numbers);
  PathRows rows(first, paths, log_price, variance);
  HWY_ALIGN double x[path_block], v[path_block], left[path_block];
  rows.ForEachBlock([&](std::uint64_t block) HWY_ATTR {
    numbers.Start(block);
    const auto put = [&](std::size_t date) { rows.Put(date, x, v); };
    if (plan.model.beta == 1.0)
      WalkSabr<SabrWalk::lognormal>(plan, numbers, x, v, left, put);
    else
      WalkSabr<SabrWalk::general>(plan, numbers, x, v, left, put);
  });
}

void SabrCondition(const SabrPaths::Plan& plan, std::uint64_t first, std::span<double> log_forward,
                   std::span<double> left_variance) {
  BlockNumbers numbers(plan.fine.numbers);
  PathRows rows(first, log_forward.size(), log_forward, left_variance);
  HWY_ALIGN double x[path_block], v[path_block], left[path_block];
  rows.ForEachBlock([&](std::uint64_t block) HWY_ATTR {
    numbers.Start(block);
    WalkSabr<SabrWalk::conditional>(plan, numbers, x, v, left, [](std::size_t) {});
    rows.Put(0, x, left);
  });
}

}  // namespace ballast::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::model {

HWY_EXPORT(SabrFill);
HWY_EXPORT(SabrCondition);

std::optional<Error> fault(const Sabr& m) {
  const struct {
    const char* name;
    double value, lowest, highest;
  } numbers[] = {
      {"alpha", m.alpha, 1e-4, 10.0}, {"beta", m.beta, 0.0, 1.0}, {"rho", m.rho, -1.0, 1.0}, {"nu", m.nu, 0.0, 20.0}};
  for (const auto& n : numbers)
    if (!(n.value >= n.lowest && n.value <= n.highest))
      return Error{Fault::bad_input, "sabr: " + std::string(n.name) + " is " + std::to_string(n.value) + ", outside [" +
                                         std::to_string(n.lowest) + ", " + std::to_string(n.highest) + "]"};
  return std::nullopt;
}

Result<SabrPaths> SabrPaths::prepare(const Sabr& model, std::span<const double> years, const Draws& draws) {
  if (auto wrong = fault(model)) return *wrong;
  auto fine = fine_numbers("sabr", years, 1.0 / 365.0, 50.0, draws, 2);
  if (!fine) return fine.error();
  SabrPaths paths;
  paths.plan_ = std::make_shared<const Plan>(Plan{std::move(fine.value()), model});
  return paths;
}

std::size_t SabrPaths::steps() const { return plan_->fine.grid.after.size(); }

void SabrPaths::fill(std::uint64_t first, std::size_t paths, std::span<double> log_price,
                     std::span<double> variance) const {
  check_columns("sabr", steps(), paths, log_price, variance);
  HWY_DYNAMIC_DISPATCH(SabrFill)(*plan_, first, paths, log_price, variance);
}

void SabrPaths::condition(std::uint64_t first, std::span<double> log_forward, std::span<double> left_variance) const {
  if (plan_->model.beta != 1.0)
    abort_with({Fault::bad_input, "SabrPaths::condition: beta is " + std::to_string(plan_->model.beta) + ", not 1"});
  check_columns("sabr", 1, log_forward.size(), log_forward, left_variance);
  HWY_DYNAMIC_DISPATCH(SabrCondition)(*plan_, first, log_forward, left_variance);
}

}  // namespace ballast::model
#endif  // HWY_ONCE
