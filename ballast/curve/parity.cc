#include "ballast/curve/parity.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "ballast/curve/internal/bound_text.h"
#include "ballast/curve/internal/median.h"
#include "ballast/math/elementary.h"

namespace ballast::curve {
namespace {

using internal::median;
using market::Settlement;

constexpr std::size_t most_strikes = 1000;
constexpr double sqrt_half_pi = 1.2533141373155003;  // a straddle at the money is worth F·stdev/√(π/2), its first order

/// A pair in units of a level of the forward: parity is y = a - b x for both settlements, F = level·a/b, and
/// D = b (linear) or D = a (inverse).
struct Point {
  double x, y, half_width;
};

struct Line {
  double a = 1.0, b = 1.0;
  double at(double x) const { return a - b * x; }
};

bool valid(const ParityQuote& q, Settlement settlement) {
  if (!(q.strike > 0.0 && q.low < q.high && std::isfinite(q.strike) && std::isfinite(q.low) && std::isfinite(q.high)))
    return false;
  const double own = pair_forward(q.strike, q.mid(), settlement);
  return own > 0.0 && std::isfinite(own);
}

double level(const std::vector<ParityQuote>& quotes, Settlement settlement) {
  std::vector<double> own;
  for (const ParityQuote& q : quotes) own.push_back(pair_forward(q.strike, q.mid(), settlement));
  return median(std::move(own));
}

/// Those within `rules.near_stdevs` of the level, at least the nearest few; all where no straddle tells the stdev.
std::vector<ParityQuote> near_the_money(const std::vector<ParityQuote>& quotes, double forward, Settlement settlement,
                                        const ParityRules& rules) {
  const auto distance = [forward](const ParityQuote& q) { return std::abs(math::log_ratio(q.strike, forward)); };
  std::vector<ParityQuote> by_distance = quotes;
  std::stable_sort(by_distance.begin(), by_distance.end(),
                   [&](const ParityQuote& p, const ParityQuote& q) { return distance(p) < distance(q); });
  const double straddle = by_distance.front().straddle;
  if (!(straddle > 0.0)) return quotes;
  const double stdev = sqrt_half_pi * straddle / (settlement == Settlement::inverse ? 1.0 : forward);
  std::size_t n = 0;
  while (n < by_distance.size() && (n < rules.at_least || distance(by_distance[n]) < rules.near_stdevs * stdev)) ++n;
  by_distance.resize(n);
  std::sort(by_distance.begin(), by_distance.end(),
            [](const ParityQuote& p, const ParityQuote& q) { return p.strike < q.strike; });
  return by_distance;
}

/// Theil-Sen: the median of the slopes between any two points, then of the intercepts.
Line median_line(const std::vector<Point>& points) {
  std::vector<double> slopes, intercepts;
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t j = i + 1; j < points.size(); ++j)
      if (points[i].x != points[j].x) slopes.push_back((points[i].y - points[j].y) / (points[j].x - points[i].x));
  }
  if (slopes.empty()) return {};  // one strike, several times
  const double b = median(std::move(slopes));
  for (const Point& p : points) intercepts.push_back(p.y + b * p.x);
  return {median(std::move(intercepts)), b};
}

struct Clipped {
  std::vector<Point> points;
  std::vector<bool> cut;
  int count = 0;
};

Clipped clip(const std::vector<Point>& points, const Line& line, double most) {
  Clipped clipped{points, std::vector<bool>(points.size()), 0};
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double residual = points[i].y - line.at(points[i].x), bound = most * points[i].half_width;
    if (std::abs(residual) <= bound) continue;
    clipped.points[i].y = line.at(points[i].x) + (residual > 0.0 ? bound : -bound);
    clipped.cut[i] = true;
    ++clipped.count;
  }
  return clipped;
}

double weight(const Point& p) { return 1.0 / (p.half_width * p.half_width); }

/// D = 1: the line through (0, 1) for inverse, of slope 1 for linear.
Line fit_forward(const std::vector<Point>& points, Settlement settlement) {
  double above = 0.0, below = 0.0;
  for (const Point& p : points) {
    const double w = weight(p);
    above += settlement == Settlement::inverse ? w * p.x * (1.0 - p.y) : w * (p.y + p.x);
    below += settlement == Settlement::inverse ? w * p.x * p.x : w;
  }
  return settlement == Settlement::inverse ? Line{1.0, above / below} : Line{above / below, 1.0};
}

struct Regression {
  Line line;
  double discount, error;
};

/// Both coefficients. Three points or more, of different strikes.
Regression fit_line(const std::vector<Point>& points, Settlement settlement) {
  double sum = 0.0, mean_x = 0.0, mean_y = 0.0, xx = 0.0, xy = 0.0, misfit = 0.0;
  for (const Point& p : points) sum += weight(p), mean_x += weight(p) * p.x, mean_y += weight(p) * p.y;
  mean_x /= sum, mean_y /= sum;
  for (const Point& p : points) {
    xx += weight(p) * (p.x - mean_x) * (p.x - mean_x);
    xy += weight(p) * (p.x - mean_x) * (p.y - mean_y);
  }
  const Line line{mean_y - xy / xx * mean_x, -xy / xx};
  for (const Point& p : points) misfit += weight(p) * (p.y - line.at(p.x)) * (p.y - line.at(p.x));
  const double scale = std::max(1.0, misfit / static_cast<double>(points.size() - 2));
  if (settlement == Settlement::inverse) return {line, line.a, std::sqrt(scale * (1.0 / sum + mean_x * mean_x / xx))};
  return {line, line.b, std::sqrt(scale / xx)};
}

}  // namespace

double parity_at_the_money(std::span<const ParityQuote> quotes, Settlement settlement, double discount) {
  const auto nearest = std::min_element(quotes.begin(), quotes.end(), [](const ParityQuote& p, const ParityQuote& q) {
    return std::abs(p.mid()) < std::abs(q.mid());
  });
  if (nearest == quotes.end()) return std::numeric_limits<double>::quiet_NaN();
  return pair_forward(nearest->strike, nearest->mid(), settlement, discount);
}

Result<ParityFit> fit_parity(std::span<const ParityQuote> quotes, Settlement settlement, const ParityRules& rules) {
  if (quotes.size() > most_strikes)
    return Error{Fault::limit, fmt::format("{} strikes of one expiry, at most {}", quotes.size(), most_strikes)};
  std::vector<ParityQuote> all;
  std::copy_if(quotes.begin(), quotes.end(), std::back_inserter(all),
               [settlement](const ParityQuote& q) { return valid(q, settlement); });
  if (all.empty()) return Error{Fault::missing_data, "no strike with both a call and a put quoted on both sides"};
  const std::vector<ParityQuote> used = near_the_money(all, level(all, settlement), settlement, rules);
  const double unit = level(used, settlement), price_unit = settlement == Settlement::inverse ? 1.0 : unit;
  std::vector<Point> points;
  for (const ParityQuote& q : used)
    points.push_back({q.strike / unit, q.mid() / price_unit, q.half_width() / price_unit});

  ParityFit fit;
  fit.pairs = static_cast<int>(used.size());
  fit.far = static_cast<int>(all.size() - used.size());
  fit.invalid = static_cast<int>(quotes.size() - all.size());
  Clipped clipped = clip(points, Line{}, rules.clip);
  Line line = fit_forward(clipped.points, settlement);
  if (points.size() >= 3) {
    Clipped about_line = clip(points, median_line(points), rules.clip);
    const Regression regression = fit_line(about_line.points, settlement);
    fit.discount_estimate = regression.discount;
    fit.discount_error = regression.error;
    if (regression.discount > 0.0 && std::abs(regression.discount - 1.0) > rules.significance * regression.error) {
      fit.discount = regression.discount;
      line = regression.line;
      clipped = std::move(about_line);
    }
  }
  fit.clipped = clipped.count;
  fit.forward = Price(unit * line.a / line.b);
  if (!(fit.forward.value > 0.0) || !std::isfinite(fit.forward.value)) {
    return Error{Fault::missing_data, fmt::format("put-call parity of {} two-sided pairs gives a forward of {}",
                                                  used.size(), internal::bound_text(fit.forward.value))};
  }
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (clipped.cut[i]) continue;
    const double own = pair_forward(used[i].strike, used[i].mid(), settlement, fit.discount);
    fit.spread = std::max(fit.spread, std::abs(own - fit.forward.value));
  }
  fit.interval = consistent_forwards(all, settlement, fit.discount);
  return fit;
}

ForwardInterval consistent_forwards(std::span<const ParityQuote> quotes, Settlement settlement, double discount) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  ForwardInterval interval;
  for (const ParityQuote& q : quotes) {
    double low = pair_forward(q.strike, q.low, settlement, discount);
    double high = pair_forward(q.strike, q.high, settlement, discount);
    if (settlement == Settlement::inverse) {  // call - put nears D as F grows without bound, and never reaches it
      if (!(q.low < discount)) low = infinite;
      if (!(q.high < discount)) high = infinite;
      if (low == infinite) high = 0.0;
    }
    interval.low = std::max(interval.low, low);
    interval.high = std::min(interval.high, high);
  }
  return interval;
}

std::vector<ParityViolation> parity_violations(std::span<const ParityQuote> quotes, Settlement settlement,
                                               Price forward, double discount) {
  std::vector<ParityViolation> violations;
  const double f = forward.value;
  if (!(f > 0.0 && discount > 0.0)) return violations;
  for (const ParityQuote& q : quotes) {
    const double fair = discount * (settlement == Settlement::inverse ? (f - q.strike) / f : f - q.strike);
    if (q.low > fair) violations.push_back({q.strike, q.low - fair});
    if (q.high < fair) violations.push_back({q.strike, q.high - fair});
  }
  std::sort(violations.begin(), violations.end(),
            [](const ParityViolation& p, const ParityViolation& q) { return p.strike < q.strike; });
  return violations;
}

}  // namespace ballast::curve
