#include "ballast/vol/adaptive.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "ballast/math/elementary.h"

namespace ballast::vol {
namespace {

constexpr double widest_moneyness = 3.0;
constexpr double ln2 = 0.693147180559945309417;

std::optional<Error> fault(const SmileMove& m, std::size_t row) {
  const auto bad = [&](const char* what, double value) {
    return Error{Fault::bad_input, fmt::format("move {}: {} is {}", row, what, value)};
  };
  if (!(m.years.value > 0.0 && std::isfinite(m.years.value))) return bad("years", m.years.value);
  if (!(m.vol.value > 0.0 && std::isfinite(m.vol.value))) return bad("vol", m.vol.value);
  if (!std::isfinite(m.moneyness)) return bad("moneyness", m.moneyness);
  if (!(m.vega_coin >= 0.0 && std::isfinite(m.vega_coin))) return bad("vega_coin", m.vega_coin);
  if (!std::isfinite(m.net_delta)) return bad("net_delta", m.net_delta);
  if (!std::isfinite(m.change)) return bad("change", m.change);
  if (!(m.hedge_gain < 1.0 && std::isfinite(m.hedge_gain))) return bad("hedge_gain", m.hedge_gain);
  return std::nullopt;
}

std::optional<Error> fault(const AdaptiveRules& r) {
  const auto bad = [](const char* what, double value) {
    return Error{Fault::bad_input, fmt::format("adaptive rules: {} is {}", what, value)};
  };
  if (!(r.memory_days > 0.0)) return bad("memory_days", r.memory_days);
  if (!(r.trial_days > 0.0)) return bad("trial_days", r.trial_days);
  if (!(r.ridge >= 0.0)) return bad("ridge", r.ridge);
  if (!(r.influence > 0.0)) return bad("influence", r.influence);
  if (std::isnan(r.significance)) return bad("significance", r.significance);
  if (!(r.least_instants > 0.0)) return bad("least_instants", r.least_instants);
  if (!(r.shrink >= 0.0)) return bad("shrink", r.shrink);
  if (!(r.outlier >= 0.0)) return bad("outlier", r.outlier);
  if (!(r.steepest > 0.0)) return bad("steepest", r.steepest);
  return std::nullopt;
}

double held(double moneyness) { return std::clamp(moneyness, -widest_moneyness, widest_moneyness); }

struct Coefficients {
  double level = 0.0, tilt = 0.0;
};

Coefficients solve(const TenorState& s, double ridge) {
  // Two unknowns with a ridge: the determinant is positive by Cauchy and Schwarz, unless nothing was learned.
  const double a = s.level_level * (1.0 + ridge), b = s.level_tilt, d = s.tilt_tilt * (1.0 + ridge);
  if (!(a > 0.0)) return {};
  const double determinant = a * d - b * b;
  if (!(determinant > 1e-9 * a * d)) return {.level = s.level_error / a};  // one strike only: no tilt
  return {.level = (s.level_error * d - s.tilt_error * b) / determinant,
          .tilt = (a * s.tilt_error - b * s.level_error) / determinant};
}

double response(const Coefficients& c, double moneyness, const AdaptiveRules& rules) {
  return std::clamp(c.level + c.tilt * held(moneyness), -rules.steepest, rules.steepest);
}

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// The moves of one tenor without those whose vol moved unlike the others'.
std::vector<const SmileMove*> believed(const std::vector<const SmileMove*>& moves, const AdaptiveRules& rules) {
  if (rules.outlier == 0.0 || moves.size() < 5) return moves;
  std::vector<double> errors;  // relative to vega · vol: as moves of ln vol
  for (const SmileMove* m : moves)
    errors.push_back((m->change - m->net_delta * m->hedge_gain) / (m->vega_coin * m->vol.value));
  std::vector<double> work = errors;
  const double middle = median(work);
  for (std::size_t i = 0; i < work.size(); ++i) work[i] = std::abs(errors[i] - middle);
  // 1.4826: the median absolute deviation of a normal variable is its standard deviation over this. At least a tenth
  // of a percent of vol, or agreement to the last digit would throw out honest rounding.
  const double limit = rules.outlier * std::max(1.4826 * median(work), 1e-3);
  std::vector<const SmileMove*> kept;
  for (std::size_t i = 0; i < moves.size(); ++i) {
    if (std::abs(errors[i] - middle) <= limit) kept.push_back(moves[i]);
  }
  return kept;
}

/// The Newey-West t of the fading record, its mean taken as 0 under the hypothesis: the variance of a sum of lambda^k
/// d_k.
double record_t(const AdaptiveState& s) {
  double variance = s.square;
  for (std::size_t l = 0; l < AdaptiveState::lags; ++l)
    variance += 2.0 * (1.0 - static_cast<double>(l + 1) / static_cast<double>(AdaptiveState::lags + 1)) * s.product[l];
  return variance > 0.0 ? s.gain / std::sqrt(variance) : NAN;
}

}  // namespace

std::size_t tenor_of(Years years) {
  const double days = 365.0 * years.value;
  return static_cast<std::size_t>(std::upper_bound(tenor_edges_days.begin(), tenor_edges_days.end(), days) -
                                  tenor_edges_days.begin());
}

Result<AdaptiveState> update(const AdaptiveState& state, Time at, std::span<const SmileMove> moves,
                             const AdaptiveRules& rules) {
  if (const auto error = fault(rules)) return *error;
  for (std::size_t i = 0; i < moves.size(); ++i) {
    if (const auto error = fault(moves[i], i)) return *error;
  }
  const bool first = state.as_of == Time{0};
  if (!(at > state.as_of))
    return Error{Fault::bad_input, fmt::format("moves to {} after those to {}", to_string(at), to_string(state.as_of))};

  const double days = first ? 0.0 : seconds_between(state.as_of, at) / 86400.0;
  const double memory = math::exp(-ln2 * days / rules.memory_days), trial = math::exp(-ln2 * days / rules.trial_days);
  AdaptiveState next = state;
  next.as_of = at;
  std::array<std::vector<const SmileMove*>, tenors> by_tenor;
  for (const SmileMove& m : moves) {
    if (m.vega_coin > 0.0) by_tenor[tenor_of(m.years)].push_back(&m);
  }
  double gain = 0.0, at_stake = 0.0;
  bool judged = false;
  for (std::size_t k = 0; k < tenors; ++k) {
    TenorState& s = next.tenor[k];
    const Coefficients before = solve(s, rules.ridge);
    for (double* sum : {&s.level_level, &s.level_tilt, &s.tilt_tilt, &s.level_error, &s.tilt_error, &s.typical_square,
                        &s.typical_count})
      *sum *= memory;
    for (double* sum : {&s.correction_error, &s.correction_square}) *sum *= trial;
    const auto kept = believed(by_tenor[k], rules);
    double weight = 0.0, square = 0.0;
    for (const SmileMove* m : kept) {
      weight += m->vega_coin * m->vega_coin;
      square += m->vega_coin * m->vega_coin * m->hedge_gain * m->hedge_gain;
    }
    if (!(weight > 0.0)) continue;
    square /= weight;
    // A crash says little about the days after it: its weight falls with its square against the typical move's.
    s.typical_square += square;
    s.typical_count += 1.0;
    const double typical = s.typical_square / s.typical_count;
    const double influence = typical > 0.0 ? 1.0 / (1.0 + square / (rules.influence * rules.influence * typical)) : 0.0;
    for (const SmileMove* m : kept) {
      const double z = held(m->moneyness), error = m->change - m->net_delta * m->hedge_gain;
      const double unit = m->vega_coin * m->vol.value * m->hedge_gain;  // what a response of 1 would have earned, coin
      const double correction = response(before, z, rules) * unit;
      s.correction_error += influence * correction * error;
      s.correction_square += influence * correction * correction;
      gain += influence * correction * (2.0 * error - correction);  // error² - (error - correction)²
      at_stake += influence * (error * error + (error - correction) * (error - correction));
      judged = judged || correction != 0.0;
      s.level_level += influence * unit * unit;
      s.level_tilt += influence * unit * unit * z;
      s.tilt_tilt += influence * unit * unit * z * z;
      s.level_error += influence * unit * error;
      s.tilt_error += influence * unit * z * error;
    }
  }
  next.gain *= trial;
  next.instants *= trial;
  next.square *= trial * trial;
  for (double& p : next.product) p *= trial * trial;
  for (double& r : next.recent) r *= trial;
  if (!judged || !(at_stake > 0.0)) return next;
  // As a share of what was at stake, in [-1, 1]: every instant is one witness, and no crash outvotes the days after it.
  gain /= at_stake;
  next.gain += gain;
  next.instants += 1.0;
  next.square += gain * gain;
  for (std::size_t l = 0; l < AdaptiveState::lags; ++l) next.product[l] += gain * next.recent[l];
  for (std::size_t l = AdaptiveState::lags - 1; l > 0; --l) next.recent[l] = next.recent[l - 1];
  next.recent[0] = gain;
  return next;
}

AdaptiveView view(const AdaptiveState& state, std::size_t tenor, const AdaptiveRules& rules) {
  const TenorState& s = state.tenor.at(tenor);
  const Coefficients c = solve(s, rules.ridge);
  AdaptiveView seen{.level = c.level, .tilt = c.tilt, .t = record_t(state), .instants = state.instants};
  if (!(seen.instants >= rules.least_instants && seen.t >= rules.significance && s.correction_square > 0.0))
    return seen;
  // The best multiple of the past predictions, and less of it while there are few.
  const double best = s.correction_error / (s.correction_square * (1.0 + rules.shrink / seen.instants));
  seen.scale = std::clamp(best, 0.0, 1.0);
  return seen;
}

const char* verdict(const AdaptiveView& view, const AdaptiveRules& rules) {
  if (view.scale > 0.0) return "used";
  if (!(view.instants >= rules.least_instants)) return "record too short, net delta";
  if (!(view.t >= rules.significance)) return "not significant, net delta";
  return "no gain in this tenor, net delta";
}

AdaptiveResponse response(const AdaptiveState& state, Years years, double moneyness, const AdaptiveRules& rules) {
  if (!(years.value > 0.0 && std::isfinite(moneyness))) return {NAN, NAN};
  const AdaptiveView seen = view(state, tenor_of(years), rules);
  const bool free =
      std::abs(moneyness) < widest_moneyness && std::abs(seen.level + seen.tilt * moneyness) < rules.steepest;
  return {.value = seen.scale * response({.level = seen.level, .tilt = seen.tilt}, moneyness, rules),
          .by_moneyness = free ? seen.scale * seen.tilt : 0.0};
}

double adjustment(const AdaptiveState& state, Years years, Vol vol, double moneyness, const AdaptiveRules& rules) {
  if (!(years.value > 0.0 && vol.value > 0.0 && std::isfinite(moneyness))) return NAN;
  const AdaptiveView seen = view(state, tenor_of(years), rules);
  return seen.scale * vol.value * response({.level = seen.level, .tilt = seen.tilt}, moneyness, rules);
}

}  // namespace ballast::vol
