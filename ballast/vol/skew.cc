#include "ballast/vol/skew.h"

#include <algorithm>
#include <cmath>

#include "ballast/math/elementary.h"
#include "ballast/math/normal.h"

namespace ballast::vol {
namespace {

using market::OptionType;

constexpr double furthest = 64.0;  // |k|: a strike e^64 times the forward is none
constexpr int most_doublings = 64, most_steps = 100;

/// A function of k and its derivative; it rises through the root that is looked for.
struct Value {
  double value, slope;
};

/// d1 (or d2) of a smile along k.
Value d_of(const SmilePoint& p, double k, bool second) {
  const double s = std::sqrt(p.total_variance), s_slope = 0.5 * p.slope / s, half = second ? -0.5 : 0.5;
  return {.value = -k / s + half * s, .slope = -1.0 / s + (k / (s * s) + half) * s_slope};
}

/// What is asked of a smile: the value is below 0 on the left of the strike and above 0 on its right.
class Question {
 public:
  enum class Kind { d1, d2, adjusted_put, adjusted_call };
  Question(const Smile& smile, Kind kind, double target) : smile_(smile), kind_(kind), target_(target) {}

  /// target - d1(k), -d2(k), and ln |delta| against its target, which rises for the put and falls for the call.
  Value operator()(double k) {
    ++asked;
    const SmilePoint p = smile_(k);
    if (!(p.total_variance > 0.0)) return {std::nan(""), std::nan("")};
    const Value d = d_of(p, k, kind_ != Kind::d1);
    switch (kind_) {
      case Kind::d1:
      case Kind::d2: return {.value = target_ - d.value, .slope = -d.slope};
      case Kind::adjusted_put:
        return {.value = k + math::log_norm_cdf(-d.value) - target_, .slope = 1.0 - d.slope / math::mills(d.value)};
      case Kind::adjusted_call:
        return {.value = target_ - k - math::log_norm_cdf(d.value), .slope = -1.0 - d.slope / math::mills(-d.value)};
    }
    return {std::nan(""), std::nan("")};
  }

  int asked = 0;

 private:
  const Smile& smile_;
  Kind kind_;
  double target_;
};

struct Root {
  SmileOutcome outcome = SmileOutcome::bad_input;
  double k = 0.0;
};

/// The root between low, where f < 0, and high, where f >= 0: Newton, and the middle wherever it would leave.
Root root_between(Question& f, double low, double high, double scale) {
  const double close = 0x1p-52 * scale;
  double k = 0.5 * (low + high);
  for (int i = 0; i < most_steps; ++i) {
    const Value at = f(k);
    if (std::isnan(at.value)) return {SmileOutcome::bad_input, k};
    (at.value < 0.0 ? low : high) = k;
    double next = k - at.value / at.slope;
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    if (std::abs(next - k) <= close + 0x1p-52 * std::abs(k) || next == low || next == high) {
      return {SmileOutcome::ok, next};
    }
    k = next;
  }
  return {high - low <= 1e-12 * (scale + std::abs(high)) ? SmileOutcome::ok : SmileOutcome::limit, 0.5 * (low + high)};
}

/// The first root on the way from `start`, to the right where f < 0 there, else to the left.
Root root_from(Question& f, double start, double scale) {
  const double first = f(start).value;
  double near = start, step = scale;
  for (int i = 0; i < most_doublings; ++i, step *= 2.0) {
    const double next = first < 0.0 ? near + step : near - step;
    if (std::isnan(first) || std::abs(next) > furthest) break;
    const double there = f(next).value;
    if (std::isnan(there)) return {SmileOutcome::bad_input, next};
    if (first < 0.0 && there >= 0.0) return root_between(f, near, next, scale);
    if (first >= 0.0 && there < 0.0) return root_between(f, next, near, scale);
    near = next;
  }
  return {std::isnan(first) ? SmileOutcome::bad_input : SmileOutcome::no_solution, near};
}

/// Where the delta of an adjusted call is largest: the slope of `f` turns from falling to rising.
Root largest_delta(Question& f, double scale) {
  const double first = f(0.0).slope;
  if (std::isnan(first)) return {SmileOutcome::bad_input, 0.0};
  double near = 0.0, far = 0.0, step = scale;
  for (int i = 0; (f(far).slope < 0.0) == (first < 0.0); ++i, step *= 2.0) {
    near = far;
    far += first < 0.0 ? step : -step;
    if (i == most_doublings || std::abs(far) > furthest) return {SmileOutcome::no_solution, far};
  }
  double low = std::min(near, far), high = std::max(near, far);
  for (int i = 0; i < most_steps && high - low > 0x1p-52 * scale; ++i) {
    const double middle = 0.5 * (low + high);
    (f(middle).slope < 0.0 ? low : high) = middle;
  }
  return {SmileOutcome::ok, 0.5 * (low + high)};
}

Root out_of_the_money_call(Question& f, double scale) {
  if (f(0.0).value < 0.0) return root_from(f, 0.0, scale);
  const Root top = largest_delta(f, scale);
  if (top.outcome != SmileOutcome::ok) return top;
  const double over = f(top.k).value;
  if (over == 0.0) return top;
  if (over > 0.0) return {SmileOutcome::no_solution, top.k};
  return root_from(f, top.k, scale);
}

SmileStrike strike_of(const Smile& smile, Price forward, Years years, const Question& question, const Root& root) {
  SmileStrike out{.outcome = root.outcome,
                  .strike = Price(std::nan("")),
                  .log_moneyness = std::nan(""),
                  .vol = Vol(std::nan("")),
                  .iterations = question.asked};
  if (root.outcome != SmileOutcome::ok) return out;
  out.log_moneyness = root.k;
  out.strike = Price(forward.value * math::exp(root.k));
  out.vol = vol_of(smile(root.k), years);
  return out;
}

SmileStrike no_strike(SmileOutcome outcome) {
  return {.outcome = outcome, .strike = Price(std::nan("")), .log_moneyness = std::nan(""), .vol = Vol(std::nan(""))};
}

bool in_domain(Price forward, Years years) {
  return forward.value > 0.0 && years.value > 0.0 && std::isfinite(forward.value) && std::isfinite(years.value);
}

/// The step in which a smile is walked: a standard deviation at the money.
double scale_of(const Smile& smile) {
  const double w = smile(0.0).total_variance;
  return w > 0.0 && w < furthest ? std::sqrt(w) : std::nan("");
}

Wings wings(const Smile& smile, Price forward, Years years, SmileDelta delta, double abs_delta, Vol straddle) {
  Wings out{.abs_delta = abs_delta,
            .call = strike_at_delta(smile, forward, years, OptionType::call, abs_delta, delta),
            .put = strike_at_delta(smile, forward, years, OptionType::put, abs_delta, delta)};
  out.risk_reversal = out.call.vol.value - out.put.vol.value;
  out.butterfly = 0.5 * (out.call.vol.value + out.put.vol.value) - straddle.value;
  return out;
}

}  // namespace

Smile smile_of(const Slice& slice) {
  return [&slice](double k) { return at(slice.shape, k); };
}

Smile smile_of(const Surface& surface, Years years) {
  return [&surface, years](double k) { return at(surface, k, years); };
}

Price forward_at(const Surface& surface, Years years) {
  const std::vector<Slice>& slices = surface.slices;
  if (slices.empty() || !(years.value > 0.0)) return Price(std::nan(""));
  const auto later = std::find_if(slices.begin(), slices.end(), [&](const Slice& s) { return s.years >= years; });
  if (later == slices.begin()) return slices.front().forward;
  if (later == slices.end()) return slices.back().forward;
  const Slice &near = *(later - 1), &far = *later;
  const double share = (years - near.years) / (far.years - near.years);
  return Price(near.forward.value * math::exp(share * math::log_ratio(far.forward.value, near.forward.value)));
}

const char* name(SmileDelta delta) { return delta == SmileDelta::forward ? "forward" : "premium-adjusted"; }

SmileDelta natural_delta(market::Settlement settlement) {
  return settlement == market::Settlement::inverse ? SmileDelta::premium_adjusted : SmileDelta::forward;
}

const char* name(SmileOutcome outcome) {
  switch (outcome) {
    case SmileOutcome::ok: return "ok";
    case SmileOutcome::no_solution: return "no solution";
    case SmileOutcome::bad_input: return "bad input";
    case SmileOutcome::limit: return "limit";
  }
  return "";
}

SmileStrike strike_at_delta(const Smile& smile, Price forward, Years years, OptionType type, double abs_delta,
                            SmileDelta delta) {
  if (!in_domain(forward, years) || !(abs_delta > 0.0 && std::isfinite(abs_delta)))
    return no_strike(SmileOutcome::bad_input);
  const double scale = scale_of(smile);
  if (std::isnan(scale)) return no_strike(SmileOutcome::bad_input);
  const bool call = type == OptionType::call;
  if (delta == SmileDelta::forward) {
    if (!(abs_delta < 1.0)) return no_strike(SmileOutcome::no_solution);
    const double quantile = math::norm_quantile(abs_delta);
    Question d1(smile, Question::Kind::d1, call ? quantile : -quantile);
    const Root root = root_from(d1, 0.0, scale);
    return strike_of(smile, forward, years, d1, root);
  }
  const double target = math::log(abs_delta);
  Question adjusted(smile, call ? Question::Kind::adjusted_call : Question::Kind::adjusted_put, target);
  const Root root = call ? out_of_the_money_call(adjusted, scale) : root_from(adjusted, 0.0, scale);
  return strike_of(smile, forward, years, adjusted, root);
}

SmileStrike straddle_strike(const Smile& smile, Price forward, Years years, SmileDelta delta) {
  const double scale = in_domain(forward, years) ? scale_of(smile) : std::nan("");
  if (std::isnan(scale)) return no_strike(SmileOutcome::bad_input);
  Question d(smile, delta == SmileDelta::forward ? Question::Kind::d1 : Question::Kind::d2, 0.0);
  const Root root = root_from(d, 0.0, scale);
  return strike_of(smile, forward, years, d, root);
}

SkewMetrics skew_metrics(const Smile& smile, Price forward, Years years, SmileDelta delta) {
  const bool good = in_domain(forward, years);
  const SmilePoint money = good ? smile(0.0) : SmilePoint{std::nan(""), std::nan(""), std::nan("")};
  SkewMetrics out{.delta = delta,
                  .forward = forward,
                  .years = years,
                  .atm_vol = vol_of(money, years),
                  .slope = vol_slope(money, years),
                  .curvature = vol_curvature(money, years),
                  .straddle = straddle_strike(smile, forward, years, delta)};
  out.wings25 = wings(smile, forward, years, delta, 0.25, out.straddle.vol);
  out.wings10 = wings(smile, forward, years, delta, 0.10, out.straddle.vol);
  return out;
}

}  // namespace ballast::vol
