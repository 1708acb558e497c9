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

/// What a step of SABR multiplies its normals z (of alpha) and y (the price's own) by: linear, square and cross terms,
/// and the constant that keeps the price a martingale.
template <class D>
struct SabrTerms {
  hn::Vec<D> z, y, zz, zy, yy, off;

  /// vol is that of ln F, b = a f^(beta-1). The weak Taylor scheme of order 2 for x = ln F: with W = rho z + rest y,
  ///   b sqrt(h) W + h/2 [(beta-1) b² (W² - 1) + nu b (z W - rho)]
  ///     + h^(3/2)/2 [((beta-1)(beta-4)/2 b³ + (beta-1) nu rho b²) W - nu b² z],
  /// all but the constants, which `off` takes the place of. Where b² h is too large for an expansion, near the
  /// absorbing end, the terms of higher order are left out: Euler's step is a martingale too.
  HWY_INLINE SabrTerms(D d, const Sabr& model, double h, double root, hn::Vec<D> vol) {
    const double rho = model.rho, rest = std::sqrt(1.0 - rho * rho), tilt = model.beta - 1.0, nu = model.nu;
    const auto one = hn::Set(d, 1.0), square = hn::Mul(vol, vol);
    const auto set = [&](double value) HWY_ATTR { return hn::Set(d, value); };
    const auto bend = hn::Mul(set(0.5 * h * tilt), square), lean = hn::Mul(set(0.5 * h * nu), vol);
    const auto small = hn::Lt(hn::Add(hn::Abs(bend), lean), set(0.1));
    const auto kept = [&](hn::Vec<D> term) HWY_ATTR { return hn::IfThenElseZero(small, term); };
    const double third = 0.5 * h * root;
    const auto w = hn::MulAdd(hn::Mul(set(third * tilt), square),
                              hn::MulAdd(set(0.5 * (model.beta - 4.0)), vol, set(nu * rho)), hn::Zero(d));
    const auto by_w = hn::MulAdd(set(root), vol, kept(w));
    z = hn::MulAdd(set(rho), by_w, kept(hn::Mul(set(-third * nu), square)));
    y = hn::Mul(set(rest), by_w);
    zz = kept(hn::MulAdd(set(rho * rho), bend, hn::Mul(set(rho), lean)));
    zy = kept(hn::MulAdd(set(2.0 * rho * rest), bend, hn::Mul(set(rest), lean)));
    yy = kept(hn::Mul(set(rest * rest), bend));
    // ln E[exp(v·n + n'Mn)] = v'(1 - 2M)^-1 v / 2 - ln det(1 - 2M) / 2 for two standard normals n.
    const auto p = hn::NegMulAdd(set(2.0), zz, one), q = hn::NegMulAdd(set(2.0), yy, one);
    const auto less = hn::NegMulAdd(zy, zy, hn::Mul(set(4.0), hn::Mul(zz, yy)));  // det - 1, with the traces
    const auto excess = hn::NegMulAdd(set(2.0), hn::Add(zz, yy), less);
    const auto form =
        hn::MulAdd(hn::Mul(z, z), q, hn::MulAdd(hn::Mul(y, y), p, hn::Mul(set(2.0), hn::Mul(zy, hn::Mul(z, y)))));
    const auto log_det = math::HWY_NAMESPACE::Log1p(d, excess);
    off = hn::Mul(set(0.5), hn::Sub(log_det, hn::Div(form, hn::Add(one, excess))));
  }
};

/// One block. `a` is alpha's row, `left` the variance that the price's own motion would have brought.
template <SabrWalk kind, class Emit>
HWY_INLINE void WalkSabr(const SabrPaths::Plan& plan, BlockNumbers& numbers, double* HWY_RESTRICT x,
                         double* HWY_RESTRICT v, double* HWY_RESTRICT left, Emit emit) {
  const hn::ScalableTag<double> d;
  const Sabr& model = plan.model;
  HWY_ALIGN double a[path_block];
  std::fill_n(x, path_block, 0.0), std::fill_n(left, path_block, 0.0), std::fill_n(a, path_block, model.alpha);
  const auto floor = hn::Set(d, -6.907755278982137);  // ln(1/1000)
  // a f^(beta - 1), the vol of ln F; 0 once absorbed.
  const auto vol_at = [&](hn::Vec<decltype(d)> level, hn::Vec<decltype(d)> log_price) HWY_ATTR {
    if constexpr (kind != SabrWalk::general) return level;
    const auto power = math::HWY_NAMESPACE::Exp(d, hn::Mul(hn::Set(d, model.beta - 1.0), log_price));
    return hn::IfThenElseZero(hn::Gt(log_price, floor), hn::Mul(level, power));
  };
  std::size_t date = 0;
  for (std::size_t t = 0; t < plan.fine.grid.steps(); ++t) {
    const double *z = numbers.Normals(t, 0), *own = numbers.Normals(t, 1);
    const double length = plan.fine.grid.length[t], root = plan.fine.root_length[t];
    for (std::size_t i = 0; i < path_block; i += hn::Lanes(d)) {
      const auto level = hn::Load(d, a + i), now = hn::Load(d, x + i), dz = hn::Load(d, z + i);
      const SabrTerms<decltype(d)> terms(d, model, length, root, vol_at(level, now));
      const auto by_z = hn::MulAdd(hn::MulAdd(terms.zz, dz, terms.z), dz, hn::Add(now, terms.off));
      const auto by_y = hn::MulAdd(terms.zy, dz, terms.y);
      if constexpr (kind == SabrWalk::conditional) {
        // Given z the step is normal: yy is 0 at beta = 1.
        const auto variance = hn::Mul(by_y, by_y);
        hn::Store(hn::MulAdd(hn::Set(d, 0.5), variance, by_z), d, x + i);
        hn::Store(hn::Add(variance, hn::Load(d, left + i)), d, left + i);
      } else {
        const auto dy = hn::Load(d, own + i);
        hn::Store(hn::MulAdd(hn::MulAdd(terms.yy, dy, by_y), dy, by_z), d, x + i);
      }
      const auto growth = hn::MulAdd(hn::Set(d, model.nu * root), dz, hn::Set(d, -0.5 * model.nu * model.nu * length));
      hn::Store(hn::Mul(level, math::HWY_NAMESPACE::Exp(d, growth)), d, a + i);
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
