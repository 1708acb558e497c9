#include "ballast/app/calibration_report.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ballast/app/model_vols.h"
#include "ballast/base/text.h"
#include "ballast/math/arithmetic.h"
#include "ballast/math/elementary.h"

namespace ballast::app {
namespace {

using nlohmann::ordered_json;

constexpr double absent = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t points = 81;       // of an expiry's curve
constexpr std::size_t term_points = 49;  // of the term structure
constexpr double beyond = 0.06;          // of the quoted range, that a curve goes on at either end
constexpr double least_named = 0.2;      // of a unit vector, what is worth a word

/// NaN is no number in JSON and none in a table.
Cell number(double value) { return std::isfinite(value) ? Cell(value) : Cell(); }

std::string model_name(const ModelFit& fit) { return std::string(model::name(fit.found.model)); }

std::string day(Time expiry) { return to_string(expiry).substr(0, 10); }

double strike_of(const vol::SliceQuotes& slice, std::size_t i) {
  return slice.forward.value * math::exp(slice.log_moneyness[i]);
}

double days_of(const vol::SliceQuotes& slice) { return 365.0 * slice.years.value; }

/// Adds up the errors of one or of all expiries.
class Errors {
 public:
  void add(const vol::SliceQuotes& slice, const std::vector<double>& model_vol) {
    for (std::size_t i = 0; i < slice.vol.size(); ++i) {
      const double error = 100.0 * (model_vol[i] - slice.vol[i]);
      if (!std::isfinite(error)) {
        ++fit_.without_vol;
        continue;
      }
      squares_ += error * error, ++count_;
      if (std::abs(error) >= fit_.worst_points) fit_.worst_points = std::abs(error), fit_.worst = slice.instrument[i];
      if (!std::isfinite(slice.bid_vol[i]) || !std::isfinite(slice.ask_vol[i])) continue;
      ++fit_.two_sided;
      within_ += model_vol[i] >= slice.bid_vol[i] && model_vol[i] <= slice.ask_vol[i] ? 1 : 0;
    }
  }
  ExpiryFit fit() const {
    ExpiryFit out = fit_;
    out.atm_vol = absent;
    out.rmse_points = count_ > 0 ? std::sqrt(squares_ / static_cast<double>(count_)) : absent;
    if (count_ == 0) out.worst_points = absent;
    out.within_spread =
        fit_.two_sided > 0 ? static_cast<double>(within_) / static_cast<double>(fit_.two_sided) : absent;
    return out;
  }

 private:
  ExpiryFit fit_;
  double squares_ = 0.0;
  std::size_t count_ = 0, within_ = 0;
};

ordered_json numbers_json(std::span<const double> values) {
  ordered_json list = ordered_json::array();
  for (const double v : values) list.push_back(v);
  return list;
}

ordered_json units_json() {
  return {{"days", "365 to the year"},
          {"forward", "USD per coin"},
          {"strike", "USD per coin"},
          {"vol", "decimal a year, 0.6 is 60 %"},
          {"log_moneyness", "ln(strike / forward)"},
          {"rmse_points", "vol points, all quotes alike"},
          {"rmse_vol", "decimal, weighted as fitted"},
          {"rmse_coin", "coin per coin"},
          {"worst_points", "vol points, without sign"},
          {"within_spread", "share of two-sided quotes"},
          {"feller", "2 kappa theta / xi^2"},
          {"weakest", "unit vector, parameters in the scales of their priors"}};
}

/// The log-moneynesses of a curve through the quotes and a little beyond.
std::vector<double> curve_of(const vol::SliceQuotes& slice) {
  const double low = slice.log_moneyness.front(), high = slice.log_moneyness.back(), room = beyond * (high - low);
  std::vector<double> k(points);
  for (std::size_t i = 0; i < points; ++i)
    k[i] = low - room + (high - low + 2.0 * room) * static_cast<double>(i) / static_cast<double>(points - 1);
  return k;
}

/// Times evenly spaced in their square root, as a term structure bends.
std::vector<double> term_years(const std::vector<vol::SliceQuotes>& slices) {
  const double low = std::sqrt(slices.front().years.value), high = std::sqrt(1.05 * slices.back().years.value);
  std::vector<double> years(term_points);
  for (std::size_t i = 0; i < term_points; ++i) {
    const double root = low + (high - low) * static_cast<double>(i) / static_cast<double>(term_points - 1);
    years[i] = root * root;
  }
  return years;
}

/// The quoted vol at the forward, between its two neighbours; absent where the quotes do not reach it.
double quoted_atm(const vol::SliceQuotes& slice) {
  const auto above = std::lower_bound(slice.log_moneyness.begin(), slice.log_moneyness.end(), 0.0);
  if (above == slice.log_moneyness.end()) return absent;
  const auto i = static_cast<std::size_t>(above - slice.log_moneyness.begin());
  if (*above == 0.0) return slice.vol[i];
  if (i == 0) return absent;
  const double share = slice.log_moneyness[i - 1] / (slice.log_moneyness[i - 1] - slice.log_moneyness[i]);
  return slice.vol[i - 1] + share * (slice.vol[i] - slice.vol[i - 1]);
}

ordered_json expiry_json(const vol::SliceQuotes& slice, bool grid) {
  ordered_json j = {{"expiry", to_string(slice.expiry)}, {"days", days_of(slice)},
                    {"years", slice.years.value},        {"forward", slice.forward.value},
                    {"atm_vol", quoted_atm(slice)},      {"quotes", ordered_json::array()}};
  for (std::size_t i = 0; i < slice.vol.size(); ++i) {
    j["quotes"].push_back({{"instrument", slice.instrument[i]},
                           {"strike", strike_of(slice, i)},
                           {"log_moneyness", slice.log_moneyness[i]},
                           {"vol", slice.vol[i]},
                           {"bid_vol", slice.bid_vol[i]},
                           {"ask_vol", slice.ask_vol[i]},
                           {"weight", slice.weight[i]}});
  }
  if (grid) j["grid"] = {{"log_moneyness", numbers_json(curve_of(slice))}};
  return j;
}

ordered_json fit_json(const ExpiryFit& fit) {
  return {{"rmse_points", fit.rmse_points},     {"worst_points", fit.worst_points}, {"worst", fit.worst},
          {"within_spread", fit.within_spread}, {"two_sided", fit.two_sided},       {"without_vol", fit.without_vol}};
}

ordered_json model_json_of(const CalibrationReport& report, const ModelFit& fit, bool grid) {
  const pricing::Calibration& c = fit.found;
  const auto known = model::parameters(model::name(c.model));
  const std::size_t n = known.size();
  ordered_json j = {{"model", model::name(c.model)}, {"parameters", ordered_json::array()}};
  for (std::size_t i = 0; i < n; ++i) {
    const pricing::CalibratedParameter& p = c.parameters[i];
    j["parameters"].push_back({{"name", known[i].name},
                               {"unit", known[i].unit},
                               {"value", p.value},
                               {"standard_error", p.standard_error},
                               {"prior", p.prior},
                               {"at_bound", p.at_bound}});
  }
  j.update(fit_json(fit.whole));
  j["rmse_vol"] = c.rmse_vol;
  j["rmse_coin"] = c.rmse_price;
  j["objective"] = c.objective;
  j["feller"] = c.feller;
  j["condition"] = c.condition;
  ordered_json weakest = ordered_json::object(), rows = ordered_json::array();
  for (std::size_t i = 0; i < n; ++i) {
    weakest[std::string(known[i].name)] = c.weakest[i];
    rows.push_back(numbers_json(std::span(c.correlation).subspan(i * n, n)));
  }
  j["weakest"] = weakest;
  j["correlation"] = rows;
  j["steps"] = c.steps;
  j["evaluations"] = c.evaluations;
  j["rough_evaluations"] = c.rough_evaluations;
  j["converged"] = c.converged;
  j["expiries"] = ordered_json::array();
  for (std::size_t e = 0; e < report.slices.size(); ++e) {
    ordered_json one = {{"expiry", to_string(report.slices[e].expiry)}, {"atm_vol", fit.expiries[e].atm_vol}};
    one.update(fit_json(fit.expiries[e]));
    one["model_vol"] = numbers_json(c.vol[e]);
    if (grid) one["grid"] = numbers_json(model_vols(c.model, report.slices[e].years, curve_of(report.slices[e])));
    j["expiries"].push_back(one);
  }
  if (grid) {
    const double at_the_money[] = {0.0};
    j["term"] = ordered_json::array();
    for (const double years : term_years(report.slices))
      j["term"].push_back(model_vols(c.model, Years(years), at_the_money).front());
  }
  return j;
}

Table models_table(const CalibrationReport& report) {
  Table table{{{"model"},
               {"rmse_points", 3},
               {"rmse_coin", 6},
               {"worst_points", 2},
               {"worst"},
               {"within_spread", 3},
               {"feller", 3},
               {"condition", -2},
               {"steps"},
               {"evaluations"},
               {"converged"},
               {"least determined"}},
              {}};
  for (const ModelFit& fit : report.models) {
    const pricing::Calibration& c = fit.found;
    table.rows.push_back({model_name(fit), number(fit.whole.rmse_points), number(c.rmse_price),
                          number(fit.whole.worst_points), fit.whole.worst, number(fit.whole.within_spread),
                          number(c.feller), number(c.condition), static_cast<long long>(c.steps),
                          static_cast<long long>(c.evaluations), c.converged, weakest_direction(c)});
  }
  return table;
}

/// Expiries with the models' figures beside each other.
Table side_by_side(const CalibrationReport& report) {
  Table table{{{"expiry"}, {"days", 2}, {"forward_usd", 2}, {"quotes"}}, {}};
  for (const char* figure : {"rmse_points", "within_spread", "worst_points"}) {
    for (const ModelFit& fit : report.models)
      table.columns.push_back({(report.models.size() > 1 ? model_name(fit) + "_" : "") + figure, 3});
  }
  for (std::size_t e = 0; e < report.slices.size(); ++e) {
    const vol::SliceQuotes& slice = report.slices[e];
    auto& row = table.rows.emplace_back(std::vector<Cell>{day(slice.expiry), days_of(slice), slice.forward.value,
                                                          static_cast<long long>(slice.vol.size())});
    for (double ExpiryFit::* figure : {&ExpiryFit::rmse_points, &ExpiryFit::within_spread, &ExpiryFit::worst_points})
      for (const ModelFit& fit : report.models) row.push_back(number(fit.expiries[e].*figure));
  }
  return table;
}

}  // namespace

std::vector<pricing::ExpiryVols> expiry_vols(const std::vector<vol::SliceQuotes>& slices) {
  std::vector<pricing::ExpiryVols> chain;
  for (const vol::SliceQuotes& slice : slices) {
    pricing::ExpiryVols& expiry = chain.emplace_back(pricing::ExpiryVols{
        .forward = slice.forward, .years = slice.years, .strike = {}, .vol = slice.vol, .weight = slice.weight});
    for (std::size_t i = 0; i < slice.vol.size(); ++i) expiry.strike.push_back(strike_of(slice, i));
  }
  return chain;
}

CalibrationReport calibration_report(const SmileSource& source, std::vector<pricing::Calibration> found,
                                     const vol::QuoteRules& quote_rules, const pricing::CalibrationRules& fit_rules) {
  CalibrationReport report{.index = source.index,
                           .underlying = {},
                           .index_price = absent,
                           .as_of = source.market.as_of,
                           .quote_rules = quote_rules,
                           .fit_rules = fit_rules,
                           .warm = {},
                           .slices = source.quotes.slices,
                           .models = {},
                           .dropped = set_aside(source)};
  report.underlying = source.market.instruments.at(report.slices.front().instrument.front()).underlying;
  if (const auto price = source.market.indices.find(report.underlying); price != source.market.indices.end())
    report.index_price = price->second.price;
  const double at_the_money[] = {0.0};
  for (pricing::Calibration& one : found) {
    ModelFit fit;
    Errors whole;
    for (std::size_t e = 0; e < report.slices.size(); ++e) {
      Errors errors;
      errors.add(report.slices[e], one.vol[e]);
      whole.add(report.slices[e], one.vol[e]);
      fit.expiries.push_back(errors.fit());
      fit.expiries.back().atm_vol = model_vols(one.model, report.slices[e].years, at_the_money).front();
    }
    fit.whole = whole.fit();
    fit.found = std::move(one);
    report.models.push_back(std::move(fit));
  }
  return report;
}

std::string weakest_direction(const pricing::Calibration& found) {
  const auto known = model::parameters(model::name(found.model));
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < known.size(); ++i)
    if (std::abs(found.weakest[i]) >= least_named) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::abs(found.weakest[a]) > std::abs(found.weakest[b]);
  });
  std::string text;
  for (const std::size_t i : order)
    text += fmt::format("{}{} {:.2f}", text.empty() ? "" : ", ", known[i].name, found.weakest[i]);
  return text;
}

Table parameters_table(const CalibrationReport& report) {
  Table table{{{"model"}, {"parameter"}, {"value", -6}, {"standard_error", -2}, {"prior", -4}, {"at_bound"}, {"unit"}},
              {}};
  for (const ModelFit& fit : report.models) {
    const auto known = model::parameters(model::name(fit.found.model));
    for (std::size_t i = 0; i < known.size(); ++i) {
      const pricing::CalibratedParameter& p = fit.found.parameters[i];
      table.rows.push_back({model_name(fit), std::string(known[i].name), p.value, number(p.standard_error), p.prior,
                            p.at_bound, std::string(known[i].unit)});
    }
  }
  return table;
}

Table expiry_fits_table(const CalibrationReport& report) {
  Table table{{{"model"},
               {"expiry"},
               {"days", 2},
               {"forward_usd", 2},
               {"quotes"},
               {"two_sided"},
               {"without_vol"},
               {"quoted_atm_vol", 4},
               {"atm_vol", 4},
               {"rmse_points", 3},
               {"within_spread", 3},
               {"worst_points", 3},
               {"worst"}},
              {}};
  for (const ModelFit& fit : report.models) {
    for (std::size_t e = 0; e < report.slices.size(); ++e) {
      const vol::SliceQuotes& slice = report.slices[e];
      const ExpiryFit& f = fit.expiries[e];
      table.rows.push_back({model_name(fit), to_string(slice.expiry), days_of(slice), slice.forward.value,
                            static_cast<long long>(slice.vol.size()), static_cast<long long>(f.two_sided),
                            static_cast<long long>(f.without_vol), number(quoted_atm(slice)), number(f.atm_vol),
                            number(f.rmse_points), number(f.within_spread), number(f.worst_points), f.worst});
    }
  }
  return table;
}

Table fitted_quotes_table(const CalibrationReport& report) {
  Table table{{{"model"},
               {"instrument"},
               {"expiry"},
               {"days", 2},
               {"strike_usd", 0},
               {"log_moneyness", 4},
               {"vol", 4},
               {"bid_vol", 4},
               {"ask_vol", 4},
               {"weight", 4},
               {"model_vol", 4},
               {"residual_points", 3}},
              {}};
  for (const ModelFit& fit : report.models) {
    for (std::size_t e = 0; e < report.slices.size(); ++e) {
      const vol::SliceQuotes& s = report.slices[e];
      for (std::size_t i = 0; i < s.vol.size(); ++i) {
        const double vol = fit.found.vol[e][i];
        table.rows.push_back({model_name(fit), s.instrument[i], to_string(s.expiry), days_of(s), strike_of(s, i),
                              s.log_moneyness[i], s.vol[i], number(s.bid_vol[i]), number(s.ask_vol[i]), s.weight[i],
                              number(vol), number(100.0 * (vol - s.vol[i]))});
      }
    }
  }
  return table;
}

Table set_aside_table(const CalibrationReport& report) {
  Table table{{{"instrument"}, {"reason"}, {"detail"}}, {}};
  for (const market::Dropped& d : report.dropped) table.rows.push_back({d.instrument, d.reason, d.detail});
  return table;
}

std::string calibration_text(const CalibrationReport& report) {
  std::string names;
  for (const ModelFit& fit : report.models) names += (names.empty() ? "" : ", ") + model_name(fit);
  std::string head = fmt::format("{} calibration as of {}: {} to {}, weight {}, prior {} vol points{}{}\n\n",
                                 report.index, to_string(report.as_of), names, vol::name(report.quote_rules.target),
                                 vol::name(report.quote_rules.weight), 100.0 * report.fit_rules.prior_vol,
                                 report.fit_rules.feller ? ", Feller condition held" : "",
                                 report.warm ? ", warm from " + *report.warm : "");
  return head + render(parameters_table(report), Format::table) + "\n" + render(models_table(report), Format::table) +
         "\n" + render(side_by_side(report), Format::table);
}

ordered_json calibration_json(const CalibrationReport& report, bool grid) {
  ordered_json j = {{"schema", "ballast.calibrate/1"},
                    {"index", report.index},
                    {"underlying", report.underlying},
                    {"as_of", to_string(report.as_of)},
                    {"index_price", report.index_price},
                    {"target", vol::name(report.quote_rules.target)},
                    {"weight", vol::name(report.quote_rules.weight)},
                    {"prior_vol", report.fit_rules.prior_vol},
                    {"feller_held", report.fit_rules.feller},
                    {"warm", report.warm.has_value()},
                    {"arithmetic", math::name(math::arithmetic())},
                    {"units", units_json()},
                    {"expiries", ordered_json::array()},
                    {"models", ordered_json::array()}};
  for (const vol::SliceQuotes& slice : report.slices) j["expiries"].push_back(expiry_json(slice, grid));
  for (const ModelFit& fit : report.models) j["models"].push_back(model_json_of(report, fit, grid));
  if (grid) {
    j["term_days"] = ordered_json::array();
    for (const double years : term_years(report.slices)) j["term_days"].push_back(365.0 * years);
  }
  j["dropped"] = ordered_json::array();
  for (const market::Dropped& d : report.dropped)
    j["dropped"].push_back({{"instrument", d.instrument}, {"reason", d.reason}, {"detail", d.detail}});
  return j;
}

}  // namespace ballast::app
