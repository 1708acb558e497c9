#include "ballast/vol/dynamics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "ballast/base/text.h"

namespace ballast::vol {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double widest_stickiness = 10.0;  // models and markets lie in [-1, 3]; beyond ten it is a slip of the hand

}  // namespace

std::string name(const SmileDynamics& dynamics) {
  switch (dynamics.rule) {
    case SmileRule::sticky_strike: return "sticky-strike";
    case SmileRule::sticky_moneyness: return "sticky-moneyness";
    case SmileRule::sticky_local_vol: return "local-vol";
    case SmileRule::skew_stickiness: return "ssr=" + shortest(dynamics.stickiness);
    case SmileRule::by_tenor: return "by-tenor";
    case SmileRule::adaptive: return "adaptive";
    case SmileRule::model: return "model=" + dynamics.model;
  }
  return "";
}

Result<SmileDynamics> smile_dynamics(const std::string& word) {
  if (word == "net" || word == "sticky-strike") return SmileDynamics{.rule = SmileRule::sticky_strike};
  if (word == "sticky-moneyness") return SmileDynamics{.rule = SmileRule::sticky_moneyness};
  if (word == "local-vol") return SmileDynamics{.rule = SmileRule::sticky_local_vol};
  if (word == "adaptive") return SmileDynamics{.rule = SmileRule::adaptive};
  if (word.starts_with("model=") && word.size() > 6)
    return SmileDynamics{.rule = SmileRule::model, .model = word.substr(6)};
  if (word.starts_with("ssr=")) {
    const auto stickiness = parse_number(word.substr(4));
    if (stickiness && std::abs(*stickiness) <= widest_stickiness)
      return SmileDynamics{.rule = SmileRule::skew_stickiness, .stickiness = *stickiness};
  }
  return Error{
      Fault::bad_input,
      fmt::format(
          "{} is not one of net, sticky-strike, sticky-moneyness, local-vol, ssr=R with R in [-{}, {}], adaptive, "
          "model=NAME",
          quoted(word), widest_stickiness, widest_stickiness)};
}

TenorRule rule_at(const SmileDynamics& dynamics, Years years) {
  if (!(years.value > 0.0)) return {years, nan, nan};
  switch (dynamics.rule) {
    case SmileRule::sticky_strike: return {years, 1.0, 0.0};
    case SmileRule::sticky_moneyness: return {years, 0.0, 0.0};
    case SmileRule::sticky_local_vol: return {years, 2.0, 0.0};
    case SmileRule::skew_stickiness: return {years, dynamics.stickiness, 0.0};
    case SmileRule::adaptive:
    case SmileRule::model: return {years, nan, nan};
    case SmileRule::by_tenor: break;
  }
  const std::vector<TenorRule>& given = dynamics.tenors;
  const auto not_rising = [](const TenorRule& a, const TenorRule& b) { return !(a.years < b.years); };
  if (given.empty() || std::adjacent_find(given.begin(), given.end(), not_rising) != given.end())
    return {years, nan, nan};
  const auto far = std::find_if(given.begin(), given.end(), [&](const TenorRule& t) { return t.years >= years; });
  if (far == given.begin()) return {years, far->stickiness, far->atm_slope};
  const TenorRule& near = *(far - 1);
  if (far == given.end()) return {years, near.stickiness, near.atm_slope};
  const double share = (years - near.years) / (far->years - near.years);
  return {years, near.stickiness + share * (far->stickiness - near.stickiness),
          near.atm_slope + share * (far->atm_slope - near.atm_slope)};
}

VolMove vol_move(const SmileDynamics& dynamics, const SmilePoint& point, Price forward, Years years,
                 double total_variance_slope) {
  const double f = forward.value, t = years.value;
  if (!(point.total_variance > 0.0 && t > 0.0 && f > 0.0)) return {nan, nan, nan};
  const TenorRule rule = rule_at(dynamics, years);
  const double carried = rule.stickiness - 1.0;
  const double by_x = carried * vol_slope(point, years) + rule.atm_slope;
  const double by_xx = carried * carried * vol_curvature(point, years);
  double to_time = 0.0;
  if (dynamics.rule == SmileRule::sticky_moneyness) {
    const double vol = vol_of(point, years).value;
    to_time = -(total_variance_slope - vol * vol) / (2.0 * vol * t);  // w = vol² years
  }
  return {.to_forward = by_x / f, .to_forward_twice = (by_xx - by_x) / (f * f), .to_time = to_time};
}

VolMove adaptive_move(const Learned& learned, Vol vol, double k, double at_the_money, Price forward, Years years) {
  const double f = forward.value, stdev = std::sqrt(at_the_money);
  if (!(vol.value > 0.0 && at_the_money > 0.0 && f > 0.0)) return {nan, nan, nan};
  const AdaptiveResponse m = response(learned.state, years, k / stdev, learned.rules);
  const double by_x = vol.value * m.value;
  const double by_xx = vol.value * (m.value * m.value - m.by_moneyness / stdev);
  return {.to_forward = by_x / f, .to_forward_twice = (by_xx - by_x) / (f * f), .to_time = 0.0};
}

double variance_slope(const Surface& surface, double k, Years years) {
  const std::vector<Slice>& slices = surface.slices;
  if (slices.empty() || !(years.value > 0.0)) return nan;
  const auto later = std::find_if(slices.begin(), slices.end(), [&](const Slice& s) { return s.years >= years; });
  if (later == slices.begin() || slices.size() == 1) {
    return at(slices.front().shape, k).total_variance / slices.front().years.value;
  }
  const Slice& far = later == slices.end() ? slices.back() : *later;
  const Slice& near = *(&far - 1);
  return (at(far.shape, k).total_variance - at(near.shape, k).total_variance) / (far.years - near.years).value;
}

}  // namespace ballast::vol
