#include "ballast/model/merton_series.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "ballast/math/elementary.h"
#include "ballast/math/normal.h"
#include "ballast/math/normalised_black.h"

namespace ballast::model {
namespace {

constexpr std::size_t most_terms = 1'000'000;
constexpr double smallest_share = 1e-19;

struct BlackTerm {
  double value, delta_forward, gamma_square, density;  // F delta, F² gamma, F N'(d1)
};
/// `moneyness` is ln(forward/strike); all in units of strike.
BlackTerm black(double moneyness, double variance, double sign) {
  const double stdev = std::sqrt(variance), forward = math::exp(moneyness);
  const double d1 = moneyness / stdev + 0.5 * stdev, density = forward * math::norm_pdf(d1);
  const double inside = std::max(sign * math::expm1(moneyness), 0.0);
  return {math::exp(0.5 * moneyness) * math::normalised_black(moneyness, stdev) + inside,
          sign * forward * math::norm_cdf(sign * d1), density / stdev, density};
}

}  // namespace

Result<MertonOption> merton_series(const Merton& model, Price forward, Price strike, Years years, double sign) {
  if (auto wrong = fault(TransformModel{model})) return *wrong;
  const auto bad = [](const char* what, double value) {
    return Error{Fault::bad_input, std::string("Merton's series: ") + what + " is " + std::to_string(value)};
  };
  const double f = forward.value, k = strike.value, t = years.value, expected = model.jumps.rate * t;
  if (!(f > 0.0 && std::isfinite(f))) return bad("forward", f);
  if (!(k > 0.0 && std::isfinite(k))) return bad("strike", k);
  if (!(t > 0.0 && t <= 100.0)) return bad("years", t);
  if (sign != 1.0 && sign != -1.0) return bad("sign", sign);
  if (!(expected <= 700.0)) return bad("rate times years", expected);

  const double spread = model.jumps.deviation * model.jumps.deviation, growth = model.jumps.mean + 0.5 * spread;
  const double mean = math::expm1(growth), grown = 1.0 + mean, rate = model.jumps.rate;
  const double moneyness = math::log_ratio(f, k) - expected * mean, diffusion = model.vol * model.vol * t;
  // Twice the forward's share in the measure of the coin: beyond this many jumps every weighted term falls.
  const double beyond = expected * std::max({1.0, grown, grown * grown});

  double value = 0.0, delta = 0.0, gamma = 0.0, density = 0.0, later = 0.0, coin = 0.0;
  double weight = math::exp(-expected);
  std::size_t n = 0;
  BlackTerm now = black(moneyness, diffusion, sign);
  for (;; ++n) {
    if (n > most_terms) return Error{Fault::limit, "Merton's series: over a million jumps count"};
    const double jumps = static_cast<double>(n), at = moneyness + jumps * growth, v = diffusion + jumps * spread;
    const BlackTerm next = black(at + growth, v + spread, sign);
    value += weight * now.value;
    delta += weight * now.delta_forward;
    gamma += weight * now.gamma_square;
    density += weight * now.density / std::sqrt(v);
    later += weight * next.value;
    if (rate > 0.0) coin += weight * black(at + growth + spread, v + spread, sign).value;
    const double share = weight * std::max(next.value, grown * math::exp(at));
    if (expected == 0.0 || (jumps > beyond && share <= smallest_share * value)) break;
    if (jumps > beyond + 40.0 && weight * math::exp(at) < 1e-300) break;  // an option worth nothing
    weight *= expected / (jumps + 1.0);
    now = next;
  }
  const double to_years = rate * (later - value) - rate * mean * delta + 0.5 * model.vol * model.vol * gamma;
  const double covariance = model.vol * model.vol * delta + rate * (grown * coin - later - mean * value);
  const double variance = model.vol * model.vol + rate * (grown * grown * math::expm1(spread) + mean * mean);
  return MertonOption{.value = Price(k * value),
                      .delta = k * delta / f,
                      .gamma = k * gamma / (f * f),
                      .vega = k * density * model.vol * t,
                      .theta = -k * to_years,
                      .minimum_variance_delta = k * covariance / (f * variance),
                      .terms = n + 1};
}

}  // namespace ballast::model
