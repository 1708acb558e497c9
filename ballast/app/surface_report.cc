#include "ballast/app/surface_report.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ballast/base/text.h"
#include "ballast/math/arithmetic.h"
#include "ballast/math/elementary.h"
#include "ballast/math/normalised_black.h"

namespace ballast::app {
namespace {

using nlohmann::ordered_json;

constexpr double absent = std::numeric_limits<double>::quiet_NaN();
constexpr double widest_k = 1.5;     // the range in which the fit promises no arbitrage
constexpr std::size_t points = 161;  // of a slice's grid
constexpr std::size_t columns = 49;  // of the surface's grid
constexpr double most_rows = 24.0;   // of it, and one more for each expiry
constexpr double most_deviations = 3.0;
constexpr double loose_points = 1.0;   // rmse in vol points above which a fit is called loose
constexpr double least_within = 0.5;   // share of quotes whose bid-ask holds the model, below: said
constexpr std::size_t most_shown = 8;  // parameters in a line for people
constexpr double most_dropped = 0.25;  // share of an expiry's quotes set aside, above: said

/// NaN is no number in JSON and none in a table.
Cell number(double value) { return std::isfinite(value) ? Cell(value) : Cell(); }

std::string day(Time expiry) { return to_string(expiry).substr(0, 10); }

double side_vol(const market::Instrument& instrument, const std::optional<double>& price, double forward,
                double years) {
  if (!price || !(forward > 0.0 && years > 0.0)) return absent;
  const double usd = instrument.settlement == market::Settlement::inverse ? *price * forward : *price;
  const auto implied =
      math::implied_stdev_of_price(forward, instrument.strike, usd, instrument.option_type == market::OptionType::call);
  return implied.outcome == math::ImpliedOutcome::ok ? implied.stdev / std::sqrt(years) : absent;
}

/// Where a quote that was set aside stood.
SetAside placed(const market::Dropped& dropped, const market::Instrument& instrument, const market::Snapshot& raw,
                const vol::QuotedChain& chain) {
  SetAside out{dropped.instrument,
               dropped.reason,
               dropped.detail,
               instrument.expiry,
               instrument.strike,
               absent,
               absent,
               absent,
               absent};
  const auto forward = chain.forwards.find({instrument.index, instrument.expiry});
  if (forward == chain.forwards.end()) return out;
  const double f = forward->second.price.value, years = years_between(raw.as_of, instrument.expiry).value;
  out.log_moneyness = math::log_ratio(instrument.strike, f);
  const auto quote = raw.quotes.find(dropped.instrument);
  if (quote == raw.quotes.end()) return out;
  out.bid_vol = side_vol(instrument, quote->second.bid, f, years);
  out.ask_vol = side_vol(instrument, quote->second.ask, f, years);
  out.vol = quote->second.mark_vol ? quote->second.mark_vol->value : side_vol(instrument, quote->second.mark, f, years);
  return out;
}

/// Everything set aside that belongs to the index: its options, and its expiries as a whole.
std::vector<SetAside> set_aside(const market::Snapshot& raw, const market::Snapshot& market,
                                const vol::QuotedChain& chain, const vol::SmileQuotes& quotes,
                                const vol::Surface& surface) {
  std::map<std::string, SetAside> found;  // by name: the first reason is the one that counts
  for (const auto* list : {&market.dropped, &quotes.dropped, &surface.dropped}) {
    for (const market::Dropped& dropped : *list) {
      const auto instrument = raw.instruments.find(dropped.instrument);
      if (instrument != raw.instruments.end()) {
        if (!instrument->second.is_option() || instrument->second.index != surface.index) continue;
        found.emplace(dropped.instrument, placed(dropped, instrument->second, raw, chain));
      } else if (const auto expiry = parse_time(dropped.instrument)) {
        found.emplace(dropped.instrument, SetAside{dropped.instrument, dropped.reason, dropped.detail, expiry.value(),
                                                   absent, absent, absent, absent, absent});
      }
    }
  }
  std::vector<SetAside> list;
  for (auto& [name, one] : found) list.push_back(std::move(one));
  std::stable_sort(list.begin(), list.end(), [](const SetAside& a, const SetAside& b) { return a.expiry < b.expiry; });
  return list;
}

std::vector<FittedQuote> fitted(const vol::SliceQuotes& quotes, const vol::Slice& slice, const market::Snapshot& market,
                                const std::vector<SetAside>& dropped) {
  std::vector<FittedQuote> list;
  for (std::size_t i = 0; i < quotes.instrument.size(); ++i) {
    const std::string& name = quotes.instrument[i];
    if (std::any_of(dropped.begin(), dropped.end(), [&](const SetAside& d) { return d.instrument == name; })) continue;
    list.push_back({.instrument = name,
                    .strike = market.instruments.at(name).strike,
                    .log_moneyness = quotes.log_moneyness[i],
                    .vol = quotes.vol[i],
                    .bid_vol = quotes.bid_vol[i],
                    .ask_vol = quotes.ask_vol[i],
                    .weight = quotes.weight[i],
                    .model_vol = vol::vol_of(vol::at(slice.shape, quotes.log_moneyness[i]), slice.years).value});
  }
  return list;
}

std::vector<std::string> warnings_of(const vol::SliceHealth& health, std::size_t left_out) {
  std::vector<std::string> list;
  const auto left = static_cast<double>(left_out);
  if (health.least_butterfly < 0.0)
    list.push_back(fmt::format("butterfly arbitrage: g falls to {:.4f}", health.least_butterfly));
  if (health.calendar_margin < 0.0)
    list.push_back(fmt::format("calendar arbitrage: {:.6f} below the expiry before", -health.calendar_margin));
  if (100.0 * health.rmse > loose_points)
    list.push_back(fmt::format("loose fit: rmse {:.2f} vol points", 100.0 * health.rmse));
  if (health.within_spread < least_within)
    list.push_back(
        fmt::format("the model lies within the bid-ask of only {:.0f} % of quotes", 100.0 * health.within_spread));
  if (left > most_dropped * (left + health.quotes))
    list.push_back(
        fmt::format("{} of {} quotes set aside", left_out, left_out + static_cast<std::size_t>(health.quotes)));
  if (health.repaired) list.push_back("moved to where the no-arbitrage conditions hold");
  return list;
}

struct Form {
  const char* name;
  std::vector<std::pair<std::string, double>> numbers;
};

Form form_of(const vol::Svi& s) {
  return {"svi", {{"a", s.a}, {"b", s.b}, {"rho", s.rho}, {"m", s.m}, {"sigma", s.sigma}}};
}

Form form_of(const vol::Essvi& s) { return {"essvi", {{"theta", s.theta}, {"rho", s.rho}, {"psi", s.psi}}}; }

Form form_of(const vol::VarianceSpline& s) {
  Form form = form_of(s.backbone);
  form.name = "spline";
  form.numbers.insert(form.numbers.end(), {{"scale", s.scale}, {"first", s.first}, {"step", s.step}});
  for (std::size_t i = 0; i < s.terms.size(); ++i) form.numbers.emplace_back(fmt::format("term_{}", i + 1), s.terms[i]);
  return form;
}

Form form_of(const vol::Shape& shape) {
  return std::visit([](const auto& s) { return form_of(s); }, shape);
}

/// One point of a model's smile.
struct GridPoint {
  double log_moneyness, vol, total_variance, butterfly, density;
};

/// The smile over its quotes and at least 2.5 standard deviations, a little further on both sides.
std::vector<GridPoint> grid_of(const SliceReport& s) {
  const double stdev = s.atm_vol * std::sqrt(s.slice.years.value);
  double low = -2.5 * stdev, high = 2.5 * stdev;
  if (!s.quotes.empty()) {
    low = std::min(low, s.quotes.front().log_moneyness);
    high = std::max(high, s.quotes.back().log_moneyness);
  }
  const double margin = 0.04 * (high - low);
  low = std::max(low - margin, std::min(-widest_k, low)), high = std::min(high + margin, std::max(widest_k, high));
  std::vector<GridPoint> grid;
  for (std::size_t i = 0; i < points; ++i) {
    const double k = low + (high - low) * static_cast<double>(i) / static_cast<double>(points - 1);
    const vol::SmilePoint p = vol::at(s.slice.shape, k);
    grid.push_back(
        {k, vol::vol_of(p, s.slice.years).value, p.total_variance, vol::butterfly(k, p), vol::density(k, p)});
  }
  return grid;
}

ordered_json grid_json(const SliceReport& s) {
  ordered_json j = {{"log_moneyness", ordered_json::array()},
                    {"vol", ordered_json::array()},
                    {"total_variance", ordered_json::array()},
                    {"butterfly", ordered_json::array()},
                    {"density", ordered_json::array()}};
  for (const GridPoint& p : grid_of(s)) {
    j["log_moneyness"].push_back(p.log_moneyness);
    j["vol"].push_back(p.vol);
    j["total_variance"].push_back(p.total_variance);
    j["butterfly"].push_back(p.butterfly);
    j["density"].push_back(p.density);
  }
  return j;
}

/// The quoted range of log-moneyness at a root of time, linear between the expiries.
struct Range {
  double root, low, high;
};

Range quoted_range(const std::vector<Range>& ranges, double root) {
  const auto later = std::find_if(ranges.begin(), ranges.end(), [&](const Range& r) { return r.root >= root; });
  if (later == ranges.begin()) return ranges.front();
  if (later == ranges.end()) return ranges.back();
  const Range &near = *(later - 1), &far = *later;
  const double share = (root - near.root) / (far.root - near.root);
  return {root, near.low + share * (far.low - near.low), near.high + share * (far.high - near.high)};
}

/// The whole surface where it is quoted, at most three standard deviations from the forward: a row a time to expiry,
/// the slices' own among them and more where those lie far apart in the root of time.
ordered_json surface_grid_json(const SurfaceReport& report) {
  std::vector<Range> ranges;
  for (const SliceReport& s : report.slices) {
    if (!s.quotes.empty())
      ranges.push_back({std::sqrt(s.slice.years.value), s.quotes.front().log_moneyness, s.quotes.back().log_moneyness});
  }
  std::vector<double> roots;  // of years
  for (const Range& r : ranges) {
    const double before = roots.empty() ? r.root : roots.back(), step = ranges.back().root / most_rows;
    const int between = static_cast<int>((r.root - before) / step);
    for (int i = 1; i <= between; ++i) roots.push_back(before + (r.root - before) * i / (between + 1));
    roots.push_back(r.root);
  }
  ordered_json days = ordered_json::array(), k = ordered_json::array(), deviations = ordered_json::array(),
               vols = ordered_json::array();
  for (const double root : roots) {
    const Years years(root * root);
    const Range range = quoted_range(ranges, root);
    const double stdev = std::sqrt(vol::at(report.surface, 0.0, years).total_variance);
    const double low = std::max(range.low, -most_deviations * stdev),
                 high = std::min(range.high, most_deviations * stdev);
    ordered_json row_k = ordered_json::array(), row_deviations = ordered_json::array(),
                 row_vols = ordered_json::array();
    for (std::size_t i = 0; i < columns; ++i) {
      const double at = low + (high - low) * static_cast<double>(i) / static_cast<double>(columns - 1);
      row_k.push_back(at);
      row_deviations.push_back(at / stdev);
      row_vols.push_back(vol::vol_of(vol::at(report.surface, at, years), years).value);
    }
    days.push_back(365.0 * years.value);
    k.push_back(std::move(row_k));
    deviations.push_back(std::move(row_deviations));
    vols.push_back(std::move(row_vols));
  }
  return {{"days", std::move(days)},
          {"log_moneyness", std::move(k)},
          {"deviations", std::move(deviations)},
          {"vol", std::move(vols)}};
}

ordered_json skew_json(const std::vector<TenorSkew>& points_of, const std::string& index) {
  ordered_json list = ordered_json::array();
  for (const TenorSkew& p : points_of)
    list.push_back({{"index", index},
                    {"as_of", to_string(p.as_of)},
                    {"days", p.days},
                    {"atm_vol", p.atm_vol},
                    {"rr25", p.rr25},
                    {"bf25", p.bf25},
                    {"extrapolated", p.extrapolated}});
  return list;
}

ordered_json quote_json(const FittedQuote& q) {
  return {{"instrument", q.instrument},
          {"strike", q.strike},
          {"log_moneyness", q.log_moneyness},
          {"vol", q.vol},
          {"bid_vol", q.bid_vol},
          {"ask_vol", q.ask_vol},
          {"weight", q.weight},
          {"model_vol", q.model_vol},
          {"residual_points", q.residual_points()}};
}

ordered_json health_json(const vol::SliceHealth& h) {
  return {{"quotes", h.quotes},
          {"dropped", h.dropped},
          {"rmse_points", 100.0 * h.rmse},
          {"worst_points", 100.0 * h.worst},
          {"within_spread", h.within_spread},
          {"least_butterfly", h.least_butterfly},
          {"calendar_margin", h.calendar_margin},
          {"iterations", h.iterations},
          {"repaired", h.repaired}};
}

ordered_json slice_json(const SliceReport& s, bool grid) {
  ordered_json numbers = ordered_json::object();
  for (const auto& [name, value] : parameters(s.slice.shape)) numbers[name] = value;
  ordered_json j = {{"expiry", to_string(s.slice.expiry)},
                    {"days", s.days},
                    {"years", s.slice.years.value},
                    {"forward", s.slice.forward.value},
                    {"form", form(s.slice.shape)},
                    {"parameters", std::move(numbers)},
                    {"atm_vol", s.atm_vol},
                    {"atm_slope", s.atm_slope},
                    {"atm_curvature", s.atm_curvature},
                    {"rr25", s.skew.rr25},
                    {"bf25", s.skew.bf25},
                    {"health", health_json(s.slice.health)},
                    {"warnings", s.warnings},
                    {"quotes", ordered_json::array()}};
  for (const FittedQuote& q : s.quotes) j["quotes"].push_back(quote_json(q));
  if (grid) j["grid"] = grid_json(s);
  return j;
}

ordered_json set_aside_json(const SetAside& d) {
  return {{"instrument", d.instrument},
          {"reason", d.reason},
          {"detail", d.detail},
          {"expiry", d.expiry ? ordered_json(to_string(*d.expiry)) : ordered_json()},
          {"strike", d.strike},
          {"log_moneyness", d.log_moneyness},
          {"vol", d.vol},
          {"bid_vol", d.bid_vol},
          {"ask_vol", d.ask_vol}};
}

ordered_json units_json() {
  return {{"days", "365 to the year"},
          {"forward", "USD per coin"},
          {"strike", "USD per coin"},
          {"vol", "decimal a year, 0.6 is 60 %"},
          {"log_moneyness", "ln(strike / forward)"},
          {"atm_slope", "vol per unit of log-moneyness"},
          {"atm_curvature", "vol per squared unit of log-moneyness"},
          {"rr25", "vol, 25-delta call less put"},
          {"bf25", "vol, mean of 25-delta call and put less the delta-neutral straddle"},
          {"rmse_points", "vol points"},
          {"worst_points", "vol points"},
          {"residual_points", "vol points, model less quote"},
          {"within_spread", "share of two-sided quotes"},
          {"calendar_margin", "total variance above the expiry before"}};
}

}  // namespace

std::string form(const vol::Shape& shape) { return form_of(shape).name; }

std::vector<std::pair<std::string, double>> parameters(const vol::Shape& shape) { return form_of(shape).numbers; }

SurfaceReport surface_report(const market::Snapshot& raw, const market::Snapshot& market, const vol::QuotedChain& chain,
                             const vol::SmileQuotes& quotes, vol::Surface surface, const vol::QuoteRules& quote_rules,
                             const vol::FitRules& fit_rules) {
  SurfaceReport report{.index = surface.index,
                       .index_price = absent,
                       .quote_rules = quote_rules,
                       .fit_rules = fit_rules,
                       .surface = std::move(surface)};
  report.surface.as_of = market.as_of;  // quotes have times to expiry, not the instant
  for (const vol::SliceQuotes& slice : quotes.slices) {
    if (slice.instrument.empty()) continue;
    const market::Instrument& any = market.instruments.at(slice.instrument.front());
    report.underlying = any.underlying;
    report.delta = vol::natural_delta(any.settlement);
  }
  report.dropped = set_aside(raw, market, chain, quotes, report.surface);
  for (const vol::Slice& slice : report.surface.slices) {
    SliceReport s{.slice = slice,
                  .days = 365.0 * slice.years.value,
                  .skew = tenor_skew(report.surface, slice.years, report.delta)};
    const vol::SmilePoint atm = vol::at(slice.shape, 0.0);
    s.atm_vol = vol::vol_of(atm, slice.years).value;
    s.atm_slope = vol::vol_slope(atm, slice.years);
    s.atm_curvature = vol::vol_curvature(atm, slice.years);
    const auto own = std::find_if(quotes.slices.begin(), quotes.slices.end(),
                                  [&](const vol::SliceQuotes& q) { return q.expiry == slice.expiry; });
    if (own != quotes.slices.end()) s.quotes = fitted(*own, slice, market, report.dropped);
    const auto left_out = std::count_if(report.dropped.begin(), report.dropped.end(),
                                        [&](const SetAside& d) { return d.expiry == slice.expiry; });
    s.slice.health.dropped = static_cast<int>(left_out);
    s.warnings = warnings_of(slice.health, static_cast<std::size_t>(left_out));
    report.slices.push_back(std::move(s));
  }
  if (const auto price = market.indices.find(report.underlying); price != market.indices.end())
    report.index_price = price->second.price;
  for (const double days : skew_tenors)
    report.tenors.push_back(tenor_skew(report.surface, Years(days / 365.0), report.delta));
  return report;
}

Table slices_table(const SurfaceReport& report) {
  Table table{{{"index"},
               {"expiry"},
               {"days", 2},
               {"forward_usd", 2},
               {"quotes"},
               {"dropped"},
               {"form"},
               {"parameters"},
               {"atm_vol", 4},
               {"atm_slope", 4},
               {"atm_curvature", 3},
               {"rr25", 4},
               {"bf25", 4},
               {"rmse_points", 3},
               {"worst_points", 3},
               {"within_spread", 3},
               {"least_butterfly", 4},
               {"calendar_margin", 5},
               {"iterations"},
               {"repaired"},
               {"warnings"}},
              {}};
  for (const SliceReport& s : report.slices) {
    const vol::SliceHealth& h = s.slice.health;
    std::string numbers, warnings;
    for (const auto& [name, value] : parameters(s.slice.shape))
      numbers += (numbers.empty() ? "" : " ") + name + "=" + shortest(value);
    for (const std::string& w : s.warnings) warnings += (warnings.empty() ? "" : "; ") + w;
    table.rows.push_back({report.index,
                          to_string(s.slice.expiry),
                          s.days,
                          s.slice.forward.value,
                          static_cast<long long>(h.quotes),
                          static_cast<long long>(h.dropped),
                          form(s.slice.shape),
                          numbers,
                          number(s.atm_vol),
                          number(s.atm_slope),
                          number(s.atm_curvature),
                          number(s.skew.rr25),
                          number(s.skew.bf25),
                          number(100.0 * h.rmse),
                          number(100.0 * h.worst),
                          number(h.within_spread),
                          number(h.least_butterfly),
                          number(h.calendar_margin),
                          static_cast<long long>(h.iterations),
                          h.repaired,
                          warnings.empty() ? Cell() : Cell(warnings)});
  }
  return table;
}

Table quotes_table(const SurfaceReport& report) {
  Table table{{{"instrument"},
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
  for (const SliceReport& s : report.slices) {
    for (const FittedQuote& q : s.quotes) {
      table.rows.push_back({q.instrument, to_string(s.slice.expiry), s.days, q.strike, q.log_moneyness, q.vol,
                            number(q.bid_vol), number(q.ask_vol), q.weight, number(q.model_vol),
                            number(q.residual_points())});
    }
  }
  return table;
}

Table set_aside_table(const SurfaceReport& report) {
  Table table{{{"instrument"}, {"expiry"}, {"strike_usd", 0}, {"vol", 4}, {"reason"}, {"detail"}}, {}};
  for (const SetAside& d : report.dropped) {
    table.rows.push_back({d.instrument, d.expiry ? Cell(to_string(*d.expiry)) : Cell(), number(d.strike), number(d.vol),
                          d.reason, d.detail});
  }
  return table;
}

Table grid_table(const SurfaceReport& report) {
  Table table{{{"expiry"},
               {"days", 2},
               {"log_moneyness", 4},
               {"strike_usd", 2},
               {"vol", 4},
               {"total_variance", 6},
               {"butterfly", 4},
               {"density", 4}},
              {}};
  for (const SliceReport& s : report.slices) {
    for (const GridPoint& p : grid_of(s)) {
      table.rows.push_back({to_string(s.slice.expiry), s.days, p.log_moneyness,
                            s.slice.forward.value * math::exp(p.log_moneyness), number(p.vol), number(p.total_variance),
                            number(p.butterfly), number(p.density)});
    }
  }
  return table;
}

std::string surface_text(const SurfaceReport& report) {
  const Table whole = slices_table(report);
  // A line for people holds neither twenty digits of parameters nor words: those follow below.
  Table brief, numbers;
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < whole.columns.size(); ++i) {
    const std::string& name = whole.columns[i].name;
    if (name != "index" && name != "form" && name != "parameters" && name != "warnings") kept.push_back(i);
  }
  for (const std::size_t i : kept) brief.columns.push_back(whole.columns[i]);
  for (const auto& row : whole.rows) {
    auto& line = brief.rows.emplace_back();
    for (const std::size_t i : kept) line.push_back(row[i]);
    line.front() = std::get<std::string>(line.front()).substr(0, 10);
  }
  numbers.columns = {{"expiry"}, {"form"}};
  std::size_t hidden = 0;
  bool alike = !report.slices.empty();
  for (const SliceReport& s : report.slices) {
    const auto list = parameters(s.slice.shape);
    alike = alike && form(s.slice.shape) == form(report.slices.front().slice.shape);
    auto& row = numbers.rows.emplace_back(std::vector<Cell>{day(s.slice.expiry), form(s.slice.shape)});
    hidden = list.size() - std::min(list.size(), most_shown);
    for (std::size_t i = 0; i < list.size() - hidden; ++i) {
      if (numbers.rows.size() == 1) numbers.columns.push_back({list[i].first, -6});
      row.emplace_back(list[i].second);
    }
  }
  return fmt::format("{} volatility surface as of {}: {} to {}, weight {}\n\n", report.index,
                     to_string(report.surface.as_of), vol::name(report.fit_rules.model),
                     vol::name(report.quote_rules.target), vol::name(report.quote_rules.weight)) +
         render(brief, Format::table) + (alike ? "\n" + render(numbers, Format::table) : "") +
         (alike && hidden > 0 ? fmt::format("{} more numbers of each: -o csv\n", hidden) : "");
}

ordered_json surface_json(const SurfaceReport& report, bool grid) {
  ordered_json j = {{"index", report.index},
                    {"underlying", report.underlying},
                    {"as_of", to_string(report.surface.as_of)},
                    {"index_price", report.index_price},
                    {"model", vol::name(report.fit_rules.model)},
                    {"target", vol::name(report.quote_rules.target)},
                    {"weight", vol::name(report.quote_rules.weight)},
                    {"delta_convention", vol::name(report.delta)},
                    {"arithmetic", math::name(math::arithmetic())},
                    {"units", units_json()},
                    {"slices", ordered_json::array()}};
  for (const SliceReport& s : report.slices) j["slices"].push_back(slice_json(s, grid));
  if (grid) j["grid"] = surface_grid_json(report);
  j["skew"] = skew_json(report.tenors, report.index);
  if (!report.history.empty()) j["history"] = skew_json(report.history, report.index);
  j["dropped"] = ordered_json::array();
  for (const SetAside& d : report.dropped) j["dropped"].push_back(set_aside_json(d));
  return j;
}

}  // namespace ballast::app
