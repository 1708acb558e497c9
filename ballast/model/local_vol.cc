#include "ballast/model/local_vol.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "ballast/model/internal/fine_numbers.h"

#ifndef BALLAST_MODEL_LOCAL_VOL_PLAN_
#define BALLAST_MODEL_LOCAL_VOL_PLAN_
namespace ballast::model {

inline constexpr std::size_t local_vol_cells = 512;

/// Numbers over ln(F(t)/F(0)) at one time: at node j of `first` + j / per_node. Of a step they are what its normal is
/// multiplied by and what its square is; of a date the local vol.
struct LocalVolRow {
  double first = 0.0, per_node = 0.0;
  const double *linear = nullptr, *square = nullptr;
};
struct LocalVolPaths::Plan {
  FineNumbers fine;
  std::vector<LocalVolRow> step, date;
  std::vector<double> linear, square;
  std::size_t floored = 0, capped = 0;
};

}  // namespace ballast::model
#endif

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ballast/model/local_vol.cc"
#include <hwy/foreach_target.h>
// After foreach_target, which includes this file once per instruction set.
#include <hwy/highway.h>

#include "ballast/model/internal/path_numbers-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::model::HWY_NAMESPACE {

/// Where x stands in a row: the node to its left and how far on it is.
template <class D>
struct LocalVolPlace {
  hn::Vec<hn::RebindToSigned<D>> cell;
  hn::Vec<D> share;

  HWY_INLINE LocalVolPlace(D d, const LocalVolRow& row, hn::Vec<D> x) {
    const hn::RebindToSigned<D> di;
    const auto place = hn::Mul(hn::Sub(x, hn::Set(d, row.first)), hn::Set(d, row.per_node));
    const auto inside = hn::Min(hn::Max(place, hn::Zero(d)), hn::Set(d, static_cast<double>(local_vol_cells)));
    cell = hn::Min(hn::ConvertTo(di, inside), hn::Set(di, std::int64_t{local_vol_cells - 1}));
    share = hn::Sub(inside, hn::ConvertTo(d, cell));
  }
  HWY_INLINE hn::Vec<D> Of(D d, const double* nodes) const {
    const auto left = hn::GatherIndex(d, nodes, cell), right = hn::GatherIndex(d, nodes + 1, cell);
    return hn::MulAdd(share, hn::Sub(right, left), left);
  }
};

void LocalVolFill(const LocalVolPaths::Plan& plan, std::uint64_t first, std::size_t paths, std::span<double> log_price,
                  std::span<double> variance) {
  const hn::ScalableTag<double> d;
  BlockNumbers numbers(plan.fine.numbers);
  PathRows rows(first, paths, log_price, variance);
  HWY_ALIGN double x[path_block], v[path_block];
  const auto half = hn::Set(d, 0.5);
  rows.ForEachBlock([&](std::uint64_t block) HWY_ATTR {
    numbers.Start(block);
    std::fill_n(x, path_block, 0.0);
    std::size_t date = 0;
    for (std::size_t t = 0; t < plan.step.size(); ++t) {
      const double* z = numbers.Normals(t, 0);
      const LocalVolRow& row = plan.step[t];
      for (std::size_t i = 0; i < path_block; i += hn::Lanes(d)) {
        const auto now = hn::Load(d, x + i), normal = hn::Load(d, z + i);
        const LocalVolPlace<decltype(d)> place(d, row, now);
        const auto a = place.Of(d, row.linear), b = place.Of(d, row.square);
        // ln E[e^{az + bz²}] = a²/(2(1 - 2b)) - ln(1 - 2b)/2 goes off, so that the price stays a martingale.
        const auto twice = hn::Add(b, b);
        const auto grown = hn::Div(hn::Mul(a, a), hn::Sub(hn::Set(d, 1.0), twice));
        const auto off = hn::Mul(half, hn::Sub(math::HWY_NAMESPACE::Log1p(d, hn::Neg(twice)), grown));
        hn::Store(hn::MulAdd(hn::MulAdd(b, normal, a), normal, hn::Add(now, off)), d, x + i);
      }
      if (t + 1 != plan.fine.grid.after[date]) continue;
      if (!variance.empty())
        for (std::size_t i = 0; i < path_block; i += hn::Lanes(d)) {
          const LocalVolPlace<decltype(d)> place(d, plan.date[date], hn::Load(d, x + i));
          const auto vol = place.Of(d, plan.date[date].linear);
          hn::Store(hn::Mul(vol, vol), d, v + i);
        }
      rows.Put(date++, x, v);
    }
  });
}

}  // namespace ballast::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ballast::model {
namespace {

constexpr std::size_t most_rows = 20'000;

// The k to one side at which |k|/sqrt(w(k)) is 7, or 5 in size.
double reach(const LocalVol& model, double years, double side) {
  double k = side * std::sqrt(std::max(model.surface(years, 0.0).w, 1e-12));
  for (int i = 0; i < 200; ++i) {
    const double w = model.surface(years, k).w;
    if (std::abs(k) >= 5.0 || !(k * k < 49.0 * w)) break;
    k *= 1.1;
  }
  return std::clamp(k, -5.0, 5.0);
}

constexpr std::size_t nodes = local_vol_cells + 1;

// From the local vols b of a row, `width` apart, to what a step of h years multiplies its normal and its square by:
// with dx = -b²/2 dt + b dW the weak Taylor scheme has (b + h/2 (b² b''/2 - 3/2 b² b')) sqrt(h) and b b' h/2. At the
// ends of the row b is constant beyond. The bounds only matter at the kinks of floor and cap, where b'' is no number.
void weigh(double h, double width, double* vol, double* square) {
  double before = vol[0];
  for (std::size_t j = 0; j < nodes; ++j) {
    const double b = vol[j], left = before, right = j + 1 < nodes ? vol[j + 1] : b;
    const double slope = 0.5 * (right - left) / width, bend = (right - 2.0 * b + left) / (width * width);
    const double more = 0.5 * h * b * b * (0.5 * bend - 1.5 * slope);
    vol[j] = std::sqrt(h) * (b + std::clamp(more, -0.5 * b, b));
    square[j] = std::clamp(0.5 * b * slope * h, -0.1, 0.1);
    before = b;
  }
}

}  // namespace

HWY_EXPORT(LocalVolFill);

double dupire_variance(double k, const VariancePoint& p) {
  const double tilt = 1.0 - 0.5 * k * p.slope / p.w;
  const double g = tilt * tilt - 0.25 * p.slope * p.slope * (1.0 / p.w + 0.25) + 0.5 * p.curvature;
  if (!(p.w > 0.0 && g > 0.0 && p.rise >= 0.0)) return std::numeric_limits<double>::quiet_NaN();
  return p.rise / g;
}

std::optional<Error> fault(const LocalVol& model) {
  if (!model.surface) return Error{Fault::bad_input, "local-vol: no surface"};
  if (!(model.cap > 0.0 && model.cap <= 10.0))
    return Error{Fault::bad_input, "local-vol: cap is " + std::to_string(model.cap) + ", outside (0, 10]"};
  if (!(model.floor >= 0.0 && model.floor <= model.cap))
    return Error{Fault::bad_input, "local-vol: floor is " + std::to_string(model.floor) + ", outside [0, " +
                                       std::to_string(model.cap) + "]"};
  return std::nullopt;
}

Result<LocalVolPaths> LocalVolPaths::prepare(const LocalVol& model, std::span<const double> years, const Draws& draws) {
  if (auto wrong = fault(model)) return *wrong;
  auto fine = fine_numbers("local-vol", years, 1.0 / 365.0, 50.0, draws, 1);
  if (!fine) return fine.error();
  Plan plan{.fine = std::move(fine.value())};
  const StepGrid& grid = plan.fine.grid;
  std::vector<double> times;
  for (std::size_t i = 0; i < grid.steps(); ++i) times.push_back(grid.start[i] + 0.5 * grid.length[i]);
  times.insert(times.end(), years.begin(), years.end());
  if (times.size() > most_rows)
    return Error{Fault::limit, "local-vol paths: " + std::to_string(times.size()) + " steps and dates, more than " +
                                   std::to_string(most_rows)};
  plan.linear.resize(times.size() * nodes);
  plan.square.resize(grid.steps() * nodes);
  for (std::size_t r = 0; r < times.size(); ++r) {
    const double low = reach(model, times[r], -1.0), high = reach(model, times[r], 1.0);
    const double width = (high - low) / static_cast<double>(local_vol_cells);
    double* vol = plan.linear.data() + r * nodes;
    for (std::size_t j = 0; j < nodes; ++j) {
      const double k = low + width * static_cast<double>(j);
      const VariancePoint point = model.surface(times[r], k);
      if (!(std::isfinite(point.w) && std::isfinite(point.slope) && std::isfinite(point.curvature) &&
            std::isfinite(point.rise) && point.w > 0.0))
        return Error{Fault::bad_input, "local-vol paths: the surface has total variance " + std::to_string(point.w) +
                                           " or no derivative at " + std::to_string(times[r]) + " years and k " +
                                           std::to_string(k)};
      const double local = std::sqrt(dupire_variance(k, point));  // NaN where the surface has arbitrage
      const bool low_side = point.rise < 0.0 || local < model.floor;
      const bool high_side = !low_side && !(local <= model.cap);
      vol[j] = low_side ? model.floor : high_side ? model.cap : local;
      plan.floored += low_side, plan.capped += high_side;
    }
    if (r < grid.steps()) {
      double* square = plan.square.data() + r * nodes;
      weigh(grid.length[r], width, vol, square);
      plan.step.push_back({low, 1.0 / width, vol, square});
    } else {
      plan.date.push_back({low, 1.0 / width, vol, nullptr});
    }
  }
  LocalVolPaths paths;
  paths.plan_ = std::make_shared<const Plan>(std::move(plan));
  return paths;
}

std::size_t LocalVolPaths::steps() const { return plan_->date.size(); }
double LocalVolPaths::floored() const {
  return static_cast<double>(plan_->floored) / static_cast<double>(plan_->linear.size());
}
double LocalVolPaths::capped() const {
  return static_cast<double>(plan_->capped) / static_cast<double>(plan_->linear.size());
}

void LocalVolPaths::fill(std::uint64_t first, std::size_t paths, std::span<double> log_price,
                         std::span<double> variance) const {
  check_columns("local-vol", steps(), paths, log_price, variance);
  HWY_DYNAMIC_DISPATCH(LocalVolFill)(*plan_, first, paths, log_price, variance);
}

}  // namespace ballast::model
#endif  // HWY_ONCE
