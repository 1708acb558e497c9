#pragma once
#include <array>
#include <cmath>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ballast/base/result.h"
#include "ballast/market/clean.h"
#include "ballast/market/snapshot.h"
#include "ballast/vol/fit.h"
#include "ballast/vol/skew.h"
#include "ballast/vol/smile_quotes.h"
#include "ballast/vol/surface.h"
#include "ballast/vol/vol_index.h"

namespace ballast::vol {

// ---- one snapshot ----

struct SkewRules {
  std::vector<double> tenor_days = {7.0, 14.0, 30.0, 60.0, 90.0, 180.0};  ///< rising, (0, 3650], at most 32
  std::optional<SmileDelta> delta;  ///< absent: natural_delta() of the index's options
  double index_days = 30.0;         ///< (0, 3650], maturity of the vol index
  QuoteRules quotes;
  FitRules fit;
};

/// Fault bad_flag names what lies outside the ranges above.
std::optional<Error> fault_of(const SkewRules& rules);

/// The metrics of one listed expiry or one constant tenor.
struct SkewPoint {
  std::optional<Time> expiry;  ///< absent for a constant tenor
  double days = 0.0;           ///< to expiry
  bool extrapolated = false;   ///< a tenor before the first or after the last fitted expiry
  SkewMetrics metrics;
  VarianceSwap swap;
  std::optional<SliceHealth> health;  ///< of a listed expiry
};

/// How old the quotes of one expiry's options are, in seconds before as_of.
struct QuoteAge {
  Time expiry;
  int quotes = 0;
  double median_s = 0.0, most_s = 0.0;
};

/// What one snapshot says of one index's smiles.
struct SkewReading {
  std::string index;  ///< "btc_usd"
  Time as_of;
  SmileDelta delta = SmileDelta::forward;
  std::vector<SkewPoint> expiries;  ///< fitted, by rising expiry
  std::vector<SkewPoint> tenors;    ///< in the order of the rules
  Vol vol_index{std::nan("")};      ///< from the chain's prices; NaN where `no_index` says why
  std::string no_index;
  std::vector<QuoteAge> ages;  ///< of the snapshot before cleaning, by rising expiry
  std::string unfitted;        ///< why there is no surface; empty when there is one
};

/// The points of a surface: its expiries and the rules' tenors. Cost  about 0.3 ms a point, most of it the variance
/// swap.
void add_points(SkewReading& reading, const Surface& surface, const SkewRules& rules);

/// The ages of the quotes of an index's options that have not expired. Domain  a snapshot as read, not cleaned.
std::vector<QuoteAge> quote_ages(const market::Snapshot& raw, const std::string& index);

/// Cleans, fits and reads one snapshot. What cannot be had is said in the reading, not a fault: a monitor goes on.
/// Domain   rules without fault_of().
SkewReading read_skew(const market::Snapshot& raw, const market::CleaningRules& cleaning, const std::string& index,
                      const SkewRules& rules);

// ---- the history ----

enum class SkewMetric { atm_vol, straddle_vol, rr25, bf25, rr10, bf10, slope, curvature, variance_swap, vol_index };
inline constexpr std::array<SkewMetric, 10> all_skew_metrics = {
    SkewMetric::atm_vol,       SkewMetric::straddle_vol, SkewMetric::rr25,  SkewMetric::bf25,
    SkewMetric::rr10,          SkewMetric::bf10,         SkewMetric::slope, SkewMetric::curvature,
    SkewMetric::variance_swap, SkewMetric::vol_index};
const char* name(SkewMetric metric);  ///< as written above
std::optional<SkewMetric> skew_metric_of(std::string_view name);

/// A metric of a point; NaN where there is none, and for vol_index, which belongs to the whole reading.
double value_of(const SkewPoint& point, SkewMetric metric);

/// A metric at a constant tenor of a reading; the vol index at any tenor. NaN where there is none.
double value_of(const SkewReading& reading, SkewMetric metric, double tenor_days);

struct HistoryRules {
  double window_days = 30.0;         ///< > 0: readings older than this before the last one do not count
  std::size_t most_readings = 5000;  ///< > 0: the oldest one leaves when there are more
  int least = 20;                    ///< > 1: fewer values give no score
  bool robust = false;  ///< median and 1.4826 times the median absolute deviation, instead of mean and deviation
};

/// The readings of one index, by rising time.
struct SkewHistory {
  HistoryRules rules;
  std::deque<SkewReading> readings;
};

/// Adds a reading and forgets what the rules no longer keep.
/// Fault    bad_input for a reading that is not later than the last one, or of another index or delta.
std::optional<Error> append(SkewHistory& history, SkewReading reading);

/// The last value of a metric against those before it. The last one itself is left out of them, so that a jump shows in
/// full.
struct Score {
  double value = 0.0;      ///< of the last reading; NaN where it has none
  double mean = 0.0;       ///< or median; NaN with fewer than `least` values
  double deviation = 0.0;  ///< sample deviation (n - 1), or the robust one; NaN with fewer than `least` values
  double z = 0.0;          ///< (value - mean) / deviation; NaN without one of them or at deviation 0
  int count = 0;           ///< values in the window: gaps do not count
};

/// Cost     O(readings in the window). Of an empty history: NaN.
Score score(const SkewHistory& history, SkewMetric metric, double tenor_days);

// ---- alerts ----

enum class AlertKind { iv_jump, skew_flip, term_inversion, fit_health_lost, stale_quotes };
const char* name(AlertKind kind);  ///< as written above
std::optional<AlertKind> alert_kind_of(std::string_view name);

enum class HealthMeasure { rmse, within_spread, least_butterfly, calendar_margin };
const char* name(HealthMeasure measure);  ///< as written above
std::optional<HealthMeasure> health_measure_of(std::string_view name);

/// A rule is data. What its fields mean, by kind:
///  iv_jump          `metric` at `tenor_days` differs by `threshold` or more from a value at most `within_s` ago (with
///                   `in_deviations`: by that many of the history's deviations). The alert names the furthest such
///                   value; after it only values from the alert on are compared, so one jump is told once.
///  skew_flip        `metric` (rr25 or rr10) passes from under -threshold to over +threshold or back, however long it
///                   stays within that dead band in between.
///  term_inversion   `metric` at `tenor_days` is over that at `far_days` by more than `threshold`; cleared when by no
///                   more than `release`.
///  fit_health_lost  an expiry's `health` is over (rmse) or under (the others) `threshold`; cleared when it is back at
///                   `release`. A snapshot whose surface could not be fitted at all is lost too.
///  stale_quotes     the median age of an expiry's quotes is over `threshold` seconds; cleared at `release`.
struct AlertRule {
  std::string name;  ///< unique among the rules
  AlertKind kind = AlertKind::iv_jump;
  SkewMetric metric = SkewMetric::atm_vol;
  double tenor_days = 30.0, far_days = 90.0;
  double threshold = 0.0;
  std::optional<double> release;  ///< absent: the threshold
  double within_s = 86400.0;      ///< > 0
  bool in_deviations = false;
  HealthMeasure health = HealthMeasure::rmse;
};

/// Five rules, one of a kind, for a major coin's chain. Limits are ours, chosen on the recorded chains of early 2026 so
/// that an alert is news: docs/skew.md has their count.
std::vector<AlertRule> default_alert_rules();

/// Fault bad_flag names the rule and the value that it cannot have; a tenor must be one of the skew rules', and there
/// are at most 256 rules.
std::optional<Error> fault_of(std::span<const AlertRule> rules, const SkewRules& skew);

/// Something a rule saw. `raised` false: what it had told of is over.
struct Alert {
  Time time;  ///< of the reading
  std::string rule;
  AlertKind kind = AlertKind::iv_jump;
  std::string metric;   ///< "atm_vol", "rmse", "quote_age_s"
  std::string subject;  ///< "30 d", "7 d over 90 d", an expiry, or "surface"
  bool raised = true;
  double value = 0.0;      ///< now; NaN for a lost surface
  double reference = 0.0;  ///< what it is compared with: the value before the move, the far tenor's, the limit
  std::string message;     ///< for people
};

/// What the rules remember between readings, by rule and expiry (-1: not of an expiry). No more entries than rules
/// times expiries: an expiry that the readings no longer have is forgotten.
struct AlertState {
  struct Memory {
    bool active = false;
    double last = 0.0;         ///< skew_flip: the last value outside the dead band; 0 at first
    std::optional<Time> told;  ///< iv_jump: the last alert
  };
  std::map<std::pair<std::size_t, std::int64_t>, Memory> memory;
};

/// What the rules say of the last reading: to be called once after each append(). The same readings give the same
/// alerts: no clock is read. A gap leaves the state as it is.
/// Domain   rules without fault_of(), the same at every call with one state.
std::vector<Alert> evaluate(std::span<const AlertRule> rules, const SkewHistory& history, AlertState& state);

}  // namespace ballast::vol
