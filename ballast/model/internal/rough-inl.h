// The exponent of rough Heston by the fractional Adams scheme, on complex numbers in lanes. Compiled once per
// instruction set like ballast/math/lanes-inl.h.
#if defined(BALLAST_MODEL_INTERNAL_ROUGH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef BALLAST_MODEL_INTERNAL_ROUGH_INL_H_
#undef BALLAST_MODEL_INTERNAL_ROUGH_INL_H_
#else
#define BALLAST_MODEL_INTERNAL_ROUGH_INL_H_
#endif

#include <hwy/highway.h>

#include <array>
#include <cmath>
#include <cstddef>

#include "ballast/math/complex-inl.h"
#include "ballast/model/internal/affine-inl.h"
#include "ballast/model/internal/exponent.h"
#include "ballast/model/internal/rough_weights.h"

HWY_BEFORE_NAMESPACE();
namespace ballast::model::HWY_NAMESPACE {

/// What of rough Heston the exponent is made of: h(T), and the integrals of h and of its equation's right side.
template <class V>
struct RoughRiccati {
  Complex<V> last, area, pull;
};

/// D^alpha h = -s (1 - s)/2 - b h + xi² h²/2, h(0) = 0, in `steps` steps. The corrector is solved as the quadratic it
/// is: the explicit predictor overflows at high frequencies.
/// Source   K. Diethelm, N. J. Ford and A. D. Freed, Nonlinear Dynamics 29 (2002) 3-22.
template <class V>
HWY_INLINE RoughRiccati<V> RoughSteps(const RoughHeston& m, double years, Complex<V> s, std::size_t steps,
                                      const internal::RoughWeights& w) {
  const Heston& p = m.heston;
  const double dt = years / static_cast<double>(steps), c = std::pow(dt, w.alpha) * w.per_gamma;
  const auto half_q = 0.5 * (s - s * s), b = p.kappa - (p.rho * p.xi) * s;
  const double half_x2 = 0.5 * p.xi * p.xi;
  std::array<Complex<V>, internal::most_rough_steps + 1> pull;
  pull[0] = -half_q;
  const auto forward = 1.0 + c * b;
  const auto square = forward * forward;
  auto area = lanes::Real(hn::Zero(hn::DFromV<V>())), total = 0.5 * pull[0], h = area;
  for (std::size_t k = 0; k < steps; ++k) {
    auto past = w.first[k] * pull[0], past2 = lanes::Real(hn::Zero(hn::DFromV<V>()));
    std::size_t j = 1;
    for (; j + 1 <= k; j += 2) {
      const auto one = hn::Set(hn::DFromV<V>(), w.inner[k - j]), two = hn::Set(hn::DFromV<V>(), w.inner[k - j - 1]);
      past = {hn::MulAdd(one, pull[j].re, past.re), hn::MulAdd(one, pull[j].im, past.im)};
      past2 = {hn::MulAdd(two, pull[j + 1].re, past2.re), hn::MulAdd(two, pull[j + 1].im, past2.im)};
    }
    if (j <= k) past = past + w.inner[k - j] * pull[j];
    const auto known = c * (past + past2 - half_q);
    h = 2.0 * (known * Inverse(forward + lanes::Sqrt(square - (4.0 * c * half_x2) * known)));
    pull[k + 1] = half_x2 * (h * h) - b * h - half_q;
    const double share = k + 1 == steps ? 0.5 : 1.0;
    area = area + share * h;
    total = total + share * pull[k + 1];
  }
  return {h, dt * area, dt * total};
}

/// Four numbers of steps, and Richardson's extrapolation over the orders 1 + alpha, 2 and 1 + 2 alpha of the scheme's
/// error, which are those that are seen.
template <class V>
HWY_INLINE RoughRiccati<V> RoughRiccatiOf(const RoughHeston& m, double years, Complex<V> s,
                                          const internal::RoughWeights& w) {
  RoughRiccati<V> level[4];
  std::size_t steps = internal::most_rough_steps / 8;
  for (auto& each : level) each = RoughSteps(m, years, s, steps, w), steps *= 2;
  const double orders[] = {1.0 + w.alpha, 2.0, 1.0 + 2.0 * w.alpha};
  for (int stage = 0; stage < 3; ++stage) {
    const double share = 1.0 / (std::pow(2.0, orders[stage]) - 1.0);
    for (int i = 0; i < 3 - stage; ++i) {
      const auto beyond = [&](Complex<V> few, Complex<V> more) HWY_ATTR { return more + share * (more - few); };
      level[i] = {beyond(level[i].last, level[i + 1].last), beyond(level[i].area, level[i + 1].area),
                  beyond(level[i].pull, level[i + 1].pull)};
    }
  }
  return level[0];
}
template <class V>
HWY_INLINE Complex<V> RoughExponent(const Heston& p, const RoughRiccati<V>& r) {
  return (p.kappa * p.theta) * r.area + p.v0 * r.pull;
}

/// The model with the weights of its hurst, and of the two beside it that its slope is taken from.
struct WeighedRough {
  RoughHeston model;
  double step;
  internal::RoughWeights at, above, below;
};
HWY_INLINE WeighedRough Weighed(const RoughHeston& m, bool gradient) {
  const double step = 1e-4 * (m.hurst + 0.01);
  WeighedRough w{m, step, {}, {}, {}};
  w.at = internal::rough_weights(m.hurst);
  if (gradient) w.above = internal::rough_weights(m.hurst + step), w.below = internal::rough_weights(m.hurst - step);
  return w;
}

template <class V>
HWY_INLINE void RoughNode(const WeighedRough& weighed, double years, const internal::Wanted& wanted, Complex<V> s,
                          Node<V>& out) {
  const RoughHeston& m = weighed.model;
  const Heston& p = m.heston;
  if (m.hurst == 0.5) {
    AffineNode<JumpKind::none>(Affine{p, {}, 0.0, 0.0}, years, wanted, s, out);
    if (!wanted.gradient) return;
  } else {
    const auto r = RoughRiccatiOf(m, years, s, weighed.at);
    out.exponent = RoughExponent(p, r);
    if (wanted.covariance) out.covariance = p.v0 * (s + (p.rho * p.xi) * r.last);
    if (wanted.time) {
      const auto b = p.kappa - (p.rho * p.xi) * s;
      const auto pull = r.last * ((0.5 * p.xi * p.xi) * r.last - b) - 0.5 * (s - s * s);
      out.to_years = (p.kappa * p.theta) * r.last + p.v0 * pull;
    }
    if (!wanted.gradient) return;
    out.to[0] = r.pull;
    out.to[2] = p.kappa * r.area;
  }
  // The other slopes are central differences: 1e-6 relative beside the scheme's own error.
  const auto exponent = [&](const RoughHeston& moved, const internal::RoughWeights& weights)
                            HWY_ATTR { return RoughExponent(moved.heston, RoughRiccatiOf(moved, years, s, weights)); };
  const auto slope = [&](double Heston::* number, double step) HWY_ATTR {
    RoughHeston up = m, down = m;
    up.heston.*number += step, down.heston.*number -= step;
    return (0.5 / step) * (exponent(up, weighed.at) - exponent(down, weighed.at));
  };
  if (m.hurst != 0.5) {
    out.to[1] = slope(&Heston::kappa, 1e-4 * (p.kappa + 0.1));
    out.to[3] = slope(&Heston::xi, 1e-4 * p.xi);
    out.to[4] = slope(&Heston::rho, 1e-4);
  }
  out.to[5] = (0.5 / weighed.step) * (exponent(m, weighed.above) - exponent(m, weighed.below));
}

}  // namespace ballast::model::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // BALLAST_MODEL_INTERNAL_ROUGH_INL_H_
