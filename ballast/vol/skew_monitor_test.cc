#include "ballast/vol/skew_monitor.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include <doctest/doctest.h>

using namespace ballast;
using namespace ballast::vol;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t hour = 3'600'000;

Time at_hour(double hours) { return Time{1'770'000'000'000 + static_cast<std::int64_t>(hours * hour)}; }

struct Tenor {
  double days, atm, rr25;
};

SkewReading reading(double hours, const std::vector<Tenor>& tenors) {
  SkewReading out{.index = "btc_usd", .as_of = at_hour(hours)};
  for (const Tenor& tenor : tenors) {
    SkewPoint point{.days = tenor.days};
    point.metrics.atm_vol = Vol(tenor.atm);
    point.metrics.wings25.risk_reversal = tenor.rr25;
    out.tenors.push_back(point);
  }
  return out;
}

/// Feeds readings one by one and gives what the rule says of each: "+" raised, "-" cleared, "." nothing.
std::string told(const AlertRule& rule, const std::vector<SkewReading>& readings, std::vector<Alert>* all = nullptr,
                 const HistoryRules& history_rules = {}) {
  SkewHistory history{.rules = history_rules};
  AlertState state;
  std::string out;
  for (const SkewReading& one : readings) {
    REQUIRE(!append(history, one));
    const auto alerts = evaluate(std::span(&rule, 1), history, state);
    std::string word;
    for (const Alert& alert : alerts) {
      CHECK(alert.time == one.as_of);
      CHECK(alert.rule == rule.name);
      CHECK(!alert.message.empty());
      word += alert.raised ? "+" : "-";
      if (all) all->push_back(alert);
    }
    out += word.empty() ? "." : word;
  }
  CHECK(state.memory.size() <= 8);
  return out;
}

std::vector<SkewReading> atm_path(const std::vector<double>& vols, double step_hours = 1.0) {
  std::vector<SkewReading> out;
  for (std::size_t i = 0; i < vols.size(); ++i)
    out.push_back(reading(static_cast<double>(i) * step_hours, {{30.0, vols[i], 0.0}}));
  return out;
}

std::vector<SkewReading> rr_path(const std::vector<double>& values) {
  std::vector<SkewReading> out;
  for (std::size_t i = 0; i < values.size(); ++i)
    out.push_back(reading(static_cast<double>(i), {{30.0, 0.5, values[i]}}));
  return out;
}

Surface two_slices() {
  Surface surface{.index = "btc_usd"};
  surface.slices = {{.expiry = at_hour(24.0 * 7.0),
                     .years = Years(7.0 / 365.0),
                     .forward = Price(65000.0),
                     .shape = Svi{.a = 0.0015, .b = 0.05, .rho = 0.05, .m = 0.004, .sigma = 0.075}},
                    {.expiry = at_hour(24.0 * 30.0),
                     .years = Years(30.0 / 365.0),
                     .forward = Price(65400.0),
                     .shape = Svi{.a = 0.0085, .b = 0.085, .rho = -0.12, .m = 0.015, .sigma = 0.16}}};
  return surface;
}

}  // namespace

TEST_CASE("a surface gives a point for each expiry and each tenor") {
  const Surface surface = two_slices();
  SkewReading read{.index = "btc_usd", .delta = SmileDelta::premium_adjusted};
  add_points(read, surface, {.tenor_days = {1.0, 7.0, 14.0, 30.0, 60.0}});
  REQUIRE(read.expiries.size() == 2);
  REQUIRE(read.tenors.size() == 5);
  CHECK(read.expiries[1].expiry == surface.slices[1].expiry);
  CHECK(read.expiries[1].days == doctest::Approx(30.0));
  CHECK(read.expiries[1].health);
  CHECK(!read.tenors[3].expiry);
  for (const SkewPoint& point : read.tenors) CHECK(point.extrapolated == (point.days < 7.0 || point.days > 30.0));
  // A tenor on an expiry is that expiry: in every metric, with its forward. rr_bf.csv has its numbers.
  for (const SkewMetric metric : all_skew_metrics) {
    CAPTURE(name(metric));
    if (metric == SkewMetric::vol_index) continue;
    CHECK(value_of(read.tenors[3], metric) == doctest::Approx(value_of(read.expiries[1], metric)).epsilon(1e-12));
    CHECK(value_of(read, metric, 30.0) == value_of(read.tenors[3], metric));
    CHECK(std::isnan(value_of(read, metric, 31.0)));
  }
  CHECK(read.tenors[3].metrics.forward.value == doctest::Approx(65400.0));
  CHECK(std::abs(value_of(read, SkewMetric::atm_vol, 30.0) - 0.5210282055854027) <= 1e-12);
  CHECK(std::abs(value_of(read, SkewMetric::straddle_vol, 30.0) - 0.5237942138132181) <= 1e-12);
  CHECK(std::abs(value_of(read, SkewMetric::rr25, 30.0) + 0.042939812253469) <= 1e-12);
  CHECK(std::abs(value_of(read, SkewMetric::bf25, 30.0) - 0.028106360549639) <= 1e-12);
  CHECK(std::abs(value_of(read, SkewMetric::rr10, 30.0) + 0.073899319754491) <= 1e-12);
  CHECK(std::abs(value_of(read, SkewMetric::bf10, 30.0) - 0.10442438143906) <= 1e-12);
  CHECK(std::abs(value_of(read, SkewMetric::slope, 30.0) + 0.21172543751783567794) <= 1e-12);
  CHECK(std::abs(value_of(read, SkewMetric::curvature, 30.0) - 6.0357579870561709113) <= 1e-11);
  CHECK(std::isnan(value_of(read, SkewMetric::vol_index, 30.0)));
  read.vol_index = Vol(0.6);
  CHECK(value_of(read, SkewMetric::vol_index, 99.0) == 0.6);
  // Before the first expiry the vol is the first's, at the money of a level of variance.
  CHECK(value_of(read, SkewMetric::atm_vol, 1.0) ==
        doctest::Approx(value_of(read, SkewMetric::atm_vol, 7.0)).epsilon(1e-12));
}

TEST_CASE("every metric and word is read as it is printed") {
  for (const SkewMetric metric : all_skew_metrics) CHECK(skew_metric_of(name(metric)) == metric);
  CHECK(!skew_metric_of("atm"));
  for (const auto kind : {AlertKind::iv_jump, AlertKind::skew_flip, AlertKind::term_inversion,
                          AlertKind::fit_health_lost, AlertKind::stale_quotes})
    CHECK(alert_kind_of(name(kind)) == kind);
  for (const auto measure : {HealthMeasure::rmse, HealthMeasure::within_spread, HealthMeasure::least_butterfly,
                             HealthMeasure::calendar_margin})
    CHECK(health_measure_of(name(measure)) == measure);
}

TEST_CASE("the age of an expiry's quotes is that of their oldest parts") {
  market::Snapshot raw{.as_of = at_hour(1.0)};
  const auto add = [&](const std::string& name, const std::string& index, Time expiry, double age_s) {
    raw.instruments[name] = {.name = name, .index = index, .strike = 1.0, .expiry = expiry};
    raw.quotes[name] = {.instrument = name, .sent = Time{raw.as_of.ms - static_cast<std::int64_t>(1000.0 * age_s)}};
  };
  add("A", "btc_usd", at_hour(100.0), 1.0);
  add("B", "btc_usd", at_hour(100.0), 8.0);
  add("C", "btc_usd", at_hour(100.0), 2.0);
  add("D", "btc_usd", at_hour(200.0), 10.0);
  add("E", "btc_usd", at_hour(200.0), 20.0);
  add("other", "eth_usd", at_hour(100.0), 500.0);
  add("expired", "btc_usd", at_hour(0.5), 500.0);
  raw.quotes["D"].mark_sent = Time{raw.as_of.ms - 30'000};
  const auto ages = quote_ages(raw, "btc_usd");
  REQUIRE(ages.size() == 2);
  CHECK(ages[0].quotes == 3);
  CHECK(ages[0].median_s == 2.0);
  CHECK(ages[0].most_s == 8.0);
  CHECK(ages[1].median_s == 25.0);
  CHECK(ages[1].most_s == 30.0);
}

TEST_CASE("a score compares the last value with those before it") {
  const auto score_of = [](const std::vector<double>& values, const HistoryRules& rules) {
    SkewHistory history{.rules = rules};
    for (const SkewReading& one : atm_path(values)) REQUIRE(!append(history, one));
    return score(history, SkewMetric::atm_vol, 30.0);
  };
  const Score plain = score_of({1.0, 2.0, 3.0, 4.0, 10.0}, {.least = 4});
  CHECK(plain.value == 10.0);
  CHECK(plain.count == 4);
  CHECK(plain.mean == 2.5);
  CHECK(plain.deviation == doctest::Approx(std::sqrt(5.0 / 3.0)).epsilon(1e-15));
  CHECK(plain.z == doctest::Approx(7.5 / std::sqrt(5.0 / 3.0)).epsilon(1e-15));
  // One outlier moves mean and deviation, not the median and its deviations.
  const Score robust = score_of({1.0, 2.0, 3.0, 4.0, 500.0, 1.0}, {.least = 4, .robust = true});
  CHECK(robust.mean == 3.0);
  CHECK(robust.deviation == doctest::Approx(1.4826));
  CHECK(robust.z == doctest::Approx(-2.0 / 1.4826));
  // Gaps count for nothing, at the end they give no value.
  const Score gaps = score_of({1.0, not_a_number, 2.0, not_a_number, 3.0, 4.0, 10.0}, {.least = 4});
  CHECK(gaps.z == plain.z);
  CHECK(gaps.count == 4);
  const Score last = score_of({1.0, 2.0, 3.0, 4.0, not_a_number}, {.least = 4});
  CHECK(std::isnan(last.z));
  CHECK(last.mean == 2.5);
  CHECK(std::isnan(score_of({1.0, 2.0, 3.0, 10.0}, {.least = 4}).z));  // too few
  CHECK(std::isnan(score_of({0.1, 0.1, 0.1, 0.1, 0.1, 0.2}, {.least = 4}).z));
  CHECK(std::isnan(score({}, SkewMetric::atm_vol, 30.0).z));
}

TEST_CASE("a history keeps to its window, its bound and the order of time") {
  SkewHistory history{.rules = {.window_days = 1.0, .most_readings = 5, .least = 2}};
  for (int i = 0; i < 100; ++i) {
    REQUIRE(!append(history, reading(i, {{30.0, 0.5, 0.0}})));
    CHECK(history.readings.size() <= 5);
  }
  REQUIRE(!append(history, reading(99.0 + 22.0, {{30.0, 0.5, 0.0}})));
  CHECK(history.readings.size() == 4);  // 97, 98 and 99 h and the new one; 96 h is more than a day ago
  for (const auto& [spoil, word] :
       {std::pair<std::function<void(SkewReading&)>, const char*>([](auto& r) { r.as_of = at_hour(121.0); }, "2026-"),
        {[](auto& r) { r.as_of = at_hour(1.0); }, "2026-"},
        {[](auto& r) { r.index = "eth_usd"; }, "eth_usd"},
        {[](auto& r) { r.delta = SmileDelta::premium_adjusted; }, "premium-adjusted"}}) {
    SkewReading bad = reading(200.0, {{30.0, 0.5, 0.0}});
    spoil(bad);
    const auto error = append(history, bad);
    REQUIRE(error);
    CHECK(error->fault == Fault::bad_input);
    CHECK(error->what.find(word) != std::string::npos);
    CHECK(history.readings.size() == 4);
  }
}

TEST_CASE("iv_jump: a move within the span is told once") {
  const AlertRule rule{.name = "jump", .kind = AlertKind::iv_jump, .threshold = 0.05, .within_s = 3.0 * 3600.0};
  std::vector<Alert> alerts;
  CHECK(told(rule, atm_path({0.50, 0.50, 0.56, 0.56, 0.57, 0.62, 0.62}), &alerts) == "..+..+.");
  REQUIRE(alerts.size() == 2);
  CHECK(alerts[0].value == 0.56);
  CHECK(alerts[0].reference == 0.50);
  CHECK(alerts[1].reference == 0.56);  // counted from the first alert on
  CHECK(alerts[0].metric == "atm_vol");
  CHECK(alerts[0].subject == "30 d");
  CHECK(told(rule, atm_path({0.56, 0.50, 0.50})) == ".+.");                       // down as well
  CHECK(told(rule, atm_path({0.50, 0.52, 0.54, 0.56, 0.58})) == "...+.");         // in steps, within 3 h
  CHECK(told(rule, atm_path({0.50, 0.51, 0.52, 0.53, 0.54, 0.55})) == "......");  // slower than that
  CHECK(told(rule, atm_path({0.50, not_a_number, 0.56, not_a_number, 0.56})) == "..+..");
  CHECK(told(rule, atm_path({0.50, 0.56}, 4.0)) == "..");  // longer ago than the span

  AlertRule other = rule;
  other.tenor_days = 60.0;  // a tenor without values
  CHECK(told(other, atm_path({0.50, 0.60})) == "..");

  // In deviations: 0.02 is five times the noise of 0.004, and needs the history to say so.
  const AlertRule wide{
      .name = "z", .kind = AlertKind::iv_jump, .threshold = 4.0, .within_s = 3600.0, .in_deviations = true};
  std::vector<double> noise;
  for (int i = 0; i < 30; ++i) noise.push_back(i % 2 == 0 ? 0.496 : 0.504);
  noise.push_back(0.524);
  const std::string heard = told(wide, atm_path(noise));
  std::string due(31, '.');
  due.back() = '+';
  CHECK(heard == due);
  CHECK(told(wide, atm_path(noise), nullptr, {.least = 31}) == std::string(31, '.'));
}

TEST_CASE("skew_flip: noise around zero does not flap") {
  const AlertRule rule{.name = "flip", .kind = AlertKind::skew_flip, .metric = SkewMetric::rr25, .threshold = 0.01};
  CHECK(told(rule, rr_path({0.005, -0.005, 0.009, -0.009, 0.005})) == ".....");
  CHECK(told(rule, rr_path({0.02, 0.005, -0.005, 0.005, 0.02})) == ".....");  // came back on its own side
  std::vector<Alert> alerts;
  CHECK(told(rule, rr_path({0.02, 0.005, -0.005, -0.02, -0.005, -0.03, 0.02}), &alerts) == "...+..+");
  REQUIRE(alerts.size() == 2);
  CHECK(alerts[0].value == -0.02);
  CHECK(alerts[0].reference == 0.02);
  CHECK(alerts[0].message.find("negative") != std::string::npos);
  CHECK(alerts[1].reference == -0.03);
  CHECK(alerts[1].message.find("positive") != std::string::npos);
  CHECK(told(rule, rr_path({-0.02, not_a_number, 0.02})) == "..+");
}

TEST_CASE("term_inversion: raised over the margin, cleared at the release") {
  const AlertRule rule{.name = "inversion",
                       .kind = AlertKind::term_inversion,
                       .tenor_days = 7.0,
                       .far_days = 90.0,
                       .threshold = 0.05,
                       .release = 0.02};
  std::vector<SkewReading> readings;
  for (const double gap : {-0.1, 0.04, 0.06, 0.04, 0.06, 0.03, 0.01, 0.04, 0.06})
    readings.push_back(reading(static_cast<double>(readings.size()), {{7.0, 0.6 + gap, 0.0}, {90.0, 0.6, 0.0}}));
  std::vector<Alert> alerts;
  CHECK(told(rule, readings, &alerts) == "..+...-.+");
  CHECK(alerts[0].value == doctest::Approx(0.66));
  CHECK(alerts[0].reference == 0.6);
  CHECK(alerts[0].subject == "7 d over 90 d");
  AlertRule strict = rule;
  strict.release = std::nullopt;
  CHECK(told(strict, readings) == "..+-+-..+");
}

TEST_CASE("fit_health_lost: by expiry, and for a surface that is not there") {
  const auto with = [](double hours, const std::vector<std::pair<double, SliceHealth>>& expiries) {
    SkewReading out = reading(hours, {});
    for (const auto& [expiry_hours, health] : expiries) {
      SkewPoint point{.expiry = at_hour(expiry_hours)};
      point.health = health;
      out.expiries.push_back(point);
    }
    return out;
  };
  const SliceHealth good{.rmse = 0.005, .within_spread = 0.9}, bad{.rmse = 0.03, .within_spread = 0.2},
      between{.rmse = 0.018, .within_spread = 0.6};
  const AlertRule rmse{.name = "fit", .kind = AlertKind::fit_health_lost, .threshold = 0.02, .release = 0.015};
  AlertRule within{.name = "fit",
                   .kind = AlertKind::fit_health_lost,
                   .threshold = 0.5,
                   .release = 0.8,
                   .health = HealthMeasure::within_spread};
  const std::vector<SkewReading> readings = {with(0, {{100, good}, {200, good}}),
                                             with(1, {{100, bad}, {200, good}}),
                                             with(2, {{100, between}, {200, bad}}),
                                             with(3, {{100, good}, {200, bad}}),
                                             with(4, {{200, bad}}),
                                             with(5, {{200, good}})};
  std::vector<Alert> alerts;
  CHECK(told(rmse, readings, &alerts) == ".++-.-");
  CHECK(told(within, readings) == ".++-.-");
  CHECK(alerts[0].subject == to_string(at_hour(100)));
  CHECK(alerts[0].value == 0.03);
  CHECK(alerts[0].reference == 0.02);
  // An expiry that is gone is forgotten: back again, it is told again.
  CHECK(told(rmse, {with(0, {{100, bad}}), with(1, {{200, good}}), with(2, {{100, bad}})}) == "+.+");
  SkewReading lost = with(1, {});
  lost.unfitted = "no expiry has quotes to fit";
  SkewReading still = lost;
  still.as_of = at_hour(2);
  alerts.clear();
  CHECK(told(rmse, {with(0, {{100, bad}}), lost, still, with(3, {{100, bad}})}, &alerts) == "++.-");
  CHECK(alerts[1].subject == "surface");
  CHECK(alerts[1].message.find("no expiry has quotes") != std::string::npos);
}

TEST_CASE("stale_quotes: the median age of an expiry's quotes") {
  const auto aged = [](double hours, std::vector<std::pair<double, double>> expiries) {
    SkewReading out = reading(hours, {});
    for (const auto& [expiry_hours, age] : expiries)
      out.ages.push_back({.expiry = at_hour(expiry_hours), .quotes = 3, .median_s = age, .most_s = 1e6});
    return out;
  };
  const AlertRule rule{.name = "stale", .kind = AlertKind::stale_quotes, .threshold = 300.0, .release = 100.0};
  std::vector<Alert> alerts;
  CHECK(told(rule,
             {aged(0, {{100, 300}, {200, 5}}), aged(1, {{100, 301}, {200, 5}}), aged(2, {{100, 200}, {200, 400}}),
              aged(3, {{100, 100}, {200, 400}})},
             &alerts) == ".++-");
  CHECK(alerts[0].metric == "quote_age_s");
  CHECK(alerts[0].value == 301.0);
}

TEST_CASE("a rule that cannot be meant is named") {
  const SkewRules skew;
  CHECK(!fault_of(default_alert_rules(), skew));
  CHECK(!fault_of(skew));
  const AlertRule good{.name = "good", .threshold = 0.05};
  struct Case {
    const char* word;
    std::function<void(AlertRule&)> spoil;
  };
  const Case cases[] = {
      {"name", [](auto& r) { r.name.clear(); }},
      {"nan", [](auto& r) { r.threshold = not_a_number; }},
      {"threshold 0", [](auto& r) { r.threshold = 0.0; }},
      {"-0.01", [](auto& r) { r.kind = AlertKind::skew_flip, r.metric = SkewMetric::rr25, r.threshold = -0.01; }},
      {"31", [](auto& r) { r.tenor_days = 31.0; }},
      {"0 s", [](auto& r) { r.within_s = 0.0; }},
      {"atm_vol", [](auto& r) { r.kind = AlertKind::skew_flip; }},
      {"vol_index", [](auto& r) { r.kind = AlertKind::term_inversion, r.metric = SkewMetric::vol_index; }},
      {"91", [](auto& r) { r.kind = AlertKind::term_inversion, r.far_days = 91.0; }},
      {"far tenor 7", [](auto& r) { r.kind = AlertKind::term_inversion, r.far_days = 7.0; }},
      {"release 0.06", [](auto& r) { r.kind = AlertKind::term_inversion, r.release = 0.06; }},
      {"release 0.01",
       [](auto& r) { r.kind = AlertKind::fit_health_lost, r.health = HealthMeasure::within_spread, r.release = 0.01; }},
  };
  for (const Case& c : cases) {
    CAPTURE(c.word);
    AlertRule rule = good;
    c.spoil(rule);
    const auto fault = fault_of(std::span(&rule, 1), skew);
    REQUIRE(fault);
    CAPTURE(fault->what);
    CHECK(fault->fault == Fault::bad_flag);
    CHECK(fault->what.find(c.word) != std::string::npos);
  }
  const AlertRule twice[] = {good, good};
  REQUIRE(fault_of(twice, skew));
  CHECK(fault_of(twice, skew)->what.find("good") != std::string::npos);
  CHECK(fault_of(std::vector<AlertRule>(257, good), skew)->what.find("257") != std::string::npos);
  for (const std::vector<double>& tenors :
       {std::vector<double>{}, {30.0, 7.0}, {-7.0}, {not_a_number}, {4000.0}, std::vector<double>(33, 1.0)})
    CHECK(fault_of(SkewRules{.tenor_days = tenors}));
  CHECK(fault_of(SkewRules{.index_days = 0.0})->what.find("0 days") != std::string::npos);
}
