#include "ballast/model/regime_switching.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <hwy/aligned_allocator.h>

#include <Eigen/Dense>
#include <unsupported/Eigen/MatrixFunctions>

#include "ballast/base/philox.h"
#include "ballast/math/elementary.h"
#include "ballast/model/internal/fine_numbers.h"

#ifndef BALLAST_MODEL_REGIMES_PLAN_
#define BALLAST_MODEL_REGIMES_PLAN_
namespace ballast::model {

struct RegimeSwitchingPaths::Plan {
  FineNumbers fine;
  std::size_t start = 0;
  std::vector<double> variance;    // of each regime, per year
  std::vector<double> leaving;     // rate out of it
  std::vector<double> cumulative;  // [from · regimes + to]: share of the switches to a regime up to `to`
};

/// Path `path`'s walk over the dates: what its variance is between them and at them, in columns that `stride` apart.
void regime_chain(const RegimeSwitchingPaths::Plan& plan, std::uint64_t path, std::size_t stride, double* integral,
                  double* variance);

}  // namespace ballast::model
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/model/regime_switching.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/model/internal/path_numbers-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::model::HWY_NAMESPACE {

/// With `conditional` the sums of the variance take the place of the prices, at the last date.
void RegimeFill(const RegimeSwitchingPaths::Plan& plan, bool conditional, std::uint64_t first, std::size_t paths,
                std::span<double> log_price, std::span<double> variance) {
  const hn::ScalableTag<double> d;
  const std::size_t dates = plan.fine.grid.steps();
  BlockNumbers numbers(plan.fine.numbers);
  PathRows rows(first, paths, log_price, variance);
  const auto chains = hwy::AllocateAligned<double>(2 * dates * path_block);
  double *integral = chains.get(), *now = integral + dates * path_block;
  HWY_ALIGN double x[path_block], sum[path_block];
  rows.ForEachBlock([&](std::uint64_t block) HWY_ATTR {
    const bool pairs = plan.fine.numbers.draws.antithetic;
    for (std::size_t i = 0; i < path_block; ++i)
      regime_chain(plan, pairs ? (block + i) / 2 : block + i, path_block, integral + i, now + i);
    std::fill_n(x, path_block, 0.0), std::fill_n(sum, path_block, 0.0);
    if (!conditional) numbers.Start(block);
    for (std::size_t t = 0; t < dates; ++t) {
      const double* z = conditional ? nullptr : numbers.Normals(t, 0);
      for (std::size_t i = 0; i < path_block; i += hn::Lanes(d)) {
        const auto part = hn::Load(d, integral + t * path_block + i);
        hn::Store(hn::Add(hn::Load(d, sum + i), part), d, sum + i);
        if (conditional) continue;
        const auto fallen = hn::NegMulAdd(hn::Set(d, 0.5), part, hn::Load(d, x + i));
        hn::Store(hn::MulAdd(hn::Sqrt(part), hn::Load(d, z + i), fallen), d, x + i);
      }
      if (!conditional) rows.Put(t, x, now + t * path_block);
    }
    if (conditional) rows.Put(0, x, sum);
  });
}

}  // namespace ballast::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::model {

HWY_EXPORT(RegimeFill);

void regime_chain(const RegimeSwitchingPaths::Plan& plan, std::uint64_t path, std::size_t stride, double* integral,
                  double* variance) {
  const PhiloxKey key = philox_key(plan.fine.numbers.draws.seed);
  const std::size_t regimes = plan.variance.size();
  std::size_t regime = plan.start;
  std::uint64_t switches = 0;
  PhiloxBlock words{};
  // The time to the next switch from `from`, on draw number `switches`; where it goes is in the same draw.
  const auto next_switch = [&](double from) {
    words = philox(philox_counter(path, event_counter + switches++), key);
    if (plan.leaving[regime] == 0.0) return std::numeric_limits<double>::infinity();
    return from - math::log(philox_uniform(words[0], words[1])) / plan.leaving[regime];
  };
  double time = 0.0, next = next_switch(0.0);
  const StepGrid& grid = plan.fine.grid;
  for (std::size_t t = 0; t < grid.steps(); ++t) {
    const double end = grid.start[t] + grid.length[t];
    double sum = 0.0;
    while (next < end) {
      sum += plan.variance[regime] * (next - time);
      time = next;
      const double u = philox_uniform(words[2], words[3]);
      const double* row = plan.cumulative.data() + regime * regimes;
      regime = static_cast<std::size_t>(std::upper_bound(row, row + regimes - 1, u) - row);
      next = next_switch(time);
    }
    sum += plan.variance[regime] * (end - time);
    time = end;
    integral[t * stride] = sum;
    variance[t * stride] = plan.variance[regime];
  }
}

std::optional<Error> fault(const RegimeSwitching& m) {
  const auto refusal = [](std::string what) { return Error{Fault::bad_input, "regime-switching: " + std::move(what)}; };
  const std::size_t n = m.vol.size();
  if (n < 1 || n > 16) return refusal(std::to_string(n) + " regimes, not 1 to 16");
  if (m.rate.size() != n * n)
    return refusal(std::to_string(m.rate.size()) + " rates for " + std::to_string(n) + " regimes");
  if (m.start >= n) return refusal("start is " + std::to_string(m.start) + " of " + std::to_string(n) + " regimes");
  for (std::size_t i = 0; i < n; ++i) {
    if (!(m.vol[i] >= 0.0 && m.vol[i] <= 10.0))
      return refusal("vol " + std::to_string(i) + " is " + std::to_string(m.vol[i]) + ", outside [0, 10]");
    for (std::size_t j = 0; j < n; ++j)
      if (const double rate = m.rate[i * n + j]; i != j && !(rate >= 0.0 && rate <= 1e4))
        return refusal("the rate from " + std::to_string(i) + " to " + std::to_string(j) + " is " +
                       std::to_string(rate) + ", outside [0, 10000]");
  }
  return std::nullopt;
}

std::complex<double> characteristic(const RegimeSwitching& m, double years, std::complex<double> u) {
  const auto n = static_cast<Eigen::Index>(m.vol.size());
  Eigen::MatrixXcd exponent = Eigen::MatrixXcd::Zero(n, n);
  const std::complex<double> convexity = -0.5 * (u * u + std::complex<double>(0.0, 1.0) * u);
  for (Eigen::Index i = 0; i < n; ++i) {
    const double vol = m.vol[static_cast<std::size_t>(i)];
    exponent(i, i) += vol * vol * convexity * years;
    for (Eigen::Index j = 0; j < n; ++j) {
      if (i == j) continue;
      const double rate = m.rate[static_cast<std::size_t>(i * n + j)] * years;
      exponent(i, j) += rate, exponent(i, i) -= rate;
    }
  }
  const Eigen::MatrixXcd law = exponent.exp();
  return law.row(static_cast<Eigen::Index>(m.start)).sum();
}

Result<RegimeSwitchingPaths> RegimeSwitchingPaths::prepare(const RegimeSwitching& model, std::span<const double> years,
                                                           const Draws& draws) {
  if (auto wrong = fault(model)) return *wrong;
  auto fine = fine_numbers("regime-switching", years, std::numeric_limits<double>::infinity(), 0.0, draws, 1);
  if (!fine) return fine.error();
  Plan plan{.fine = std::move(fine.value()), .start = model.start};
  const std::size_t n = model.vol.size();
  for (std::size_t i = 0; i < n; ++i) {
    plan.variance.push_back(model.vol[i] * model.vol[i]);
    double sum = 0.0;
    for (std::size_t j = 0; j < n; ++j) plan.cumulative.push_back(sum += i == j ? 0.0 : model.rate[i * n + j]);
    plan.leaving.push_back(sum);
    for (std::size_t j = 0; j < n && sum > 0.0; ++j) plan.cumulative[i * n + j] /= sum;
    if (const double switches = sum * years.back(); switches > 1e5)
      return Error{Fault::limit, "regime-switching paths: " + std::to_string(switches) +
                                     " switches expected out of regime " + std::to_string(i) + ", more than 100000"};
  }
  RegimeSwitchingPaths paths;
  paths.plan_ = std::make_shared<const Plan>(std::move(plan));
  return paths;
}

std::size_t RegimeSwitchingPaths::steps() const { return plan_->fine.grid.steps(); }

void RegimeSwitchingPaths::fill(std::uint64_t first, std::size_t paths, std::span<double> log_price,
                                std::span<double> variance) const {
  check_columns("regime-switching", steps(), paths, log_price, variance);
  HWY_DYNAMIC_DISPATCH(RegimeFill)(*plan_, false, first, paths, log_price, variance);
}

void RegimeSwitchingPaths::condition(std::uint64_t first, std::span<double> log_forward,
                                     std::span<double> left_variance) const {
  check_columns("regime-switching", 1, log_forward.size(), log_forward, left_variance);
  HWY_DYNAMIC_DISPATCH(RegimeFill)(*plan_, true, first, log_forward.size(), log_forward, left_variance);
}

}  // namespace ballast::model
#endif  // HWY_ONCE
