#include "ballast/risk/delta_gamma.h"

#include <algorithm>
#include <cmath>

#include "ballast/math/normal.h"

namespace ballast::risk {
namespace {

bool is_domain(const DeltaGamma& p, double alpha) {
  return std::isfinite(p.delta) && std::isfinite(p.gamma) && p.stdev > 0.0 && std::isfinite(p.stdev) && alpha > 0.0 &&
         alpha < 1.0;
}

/// E[slope z + bend z^2 / 2; z > edge] for a standard normal z.
double upper_part(double slope, double bend, double edge) {
  if (std::isinf(edge)) return 0.0;
  return slope * math::norm_pdf(edge) + 0.5 * bend * (math::norm_cdf(-edge) + edge * math::norm_pdf(edge));
}

}  // namespace

Moments moments(const DeltaGamma& p) {
  if (!is_domain(p, 0.5)) return {NAN, NAN, NAN, NAN};
  // In units of the move's stdev.
  const double d = p.delta * p.stdev, g = p.gamma * p.stdev * p.stdev, variance = d * d + 0.5 * g * g;
  return {.mean = 0.5 * g,
          .stdev = std::sqrt(variance),
          .skew = (3.0 * d * d * g + g * g * g) / (variance * std::sqrt(variance)),
          .excess_kurtosis = (12.0 * d * d * g * g + 3.0 * g * g * g * g) / (variance * variance)};
}

double cornish_fisher_var(const DeltaGamma& pnl, double alpha) {
  if (!is_domain(pnl, alpha)) return NAN;
  const Moments m = moments(pnl);
  if (m.stdev == 0.0) return 0.0;
  const double z = math::norm_quantile(1.0 - alpha), z2 = z * z;
  const double bent = z + (z2 - 1.0) * m.skew / 6.0 + z * (z2 - 3.0) * m.excess_kurtosis / 24.0 -
                      z * (2.0 * z2 - 5.0) * m.skew * m.skew / 36.0;
  return -(m.mean + m.stdev * bent);
}

TailRisk delta_gamma_tail(const DeltaGamma& pnl, double alpha) {
  if (!is_domain(pnl, alpha)) return {NAN, NAN};
  // With z the move over its stdev, turned so that the near side loses: loss = slope z + bend z^2 / 2, slope >= 0. It
  // is beyond the loss of z = v where z > v and, behind the far root 2 slope/|bend| -+ v, where
  //   bend > 0 (short gamma)   z < -(2 slope/bend + v): a second tail
  //   bend < 0 (long gamma)    z > 2 slope/|bend| - v: gains again, a tail to take off
  const double slope = std::abs(pnl.delta) * pnl.stdev, bend = -pnl.gamma * pnl.stdev * pnl.stdev;
  const double tail = 1.0 - alpha, side = bend > 0.0 ? 1.0 : -1.0;
  const double apart = bend == 0.0 ? INFINITY : 2.0 * slope / std::abs(bend);
  if (slope == 0.0 && bend == 0.0) return {0.0, 0.0};
  const auto far_edge = [&](double v) { return apart + side * v; };
  const auto beyond = [&](double v) { return math::norm_cdf(-v) + side * math::norm_cdf(-far_edge(v)); };
  // v lies on the near side of the vertex. Short gamma: N(-v) <= tail <= 2 N(-v). Long gamma: N(-v) >= tail.
  const double vertex = 0.5 * apart;
  double low, high;
  if (side > 0.0) {
    low = std::max(-vertex, -math::norm_quantile(tail)), high = std::max(low, -math::norm_quantile(0.5 * tail));
  } else {
    high = std::min(vertex, -math::norm_quantile(tail)), low = high - 1.0;
    while (low > -40.0 && beyond(low) < tail) low -= 1.0;
  }
  double v = 0.5 * (low + high);
  for (int step = 0; step < 200; ++step) {
    const double off = beyond(v) - tail;
    (off > 0.0 ? low : high) = v;
    double next = v + off / (math::norm_pdf(v) + math::norm_pdf(far_edge(v)));
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    if (std::abs(next - v) <= 1e-16 * (1.0 + std::abs(v))) break;
    v = next;
  }
  const double far = far_edge(v);
  const double in_tail =
      upper_part(slope, bend, v) + (side > 0.0 ? upper_part(-slope, bend, far) : -upper_part(slope, bend, far));
  return {v * (slope + 0.5 * bend * v), in_tail / tail};
}

}  // namespace ballast::risk
