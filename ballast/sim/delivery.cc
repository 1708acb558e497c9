#include "ballast/sim/delivery.h"

#include <algorithm>

#include <fmt/format.h>

#include "ballast/pricing/settlement_window.h"

namespace ballast::sim {
namespace {

/// The point at or after `at`; the end where there is none.
auto from(std::span<const IndexPoint> points, Time at) {
  return std::lower_bound(points.begin(), points.end(), at, [](const IndexPoint& p, Time t) { return p.at < t; });
}

}  // namespace

Result<double> index_at(std::span<const IndexPoint> points, Time at) {
  const auto next = from(points, at);
  if (next == points.end() || (next == points.begin() && next->at != at)) {
    return Error{Fault::missing_data, fmt::format("the index at {} is not known", to_string(at))};
  }
  if (next->at == at) return next->price;
  const IndexPoint& last = *(next - 1);
  const double share = seconds_between(last.at, at) / seconds_between(last.at, next->at);
  return last.price + share * (next->price - last.price);
}

Result<double> delivery_price(std::span<const IndexPoint> points, Time expiry) {
  const Time begin{expiry.ms - static_cast<std::int64_t>(1000.0 * pricing::settlement_window_s)};
  const auto first = index_at(points, begin), last = index_at(points, expiry);
  if (!first) return first.error();
  if (!last) return last.error();
  double area = 0.0;
  IndexPoint at{begin, first.value()};
  for (auto next = from(points, begin); next != points.end() && next->at < expiry; ++next) {
    area += 0.5 * (at.price + next->price) * seconds_between(at.at, next->at);
    at = *next;
  }
  area += 0.5 * (at.price + last.value()) * seconds_between(at.at, expiry);
  return area / pricing::settlement_window_s;
}

}  // namespace ballast::sim
