#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "ballast/math/piecewise_program.h"

namespace ballast::math::internal {

/// A PiecewiseConvex laid out for many evaluations: each straight piece is a line through (0, intercept).
class PieceCurve {
 public:
  double lowest, highest, curvature;

  explicit PieceCurve(const PiecewiseConvex& f)
      : lowest(f.lowest), highest(f.highest), curvature(f.curvature), kinks_(f.kinks), slopes_(f.slopes) {
    const auto zero = static_cast<std::size_t>(std::lower_bound(kinks_.begin(), kinks_.end(), 0.0) - kinks_.begin());
    intercepts_.assign(slopes_.size(), 0.0);
    for (std::size_t i = zero; i < kinks_.size(); ++i)
      intercepts_[i + 1] = intercepts_[i] + (slopes_[i] - slopes_[i + 1]) * kinks_[i];
    for (std::size_t i = zero; i-- > 0;)
      intercepts_[i] = intercepts_[i + 1] + (slopes_[i + 1] - slopes_[i]) * kinks_[i];
    two_lines_ = kinks_.size() <= 1;
    left_ = {intercepts_.front(), slopes_.front()}, right_ = {intercepts_.back(), slopes_.back()};
  }

  std::size_t kinks() const { return kinks_.size(); }
  double first_slope() const { return slopes_.front(); }
  double last_slope() const { return slopes_.back(); }

  /// 0 at x = 0; the bounds are not looked at. O(log kinks).
  double value(double x) const {
    // With one kink or none, as most functions are, the higher of two lines: no branch, no memory beyond this.
    if (two_lines_)
      return std::max(left_.first + left_.second * x, right_.first + right_.second * x) + 0.5 * curvature * x * x;
    const std::size_t i = piece(x);
    return intercepts_[i] + slopes_[i] * x + 0.5 * curvature * x * x;
  }

  /// Where value(x) + tilt x is least between `low` and `high` (may be infinite): of several the nearest to 0.
  double least(double tilt, double low, double high) const {
    // The first piece whose right end does not fall any more.
    std::size_t i = 0, end = kinks_.size();
    while (i < end) {
      const std::size_t mid = (i + end) / 2;
      if (slopes_[mid + 1] + curvature * kinks_[mid] + tilt >= 0.0) {
        end = mid;
      } else {
        i = mid + 1;
      }
    }
    // Every point from `left` to `right` is a least one.
    const double start = i > 0 ? kinks_[i - 1] : -inf, stop = i < kinks_.size() ? kinks_[i] : inf;
    const double slope = slopes_[i] + tilt;
    double left, right;
    if (curvature > 0.0) {
      left = right = std::clamp(-slope / curvature, start, stop);
    } else if (slope > 0.0) {
      left = right = start;
    } else {
      left = slope == 0.0 ? start : stop, right = stop;
      for (++i; i < slopes_.size() && slopes_[i] + tilt == 0.0; ++i) right = i < kinks_.size() ? kinks_[i] : inf;
    }
    return std::clamp(std::clamp(std::clamp(0.0, low, high), left, right), low, high);
  }

  /// The part of [low, high] where value(x) + tilt x <= level, given the point `least` of it where that is least.
  /// Both ends are `least` where the level is below all.
  std::pair<double, double> below(double level, double tilt, double least_at, double low, double high) const {
    return {-reach(level, tilt, least_at, -low, -1.0), reach(level, tilt, least_at, high, 1.0)};
  }

 private:
  static constexpr double inf = std::numeric_limits<double>::infinity();
  bool two_lines_ = true;
  std::pair<double, double> left_, right_;  // intercept and slope of the outer pieces
  std::vector<double> kinks_, slopes_, intercepts_;

  std::size_t piece(double x) const {
    if (kinks_.size() < 8) {
      std::size_t i = 0;
      while (i < kinks_.size() && kinks_[i] < x) ++i;
      return i;
    }
    return static_cast<std::size_t>(std::lower_bound(kinks_.begin(), kinks_.end(), x) - kinks_.begin());
  }
  /// How far from `from` towards `sign` the level is kept, times sign; `end` likewise times sign.
  double reach(double level, double tilt, double from, double end, double sign) const {
    double x = from;
    for (;;) {
      // The piece that starts at x in this direction.
      const std::size_t i =
          sign > 0.0 ? static_cast<std::size_t>(std::upper_bound(kinks_.begin(), kinks_.end(), x) - kinks_.begin())
                     : static_cast<std::size_t>(std::lower_bound(kinks_.begin(), kinks_.end(), x) - kinks_.begin());
      const double stop = sign > 0.0 ? (i < kinks_.size() ? kinks_[i] : inf) : (i > 0 ? kinks_[i - 1] : -inf);
      const double here = intercepts_[i] + slopes_[i] * x + 0.5 * curvature * x * x + tilt * x;
      const double room = level - here;
      if (!(room > 0.0)) return std::min(sign * x, end);
      // here + s t + curvature/2 t² = level for t > 0.
      const double s = sign * (slopes_[i] + tilt + curvature * x);
      double t = inf;
      if (curvature > 0.0)
        t = 2.0 * room / (s + std::sqrt(s * s + 2.0 * curvature * room));
      else if (s > 0.0)
        t = room / s;
      const double to = sign * x + t;
      if (!(to > sign * stop)) return std::min(to, end);
      if (sign * stop >= end) return end;
      x = stop;
    }
  }
};

}  // namespace ballast::math::internal
