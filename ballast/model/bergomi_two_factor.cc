#include "ballast/model/bergomi_two_factor.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "ballast/math/elementary.h"
#include "ballast/model/internal/fine_numbers.h"

#ifndef BALLAST_MODEL_BERGOMI_PLAN_
#define BALLAST_MODEL_BERGOMI_PLAN_
namespace ballast::model {

/// One step: the factors fall by `keep` and gain lower-triangular combinations of the step's normals, and so does W.
struct BergomiStep {
  double keep1, keep2, l11, l21, l22, w1, w2, w3, length;
  double xi, drift;  // at the end: xi_0^t and -Var(ln V)/2
};
struct BergomiTwoFactorPaths::Plan {
  FineNumbers fine;
  double load1 = 0.0, load2 = 0.0, first_variance = 0.0;  // of the factors in ln V
  std::vector<BergomiStep> walk;
};

}  // namespace ballast::model
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/model/bergomi_two_factor.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/model/internal/path_numbers-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::model::HWY_NAMESPACE {

/// The walk of one block. `conditional`: x is the log of the conditional forward, and `left` the variance that W's own
/// normal, number 2, would have brought.
template <bool conditional, class Emit>
HWY_INLINE void WalkBergomi(const BergomiTwoFactorPaths::Plan& plan, BlockNumbers& numbers, double* HWY_RESTRICT x,
                            double* HWY_RESTRICT v, double* HWY_RESTRICT f1, double* HWY_RESTRICT f2,
                            double* HWY_RESTRICT left, Emit emit) {
  const hn::ScalableTag<double> d;
  HWY_ALIGN double n1[path_block], n2[path_block], n3[path_block];
  for (double* row : {x, f1, f2, left}) std::fill_n(row, path_block, 0.0);
  std::fill_n(v, path_block, plan.first_variance);
  std::size_t date = 0;
  for (std::size_t i = 0; i < plan.walk.size(); ++i) {
    // Three numbers are never one pair: a row is good until the next pair is drawn.
    std::copy_n(numbers.Normals(i, 0), path_block, n1), std::copy_n(numbers.Normals(i, 1), path_block, n2);
    if constexpr (!conditional) std::copy_n(numbers.Normals(i, 2), path_block, n3);
    const BergomiStep& s = plan.walk[i];
    const double counted = conditional ? s.w1 * s.w1 + s.w2 * s.w2 : s.length;
    const auto set = [&](double value) HWY_ATTR { return hn::Set(d, value); };
    for (std::size_t p = 0; p < path_block; p += hn::Lanes(d)) {
      const auto z1 = hn::Load(d, n1 + p), z2 = hn::Load(d, n2 + p);
      const auto variance = hn::Load(d, v + p);
      auto w = hn::MulAdd(set(s.w2), z2, hn::Mul(set(s.w1), z1));
      if constexpr (conditional)
        hn::Store(hn::MulAdd(set(s.w3 * s.w3), variance, hn::Load(d, left + p)), d, left + p);
      else
        w = hn::MulAdd(set(s.w3), hn::Load(d, n3 + p), w);
      const auto fallen = hn::MulAdd(set(-0.5 * counted), variance, hn::Load(d, x + p));
      hn::Store(hn::MulAdd(hn::Sqrt(variance), w, fallen), d, x + p);
      const auto a = hn::MulAdd(set(s.keep1), hn::Load(d, f1 + p), hn::Mul(set(s.l11), z1));
      const auto b = hn::MulAdd(set(s.keep2), hn::Load(d, f2 + p), hn::MulAdd(set(s.l22), z2, hn::Mul(set(s.l21), z1)));
      hn::Store(a, d, f1 + p), hn::Store(b, d, f2 + p);
      const auto exponent = hn::MulAdd(set(plan.load1), a, hn::MulAdd(set(plan.load2), b, set(s.drift)));
      hn::Store(hn::Mul(set(s.xi), math::HWY_NAMESPACE::Exp(d, exponent)), d, v + p);
    }
    if (i + 1 == plan.fine.grid.after[date]) emit(date++);
  }
}

/// Price and variance, or the two factors: one walk either way.
void BergomiFill(const BergomiTwoFactorPaths::Plan& plan, std::uint64_t first, std::size_t paths, bool factors,
                 std::span<double> one, std::span<double> two) {
  BlockNumbers numbers(plan.fine.numbers);
  PathRows rows(first, paths, one, two);
  HWY_ALIGN double x[path_block], v[path_block], f1[path_block], f2[path_block], left[path_block];
  rows.ForEachBlock([&](std::uint64_t block) HWY_ATTR {
    numbers.Start(block);
    WalkBergomi<false>(plan, numbers, x, v, f1, f2, left,
                       [&](std::size_t date) { rows.Put(date, factors ? f1 : x, factors ? f2 : v); });
  });
}

void BergomiCondition(const BergomiTwoFactorPaths::Plan& plan, std::uint64_t first, std::span<double> log_forward,
                      std::span<double> left_variance) {
  BlockNumbers numbers(plan.fine.numbers);
  PathRows rows(first, log_forward.size(), log_forward, left_variance);
  HWY_ALIGN double x[path_block], v[path_block], f1[path_block], f2[path_block], left[path_block];
  rows.ForEachBlock([&](std::uint64_t block) HWY_ATTR {
    numbers.Start(block);
    WalkBergomi<true>(plan, numbers, x, v, f1, f2, left, [](std::size_t) {});
    rows.Put(0, x, left);
  });
}

}  // namespace ballast::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::model {
namespace {

// (1 - e^{-k t})/k, t at k = 0.
double decayed(double k, double t) { return k * t < 1e-15 ? t : -math::expm1(-k * t) / k; }

// Var of (1-theta) e^{-k1 lag} X1(t) + theta e^{-k2 lag} X2(t).
double factor_variance(const BergomiTwoFactor& m, double t, double lag) {
  const double a = (1.0 - m.theta) * math::exp(-m.k1 * lag), b = m.theta * math::exp(-m.k2 * lag);
  return a * a * decayed(2.0 * m.k1, t) + b * b * decayed(2.0 * m.k2, t) +
         2.0 * m.rho12 * a * b * decayed(m.k1 + m.k2, t);
}

double mixed(const BergomiTwoFactor& m, double a, double b) {
  a *= 1.0 - m.theta, b *= m.theta;
  return std::sqrt(std::max(a * a + b * b + 2.0 * m.rho12 * a * b, 0.0));
}

// (x - 1 + e^{-x})/x²; by its series where the three terms cancel.
double mean_decay(double x) {
  if (x > 0.1) return (x + math::expm1(-x)) / (x * x);
  double sum = 0.0, term = 0.5;
  for (int n = 3; n < 14; ++n) sum += term, term *= -x / n;
  return sum;
}

BergomiStep step_of(const BergomiTwoFactor& m, double h) {
  BergomiStep s{};
  s.keep1 = math::exp(-m.k1 * h), s.keep2 = math::exp(-m.k2 * h), s.length = h;
  // Lower triangle of the covariance of the two integrals and W's step; a pivot of rounding size is none.
  const double v1 = decayed(2.0 * m.k1, h), v2 = decayed(2.0 * m.k2, h), c12 = m.rho12 * decayed(m.k1 + m.k2, h);
  const double c1 = m.rho_s1 * decayed(m.k1, h), c2 = m.rho_s2 * decayed(m.k2, h);
  s.l11 = std::sqrt(v1), s.l21 = c12 / s.l11;
  const double rest2 = v2 - s.l21 * s.l21;
  s.l22 = rest2 > 1e-12 * v2 ? std::sqrt(rest2) : 0.0;
  s.w1 = c1 / s.l11;
  s.w2 = s.l22 > 0.0 ? (c2 - s.l21 * s.w1) / s.l22 : 0.0;
  s.w3 = std::sqrt(std::max(h - s.w1 * s.w1 - s.w2 * s.w2, 0.0));
  return s;
}

}  // namespace

HWY_EXPORT(BergomiFill);
HWY_EXPORT(BergomiCondition);

std::optional<Error> fault(const BergomiTwoFactor& m) {
  if (auto wrong = fault(m.variance)) return wrong;
  const struct {
    const char* name;
    double value, lowest, highest;
  } numbers[] = {{"nu", m.nu, 0.0, 20.0},        {"theta", m.theta, 0.0, 1.0},  {"k1", m.k1, 0.0, 1000.0},
                 {"k2", m.k2, 0.0, 1000.0},      {"rho12", m.rho12, -1.0, 1.0}, {"rho_s1", m.rho_s1, -1.0, 1.0},
                 {"rho_s2", m.rho_s2, -1.0, 1.0}};
  for (const auto& n : numbers)
    if (!(n.value >= n.lowest && n.value <= n.highest))
      return Error{Fault::bad_input, "bergomi-two-factor: " + std::string(n.name) + " is " + std::to_string(n.value) +
                                         ", outside [" + std::to_string(n.lowest) + ", " + std::to_string(n.highest) +
                                         "]"};
  const double determinant =
      1.0 + 2.0 * m.rho12 * m.rho_s1 * m.rho_s2 - m.rho12 * m.rho12 - m.rho_s1 * m.rho_s1 - m.rho_s2 * m.rho_s2;
  if (determinant < -1e-12)
    return Error{Fault::bad_input,
                 "bergomi-two-factor: no three Brownian motions have these correlations, their "
                 "determinant is " +
                     std::to_string(determinant)};
  const double a = 1.0 - m.theta, b = m.theta, scale = a * a + b * b + 2.0 * m.rho12 * a * b;
  if (scale < 1e-6)
    return Error{Fault::bad_input, "bergomi-two-factor: the factors cancel at the short end, where theta is " +
                                       std::to_string(m.theta) + " and rho12 " + std::to_string(m.rho12)};
  return std::nullopt;
}

double alpha(const BergomiTwoFactor& model) { return 1.0 / mixed(model, 1.0, 1.0); }

double forward_vol_vol(const BergomiTwoFactor& m, double years) {
  return m.nu * alpha(m) * mixed(m, math::exp(-m.k1 * years), math::exp(-m.k2 * years));
}

double swap_vol_vol(const BergomiTwoFactor& m, double years) {
  return m.nu * alpha(m) * mixed(m, decayed(m.k1, years) / years, decayed(m.k2, years) / years);
}

double skew_at_the_money(const BergomiTwoFactor& m, double years) {
  return m.nu * alpha(m) *
         ((1.0 - m.theta) * m.rho_s1 * mean_decay(m.k1 * years) + m.theta * m.rho_s2 * mean_decay(m.k2 * years));
}

double forward_variance(const BergomiTwoFactor& m, double t, double maturity, double x1, double x2) {
  const double front = 2.0 * m.nu * alpha(m), lag = maturity - t;
  const double moved = (1.0 - m.theta) * math::exp(-m.k1 * lag) * x1 + m.theta * math::exp(-m.k2 * lag) * x2;
  return at(m.variance, maturity) * math::exp(front * moved - 0.5 * front * front * factor_variance(m, t, lag));
}

Result<BergomiTwoFactorPaths> BergomiTwoFactorPaths::prepare(const BergomiTwoFactor& model,
                                                             std::span<const double> years, const Draws& draws) {
  if (auto wrong = fault(model)) return *wrong;
  auto fine = fine_numbers("bergomi-two-factor", years, 1.0 / 365.0, 50.0, draws, 3);
  if (!fine) return fine.error();
  const double front = 2.0 * model.nu * alpha(model);
  Plan plan{.fine = std::move(fine.value()),
            .load1 = front * (1.0 - model.theta),
            .load2 = front * model.theta,
            .first_variance = at(model.variance, 0.0)};
  const StepGrid& grid = plan.fine.grid;
  for (std::size_t i = 0; i < grid.steps(); ++i) {
    BergomiStep step = step_of(model, grid.length[i]);
    const double end = grid.start[i] + grid.length[i];
    step.xi = at(model.variance, end);
    step.drift = -0.5 * front * front * factor_variance(model, end, 0.0);
    plan.walk.push_back(step);
  }
  BergomiTwoFactorPaths paths;
  paths.plan_ = std::make_shared<const Plan>(std::move(plan));
  return paths;
}

std::size_t BergomiTwoFactorPaths::steps() const { return plan_->fine.grid.after.size(); }

void BergomiTwoFactorPaths::fill(std::uint64_t first, std::size_t paths, std::span<double> log_price,
                                 std::span<double> variance) const {
  check_columns("bergomi-two-factor", steps(), paths, log_price, variance);
  HWY_DYNAMIC_DISPATCH(BergomiFill)(*plan_, first, paths, false, log_price, variance);
}

void BergomiTwoFactorPaths::factors(std::uint64_t first, std::size_t paths, std::span<double> factor1,
                                    std::span<double> factor2) const {
  check_columns("bergomi-two-factor", steps(), paths, factor1, factor2);
  HWY_DYNAMIC_DISPATCH(BergomiFill)(*plan_, first, paths, true, factor1, factor2);
}

void BergomiTwoFactorPaths::condition(std::uint64_t first, std::span<double> log_forward,
                                      std::span<double> left_variance) const {
  check_columns("bergomi-two-factor", 1, log_forward.size(), log_forward, left_variance);
  HWY_DYNAMIC_DISPATCH(BergomiCondition)(*plan_, first, log_forward, left_variance);
}

}  // namespace ballast::model
#endif  // HWY_ONCE
