#include "ballast/vol/skew_monitor.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "ballast/base/text.h"
#include "ballast/vol/quoted.h"

namespace ballast::vol {
namespace {

constexpr double most_days = 3650.0;
constexpr std::size_t most_tenors = 32, most_rules = 256;
constexpr double days_a_year = 365.0;

/// One list of words for what is printed and what is read.
template <class E, std::size_t n>
std::optional<E> by_name(const std::array<E, n>& all, std::string_view word) {
  const auto found = std::find_if(all.begin(), all.end(), [word](E one) { return word == name(one); });
  return found == all.end() ? std::nullopt : std::optional(*found);
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return 0.5 * (*middle + *std::max_element(values.begin(), middle));
}

SkewPoint point_of(const Smile& smile, Price forward, Years years, SmileDelta delta) {
  return {.days = years.value * days_a_year,
          .metrics = skew_metrics(smile, forward, years, delta),
          .swap = variance_swap(smile, years)};
}

bool is_range(double days) { return days > 0.0 && days <= most_days; }

std::string days_text(double days) { return shortest(days) + " d"; }

}  // namespace

std::optional<Error> fault_of(const SkewRules& rules) {
  if (rules.tenor_days.empty() || rules.tenor_days.size() > most_tenors)
    return Error{Fault::bad_flag, fmt::format("{} tenors: 1 to {} are due", rules.tenor_days.size(), most_tenors)};
  double before = 0.0;
  for (const double days : rules.tenor_days) {
    if (!is_range(days)) return Error{Fault::bad_flag, fmt::format("tenor {} is not in (0, 3650] days", days)};
    if (!(days > before)) return Error{Fault::bad_flag, fmt::format("tenor {} does not rise", days)};
    before = days;
  }
  if (!is_range(rules.index_days))
    return Error{Fault::bad_flag, fmt::format("index of {} days is not in (0, 3650]", rules.index_days)};
  return std::nullopt;
}

void add_points(SkewReading& reading, const Surface& surface, const SkewRules& rules) {
  if (surface.slices.empty()) return;
  for (const Slice& slice : surface.slices) {
    SkewPoint point = point_of(smile_of(slice), slice.forward, slice.years, reading.delta);
    point.expiry = slice.expiry;
    point.health = slice.health;
    reading.expiries.push_back(point);
  }
  for (const double days : rules.tenor_days) {
    const Years years(days / days_a_year);
    SkewPoint point = point_of(smile_of(surface, years), forward_at(surface, years), years, reading.delta);
    point.days = days;
    point.extrapolated = years < surface.slices.front().years || years > surface.slices.back().years;
    reading.tenors.push_back(point);
  }
}

std::vector<QuoteAge> quote_ages(const market::Snapshot& raw, const std::string& index) {
  std::map<Time, std::vector<double>> ages;
  for (const auto& [name, quote] : raw.quotes) {
    const auto instrument = raw.instruments.find(name);
    if (instrument == raw.instruments.end() || !instrument->second.is_option()) continue;
    if (instrument->second.index != index || instrument->second.expiry <= raw.as_of) continue;
    ages[instrument->second.expiry].push_back(seconds_between(quote.oldest(), raw.as_of));
  }
  std::vector<QuoteAge> out;
  for (const auto& [expiry, list] : ages) {
    out.push_back({.expiry = expiry,
                   .quotes = static_cast<int>(list.size()),
                   .median_s = median(list),
                   .most_s = *std::max_element(list.begin(), list.end())});
  }
  return out;
}

SkewReading read_skew(const market::Snapshot& raw, const market::CleaningRules& cleaning, const std::string& index,
                      const SkewRules& rules) {
  SkewReading reading{.index = index, .as_of = raw.as_of, .ages = quote_ages(raw, index)};
  market::Settlement settlement = market::Settlement::inverse;
  for (const auto& [name, instrument] : raw.instruments) {
    if (instrument.is_option() && instrument.index == index) settlement = instrument.settlement;
  }
  reading.delta = rules.delta.value_or(natural_delta(settlement));
  const market::Snapshot market = market::clean(raw, cleaning);
  const QuotedChain chain = quoted(market);
  const auto level = vol_index(market, chain, index, rules.index_days);
  if (level) {
    reading.vol_index = level.value().level;
  } else {
    reading.no_index = level.error().what;
  }
  const SmileQuotes quotes = smile_quotes(market, chain, index, rules.quotes);
  const auto surface = fit(quotes.slices, rules.fit);
  if (surface && !surface.value().slices.empty()) {
    add_points(reading, surface.value(), rules);
  } else {
    reading.unfitted = surface ? "no expiry could be fitted" : surface.error().what;
  }
  return reading;
}

const char* name(SkewMetric metric) {
  switch (metric) {
    case SkewMetric::atm_vol: return "atm_vol";
    case SkewMetric::straddle_vol: return "straddle_vol";
    case SkewMetric::rr25: return "rr25";
    case SkewMetric::bf25: return "bf25";
    case SkewMetric::rr10: return "rr10";
    case SkewMetric::bf10: return "bf10";
    case SkewMetric::slope: return "slope";
    case SkewMetric::curvature: return "curvature";
    case SkewMetric::variance_swap: return "variance_swap";
    case SkewMetric::vol_index: return "vol_index";
  }
  return "";
}

std::optional<SkewMetric> skew_metric_of(std::string_view word) { return by_name(all_skew_metrics, word); }

double value_of(const SkewPoint& point, SkewMetric metric) {
  const SkewMetrics& m = point.metrics;
  switch (metric) {
    case SkewMetric::atm_vol: return m.atm_vol.value;
    case SkewMetric::straddle_vol: return m.straddle.vol.value;
    case SkewMetric::rr25: return m.wings25.risk_reversal;
    case SkewMetric::bf25: return m.wings25.butterfly;
    case SkewMetric::rr10: return m.wings10.risk_reversal;
    case SkewMetric::bf10: return m.wings10.butterfly;
    case SkewMetric::slope: return m.slope;
    case SkewMetric::curvature: return m.curvature;
    case SkewMetric::variance_swap: return point.swap.level.value;
    case SkewMetric::vol_index: break;
  }
  return std::nan("");
}

double value_of(const SkewReading& reading, SkewMetric metric, double tenor_days) {
  if (metric == SkewMetric::vol_index) return reading.vol_index.value;
  for (const SkewPoint& point : reading.tenors) {
    if (point.days == tenor_days) return value_of(point, metric);
  }
  return std::nan("");
}

std::optional<Error> append(SkewHistory& history, SkewReading reading) {
  if (!history.readings.empty()) {
    const SkewReading& last = history.readings.back();
    if (reading.index != last.index)
      return Error{Fault::bad_input, fmt::format("a reading of {} in the history of {}", reading.index, last.index)};
    if (reading.delta != last.delta)
      return Error{Fault::bad_input, fmt::format("a reading with {} deltas in a history with {} ones",
                                                 name(reading.delta), name(last.delta))};
    if (!(reading.as_of > last.as_of))
      return Error{Fault::bad_input,
                   fmt::format("a reading of {} after that of {}", to_string(reading.as_of), to_string(last.as_of))};
  }
  history.readings.push_back(std::move(reading));
  const Time now = history.readings.back().as_of;
  while (history.readings.size() > std::max<std::size_t>(history.rules.most_readings, 1) ||
         seconds_between(history.readings.front().as_of, now) > history.rules.window_days * 86400.0) {
    history.readings.pop_front();
  }
  return std::nullopt;
}

Score score(const SkewHistory& history, SkewMetric metric, double tenor_days) {
  const double none = std::nan("");
  Score out{.value = none, .mean = none, .deviation = none, .z = none};
  if (history.readings.empty()) return out;
  out.value = value_of(history.readings.back(), metric, tenor_days);
  std::vector<double> values;
  for (std::size_t i = 0; i + 1 < history.readings.size(); ++i) {
    const double value = value_of(history.readings[i], metric, tenor_days);
    if (!std::isnan(value)) values.push_back(value);
  }
  out.count = static_cast<int>(values.size());
  if (out.count < std::max(history.rules.least, 2)) return out;
  if (history.rules.robust) {
    out.mean = median(values);
    for (double& value : values) value = std::abs(value - out.mean);
    out.deviation = 1.4826 * median(std::move(values));  // 1 / N^-1(3/4): the deviation of a normal distribution
  } else {
    double sum = 0.0, squares = 0.0;
    for (const double value : values) sum += value;
    out.mean = sum / out.count;
    for (const double value : values) squares += (value - out.mean) * (value - out.mean);
    out.deviation = std::sqrt(squares / (out.count - 1));
  }
  // A series that does not move has a deviation of rounding, if any: no move is a multiple of that.
  if (out.deviation > 0x1p-40 * std::abs(out.mean)) out.z = (out.value - out.mean) / out.deviation;
  return out;
}

const char* name(AlertKind kind) {
  switch (kind) {
    case AlertKind::iv_jump: return "iv_jump";
    case AlertKind::skew_flip: return "skew_flip";
    case AlertKind::term_inversion: return "term_inversion";
    case AlertKind::fit_health_lost: return "fit_health_lost";
    case AlertKind::stale_quotes: return "stale_quotes";
  }
  return "";
}

std::optional<AlertKind> alert_kind_of(std::string_view word) {
  return by_name(std::array{AlertKind::iv_jump, AlertKind::skew_flip, AlertKind::term_inversion,
                            AlertKind::fit_health_lost, AlertKind::stale_quotes},
                 word);
}

const char* name(HealthMeasure measure) {
  switch (measure) {
    case HealthMeasure::rmse: return "rmse";
    case HealthMeasure::within_spread: return "within_spread";
    case HealthMeasure::least_butterfly: return "least_butterfly";
    case HealthMeasure::calendar_margin: return "calendar_margin";
  }
  return "";
}

std::optional<HealthMeasure> health_measure_of(std::string_view word) {
  return by_name(std::array{HealthMeasure::rmse, HealthMeasure::within_spread, HealthMeasure::least_butterfly,
                            HealthMeasure::calendar_margin},
                 word);
}

std::vector<AlertRule> default_alert_rules() {
  return {{.name = "atm-jump",
           .kind = AlertKind::iv_jump,
           .metric = SkewMetric::atm_vol,
           .tenor_days = 30.0,
           .threshold = 0.05,
           .within_s = 86400.0},
          {.name = "rr25-flip",
           .kind = AlertKind::skew_flip,
           .metric = SkewMetric::rr25,
           .tenor_days = 30.0,
           .threshold = 0.005},
          {.name = "term-inversion",
           .kind = AlertKind::term_inversion,
           .metric = SkewMetric::atm_vol,
           .tenor_days = 7.0,
           .far_days = 90.0,
           .threshold = 0.03,
           .release = 0.01},
          {.name = "fit-rmse",
           .kind = AlertKind::fit_health_lost,
           .threshold = 0.02,
           .release = 0.015,
           .health = HealthMeasure::rmse},
          {.name = "stale", .kind = AlertKind::stale_quotes, .threshold = 300.0, .release = 120.0}};
}

namespace {

bool is_over(const AlertRule& rule) {  // which side of the threshold is bad
  return rule.kind != AlertKind::fit_health_lost || rule.health == HealthMeasure::rmse;
}

std::optional<std::string> wrong_with(const AlertRule& rule, const SkewRules& skew) {
  const auto is_tenor = [&](double days) {
    return std::find(skew.tenor_days.begin(), skew.tenor_days.end(), days) != skew.tenor_days.end();
  };
  const bool on_history =
      rule.kind == AlertKind::iv_jump || rule.kind == AlertKind::skew_flip || rule.kind == AlertKind::term_inversion;
  if (rule.name.empty() || rule.name.size() > 64) return "a name of 1 to 64 bytes is due";
  if (!std::isfinite(rule.threshold)) return fmt::format("threshold {} is not finite", rule.threshold);
  if (is_over(rule) && rule.threshold < 0.0) return fmt::format("threshold {} is under 0", rule.threshold);
  if ((rule.kind == AlertKind::iv_jump || rule.kind == AlertKind::stale_quotes) && !(rule.threshold > 0.0))
    return fmt::format("threshold {} is not over 0", rule.threshold);
  if (on_history && rule.metric != SkewMetric::vol_index && !is_tenor(rule.tenor_days))
    return fmt::format("tenor {} is not one of the monitor's", rule.tenor_days);
  if (rule.kind == AlertKind::iv_jump && !(rule.within_s > 0.0 && std::isfinite(rule.within_s)))
    return fmt::format("a span of {} s is not over 0", rule.within_s);
  if (rule.kind == AlertKind::skew_flip && rule.metric != SkewMetric::rr25 && rule.metric != SkewMetric::rr10)
    return fmt::format("metric {} has no sign to flip: rr25 or rr10 is due", name(rule.metric));
  if (rule.kind == AlertKind::term_inversion) {
    if (rule.metric == SkewMetric::vol_index) return "metric vol_index has one tenor only";
    if (!is_tenor(rule.far_days)) return fmt::format("far tenor {} is not one of the monitor's", rule.far_days);
    if (!(rule.far_days > rule.tenor_days))
      return fmt::format("far tenor {} is not beyond {}", rule.far_days, rule.tenor_days);
  }
  if (rule.release) {
    const bool good = is_over(rule) ? *rule.release <= rule.threshold : *rule.release >= rule.threshold;
    if (!good) return fmt::format("release {} is on the wrong side of threshold {}", *rule.release, rule.threshold);
  }
  return std::nullopt;
}

/// One reading seen by one rule.
class Evaluation {
 public:
  Evaluation(const AlertRule& rule, std::size_t number, const SkewHistory& history, AlertState& state,
             std::vector<Alert>& out)
      : rule_(rule), number_(number), history_(history), now_(history.readings.back()), state_(state), out_(out) {}

  void run() {
    switch (rule_.kind) {
      case AlertKind::iv_jump: return jump();
      case AlertKind::skew_flip: return flip();
      case AlertKind::term_inversion: return inversion();
      case AlertKind::fit_health_lost: return health();
      case AlertKind::stale_quotes: return stale();
    }
  }

 private:
  AlertState::Memory& memory(std::int64_t expiry = -1) { return state_.memory[{number_, expiry}]; }

  void tell(bool raised, const std::string& metric, const std::string& subject, double value, double reference,
            const std::string& message) {
    out_.push_back({.time = now_.as_of,
                    .rule = rule_.name,
                    .kind = rule_.kind,
                    .metric = metric,
                    .subject = subject,
                    .raised = raised,
                    .value = value,
                    .reference = reference,
                    .message = message});
  }

  std::string subject() const { return rule_.metric == SkewMetric::vol_index ? "chain" : days_text(rule_.tenor_days); }

  void jump() {
    const double value = value_of(now_, rule_.metric, rule_.tenor_days);
    if (std::isnan(value)) return;
    double unit = 1.0;
    if (rule_.in_deviations) {
      const Score found = score(history_, rule_.metric, rule_.tenor_days);
      if (std::isnan(found.z)) return;
      unit = found.deviation;
    }
    AlertState::Memory& mine = memory();
    const SkewReading* from = nullptr;
    double most = 0.0;
    for (auto reading = history_.readings.rbegin() + 1; reading != history_.readings.rend(); ++reading) {
      if (seconds_between(reading->as_of, now_.as_of) > rule_.within_s) break;
      if (mine.told && reading->as_of < *mine.told) break;
      const double change = std::abs(value - value_of(*reading, rule_.metric, rule_.tenor_days));
      if (change > most) most = change, from = &*reading;
    }
    if (from == nullptr || !(most >= rule_.threshold * unit)) return;
    mine.told = now_.as_of;
    const double reference = value_of(*from, rule_.metric, rule_.tenor_days);
    std::string message = fmt::format("{} {} at {:.4f}, {:+.4f} from {:.4f} at {}", subject(), name(rule_.metric),
                                      value, value - reference, reference, to_string(from->as_of));
    if (rule_.in_deviations) message += fmt::format(", {:.1f} deviations", most / unit);
    tell(true, name(rule_.metric), subject(), value, reference, message);
  }

  void flip() {
    const double value = value_of(now_, rule_.metric, rule_.tenor_days);
    if (!(std::abs(value) > rule_.threshold)) return;  // a gap, or within the dead band
    double& last = memory().last;
    if (last * value < 0.0) {
      tell(true, name(rule_.metric), subject(), value, last,
           fmt::format("{} {} turned {}: {:+.4f}, last {:+.4f}", subject(), name(rule_.metric),
                       value > 0.0 ? "positive, calls over puts" : "negative, puts over calls", value, last));
    }
    last = value;
  }

  /// Raised over (or under) the threshold, cleared at the release; nothing in between.
  void level(std::int64_t expiry, const std::string& metric, const std::string& subject, double measure, double value,
             double reference, const std::string& message) {
    if (std::isnan(measure)) return;
    const double sign = is_over(rule_) ? 1.0 : -1.0, release = rule_.release.value_or(rule_.threshold);
    bool& active = memory(expiry).active;
    if (!active && sign * measure > sign * rule_.threshold) {
      active = true;
      tell(true, metric, subject, value, reference, message);
    } else if (active && sign * measure <= sign * release) {
      active = false;
      tell(false, metric, subject, value, reference, "over: " + message);
    }
  }

  void inversion() {
    const double near = value_of(now_, rule_.metric, rule_.tenor_days);
    const double far = value_of(now_, rule_.metric, rule_.far_days);
    const std::string pair = days_text(rule_.tenor_days) + " over " + days_text(rule_.far_days);
    level(-1, name(rule_.metric), pair, near - far, near, far,
          fmt::format("{} {}: {:.4f} against {:.4f}, {:+.4f}", name(rule_.metric), pair, near, far, near - far));
  }

  double measure_of(const SliceHealth& health) const {
    switch (rule_.health) {
      case HealthMeasure::rmse: return health.rmse;
      case HealthMeasure::within_spread: return health.within_spread;
      case HealthMeasure::least_butterfly: return health.least_butterfly;
      case HealthMeasure::calendar_margin: return health.calendar_margin;
    }
    return std::nan("");
  }

  void health() {
    bool& lost = memory().active;
    if (lost == now_.unfitted.empty()) {
      lost = !lost;
      tell(lost, name(rule_.health), "surface", std::nan(""), rule_.threshold,
           lost ? "no surface: " + now_.unfitted : std::string("over: there is a surface again"));
    }
    std::set<std::int64_t> seen = {-1};
    for (const SkewPoint& point : now_.expiries) {
      seen.insert(point.expiry->ms);
      const double value = measure_of(*point.health);
      level(point.expiry->ms, name(rule_.health), to_string(*point.expiry), value, value, rule_.threshold,
            fmt::format("{} {} {:.5g}, limit {:g}", to_string(*point.expiry), name(rule_.health), value,
                        rule_.threshold));
    }
    if (now_.unfitted.empty()) forget_all_but(seen);
  }

  void stale() {
    std::set<std::int64_t> seen;
    for (const QuoteAge& age : now_.ages) {
      seen.insert(age.expiry.ms);
      level(age.expiry.ms, "quote_age_s", to_string(age.expiry), age.median_s, age.median_s, rule_.threshold,
            fmt::format("{} quotes {:.1f} s old, limit {:g} s", to_string(age.expiry), age.median_s, rule_.threshold));
    }
    forget_all_but(seen);
  }

  void forget_all_but(const std::set<std::int64_t>& seen) {
    std::erase_if(state_.memory, [&](const auto& entry) {
      return entry.first.first == number_ && !seen.contains(entry.first.second);
    });
  }

  const AlertRule& rule_;
  std::size_t number_;
  const SkewHistory& history_;
  const SkewReading& now_;
  AlertState& state_;
  std::vector<Alert>& out_;
};

}  // namespace

std::optional<Error> fault_of(std::span<const AlertRule> rules, const SkewRules& skew) {
  if (rules.size() > most_rules)
    return Error{Fault::bad_flag, fmt::format("{} alert rules, {} are the most", rules.size(), most_rules)};
  std::set<std::string> names;
  for (const AlertRule& rule : rules) {
    const std::string place = "alert rule " + ballast::quoted(rule.name);
    if (const auto wrong = wrong_with(rule, skew)) return Error{Fault::bad_flag, place + ": " + *wrong};
    if (!names.insert(rule.name).second) return Error{Fault::bad_flag, place + ": the name is there twice"};
  }
  return std::nullopt;
}

std::vector<Alert> evaluate(std::span<const AlertRule> rules, const SkewHistory& history, AlertState& state) {
  std::vector<Alert> out;
  if (history.readings.empty()) return out;
  for (std::size_t i = 0; i < rules.size(); ++i) Evaluation(rules[i], i, history, state, out).run();
  return out;
}

}  // namespace ballast::vol
