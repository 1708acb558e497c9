#include "ballast/sim/market_path.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include <fmt/format.h>

#include "ballast/math/elementary.h"
#include "ballast/math/normal.h"
#include "ballast/model/qe_step.h"
#include "ballast/sim/internal/draws.h"

namespace ballast::sim {
namespace {

constexpr double ln_2 = 0.69314718055994530942;
constexpr double year_s = 31'536'000.0, longest_step_s = 30.0 * 86'400.0;
constexpr double least_vol = 0.01, most_vol = 5.0;  // what a modelled chain may be quoted at
constexpr int most_jumps = 1000;                    // a step; 1000 a year and 30 days expect 82

/// The logarithm's move and the variance after a step of the dynamics.
struct VarianceMove {
  double log_move, variance;
};
VarianceMove moved(const model::Svcj& m, double variance, double years, double of_price, double u, Rng& rng) {
  const model::QeStep step = model::qe_step(m.heston, years);
  const model::QeMove qe = model::qe_move(step, variance, u);
  const double k0 = std::isfinite(qe.corrected) ? qe.corrected : step.k0;
  VarianceMove move{
      .log_move = k0 + step.k1 * variance + step.k2 * qe.next + std::sqrt(step.k3 * (variance + qe.next)) * of_price,
      .variance = qe.next};
  if (m.jumps.rate == 0.0) return move;
  const double square = m.jumps.deviation * m.jumps.deviation;
  const double grows = math::exp(m.jumps.mean + 0.5 * square) / (1.0 - m.jump_slope * m.variance_jump) - 1.0;
  move.log_move -= m.jumps.rate * grows * years;
  const int jumps = internal::poisson(rng, m.jumps.rate * years, most_jumps);
  for (int i = 0; i < jumps; ++i) {
    const double up = -m.variance_jump * math::log(rng.uniform());
    move.variance += up;
    move.log_move += m.jumps.mean + m.jump_slope * up + m.jumps.deviation * math::norm_quantile(rng.uniform());
  }
  return move;
}

/// What options are quoted at where the Brownian part has this variance a year.
double quoted_vol(const MarketModel& m, double variance) {
  const double jumps = m.jumps_a_year * (m.jump_mean * m.jump_mean + m.jump_deviation * m.jump_deviation);
  return std::clamp(m.implied_over_realised * std::sqrt(variance + jumps), least_vol, most_vol);
}

}  // namespace

std::optional<Error> fault(const MarketModel& m) {
  struct Bound {
    const char* name;
    double value, least, most;
  };
  const Bound bounds[] = {{"start", m.start, 1.0, 1e9},
                          {"start_vol", m.start_vol, least_vol, most_vol},
                          {"drift", m.drift, -10.0, 10.0},
                          {"implied_over_realised", m.implied_over_realised, 0.2, 5.0},
                          {"jumps_a_year", m.jumps_a_year, 0.0, 1000.0},
                          {"jump_mean", m.jump_mean, -1.0, 1.0},
                          {"jump_deviation", m.jump_deviation, 0.0, 1.0},
                          {"premium_mean", m.premium_mean, -0.1, 0.1},
                          {"premium_deviation", m.premium_deviation, 0.0, 0.1},
                          {"premium_half_life_hours", m.premium_half_life_hours, 1e-3, 1e6}};
  for (const Bound& b : bounds) {
    if (!(b.value >= b.least && b.value <= b.most)) {
      return Error{Fault::bad_input, fmt::format("market model: {} is {}, it must lie within [{}, {}]", b.name, b.value,
                                                 b.least, b.most)};
    }
  }
  if (m.dynamics) {
    if (auto wrong = model::fault(*m.dynamics)) return wrong;
  }
  return fault(m.vol);
}

MarketState begin(const MarketModel& m, Time at) {
  return {.at = at,
          .index = m.start,
          .vol = m.dynamics ? std::sqrt(m.dynamics->heston.v0) : m.start_vol,
          .premium = m.premium_mean};
}

MarketState next(const MarketModel& m, std::uint64_t seed, std::uint64_t path, const MarketState& s, double seconds) {
  assert(seconds >= 0.0 && seconds <= longest_step_s);
  Rng rng = internal::draws(seed, path, s.step);
  const double years = seconds / year_s;
  const double of_price = math::norm_quantile(rng.uniform()), u_vol = rng.uniform();
  const double of_premium = math::norm_quantile(rng.uniform()), of_jumps = math::norm_quantile(rng.uniform());

  double log_move = (m.drift - 0.5 * s.vol * s.vol) * years + s.vol * std::sqrt(years) * of_price;
  double vol = 0.0;
  if (m.dynamics) {
    // The uniform itself: the scheme divides by 1 - u, and the way over a normal could round u to 1.
    const VarianceMove move = moved(*m.dynamics, s.vol * s.vol, years, of_price, u_vol, rng);
    log_move = m.drift * years + move.log_move;
    vol = std::sqrt(move.variance);
  } else {
    vol = next_vol(m.vol, s.vol, Years(years), of_price, math::norm_quantile(u_vol));
  }
  if (!m.dynamics && m.jumps_a_year > 0.0) {
    const int jumps = internal::poisson(rng, m.jumps_a_year * years, most_jumps);
    const double grows = math::expm1(m.jump_mean + 0.5 * m.jump_deviation * m.jump_deviation);
    log_move += jumps * m.jump_mean + std::sqrt(static_cast<double>(jumps)) * m.jump_deviation * of_jumps;
    log_move -= m.jumps_a_year * grows * years;  // the compensator: what jumps add to E[index]
  }
  const double b_step = ln_2 * seconds / (3600.0 * m.premium_half_life_hours);
  return {.at = Time{s.at.ms + std::llround(seconds * 1000.0)},
          .index = s.index * math::exp(log_move),
          .vol = vol,
          .premium = m.premium_mean + (s.premium - m.premium_mean) * math::exp(-b_step) +
                     m.premium_deviation * std::sqrt(-math::expm1(-2.0 * b_step)) * of_premium,
          .step = s.step + 1};
}

model::TransformModel model_at(const MarketModel& m, const MarketState& s) {
  model::Svcj now = m.dynamics.value();
  now.heston.v0 = std::min(s.vol * s.vol, 25.0);  // where the model's range ends
  return now;
}

double atm_vol(const MarketModel& m, const MarketState& s) { return quoted_vol(m, s.vol * s.vol); }

ChainShape quoted_by(const MarketModel& m, ChainShape shape) {
  const double deviation = long_run_deviation(m.vol);
  shape.long_vol = quoted_vol(m, m.vol.mean * m.vol.mean * math::exp(deviation * deviation));
  shape.vol_half_life_days = m.vol.half_life_days;
  return shape;
}

}  // namespace ballast::sim
