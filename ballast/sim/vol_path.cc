#include "ballast/sim/vol_path.h"

#include <cmath>

#include <fmt/format.h>

#include "ballast/math/elementary.h"

namespace ballast::sim {
namespace {

constexpr double ln_2 = 0.69314718055994530942;

double speed(const VolModel& m) { return ln_2 * 365.0 / m.half_life_days; }  // per year

}  // namespace

std::optional<Error> fault(const VolModel& m) {
  const auto off = [](const char* name, double value, const char* domain) {
    return Error{Fault::bad_input, fmt::format("vol model: {} is {}, it must lie within {}", name, value, domain)};
  };
  if (!(m.mean >= 0.01 && m.mean <= 5.0)) return off("mean", m.mean, "[0.01, 5]");
  if (!(m.half_life_days > 0.0 && m.half_life_days <= 1e6)) return off("half_life_days", m.half_life_days, "(0, 1e6]");
  if (!(m.vol_of_vol >= 0.0 && m.vol_of_vol <= 1e3)) return off("vol_of_vol", m.vol_of_vol, "[0, 1000]");
  if (!(std::abs(m.correlation) <= 1.0)) return off("correlation", m.correlation, "[-1, 1]");
  if (!(long_run_deviation(m) <= 2.0)) return off("vol_of_vol/sqrt(2a)", long_run_deviation(m), "[0, 2]");
  return std::nullopt;
}

double long_run_deviation(const VolModel& m) { return m.vol_of_vol / std::sqrt(2.0 * speed(m)); }

double next_vol(const VolModel& m, double vol, Years step, double of_price, double own) {
  const double deviation = long_run_deviation(m);
  const double level = math::log(m.mean) - 0.5 * deviation * deviation;  // E[e^x] = e^(level + deviation²/2)
  const double a_step = speed(m) * step.value, kept = math::exp(-a_step);
  const double moved = deviation * std::sqrt(-math::expm1(-2.0 * a_step));
  const double z = m.correlation * of_price + std::sqrt(1.0 - m.correlation * m.correlation) * own;
  return math::exp(level + (math::log(vol) - level) * kept + moved * z);
}

}  // namespace ballast::sim
