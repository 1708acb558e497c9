#include "ballast/sim/market_path.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include <fmt/format.h>

#include "ballast/math/elementary.h"
#include "ballast/math/normal.h"
#include "ballast/sim/internal/draws.h"

namespace ballast::sim {
namespace {

constexpr double ln_2 = 0.69314718055994530942;
constexpr double year_s = 31'536'000.0, longest_step_s = 30.0 * 86'400.0;
constexpr double least_vol = 0.01, most_vol = 5.0;  // what a modelled chain may be quoted at
constexpr int most_jumps = 1000;                    // a step; 1000 a year and 30 days expect 82

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
  return fault(m.vol);
}

MarketState begin(const MarketModel& m, Time at) {
  return {.at = at, .index = m.start, .vol = m.start_vol, .premium = m.premium_mean};
}

MarketState next(const MarketModel& m, std::uint64_t seed, std::uint64_t path, const MarketState& s, double seconds) {
  assert(seconds >= 0.0 && seconds <= longest_step_s);
  Rng rng = internal::draws(seed, path, s.step);
  const double years = seconds / year_s;
  const double of_price = math::norm_quantile(rng.uniform()), of_vol = math::norm_quantile(rng.uniform());
  const double of_premium = math::norm_quantile(rng.uniform()), of_jumps = math::norm_quantile(rng.uniform());

  double log_move = (m.drift - 0.5 * s.vol * s.vol) * years + s.vol * std::sqrt(years) * of_price;
  if (m.jumps_a_year > 0.0) {
    const int jumps = internal::poisson(rng, m.jumps_a_year * years, most_jumps);
    const double grows = math::expm1(m.jump_mean + 0.5 * m.jump_deviation * m.jump_deviation);
    log_move += jumps * m.jump_mean + std::sqrt(static_cast<double>(jumps)) * m.jump_deviation * of_jumps;
    log_move -= m.jumps_a_year * grows * years;  // the compensator: what jumps add to E[index]
  }
  const double b_step = ln_2 * seconds / (3600.0 * m.premium_half_life_hours);
  return {.at = Time{s.at.ms + std::llround(seconds * 1000.0)},
          .index = s.index * math::exp(log_move),
          .vol = next_vol(m.vol, s.vol, Years(years), of_price, of_vol),
          .premium = m.premium_mean + (s.premium - m.premium_mean) * math::exp(-b_step) +
                     m.premium_deviation * std::sqrt(-math::expm1(-2.0 * b_step)) * of_premium,
          .step = s.step + 1};
}

double atm_vol(const MarketModel& m, const MarketState& s) { return quoted_vol(m, s.vol * s.vol); }

ChainShape quoted_by(const MarketModel& m, ChainShape shape) {
  const double deviation = long_run_deviation(m.vol);
  shape.long_vol = quoted_vol(m, m.vol.mean * m.vol.mean * math::exp(deviation * deviation));
  shape.vol_half_life_days = m.vol.half_life_days;
  return shape;
}

}  // namespace ballast::sim
