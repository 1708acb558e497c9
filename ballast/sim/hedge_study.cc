#include "ballast/sim/hedge_study.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "ballast/math/elementary.h"
#include "ballast/pricing/black_scholes.h"
#include "ballast/risk/value_at_risk.h"
#include "ballast/sim/internal/hedge_paths.h"
#include "ballast/sim/internal/hedge_plan.h"

namespace ballast::sim {
namespace {

using Plan = PreparedStudy::Plan;
constexpr double two_pi = 6.283185307179586;
constexpr int most_steps = 10'000'000;

double power(double x, double p) { return math::exp(p * math::log(x)); }

std::optional<Error> fault(const HedgeStudy& study) {
  const auto bad = [](const char* what, double value) {
    return Error{Fault::bad_input, std::string("hedge study: ") + what + ", not " + std::to_string(value)};
  };
  const auto positive = [](double v) { return v > 0.0 && std::isfinite(v); };
  if (!std::isfinite(study.quantity) || study.quantity == 0.0) return bad("quantity must not be 0", study.quantity);
  if (!positive(study.spot.value)) return bad("spot must be above 0", study.spot.value);
  if (!positive(study.strike.value)) return bad("strike must be above 0", study.strike.value);
  if (!positive(study.years.value)) return bad("years must be above 0", study.years.value);
  if (!positive(study.vol.value)) return bad("vol must be above 0", study.vol.value);
  if (!positive(study.hedge_vol.value)) return bad("hedge vol must be above 0", study.hedge_vol.value);
  if (!(std::abs(study.drift * study.years.value) <= 100.0))
    return bad("drift must be below 100 over the life", study.drift);
  if (!(std::abs(study.rate * study.years.value) <= 100.0))
    return bad("rate must be below 100 over the life", study.rate);
  if (study.steps < 1 || study.steps > most_steps) return bad("steps must be 1 to 10000000", study.steps);
  if (!(study.cost_rate >= 0.0 && study.cost_rate < 1.0)) return bad("cost rate must be in [0, 1)", study.cost_rate);
  return std::nullopt;
}

// Steps in a rule's interval, a whole number of them; 1 without one.
Result<double> whole_steps(Years interval, double step_years) {
  if (interval.value == 0.0) return 1.0;
  const double exact = interval.value / step_years, whole = std::round(exact);
  if (whole < 1.0 || std::abs(exact - whole) > 1e-9 * whole)
    return Error{Fault::bad_input,
                 "hedge study: a rule's interval of " + std::to_string(interval.value * 365.0 * 24.0) +
                     " hours is no whole number of steps of " + std::to_string(step_years * 365.0 * 24.0) + " hours"};
  return whole;
}

Plan::Band kind_at(const hedge::RebalanceRule& rule, double years_left) {
  switch (rule.band) {
    case hedge::BandKind::none: return Plan::Band::none;
    case hedge::BandKind::fixed: return Plan::Band::fixed;
    case hedge::BandKind::whalley_wilmott: return Plan::Band::whalley_wilmott;
    case hedge::BandKind::zakamouline:
      return years_left >= rule.handover.value ? Plan::Band::zakamouline : Plan::Band::whalley_wilmott;
  }
  return Plan::Band::none;
}

// The half-width's constants: hedge/bands.h with gamma = size phi(d1) / (S stdev) written out in d1 and x.
Plan::Look look_at(const HedgeStudy& study, const hedge::RebalanceRule& rule, double years_left) {
  const double vol = study.hedge_vol.value, size = std::abs(study.quantity), strike = study.strike.value;
  const double stdev = vol * std::sqrt(years_left), discount = math::exp(-study.rate * years_left);
  Plan::Look look{.band = kind_at(rule, years_left)};
  switch (look.band) {
    case Plan::Band::none: break;
    case Plan::Band::fixed: look.a = rule.width * size; break;
    case Plan::Band::whalley_wilmott:
      look.a = power(1.5 * discount * rule.cost_rate * size * size / (rule.aversion * two_pi * strike * stdev * stdev),
                     1.0 / 3.0);
      break;
    case Plan::Band::zakamouline: {
      const double root_two_pi = std::sqrt(two_pi);
      const double spread = power(discount / vol, 0.25);
      look.a = rule.cost_rate / (rule.aversion * stdev * stdev);
      look.b = 1.12 * power(rule.cost_rate, 0.31) * power(years_left, 0.05) * spread *
               std::sqrt(size / (rule.aversion * root_two_pi * strike * stdev));
      look.c = std::copysign(4.76 * power(rule.cost_rate, 0.78) * power(years_left, -0.02) * spread *
                                 power(rule.aversion * strike * size / (root_two_pi * stdev), 0.15),
                             -study.quantity);
      break;
    }
  }
  return look;
}

}  // namespace

Result<PreparedStudy> prepare(const HedgeStudy& study) {
  if (const auto error = fault(study)) return *error;
  auto plan = std::make_shared<Plan>();
  const double step_years = study.years.value / study.steps, strike = study.strike.value;
  plan->steps = study.steps;
  plan->seed = study.seed;
  plan->call = study.type == market::OptionType::call ? 1.0 : 0.0;
  plan->quantity = study.quantity;
  plan->size = std::abs(study.quantity);
  plan->cost_rate = study.cost_rate;
  plan->start = math::log_ratio(study.spot.value, strike);
  plan->premium = pricing::black_scholes_price({.spot = study.spot,
                                                .strike = study.strike,
                                                .rate = study.rate,
                                                .vol = study.hedge_vol,
                                                .years = study.years,
                                                .type = study.type})
                      .value;
  plan->last_scale = strike * math::exp(-study.rate * study.years.value);
  plan->move = model::gbm_step({.drift = study.drift, .vol = study.vol}, Years(step_years));

  std::vector<double> vols = {study.hedge_vol.value};
  for (const hedge::RebalanceRule& given : study.rules) {
    const auto rule = hedge::checked(given);
    if (!rule) return rule.error();
    const auto wait = whole_steps(given.least_interval, step_years);
    if (!wait) return wait.error();
    Plan::Rule laid{.middle = given.target == hedge::BandTarget::middle,
                    .first_differs = given.first_target.value_or(given.target) != given.target,
                    .wait = wait.value()};
    const double unit = given.move_span.value > 0.0 ? study.hedge_vol.value * std::sqrt(given.move_span.value) : 1.0;
    laid.least_move = given.least_move * unit;
    laid.waits = laid.least_move > 0.0 || (laid.wait > 1.0 && given.band != hedge::BandKind::none);
    if (given.leland_interval.value > 0.0) {
      // A bought option has gamma above 0 whatever its type.
      const Vol vol = hedge::leland_vol(study.hedge_vol, given.cost_rate, given.leland_interval, study.quantity);
      if (std::isnan(vol.value))
        return Error{Fault::bad_input, "hedge study: no Leland vol for a bought option hedged every " +
                                           std::to_string(given.leland_interval.value * 365.0 * 24.0) +
                                           " hours: its costs are more than its vol"};
      laid.line = static_cast<std::size_t>(std::find(vols.begin(), vols.end(), vol.value) - vols.begin());
      if (laid.line == vols.size()) vols.push_back(vol.value);
    }
    plan->rule.push_back(laid);
  }
  plan->lines = vols.size();

  for (int s = 0; s < study.steps; ++s) {
    const double gone = step_years * s, left = step_years * (study.steps - s);
    plan->step.push_back({.scale = strike * math::exp(-study.rate * gone),
                          .per_discount = math::exp(study.rate * gone),
                          .rate_years = study.rate * left,
                          .half_stdev = 0.5 * study.hedge_vol.value * std::sqrt(left)});
    for (const double vol : vols) {
      const double stdev = vol * std::sqrt(left);
      plan->line.push_back({.slope = 1.0 / stdev, .shift = study.rate * left / stdev + 0.5 * stdev});
    }
    for (std::size_t r = 0; r < study.rules.size(); ++r) {
      Plan::Look look = look_at(study, study.rules[r], left);
      look.due = plan->rule[r].waits || std::fmod(s, plan->rule[r].wait) == 0.0;
      Plan::Line* lines = &plan->line[static_cast<std::size_t>(s) * vols.size()];
      if (look.due) {
        lines[plan->rule[r].line].needed = true;
        if (look.band == Plan::Band::whalley_wilmott || look.band == Plan::Band::zakamouline) lines[0].needed = true;
      }
      plan->look.push_back(look);
    }
  }
  return PreparedStudy(std::move(plan));
}

HedgePaths room_for(const PreparedStudy& study, std::size_t paths) {
  const std::size_t places = study.plan().rule.size() * paths;
  return {.paths = paths,
          .pnl = std::vector<double>(places),
          .cost = std::vector<double>(places),
          .trades = std::vector<double>(places)};
}

void simulate(const PreparedStudy& study, std::size_t first, std::size_t count, HedgePaths& out) {
  const std::size_t places = study.plan().rule.size() * out.paths;
  if (first > out.paths || count > out.paths - first || out.pnl.size() != places || out.cost.size() != places ||
      out.trades.size() != places)
    abort_with({Fault::bad_input, "simulate: paths without a place in the columns"});
  internal::run_paths(study.plan(), first, count, out);
}

namespace {

Estimate estimate(const double* values, std::size_t n) {
  double sum = 0.0, square = 0.0;
  for (std::size_t i = 0; i < n; ++i) sum += values[i];
  const double count = static_cast<double>(n), mean = sum / count;
  for (std::size_t i = 0; i < n; ++i) square += (values[i] - mean) * (values[i] - mean);
  const double stdev = std::sqrt(square / (count - 1.0));
  return {mean, stdev / std::sqrt(count), stdev};
}

// The place of the smallest value that a share `level` of n sorted ones reaches. A billionth of a path is forgiven, so
// that 0.05 of 20 paths, a product above 1 in binary, is one path.
std::size_t place(double level, std::size_t n) {
  const double exact = level * static_cast<double>(n);
  const auto up = static_cast<std::size_t>(std::ceil(exact - 1e-9));
  return std::min(std::max<std::size_t>(up, 1), n) - 1;
}

}  // namespace

std::vector<RuleOutcome> outcomes(const HedgePaths& paths) {
  const std::size_t n = paths.paths;
  std::vector<RuleOutcome> all;
  for (std::size_t at = 0; n > 1 && at < paths.pnl.size(); at += n) {
    RuleOutcome out{.pnl = estimate(&paths.pnl[at], n),
                    .cost = estimate(&paths.cost[at], n),
                    .trades = estimate(&paths.trades[at], n)};
    std::vector<double> sorted(paths.pnl.begin() + static_cast<std::ptrdiff_t>(at),
                               paths.pnl.begin() + static_cast<std::ptrdiff_t>(at + n));
    const double count = static_cast<double>(n);
    double second = 0.0, third = 0.0, fourth = 0.0;
    for (const double value : sorted) {
      const double away = value - out.pnl.mean, square = away * away;
      second += square, third += square * away, fourth += square * square;
    }
    second /= count, third /= count, fourth /= count;
    out.skewness = third / (second * std::sqrt(second));
    out.kurtosis = fourth / (second * second);
    out.stdev_error = out.pnl.stdev * std::sqrt((out.kurtosis - 1.0) / (4.0 * count));
    std::sort(sorted.begin(), sorted.end());
    std::vector<double> losses(n);
    for (std::size_t i = 0; i < n; ++i) losses[i] = -sorted[i];
    out.shortfall_95 = risk::expected_shortfall(losses, {}, 0.95);
    for (std::size_t q = 0; q < outcome_levels.size(); ++q) out.quantiles[q] = sorted[place(outcome_levels[q], n)];
    all.push_back(out);
  }
  return all;
}

}  // namespace ballast::sim
